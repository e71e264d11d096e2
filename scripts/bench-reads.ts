/**
 * `npm run bench:reads`: the median of each read of each service with 10,000 rows in every table, beside the same read
 * of the same run before the tables were filled; bench/README.md. Ends with status 1 when a read is over its limit.
 */
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { fillAll } from '../bench/fill-all.ts';
import { ReadWorld, isOver, timeReads } from '../bench/read-all.ts';
import { createCloud } from '../helper/cloud.ts';
import { loadConfig } from '../helper/config.ts';
import { closeDatabase, openDatabase } from '../helper/db/index.ts';
import { createSimulatedHost } from '../helper/host/simulated.ts';
import { createHttpServer, silentLogger } from '../helper/http/index.ts';
import { startProgress } from '../main/cli/progress.ts';
import { TestInstance } from '../test/support/instance.ts';

const { values } = parseArgs({
  options: { rows: { type: 'string', default: '10000' }, only: { type: 'string', default: '' } },
});
const rows = Number(values.rows);
const progress = startProgress();
const instance = new TestInstance('reads', 'simulated', {
  rateLimits: { project: false, login: false },
  network: { vniRange: [1_000_000, 1_100_000] },
});
try {
  await instance.startPlain();
  const world = await ReadWorld.create(instance);
  const only = new RegExp(values.only);
  const reads = world.reads().filter(({ name }) => only.test(name));
  await instance.stop();
  const nearlyEmpty = await serve(instance.configPath, instance.directory);
  const empty = await timeReads(nearlyEmpty.origin, reads, (share, text) =>
    progress.update(share * 0.3, text),
  );
  await nearlyEmpty.close();
  progress.update(0.3, `filling each table with ${rows} rows`);
  const db = openDatabase({ path: join(instance.directory, 'state', 'deskcloud.db') });
  const without = fillAll(db, rows);
  closeDatabase(db);
  const served = await serve(instance.configPath, instance.directory);
  const full = await timeReads(served.origin, reads, (share, text) =>
    progress.update(0.4 + share * 0.6, text),
  );
  await served.close();
  progress.done('measured');
  const lines = [...full]
    .map(([name, now]) => {
      const was = empty.get(name);
      const over = isOver(now);
      const text = `${over ? '✗' : ' '} ${name.padEnd(60)} ${now.ms.toFixed(2).padStart(8)} ms (${now.cpuMs.toFixed(2).padStart(7)} of the processor) of ${String(now.items).padStart(5)} (${now.wholeMs === undefined ? `${(now.cpuMs / now.floorMs).toFixed(0)} floors` : `${(now.cpuMs / now.wholeMs).toFixed(1)} times its sending`})   was ${was?.ms.toFixed(2) ?? '?'} ms of ${was?.items ?? 0}`;
      return { cpuMs: now.cpuMs, over, text };
    })
    .toSorted((a, b) => b.cpuMs - a.cpuMs);
  for (const { text } of lines) process.stdout.write(`${text}\n`);
  const floors = [...full.values()].map(({ floorMs }) => floorMs).toSorted((a, b) => a - b);
  process.stdout.write(
    `floor: ${floors[floors.length >> 1]?.toFixed(2)} ms; tables without a row: ${without.join(', ')}\n`,
  );
  const missed = lines.filter(({ over }) => over).length;
  process.stdout.write(
    missed === 0
      ? 'All within their limits.\n'
      : `${missed} of ${lines.length} reads are over their limits.\n`,
  );
  process.exitCode = missed === 0 ? 0 : 1;
} finally {
  await instance.remove();
}

/** All services over that state, but nothing of what the host would have to be made like: there are no such machines. */
async function serve(configPath: string, directory: string) {
  const config = loadConfig(configPath, { directory });
  let origin = '';
  const cloud = await createCloud({
    config,
    host: createSimulatedHost(config),
    logger: silentLogger,
    version: '',
    endpoint: () => origin,
    onStop: () => undefined,
  });
  const server = createHttpServer({
    services: cloud.services,
    authenticate: cloud.authenticate,
    origins: config.listener,
    validateResponses: false,
    logger: silentLogger,
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    origin,
    close: async () => {
      server.close();
      server.closeAllConnections();
      await cloud.stop('keep');
    },
  };
}
