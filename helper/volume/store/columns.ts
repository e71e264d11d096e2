import { statement, type Db, type SqlValue } from '../../db/index.ts';

type Row<Column extends string> = Readonly<Record<Column, SqlValue>>;

/** Inserts a row. The table's and the columns' names are of the source, never of a request. */
export function insertRow<Column extends string>(
  db: Db,
  table: string,
  columns: readonly Column[],
  row: Row<Column>,
): void {
  statement<[Record<string, SqlValue>]>(
    db,
    `INSERT INTO ${table} (${columns.join(', ')}) VALUES (${columns.map((name) => `@${name}`).join(', ')})`,
  ).run(Object.fromEntries(columns.map((name) => [name, row[name]])));
}

/** Changes some columns of the row with this id; one that is undefined becomes null. @returns whether there is such a row. */
export function changeRow<Column extends string>(
  db: Db,
  table: string,
  columns: readonly Column[],
  id: string,
  changes: Partial<Row<Column>>,
): boolean {
  const names = columns.filter((name) => name !== 'id' && name in changes);
  const values = Object.fromEntries(names.map((name) => [name, changes[name] ?? null]));
  return (
    statement<[Record<string, SqlValue>]>(
      db,
      `UPDATE ${table} SET ${names.map((name) => `${name} = @${name}`).join(', ')} WHERE id = @id`,
    ).run({ ...values, id }).changes === 1
  );
}
