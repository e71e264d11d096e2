import { WARM_UP, type FuzzReport } from './run.ts';

/**
 * MiB that the helper may have more at the end than after the warm-up, in a run that is long enough to have one. Of the heap: code that was compiled and
 * statements that were prepared on the way. Of the process: what the allocators have not given back yet.
 */
const GROWTH = { heap: 12, rss: 48 } as const;

/** What a run found, for people, and whether all is well. */
export function reportLines(report: FuzzReport): { readonly lines: readonly string[]; readonly ok: boolean } {
  const { findings, statuses, neverSucceeded, memory, left, tables, seconds } = report;
  const total = Object.values(statuses).reduce((sum, count) => sum + count, 0);
  const problems = [
    ...findings.map(
      ({ operation, problem, count, request, answer }) =>
        `✗ ${operation}: ${problem} (${count} times)\n    ${request}\n    ${answer}`,
    ),
    ...left.map((one) => `✗ left: ${one}`),
    ...Object.entries(tables).map(([table, [was, is]]) => `✗ table ${table} had ${was} rows, and has ${is}`),
    ...(['heap', 'rss'] as const)
      .filter((what) => total >= 2 * WARM_UP && memory.end[what] - memory.warm[what] > GROWTH[what])
      .map(
        (what) =>
          `✗ memory (${what}) grew from ${memory.warm[what].toFixed(0)} to ${memory.end[what].toFixed(0)} MiB`,
      ),
  ];
  const shares = Object.entries(statuses).map(([status, count]) => `${status}: ${count}`);
  return {
    ok: problems.length === 0,
    lines: [
      `${total} requests in ${seconds.toFixed(0)} s: ${shares.join(', ')}`,
      `memory after the warm-up ${memory.warm.rss.toFixed(0)} MiB (heap ${memory.warm.heap.toFixed(1)}), at the end ${memory.end.rss.toFixed(0)} MiB (heap ${memory.end.heap.toFixed(1)})`,
      `${neverSucceeded.length} operations never succeeded: ${neverSucceeded.join(', ')}`,
      ...problems,
      problems.length === 0 ? 'All is well.' : `${problems.length} things are not as they should be.`,
    ],
  };
}
