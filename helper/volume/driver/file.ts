import type { Capacity, DiskEncryption, DiskFormat, DiskHost } from '../../host/disk/interface.ts';
import type { DiskSource } from '../../host/domain/interface.ts';
import type { StateFiles, StatePath } from '../../host/files/interface.ts';
import { ForeignFiles } from './foreign.ts';
import type { Backend, CloneInto, Disk, ForeignDisks, Stored, VolumeDriver } from './interface.ts';

/** Where a back end's directory is. */
export interface Directory {
  readonly files: StateFiles;
  readonly path: StatePath;
}

/** Makes a back end's directory, and removes files that a crash left unfinished there. */
export async function prepareDirectory({ files, path }: Directory): Promise<void> {
  // The emulator's user passes through to the disks that it is given, and sees nothing else.
  for (let depth = 1; depth <= path.length; depth += 1)
    await files.ensureDirectory(path.slice(0, depth) as unknown as StatePath, { mode: 0o711 });
  await files.removeLeftovers(path);
}

/** A directory of files, one for each volume and snapshot; an NFS mount is a directory, too. */
export class FileDriver implements VolumeDriver {
  readonly backend: Backend;
  readonly foreign: ForeignDisks;
  readonly #disks: DiskHost;
  readonly #directory: Directory;

  constructor(backend: Backend, disks: DiskHost, directory: Directory) {
    this.backend = backend;
    this.#disks = disks;
    this.#directory = directory;
    this.foreign = new ForeignFiles(backend, directory);
  }

  async start(): Promise<void> {
    await prepareDirectory(this.#directory);
  }

  local({ kind, id, format = this.backend.format }: Stored): Disk {
    // Another format has another name, so that both are there while one is made of the other.
    const suffix = format === this.backend.format ? '' : `.${format}`;
    return { path: `${this.backend.directory}/${kind}-${id}${suffix}`, format };
  }

  scratch(stored: Stored, purpose: string): string {
    return `${this.local(stored).path}.${purpose}`;
  }

  createEmpty(stored: Stored, sizeBytes: number, encryption?: DiskEncryption): Promise<void> {
    return this.#disks.createEmpty({ ...this.local(stored), sizeBytes, ...(encryption && { encryption }) });
  }

  clone(stored: Stored, source: Disk, into: CloneInto): Promise<void> {
    const { path, format } = this.local(stored);
    return this.#disks.clone({
      ...into,
      source: source.path,
      sourceFormat: source.format,
      destination: path,
      destinationFormat: format,
    });
  }

  extend(stored: Stored, sizeBytes: number, encryption?: DiskEncryption): Promise<void> {
    return this.#disks.resize({ ...this.local(stored), sizeBytes, ...(encryption && { encryption }) });
  }

  async remove(stored: Stored): Promise<void> {
    const formats = stored.format === undefined ? (['qcow2', 'raw'] as const) : [stored.format];
    for (const format of formats) {
      const one = { ...stored, format };
      await this.#disks.remove(this.scratch(one, 'live'));
      await this.#disks.remove(this.local(one).path);
    }
  }

  capacity(): Promise<Capacity> {
    return this.#disks.capacity(this.backend.directory);
  }

  capabilities(): Readonly<Record<string, string | boolean>> {
    return {
      volume_backend_name: this.backend.name,
      storage_protocol: this.backend.export === 'iscsi' ? 'iSCSI' : 'file',
      vendor_name: 'Deskcloud',
      driver_version: '1.0',
      disk_format: this.backend.format,
      thin_provisioning_support: true,
      thick_provisioning_support: false,
      encryption_support: true,
      QoS_support: true,
      multiattach: true,
      online_extend_support: true,
    };
  }

  list(): Promise<readonly string[]> {
    return this.#directory.files.list(this.#directory.path);
  }

  connection(id: string, format: DiskFormat = this.backend.format): DiskSource {
    return { kind: 'file', path: this.local({ kind: 'volume', id, format }).path };
  }
}
