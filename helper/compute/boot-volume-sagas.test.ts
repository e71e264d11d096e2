import { describe, expect, test } from 'vitest';
import { transaction } from '../db/index.ts';
import { standardSagaTests } from '../saga/standard-tests.ts';
import { AT, ID, NEW_SERVER, STATES, makeWorld } from './saga-test-world.ts';
import { serverCreate } from './sagas/server-create.ts';
import { serverRebuild } from './sagas/server-rebuild.ts';
import { serverShelveVolumes } from './sagas/server-shelve.ts';
import type { Author, BlockDevices } from './store/block-devices.ts';
import { insertServerVolume, type ServerVolumeRow } from './store/server-volume.ts';
import { insertServer } from './store/server.ts';
import { IMAGE_ID } from './test-doubles.ts';
import { CALLERS, TestWorld } from './test-world.ts';

const author: Author = { ...CALLERS['member'], roles: ['member'] } as Author;

const row = (more: Partial<ServerVolumeRow>): ServerVolumeRow => ({
  attachment_id: 'a-root',
  server_id: ID,
  volume_id: 'v-root',
  bdm_uuid: 'b-root',
  target: 'vda',
  tag: null,
  delete_on_termination: 1,
  boot_index: 0,
  disk_bus: null,
  device_type: 'disk',
  created_at: AT,
  ...more,
});
const there = row({ attachment_id: 'a-data', volume_id: 'v-data', target: 'vdb', boot_index: null });

/** One volume is made of an image to boot from; another was there, and is to go with the server. */
const devices: BlockDevices = {
  volumes: [{ row: row({}), name: '', sizeGib: 1, type: null, source: { kind: 'image', id: IMAGE_ID } }],
  author,
};

function insertRow(world: TestWorld): void {
  insertServer(world.db, {
    ...NEW_SERVER,
    imageId: null,
    blockDevices: JSON.stringify(devices),
    volumeBacked: true,
  });
  insertServerVolume(world.db, there);
  world.volumes.attachments.set(there.attachment_id, { volumeId: there.volume_id, state: 'reserved' });
}

describe('a server with volumes', () => {
  test('tells how far its volumes are', async () => {
    const world = await TestWorld.create({ listen: false });
    try {
      insertRow(world);
      const told: string[] = [];
      world.sagas.events.on((event) => {
        if (event.type === 'progress') told.push(event.text);
      });
      world.sagas.start();
      transaction(world.db, () => world.sagas.enqueue(serverCreate, { serverId: ID, imageId: null }));
      await world.quiet();
      expect(told).toContain('creating volume v-root: 40 % (copying)');
      expect(world.volumes.attachments.values()).toEqual([
        { volumeId: 'v-data', state: 'attached' },
        { volumeId: 'v-root', state: 'attached' },
      ]);
    } finally {
      await world.dispose();
    }
  });

  const onVolume = (world: TestWorld): void => {
    world.db.prepare('UPDATE server SET volume_backed = 1, image_id = NULL').run();
    insertServerVolume(world.db, row({}));
    world.volumes.attachments.set('a-root', { volumeId: 'v-root', state: 'attached' });
    world.volumes.outcome = 'in-use';
  };
  standardSagaTests({
    saga: serverRebuild,
    makeWorld: makeWorld(
      {
        serverId: ID,
        imageId: IMAGE_ID,
        reimage: author,
        oldImage: { id: null, properties: '{}', rootDeviceName: '/dev/vda' },
        ran: true,
        stopped: false,
      },
      onVolume,
    ),
    ignore: STATES,
    forwardOnly: true,
  });
  standardSagaTests({
    saga: serverShelveVolumes,
    makeWorld: makeWorld({ serverId: ID, running: true }, onVolume),
    ignore: [...STATES, 'server.shelved_at'],
    forwardOnly: true,
  });
});
