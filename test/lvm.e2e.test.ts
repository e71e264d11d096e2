/**
 * LVM's back ends on LVM itself: in a guest of Debian's kernel, since many kernels (as this one of CI) have no
 * device-mapper. Its disks are full of what somebody left there.
 */
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { cp, mkdir, mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { LinuxCommandRunner } from '../helper/host/command/linux.ts';
import { LVM_CONTRACT } from '../helper/host/lvm/contract.ts';
import { LVM_DRIVER_CONTRACT } from '../helper/volume/driver/lvm-contract.ts';
import { TEST_CACHE } from '../resources/guest/build.ts';
import { resolveKernel, unpackPackages } from '../resources/guest/packages.ts';
import { findKernel } from '../resources/guest/rootfs.ts';
import { lvmGuestImage } from './support/lvm-guest-image.ts';
import { MARK, type GuestResult } from './support/lvm-guest.ts';

const run = promisify(execFile);
const MIB = 2 ** 20;
const commands = new LinuxCommandRunner();
let directory = '';
let log = '';
let results: readonly GuestResult[] = [];

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'deskcloud-lvm-guest-'));
  const at = (name: string): string => join(directory, name);
  const { image, modules } = await findKernel(await debianKernel());
  await writeFile(at('initramfs'), await lvmGuestImage(modules));
  const disks = ['thin', 'thick'].map((name) => at(name));
  for (const disk of disks)
    await writeFile(disk, Buffer.alloc(160 * MIB, 'left behind by another project. '));
  const machine = ['-M', 'q35', '-cpu', 'max', '-m', '1024', '-nographic', '-no-reboot', '-nic', 'none'];
  const kernel = ['-kernel', image, '-initrd', at('initramfs'), '-append', 'console=ttyS0 quiet panic=-1'];
  const { stdout } = await run(
    'qemu-system-x86_64',
    [
      ...machine,
      ...kernel,
      ...disks.flatMap((disk) => ['-drive', `file=${disk},format=raw,if=virtio,cache=unsafe`]),
    ],
    { maxBuffer: 64 * MIB, timeout: 800_000, killSignal: 'SIGKILL' },
  );
  log = stdout;
  results = stdout
    .split(/\r?\n/)
    // What the firmware does to the screen comes before the first.
    .filter((line) => line.includes(MARK))
    .map((line) => JSON.parse(line.slice(line.indexOf(MARK) + MARK.length)) as GuestResult);
});

/** Debian's kernel with its modules and their index, unpacked: from the tests' cache, or from Debian. */
async function debianKernel(): Promise<string> {
  const kernel = await resolveKernel(commands);
  const place = join(TEST_CACHE, 'kernel', `${kernel.name}_${kernel.version}`);
  if (existsSync(place)) return place;
  const tree = await unpackPackages(commands, [kernel], directory);
  await commands.run(['busybox', 'depmod', '-b', tree, (await findKernel(tree)).version]);
  await mkdir(dirname(place), { recursive: true });
  await cp(tree, `${place}.${process.pid}`, { recursive: true });
  await rename(`${place}.${process.pid}`, place);
  return place;
}

afterAll(() => rm(directory, { recursive: true, force: true }));

test.each([
  'a group that is not there is said to be missing',
  ...Object.keys(LVM_CONTRACT),
  ...Object.keys(LVM_DRIVER_CONTRACT),
])('%s', (name) => {
  const found = results.find((one) => one.name === name);
  expect(found?.error, `the guest said: ${log.slice(-3000)}`).toBeUndefined();
  expect(found, `the guest said: ${log.slice(-3000)}`).toBeDefined();
});
