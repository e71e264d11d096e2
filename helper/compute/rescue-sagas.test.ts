import { describe, expect } from 'vitest';
import { standardSagaTests, type SagaWorld } from '../saga/standard-tests.ts';
import { AT, ID, SNAPSHOT, STATES, makeWorld } from './saga-test-world.ts';
import { serverRescue, serverUnrescue } from './sagas/server-rescue.ts';
import { serverShelve, serverShelveOffload } from './sagas/server-shelve.ts';
import { serverUnshelve, serverUnshelveKept } from './sagas/server-unshelve.ts';
import { setRescue, setShelved } from './store/server-change.ts';
import { serverOf, setPlacement, settle } from './store/server.ts';
import { IMAGE_ID, MIB } from './test-doubles.ts';
import type { TestWorld } from './test-world.ts';

const input = { serverId: ID };
const shelving = { ...input, imageId: SNAPSHOT, running: true };

const image = (world: TestWorld, status: 'queued' | 'active'): void =>
  world.images.add({ id: SNAPSHOT, status });

/** As a rescue leaves it. */
async function rescued(world: TestWorld): Promise<void> {
  const { disks, files } = world.services();
  setRescue(world.db, ID, { imageId: IMAGE_ID, properties: '{}' });
  world.images.leases.set(`${ID}/rescue`, '');
  await disks.createEmpty({
    path: files.absolute(['instances', ID, 'disk.rescue']),
    format: 'qcow2',
    sizeBytes: MIB,
  });
  settle(world.db, ID, { vmState: 'rescued', power: 1, at: AT });
}

/** Waits for its image; what a failure discards can be filled again, so that a second try can be seen. */
function toShelve(world: TestWorld): void {
  image(world, 'queued');
  world.images.discard = () => image(world, 'queued');
}

async function shelved(world: TestWorld): Promise<void> {
  image(world, 'active');
  setShelved(world.db, ID, { imageId: SNAPSHOT, at: AT });
  await world.domains.destroy(ID);
  settle(world.db, ID, { vmState: 'shelved', power: 4, at: AT });
}

async function offloaded(world: TestWorld): Promise<void> {
  const { files, runFiles } = world.services();
  await shelved(world);
  await world.domains.undefine(ID);
  world.network.plugged.delete(ID);
  world.basics.claimed.delete(ID);
  world.images.leases.delete(ID);
  await files.removeTree(['instances', ID]);
  await runFiles.removeTree(['instances', ID]);
  setPlacement(world.db, ID, { host: null, node: null, zone: null }, AT);
  settle(world.db, ID, { vmState: 'shelved_offloaded', power: 4, at: AT });
}

/** Either shelved, or as before: never in between. */
async function decided(world: SagaWorld<unknown, { readonly domains: TestWorld['domains'] }>): Promise<void> {
  const status = await world.services.domains.status(ID);
  const { shelved_image_id: shelvedIn, task_state: task } = serverOf(world.db, ID);
  expect(task).toBeNull();
  if (shelvedIn === null) expect(status?.powerState).toBe('running');
}

describe('sagas of rescue', () => {
  const rescue = { ...input, imageId: IMAGE_ID, properties: '{}' };
  standardSagaTests({
    saga: serverRescue,
    makeWorld: makeWorld({ ...rescue, ran: true }),
    ignore: STATES,
  });
  standardSagaTests({
    saga: serverUnrescue,
    makeWorld: makeWorld(input, rescued),
    ignore: STATES,
    forwardOnly: true,
  });
});

describe('sagas of shelving', () => {
  standardSagaTests({
    saga: serverShelve,
    makeWorld: makeWorld({ ...shelving, offload: true }, toShelve),
    ignore: [...STATES, 'server.shelved_at'],
    forwardOnly: true,
    checkFailed: (world) => void decided(world as never),
  });
  standardSagaTests({
    saga: serverShelveOffload,
    makeWorld: makeWorld(input, shelved),
    ignore: STATES,
    forwardOnly: true,
  });
  standardSagaTests({
    saga: serverUnshelve,
    makeWorld: makeWorld({ ...input, imageId: SNAPSHOT, zone: 'nova' }, offloaded),
    ignore: STATES,
  });
  standardSagaTests({
    saga: serverUnshelveKept,
    makeWorld: makeWorld({ ...input, imageId: SNAPSHOT }, shelved),
    ignore: STATES,
    forwardOnly: true,
  });
});
