import { constants } from 'node:fs';
import {
  lstat,
  mkdir,
  open,
  readdir,
  rename,
  rmdir,
  statfs,
  unlink,
  type FileHandle,
} from 'node:fs/promises';
import { isAbsolute, join, normalize } from 'node:path';
import { record } from '../record.ts';
import { codeOf, ignore, isDiskFull } from './errno.ts';
import {
  DiskFullError,
  SizeLimitError,
  UnsafePathError,
  type FileAttributes,
  type FileSink,
  type SinkOptions,
  type StateFiles,
  type StatePath,
  type StateStat,
} from './interface.ts';
import { assertName, isTemporaryName, temporaryName } from './names.ts';
import { LinuxFileSink } from './sink.ts';

const { O_CREAT, O_DIRECTORY, O_EXCL, O_NOFOLLOW, O_NONBLOCK, O_RDONLY, O_WRONLY } = constants;

/** Removing a tree gives up where somebody adds to it as fast as it is emptied. */
const MAX_TREE_ATTEMPTS = 8;

/**
 * {@link StateFiles} by directory descriptors: each level is opened from the one above through /proc/self/fd, with
 * O_NOFOLLOW, so that no name is ever resolved twice.
 */
export class LinuxStateFiles implements StateFiles {
  readonly root: string;

  /** `root` must be a directory that is there, by a path that its owner controls. */
  constructor(root: string) {
    if (!isAbsolute(root) || normalize(root) !== root) {
      throw new UnsafePathError(`${JSON.stringify(root)} is not a normal absolute path`);
    }
    this.root = root.length > 1 ? root.replace(/\/$/, '') : root;
  }

  absolute(path: StatePath): string {
    for (const name of path) assertName(name);
    return join(this.root, ...path);
  }

