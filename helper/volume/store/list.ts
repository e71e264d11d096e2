import { statement, type Db, type SqlValue } from '../../db/index.ts';
import { notFound } from '../../errors/error.ts';

/** One condition of a list, as SQL (from fixed texts) with its parameters. */
export interface Condition {
  readonly sql: string;
  readonly values: readonly SqlValue[];
}

/** How a column is ordered: nulls sort as the empty text or as 0, so that markers compare. */
export interface SortKey {
  readonly column: string;
  readonly kind: 'text' | 'number';
  readonly descending: boolean;
}

/** What of a table is asked for. */
export interface ListQuery {
  readonly conditions: readonly Condition[];
  readonly sort: readonly SortKey[];
  readonly limit: number;
  readonly offset: number;
  readonly marker?: string;
}

/** One page of rows; `next` is the last one's id when there are more. */
export interface Listed<Row> {
  readonly rows: readonly Row[];
  readonly next?: string;
}

/** Tables that are listed by {@link listRows}; each has an `id`. */
export type ListedTable =
  | 'volume'
  | 'volume_snapshot'
  | 'volume_backup'
  | 'volume_type'
  | 'volume_message'
  | 'volume_transfer'
  | 'volume_attachment'
  | 'volume_group'
  | 'volume_group_type'
  | 'volume_group_snapshot';

/** Never null in any of these tables: as they are, an index has their order. */
const NEVER_NULL = new Set(['id', 'created_at', 'updated_at', 'project_id', 'user_id', 'status', 'size']);

const expression = ({ column, kind }: SortKey): string =>
  NEVER_NULL.has(column) ? column : kind === 'text' ? `coalesce(${column}, '')` : `coalesce(${column}, 0)`;

/**
 * One page in the order asked for, always ended by the id.
 * @throws {CloudError} notFound when the marker names no row.
 */
export function listRows<Row extends { readonly id: string }>(
  db: Db,
  table: ListedTable,
  query: ListQuery,
): Listed<Row> {
  const last = query.sort.at(-1)?.descending ?? true;
  const sort: readonly SortKey[] = [...query.sort, { column: 'id', kind: 'text', descending: last }];
  const conditions = [...query.conditions];
  if (query.marker !== undefined) {
    const row = statement<[string], Row>(db, `SELECT * FROM ${table} WHERE id = ?`).get(query.marker);
    if (row === undefined) throw notFound(`marker [${query.marker.slice(0, 80)}] could not be found.`);
    conditions.push(after(sort, row));
  }
  const order = sort.map((key) => `${expression(key)} ${key.descending ? 'DESC' : 'ASC'}`).join(', ');
  const rows = statement<SqlValue[], Row>(
    db,
    `SELECT * FROM ${table} ${where(conditions)} ORDER BY ${order} LIMIT ? OFFSET ?`,
  ).all(...conditions.flatMap(({ values }) => values), query.limit + 1, query.offset);
  const page = rows.slice(0, query.limit);
  const end = page.at(-1);
  return rows.length > query.limit && end !== undefined ? { rows: page, next: end.id } : { rows: page };
}

/** How many rows meet the conditions, whatever page is asked for. */
export const countRows = (db: Db, table: ListedTable, conditions: readonly Condition[]): number =>
  statement<SqlValue[], { n: number }>(db, `SELECT count(*) AS n FROM ${table} ${where(conditions)}`).get(
    ...conditions.flatMap(({ values }) => values),
  )?.n ?? 0;

/** `WHERE ...` of these conditions, or nothing. */
export const where = (conditions: readonly Condition[]): string =>
  conditions.length === 0 ? '' : `WHERE ${conditions.map(({ sql }) => `(${sql})`).join(' AND ')}`;

/** Rows behind the marker's in a lexicographic order of mixed directions. */
function after(sort: readonly SortKey[], marker: Readonly<Record<string, SqlValue>>): Condition {
  const alternatives: string[] = [];
  const values: SqlValue[] = [];
  const valueOf = ({ column, kind }: SortKey): SqlValue => marker[column] ?? (kind === 'text' ? '' : 0);
  sort.forEach((key, index) => {
    const before = sort.slice(0, index);
    const parts = before.map((one) => `${expression(one)} = ?`);
    alternatives.push([...parts, `${expression(key)} ${key.descending ? '<' : '>'} ?`].join(' AND '));
    values.push(...before.map(valueOf), valueOf(key));
  });
  return { sql: alternatives.map((one) => `(${one})`).join(' OR '), values };
}

/** Rows of one thing's key-value table, for several of them at once. */
export function pairsOf(
  db: Db,
  table: PairTable,
  ids: readonly string[],
): ReadonlyMap<string, Readonly<Record<string, string>>> {
  const found = new Map<string, [string, string][]>();
  const owner = PAIR_TABLES[table];
  const rows = statement<[string], { id: string; key: string; value: string }>(
    db,
    `SELECT ${owner} AS id, key, value FROM ${table} WHERE ${owner} IN (SELECT value FROM json_each(?)) ORDER BY key`,
  ).all(JSON.stringify(ids));
  for (const { id, key, value } of rows) {
    const pairs = found.get(id);
    if (pairs === undefined) found.set(id, [[key, value]]);
    else pairs.push([key, value]);
  }
  // A key is any text, also '__proto__'.
  return new Map([...found].map(([id, pairs]) => [id, Object.fromEntries(pairs)]));
}

const PAIR_TABLES = {
  volume_metadata: 'volume_id',
  volume_image_metadata: 'volume_id',
  volume_snapshot_metadata: 'snapshot_id',
  volume_backup_metadata: 'backup_id',
  volume_type_extra_spec: 'volume_type_id',
  volume_qos_spec: 'qos_id',
} as const;
export type PairTable = keyof typeof PAIR_TABLES;

/** Adds pairs to a thing's, or changes them. */
export function setPairs(
  db: Db,
  table: PairTable,
  id: string,
  pairs: Readonly<Record<string, string>>,
): void {
  const insert = statement<[string, string, string]>(
    db,
    `INSERT INTO ${table} (${PAIR_TABLES[table]}, key, value) VALUES (?, ?, ?)
     ON CONFLICT DO UPDATE SET value = excluded.value`,
  );
  for (const [key, value] of Object.entries(pairs)) insert.run(id, key, value);
}

/** Removes one pair, or all of a thing. @returns how many there were. */
export function removePairs(db: Db, table: PairTable, id: string, key?: string): number {
  const owner = PAIR_TABLES[table];
  return key === undefined
    ? statement<[string]>(db, `DELETE FROM ${table} WHERE ${owner} = ?`).run(id).changes
    : statement<[string, string]>(db, `DELETE FROM ${table} WHERE ${owner} = ? AND key = ?`).run(id, key)
        .changes;
}
