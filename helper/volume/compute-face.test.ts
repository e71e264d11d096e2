import { afterEach, beforeEach, expect, test } from 'vitest';
import { transaction } from '../db/index.ts';
import type { AuthContext } from '../http/index.ts';
import { IMAGE_ID, VolumeWorld, callers } from './test-world.ts';

const ID = '55555555-5555-4555-8555-555555555555';
const OTHER = '55555555-5555-4555-8555-555555555556';

let world: VolumeWorld;
beforeEach(async () => {
  world = await new VolumeWorld().start();
});
afterEach(() => world.stop());

const alice = callers['alice'] as AuthContext;
const make = (id: string, sizeGib = 1): void =>
  transaction(world.db, () =>
    world.volume.face.make(alice, {
      id,
      name: 'root',
      sizeGib,
      type: null,
      source: { kind: 'image', id: IMAGE_ID },
    }),
  );
const settled = (id: string, told: string[] = []): Promise<string | undefined> =>
  world.volume.face.settled(id, new AbortController().signal, (_fraction, text) => told.push(text));

test('a volume is made in the name of who asked, within its quota, and can be overwritten while a server has it', async () => {
  const { face } = world.volume;
  const told: string[] = [];
  make(ID);
  expect(await settled(ID, told)).toBe('available');
  expect(told).toContain('copying the image');
  expect(face.find(alice, ID)).toMatchObject({
    sizeGib: 1,
    bootable: true,
    imageMetadata: { image_id: IMAGE_ID },
  });
  expect(() => face.find(callers['bob'] ?? alice, ID)).toThrow('could not be found');
  expect(() => make(OTHER, 2000)).toThrow('quota');
  expect(face.hasType(alice, 'nothing')).toBe(false);
  expect(() => transaction(world.db, () => face.reimage(alice, ID, IMAGE_ID))).toThrow(
    'status must be in-use',
  );
  transaction(world.db, () => {
    face.reserve(alice, { id: 'a', volumeId: ID, serverId: OTHER });
    face.connect('a', { host: 'here', mountpoint: '/dev/vda' });
    face.complete('a');
    face.reimage(alice, ID, IMAGE_ID);
  });
  expect(await settled(ID)).toBe('in-use');
});

test('a volume that is given up while it is made leaves nothing, nor does one that is made', async () => {
  const { face } = world.volume;
  make(ID);
  transaction(world.db, () => face.abandon(ID));
  await world.settle();
  expect(await settled(ID)).toBeUndefined();
  make(ID);
  await settled(ID);
  transaction(world.db, () => face.abandon(ID));
  await world.settle();
  expect(await settled(ID)).toBeUndefined();
  expect(world.stored()).toEqual([]);
});
