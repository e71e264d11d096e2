/** S46: what a file system's blocks held before never shows in a volume. Needs root, for a file system of its own. */
import { execFileSync } from 'node:child_process';
import {
  mkdirSync,
  mkdtempSync,
  openSync,
  readFileSync,
  rmSync,
  truncateSync,
  unlinkSync,
  writeSync,
  closeSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { LinuxCommandRunner } from '../../host/command/linux.ts';
import { LinuxDiskHost } from '../../host/disk/linux.ts';
import { LinuxStateFiles } from '../../host/files/linux.ts';
import { Secret } from '../../secret.ts';
import { FileDriver } from './file.ts';
import type { Stored } from './interface.ts';

const MIB = 2 ** 20;
const LEFT_BEHIND = 'left behind by another project. ';
const disks = new LinuxDiskHost(new LinuxCommandRunner());
const directory = mkdtempSync(join(tmpdir(), 'deskcloud-s46-'));
const image = join(directory, 'disk');
const mounted = join(directory, 'mounted');
const run = (...argv: string[]): string => execFileSync(argv[0]!, argv.slice(1), { encoding: 'utf8' });

beforeAll(() => {
  mkdirSync(mounted);
  openAndClose(image);
  truncateSync(image, 160 * MIB);
  run('mkfs.ext4', '-q', '-O', '^has_journal', image);
  // Without discard: blocks that are free keep what was in them.
  run('mount', '-o', 'loop,nodiscard', image, mounted);
});
afterAll(() => {
  run('umount', mounted);
  rmSync(directory, { recursive: true });
});

function openAndClose(path: string): void {
  closeSync(openSync(path, 'w'));
}

/** Writes all that there is room for, and deletes it: every free block holds it from now on. */
function fillAndDelete(): void {
  const path = join(mounted, 'filler');
  const piece = Buffer.alloc(MIB, LEFT_BEHIND);
  const file = openSync(path, 'w');
  try {
    for (;;) writeSync(file, piece);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error;
  }
  closeSync(file);
  run('sync', '-f', mounted);
  unlinkSync(path);
  run('sync', '-f', mounted);
  expect(readFileSync(image).includes(LEFT_BEHIND.repeat(100))).toBe(true);
}

test.each([
  ['raw', undefined],
  ['qcow2', undefined],
  ['qcow2', { passphrase: new Secret('key'), keyBits: 256 as const }],
] as const)(
  'a volume in %s shows nothing of what was there before (encryption: %o)',
  async (format, encryption) => {
    const backend = {
      name: 'file',
      directory: mounted,
      format,
      reservedPercentage: 0,
      maxOverSubscription: 20,
      goodness: 0,
    };
    const driver = new FileDriver(backend, disks, {
      files: new LinuxStateFiles(directory),
      path: ['mounted'],
    });
    fillAndDelete();
    const key = encryption === undefined ? {} : { encryption };
    const volume = (id: string): Stored => ({ kind: 'volume', id });
    /** The whole disk as a guest reads it. */
    const content = async (id: string): Promise<Buffer> => {
      const destination = join(directory, 'content');
      await disks.convert({
        source: driver.local(volume(id)).path,
        sourceFormat: format,
        ...(encryption === undefined ? {} : { sourceKey: encryption.passphrase }),
        destination,
        destinationFormat: 'raw',
      });
      return readFileSync(destination);
    };
    await driver.createEmpty(volume('empty'), 16 * MIB, encryption);
    expect((await content('empty')).equals(Buffer.alloc(16 * MIB))).toBe(true);
    await driver.extend(volume('empty'), 24 * MIB, encryption);
    expect((await content('empty')).equals(Buffer.alloc(24 * MIB))).toBe(true);

    // A little of an image, in much of a volume; what the guest writes is less than a block.
    const base = join(directory, 'base');
    const small = Buffer.alloc(MIB);
    small.write('an image', 512_000);
    const file = openSync(base, 'w');
    writeSync(file, small);
    closeSync(file);
    await driver.clone(volume('image'), { path: base, format: 'raw' }, { sizeBytes: 8 * MIB, ...key });
    expect((await content('image')).equals(Buffer.concat([small, Buffer.alloc(7 * MIB)]))).toBe(true);
    // Restored, moved, reverted: another disk's content in the place of what was there.
    const source = { path: driver.local(volume('image')).path, format };
    const opened = encryption === undefined ? {} : { sourceKey: encryption.passphrase };
    await driver.clone(volume('empty'), source, { sizeBytes: 24 * MIB, ...opened, ...key });
    expect((await content('empty')).equals(Buffer.concat([small, Buffer.alloc(23 * MIB)]))).toBe(true);
    for (const id of ['empty', 'image']) await driver.remove(volume(id));
    expect(await driver.list()).toEqual(['lost+found']);
  },
);
