import { Secret } from '../secret.ts';
import type { SagaWorld } from '../saga/standard-tests.ts';
import type { ServerServices } from './sagas/services.ts';
import { insertServer, setLaunched, settle } from './store/server.ts';
import { IMAGE_ID, MIB } from './test-doubles.ts';
import { TestWorld } from './test-world.ts';

/** What the standard tests of sagas on a running server share. */

export const ID = '55555555-5555-4555-8555-555555555555';
export const SNAPSHOT = '88888888-8888-4888-8888-888888888888';
export const AT = 1_767_225_600_000;

/** The row of a server as a request has just made it: one flavor, no network. */
export const NEW_SERVER: Parameters<typeof insertServer>[1] = {
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
  blockDevices: '{}',
  volumeBacked: false,
  requestSpec: '{}',
  nics: '[]',
  securityGroupIds: '[]',
  at: AT,
};

/** A running server with a disk. */
async function bringUp(world: TestWorld): Promise<void> {
  const { db } = world;
  insertServer(db, NEW_SERVER);
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

/** That server, and what `more` makes of it. */
export const makeWorld =
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

/** What the settling of states changes, also when nothing else is left. */
export const STATES = [
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
