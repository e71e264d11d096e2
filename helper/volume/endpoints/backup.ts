import { callerOf, endpoint, mv, type Endpoint } from '../../http/index.ts';
import {
  backupDetail,
  backupSummary,
  type BackupChanges,
  type BackupRequest,
  type Backups,
} from '../app/backup.ts';
import type { BackupRestores } from '../app/backup-restore.ts';
import type { BackupRecords } from '../app/backup-record.ts';
import { nextLinks } from '../app/list-query.ts';
import {
  BackupCreate,
  BackupDetails,
  BackupExported,
  BackupForceDelete,
  BackupImport,
  BackupList,
  BackupMade,
  BackupReset,
  BackupRestore,
  BackupRestored,
  BackupShown,
  BackupUpdate,
} from '../schemas/backup.ts';
import { AnyQuery } from '../schemas/common.ts';

export interface BackupParts {
  readonly backups: Backups;
  readonly restores: BackupRestores;
  readonly records: BackupRecords;
}

/** /backups (api-ref: "Backups" and "Backup actions"). */
export function backupEndpoints({ backups, restores, records }: BackupParts): readonly Endpoint[] {
  const target = ({ auth, params }: { auth: Parameters<Backups['get']>[0]; params: { backup_id: string } }) =>
    backups.get(auth, params.backup_id);
  return [
    ...(['/backups', '/backups/detail'] as const).map((path) =>
      endpoint({
        id: path === '/backups' ? 'backups:list' : 'backups:detail',
        method: 'GET',
        path,
        policy: 'backup:get_all',
        query: AnyQuery,
        response: path === '/backups' ? BackupList : BackupDetails,
        ok: 200,
        handler: (context) => {
          const caller = callerOf(context);
          const { rows, count } = backups.list(caller, context.query);
          const links = nextLinks(caller, context.query, path.slice(1), rows);
          const view = path === '/backups' ? backupSummary : backupDetail;
          return {
            backups: rows.map((one) => view(caller, one)),
            ...(links === undefined ? {} : { backups_links: links }),
            ...(count === undefined ? {} : { count }),
          };
        },
      }),
    ),
    endpoint({
      id: 'backups:create',
      method: 'POST',
      path: '/backups',
      policy: 'backup:create',
      body: BackupCreate,
      response: BackupMade,
      ok: 202,
      handler: (context) => {
        const caller = callerOf(context);
        const { backup } = context.body as { backup: BackupRequest };
        return { backup: backupSummary(caller, backups.create(caller, backup)) };
      },
    }),
    endpoint({
      id: 'backups:show',
      method: 'GET',
      path: '/backups/{backup_id}',
      policy: 'backup:get',
      response: BackupShown,
      ok: 200,
      target,
      handler: (context) => ({ backup: backupDetail(callerOf(context), context.target) }),
    }),
    endpoint({
      id: 'backups:update',
      method: 'PUT',
      path: '/backups/{backup_id}',
      policy: 'backup:update',
      min: mv('3.9'),
      body: BackupUpdate,
      response: BackupMade,
      ok: 200,
      target,
      handler: (context) => {
        const caller = callerOf(context);
        const { backup } = context.body as { backup: BackupChanges };
        return {
          backup: backupSummary(caller, backups.update(caller, context.params.backup_id, backup)),
        };
      },
    }),
    endpoint({
      id: 'backups:delete',
      method: 'DELETE',
      path: '/backups/{backup_id}',
      policy: 'backup:delete',
      response: 'none',
      ok: 202,
      target,
      handler: (context) => backups.delete(callerOf(context), context.params.backup_id, false),
    }),
    endpoint({
      id: 'backups:restore',
      method: 'POST',
      path: '/backups/{backup_id}/restore',
      policy: 'backup:restore',
      body: BackupRestore,
      response: BackupRestored,
      ok: 202,
      target,
      handler: (context) => ({
        restore: restores.restore(callerOf(context), context.params.backup_id, context.body.restore ?? {}),
      }),
    }),
    endpoint({
      id: 'backups:export_record',
      method: 'GET',
      path: '/backups/{backup_id}/export_record',
      policy: 'backup:export-import',
      response: BackupExported,
      ok: 200,
      target,
      handler: (context) => ({
        'backup-record': records.exportRecord(callerOf(context), context.params.backup_id),
      }),
    }),
    endpoint({
      id: 'backups:import_record',
      method: 'POST',
      path: '/backups/import_record',
      policy: 'backup:backup-import',
      body: BackupImport,
      response: BackupMade,
      ok: 201,
      handler: (context) => {
        const caller = callerOf(context);
        return { backup: backupSummary(caller, records.importRecord(caller, context.body['backup-record'])) };
      },
    }),
    endpoint({
      id: 'backups:os-reset_status',
      method: 'POST',
      path: '/backups/{backup_id}/action',
      action: 'os-reset_status',
      policy: 'volume_extension:backup_admin_actions:reset_status',
      body: BackupReset,
      response: 'none',
      ok: 202,
      target,
      handler: (context) => {
        const { status } = context.body['os-reset_status'];
        backups.resetStatus(callerOf(context), context.params.backup_id, status);
      },
    }),
    endpoint({
      id: 'backups:os-force_delete',
      method: 'POST',
      path: '/backups/{backup_id}/action',
      action: 'os-force_delete',
      policy: 'volume_extension:backup_admin_actions:force_delete',
      body: BackupForceDelete,
      response: 'none',
      ok: 202,
      target,
      handler: (context) => backups.delete(callerOf(context), context.params.backup_id, true),
    }),
  ];
}
