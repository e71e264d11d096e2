import type { Memory } from './run.ts';

/** Requests until every schema is compiled and every statement prepared that ever will be. */
export const WARM_UP = 25_000;

/** Fewer looks than these after the warm-up make no trend. */
const LEAST_LOOKS = 6;

/** A part of what the helper needs, in MiB. */
export type PartOf = (look: Memory) => number;

const sorted = (numbers: readonly number[]): readonly number[] => numbers.toSorted((a, b) => a - b);

function looksOf(memory: readonly Memory[]): readonly Memory[] | undefined {
  const looks = memory.filter((look) => look.requests >= WARM_UP);
  return looks.length < LEAST_LOOKS ? undefined : looks;
}

const slope = (a: Memory, b: Memory, part: PartOf): number => (part(b) - part(a)) / (b.requests - a.requests);

/**
 * What so many requests add to the memory, in MiB: the slope, by Theil and Sen, of what was seen after the warm-up. A
 * single look that hits a peak does not move it.
 * @returns undefined for a run that is too short to say.
 */
export function growth(memory: readonly Memory[], part: PartOf, requests: number): number | undefined {
  const looks = looksOf(memory);
  if (looks === undefined) return undefined;
  const slopes = sorted(looks.flatMap((a, index) => looks.slice(index + 1).map((b) => slope(a, b, part))));
  return (slopes[slopes.length >> 1] ?? 0) * requests;
}

/**
 * As {@link growth}, of what grows from each look to the next and stays: the mean of the middle half of these steps. What
 * is needed for a moment, a thread that hashes or a disk on its way, is gone at a later look. An allocator goes up by a
 * jump when more was needed at once than ever before, and stays there; that is a step or two. A leak is in all of them.
 */
export function steadyGrowth(memory: readonly Memory[], part: PartOf, requests: number): number | undefined {
  const looks = looksOf(memory);
  if (looks === undefined) return undefined;
  const floor = looks.map((_, index) => Math.min(...looks.slice(index).map(part)));
  const steps = sorted(
    looks.slice(1).map((look, index) => {
      const before = looks[index] ?? look;
      return ((floor[index + 1] ?? 0) - (floor[index] ?? 0)) / (look.requests - before.requests);
    }),
  );
  const quarter = Math.floor(steps.length / 4);
  const middle = steps.slice(quarter, steps.length - quarter);
  return (middle.reduce((sum, step) => sum + step, 0) / middle.length) * requests;
}

/**
 * How much each part of the memory may grow in 100,000 requests, in MiB.
 *
 * - heap, live objects and their buffers: it holds what is there of the cloud at the time, too. 100 bytes a request are
 *   10 MiB.
 * - code: schemas' checks are compiled when they are first needed, which becomes rarer, and never ends in one run.
 * - native, all that is neither V8's nor a buffer: SQLite, sockets, libuv. SQLite's page cache fills up to its 8 MiB on
 *   the way: a run that showed 8.0 showed 0.0 with a cache of 1 MiB. The bound is half more than the cache.
 * - rss, the whole process with all jumps of its allocators.
 */
const BOUNDS: Readonly<Record<string, { part: PartOf; trend: typeof growth; most: number }>> = {
  heap: { part: ({ heap }) => heap, trend: growth, most: 8 },
  code: { part: ({ parts }) => parts.code, trend: growth, most: 8 },
  native: { part: ({ rss, parts }) => rss - parts.heapTotal - parts.external, trend: steadyGrowth, most: 12 },
  rss: { part: ({ rss }) => rss, trend: growth, most: 40 },
};

export interface Verdict {
  readonly part: string;
  /** MiB in 100,000 requests; undefined when the run was too short to say. */
  readonly mib: number | undefined;
  readonly isLeak: boolean;
}

/** Whether memory grows with the requests. */
export const judgeMemory = (memory: readonly Memory[]): readonly Verdict[] =>
  Object.entries(BOUNDS).map(([name, { part, trend, most }]) => {
    const mib = trend(memory, part, 100_000);
    return { part: name, mib, isLeak: mib !== undefined && mib > most };
  });
