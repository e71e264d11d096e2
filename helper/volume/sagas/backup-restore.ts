import { defineSaga, none, step, type StepContext } from '../../saga/index.ts';
import { GIB } from '../app/context.ts';
import type { Placed } from '../driver/index.ts';
import { updateVolume } from '../store/volume.ts';
import {
  cloneFromScratch,
  readIntoScratch,
  releaseBackup,
  removeScratch,
  reportBackup,
  restoreMetadata,
} from './backup-data.ts';
import type { VolumeServices } from './services.ts';

export interface BackupRestoreInput {
  readonly backupId: string;
  /** Of the volume. */
  readonly projectId: string;
  readonly volumeId: string;
  readonly disk: Placed;
  /** Of the volume, which may be larger than the backup. */
  readonly sizeGib: number;
}

type Services = VolumeServices;

const settle = (ctx: StepContext<Services>, { backupId, volumeId }: BackupRestoreInput, status: string) => {
  updateVolume(ctx.db, volumeId, { status, updated_at: ctx.now() });
  releaseBackup(ctx, backupId);
};

/** Gives an existing volume what a backup holds, once all of it was read and found to be whole. */
export const backupRestore = defineSaga<BackupRestoreInput, Services>({
  name: 'backup-restore',
  title: 'Restore backup',
  service: 'volume',
  resource: ({ volumeId }) => ({ type: 'volume', id: volumeId }),
  locks: ({ backupId, volumeId }) => [`volume-backup:${backupId}`, `volume:${volumeId}`],
  steps: [
    step({
      name: 'read backup',
      kind: 'host',
      concurrency: 'image',
      action: (ctx, { backupId, disk, sizeGib }) => readIntoScratch(ctx, backupId, disk, sizeGib * GIB),
      undo: ({ services }, { disk }) => removeScratch(services, disk),
    }),
    step({
      name: 'overwrite volume',
      kind: 'host',
      concurrency: 'disk',
      action: (ctx, { backupId, disk, sizeGib }) => cloneFromScratch(ctx, backupId, disk, sizeGib * GIB),
      undo: none('the volume has either its old content or the backup, and says that it failed'),
    }),
    step({
      name: 'remove copy',
      kind: 'host',
      action: ({ services }, { disk }) => removeScratch(services, disk),
      undo: none('it is gone'),
    }),
    step({
      name: 'restore metadata',
      kind: 'host',
      action: (ctx, { backupId, volumeId }) => restoreMetadata(ctx, backupId, volumeId),
      undo: none('it goes with the content'),
    }),
  ],
  onFinished: (ctx, input) => settle(ctx, input, 'available'),
  onFailed: (ctx, input, error) => {
    settle(ctx, input, 'error_restoring');
    reportBackup(ctx, input.backupId, input.projectId, 'restore backup', error.message, '026');
  },
  onCancelled: (ctx, input) => settle(ctx, input, 'error_restoring'),
});
