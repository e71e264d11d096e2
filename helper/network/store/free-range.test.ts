import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { memoryDatabase } from '../../db/index.ts';
import { fillPool, giveBack, setCursor, takeExact, takeNext } from './free-range.ts';

const key = (n: number): string => n.toString(16).padStart(32, '0');

test('a pool gives each number to one holder, whatever is taken and given back', () => {
  const db = memoryDatabase();
  const operation = fc.oneof(
    fc.constant({ kind: 'next' as const }),
    fc.record({
      kind: fc.constantFrom('exact' as const, 'give' as const),
      n: fc.integer({ min: 0, max: 24 }),
    }),
  );
  let round = 0;
  fc.assert(
    fc.property(fc.array(operation, { maxLength: 80 }), (operations) => {
      const pool = `pool-${(round += 1)}`;
      fillPool(db, pool, [
        { first: key(2), last: key(9) },
        { first: key(12), last: key(20) },
      ]);
      setCursor(db, pool, key(2));
      const all = new Set([2, 3, 4, 5, 6, 7, 8, 9, 12, 13, 14, 15, 16, 17, 18, 19, 20].map(key));
      const taken = new Set<string>();
      const asExpected = operations.map((one) => {
        if (one.kind === 'next') {
          const found = takeNext(db, pool);
          if (found === undefined) return taken.size === all.size;
          const wasFree = all.has(found) && !taken.has(found);
          taken.add(found);
          return wasFree;
        }
        const wanted = key(one.n);
        if (!all.has(wanted)) return !takeExact(db, pool, wanted);
        if (one.kind === 'give') {
          giveBack(db, pool, wanted);
          return taken.delete(wanted) || true;
        }
        const wasFree = !taken.has(wanted);
        taken.add(wanted);
        return takeExact(db, pool, wanted) === wasFree;
      });
      expect(asExpected).not.toContain(false);
      const ranges = db
        .prepare('SELECT first, last FROM network_free_range WHERE pool = ? ORDER BY first')
        .all(pool) as { first: string; last: string }[];
      const free = ranges.reduce(
        (sum, r) => sum + Number(BigInt(`0x${r.last}`) - BigInt(`0x${r.first}`)) + 1,
        0,
      );
      expect(free).toBe(all.size - taken.size);
    }),
    { numRuns: 200 },
  );
  db.close();
});

test('what was given back is not given out at once again', () => {
  const db = memoryDatabase();
  fillPool(db, 'p', [{ first: key(1), last: key(4) }]);
  setCursor(db, 'p', key(1));
  expect([takeNext(db, 'p'), takeNext(db, 'p')]).toEqual([key(1), key(2)]);
  giveBack(db, 'p', key(1));
  expect([takeNext(db, 'p'), takeNext(db, 'p'), takeNext(db, 'p'), takeNext(db, 'p')]).toEqual([
    key(3),
    key(4),
    key(1),
    undefined,
  ]);
  db.close();
});
