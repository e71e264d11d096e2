import { statement, type Db } from '../../db/index.ts';

/** Both ends included; 32 hexadecimal digits each, see app/address.ts. */
export interface KeyRange {
  readonly first: string;
  readonly last: string;
}

const step = (key: string, by: 1n | -1n): string => (BigInt(`0x${key}`) + by).toString(16).padStart(32, '0');

const insert = (db: Db, pool: string, range: KeyRange): unknown =>
  statement<[string, string, string]>(
    db,
    'INSERT INTO network_free_range (pool, first, last) VALUES (?, ?, ?)',
  ).run(pool, range.first, range.last);

const remove = (db: Db, pool: string, first: string): unknown =>
  statement<[string, string]>(db, 'DELETE FROM network_free_range WHERE pool = ? AND first = ?').run(
    pool,
    first,
  );

/** Makes exactly these ranges free. They must be in rising order and apart. */
export function fillPool(db: Db, pool: string, ranges: readonly KeyRange[]): void {
  statement<[string]>(db, 'DELETE FROM network_free_range WHERE pool = ?').run(pool);
  for (const range of ranges) insert(db, pool, range);
}

export function dropPool(db: Db, pool: string): void {
  fillPool(db, pool, []);
  statement<[string]>(db, 'DELETE FROM network_pool WHERE pool = ?').run(pool);
}

export const poolExists = (db: Db, pool: string): boolean =>
  statement<[string], { pool: string }>(db, 'SELECT pool FROM network_pool WHERE pool = ?').get(pool) !==
  undefined;

/** The free range that begins at or before `key`, the last such one. */
const rangeBefore = (db: Db, pool: string, key: string): KeyRange | undefined =>
  statement<[string, string], KeyRange>(
    db,
    'SELECT first, last FROM network_free_range WHERE pool = ? AND first <= ? ORDER BY first DESC LIMIT 1',
  ).get(pool, key);

const rangeAfter = (db: Db, pool: string, key: string): KeyRange | undefined =>
  statement<[string, string], KeyRange>(
    db,
    'SELECT first, last FROM network_free_range WHERE pool = ? AND first > ? ORDER BY first LIMIT 1',
  ).get(pool, key);

/**
 * Takes a free number: the next one after the last that was taken, from the beginning again after the end. Undefined
 * when the pool is exhausted. O(log n) in the number of ranges.
 */
export function takeNext(db: Db, pool: string): string | undefined {
  const cursor =
    statement<[string], { next: string }>(db, 'SELECT next FROM network_pool WHERE pool = ?').get(pool)
      ?.next ?? '0'.repeat(32);
  const around = rangeBefore(db, pool, cursor);
  const key =
    around !== undefined && around.last >= cursor
      ? cursor
      : (rangeAfter(db, pool, cursor) ?? rangeAfter(db, pool, ''))?.first;
  if (key === undefined) return undefined;
  takeExact(db, pool, key);
  setCursor(db, pool, step(key, 1n));
  return key;
}

/** Where {@link takeNext} looks first. Also says that the pool exists. */
export function setCursor(db: Db, pool: string, next: string): void {
  statement<[string, string]>(
    db,
    'INSERT INTO network_pool (pool, next) VALUES (?, ?) ON CONFLICT (pool) DO UPDATE SET next = excluded.next',
  ).run(pool, next);
}

/** Takes this number; false when it is not free (or not of the pool). */
export function takeExact(db: Db, pool: string, key: string): boolean {
  const range = rangeBefore(db, pool, key);
  if (range === undefined || range.last < key) return false;
  remove(db, pool, range.first);
  if (range.first < key) insert(db, pool, { first: range.first, last: step(key, -1n) });
  if (key < range.last) insert(db, pool, { first: step(key, 1n), last: range.last });
  return true;
}

/** Gives a number back. It must be of the pool; giving back what is free changes nothing. */
export function giveBack(db: Db, pool: string, key: string): void {
  const before = rangeBefore(db, pool, key);
  if (before !== undefined && before.last >= key) return;
  const after = rangeAfter(db, pool, key);
  const joinsBefore = before !== undefined && step(before.last, 1n) === key;
  const joinsAfter = after !== undefined && step(key, 1n) === after.first;
  if (joinsBefore) remove(db, pool, before.first);
  if (joinsAfter) remove(db, pool, after.first);
  insert(db, pool, { first: joinsBefore ? before.first : key, last: joinsAfter ? after.last : key });
}
