import type { FuzzReport, Memory } from './run.ts';
import { judgeMemory } from './trend.ts';

/** What a run found, for people, and whether all is well. */
export function reportLines(report: FuzzReport): { readonly lines: readonly string[]; readonly ok: boolean } {
  const { findings, statuses, neverSucceeded, counts, memory, memoryAtEnd, left, rows, seconds } = report;
  const total = Object.values(statuses).reduce((sum, count) => sum + count, 0);
  const verdicts = judgeMemory(memory);
  const problems = [
    ...findings.map(
      ({ operation, problem, count, request, answer }) =>
        `✗ ${operation}: ${problem} (${count} times)\n    ${request}\n    ${answer}`,
    ),
    ...left.map((one) => `✗ left: ${one}`),
    ...rows.map((one) => `✗ ${one.slice(0, 500)}`),
    ...verdicts
      .filter(({ isLeak }) => isLeak)
      .map(({ part, mib }) => `✗ memory (${part}) grows by ${mib?.toFixed(1)} MiB in 100,000 requests`),
  ];
  const succeeded = Object.values(counts).filter(({ accepted }) => accepted > 0).length;
  const shares = Object.entries(statuses).map(([status, count]) => `${status}: ${count}`);
  const trends = verdicts.map(
    ({ part, mib }) => `${part} ${mib === undefined ? 'not judged' : mib.toFixed(1)}`,
  );
  return {
    ok: problems.length === 0,
    lines: [
      `${total} requests in ${seconds.toFixed(0)} s: ${shares.join(', ')}`,
      'memory, garbage collected, in MiB:',
      ...memory.map((look) => `  after ${String(look.requests).padStart(7)}: ${memoryText(look)}`),
      `  everything deleted: ${memoryText(memoryAtEnd)}`,
      `  trend after the warm-up, by 100,000 requests: ${trends.join(', ')}`,
      `${Object.keys(counts).length} operations asked, ${succeeded} of them with success`,
      `${neverSucceeded.length} operations never succeeded: ${neverSucceeded.join(', ')}`,
      ...problems,
      problems.length === 0 ? 'All is well.' : `${problems.length} things are not as they should be.`,
    ],
  };
}

const memoryText = ({ rss, heap, parts }: Memory): string =>
  [
    `process ${rss.toFixed(0)}, heap ${heap.toFixed(1)}`,
    ...Object.entries(parts).map(([part, mib]) => `${part} ${mib.toFixed(1)}`),
  ].join(', ');
