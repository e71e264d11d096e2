import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { commands } from './instance.ts';

/** Where the superblock is, its magic number in it, and the flag "needs recovery" among the incompatible features. */
const SUPERBLOCK = 1024;
const MAGIC = { at: 0x38, is: 0xef53 };
const INCOMPATIBLE = 0x60;
const NEEDS_RECOVERY = 0x4;

/**
 * Whether an ext4 file system in a disk's file would have to be recovered from its journal: true of what is mounted, false
 * of what was brought to rest, by unmounting or by freezing.
 *
 * @param path of any format that qemu-img knows; a guest may have it open
 * @param at in bytes, where the file system begins
 */
export async function hasOpenJournal(path: string, at: number): Promise<boolean> {
  const directory = await mkdtemp(join(tmpdir(), 'deskcloud-ext4-'));
  const block = join(directory, 'superblock');
  try {
    // To qemu-img the count includes what is skipped.
    const skip = (at + SUPERBLOCK) / 1024;
    await commands.run([
      'qemu-img',
      'dd',
      '-U',
      'bs=1024',
      `count=${skip + 1}`,
      `skip=${skip}`,
      `if=${path}`,
      `of=${block}`,
    ]);
    const bytes = await readFile(block);
    if (bytes.readUInt16LE(MAGIC.at) !== MAGIC.is) throw new Error(`there is no ext4 at ${at} of ${path}`);
    return (bytes.readUInt32LE(INCOMPATIBLE) & NEEDS_RECOVERY) !== 0;
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}
