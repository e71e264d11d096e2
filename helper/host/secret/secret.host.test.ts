/** Needs root and a running libvirtd. */
import { execFileSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import { afterAll, describe, expect, test } from 'vitest';
import { Secret } from '../../secret.ts';
import { secretHostContract } from './contract.ts';
import { LinuxSecretHost } from './linux.ts';

const OWNER = 'sectest';
const virsh = (...args: string[]): string => execFileSync('virsh', args, { encoding: 'utf8', stdio: 'pipe' });

secretHostContract('libvirt', () => new LinuxSecretHost({ owner: OWNER }));

describe('with libvirt', () => {
  const host = new LinuxSecretHost({ owner: OWNER });
  const stranger = new LinuxSecretHost({ owner: `${OWNER}-other` });
  afterAll(async () => {
    await host.close();
    await stranger.close();
  });

  test('nobody reads it, nothing is on disk, and another Deskcloud neither lists, changes nor removes it', async () => {
    const id = randomUUID();
    try {
      await host.ensure({ id, use: 'volume', value: new Secret('planted') });
      expect(() => virsh('secret-get-value', id)).toThrow(/secret is private/);
      expect(virsh('secret-dumpxml', id)).toContain("ephemeral='yes'");
      expect(existsSync(`/etc/libvirt/secrets/${id}.xml`)).toBe(false);
      expect((await stranger.list()).map((one) => one.id)).not.toContain(id);
      await expect(stranger.remove(id)).rejects.toThrow('not ours');
      await expect(stranger.ensure({ id, use: 'volume', value: new Secret('x') })).rejects.toThrow(
        `Cannot keep secret ${id}`,
      );
    } finally {
      await host.remove(id);
    }
  });

  test('a daemon that is not there says what to do', async () => {
    const away = new LinuxSecretHost({ owner: OWNER, socketPath: '/nonexistent/libvirt-sock' });
    await expect(away.list()).rejects.toMatchObject({ reason: 'unavailable' });
    await away.close();
  });
});
