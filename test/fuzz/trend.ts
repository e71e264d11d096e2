import type { Memory } from './run.ts';

/** Requests until every schema is compiled and every statement prepared that ever will be. */
export const WARM_UP = 25_000;

/** Fewer looks than these after the warm-up make no trend. */
const LEAST_LOOKS = 6;

/**
 * What so many requests add to the memory, in MiB: the slope, by Theil and Sen, of what was seen after the warm-up. A
 * single look that hits a peak does not move it.
 * @returns undefined for a run that is too short to say.
 */
export function growth(
  memory: readonly Memory[],
  what: 'heap' | 'rss',
  requests: number,
): number | undefined {
  const looks = memory.filter((look) => look.requests >= WARM_UP);
  if (looks.length < LEAST_LOOKS) return undefined;
  const slopes = looks
    .flatMap((a, index) => looks.slice(index + 1).map((b) => (b[what] - a[what]) / (b.requests - a.requests)))
    .toSorted((a, b) => a - b);
  return (slopes[slopes.length >> 1] ?? 0) * requests;
}
