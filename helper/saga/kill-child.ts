/** The process that runKillHarness starts: runs or recovers a scenario, and kills itself at a given moment. */
import { writeSync } from 'node:fs';
import { pathToFileURL } from 'node:url';
import { transaction } from '../db/index.ts';
import { SagaEngine } from './engine.ts';
import type { KillReport, KillScenario } from './kill-harness.ts';
import { listOperations } from './trace.ts';

const [, , modulePath = '', directory = '', variant = '', killAt = '0'] = process.argv;
const { scenario } = (await import(pathToFileURL(modulePath).href)) as {
  scenario: KillScenario<unknown, unknown>;
};
const world = await scenario.open(directory, variant);
const { db } = world;
let moments = 0;
const engine = new SagaEngine({
  db,
  retryDelay: () => 0,
  journal: ({ phase, type, step }) => {
    moments += 1;
    if (moments !== Number(killAt)) return;
    writeSync(1, `${phase} ${type} ${step ?? ''}\n`);
    process.kill(process.pid, 'SIGKILL');
  },
});
engine.register(scenario.saga, world.services);
const [left] = listOperations(db, { limit: 1 });
// A run that begins the operation starts the engine first; a recovery finds it in the database.
engine.start();
const id = left?.id ?? transaction(db, () => engine.enqueue(scenario.saga, world.input));
const { state } = await engine.wait(id);
await engine.stop();
const report: KillReport = { state, inventory: await world.inventory(), moments };
await world.close();
writeSync(1, `${JSON.stringify(report)}\n`);
