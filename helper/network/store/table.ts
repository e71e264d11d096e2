import { statement, type Db, type SqlValue } from '../../db/index.ts';

type Columns<Row> = Partial<Record<keyof Row & string, SqlValue>>;

/**
 * The rows that belong to a list of ids, as one statement whatever the number: `... IN (${inJson})`. Where they are
 * ordered, by `+seq`: by `seq` SQLite would rather go through the whole table in that order than look up the ids.
 */
export const inJson = '(SELECT value FROM json_each(?))';

/**
 * The simple statements of one table: names of tables and columns are constants of this folder, values are bound.
 */
export interface Table<Row> {
  readonly name: string;
  insert(db: Db, row: Columns<Row>): void;
  byId(db: Db, id: string): Row | undefined;
  byIds(db: Db, ids: readonly string[]): Row[];
  /** Writes the given columns over a row that was read. One statement whatever changes, so the cache stays small. */
  update(db: Db, row: Row, changes: Columns<Row>): Row;
  delete(db: Db, id: string): boolean;
}

export function table<Row>(name: string, key = 'id'): Table<Row> {
  return {
    name,
    insert(db, row) {
      const columns = Object.keys(row);
      statement<[Record<string, SqlValue>]>(
        db,
        `INSERT INTO ${name} (${columns.join(', ')}) VALUES (${columns.map((c) => `@${c}`).join(', ')})`,
      ).run(row as Record<string, SqlValue>);
    },
    byId: (db, id) => statement<[string], Row>(db, `SELECT * FROM ${name} WHERE ${key} = ?`).get(id),
    byIds: (db, ids) =>
      statement<[string], Row>(db, `SELECT * FROM ${name} WHERE ${key} IN ${inJson}`).all(
        JSON.stringify(ids),
      ),
    update(db, row, changes) {
      const changed = { ...row, ...changes } as Row;
      const columns = Object.keys(row as object).filter((c) => c !== key && c !== 'seq');
      statement<[Record<string, SqlValue>]>(
        db,
        `UPDATE ${name} SET ${columns.map((c) => `${c} = @${c}`).join(', ')} WHERE ${key} = @${key}`,
      ).run(changed as Record<string, SqlValue>);
      return changed;
    },
    delete: (db, id) => statement<[string]>(db, `DELETE FROM ${name} WHERE ${key} = ?`).run(id).changes > 0,
  };
}

/** Rows of several owners grouped by one of their columns; an owner without rows is not there. */
export function groupBy<Row, Key extends string>(
  rows: readonly Row[],
  key: (row: Row) => Key,
): Map<Key, Row[]> {
  const groups = new Map<Key, Row[]>();
  for (const row of rows) {
    const of = key(row);
    const group = groups.get(of);
    if (group === undefined) groups.set(of, [row]);
    else group.push(row);
  }
  return groups;
}
