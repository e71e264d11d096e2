import { randomUUID } from 'node:crypto';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { FakeDiskHost } from '../host/disk/fake.ts';
import { GIB } from './app/context.ts';
import { VolumeWorld } from './test-world.ts';

let world: VolumeWorld;
beforeEach(async () => {
  world = await new VolumeWorld().start();
  for (const [name, extra_specs] of [
    ['plain', { volume_backend_name: 'file-qcow2' }],
    ['shared', { volume_backend_name: 'file-qcow2', multiattach: '<is> True' }],
    ['other', { volume_backend_name: 'file-raw' }],
  ] as const)
    await world.call('admin', 'POST', '/types', { volume_type: { name, extra_specs } });
});
afterEach(() => world.stop());

const SERVER = '55555555-5555-4555-8555-555555555555';

/** As compute does it. @returns the attachment's id. */
async function attach(volume: string, server: string = randomUUID(), status = 200): Promise<string> {
  const made = await world.call('alice', 'POST', '/attachments', {
    attachment: { volume_uuid: volume, instance_uuid: server, connector: { mountpoint: '/dev/vdb' } },
  });
  expect(made.status).toBe(status);
  const id = String(made.body['attachment']?.['id']);
  if (status === 200) await world.call('alice', 'POST', `/attachments/${id}/action`, { 'os-complete': {} });
  return id;
}
const detach = (id: string) => world.call('alice', 'DELETE', `/attachments/${id}`);
const retype = async (id: string, type: string, policy = 'on-demand'): Promise<number> => {
  const { status } = await world.action(id, { 'os-retype': { new_type: type, migration_policy: policy } });
  await world.settle();
  return status;
};

test('a multi-attach volume is raw, is of several, and free when the last of them is gone', async () => {
  const id = await world.create({ volume_type: 'shared' });
  expect(await world.show(id)).toMatchObject({ status: 'available', multiattach: true });
  expect(world.stored()).toEqual([`file-qcow2/volume-${id}.raw`]);
  const [first, second] = [await attach(id), await attach(id)];
  expect(await world.show(id)).toMatchObject({ status: 'in-use', attachments: [{}, {}] });
  await detach(first);
  expect(await world.show(id)).toMatchObject({ status: 'in-use', attachments: [{}] });
  await detach(second);
  expect(await world.show(id)).toMatchObject({ status: 'available', attachments: [] });
  const asked = await world.create({ volume_type: 'plain', multiattach: true });
  expect(await world.show(asked)).toMatchObject({ multiattach: true });
  expect(world.stored()).toContain(`file-qcow2/volume-${asked}.raw`);
  await world.call('alice', 'DELETE', `/volumes/${asked}`);
  const alone = await world.create({ volume_type: 'plain' });
  await attach(alone);
  await attach(alone, SERVER, 400);
  await world.call('alice', 'DELETE', `/volumes/${id}`);
  await world.settle();
  expect(world.stored()).toEqual([`file-qcow2/volume-${alone}`]);
});

test('a volume becomes one, and ceases to be one, only while it is free', async () => {
  const id = await world.create({ volume_type: 'plain' });
  const attachment = await attach(id);
  expect(await retype(id, 'shared')).toBe(400);
  await detach(attachment);
  expect(await retype(id, 'shared', 'never')).toBe(202);
  expect(await world.show(id)).toMatchObject({
    multiattach: true,
    volume_type: 'shared',
    status: 'available',
  });
  expect(world.stored()).toEqual([`file-qcow2/volume-${id}.raw`]);
  expect(await retype(id, 'plain', 'never')).toBe(202);
  expect(await world.show(id)).toMatchObject({ multiattach: false, volume_type: 'plain' });
  expect(world.stored()).toEqual([`file-qcow2/volume-${id}.raw`]);
  expect(await retype(id, 'other')).toBe(202);
  expect(world.stored()).toEqual([`file-raw/volume-${id}`]);
});

