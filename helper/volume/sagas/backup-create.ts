import { transaction } from '../../db/index.ts';
import { unavailable } from '../../errors/error.ts';
import { defineSaga, none, step, type StepContext } from '../../saga/index.ts';
import type { DiskFormat } from '../../host/disk/interface.ts';
import { encryptedBy } from '../app/key.ts';
import { isBackupServiceThere } from '../app/backup-service.ts';
import { GIB } from '../app/context.ts';
import type { Manifest } from '../backup/format.ts';
import { writeBackup } from '../backup/write.ts';
import { findBackupRow, updateBackup } from '../store/backup.ts';
import { updateSnapshot } from '../store/snapshot.ts';
import { findVolume, findVolumeRow, updateVolume } from '../store/volume.ts';
import { folderOf, reportBackup, usableBackup } from './backup-data.ts';
import { openedBy, removeFileCopy, still, type VolumeDisk, type VolumeServices } from './services.ts';

export interface BackupCreateInput {
  readonly backupId: string;
  readonly projectId: string;
  readonly volumeId: string;
  /** Null for the volume itself. */
  readonly snapshotId: string | null;
  /** What an incremental backup builds on. */
  readonly parentId: string | null;
  readonly source: VolumeDisk;
  readonly sizeGib: number;
  readonly zone: string | null;
}

type Services = VolumeServices;

/** What a server may write to, and what is encrypted: its ciphertext is stored, in a container around raw bytes. */
const needsCopy = ({ guest, keyId }: VolumeDisk): boolean => guest !== null || keyId != null;
const copyFormat = ({ keyId }: VolumeDisk): DiskFormat => (keyId == null ? 'qcow2' : 'raw');

/** A copy of a disk as it was at one moment. */
const copyOf = ({ drivers }: Services, { source, backupId }: BackupCreateInput): string =>
  drivers.of(source.backend).scratch(source, `backup-${backupId}`);

