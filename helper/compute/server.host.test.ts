/** A server with a real guest (its firmware only) under emulation; needs root and a running libvirtd. */
import { execFileSync } from 'node:child_process';
import { existsSync, rmSync, statSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { LinuxCommandRunner } from '../host/command/linux.ts';
import { buildConfigDrive } from '../host/configdrive/index.ts';
import { LinuxDiskHost } from '../host/disk/linux.ts';
import { LinuxDomainHost, qemuOwner } from '../host/domain/index.ts';
import { silentLogger } from '../http/index.ts';
import { PowerStateLoop } from '../reconcile/power-state.ts';
import { serverPower } from './index.ts';
import { TestWorld } from './test-world.ts';

vi.setConfig({ testTimeout: 60_000, hookTimeout: 30_000 });

const OWNER = 'csrvtest';
const domains = new LinuxDomainHost({ owner: OWNER });
const virsh = (...args: string[]): string => execFileSync('virsh', args, { encoding: 'utf8' }).trim();
let world: TestWorld;
let loop: PowerStateLoop;

beforeAll(async () => {
  const guestOwner = await qemuOwner();
  if (guestOwner === undefined) throw new Error('qemu has no user here');
  world = await TestWorld.create({
    host: { domains, disks: new LinuxDiskHost(new LinuxCommandRunner()), guestOwner, buildConfigDrive },
  });
  loop = new PowerStateLoop({ domains, servers: serverPower(world.deps), logger: silentLogger });
  loop.start();
});
afterAll(async () => {
  await loop.stop();
  for (const { uuid } of await domains.list()) {
    await domains.destroy(uuid);
    await domains.undefine(uuid);
  }
  await domains.close();
  await world.dispose();
  // libvirt keeps a guest's log for ever.
  rmSync(`/var/log/libvirt/qemu/${OWNER}-instance-00000001.log`, { force: true });
});

const statusOf = async (id: string): Promise<unknown> =>
  (await world.call('member', 'GET', `/v2.1/servers/${id}`)).body;

test('a server lives on a real host', async () => {
  // Firmware does not listen to the power button.
  world.images.add({ properties: { os_shutdown_timeout: '1' } });
  const expectStatus = (id: string, status: string): Promise<void> =>
    vi.waitFor(
      async () => {
        await world.quiet();
        await loop.settled();
        expect(await statusOf(id)).toMatchObject({ server: { status } });
      },
      { timeout: 20_000, interval: 50 },
    );
  const act = async (id: string, body: object): Promise<void> => {
    expect((await world.call('member', 'POST', `/v2.1/servers/${id}/action`, body)).status).toBe(202);
  };
  const id = await world.create({ flavorRef: '2', config_drive: true, networks: 'none' }, 'member', '2.37');
  await expectStatus(id, 'ACTIVE');
  expect(virsh('domstate', id)).toBe('running');

  const state = join(world.directory, 'state', 'instances', id);
  const run = join(world.directory, 'run', 'instances', id);
  expect(statSync(join(state, 'disk')).mode & 0o777).toBe(0o600);
  expect(statSync(run).mode & 0o777).toBe(0o700);
  const greeting = await new Promise<string>((resolve, reject) => {
    const socket = connect(join(run, 'vnc.sock'));
    socket.once('error', reject).once('data', (data) => {
      resolve(data.toString('latin1'));
      socket.destroy();
    });
  });
  expect(greeting).toMatch(/^RFB /);
  expect(existsSync(join(run, 'serial.sock'))).toBe(true);

  await act(id, { pause: null });
  await expectStatus(id, 'PAUSED');
  await act(id, { unpause: null });
  await expectStatus(id, 'ACTIVE');
  await act(id, { reboot: { type: 'HARD' } });
  await expectStatus(id, 'ACTIVE');
  await act(id, { 'os-stop': null });
  await expectStatus(id, 'SHUTOFF');
  virsh('start', id);
  await expectStatus(id, 'ACTIVE');
  virsh('destroy', id);
  await expectStatus(id, 'SHUTOFF');
  await act(id, { 'os-start': null });
  await expectStatus(id, 'ACTIVE');

  expect((await world.call('member', 'DELETE', `/v2.1/servers/${id}`)).status).toBe(204);
  await world.quiet();
  expect(await domains.list()).toEqual([]);
  expect([existsSync(state), existsSync(run)]).toEqual([false, false]);
});
