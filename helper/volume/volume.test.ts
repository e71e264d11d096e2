import { afterEach, beforeEach, expect, test } from 'vitest';
import { IMAGE_ID, VolumeWorld } from './test-world.ts';

let world: VolumeWorld;
beforeEach(async () => {
  world = await new VolumeWorld().start();
});
afterEach(() => world.stop());

const status = async (id: string): Promise<unknown> => (await world.show(id))['status'];

test('an empty volume reads zeros, has its size, and leaves nothing when it is deleted (S46)', async () => {
  const id = await world.create({ name: 'v', metadata: { a: 'b' }, size: 2 });
  expect(await world.show(id)).toMatchObject({
    status: 'available',
    size: 2,
    name: 'v',
    metadata: { a: 'b' },
    bootable: 'false',
    volume_type: '__DEFAULT__',
    consumes_quota: true,
  });
  expect(world.stored()).toHaveLength(1);
  expect((await world.call('alice', 'DELETE', `/volumes/${id}`)).status).toBe(202);
  await world.settle();
  expect((await world.call('alice', 'GET', `/volumes/${id}`)).status).toBe(404);
  expect(world.stored()).toEqual([]);
});

test('volumes of an image, a snapshot and a volume have what those have', async () => {
  const fromImage = await world.create({ imageRef: IMAGE_ID });
  expect(await world.show(fromImage)).toMatchObject({
    status: 'available',
    bootable: 'true',
    volume_image_metadata: { image_id: IMAGE_ID, os_distro: 'debian' },
  });
  expect(world.db.prepare('SELECT * FROM image_lease').all()).toEqual([]);
  const answer = await world.call('alice', 'POST', '/snapshots', { snapshot: { volume_id: fromImage } });
  expect(answer.status).toBe(202);
  await world.settle();
  const snapshotId = String(answer.body['snapshot']?.['id']);
  const fromSnapshot = await world.create({ snapshot_id: snapshotId, size: 3 });
  const clone = await world.create({ source_volid: fromImage, size: undefined });
  expect(await world.show(fromSnapshot)).toMatchObject({
    size: 3,
    bootable: 'true',
    snapshot_id: snapshotId,
    volume_image_metadata: { image_id: IMAGE_ID },
  });
  expect(await world.show(clone)).toMatchObject({ size: 1, bootable: 'true', source_volid: fromImage });
  // Its snapshot goes with a volume only when that is asked for.
  expect((await world.call('alice', 'DELETE', `/volumes/${fromImage}`)).status).toBe(400);
  expect((await world.call('alice', 'DELETE', `/volumes/${fromImage}?cascade=true`)).status).toBe(202);
  await world.settle();
  expect((await world.call('alice', 'GET', `/snapshots/${snapshotId}`)).status).toBe(404);
  expect(world.stored()).toHaveLength(2);
});

test.each([
  [{ size: 0 }, 400],
  [{ size: -1 }, 400],
  [{ size: '#$%' }, 400],
  [{}, 400],
  [{ size: 1, snapshot_id: '7b0f4e6e-0000-4000-8000-000000000000' }, 404],
  [{ size: 1, source_volid: '7b0f4e6e-0000-4000-8000-000000000000' }, 404],
  [{ size: 1, volume_type: 'none' }, 404],
  [{ size: 1, availability_zone: 'none' }, 400],
  [{ size: 1, imageRef: '7b0f4e6e-0000-4000-8000-000000000000' }, 400],
  [{ size: 1, project_id: 'p-bob' }, 400],
])('refuses %j with %d', async (volume, expected) => {
  expect((await world.call('alice', 'POST', '/volumes', { volume })).status).toBe(expected);
});

test('others know nothing of a volume, readers cannot change it', async () => {
  const id = await world.create();
  for (const [method, path] of [
    ['GET', `/volumes/${id}`],
    ['DELETE', `/volumes/${id}`],
    ['GET', `/volumes/${id}/metadata`],
  ] as const)
    expect((await world.call('bob', method, path)).status).toBe(404);
  expect((await world.call('reader', 'GET', `/volumes/${id}`)).status).toBe(200);
  expect((await world.call('reader', 'DELETE', `/volumes/${id}`)).status).toBe(403);
  expect((await world.action(id, { 'os-reset_status': { status: 'error' } })).status).toBe(403);
  const list = await world.call('bob', 'GET', '/volumes?all_tenants=1');
  expect(list.body['volumes']).toEqual([]);
  expect((await world.call('admin', 'GET', '/volumes?all_tenants=1')).body['volumes']).toHaveLength(1);
});