/** Keeps a volume's content in the store of backups. */
export const backupCreate = defineSaga<BackupCreateInput, Services>({
  name: 'backup-create',
  title: 'Create backup',
  service: 'volume',
  resource: ({ backupId }) => ({ type: 'volume-backup', id: backupId }),
  locks: ({ backupId, volumeId, snapshotId, parentId }) => [
    `volume-backup:${backupId}`,
    snapshotId === null ? `volume:${volumeId}` : `volume-snapshot:${snapshotId}`,
    ...(parentId === null ? [] : [`volume-backup:${parentId}`]),
  ],
  steps: [
    step({
      name: 'choose backup service',
      kind: 'sql',
      action: (ctx, { zone }) => {
        if (!isBackupServiceThere(ctx.db, ctx.services.config, zone))
          throw unavailable(
            'Service not found for creating backup: cinder-backup is disabled, or is not in this availability zone.',
          );
        ctx.note(`it goes to ${ctx.services.backups.store.place}`);
      },
      undo: none('only looks'),
    }),
    step({
      name: 'copy disk',
      kind: 'host',
      concurrency: 'disk',
      skip: (_ctx, { source }) =>
        needsCopy(source) ? false : 'nobody writes to it, and it is stored as it is',
      action: async (ctx, input) => {
        const { source, sizeGib } = input;
        const destination = copyOf(ctx.services, input);
        await still(ctx, source, `${destination}.live`, (disk, onProgress) =>
          ctx.services.disks.clone({
            source: disk.path,
            sourceFormat: disk.format,
            destination,
            destinationFormat: copyFormat(source),
            sizeBytes: sizeGib * GIB,
            onProgress,
            signal: ctx.signal,
            ...openedBy(ctx.db, disk),
            ...encryptedBy(ctx.db, disk.keyId),
          }),
        );
      },
      undo: ({ services }, input) => removeFileCopy(services.disks, copyOf(services, input)),
    }),
    step({
      name: 'store backup',
      kind: 'host',
      concurrency: 'image',
      action: async (ctx, input) => {
        const { backupId, parentId, source, sizeGib } = input;
        const { disks, backups } = ctx.services;
        const row = usableBackup(ctx, backupId);
        const parent = parentId === null ? null : folderOf(usableBackup(ctx, parentId));
        const disk = await disks.openRaw(
          needsCopy(source)
            ? { path: copyOf(ctx.services, input), format: copyFormat(source) }
            : { path: source.path, format: source.format },
        );
        try {
          const { objectCount, storedBytes } = await writeBackup({
            store: backups.store,
            codec: backups.codec,
            folder: folderOf(row),
            parent,
            source: disk,
            sizeGib,
            volume: volumeOf(ctx, input),
            createdAt: row.created_at,
            signal: ctx.signal,
            onProgress: (fraction) => ctx.progress(fraction, 'storing the backup'),
          });
          ctx.note(`stored ${objectCount} objects of ${storedBytes} bytes in ${backups.store.place}`);
          transaction(ctx.db, () =>
            updateBackup(ctx.db, backupId, { object_count: objectCount, updated_at: ctx.now() }),
          );
        } finally {
          await disk.close();
        }
      },
      undo: async ({ db, services }, { backupId }) => {
        const row = findBackupRow(db, backupId);
        if (row === undefined) return;
        const { container, folder } = folderOf(row);
        await services.backups.store.removeFolder(container, folder);
      },
    }),
    step({
      name: 'remove copy',
      kind: 'host',
      skip: (_ctx, { source }) => (needsCopy(source) ? false : 'none was made'),
      action: ({ services }, input) => removeFileCopy(services.disks, copyOf(services, input)),
      undo: none('it is gone'),
    }),
  ],
  onFinished: (ctx, input) => {
    updateBackup(ctx.db, input.backupId, { status: 'available', updated_at: ctx.now() });
    giveBack(ctx, input);
  },
  onFailed: (ctx, input, error) => {
    const { backupId, projectId } = input;
    failed(ctx, input, error.message);
    const unplaced = error.step === 'choose backup service';
    reportBackup(ctx, backupId, projectId, 'create backup', error.message, unplaced ? '024' : '020');
  },
  onCancelled: (ctx, input) => failed(ctx, input, 'The backup was cancelled.'),
});

/** The volume, or snapshot, is what it was before. */
function giveBack(ctx: StepContext<Services>, { volumeId, snapshotId }: BackupCreateInput): void {
  if (snapshotId !== null) {
    updateSnapshot(ctx.db, snapshotId, { status: 'available', updated_at: ctx.now() });
    return;
  }
  const volume = findVolumeRow(ctx.db, volumeId);
  if (volume?.status === 'backing-up')
    updateVolume(ctx.db, volumeId, {
      status: volume.attach_status === 'attached' ? 'in-use' : 'available',
      previous_status: null,
      updated_at: ctx.now(),
    });
}

function failed(ctx: StepContext<Services>, input: BackupCreateInput, reason: string): void {
  const isGoing = findBackupRow(ctx.db, input.backupId)?.status === 'deleting';
  updateBackup(ctx.db, input.backupId, {
    ...(isGoing ? {} : { status: 'error' }),
    fail_reason: reason.slice(0, 255),
    object_count: 0,
    updated_at: ctx.now(),
  });
  giveBack(ctx, input);
}

/** What is kept of the volume beside its data. */
function volumeOf({ db }: StepContext<Services>, { volumeId }: BackupCreateInput): Manifest['volume'] {
  const volume = findVolume(db, volumeId);
  return {
    id: volumeId,
    name: volume?.name ?? null,
    description: volume?.description ?? null,
    volumeTypeId: volume?.volume_type_id ?? '',
    bootable: volume?.bootable === 1,
    encryptionKeyId: volume?.encryption_key_id ?? null,
    metadata: volume?.metadata ?? {},
    imageMetadata: volume?.image_metadata ?? {},
  };
}
