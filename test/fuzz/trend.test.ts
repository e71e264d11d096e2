import { expect, test } from 'vitest';
import { growth } from './trend.ts';

const looks = (heapAt: (requests: number) => number) =>
  Array.from({ length: 21 }, (_, index) => ({
    requests: index * 5000,
    rss: 150,
    parts: {},
    heap: heapAt(index * 5000),
  }));

test('memory that grows with the requests is told from what grows at the beginning', () => {
  const warming = looks((requests) => 60 - 20 * Math.exp(-requests / 4000));
  expect(growth(warming, 'heap', 100_000)).toBeLessThan(0.1);
  // A hundred bytes a request.
  const leaking = looks((requests) => 50 + (requests * 100) / 1024 ** 2);
  expect(growth(leaking, 'heap', 100_000)).toBeCloseTo(9.5, 1);
  expect(growth(leaking, 'rss', 100_000)).toBe(0);
});

test('one look at a peak moves no trend, and a short run has none', () => {
  const peak = looks((requests) => (requests === 60_000 ? 90 : 50));
  expect(growth(peak, 'heap', 100_000)).toBe(0);
  expect(growth(peak.slice(0, 8), 'heap', 100_000)).toBeUndefined();
});
