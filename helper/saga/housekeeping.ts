import type { Db } from '../db/open.ts';
import { statement } from '../db/statement.ts';
import { transaction } from '../db/transaction.ts';

/** How long finished operations are kept. Open ones are never pruned. */
export interface RetentionLimits {
  /** Days for which the records of steps are kept; 30 by default. */
  readonly traceDays: number;
  /** Records of steps that are kept at most (about 1 KiB each); 200 000 by default. */
  readonly traceRows: number;
  /** Days for which the operation itself is kept; 180 by default. */
  readonly operationDays: number;
}

const defaults: RetentionLimits = { traceDays: 30, traceRows: 200_000, operationDays: 180 };
const day = 86_400_000;
/** Rows removed in one call at most: a call must not be felt. One operation adds fewer than are removed. */
const batch = 200;

/** Removes one small batch of what is too old. Called when an operation ends, so that no timer is needed. */
export function prune(db: Db, now: number, retention: Partial<RetentionLimits>): void {
  const limits = { ...defaults, ...retention };
  const traces = staleTraces(db, now - limits.traceDays * day, limits.traceRows);
  const operations = statement<[number, number], { seq: number }>(
    db,
    'SELECT seq FROM saga WHERE finished_at < ? ORDER BY finished_at LIMIT ?',
  ).all(now - limits.operationDays * day, batch / 10);
  if (traces.length === 0 && operations.length === 0) return;
  transaction(
    db,
    () => {
      const removeTrace = statement<[number]>(db, 'DELETE FROM trace WHERE id = ?');
      const removeOperation = statement<[number]>(db, 'DELETE FROM saga WHERE seq = ?');
      for (const { id } of traces) removeTrace.run(id);
      for (const { seq } of operations) removeOperation.run(seq);
    },
    { durable: false },
  );
}

function staleTraces(db: Db, before: number, mostRows: number): { id: number }[] {
  const ends = statement<[], { first: number | null; last: number | null; oldest: number | null }>(
    db,
    `SELECT first, last, (SELECT started_at FROM trace WHERE id = first) AS oldest
     FROM (SELECT (SELECT min(id) FROM trace) AS first, (SELECT max(id) FROM trace) AS last)`,
  ).get();
  if (ends?.first == null || ends.last === null || ends.oldest === null) return [];
  const keepFrom = ends.last - mostRows;
  if (ends.oldest >= before && ends.first > keepFrom) return [];
  // Looks only at the oldest rows, so that those of an operation which stays open for long cost little.
  return statement<[{ before: number; keepFrom: number; upTo: number; limit: number }], { id: number }>(
    db,
    `SELECT trace.id FROM trace JOIN saga ON saga.seq = trace.saga
     WHERE trace.id <= @upTo AND saga.finished_at IS NOT NULL
       AND (trace.started_at < @before OR trace.id <= @keepFrom)
     ORDER BY trace.id LIMIT @limit`,
  ).all({ before, keepFrom, upTo: ends.first + 10 * batch, limit: batch });
}
