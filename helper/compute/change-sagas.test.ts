import { describe } from 'vitest';
import { Secret } from '../secret.ts';
import { standardSagaTests, type SagaWorld } from '../saga/standard-tests.ts';
import { serverAttachInterface, serverDetachInterface } from './sagas/server-interface.ts';
import { serverRebuild } from './sagas/server-rebuild.ts';
import { serverResize, serverResizeConfirm, serverResizeRevert } from './sagas/server-resize.ts';
import { serverResume, serverSuspend } from './sagas/server-power.ts';
import { serverSnapshot } from './sagas/server-snapshot.ts';
import type { ServerServices } from './sagas/services.ts';
import { setFlavor, setOld } from './store/server-change.ts';
import { flavorOfRow, type FlavorPart } from './store/server-row.ts';
import { insertServer, serverOf, setLaunched, settle } from './store/server.ts';
import { IMAGE_ID, MIB, NETWORK_ID } from './test-doubles.ts';
import { TestWorld } from './test-world.ts';

const ID = '55555555-5555-4555-8555-555555555555';
const PORT = '33333333-3333-4333-8333-333333333333';
const SNAPSHOT = '88888888-8888-4888-8888-888888888888';
const AT = 1_767_225_600_000;
const BIG: FlavorPart = {
  id: '2',
  name: 'm1.big',
  vcpus: 2,
  ramMib: 256,
  diskGib: 2,
  ephemeralGib: 1,
  swapMib: 64,
  extraSpecs: {},
};

/** A running server with a disk. */
async function bringUp(world: TestWorld): Promise<void> {
  const { db } = world;
  insertServer(db, {
    id: ID,
    projectId: 'p1',
    userId: 'u1',
    name: 'web',
    hostname: 'web',
    description: null,
    requestedZone: null,
    imageId: IMAGE_ID,
    imageProperties: '{}',
    flavorId: '1',
    flavorName: 'm1.tiny',
    vcpus: 1,
    ramMib: 128,
    diskGib: 1,
    ephemeralGib: 0,
    swapMib: 0,
    extraSpecs: '{}',
    keyName: null,
    keyType: null,
    keyData: null,
    userData: null,
    configDrive: false,
    personality: '[]',
    adminPassword: new Secret('secret'),
    diskConfig: 'MANUAL',
    accessIpV4: null,
    accessIpV6: null,
    metadata: '{}',
    tags: '[]',
    groupId: null,
    trustedCerts: null,
    launchIndex: 0,
    reservationId: 'r-1',
    rootDeviceName: '/dev/vda',
    requestSpec: '{}',
    nics: '[]',
    securityGroupIds: '[]',
    at: AT,
  });
  const services = world.services();
  world.network.ports.set(ID, '[]');
  world.network.plugged.add(ID);
  world.basics.claimed.set(ID, 'desk');
  world.images.leases.set(ID, '');
  await services.files.ensureDirectory(['instances', ID]);
  await services.disks.createOverlay({
    path: services.files.absolute(['instances', ID, 'disk']),
    base: `${world.directory}/base`,
    baseFormat: 'raw',
    sizeBytes: 1024 * MIB,
  });
  await services.runFiles.ensureDirectory(['instances', ID]);
  await world.domains.define({ uuid: ID, name: 'instance-00000001' } as never);
  await world.domains.start(ID);
  settle(db, ID, { vmState: 'active', power: 1, at: AT });
  setLaunched(db, ID, AT);
}

/** As a resize leaves it. */
async function resized(world: TestWorld): Promise<void> {
  const { db } = world;
  const { disks, files } = world.services();
  const disk = (name: string) => files.absolute(['instances', ID, name]);
  await disks.copy({ source: disk('disk'), destination: disk('disk.old') });
  await disks.createEmpty({ path: disk('disk.swap'), format: 'qcow2', sizeBytes: MIB });
  setOld(db, ID, { flavor: flavorOfRow(serverOf(db, ID)), vmState: 'active' });
  setFlavor(db, ID, BIG);
  settle(db, ID, { vmState: 'resized', power: 1, at: AT });
}

const makeWorld =
  <Input>(input: Input, more?: (world: TestWorld) => Promise<void> | void) =>
  async (): Promise<SagaWorld<Input, ServerServices>> => {
    const world = await TestWorld.create({ listen: false });
    await bringUp(world);
    await more?.(world);
    return {
      db: world.db,
      services: world.services(),
      input,
      inventory: () => world.inventory(),
      dispose: () => world.dispose(),
    };
  };

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
];

describe('actions that change servers', () => {
  const input = { serverId: ID };
  standardSagaTests({
    saga: serverResize,
    makeWorld: makeWorld({ ...input, flavor: BIG, vmState: 'active' as const }),
    ignore: STATES,
  });
  standardSagaTests({
    saga: serverResizeConfirm,
    makeWorld: makeWorld(input, resized),
    ignore: STATES,
    forwardOnly: true,
  });
  standardSagaTests({
    saga: serverResizeRevert,
    makeWorld: makeWorld({ ...input, vmState: 'active' as const }, resized),
    ignore: STATES,
    forwardOnly: true,
  });
  standardSagaTests({
    saga: serverRebuild,
    makeWorld: makeWorld({
      ...input,
      imageId: IMAGE_ID,
      oldImage: { id: IMAGE_ID, properties: '{}', rootDeviceName: '/dev/vda' },
      ran: true,
      stopped: false,
    }),
    ignore: STATES,
    forwardOnly: true,
  });
  standardSagaTests({
    saga: serverSnapshot,
    makeWorld: makeWorld({ ...input, imageId: SNAPSHOT, backup: null }),
    ignore: STATES,
  });
  const nic = { portId: PORT, existing: false, networkId: NETWORK_ID };
  const card = {
    portId: PORT,
    tapName: 'tap1',
    macAddress: 'fa:16:3e:00:00:01',
    mtu: 1450,
    model: 'virtio' as const,
  };
  standardSagaTests({
    saga: serverAttachInterface,
    makeWorld: makeWorld({ ...input, nic, securityGroupIds: [], running: true }),
    ignore: STATES,
  });
  standardSagaTests({
    saga: serverDetachInterface,
    makeWorld: makeWorld({ ...input, card, networkId: NETWORK_ID, running: true }, async (world) => {
      world.network.ports.set(ID, JSON.stringify([nic]));
      await world.domains.attachNic(ID, card);
    }),
    ignore: STATES,
  });
  for (const saga of [serverSuspend, serverResume])
    standardSagaTests({ saga, makeWorld: makeWorld(input), ignore: STATES, forwardOnly: true });
});
