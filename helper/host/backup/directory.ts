import { SizeLimitError, type StateFiles, type StatePath } from '../files/interface.ts';
import { codeOf } from '../files/errno.ts';
import { record, withRecorder } from '../record.ts';
import { assertObjectNames, BackupStoreError, type BackupStore, type ObjectKey } from './interface.ts';

/** Each object's own line would drown the trace: a step notes what it did in all. */
const quietly = <T>(work: () => T): T => withRecorder(() => undefined, work);

/** A {@link BackupStore} in a directory of this machine or of an NFS server: a file (0600) for each object. */
export class DirectoryBackupStore implements BackupStore {
  readonly driver = 'cinder.backup.drivers.deskcloud.DirectoryBackupDriver';
  readonly place: string;
  readonly #files: StateFiles;
  readonly #root: readonly string[];

  /** @param root where in `files`; [] is their root. */
  constructor(files: StateFiles, root: readonly string[]) {
    this.#files = files;
    this.#root = root;
    this.place = `the directory ${[files.root, ...root].join('/')}`;
  }

  async put(key: ObjectKey, data: Uint8Array, signal?: AbortSignal): Promise<void> {
    const path = this.#path(key);
    await this.#explained(() =>
      quietly(async () => {
        signal?.throwIfAborted();
        await this.#files.ensureDirectory(path.slice(0, -1) as unknown as StatePath);
        await this.#files.write(path, data);
      }),
    );
  }

  async get(key: ObjectKey, maxBytes: number, signal?: AbortSignal): Promise<Buffer | undefined> {
    const path = this.#path(key);
    return await this.#explained(async () => {
      signal?.throwIfAborted();
      try {
        return await this.#files.read(path, maxBytes);
      } catch (error) {
        if (codeOf(error) === 'ENOENT') return undefined;
        if (error instanceof SizeLimitError) throw new BackupStoreError(error.message, { cause: error });
        throw error;
      }
    });
  }

  async list(container: string, folder: string): Promise<readonly string[]> {
    assertObjectNames([container, folder]);
    const names = await this.#explained(() => this.#files.list([...this.#root, container, folder]));
    return names.filter((name) => !name.startsWith('.'));
  }

  async removeFolder(container: string, folder: string): Promise<number> {
    const count = (await this.list(container, folder)).length;
    const path = [...this.#root, container, folder] as unknown as StatePath;
    await this.#explained(async () => {
      await quietly(() => this.#files.removeTree(path));
      if (count > 0)
        record({
          kind: 'file',
          action: 'remove',
          path: `${this.#files.absolute(path)}/`,
          text: `${count} objects`,
        });
    });
    return count;
  }

  async check(): Promise<void> {
    await this.#explained(async () => {
      const [first, ...rest] = this.#root;
      if (first !== undefined) await quietly(() => this.#files.ensureDirectory([first, ...rest]));
      await this.#files.list(this.#root);
    });
  }

  #path(key: ObjectKey): StatePath {
    assertObjectNames(key);
    return [...this.#root, ...key] as unknown as StatePath;
  }

  async #explained<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      const code = codeOf(error);
      if (code === 'EACCES' || code === 'EPERM' || code === 'EROFS')
        throw new BackupStoreError(
          `Backups cannot be kept in ${this.place} (${code}): make it writable for root, or choose another one (volume.backup.directory).`,
          { cause: error },
        );
      if (code === 'ESTALE' || code === 'EIO' || code === 'ETIMEDOUT')
        throw new BackupStoreError(
          `${this.place} does not answer (${code}): is it mounted and is its server up?`,
          { cause: error, retryable: true },
        );
      if (code === 'ENOENT')
        throw new BackupStoreError(
          `There is no place for backups at ${this.place}: make the directory or mount it, or choose another one (volume.backup.directory).`,
          { cause: error },
        );
      throw error;
    }
  }
}
