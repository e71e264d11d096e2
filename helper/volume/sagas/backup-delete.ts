import { defineSaga, none, step } from '../../saga/index.ts';
import { deleteKey } from '../store/key.ts';
import { deleteBackup, findBackupRow, isBackupKey, sharesFolder, updateBackup } from '../store/backup.ts';
import { folderOf, reportBackup, usableBackup } from './backup-data.ts';
import type { VolumeServices } from './services.ts';

export interface BackupDeleteInput {
  readonly backupId: string;
  readonly projectId: string;
}

const forward = none('deleting only goes forward');

/** Removes a backup from the store, and from the cloud. */
export const backupDelete = defineSaga<BackupDeleteInput, VolumeServices>({
  name: 'backup-delete',
  title: 'Delete backup',
  service: 'volume',
  cancellable: false,
  resource: ({ backupId }) => ({ type: 'volume-backup', id: backupId }),
  locks: ({ backupId }) => [`volume-backup:${backupId}`],
  steps: [
    step({
      name: 'remove objects',
      kind: 'host',
      skip: ({ db }, { backupId }) => {
        const row = findBackupRow(db, backupId);
        return row !== undefined && sharesFolder(db, row)
          ? 'another record of the same backup was imported, and still needs them'
          : false;
      },
      action: async (ctx, { backupId }) => {
        const { container, folder } = folderOf(usableBackup(ctx, backupId));
        await ctx.services.backups.store.removeFolder(container, folder);
      },
      undo: forward,
    }),
    step({
      name: 'forget backup',
      kind: 'sql',
      action: ({ db }, { backupId }) => {
        const key = findBackupRow(db, backupId)?.encryption_key_id;
        deleteBackup(db, backupId);
        if (key != null && !isBackupKey(db, key)) deleteKey(db, key);
      },
      undo: forward,
    }),
  ],
  onFailed: (ctx, { backupId, projectId }, error) => {
    updateBackup(ctx.db, backupId, {
      status: 'error',
      fail_reason: error.message.slice(0, 255),
      updated_at: ctx.now(),
    });
    reportBackup(ctx, backupId, projectId, 'delete backup', error.message, '025');
  },
});