test('a quota is counted with what is made, and 413 says so', async () => {
  expect(
    (await world.call('admin', 'PUT', '/os-quota-sets/p-alice', { quota_set: { gigabytes: 3, volumes: 2 } }))
      .status,
  ).toBe(200);
  const id = await world.create({ size: 2 });
  const over = await world.call('alice', 'POST', '/volumes', { volume: { size: 2 } });
  expect([over.status, over.body['overLimit']?.['code']]).toEqual([413, 413]);
  expect((await world.action(id, { 'os-extend': { new_size: 4 } })).status).toBe(413);
  expect((await world.action(id, { 'os-extend': { new_size: 3 } })).status).toBe(202);
  await world.settle();
  const usage = await world.call('alice', 'GET', '/os-quota-sets/p-alice?usage=True');
  expect(usage.body['quota_set']).toMatchObject({
    gigabytes: { limit: 3, in_use: 3 },
    volumes: { limit: 2, in_use: 1 },
    gigabytes___DEFAULT__: { limit: -1, in_use: 3 },
  });
});

test('extends, and refuses to shrink', async () => {
  const id = await world.create();
  expect((await world.action(id, { 'os-extend': { new_size: 1 } })).status).toBe(400);
  expect((await world.action(id, { 'os-extend': { new_size: 5 } })).status).toBe(202);
  await world.settle();
  expect(await world.show(id)).toMatchObject({ status: 'available', size: 5 });
});

test('a type leads to its back end, and retyping moves the volume there', async () => {
  const type = { name: 'raw', extra_specs: { volume_backend_name: 'file-raw' } };
  expect((await world.call('admin', 'POST', '/types', { volume_type: type })).status).toBe(200);
  const other = { name: 'cow', extra_specs: { volume_backend_name: 'file-qcow2' } };
  await world.call('admin', 'POST', '/types', { volume_type: other });
  const id = await world.create({ volume_type: 'cow' });
  expect((await world.show(id, 'admin'))['os-vol-host-attr:host']).toBe('here@file-qcow2#file-qcow2');
  // Without leave to move it stays what it is, and its owner is told why.
  await world.action(id, { 'os-retype': { new_type: 'raw', migration_policy: 'never' } });
  await world.settle();
  expect(await world.show(id)).toMatchObject({ status: 'available', volume_type: 'cow' });
  expect((await world.call('alice', 'GET', '/messages')).body['messages']).toHaveLength(1);
  await world.action(id, { 'os-retype': { new_type: 'raw', migration_policy: 'on-demand' } });
  await world.settle();
  expect(await world.show(id)).toMatchObject({ status: 'available', volume_type: 'raw' });
  expect(world.stored()).toEqual([`file-raw/volume-${id}`]);
  expect(
    (await world.call('admin', 'DELETE', `/types/${(await world.show(id))['volume_type_id'] as string}`))
      .status,
  ).toBe(400);
});

test('a type that no back end meets leaves an error, a message and no file', async () => {
  const type = { name: 'fast', extra_specs: { volume_backend_name: 'ssd' } };
  await world.call('admin', 'POST', '/types', { volume_type: type });
  const id = await world.create({ volume_type: 'fast' });
  expect(await status(id)).toBe('error');
  const { messages } = (await world.call('alice', 'GET', '/messages')).body;
  expect(messages).toMatchObject([{ event_id: 'VOLUME_VOLUME_001_003', resource_uuid: id }]);
  expect((await world.call('alice', 'DELETE', `/volumes/${id}`)).status).toBe(202);
  await world.settle();
  expect(world.stored()).toEqual([]);
});

test('lists by filters, sorts and pages with links', async () => {
  for (const name of ['a', 'b', 'c']) await world.create({ name, metadata: { of: name } });
  const names = async (query: string): Promise<unknown> =>
    (
      (await world.call('alice', 'GET', `/volumes/detail${query}`)).body['volumes'] as unknown as {
        name: string;
      }[]
    ).map(({ name }) => name);
  expect(await names('')).toEqual(['c', 'b', 'a']);
  expect(await names('?sort=name:asc')).toEqual(['a', 'b', 'c']);
  expect(await names("?metadata={'of': 'b'}")).toEqual(['b']);
  expect(await names('?name=a&status=available')).toEqual(['a']);
  expect(await names('?name~=B')).toEqual(['b']);
  expect(await names('?status=nonsense')).toEqual([]);
  expect(await names('?created_at=gt:2001-01-01T00:00:00')).toHaveLength(3);
  expect(await names('?limit=0')).toEqual([]);
  const page = await world.call('alice', 'GET', '/volumes?sort=name:asc&limit=2&with_count=true');
  expect(page.body['count']).toBe(3);
  const [next] = page.body['volumes_links'] as unknown as { href: string }[];
  const second = await fetch(next?.href ?? '', { headers: { 'x-auth-token': 'alice' } });
  expect(((await second.json()) as { volumes: { name: string }[] }).volumes.map(({ name }) => name)).toEqual([
    'c',
  ]);
  expect((await world.call('alice', 'GET', '/volumes?sort=nothing')).status).toBe(400);
  expect((await world.call('alice', 'GET', '/volumes?marker=nothing')).status).toBe(404);
  const summary = await world.call('alice', 'GET', '/volumes/summary');
  expect(summary.body['volume-summary']).toEqual({
    total_count: 3,
    total_size: 3,
    metadata: { of: ['a', 'b', 'c'] },
  });
});

