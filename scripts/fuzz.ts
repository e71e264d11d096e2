/**
 * `npm run fuzz -- --requests 100000 --seed 1`: asks a helper on the simulated host so many things of all endpoints,
 * valid and broken, and ends with status 1 when an answer was wrong or something was left; test/fuzz/README.md.
 */
import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { startProgress } from '../main/cli/progress.ts';
import { fuzz } from '../test/fuzz/run.ts';
import { reportLines } from '../test/fuzz/report.ts';

const { values } = parseArgs({
  options: {
    requests: { type: 'string', default: '100000' },
    seed: { type: 'string', default: '1' },
    connections: { type: 'string', default: '4' },
    keep: { type: 'boolean', default: false },
    counts: { type: 'string' },
  },
});
const [requests, seed, connections] = [values.requests, values.seed, values.connections].map(Number);
if (![requests, seed, connections].every((one) => Number.isInteger(one) && (one ?? 0) > 0)) {
  process.stderr.write('--requests, --seed and --connections are numbers from 1.\n');
  process.exit(2);
}
const total = requests ?? 1;
const progress = startProgress();
const report = await fuzz({
  requests: total,
  seed: seed ?? 1,
  connections: connections ?? 1,
  keep: values.keep,
  onProgress: (done, text) => progress.update(done / total, `${done} of ${total} requests, ${text}`),
});
progress.done('asked');
if (values.counts !== undefined)
  writeFileSync(
    values.counts,
    Object.entries(report.counts)
      .map(([operation, { asked, accepted }]) => `${accepted}\t${asked}\t${operation}\n`)
      .toSorted()
      .join(''),
  );
const { lines, ok } = reportLines(report);
process.stdout.write(`${lines.join('\n')}\n`);
process.exitCode = ok ? 0 : 1;
