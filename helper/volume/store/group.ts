import { statement, type Db } from '../../db/index.ts';
import { changeRow, insertRow } from './columns.ts';
import { CONSISTENCY_GROUP_TYPE } from './group-type.ts';
import { listRows, type Listed, type ListQuery } from './list.ts';

/** Volumes that belong together, all on one back end. Times are milliseconds. */
export interface GroupRow {
  readonly id: string;
  readonly project_id: string;
  readonly user_id: string;
  readonly name: string | null;
  readonly description: string | null;
  readonly status: string;
  readonly availability_zone: string;
  readonly group_type_id: string;
  readonly backend: string | null;
  readonly group_snapshot_id: string | null;
  readonly source_group_id: string | null;
  readonly created_at: number;
  readonly updated_at: number;
}

export interface Group extends GroupRow {
  /** Ids of the types that its volumes may have. */
  readonly volume_types: readonly string[];
  readonly [attribute: string]: unknown;
}

const COLUMNS = [
  'id',
  'project_id',
  'user_id',
  'name',
  'description',
  'status',
  'availability_zone',
  'group_type_id',
  'backend',
  'group_snapshot_id',
  'source_group_id',
  'created_at',
  'updated_at',
] as const satisfies readonly (keyof GroupRow)[];

export function insertGroup(db: Db, row: GroupRow, volumeTypes: readonly string[]): void {
  insertRow(db, 'volume_group', COLUMNS, row);
  const insert = statement<[string, string]>(
    db,
    'INSERT OR IGNORE INTO volume_group_volume_type (group_id, volume_type_id) VALUES (?, ?)',
  );
  for (const type of volumeTypes) insert.run(row.id, type);
}

export function updateGroup(
  db: Db,
  id: string,
  changes: Partial<Omit<GroupRow, 'id'>> & { readonly updated_at: number },
): void {
  changeRow(db, 'volume_group', COLUMNS, id, changes);
}

export const findGroupRow = (db: Db, id: string): GroupRow | undefined =>
  statement<[string], GroupRow>(db, 'SELECT * FROM volume_group WHERE id = ?').get(id);

export function findGroup(db: Db, id: string): Group | undefined {
  const row = findGroupRow(db, id);
  return row && withTypes(db, [row])[0];
}

export const deleteGroup = (db: Db, id: string): void => {
  statement<[string]>(db, 'DELETE FROM volume_group WHERE id = ?').run(id);
};

export function listGroups(db: Db, query: ListQuery): Listed<Group> {
  const { rows, ...rest } = listRows<GroupRow>(db, 'volume_group', query);
  return { rows: withTypes(db, rows), ...rest };
}

/** How many groups a project has. */
export const countGroups = (db: Db, projectId: string): number =>
  statement<[string], { n: number }>(db, 'SELECT count(*) AS n FROM volume_group WHERE project_id = ?').get(
    projectId,
  )?.n ?? 0;

/** Ids of the volumes in each of these groups, oldest first. */
export function volumesOfGroups(db: Db, ids: readonly string[]): ReadonlyMap<string, readonly string[]> {
  const found = new Map<string, string[]>(ids.map((id) => [id, []]));
  for (const { id, group_id } of statement<[string], { id: string; group_id: string }>(
    db,
    `SELECT id, group_id FROM volume WHERE group_id IN (SELECT value FROM json_each(?)) ORDER BY created_at, rowid`,
  ).all(JSON.stringify(ids)))
    found.get(group_id)?.push(id);
  return found;
}

/** Whether a group is being made of this group or group snapshot at this moment. */
export const isGroupSource = (db: Db, column: 'source_group_id' | 'group_snapshot_id', id: string): boolean =>
  statement<[string], { id: string }>(
    db,
    `SELECT id FROM volume_group WHERE ${column} = ? AND status = 'creating' LIMIT 1`,
  ).get(id) !== undefined;

/** Those of these groups that are consistency groups. */
export function consistencyGroupsAmong(db: Db, ids: readonly string[]): ReadonlySet<string> {
  if (ids.length === 0) return new Set();
  const found = statement<[string, string], { id: string }>(
    db,
    `SELECT id FROM volume_group WHERE id IN (SELECT value FROM json_each(?))
       AND group_type_id = (SELECT id FROM volume_group_type WHERE name = ?)`,
  ).all(JSON.stringify(ids), CONSISTENCY_GROUP_TYPE);
  return new Set(found.map(({ id }) => id));
}

function withTypes(db: Db, rows: readonly GroupRow[]): Group[] {
  const types = new Map<string, string[]>(rows.map(({ id }) => [id, []]));
  for (const { group_id, volume_type_id } of statement<
    [string],
    { group_id: string; volume_type_id: string }
  >(db, 'SELECT * FROM volume_group_volume_type WHERE group_id IN (SELECT value FROM json_each(?))').all(
    JSON.stringify([...types.keys()]),
  ))
    types.get(group_id)?.push(volume_type_id);
  return rows.map((row) => ({ ...row, volume_types: types.get(row.id) ?? [] }));
}
