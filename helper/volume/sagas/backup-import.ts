import { transaction } from '../../db/index.ts';
import { conflict } from '../../errors/error.ts';
import { defineSaga, none, step } from '../../saga/index.ts';
import { readManifest } from '../backup/objects.ts';
import { updateBackup } from '../store/backup.ts';
import { folderOf, reportBackup, usableBackup } from './backup-data.ts';
import type { VolumeServices } from './services.ts';

export interface BackupImportInput {
  readonly backupId: string;
  readonly projectId: string;
}

/** Looks whether a backup whose record was imported is in the store. */
export const backupImport = defineSaga<BackupImportInput, VolumeServices>({
  name: 'backup-import',
  title: 'Import backup',
  service: 'volume',
  resource: ({ backupId }) => ({ type: 'volume-backup', id: backupId }),
  locks: ({ backupId }) => [`volume-backup:${backupId}`],
  steps: [
    step({
      name: 'find backup',
      kind: 'host',
      action: async (ctx, { backupId }) => {
        const row = usableBackup(ctx, backupId);
        const { sizeGib, objectCount } = await readManifest(
          ctx.services.backups.store,
          folderOf(row),
          ctx.signal,
        );
        if (sizeGib !== row.size)
          throw conflict(`The record says ${row.size} GiB, and the backup is of ${sizeGib} GiB.`);
        transaction(ctx.db, () =>
          updateBackup(ctx.db, backupId, { object_count: objectCount, updated_at: ctx.now() }),
        );
      },
      undo: none('only reads'),
    }),
  ],
  onFinished: (ctx, { backupId }) => {
    updateBackup(ctx.db, backupId, { status: 'available', updated_at: ctx.now() });
  },
  onFailed: (ctx, { backupId, projectId }, error) => {
    updateBackup(ctx.db, backupId, {
      status: 'error',
      fail_reason: error.message.slice(0, 255),
      updated_at: ctx.now(),
    });
    reportBackup(ctx, backupId, projectId, 'create backup', error.message, '020');
  },
  onCancelled: (ctx, { backupId }) => {
    updateBackup(ctx.db, backupId, { status: 'error', updated_at: ctx.now() });
  },
});
