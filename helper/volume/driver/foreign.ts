import { assertSafe, inspectFile, UnsafeImageError } from '../../host/disk/inspect/index.ts';
import { codeOf } from '../../host/files/errno.ts';
import { UnsafeNameError, UnsafePathError, type StateStat } from '../../host/files/interface.ts';
import { badRequest, conflict } from '../../errors/error.ts';
import type { Directory } from './file.ts';
import type { Backend, ForeignDisk, ForeignDisks, Stored } from './interface.ts';

/** What a volume or snapshot is called in a directory. */
const STORED = /^(volume|snapshot)-([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})$/;
/** Unfinished work with one of them. */
const SCRATCH = /^(?:volume|snapshot)-[0-9a-f-]{36}\..+$/;

const nameOf = ({ kind, id }: Stored): string => `${kind}-${id}`;

/**
 * Disk files that somebody has put into a back end's directory. Only names that the directory itself shows are taken;
 * links are never followed; a file's headers are read before any tool opens it: what points to other files (a backing or
 * data file), is encrypted, or is not of the back end's format, stays where it is.
 */
export class ForeignFiles implements ForeignDisks {
  readonly #backend: Backend;
  readonly #directory: Directory;

  constructor(backend: Backend, directory: Directory) {
    this.#backend = backend;
    this.#directory = directory;
  }

  async list(): Promise<readonly ForeignDisk[]> {
    const { files, path } = this.#directory;
    const found: ForeignDisk[] = [];
    for (const name of await files.list(path)) {
      // Hidden files are unfinished ones.
      if (name.startsWith('.') || SCRATCH.test(name)) continue;
      const disk = await this.#look(name);
      if (disk !== undefined) found.push(disk);
    }
    return found;
  }

  async take(name: string, stored: Stored): Promise<ForeignDisk> {
    const { files, path } = this.#directory;
    const there = (await files.list(path)).includes(name);
    const own = await this.#look(nameOf(stored));
    // Of an earlier attempt.
    if (!there && own !== undefined) return own;
    if (own !== undefined && name !== nameOf(stored))
      throw conflict(`The back end ${this.#backend.name} has a disk of the name ${nameOf(stored)} already.`);
    const disk = there ? await this.#look(name) : undefined;
    if (disk === undefined)
      throw badRequest(`The back end ${this.#backend.name} shows no disk of this name.`);
    if (disk.unsafe !== undefined) throw badRequest(`It cannot be taken in: ${disk.unsafe}.`);
    await files.setAttributes([...path, name], { mode: 0o600 });
    await files.rename([...path, name], [...path, nameOf(stored)]);
    return disk;
  }

  async giveBack(name: string, stored: Stored): Promise<void> {
    const { files, path } = this.#directory;
    const names = await files.list(path);
    if (names.includes(nameOf(stored)) && !names.includes(name))
      await files.rename([...path, nameOf(stored)], [...path, name]);
  }

  async #look(name: string): Promise<ForeignDisk | undefined> {
    const { files, path } = this.#directory;
    let stat: StateStat | undefined;
    try {
      stat = await files.stat([...path, name]);
    } catch (error) {
      if (error instanceof UnsafeNameError || error instanceof UnsafePathError) return undefined;
      throw error;
    }
    if (stat === undefined || stat.kind === 'directory') return undefined;
    const [, kind, id] = STORED.exec(name) ?? [];
    const disk: ForeignDisk = {
      name,
      sizeBytes: 0,
      ...(kind === undefined || id === undefined
        ? {}
        : { stored: { kind: kind === 'volume' ? ('volume' as const) : ('snapshot' as const), id } }),
    };
    if (stat.kind !== 'file') return { ...disk, unsafe: 'it is a link or a special file, no regular one' };
    try {
      return await this.#inspect(disk);
    } catch (error) {
      // Whoever had it removed it while it was looked at.
      if (codeOf(error) === 'ENOENT') return undefined;
      throw error;
    }
  }

  async #inspect(disk: ForeignDisk): Promise<ForeignDisk> {
    const { files, path } = this.#directory;
    const { format } = this.#backend;
    const handle = await files.open([...path, disk.name]);
    try {
      const { nlink, size } = await handle.stat();
      if (nlink > 1) return { ...disk, unsafe: 'it has another name elsewhere (a hard link)' };
      const inspection = await inspectFile(handle);
      const sizeBytes = format === 'raw' ? size : (inspection.virtualSize ?? 0);
      try {
        assertSafe(inspection, format);
      } catch (error) {
        if (error instanceof UnsafeImageError) return { ...disk, sizeBytes, unsafe: error.message };
        throw error;
      }
      if (sizeBytes === 0 || sizeBytes % 512 !== 0)
        return { ...disk, sizeBytes, unsafe: 'its size is not a whole number of sectors of 512 bytes' };
      return { ...disk, sizeBytes };
    } finally {
      await handle.close();
    }
  }
}
