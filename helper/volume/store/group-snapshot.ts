import { statement, type Db } from '../../db/index.ts';
import { insertRow } from './columns.ts';
import { listRows, type Listed, type ListQuery } from './list.ts';
import type { SnapshotRow } from './snapshot.ts';

/** Snapshots of all volumes of a group. Times are milliseconds. */
export interface GroupSnapshotRow {
  readonly id: string;
  readonly project_id: string;
  readonly user_id: string;
  readonly group_id: string;
  readonly group_type_id: string;
  readonly name: string | null;
  readonly description: string | null;
  readonly status: string;
  readonly created_at: number;
  readonly updated_at: number;
  readonly [attribute: string]: unknown;
}

const COLUMNS = [
  'id',
  'project_id',
  'user_id',
  'group_id',
  'group_type_id',
  'name',
  'description',
  'status',
  'created_at',
  'updated_at',
] as const;

export function insertGroupSnapshot(db: Db, row: GroupSnapshotRow): void {
  insertRow(db, 'volume_group_snapshot', COLUMNS, row);
}

export function setGroupSnapshotStatus(db: Db, id: string, status: string, now: number): void {
  statement<[string, number, string]>(
    db,
    'UPDATE volume_group_snapshot SET status = ?, updated_at = ? WHERE id = ?',
  ).run(status, now, id);
}

export const findGroupSnapshot = (db: Db, id: string): GroupSnapshotRow | undefined =>
  statement<[string], GroupSnapshotRow>(db, 'SELECT * FROM volume_group_snapshot WHERE id = ?').get(id);

export const deleteGroupSnapshot = (db: Db, id: string): void => {
  statement<[string]>(db, 'DELETE FROM volume_group_snapshot WHERE id = ?').run(id);
};

export const listGroupSnapshots = (db: Db, query: ListQuery): Listed<GroupSnapshotRow> =>
  listRows<GroupSnapshotRow>(db, 'volume_group_snapshot', query);

/** The snapshots that a group snapshot consists of, in the order of its volumes. */
export const snapshotsOfGroupSnapshot = (db: Db, id: string): readonly SnapshotRow[] =>
  statement<[string], SnapshotRow>(
    db,
    'SELECT * FROM volume_snapshot WHERE group_snapshot_id = ? ORDER BY created_at, rowid',
  ).all(id);

export const hasGroupSnapshots = (db: Db, groupId: string): boolean =>
  statement<[string], { id: string }>(
    db,
    'SELECT id FROM volume_group_snapshot WHERE group_id = ? LIMIT 1',
  ).get(groupId) !== undefined;
