import { statement, type Db } from '../../db/index.ts';
import { listRows, type Listed, type ListQuery } from './list.ts';

/** Kinds of groups: what holds for the volumes of one together. Times are milliseconds. */
export interface GroupTypeRow {
  readonly id: string;
  readonly name: string;
  readonly description: string | null;
  readonly is_public: number;
  readonly created_at: number;
  readonly updated_at: number;
}

/** The name that upstream gave to the type of what were consistency groups. */
export const CONSISTENCY_GROUP_TYPE = 'default_cgsnapshot_type';

export type GroupSpecs = Readonly<Record<string, string | null>>;

export interface GroupType extends GroupTypeRow {
  readonly group_specs: GroupSpecs;
}

export function insertGroupType(db: Db, row: GroupTypeRow): void {
  statement<[string, string, string | null, number, number, number]>(
    db,
    `INSERT INTO volume_group_type (id, name, description, is_public, created_at, updated_at)
     VALUES (?, ?, ?, ?, ?, ?)`,
  ).run(row.id, row.name, row.description, row.is_public, row.created_at, row.updated_at);
}

export function updateGroupType(db: Db, row: GroupTypeRow): void {
  statement<[string, string | null, number, number, string]>(
    db,
    'UPDATE volume_group_type SET name = ?, description = ?, is_public = ?, updated_at = ? WHERE id = ?',
  ).run(row.name, row.description, row.is_public, row.updated_at, row.id);
}

/** Nothing may be of it any more. */
export const deleteGroupType = (db: Db, id: string): void => {
  statement<[string]>(db, 'DELETE FROM volume_group_type WHERE id = ?').run(id);
};

export function findGroupType(db: Db, id: string): GroupType | undefined {
  const row = statement<[string], GroupTypeRow>(db, 'SELECT * FROM volume_group_type WHERE id = ?').get(id);
  return row && withSpecs(db, [row])[0];
}

export function findGroupTypeByName(db: Db, name: string): GroupType | undefined {
  const row = statement<[string], GroupTypeRow>(db, 'SELECT * FROM volume_group_type WHERE name = ?').get(
    name,
  );
  return row && withSpecs(db, [row])[0];
}

export function listGroupTypes(db: Db, query: ListQuery): Listed<GroupType> {
  const { rows, ...rest } = listRows<GroupTypeRow>(db, 'volume_group_type', query);
  return { rows: withSpecs(db, rows), ...rest };
}

export const isGroupTypeInUse = (db: Db, id: string): boolean =>
  statement<[string, string], { used: number }>(
    db,
    `SELECT EXISTS (SELECT 1 FROM volume_group WHERE group_type_id = ?)
         OR EXISTS (SELECT 1 FROM volume_group_snapshot WHERE group_type_id = ?) AS used`,
  ).get(id, id)?.used === 1;

export function setGroupSpecs(db: Db, id: string, specs: GroupSpecs): void {
  const insert = statement<[string, string, string | null]>(
    db,
    `INSERT INTO volume_group_type_spec (group_type_id, key, value) VALUES (?, ?, ?)
     ON CONFLICT DO UPDATE SET value = excluded.value`,
  );
  for (const [key, value] of Object.entries(specs)) insert.run(id, key, value);
}

/** False when there was none of this key. */
export const removeGroupSpec = (db: Db, id: string, key: string): boolean =>
  statement<[string, string]>(
    db,
    'DELETE FROM volume_group_type_spec WHERE group_type_id = ? AND key = ?',
  ).run(id, key).changes === 1;

function withSpecs(db: Db, rows: readonly GroupTypeRow[]): GroupType[] {
  const found = new Map<string, Record<string, string | null>>();
  const specs = statement<[string], { id: string; key: string; value: string | null }>(
    db,
    `SELECT group_type_id AS id, key, value FROM volume_group_type_spec
      WHERE group_type_id IN (SELECT value FROM json_each(?)) ORDER BY key`,
  ).all(JSON.stringify(rows.map(({ id }) => id)));
  for (const { id, key, value } of specs) {
    const of = found.get(id) ?? {};
    of[key] = value;
    found.set(id, of);
  }
  return rows.map((row) => ({ ...row, group_specs: found.get(row.id) ?? {} }));
}
