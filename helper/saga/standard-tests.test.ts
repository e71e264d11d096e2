import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { closeDatabase, memoryDatabase, statement } from '../db/index.ts';
import {
  createSampleTables,
  sampleCreate,
  sampleDelete,
  SampleHost,
  sampleInput,
  type SampleInput,
  type SampleServices,
} from './sample-world.ts';
import { standardSagaTests, type SagaWorld } from './standard-tests.ts';

async function makeWorld(status: 'BUILD' | 'ACTIVE'): Promise<SagaWorld<SampleInput, SampleServices>> {
  const directory = mkdtempSync(join(tmpdir(), 'deskcloud-standard-'));
  const db = memoryDatabase();
  createSampleTables(db);
  statement<[string, string]>(db, 'INSERT INTO thing (id, status) VALUES (?, ?)').run(sampleInput.id, status);
  const host = new SampleHost(directory);
  // It belongs to the network, and outlives the thing.
  await host.ensure(sampleInput.bridge, 'bridge');
  if (status === 'ACTIVE') {
    await host.ensure(sampleInput.disk, 'disk');
    await host.ensure(sampleInput.tap, 'tap');
    statement<[string]>(db, 'INSERT INTO claim (thing, size) VALUES (?, 10)').run(sampleInput.id);
  }
  return {
    db,
    services: { host },
    input: sampleInput,
    inventory: () => Promise.resolve(host.inventory()),
    dispose: () => {
      closeDatabase(db);
      rmSync(directory, { recursive: true });
      return Promise.resolve();
    },
  };
}

standardSagaTests({ saga: sampleCreate, makeWorld: () => makeWorld('BUILD'), ignore: ['thing.status'] });
standardSagaTests({ saga: sampleDelete, makeWorld: () => makeWorld('ACTIVE'), forwardOnly: true });