  async ensureDirectory(path: StatePath, attributes: FileAttributes = {}): Promise<void> {
    this.absolute(path);
    let made = false;
    for (let depth = 1; depth <= path.length; depth += 1) {
      await this.#inside(path.slice(0, depth - 1), async (at) => {
        const target = at(path[depth - 1] ?? '');
        if (await madeDirectory(target)) made = true;
        const last = depth === path.length;
        const handle = await open(target, O_DIRECTORY | O_NOFOLLOW | O_RDONLY);
        await closing(handle, async () => {
          if (last && (made || attributes.mode !== undefined)) await handle.chmod(attributes.mode ?? 0o700);
          if (last && attributes.owner !== undefined)
            await handle.chown(attributes.owner.uid, attributes.owner.gid);
        });
      });
    }
    if (made) record({ kind: 'file', action: 'write', path: `${this.absolute(path)}/` });
  }

  async write(path: StatePath, data: string | Uint8Array, attributes: FileAttributes = {}): Promise<void> {
    await this.#parent(path, async (at, name, directory) => {
      const temporary = at(temporaryName(name));
      try {
        await writeNew(temporary, data, attributes);
        await rename(temporary, at(name));
      } catch (error) {
        await unlink(temporary).catch(ignore('ENOENT'));
        throw error;
      }
      await directory.sync();
    });
    record({ kind: 'file', action: 'write', path: this.absolute(path) });
  }

  async create(path: StatePath, data: string | Uint8Array, attributes: FileAttributes = {}): Promise<void> {
    await this.#parent(path, async (at, name, directory) => {
      try {
        await writeNew(at(name), data, attributes);
      } catch (error) {
        if (codeOf(error) !== 'EEXIST') await unlink(at(name)).catch(ignore('ENOENT'));
        throw error;
      }
      await directory.sync();
    });
    record({ kind: 'file', action: 'write', path: this.absolute(path) });
  }

  async read(path: StatePath, maxBytes: number): Promise<Buffer> {
    const handle = await this.open(path);
    return await closing(handle, async () => {
      const tooLong = new SizeLimitError(this.absolute(path), maxBytes);
      const { size } = await handle.stat();
      if (size > maxBytes) throw tooLong;
      // Not readFile, which would follow a file that grows. One byte more tells that it does.
      const buffer = Buffer.alloc(size + 1);
      let filled = 0;
      for (let count = -1; count !== 0 && filled < buffer.length; filled += count) {
        count = (await handle.read(buffer, filled, buffer.length - filled, filled)).bytesRead;
      }
      if (filled > maxBytes) throw tooLong;
      return buffer.subarray(0, filled);
    });
  }

  async open(path: StatePath): Promise<FileHandle> {
    return await this.#parent(path, async (at, name) => {
      // O_NONBLOCK, so that a FIFO in the place of the file cannot hold us.
      const handle = await open(at(name), O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
      if ((await handle.stat()).isFile()) return handle;
      await handle.close();
      throw new UnsafePathError(`${this.absolute(path)} is not a regular file`);
    });
  }

  async sink(path: StatePath, options: SinkOptions): Promise<FileSink> {
    const shown = this.absolute(path);
    const directory = await this.#directory(path.slice(0, -1));
    try {
      return await LinuxFileSink.open({ directory, name: path.at(-1) ?? '', shown, ...options });
    } catch (error) {
      await directory.close();
      throw this.#explained(error);
    }
  }

  async stat(path: StatePath): Promise<StateStat | undefined> {
    return await this.#ifThere(path, async (at, name) => {
      const found = await lstat(at(name));
      const kind = found.isFile()
        ? 'file'
        : found.isDirectory()
          ? 'directory'
          : found.isSymbolicLink()
            ? 'symlink'
            : 'other';
      return {
        kind,
        size: found.size,
        allocated: found.blocks * 512,
        mode: found.mode & 0o7777,
        uid: found.uid,
        gid: found.gid,
        mtimeMs: found.mtimeMs,
      };
    });
  }

  async list(path: readonly string[]): Promise<string[]> {
    try {
      return await this.#inside(path, async (at) => (await readdir(at('.'))).sort());
    } catch (error) {
      if (codeOf(error) === 'ENOENT') return [];
      throw error;
    }
  }

  async rename(from: StatePath, to: StatePath): Promise<void> {
    await this.#parent(from, async (source, oldName) => {
      await this.#parent(to, async (target, newName, directory) => {
        await rename(source(oldName), target(newName));
        await directory.sync();
      });
    });
    record({ kind: 'note', text: `renamed ${this.absolute(from)} to ${this.absolute(to)}` });
  }

  async setAttributes(path: StatePath, { mode, owner }: FileAttributes): Promise<void> {
    await this.#parent(path, async (at, name) => {
      const handle = await open(at(name), O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
      await closing(handle, async () => {
        if (owner !== undefined) await handle.chown(owner.uid, owner.gid);
        // After chown, which clears some bits.
        if (mode !== undefined) await handle.chmod(mode);
      });
    });
  }

  async remove(path: StatePath): Promise<void> {
    const removed = await this.#ifThere(path, async (at, name) => {
      await unlink(at(name));
      return true;
    });
    if (removed === true) record({ kind: 'file', action: 'remove', path: this.absolute(path) });
  }

  async removeTree(path: StatePath): Promise<void> {
    const removed = await this.#ifThere(path, async (at, name) => {
      await removeEntry(at(name), this.absolute(path));
      return true;
    });
    if (removed === true) record({ kind: 'file', action: 'remove', path: `${this.absolute(path)}/` });
  }

  async removeLeftovers(path: readonly string[]): Promise<void> {
    for (const name of (await this.list(path)).filter(isTemporaryName)) {
      const [first, ...rest] = [...path, name];
      if (first !== undefined) await this.remove([first, ...rest]);
    }
  }

  async freeBytes(): Promise<number> {
    const { bavail, bsize } = await statfs(this.root);
    return bavail * bsize;
  }

  /** Opens a directory below the root, following no link. The caller closes it. */
  async #directory(path: readonly string[]): Promise<FileHandle> {
    for (const name of path) assertName(name);
    // The root itself may be a link: whoever can make one there is the administrator, moving it to a larger disk.
    let current = await open(this.root, O_DIRECTORY | O_RDONLY);
    for (const [depth, name] of path.entries()) {
      try {
        const next = await open(`/proc/self/fd/${current.fd}/${name}`, O_DIRECTORY | O_RDONLY | O_NOFOLLOW);
        await current.close();
        current = next;
      } catch (error) {
        await current.close();
        const shown = join(this.root, ...path.slice(0, depth + 1));
        if (['ELOOP', 'ENOTDIR'].includes(codeOf(error) ?? '')) {
          throw new UnsafePathError(`${shown} is not a directory but a link or a file`, { cause: error });
        }
        throw error;
      }
    }
    return current;
  }

  async #inside<T>(
    path: readonly string[],
    work: (at: (name: string) => string, directory: FileHandle) => Promise<T>,
  ): Promise<T> {
    const directory = await this.#directory(path);
    try {
      return await closing(directory, () =>
        work((name) => `/proc/self/fd/${directory.fd}/${name}`, directory),
      );
    } catch (error) {
      throw this.#explained(error);
    }
  }

  async #parent<T>(
    path: StatePath,
    work: (at: (name: string) => string, name: string, directory: FileHandle) => Promise<T>,
  ): Promise<T> {
    const name = path.at(-1) ?? '';
    assertName(name);
    return await this.#inside(path.slice(0, -1), (at, directory) => work(at, name, directory));
  }

  async #ifThere<T>(
    path: StatePath,
    work: (at: (name: string) => string, name: string) => Promise<T>,
  ): Promise<T | undefined> {
    try {
      return await this.#parent(path, work);
    } catch (error) {
      if (codeOf(error) === 'ENOENT') return undefined;
      throw error;
    }
  }

  #explained(error: unknown): unknown {
    if (isDiskFull(error)) return new DiskFullError(this.root, { cause: error });
    if (['ELOOP', 'ENOTDIR'].includes(codeOf(error) ?? '')) {
      return new UnsafePathError(`A link or a file is in the way of a path below ${this.root}`, {
        cause: error,
      });
    }
    return error;
  }
}

