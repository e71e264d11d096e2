import { describe } from 'vitest';
import { Secret } from '../secret.ts';
import { standardSagaTests } from '../saga/standard-tests.ts';
import { serverAttachInterface, serverDetachInterface, serverPortDeleted } from './sagas/server-interface.ts';
import { serverAttachVolume, serverDetachVolume } from './sagas/server-volume.ts';
import { insertServerVolume } from './store/server-volume.ts';
import { serverRebuild } from './sagas/server-rebuild.ts';
import { serverResize, serverResizeConfirm, serverResizeRevert } from './sagas/server-resize.ts';
import { serverResume, serverSuspend } from './sagas/server-power.ts';
import { serverSnapshot } from './sagas/server-snapshot.ts';
import { setFlavor, setOld } from './store/server-change.ts';
import { flavorOfRow, type FlavorPart } from './store/server-row.ts';
import { AT, ID, SNAPSHOT, STATES, makeWorld } from './saga-test-world.ts';
import { serverOf, settle } from './store/server.ts';
import { IMAGE_ID, MIB, NETWORK_ID } from './test-doubles.ts';
import type { TestWorld } from './test-world.ts';

const PORT = '33333333-3333-4333-8333-333333333333';
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

describe('actions that change servers (R12)', () => {
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
      reimage: null,
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
  standardSagaTests({
    saga: serverPortDeleted,
    makeWorld: makeWorld({ ...input, card }, (world) => world.domains.attachNic(ID, card)),
    ignore: STATES,
    forwardOnly: true,
  });
  const volume = {
    attachment_id: 'a',
    server_id: ID,
    volume_id: 'v',
    bdm_uuid: 'b',
    target: 'vdb',
    tag: null,
    delete_on_termination: 0,
    boot_index: null,
    disk_bus: null,
    device_type: 'disk' as const,
    created_at: 1,
  };
  const disk = {
    target: 'vdb',
    bus: 'virtio' as const,
    device: 'disk' as const,
    format: 'qcow2' as const,
    source: { kind: 'file' as const, path: '/volumes/v' },
    serial: 'v',
  };
  /** As the request leaves it: reserved for the server, or about to leave it. */
  const withVolume = (state: string) => async (world: TestWorld) => {
    insertServerVolume(world.db, volume);
    world.volumes.attachments.set('a', { volumeId: 'v', state });
    const secret = { id: 'a', use: 'volume' as const, value: new Secret('passphrase') };
    world.volumes.held.set('a', [secret]);
    world.volumes.exporting.add('a');
    if (state !== 'detaching') return;
    await world.volumes.exportTo('a');
    await world.secrets.ensure(secret);
    await world.domains.attachDisk(ID, disk);
  };
  const VOLUMES = [...STATES, 'server_volume', 'stand_in'];
  standardSagaTests({
    saga: serverAttachVolume,
    makeWorld: makeWorld({ ...input, volume, disk, running: true }, withVolume('reserved')),
    ignore: VOLUMES,
  });
  standardSagaTests({
    saga: serverDetachVolume,
    makeWorld: makeWorld({ ...input, volume, disk, running: true }, withVolume('detaching')),
    ignore: VOLUMES,
  });
  for (const saga of [serverSuspend, serverResume])
    standardSagaTests({ saga, makeWorld: makeWorld(input), ignore: STATES, forwardOnly: true });
});
