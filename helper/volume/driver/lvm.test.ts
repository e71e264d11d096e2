import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { FakeDiskHost } from '../../host/disk/fake.ts';
import { LinuxStateFiles } from '../../host/files/linux.ts';
import { FakeLvmHost } from '../../host/lvm/fake.ts';
import { LVM_DRIVER_CONTRACT } from './lvm-contract.ts';

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'deskcloud-lvm-'));
});
afterEach(() => rmSync(directory, { recursive: true }));

test.each(Object.entries(LVM_DRIVER_CONTRACT))('%s', async (_name, check) => {
  const host = new FakeLvmHost(join(directory, 'lvm'));
  const files = new LinuxStateFiles(directory);
  const disks = new FakeDiskHost();
  await expect(
    check({ host, group: 'group', pool: 'pool', disks, directory, files }),
  ).resolves.toBeUndefined();
});
