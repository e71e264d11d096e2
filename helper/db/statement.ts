import type { Statement as NativeStatement } from 'better-sqlite3';
import { record, recording } from '../host/record.ts';
import { Secret } from '../secret.ts';
import type { Db } from './open.ts';

/** What can be bound to a parameter. Booleans become 0 and 1; a {@link Secret} is shown as *** in records. */
export type SqlValue = string | number | bigint | boolean | null | Uint8Array | Secret;

/** Parameters for `?`, or one object for `@name`. */
export type SqlParameters = readonly SqlValue[] | readonly [Readonly<Record<string, SqlValue>>];

/** A prepared statement, compiled once per database. Changes it makes during a saga's step are recorded. */
export interface Statement<Parameters extends SqlParameters, Row> {
  /** Whether it changes the database; if so it records itself. */
  readonly writes: boolean;
  get(...parameters: Parameters): Row | undefined;
  /** All rows; none when the statement gives none. */
  all(...parameters: Parameters): Row[];
  /** Rows one by one; nothing may be written to the database until the iteration is over. */
  iterate(...parameters: Parameters): IterableIterator<Row>;
  /** @returns how many rows it changed and the rowid of the last insert. */
  run(...parameters: Parameters): { readonly changes: number; readonly lastInsertRowid: number };
}

/**
 * Most statements that are kept prepared. Lists put their text together of the filters that were asked for, and a
 * caller may ask for ever new combinations.
 */
const MOST = 1000;

const caches = new WeakMap<Db, Map<string, Statement<SqlParameters, unknown>>>();

/**
 * The prepared statement of `text`, from the database's cache. `text` must be a constant (or one of few): values
 * go into parameters, never into the text.
 *
 * @example statement<[string], ServerRow>(db, 'SELECT * FROM server WHERE id = ?').get(id)
 */
export function statement<Parameters extends SqlParameters = [], Row = never>(
  db: Db,
  text: string,
): Statement<Parameters, Row> {
  let cache = caches.get(db);
  if (cache === undefined) {
    cache = new Map();
    caches.set(db, cache);
  }
  let prepared = cache.get(text);
  if (prepared === undefined) {
    prepared = prepare(db, text);
    cache.set(text, prepared);
    if (cache.size > MOST) {
      // The one that was prepared first; if it is in use, its next use prepares it again.
      const [oldest = ''] = cache.keys();
      cache.delete(oldest);
    }
  }
  return prepared as Statement<Parameters, Row>;
}

/**
 * A number that is another one after each change of a row, also by a foreign key or in a transaction that was taken
 * back: what was read is still so while it stays the same and no transaction is open.
 */
export const changeCount = (db: Db): number =>
  statement<[], { n: number }>(db, 'SELECT total_changes() AS n').get()?.n ?? 0;

function prepare(db: Db, text: string): Statement<SqlParameters, unknown> {
  const native: NativeStatement = db.prepare(text);
  const writes = !native.readonly;
  const noteChange = (parameters: SqlParameters, rows: number): void => {
    if (writes && recording()) record(sqlEntry(text, parameters, rows));
  };
  return {
    writes,
    get: (...parameters) => {
      const row = native.get(...bindable(parameters));
      noteChange(parameters, row === undefined ? 0 : 1);
      return row;
    },
    all: (...parameters) => {
      if (!native.reader) {
        noteChange(parameters, native.run(...bindable(parameters)).changes);
        return [];
      }
      const rows = native.all(...bindable(parameters));
      noteChange(parameters, rows.length);
      return rows;
    },
    iterate: (...parameters) => native.iterate(...bindable(parameters)),
    run: (...parameters) => {
      const { changes, lastInsertRowid } = native.run(...bindable(parameters));
      noteChange(parameters, changes);
      return { changes, lastInsertRowid: Number(lastInsertRowid) };
    },
  };
}

/** What a parameter is to better-sqlite3: it knows neither booleans nor secrets. */
function bindable(parameters: SqlParameters): unknown[] {
  return parameters.map((value) =>
    isNamed(value)
      ? Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, bindableValue(inner)]))
      : bindableValue(value),
  );
}

function bindableValue(value: SqlValue): string | number | bigint | null | Uint8Array {
  if (value instanceof Secret) return value.reveal();
  if (typeof value === 'boolean') return value ? 1 : 0;
  return value;
}

type Named = Readonly<Record<string, SqlValue>>;

function isNamed(value: SqlValue | Named): value is Named {
  return (
    typeof value === 'object' &&
    value !== null &&
    !(value instanceof Secret) &&
    !(value instanceof Uint8Array)
  );
}

const longestParameters = 1024;

/** The trace entry of a statement: parameters as readable text, secrets masked, bytes counted, cut to 1 KiB. */
export function sqlEntry(text: string, parameters: SqlParameters, rows: number) {
  const statementText = text.replaceAll(/\s+/g, ' ').trim();
  if (parameters.length === 0) return { kind: 'sql', statement: statementText, rows } as const;
  const shown = parameters.map((value) => (isNamed(value) ? namedText(value) : valueText(value))).join(', ');
  return {
    kind: 'sql',
    statement: statementText,
    parameters: shown.length > longestParameters ? `${shown.slice(0, longestParameters)}…` : shown,
    rows,
  } as const;
}

function namedText(values: Named): string {
  return Object.entries(values)
    .map(([name, value]) => `${name}: ${valueText(value)}`)
    .join(', ');
}

function valueText(value: SqlValue): string {
  if (value instanceof Secret) return '***';
  if (value instanceof Uint8Array) return `<${value.byteLength} bytes>`;
  if (typeof value === 'bigint') return value.toString();
  return JSON.stringify(value);
}