test('uploads to an image, reverts to a snapshot, takes another image', async () => {
  const id = await world.create();
  const answer = await world.action(id, {
    'os-volume_upload_image': { image_name: 'i', disk_format: 'qcow2', visibility: 'private' },
  });
  expect([answer.status, answer.body['os-volume_upload_image']?.['status']]).toEqual([202, 'uploading']);
  await world.settle();
  expect(world.images.filled).toHaveLength(1);
  const { body } = await world.call('alice', 'POST', '/snapshots', { snapshot: { volume_id: id } });
  await world.settle();
  const snapshot_id = body['snapshot']?.['id'];
  expect((await world.action(id, { revert: { snapshot_id: id } })).status).toBe(400);
  expect((await world.action(id, { revert: { snapshot_id } })).status).toBe(202);
  await world.settle();
  expect(await status(id)).toBe('available');
  expect((await world.action(id, { 'os-reimage': { image_id: IMAGE_ID } })).status).toBe(202);
  await world.settle();
  expect(await world.show(id)).toMatchObject({
    status: 'available',
    bootable: 'true',
    volume_image_metadata: { image_name: 'an image' },
  });
});

test('an offered volume goes to who has its key, with its snapshots', async () => {
  const id = await world.create();
  await world.call('alice', 'POST', '/snapshots', { snapshot: { volume_id: id } });
  await world.settle();
  const offer = await world.call('alice', 'POST', '/volume-transfers', { transfer: { volume_id: id } });
  const { id: transfer, auth_key } = offer.body['transfer'] as { id: string; auth_key: string };
  expect(await status(id)).toBe('awaiting-transfer');
  expect((await world.call('alice', 'DELETE', `/volumes/${id}`)).status).toBe(400);
  const accept = (key: string) =>
    world.call('bob', 'POST', `/volume-transfers/${transfer}/accept`, { accept: { auth_key: key } });
  expect((await accept('wrong')).status).toBe(400);
  expect((await accept(auth_key)).status).toBe(202);
  expect((await world.call('alice', 'GET', `/volumes/${id}`)).status).toBe(404);
  expect(await world.show(id, 'bob')).toMatchObject({ status: 'available' });
  expect((await world.call('bob', 'GET', '/snapshots')).body['snapshots']).toHaveLength(1);
});

test('what there is by microversion', async () => {
  const id = await world.create();
  const old = await world.show(id, 'alice', '3.0');
  for (const key of ['group_id', 'shared_targets', 'volume_type_id', 'consumes_quota', 'migration_status'])
    expect(old).not.toHaveProperty(key);
  expect((await world.call('alice', 'GET', '/volumes/summary', undefined, '3.11')).status).toBe(404);
  expect((await world.call('alice', 'GET', '/messages', undefined, '3.2')).status).toBe(404);
  expect((await world.call('alice', 'GET', '/volumes', undefined, '3.71')).status).toBe(406);
});

test("a path may begin with the caller's project, and with no other's", async () => {
  const project = '0123456789abcdef0123456789abcdef';
  expect((await world.call('alice', 'GET', `/${project}/volumes`)).status).toBe(400);
  expect((await world.call('alice', 'GET', '/volumes/')).status).toBe(404);
});

test('what may not be filtered by is refused from 3.31 on, but for administrators', async () => {
  const get = async (query: string, token = 'alice', version = '3.70'): Promise<number> =>
    (await world.call(token, 'GET', `/volumes?${query}`, undefined, version)).status;
  expect(await get('host=x')).toBe(400);
  expect(await get('host=x', 'alice', '3.30')).toBe(200);
  expect(await get('host=x', 'admin')).toBe(200);
  expect(await get('name=x&status=error&limit=1&sort=name:asc&all_tenants=1&with_count=True&name~=y')).toBe(
    200,
  );
});
