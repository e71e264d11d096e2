/** Real guests under emulation; needs root and a running libvirtd. Domains are named domtest-*. */
import { execFileSync } from 'node:child_process';
import { readFileSync, rmSync, statSync } from 'node:fs';
import { afterAll, describe, expect, test, vi } from 'vitest';
import { domainHostContract } from './contract.ts';
import { qemuOwner } from './linux-host.ts';
import { LinuxDomainHost } from './linux.ts';
import { testGround } from './test-guest.ts';

vi.setConfig({ testTimeout: 60_000, hookTimeout: 30_000 });

const OWNER = 'domtest';
const WAIT = { timeout: 20_000, interval: 50 };
const virsh = (...args: string[]): string => execFileSync('virsh', args, { encoding: 'utf8' });

afterAll(() => {
  for (const index of [1, 2, 3]) {
    rmSync(`/var/log/libvirt/qemu/${OWNER}-instance-0000000${index}.log`, { force: true });
  }
});

domainHostContract('libvirt', async () => {
  const ground = await testGround(OWNER, await qemuOwner());
  return {
    host: new LinuxDomainHost({ owner: OWNER }),
    ground,
    booted: (index) =>
      vi.waitFor(() => expect(readFileSync(ground.spec(index).consoleLogPath, 'latin1')).toMatch(/D$/), WAIT),
  };
});

describe('with libvirt', () => {
  const host = new LinuxDomainHost({ owner: OWNER });
  const stranger = new LinuxDomainHost({ owner: `${OWNER}-other` });
  afterAll(async () => {
    await host.close();
    await stranger.close();
  });

  test('domains of another Deskcloud are neither listed nor redefined', async () => {
    const ground = await testGround(OWNER, await qemuOwner());
    const spec = ground.spec(3);
    try {
      await host.define(spec);
      expect(await stranger.list()).toEqual([]);
      await expect(stranger.define(spec)).rejects.toThrow('is not ours');
      expect((await host.list()).map(({ uuid }) => uuid)).toEqual([spec.uuid]);
    } finally {
      await host.undefine(spec.uuid);
      await ground.remove();
    }
  });

  test('S42, S43: QEMU is not root, listens on no TCP port, has its sandbox; a saved memory does not come back', async () => {
    const ground = await testGround(OWNER, await qemuOwner());
    const spec = ground.spec(3);
    try {
      await host.define(spec);
      await host.start(spec.uuid);
      const name = `${OWNER}-${spec.name}`;
      const pid = readFileSync(`/run/libvirt/qemu/${name}.pid`, 'utf8').trim();
      const status = readFileSync(`/proc/${pid}/status`, 'utf8');
      expect(status).toMatch(/^Uid:\t(?!0\b)\d+/m);
      expect(status).toMatch(/^Seccomp:\t2/m);
      const command = readFileSync(`/proc/${pid}/cmdline`, 'latin1').replaceAll('\0', ' ');
      expect(command).toMatch(/-sandbox on/);
      expect(command).not.toMatch(/tcp:|telnet|websocket|vnc [\w.]*:\d/);
      expect(statSync(spec.consoleLogPath).mode & 0o077).toBe(0);

      virsh('managedsave', name);
      expect(await host.status(spec.uuid)).toMatchObject({ powerState: 'shutdown' });
      await host.destroy(spec.uuid);
      expect(virsh('dominfo', name)).toMatch(/Managed save:\s+no/);
    } finally {
      await host.destroy(spec.uuid);
      await host.undefine(spec.uuid);
      await ground.remove();
    }
  });

  test('what cannot start says why, and whose fault it is', async () => {
    const ground = await testGround(OWNER, await qemuOwner());
    const spec = ground.spec(3);
    try {
      const source = { kind: 'file', path: '/nonexistent/x' } as const;
      await host.define({ ...spec, disks: spec.disks.map((disk) => ({ ...disk, source })) });
      await expect(host.start(spec.uuid)).rejects.toMatchObject({
        reason: 'failed',
        message: expect.stringContaining('/nonexistent/x') as string,
      });
      const away = new LinuxDomainHost({ owner: OWNER, socketPath: '/nonexistent/libvirt-sock' });
      await expect(away.list()).rejects.toMatchObject({
        reason: 'unavailable',
        message: expect.stringContaining('libvirtd is not running') as string,
      });
      await away.close();
    } finally {
      await host.undefine(spec.uuid);
      await ground.remove();
    }
  });
});
