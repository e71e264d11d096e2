import { constants } from 'node:fs';
import { open, rename, stat, unlink, type FileHandle } from 'node:fs/promises';
import { basename, dirname, isAbsolute, join, normalize } from 'node:path';
import { codeOf, ignore, isDiskFull } from '../files/errno.ts';
import { DiskFullError } from '../files/interface.ts';
import { temporaryName } from '../files/names.ts';
import { DiskError } from './interface.ts';
import type { FileLayout } from './qcow2-writer.ts';

const { O_CREAT, O_EXCL, O_NOFOLLOW, O_RDONLY, O_RDWR, O_WRONLY } = constants;

/** Absolute and normal, so that no program reads it as an option, a protocol ('nbd:') or another place. */
export function assertPath(path: string): void {
  if (!isAbsolute(path) || normalize(path) !== path || path.endsWith('/') || /\p{Cc}/u.test(path)) {
    throw new DiskError('invalid-argument', `${JSON.stringify(path)} is not a normal absolute path`);
  }
}

/** A hidden name beside `path`, for what is not complete yet. */
export function partPath(path: string): string {
  return join(dirname(path), temporaryName(basename(path)));
}

/** Makes what was written durable and gives it its name. */
export async function publish(part: string, path: string): Promise<void> {
  await explained(path, async () => {
    const handle = await open(part, O_RDWR | O_NOFOLLOW);
    await closing(handle, () => handle.sync());
    await rename(part, path);
    await syncDirectory(path);
  });
}

/** Makes the names in the file's directory durable. */
export async function syncDirectory(path: string): Promise<void> {
  const directory = await open(dirname(path), O_RDONLY);
  await closing(directory, () => directory.sync());
}

export const exists = (path: string): Promise<boolean> =>
  stat(path).then(
    () => true,
    (error: unknown) => {
      if (codeOf(error) === 'ENOENT') return false;
      throw error;
    },
  );

/** Writes a file that is not there yet; durable only once it is published. */
export async function createPart(part: string, { pieces, length }: FileLayout): Promise<void> {
  const handle = await open(part, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0o600);
  await closing(handle, async () => {
    await handle.truncate(length);
    for (const { offset, bytes } of pieces) await handle.write(bytes, 0, bytes.length, offset);
  });
}

/** Writes a file that is there complete and durable, or not at all. */
export async function createFile(path: string, content: FileLayout): Promise<void> {
  const part = partPath(path);
  try {
    await explained(path, () => createPart(part, content));
    await publish(part, path);
  } catch (error) {
    await unlink(part).catch(ignore('ENOENT'));
    throw error;
  }
}

/** Turns system errors into ones that say what to do. */
export async function explained<T>(path: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (isDiskFull(error)) throw new DiskFullError(dirname(path), { cause: error });
    if (codeOf(error) === 'ENOENT') {
      throw new DiskError('missing', `There is no ${path}`, { cause: error });
    }
    throw error;
  }
}

/** Closes the handle after the work, whatever came of it. */
export async function closing<T>(handle: FileHandle, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } finally {
    await handle.close();
  }
}
