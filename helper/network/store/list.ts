import { statement, type Db, type SqlValue } from '../../db/index.ts';

/** A condition on rows, `?` for its values. The text is one of few. */
export interface Condition {
  readonly sql: string;
  readonly values: readonly SqlValue[];
}

/** A sort key: an SQL expression that is never null. */
export interface Order {
  readonly expression: string;
  readonly descending: boolean;
}

export interface ListRequest {
  readonly conditions: readonly Condition[];
  readonly order: readonly Order[];
  readonly limit: number;
  /** Id of the row after which (with `reverse`: before which) the page lies. */
  readonly marker?: string;
  /** The page before the marker, or the last page. Its rows are in the usual order nevertheless. */
  readonly reverse: boolean;
}

/** Combinations of filters and sort keys that are kept compiled; the rest are compiled for their one use (S20). */
const MAX_SHAPES = 256;
const shapes = new WeakMap<Db, Set<string>>();

/** One page of a table, as one statement. Ties of the order are broken by creation. */
export function listRows<Row>(db: Db, tableName: string, request: ListRequest): Row[] {
  const order: readonly Order[] = [...request.order, { expression: 'seq', descending: false }].map((o) => ({
    expression: o.expression,
    descending: o.descending !== request.reverse,
  }));
  const conditions = [...request.conditions];
  if (request.marker !== undefined) conditions.push(after(tableName, order, request.marker));
  const where = conditions.length === 0 ? '' : `WHERE ${conditions.map((c) => `(${c.sql})`).join(' AND ')}`;
  const by = order.map((o) => `${o.expression}${o.descending ? ' DESC' : ''}`).join(', ');
  const text = `SELECT * FROM ${tableName} ${where} ORDER BY ${by} LIMIT ?`;
  const values = [...conditions.flatMap((c) => c.values), request.limit];
  const rows = run<Row>(db, text, values);
  return request.reverse ? rows.toReversed() : rows;
}

/** Rows that come later than the marker's row in the order. */
function after(tableName: string, order: readonly Order[], marker: string): Condition {
  const ofMarker = (expression: string): string => `(SELECT ${expression} FROM ${tableName} WHERE id = ?)`;
  const values: SqlValue[] = [];
  const alternatives = order.map((last, i) => {
    const equal = order.slice(0, i).map((o) => `${o.expression} = ${ofMarker(o.expression)}`);
    const beyond = `${last.expression} ${last.descending ? '<' : '>'} ${ofMarker(last.expression)}`;
    values.push(...Array.from({ length: i + 1 }, () => marker));
    return `(${[...equal, beyond].join(' AND ')})`;
  });
  return { sql: alternatives.join(' OR '), values };
}

function run<Row>(db: Db, text: string, values: SqlValue[]): Row[] {
  let known = shapes.get(db);
  if (known === undefined) shapes.set(db, (known = new Set()));
  if (!known.has(text) && known.size >= MAX_SHAPES)
    return db.prepare(text).all(...values.map((v) => (typeof v === 'boolean' ? Number(v) : v))) as Row[];
  known.add(text);
  return statement<SqlValue[], Row>(db, text).all(...values);
}
