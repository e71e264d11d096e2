import type { DiskFormat, DiskHost } from '../../host/disk/interface.ts';
import type { Db } from '../../db/index.ts';
import type { Secret } from '../../secret.ts';
import { encryptedBy, encryptionOfStored, keyOf } from '../app/key.ts';
import type { ImageFace } from '../../image/index.ts';
import type { HostContext } from '../../saga/index.ts';
import type { BackupSettings } from '../app/backup-service.ts';
import type { VolumeConfig } from '../app/context.ts';
import type { Exports } from '../app/export.ts';
import type { Pools } from '../app/pools.ts';
import type { Disk, Drivers, Placed } from '../driver/index.ts';
import type { ComputeSide, GuestDisk } from '../face.ts';

/** What the steps of this service's operations find in `ctx.services`. */
export interface VolumeServices {
  /** For files that are no back end's: 'scratch'. */
  readonly disks: DiskHost;
  readonly drivers: Drivers;
  readonly exports: Pick<Exports, 'settle' | 'remove' | 'grow' | 'isExported'>;
  readonly image: Pick<ImageFace, 'leaseBase' | 'releaseBase' | 'ensureBase' | 'createFromDisk' | 'discard'>;
  readonly compute: () => ComputeSide;
  readonly pools: Pick<Pools, 'refresh' | 'states'>;
  readonly config: VolumeConfig;
  readonly backups: Pick<BackupSettings, 'store' | 'codec'>;
  /** Queues the removal of a volume's disk on a back end that it has left, in the transaction that is open. */
  readonly removeMoved: (volumeId: string, backend: string, format: DiskFormat) => void;
  /** Queues the deletion of a volume that nobody uses and that has no snapshots; others stay. In the open transaction. */
  readonly terminate: (volumeId: string) => void;
}

/** A disk to copy, and the guest that may be writing to it. */
export interface SourceDisk extends Disk {
  readonly guest: GuestDisk | null;
}

/** A volume's disk: where it is kept, and where its bytes are. */
export interface VolumeDisk extends SourceDisk, Omit<Placed, 'format'> {}

type Progress = (fraction: number) => void;

/**
 * Gives `use` a disk to copy that nobody writes to: the source itself, or, where a guest writes to that, a copy of it as
 * it was at one moment, in the file `live`, which is removed again.
 */
export async function still(
  ctx: HostContext<VolumeServices>,
  source: SourceDisk,
  live: string,
  use: (disk: Disk, onProgress: Progress) => Promise<void>,
): Promise<void> {
  const { disks, compute } = ctx.services;
  const copied =
    source.guest !== null &&
    (await compute().copyAttached(source.guest, live, ctx.signal, (fraction) =>
      ctx.progress(fraction / 2, 'copying the disk of the running guest'),
    ));
  try {
    await use(
      copied
        ? { path: live, format: 'qcow2', keyId: source.keyId ?? null }
        : { path: source.path, format: source.format, keyId: source.keyId ?? null },
      (fraction) => ctx.progress(copied ? 0.5 + fraction / 2 : fraction, 'copying'),
    );
  } finally {
    if (copied) await disks.remove(live);
  }
}

/**
 * Makes an independent copy of a disk in a back end, also while a guest writes to it: as it was at one moment. The
 * driver's `remove` takes it back, however far it came.
 */
export async function copyDisk(
  ctx: HostContext<VolumeServices>,
  source: SourceDisk,
  destination: Placed,
  sizeBytes: number,
): Promise<void> {
  const driver = ctx.services.drivers.of(destination.backend);
  await still(ctx, source, driver.scratch(destination, 'live'), (disk, onProgress) =>
    driver.clone(destination, disk, {
      sizeBytes,
      onProgress,
      signal: ctx.signal,
      ...openedBy(ctx.db, disk),
      ...encryptionOfStored(ctx.db, destination),
    }),
  );
}

/** The member for options of disks that opens this one. */
export function openedBy(db: Db, { keyId }: Pick<Disk, 'keyId'>): { sourceKey?: Secret } {
  return keyId == null ? {} : { sourceKey: keyOf(db, keyId).passphrase };
}

/** The same into a qcow2 file that is no back end's disk, encrypted as the source; {@link removeFileCopy} takes it back. */
export async function copyToFile(
  ctx: HostContext<VolumeServices>,
  source: SourceDisk,
  path: string,
  sizeBytes: number,
): Promise<void> {
  await still(ctx, source, `${path}.live`, (disk, onProgress) =>
    ctx.services.disks.clone({
      source: disk.path,
      sourceFormat: disk.format,
      destination: path,
      destinationFormat: 'qcow2',
      sizeBytes,
      onProgress,
      signal: ctx.signal,
      ...openedBy(ctx.db, disk),
      ...encryptedBy(ctx.db, disk.keyId),
    }),
  );
}

export async function removeFileCopy(disks: DiskHost, path: string): Promise<void> {
  await disks.remove(`${path}.live`);
  await disks.remove(path);
}
