/** LVM as it is on this machine: where the kernel has device-mapper on a loop device, else the message that says so. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { LinuxCommandRunner } from '../command/linux.ts';
import { LVM_CONTRACT } from './contract.ts';
import { LinuxLvmHost } from './linux.ts';

const hasDeviceMapper = /\bdevice-mapper$/m.test(readFileSync('/proc/misc', 'utf8'));
const host = new LinuxLvmHost({ owner: 'test-lvm', commands: new LinuxCommandRunner() });
const run = (...argv: string[]): string => execFileSync(argv[0]!, argv.slice(1), { encoding: 'utf8' }).trim();

test.skipIf(hasDeviceMapper)('a kernel without device-mapper is said to be one, and what to do', async () => {
  await expect(host.look('group')).rejects.toMatchObject({
    reason: 'unavailable',
    message:
      'This kernel has no device-mapper (/proc/misc does not list it, and the module dm-mod cannot be loaded), and ' +
      "without it there is no LVM. Start a kernel that has it, as Debian's are, or keep volumes in files " +
      '(volume.backends, kind: file).',
  });
});

// Skipped where there is no device-mapper; test/lvm.e2e.test.ts runs the same in a guest whose kernel has it.
describe.skipIf(!hasDeviceMapper)('LVM on a loop device', () => {
  const group = `deskcloud-test-${process.pid}`;
  let directory = '';
  let device = '';
  beforeAll(() => {
    directory = mkdtempSync(join(tmpdir(), 'deskcloud-lvm-'));
    const file = join(directory, 'disk');
    writeFileSync(file, '');
    truncateSync(file, 128 * 2 ** 20);
    device = run('losetup', '--find', '--show', file);
    run('vgcreate', '--yes', group, device);
  });
  afterAll(() => {
    if (device !== '') {
      run('vgremove', '--yes', '--force', group);
      run('losetup', '--detach', device);
    }
    rmSync(directory, { recursive: true });
  });

  test.each(Object.entries(LVM_CONTRACT))('%s', async (_name, check) => {
    await expect(check({ host, group, pool: 'pool' })).resolves.toBeUndefined();
  });

  test('a group that is not there is said to be missing', async () => {
    await expect(host.look('nowhere')).rejects.toMatchObject({
      reason: 'unavailable',
      message: expect.stringContaining('sudo vgcreate nowhere /dev/DISK') as string,
    });
  });
});