test('a volume moves to another back end under its guest, or stays where it is', async () => {
  const id = await world.create({ volume_type: 'plain' });
  const attachment = await attach(id, SERVER);
  const calls: string[] = [];
  const name = (path: string): string => path.split('/').slice(-2).join('/');
  world.guests.serverOf = () => SERVER;
  world.guests.mirrorAttached = (_db, _id, { source }) => {
    calls.push(`mirror ${source.kind === 'file' ? name(source.path) : ''}`);
    return Promise.resolve(true);
  };
  let fails = true;
  world.guests.turnAttached = (_db, _id, { source }) => {
    const path = source.kind === 'file' ? name(source.path) : '';
    calls.push(`turn ${path}`);
    return fails && path.startsWith('file-raw') ? Promise.reject(new Error('no')) : Promise.resolve();
  };
  const migrate = async (): Promise<void> => {
    calls.length = 0;
    expect(await retype(id, 'other')).toBe(202);
  };
  await migrate();
  const [at, to] = [`file-qcow2/volume-${id}`, `file-raw/volume-${id}`];
  expect(calls).toEqual([`mirror ${to}`, `turn ${to}`, `mirror ${at}`, `turn ${at}`]);
  expect(world.stored()).toEqual([at]);
  expect(await world.show(id, 'admin')).toMatchObject({ status: 'in-use', volume_type: 'plain' });
  fails = false;
  await migrate();
  expect(calls).toEqual([`mirror ${to}`, `turn ${to}`]);
  expect(world.stored()).toEqual([to]);
  expect(await world.show(id, 'admin')).toMatchObject({
    status: 'in-use',
    migration_status: 'success',
    'os-vol-host-attr:host': 'here@file-raw#file-raw',
  });
  const completion = { 'os-migrate_volume_completion': { new_volume: id } };
  expect((await world.action(id, completion, 'admin')).status).toBe(400);
  expect((await world.action(id, completion)).status).toBe(403);
  // Of more than one user none can be exchanged.
  expect(await retype(id, 'plain')).toBe(202);
  expect(world.stored()).toEqual([at]);
  world.guests.serverOf = () => undefined;
  expect(await retype(id, 'other')).toBe(202);
  expect(await world.show(id)).toMatchObject({ status: 'in-use', volume_type: 'plain' });
  expect(attachment).not.toBe('');
});

test('what failed to become larger says how large it is', async () => {
  const id = await world.create({ volume_type: 'plain' });
  await attach(id, SERVER);
  const ended: (string | null)[] = [];
  world.guests.serverOf = () => SERVER;
  world.guests.finishAction = (_db, _operation, message) => void ended.push(message);
  const path = `${world.root}/file-qcow2/volume-${id}`;
  world.guests.growAttached = async (_guest, sizeBytes) => {
    await new FakeDiskHost().resize({ path, format: 'qcow2', sizeBytes });
    throw new Error('the answer was lost');
  };
  const extend = async (size: number): Promise<void> => {
    expect((await world.action(id, { 'os-extend': { new_size: size } })).status).toBe(202);
    await world.settle();
  };
  await extend(3);
  expect(await world.show(id)).toMatchObject({ status: 'error_extending', size: 3 });
  await world.action(id, { 'os-reset_status': { status: 'in-use' } }, 'admin');
  world.guests.growAttached = () => Promise.reject(new Error('it cannot'));
  await extend(4);
  expect(await world.show(id)).toMatchObject({ status: 'error_extending', size: 3 });
  await world.action(id, { 'os-reset_status': { status: 'in-use' } }, 'admin');
  world.guests.growAttached = () => Promise.resolve(false);
  await extend(4);
  expect(await world.show(id)).toMatchObject({ status: 'in-use', size: 4 });
  expect(ended).toEqual(['Error', 'Error', null]);
  expect((await new FakeDiskHost().info({ path, format: 'qcow2' })).virtualSize).toBe(4 * GIB);
});
