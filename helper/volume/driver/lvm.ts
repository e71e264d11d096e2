import { badRequest } from '../../errors/error.ts';
import { DiskError, type Capacity, type DiskEncryption, type DiskHost } from '../../host/disk/interface.ts';
import type { DiskSource } from '../../host/domain/interface.ts';
import { growingFrom, LvmError, type LvmHost, type VolumeGroup } from '../../host/lvm/interface.ts';
import { prepareDirectory, type Directory } from './file.ts';
import type { Backend, CloneInto, Disk, Stored, VolumeDriver } from './interface.ts';

const MIB = 2 ** 20;
const GIB = 2 ** 30;

/** Where a back end's volumes are. */
export interface LvmPlace {
  readonly host: LvmHost;
  readonly group: string;
  /** The thin pool; undefined for thick volumes. */
  readonly pool?: string;
  /** For what is unfinished and no volume yet. */
  readonly directory: Directory;
}

/** LVM keeps names that begin with 'snapshot' for itself; cinder names them in the same way. */
const nameOf = ({ kind, id }: Stored): string => (kind === 'volume' ? `volume-${id}` : `_snapshot-${id}`);
const unfinished = (name: string): string => `${name}.new`;
const finished = (name: string): string | undefined =>
  name.endsWith('.new') ? name.slice(0, -'.new'.length) : undefined;

/**
 * Logical volumes, one for each volume and snapshot, thick or in a thin pool. A volume gets its name when it is complete:
 * until then it is 'NAME.new' with the mark 'unfinished'. Without the mark, NAME.new is on its way into NAME's place.
 * What a thick one held before is overwritten with zeros before it has its name, and before anybody sees its new room
 * (S46); a thin pool does that itself.
 */
export class LvmDriver implements VolumeDriver {
  readonly backend: Backend;
  readonly #disks: DiskHost;
  readonly #place: LvmPlace;
  #ready: Promise<void> | undefined;

  constructor(backend: Backend, disks: DiskHost, place: LvmPlace) {
    this.backend = backend;
    this.#disks = disks;
    this.#place = place;
  }

  /** Where LVM cannot be used, the back end is down, and its pool says why: that ends when it can. */
  async start(): Promise<void> {
    await prepareDirectory(this.#place.directory);
    try {
      await this.#prepared();
    } catch (error) {
      if (!(error instanceof LvmError)) throw error;
    }
  }

  local(stored: Stored): Disk {
    return { path: this.#place.host.path(this.#place.group, nameOf(stored)), format: 'raw' };
  }

  scratch({ kind, id }: Stored, purpose: string): string {
    return `${this.backend.directory}/${kind}-${id}.${purpose}`;
  }

  async createEmpty(stored: Stored, sizeBytes: number, encryption?: DiskEncryption): Promise<void> {
    this.#refuse(encryption);
    const { host, group, pool } = this.#place;
    await this.#prepared();
    const name = nameOf(stored);
    const { volumes, extentBytes } = await this.#look();
    const there = volumes.find((one) => one.name === name);
    if (there?.sizeBytes === Math.ceil(sizeBytes / extentBytes) * extentBytes) return;
    if (there !== undefined)
      throw new DiskError('exists', `${group}/${name} is there already, with another size; remove it first`);
    await this.#make(name, sizeBytes, async (fresh) => {
      if (pool === undefined) await host.zero(group, fresh, 0);
    });
  }