async function writeNew(
  path: string,
  data: string | Uint8Array,
  { mode = 0o600, owner }: FileAttributes,
): Promise<void> {
  const handle = await open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0o600);
  await closing(handle, async () => {
    await handle.writeFile(data);
    if (owner !== undefined) await handle.chown(owner.uid, owner.gid);
    if (mode !== 0o600) await handle.chmod(mode);
    await handle.sync();
  });
}

/** False when there is something of that name already. */
async function madeDirectory(path: string): Promise<boolean> {
  try {
    await mkdir(path, { mode: 0o700 });
    return true;
  } catch (error) {
    if (codeOf(error) === 'EEXIST') return false;
    throw error;
  }
}

/** Removes a file or link by its name; a directory from the inside, by its descriptor. */
async function removeEntry(path: string, shown: string): Promise<void> {
  for (let attempt = 0; attempt < MAX_TREE_ATTEMPTS; attempt += 1) {
    try {
      await unlink(path);
      return;
    } catch (error) {
      if (codeOf(error) === 'ENOENT') return;
      // Linux says EISDIR for a directory, POSIX EPERM.
      if (!['EISDIR', 'EPERM'].includes(codeOf(error) ?? '')) throw error;
    }
    let directory: FileHandle;
    try {
      directory = await open(path, O_DIRECTORY | O_RDONLY | O_NOFOLLOW);
    } catch (error) {
      // It became something else in the meantime: look again.
      if (['ENOENT', 'ENOTDIR', 'ELOOP'].includes(codeOf(error) ?? '')) continue;
      throw error;
    }
    await closing(directory, async () => {
      for (const name of await readdir(`/proc/self/fd/${directory.fd}/.`)) {
        await removeEntry(`/proc/self/fd/${directory.fd}/${name}`, join(shown, name));
      }
    });
    try {
      await rmdir(path);
      return;
    } catch (error) {
      if (codeOf(error) === 'ENOENT') return;
      if (!['ENOTEMPTY', 'ENOTDIR', 'EEXIST'].includes(codeOf(error) ?? '')) throw error;
    }
  }
  throw new UnsafePathError(`${shown} could not be removed, because something keeps changing it`);
}

async function closing<T>(handle: FileHandle, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } finally {
    await handle.close();
  }
}
