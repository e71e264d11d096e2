/** Needs root, for a mount of its own. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { LinuxCommandRunner } from '../../host/command/linux.ts';
import { LinuxDiskHost } from '../../host/disk/linux.ts';
import { LinuxStateFiles } from '../../host/files/linux.ts';
import { MountedFileDriver } from './mounted.ts';

const root = mkdtempSync(join(tmpdir(), 'deskcloud-mounted-'));
const directory = join(root, 'nfs');
const run = (...argv: string[]): string => execFileSync(argv[0]!, argv.slice(1), { encoding: 'utf8' });

afterAll(() => {
  rmSync(root, { recursive: true });
});

test('a back end on a mount is used while something is mounted there, and never beneath it', async () => {
  mkdirSync(directory);
  const backend = {
    name: 'nfs',
    directory,
    format: 'qcow2' as const,
    mounted: true,
    reservedPercentage: 0,
    maxOverSubscription: 20,
    goodness: 0,
  };
  const files = new LinuxStateFiles(root);
  const driver = new MountedFileDriver(backend, new LinuxDiskHost(new LinuxCommandRunner()), {
    files,
    path: ['nfs'],
  });
  const volume = { kind: 'volume', id: '6f1f0c1e-0000-4000-8000-000000000001' } as const;
  const without = new RegExp(`nothing is mounted at ${directory}. Mount it`);

  await driver.start();
  await expect(driver.capacity()).rejects.toThrow(without);
  await expect(driver.createEmpty(volume, 2 ** 20)).rejects.toThrow(without);
  expect(readdirSync(directory)).toEqual([]);

  run('mount', '-t', 'tmpfs', '-o', 'size=8m', 'deskcloud-test', directory);
  try {
    expect((await driver.capacity()).totalBytes).toBe(8 * 2 ** 20);
    await driver.createEmpty(volume, 2 ** 20);
    expect(await driver.list()).toEqual([`volume-${volume.id}`]);
    run('umount', directory);
    // The volume is not gone because its server is.
    await expect(driver.remove(volume)).rejects.toThrow(without);
  } finally {
    if (run('findmnt', '-n', '-o', 'TARGET').includes(directory)) run('umount', directory);
  }
});