  async clone(stored: Stored, source: Disk, into: CloneInto): Promise<void> {
    this.#refuse(into.encryption);
    const { host, group, pool } = this.#place;
    const { sizeBytes, encryption: _, ...how } = into;
    await this.#prepared();
    const length = await this.#disks.sizeOf({ ...source, encrypted: into.sourceKey !== undefined });
    if (length > sizeBytes)
      throw new DiskError(
        'shrink',
        `A disk of ${sizeBytes} bytes cannot hold ${source.path} with its ${length} bytes`,
      );
    await this.#make(nameOf(stored), sizeBytes, async (fresh) => {
      // What the source does not fill; the rest is written with all of its zeros.
      if (pool === undefined) await host.zero(group, fresh, Math.floor(length / MIB) * MIB, into.signal);
      await this.#disks.writeInto({
        ...how,
        source: source.path,
        sourceFormat: source.format,
        destination: host.path(group, fresh),
        zeroed: pool !== undefined,
      });
    });
  }

  async extend(stored: Stored, sizeBytes: number, encryption?: DiskEncryption): Promise<void> {
    this.#refuse(encryption);
    const { host, group, pool } = this.#place;
    const name = nameOf(stored);
    await this.#prepared();
    // Of an earlier attempt: its room may not be zeroed yet.
    await host.takeBack(group, name);
    const before = (await this.#look()).volumes.find((one) => one.name === name)?.sizeBytes;
    if (before === undefined) throw new DiskError('missing', `There is no ${group}/${name}`);
    if (before >= sizeBytes) return;
    if (pool !== undefined) return host.extend(group, name, sizeBytes);
    await host.mark(group, name, `growing-from-${before}`);
    try {
      await host.extend(group, name, sizeBytes);
      await host.zero(group, name, before);
      await host.unmark(group, name, `growing-from-${before}`);
    } catch (error) {
      // Else somebody would see room that holds what was there before.
      await host.takeBack(group, name);
      throw error;
    }
  }

  async remove(stored: Stored): Promise<void> {
    const { host, group } = this.#place;
    await this.#prepared();
    await this.#disks.remove(this.scratch(stored, 'live'));
    await host.remove(group, unfinished(nameOf(stored)));
    await host.remove(group, nameOf(stored));
  }

  /** @throws {LvmError} that says why the back end is down. */
  async capacity(): Promise<Capacity> {
    await this.#prepared();
    const { totalBytes, freeBytes, pool } = await this.#look();
    return pool === undefined
      ? { totalBytes, freeBytes }
      : { totalBytes: pool.sizeBytes, freeBytes: pool.freeBytes };
  }

  capabilities(): Readonly<Record<string, string | boolean>> {
    const thin = this.#place.pool !== undefined;
    return {
      volume_backend_name: this.backend.name,
      storage_protocol: this.backend.export === 'iscsi' ? 'iSCSI' : 'block',
      vendor_name: 'Deskcloud',
      driver_version: '1.0',
      disk_format: 'raw',
      volume_group: this.#place.group,
      thin_provisioning_support: thin,
      thick_provisioning_support: !thin,
      QoS_support: true,
      multiattach: true,
      online_extend_support: true,
      encryption_support: false,
    };
  }

  async list(): Promise<readonly string[]> {
    await this.#prepared();
    return (await this.#look()).volumes
      .filter(({ pool }) => pool === this.#place.pool)
      .map(({ name }) => name);
  }

  connection(id: string): DiskSource {
    return { kind: 'block', path: this.local({ kind: 'volume', id }).path };
  }

  #look(): Promise<VolumeGroup> {
    return this.#place.host.look(this.#place.group, this.#place.pool);
  }

  /** Once, and again after it failed. Nothing is under way before it has succeeded. */
  #prepared(): Promise<void> {
    this.#ready ??= this.#prepare().catch((error: unknown) => {
      this.#ready = undefined;
      throw error;
    });
    return this.#ready;
  }

  async #prepare(): Promise<void> {
    const { host, group, pool } = this.#place;
    const { extentBytes } = await this.#look();
    if (GIB % extentBytes !== 0)
      throw new LvmError(
        'unavailable',
        `The volume group '${group}' has extents of ${extentBytes} bytes, of which no whole number is 1 GiB. Change that with: sudo vgchange --physicalextentsize 4m ${group}`,
      );
    if (pool !== undefined) await host.ensurePool(group, pool);
    const found = await this.#look();
    if (found.pool?.zeroes === false)
      throw new LvmError(
        'unavailable',
        `The thin pool ${group}/${pool ?? ''} gives volumes room that still holds what was there before. Change that with: sudo lvchange --zero y ${group}/${pool ?? ''}`,
      );
    for (const volume of found.volumes.filter((one) => one.pool === pool)) {
      const { name, marks } = volume;
      const target = finished(name);
      if (marks.includes('unfinished')) await host.remove(group, name);
      else if (target !== undefined) await this.#replace(target);
      else {
        if (growingFrom(volume) !== undefined) await host.takeBack(group, name);
        if (!volume.active) await host.activate(group, name);
      }
    }
  }

  async #make(name: string, sizeBytes: number, fill: (fresh: string) => Promise<void>): Promise<void> {
    const { host, group, pool } = this.#place;
    const fresh = unfinished(name);
    try {
      await host.create({ group, name: fresh, sizeBytes, ...(pool === undefined ? {} : { pool }) });
      await fill(fresh);
    } catch (error) {
      await host.remove(group, fresh).catch(() => undefined);
      throw error;
    }
    await host.unmark(group, fresh, 'unfinished');
    await this.#replace(name);
  }

  async #replace(name: string): Promise<void> {
    const { host, group } = this.#place;
    await host.remove(group, name);
    await host.rename(group, unfinished(name), name);
  }

  #refuse(encryption: DiskEncryption | undefined): void {
    if (encryption === undefined) return;
    throw badRequest(
      `The back end ${this.backend.name} keeps volumes on LVM, where encrypted ones are not made: the header of the encryption would take a part of their size. Choose a volume type of a back end of files (kind: file).`,
    );
  }
}
