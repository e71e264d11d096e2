import { expect, test } from 'vitest';
import type { Memory } from './run.ts';
import { growth, judgeMemory } from './trend.ts';

const KIB = 1024;
const MIB = 1024 * KIB;

const looks = (heapAt: (requests: number) => number): readonly Memory[] =>
  Array.from({ length: 21 }, (_, index) => ({
    requests: index * 5000,
    rss: 150,
    heap: heapAt(index * 5000),
    parts: { code: 20, heapTotal: 80, external: 12 },
  }));

const heap = (look: Memory): number => look.heap;

test('memory that grows with the requests is told from what grows at the beginning', () => {
  const warming = looks((requests) => 60 - 20 * Math.exp(-requests / 4000));
  expect(growth(warming, heap, 100_000)).toBeLessThan(0.1);
  const leaking = looks((requests) => 50 + (requests * 100) / MIB);
  expect(growth(leaking, heap, 100_000)).toBeCloseTo(9.5, 1);
  expect(growth(leaking, ({ rss }) => rss, 100_000)).toBe(0);
});

test('one look at a peak moves no trend, and a short run has none', () => {
  const peak = looks((requests) => (requests === 60_000 ? 90 : 50));
  expect(growth(peak, heap, 100_000)).toBe(0);
  expect(growth(peak.slice(0, 8), heap, 100_000)).toBeUndefined();
});

/** [rss, heap, code, heapTotal] of a run of seed 6, every 5,000 requests: malloc's arena goes up by jumps. */
const SEEN = [
  [136, 49.8, 7.9, 47.2],
  [161, 60.9, 17.3, 68.1],
  [169, 62.4, 21.0, 74.3],
  [199, 63.0, 21.9, 76.2],
  [201, 62.9, 21.8, 77.7],
  [201, 63.3, 22.3, 77.6],
  [202, 63.9, 23.4, 79.3],
  [203, 64.5, 23.7, 80.1],
  [204, 64.5, 23.7, 80.6],
  [204, 64.9, 24.5, 80.8],
  [205, 65.3, 24.9, 82.1],
  [222, 65.9, 25.2, 83.1],
  [221, 65.5, 25.3, 82.6],
  [223, 66.2, 25.9, 83.6],
  [222, 65.6, 25.0, 83.1],
  [232, 66.1, 25.1, 82.3],
  [233, 66.7, 25.7, 83.3],
  [232, 65.8, 25.3, 83.1],
  [234, 68.7, 25.8, 83.8],
  [234, 66.9, 25.9, 84.3],
  [234, 69.7, 25.8, 85.1],
] as const;

/** The same with so many bytes of JavaScript and of native memory lost by each request. */
const seen = (script: number, native: number): readonly Memory[] =>
  SEEN.map(([rss, objects, code, heapTotal], index) => {
    const lost = (bytes: number): number => (bytes * index * 5000) / MIB;
    return {
      requests: index * 5000,
      rss: rss + lost(script) + lost(native),
      heap: objects + lost(script),
      parts: { code, heapTotal: heapTotal + lost(script), external: 12 },
    };
  });

const leaksOf = (memory: readonly Memory[]): readonly string[] =>
  judgeMemory(memory)
    .filter(({ isLeak }) => isLeak)
    .map(({ part }) => part);

test('jumps of an allocator are no leak of native memory, and a leak is found among them', () => {
  // Half of the arena was free then: that such jumps come at all is what the bound of the whole is for.
  expect(leaksOf(seen(0, 0))).toEqual(['rss']);
  expect(leaksOf(seen(0, 200))).toContain('native');
  expect(leaksOf(seen(0, 150))).toContain('native');
  expect(leaksOf(seen(200, 0))).toContain('heap');
  expect(leaksOf(seen(100, 0))).toContain('heap');
});

test('what is needed for a moment is no leak of native memory', () => {
  const busy = looks(() => 50).map((look, index) => {
    const thread = index % 3 === 0 || index === 20 ? 15 : 0;
    const external = index % 4 === 0 ? 45 : 12;
    return { ...look, rss: 150 + thread + external, parts: { ...look.parts, external } };
  });
  expect(leaksOf(busy)).toEqual([]);
});

test('what comes in a few large pieces is found by the whole', () => {
  const bursts = looks(() => 50).map((look, index) => ({ ...look, rss: 150 + (index >> 2) * 16 }));
  expect(leaksOf(bursts)).toContain('rss');
});
