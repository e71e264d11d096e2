import type { Db } from './open.ts';

/** A table whose rows are watched. Names are Deskcloud's own, never a caller's. */
export interface WatchedTable {
  readonly table: string;
  /** What a listener is told of a row: SQL expressions over `row.<column>`, by name. */
  readonly columns: Readonly<Record<string, string>>;
}

export interface RowChange {
  readonly table: string;
  readonly deleted: boolean;
  readonly values: Readonly<Record<string, string | number | null>>;
}

const VERBS = ['INSERT', 'UPDATE', 'DELETE'] as const;

/**
 * Calls `listener` with each row of these tables that this connection writes, in the middle of its statement: it must
 * be quick, may not use the database, and hears of writes that are rolled back later, too. The triggers are the
 * connection's own and end with it.
 */
export function watchTables(
  db: Db,
  tables: readonly WatchedTable[],
  listener: (change: RowChange) => void,
): void {
  db.function('row_changed', { varargs: true, directOnly: false }, (table, deleted, ...values) => {
    const names = columnsOf.get(String(table)) ?? [];
    listener({
      table: String(table),
      deleted: deleted === 1,
      values: Object.fromEntries(names.map((name, at) => [name, values[at] as string | number | null])),
    });
    return null;
  });
  const columnsOf = new Map(tables.map(({ table, columns }) => [table, Object.keys(columns)]));
  for (const { table, columns } of tables) {
    for (const verb of VERBS) {
      const row = verb === 'DELETE' ? 'OLD' : 'NEW';
      const values = Object.values(columns).map((expression) => expression.replaceAll('row.', `${row}.`));
      db.exec(
        `CREATE TEMP TRIGGER watch_${table}_${verb.toLowerCase()} AFTER ${verb} ON main.${table} BEGIN
           SELECT row_changed('${table}', ${verb === 'DELETE' ? 1 : 0}, ${values.join(', ')});
         END`,
      );
    }
  }
}
