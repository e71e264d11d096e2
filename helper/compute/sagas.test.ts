import { describe, expect, test } from 'vitest';
import { transaction, type Db } from '../db/index.ts';
import { standardSagaTests, type SagaWorld } from '../saga/standard-tests.ts';
import type { RequestSpec } from './basics.ts';
import { NEW_SERVER } from './saga-test-world.ts';
import { imagePrecache } from './sagas/image-precache.ts';
import { serverCreate, type ServerCreateInput } from './sagas/server-create.ts';
import { serverDelete, type ServerDeleteInput } from './sagas/server-delete.ts';
import {
  serverPause,
  serverReboot,
  serverStart,
  serverStop,
  type ServerPowerInput,
  type ServerRebootInput,
} from './sagas/server-power.ts';
import type { ServerServices } from './sagas/services.ts';
import type { Author, WantedVolume } from './store/block-devices.ts';
import { findServer, insertServer, settle } from './store/server.ts';
import { IMAGE_ID, NETWORK_ID } from './test-doubles.ts';
import { CALLERS, TestWorld } from './test-world.ts';

const SERVER_ID = '55555555-5555-4555-8555-555555555555';

const AUTHOR = { ...CALLERS['member'], roles: ['member'] } as Author;

/** A data volume that is made with the server. */
const VOLUME: WantedVolume = {
  row: {
    attachment_id: 'a',
    server_id: SERVER_ID,
    volume_id: 'v',
    bdm_uuid: 'b',
    target: 'vdd',
    tag: null,
    delete_on_termination: 1,
    boot_index: null,
    disk_bus: null,
    device_type: 'disk',
    created_at: 1,
  },
  name: 'data',
  sizeGib: 1,
  type: null,
  source: { kind: 'blank' },
};

/** A row as the request's transaction leaves it. */
function insertRow(world: TestWorld): void {
  const spec: RequestSpec = {
    serverId: SERVER_ID,
    projectId: 'p1',
    flavor: { id: '2', name: 'm1.swap', vcpus: 1, ramMib: 128, diskGib: 4, extraSpecs: {} },
    image: { id: IMAGE_ID, minDiskGib: 0, minRamMib: 0, properties: {} },
    availabilityZone: null,
    forceHost: null,
    forceNode: null,
    forceHostFiltered: false,
    hints: {},
  };
  insertServer(world.db, {
    ...NEW_SERVER,
    id: SERVER_ID,
    flavorId: '2',
    flavorName: 'm1.swap',
    diskGib: 2,
    ephemeralGib: 1,
    swapMib: 64,
    configDrive: true,
    blockDevices: JSON.stringify({ volumes: [VOLUME], author: AUTHOR }),
    requestSpec: JSON.stringify(spec),
    nics: JSON.stringify([
      { portId: '66666666-6666-4666-8666-666666666666', existing: false, networkId: NETWORK_ID },
    ]),
    at: 1_767_225_600_000,
  });
}

/** Puts the running server there that a saga on an existing one begins with. */
async function bringUp(world: TestWorld): Promise<void> {
  const services = world.services();
  world.network.ports.set(SERVER_ID, '[]');
  world.basics.claimed.set(SERVER_ID, 'desk');
  world.images.leases.set(SERVER_ID, '');
  await services.files.ensureDirectory(['instances', SERVER_ID]);
  await services.files.write(['instances', SERVER_ID, 'disk'], 'disk');
  await world.domains.define({ uuid: SERVER_ID, name: 'instance-00000001' } as never);
  await world.domains.start(SERVER_ID);
  settle(world.db, SERVER_ID, { vmState: 'active', power: 1, at: 1_767_225_600_000 });
}

const makeWorld =
  <Input>(input: Input, running: boolean) =>
  async (): Promise<SagaWorld<Input, ServerServices>> => {
    const world = await TestWorld.create({ listen: false });
    insertRow(world);
    if (running) await bringUp(world);
    return {
      db: world.db,
      services: world.services(),
      input,
      inventory: () => world.inventory(),
      dispose: () => world.dispose(),
    };
  };

const CREATE: ServerCreateInput = { serverId: SERVER_ID, imageId: IMAGE_ID };
const DELETE: ServerDeleteInput = { serverId: SERVER_ID };
const STATES = [
  'server.vm_state',
  'server.task_state',
  'server.power_state',
  'server.progress',
  'server.fault_code',
  'server.fault_message',
  'server.fault_details',
  'server.fault_at',
  'server.admin_password',
  'server.updated_at',
  'server.nics',
];

/** Its owner sees ERROR and why, and nothing going on. */
function requireFault(db: Db): void {
  const row = findServer(db, SERVER_ID);
  const seen = `${row?.vm_state} ${row?.task_state} ${row?.fault_message}`;
  if (!new RegExp(`^error null .*${SERVER_ID}`).test(seen)) throw new Error(`the server is ${seen}`);
}

standardSagaTests({
  saga: serverCreate,
  makeWorld: makeWorld(CREATE, false),
  ignore: STATES,
  checkFailed: ({ db }) => requireFault(db),
});

standardSagaTests({
  saga: serverDelete,
  makeWorld: makeWorld(DELETE, true),
  // What the first try has said of its failure is gone with the server; its fault stays in the forgotten row.
  ignore: [...STATES],
  forwardOnly: true,
  checkFailed: ({ db }) => requireFault(db),
});

describe('operations on a server', () => {
  const input: ServerPowerInput = { serverId: SERVER_ID };
  const reboot: ServerRebootInput = { serverId: SERVER_ID, hard: true };
  for (const saga of [serverStop, serverStart, serverPause])
    standardSagaTests({ saga, makeWorld: makeWorld(input, true), ignore: STATES, forwardOnly: true });
  standardSagaTests({
    saga: serverReboot,
    makeWorld: makeWorld(reboot, true),
    ignore: STATES,
    forwardOnly: true,
  });
});

standardSagaTests({
  saga: imagePrecache,
  makeWorld: makeWorld<{ imageId: string }>({ imageId: IMAGE_ID }, false),
  forwardOnly: true,
});

describe('a delete', () => {
  // R11: at whatever step of its making a server is deleted, nothing of it is left.
  for (const [index, { name }] of serverCreate.steps.entries())
    test(`during '${name}' of its creation leaves nothing`, async () => {
      const world = await TestWorld.create({ listen: false });
      try {
        insertRow(world);
        let deleted = false;
        const { sagas, db } = world;
        world.sagas.events.on((event) => {
          if (deleted || event.type !== 'step-started' || event.step !== name) return;
          deleted = true;
          transaction(db, () =>
            sagas.enqueue(serverDelete, DELETE, { cancels: { type: 'server', id: SERVER_ID } }),
          );
        });
        sagas.start();
        transaction(db, () => sagas.enqueue(serverCreate, CREATE));
        await world.quiet();
        expect(deleted).toBe(true);
        expect(findServer(db, SERVER_ID)).toBeUndefined();
        expect(await world.inventory()).toEqual({
          domains: [],
          ports: [],
          cards: [],
          secrets: [],
          exports: [],
          plugged: [],
          leases: [],
          claims: [],
          files: [],
          volumes: [],
          made: [],
        });
        expect(index).toBeGreaterThanOrEqual(0);
      } finally {
        await world.dispose();
      }
    });
});
