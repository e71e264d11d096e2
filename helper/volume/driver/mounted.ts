import { conflict } from '../../errors/error.ts';
import type { Capacity, DiskEncryption, DiskHost } from '../../host/disk/interface.ts';
import { FileDriver, type Directory } from './file.ts';
import type { Backend, CloneInto, Disk, Stored } from './interface.ts';

/**
 * A directory on a mount: an NFS export, or another disk. While nothing is mounted there, the back end is down and nothing is
 * done in the empty directory beneath: a volume made there would vanish under the mount, and one that is looked for there
 * would seem to be gone.
 *
 * Everything throws {@link CloudError} conflict then, with what to do.
 */
export class MountedFileDriver extends FileDriver {
  readonly #disks: DiskHost;
  #started = false;

  constructor(backend: Backend, disks: DiskHost, directory: Directory) {
    super(backend, disks, directory);
    this.#disks = disks;
  }

  /** Without the mount, the rest follows when it is there. */
  override async start(): Promise<void> {
    if (!(await this.#disks.isMountPoint(this.backend.directory))) return;
    await super.start();
    this.#started = true;
  }

  override async createEmpty(stored: Stored, sizeBytes: number, encryption?: DiskEncryption): Promise<void> {
    await this.#ready();
    await super.createEmpty(stored, sizeBytes, encryption);
  }

  override async clone(stored: Stored, source: Disk, into: CloneInto): Promise<void> {
    await this.#ready();
    await super.clone(stored, source, into);
  }

  override async extend(stored: Stored, sizeBytes: number, encryption?: DiskEncryption): Promise<void> {
    await this.#ready();
    await super.extend(stored, sizeBytes, encryption);
  }

  override async remove(stored: Stored): Promise<void> {
    await this.#ready();
    await super.remove(stored);
  }

  override async capacity(): Promise<Capacity> {
    await this.#ready();
    return super.capacity();
  }

  override async list(): Promise<readonly string[]> {
    await this.#ready();
    return super.list();
  }

  async #ready(): Promise<void> {
    const { name, directory } = this.backend;
    if (!(await this.#disks.isMountPoint(directory)))
      throw conflict(
        `The back end '${name}' cannot be used: nothing is mounted at ${directory}. Mount it (for NFS: mount -t nfs SERVER:/EXPORT ${directory}), or take 'mounted: true' out of volume.backends.`,
      );
    if (!this.#started) await this.start();
  }
}
