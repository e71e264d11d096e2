/** Volumes of LVM's back ends, through the API; the host is a fake one (driver/lvm-contract.ts is for the real one, too). */
import { closeSync, openSync, readSync, statSync } from 'node:fs';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { LEFT_BEHIND } from '../host/lvm/fake.ts';
import { IMAGE_ID, VolumeWorld } from './test-world.ts';

const GIB = 2 ** 30;
let world: VolumeWorld;
beforeEach(async () => {
  world = await new VolumeWorld({ lvm: ['thick', 'thin'] }).start();
  for (const kind of ['thick', 'thin']) await makeType(kind, { volume_backend_name: kind });
});
afterEach(() => world.stop());

async function makeType(name: string, specs: Record<string, string>): Promise<string> {
  const answer = await world.call('admin', 'POST', '/types', {
    volume_type: { name, extra_specs: specs },
  });
  expect(answer.status).toBe(200);
  return String(answer.body['volume_type']?.['id']);
}

const names = async (): Promise<string[]> => (await world.lvm.look('group')).volumes.map(({ name }) => name);

/** What there is at the places where the fake leaves what was there before, and in the image's first MiB. */
function heldBy(name: string, size: number): { image: boolean; others: boolean } {
  const file = openSync(world.lvm.path('group', name), 'r');
  const at = (position: number): string => {
    const bytes = Buffer.alloc(4096);
    readSync(file, bytes, 0, bytes.length, position);
    return bytes.toString('latin1');
  };
  const places = [size - 4096];
  for (let position = 0; position < size; position += 64 * 2 ** 20) places.push(position);
  try {
    return {
      image: at(2 ** 20 - 4096).includes('image'),
      others: places.some((position) => at(position).includes(LEFT_BEHIND.toString('latin1').slice(0, 32))),
    };
  } finally {
    closeSync(file);
  }
}

test.each(['thick', 'thin'])(
  'a %s volume is made of an image, copied, extended, reverted, retyped, deleted',
  async (kind) => {
    const id = await world.create({ imageRef: IMAGE_ID, volume_type: kind });
    expect(await world.show(id)).toMatchObject({ status: 'available', volume_type: kind });
    expect(heldBy(`volume-${id}`, GIB)).toEqual({ image: true, others: false });
    const taken = await world.call('alice', 'POST', '/snapshots', { snapshot: { volume_id: id } });
    await world.settle();
    const snapshot = String(taken.body['snapshot']?.['id']);
    const clone = await world.create({ snapshot_id: snapshot, size: 1 });
    expect(await names()).toEqual(
      [`_snapshot-${snapshot}`, `volume-${clone}`, `volume-${id}`].sort((a, b) => (a < b ? -1 : 1)),
    );
    expect(heldBy(`volume-${clone}`, GIB)).toEqual({ image: true, others: false });

    expect((await world.action(clone, { 'os-extend': { new_size: 2 } })).status).toBe(202);
    expect((await world.action(id, { revert: { snapshot_id: snapshot } })).status).toBe(202);
    await world.settle();
    expect(await world.show(clone)).toMatchObject({ status: 'available', size: 2 });
    expect(statSync(world.lvm.path('group', `volume-${clone}`)).size).toBe(2 * GIB);
    expect(heldBy(`volume-${clone}`, 2 * GIB)).toEqual({ image: true, others: false });
    expect(heldBy(`volume-${id}`, GIB)).toEqual({ image: true, others: false });
    expect(await world.show(id)).toMatchObject({ status: 'available', size: 1 });
    await world.call('alice', 'DELETE', `/volumes/${id}?cascade=true`);
    await world.settle();
    // To files.
    const files = await makeType('files', { volume_backend_name: 'file-qcow2' });
    const retyped = await world.action(clone, {
      'os-retype': { new_type: files, migration_policy: 'on-demand' },
    });
    expect(retyped.status).toBe(202);
    await world.settle();
    expect(await world.show(clone)).toMatchObject({ status: 'available', volume_type: 'files' });
    expect(await names()).toEqual([]);
    expect((await world.call('alice', 'DELETE', `/volumes/${clone}`)).status).toBe(202);
    await world.settle();
    expect(world.stored()).toEqual([]);
  },
);

test('a back end that cannot be used is down, and services, messages and logs say why and what to do; later it is up', async () => {
  await world.stop();
  world = new VolumeWorld({ lvm: ['thick'] });
  world.lvm.problem = 'This kernel has no device-mapper: start another one.';
  await world.start();
  await makeType('thick', { volume_backend_name: 'thick' });
  const { services } = (await world.call('admin', 'GET', '/os-services')).body as unknown as {
    services: Record<string, unknown>[];
  };
  const shown = services.find(({ host }) => host === 'here@thick');
  expect(shown).toMatchObject({ state: 'down', backend_state: 'down', disabled_reason: world.lvm.problem });
  const id = await world.create({ volume_type: 'thick' });
  expect(await world.show(id)).toMatchObject({ status: 'error' });
  const found = world.db
    .prepare<[string], { error: string }>('SELECT error FROM saga WHERE resource_id = ?')
    .all(id);
  expect(JSON.stringify(found)).toContain('This kernel has no device-mapper: start another one.');
  // Others do.
  expect(await world.show(await world.create())).toMatchObject({ status: 'available' });
  world.lvm.problem = undefined;
  expect(await world.show(await world.create({ volume_type: 'thick' }))).toMatchObject({
    status: 'available',
  });
});
