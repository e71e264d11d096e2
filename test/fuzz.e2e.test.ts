import { expect, test } from 'vitest';
import { reportLines } from './fuzz/report.ts';
import { fuzz } from './fuzz/run.ts';

/** The short form of `npm run fuzz`, always the same requests. */
test('every endpoint withstands what nobody should send', async () => {
  const report = await fuzz({ requests: 2500, seed: 1, connections: 4, onProgress: () => undefined });
  const { lines, ok } = reportLines(report);
  expect(ok ? [] : lines).toEqual([]);
  // A run that is refused everything would show nothing.
  expect(report.statuses['200']).toBeGreaterThan(250);
  expect(report.statuses['201']).toBeGreaterThan(50);
});
