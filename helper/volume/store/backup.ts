import { statement, type Db } from '../../db/index.ts';
import { changeRow, insertRow } from './columns.ts';
import { listRows, pairsOf, type Listed, type ListQuery } from './list.ts';

/** A copy of a volume in the backup store. Times are milliseconds, `size` is GiB. */
export interface BackupRow {
  readonly id: string;
  readonly project_id: string;
  readonly user_id: string;
  readonly name: string | null;
  readonly description: string | null;
  readonly volume_id: string;
  readonly snapshot_id: string | null;
  readonly parent_id: string | null;
  readonly restore_volume_id: string | null;
  readonly size: number;
  readonly status: string;
  readonly fail_reason: string | null;
  readonly availability_zone: string | null;
  readonly container: string;
  readonly service: string | null;
  readonly service_metadata: string;
  readonly object_count: number;
  readonly data_timestamp: number;
  readonly encryption_key_id: string | null;
  readonly created_at: number;
  readonly updated_at: number;
}

export interface Backup extends BackupRow {
  readonly metadata: Readonly<Record<string, string>>;
  /** Whether incremental backups build on it. */
  readonly hasDependents: boolean;
  readonly [attribute: string]: unknown;
}

const COLUMNS = [
  'id',
  'project_id',
  'user_id',
  'name',
  'description',
  'volume_id',
  'snapshot_id',
  'parent_id',
  'restore_volume_id',
  'size',
  'status',
  'fail_reason',
  'availability_zone',
  'container',
  'service',
  'service_metadata',
  'object_count',
  'data_timestamp',
  'encryption_key_id',
  'created_at',
  'updated_at',
] as const satisfies readonly (keyof BackupRow)[];

export function insertBackup(db: Db, row: BackupRow): void {
  insertRow(db, 'volume_backup', COLUMNS, row);
}

export function updateBackup(
  db: Db,
  id: string,
  changes: Partial<Omit<BackupRow, 'id'>> & { readonly updated_at: number },
): void {
  changeRow(db, 'volume_backup', COLUMNS, id, changes);
}

export const findBackupRow = (db: Db, id: string): BackupRow | undefined =>
  statement<[string], BackupRow>(db, 'SELECT * FROM volume_backup WHERE id = ?').get(id);

export function findBackup(db: Db, id: string): Backup | undefined {
  const row = findBackupRow(db, id);
  return row && withDetails(db, [row])[0];
}

/** With its metadata. */
export const deleteBackup = (db: Db, id: string): void => {
  statement<[string]>(db, 'DELETE FROM volume_backup WHERE id = ?').run(id);
};

export function listBackups(db: Db, query: ListQuery): Listed<Backup> {
  const { rows, ...rest } = listRows<BackupRow>(db, 'volume_backup', query);
  return { rows: withDetails(db, rows), ...rest };
}

/** A project's backups of a volume, those with the latest data first. */
export const backupsOf = (db: Db, volumeId: string, projectId: string): readonly BackupRow[] =>
  statement<[string, string], BackupRow>(
    db,
    'SELECT * FROM volume_backup WHERE volume_id = ? AND project_id = ? ORDER BY data_timestamp DESC, rowid DESC',
  ).all(volumeId, projectId);

/** Whether any backup builds on this one, of whatever status. */
export const hasChildren = (db: Db, id: string): boolean =>
  statement<[string], { id: string }>(db, 'SELECT id FROM volume_backup WHERE parent_id = ? LIMIT 1').get(
    id,
  ) !== undefined;

/** Whether the objects of a backup are those of another record, too. */
export const sharesFolder = (db: Db, { id, container, service_metadata }: BackupRow): boolean =>
  statement<[string, string, string], { id: string }>(
    db,
    'SELECT id FROM volume_backup WHERE service_metadata = ? AND container = ? AND id <> ? LIMIT 1',
  ).get(service_metadata, container, id) !== undefined;

/** Whether a backup is opened by this key. */
export const isBackupKey = (db: Db, keyId: string): boolean =>
  statement<[string], { id: string }>(
    db,
    'SELECT id FROM volume_backup WHERE encryption_key_id = ? LIMIT 1',
  ).get(keyId) !== undefined;

function withDetails(db: Db, rows: readonly BackupRow[]): Backup[] {
  const ids = rows.map(({ id }) => id);
  const metadata = pairsOf(db, 'volume_backup_metadata', ids);
  const parents = new Set(
    statement<[string], { parent_id: string }>(
      db,
      `SELECT DISTINCT parent_id FROM volume_backup
        WHERE parent_id IN (SELECT value FROM json_each(?)) AND status NOT IN ('creating', 'error')`,
    )
      .all(JSON.stringify(ids))
      .map((row) => row.parent_id),
  );
  return rows.map((row) => ({
    ...row,
    metadata: metadata.get(row.id) ?? {},
    hasDependents: parents.has(row.id),
  }));
}
