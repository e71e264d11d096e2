import { constants } from 'node:fs';
import { open, readFile, realpath, type FileHandle } from 'node:fs/promises';
import { DiskError } from './interface.ts';

const { O_NOFOLLOW, O_RDONLY } = constants;

/** Whether this is the name of a device, as '/dev/group/volume': those are links, which udev makes. */
export const isDevicePath = (path: string): boolean => path.startsWith('/dev/');

/**
 * What a path of ours is without links: of a device its node below /dev, of anything else itself.
 * @throws {DiskError} for a link that leads out of /dev.
 */
export async function physicalPath(path: string): Promise<string> {
  if (!isDevicePath(path)) return path;
  const real = await realpath(path);
  if (isDevicePath(real)) return real;
  throw new DiskError('invalid-argument', `${path} leads to ${real}, which is no device`);
}

/** Opens a disk file or block device, in which no last link is followed but those of /dev. */
export const openDisk = async (path: string, flags: number): Promise<FileHandle> =>
  open(await physicalPath(path), flags | O_NOFOLLOW);

/** The same for reading. */
export const openForReading = (path: string): Promise<FileHandle> => openDisk(path, O_RDONLY);

/** How many bytes an open disk has: a file its length, a block device what the kernel says of it. */
export async function lengthOf(handle: FileHandle): Promise<number> {
  const found = await handle.stat();
  if (!found.isBlockDevice()) return found.size;
  // gnu_dev_major and gnu_dev_minor of the C library, for the numbers that there are.
  const [major, minor] = [(found.rdev >> 8) & 0xfff, (found.rdev & 0xff) | ((found.rdev >> 12) & 0xfff00)];
  return Number(await readFile(`/sys/dev/block/${major}:${minor}/size`, 'utf8')) * 512;
}
