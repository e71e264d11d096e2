import { transaction, type Db } from '../../db/index.ts';
import { conflict } from '../../errors/error.ts';
import type { HostContext, StepContext } from '../../saga/index.ts';
import { GIB } from '../app/context.ts';
import { encryptionOfStored } from '../app/key.ts';
import { report, type MessageAction } from '../app/report.ts';
import type { Folder, Manifest } from '../backup/format.ts';
import { readBackup } from '../backup/read.ts';
import { readManifest } from '../backup/objects.ts';
import type { Placed } from '../driver/index.ts';
import { findBackupRow, updateBackup, type BackupRow } from '../store/backup.ts';
import { removePairs, setPairs } from '../store/list.ts';
import { findVolumeRow, updateVolume } from '../store/volume.ts';
import { openedBy, type VolumeServices } from './services.ts';

type Services = VolumeServices;

/** Where a backup's objects are. */
export const folderOf = (row: BackupRow): Folder => ({
  container: row.container,
  folder: row.service_metadata,
});

/** @throws {CloudError} conflict when it was forgotten, or is in another store than the one that is configured. */
export function usableBackup({ db, services }: StepContext<Services>, id: string): BackupRow {
  const row = findBackupRow(db, id);
  if (row === undefined) throw conflict(`The backup ${id} was forgotten meanwhile.`);
  const { driver } = services.backups.store;
  if (row.service !== driver)
    throw conflict(
      `The backup ${id} was made by ${row.service ?? 'another service'}, and this cloud now keeps backups by ${driver}: configure the store that has it (volume.backup.store).`,
    );
  return row;
}

/** The raw disk that a backup is read into, before a volume gets it. */
const scratchOf = (services: Services, disk: Placed): string =>
  services.drivers.of(disk.backend).scratch(disk, 'restore');

/**
 * Reads a backup into a file of its own, so that a volume is touched only by what was found to be whole.
 * @param sizeBytes of the volume, which is at least as large as the backup.
 */
export async function readIntoScratch(
  ctx: HostContext<Services>,
  backupId: string,
  disk: Placed,
  sizeBytes: number,
): Promise<void> {
  const { disks, backups } = ctx.services;
  const row = usableBackup(ctx, backupId);
  const manifest = await readManifest(backups.store, folderOf(row), ctx.signal);
  if (manifest.sizeGib * GIB > sizeBytes)
    throw conflict(
      `The backup is of ${manifest.sizeGib} GiB, and the volume has only ${sizeBytes / GIB}: nothing was overwritten.`,
    );
  // Ciphertext is as long as it was; what is behind the end of other disks reads zeros.
  const length = row.encryption_key_id === null ? sizeBytes : manifest.diskBytes;
  const target = await disks.createRaw({ path: scratchOf(ctx.services, disk), sizeBytes: length });
  try {
    await readBackup({
      store: backups.store,
      folder: folderOf(row),
      target,
      signal: ctx.signal,
      onProgress: (fraction) => ctx.progress(fraction, 'reading the backup'),
    });
    await target.finish();
  } finally {
    await target.close();
  }
}

/** Gives a volume what {@link readIntoScratch} read. */
export const cloneFromScratch = (
  ctx: HostContext<Services>,
  backupId: string,
  disk: Placed,
  sizeBytes: number,
): Promise<void> =>
  ctx.services.drivers.of(disk.backend).clone(
    disk,
    { path: scratchOf(ctx.services, disk), format: 'raw' },
    {
      sizeBytes,
      ...openedBy(ctx.db, { keyId: usableBackup(ctx, backupId).encryption_key_id }),
      ...encryptionOfStored(ctx.db, disk),
      signal: ctx.signal,
      onProgress: (fraction) => ctx.progress(fraction, 'copying to the volume'),
    },
  );

/** Idempotent. */
export const removeScratch = (services: Services, disk: Placed): Promise<void> =>
  services.disks.remove(scratchOf(services, disk));

/** What the backup knows of its volume, for the volume that has its data now; what of it, is cinder's choice. */
export async function restoreMetadata(
  ctx: HostContext<Services>,
  backupId: string,
  volumeId: string,
): Promise<void> {
  const row = usableBackup(ctx, backupId);
  const manifest = await readManifest(ctx.services.backups.store, folderOf(row), ctx.signal);
  transaction(ctx.db, () => applyManifest(ctx.db, ctx.now(), row, manifest, volumeId));
}

function applyManifest(db: Db, now: number, backup: BackupRow, { volume }: Manifest, volumeId: string): void {
  const target = findVolumeRow(db, volumeId);
  if (target === undefined) return;
  const hasNoNameOfItsOwn = (target.name ?? '') === '' || target.name?.startsWith('restore_backup_') === true;
  if (volume.name !== null && volume.name !== '' && hasNoNameOfItsOwn)
    updateVolume(db, volumeId, { name: volume.name, description: volume.description, updated_at: now });
  if (Object.keys(volume.metadata).length > 0) {
    removePairs(db, 'volume_metadata', volumeId);
    setPairs(db, 'volume_metadata', volumeId, volume.metadata);
  }
  if (Object.keys(volume.imageMetadata).length > 0) {
    removePairs(db, 'volume_image_metadata', volumeId);
    setPairs(db, 'volume_image_metadata', volumeId, volume.imageMetadata);
  }
  if (volume.bootable) updateVolume(db, volumeId, { bootable: 1, updated_at: now });
  if (backup.volume_id !== volumeId) setPairs(db, 'volume_metadata', volumeId, { src_backup_id: backup.id });
}

/** The backup is free again, however the restore ended. */
export function releaseBackup(ctx: StepContext<Services>, backupId: string): void {
  if (findBackupRow(ctx.db, backupId)?.status === 'restoring')
    updateBackup(ctx.db, backupId, { status: 'available', updated_at: ctx.now() });
}

/** Tells the backup's owner what failed. */
export function reportBackup(
  ctx: StepContext<Services>,
  backupId: string,
  projectId: string,
  action: MessageAction,
  detail: string,
  detailId: string,
): void {
  report(ctx.db, {
    projectId,
    requestId: ctx.requestId,
    resource: 'VOLUME_BACKUP',
    resourceId: backupId,
    action,
    detail,
    detailId,
    now: ctx.now(),
  });
}
