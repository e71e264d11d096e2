import { afterEach, expect, test } from 'vitest';
import { mv } from '../http/index.ts';
import { VolumeWorld, callers } from '../volume/test-world.ts';
import { TestWorld } from './test-world.ts';

const ended: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const end of ended.splice(0)) await end();
});

test('volumes and snapshots in the words of old microversions', async () => {
  const storage = await new VolumeWorld().start();
  ended.push(() => storage.stop());
  const { alice, bob } = callers;
  if (alice === undefined || bob === undefined) throw new Error('nobody');
  const caller = (auth: typeof alice) => ({
    auth,
    requestId: 'r',
    version: mv('2.1'),
    origin: '',
    base: '',
    may: () => false,
  });
  const { proxy } = storage.volume.face;
  const page = { limit: 10, offset: 0 };
  const made = proxy.createVolume(caller(alice), { size: '1', display_name: 'v', metadata: { a: 'b' } });
  expect(made).toMatchObject({
    status: 'creating',
    size: 1,
    displayName: 'v',
    attachments: [{}],
    metadata: { a: 'b' },
    volumeType: '__DEFAULT__',
  });
  await storage.settle();
  expect(proxy.volumes(caller(alice), page)).toMatchObject([{ id: made.id, status: 'available' }]);
  expect(proxy.volumes(caller(alice), { limit: 10, offset: 1 })).toEqual([]);
  expect(proxy.volumes(caller(bob), page)).toEqual([]);
  expect(() => proxy.volume(caller(bob), made.id)).toThrow('could not be found');
  const snapshot = proxy.createSnapshot(caller(alice), { volume_id: made.id, display_name: 's' });
  await storage.settle();
  expect(proxy.snapshot(caller(alice), snapshot.id)).toMatchObject({
    volumeId: made.id,
    displayName: 's',
    size: 1,
    status: 'available',
  });
  expect(() => proxy.deleteVolume(caller(alice), made.id)).toThrow('Invalid volume');
  proxy.deleteSnapshot(caller(alice), snapshot.id);
  await storage.settle();
  expect(proxy.snapshots(caller(alice), page)).toEqual([]);
  proxy.deleteVolume(caller(alice), made.id);
  await storage.settle();
  expect(storage.stored()).toEqual([]);
});

test('they end at 2.35', async () => {
  const world = await TestWorld.create();
  ended.push(() => world.dispose());
  for (const path of ['os-volumes', 'os-volumes/detail', 'os-snapshots', 'os-snapshots/detail']) {
    const list = path.split('/')[0]?.replace('os-', '') ?? '';
    expect(await world.call('member', 'GET', `/v2.1/${path}`, undefined, '2.35')).toMatchObject({
      status: 200,
      body: { [list]: [] },
    });
    expect((await world.call('member', 'GET', `/v2.1/${path}`, undefined, '2.36')).status).toBe(404);
  }
  const volume = { volume: { size: 0 } };
  expect((await world.call('member', 'POST', '/v2.1/os-volumes', volume, '2.1')).status).toBe(400);
});
