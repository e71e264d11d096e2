import { afterEach, beforeEach, expect, test } from 'vitest';
import { VolumeWorld } from './test-world.ts';

let world: VolumeWorld;
beforeEach(async () => {
  world = await new VolumeWorld().start();
});
afterEach(() => world.stop());

const NOWHERE = '7b0f4e6e-0000-4000-8000-000000000000';

/** Sends a request that has to succeed. */
async function made(
  token: string,
  method: string,
  path: string,
  body: object,
): Promise<Record<string, unknown>> {
  const answer = await world.call(token, method, path, body);
  if (answer.status >= 300) throw new Error(`${answer.status} ${JSON.stringify(answer.body)}`);
  return Object.values(answer.body)[0] ?? {};
}

const type = async (name: string, specs: object = {}): Promise<string> =>
  String((await made('admin', 'POST', '/types', { volume_type: { name, extra_specs: specs } }))['id']);

const CONSISTENT = { consistent_group_snapshot_enabled: '<is> True' };
const groupType = async (specs: object = CONSISTENT): Promise<string> =>
  String(
    (await made('admin', 'POST', '/group_types', { group_type: { name: 'together', group_specs: specs } }))[
      'id'
    ],
  );

async function group(volumeTypes: readonly string[], more: object = {}): Promise<string> {
  const body = { group: { group_type: 'together', volume_types: volumeTypes, name: 'g', ...more } };
  const { id } = await made('alice', 'POST', '/groups', body);
  await world.settle();
  return String(id);
}

const showGroup = async (id: string, query = '', version = '3.70'): Promise<Record<string, unknown>> =>
  (await world.call('alice', 'GET', `/groups/${id}${query}`, undefined, version)).body['group'] ?? {};
const act = (id: string, body: object, token = 'alice') =>
  world.call(token, 'POST', `/groups/${id}/action`, body);

test('types of groups: made, shown by who looks, changed, and kept while groups are of them', async () => {
  const id = await groupType();
  expect((await world.call('alice', 'POST', '/group_types', { group_type: { name: 'b' } })).status).toBe(403);
  expect(
    (await world.call('admin', 'POST', '/group_types', { group_type: { name: 'together' } })).status,
  ).toBe(409);
  const seen = async (token: string) =>
    (await world.call(token, 'GET', `/group_types/${id}`)).body['group_type'];
  expect(await seen('admin')).toMatchObject({ name: 'together', is_public: true, group_specs: CONSISTENT });
  expect(await seen('alice')).not.toHaveProperty('group_specs');
  expect(
    await made('admin', 'POST', `/group_types/${id}/group_specs`, { group_specs: { a: '1', b: null } }),
  ).toEqual({ a: '1', b: null });
  expect((await world.call('admin', 'GET', `/group_types/${id}/group_specs/b`)).body).toEqual({ b: null });
  expect((await world.call('admin', 'PUT', `/group_types/${id}/group_specs/a`, { b: '1' })).status).toBe(400);
  for (const key of ['a', 'b'])
    expect((await world.call('admin', 'DELETE', `/group_types/${id}/group_specs/${key}`)).status).toBe(202);
  expect((await world.call('admin', 'DELETE', `/group_types/${id}/group_specs/a`)).status).toBe(404);
  const changed = { group_type: { name: 'other', is_public: false } };
  expect(await made('admin', 'PUT', `/group_types/${id}`, changed)).toMatchObject({ name: 'other' });
  expect((await world.call('alice', 'GET', `/group_types/${id}`)).status).toBe(404);
  expect((await world.call('alice', 'GET', '/group_types')).body['group_types']).toEqual([]);
  const hidden = await world.call('admin', 'GET', '/group_types?is_public=false');
  expect(hidden.body['group_types']).toHaveLength(1);
  expect((await world.call('admin', 'GET', '/group_types/default')).status).toBe(404);
  expect((await world.call('admin', 'GET', `/group_types/${id}`, undefined, '3.10')).status).toBe(404);
  expect((await world.call('admin', 'DELETE', `/group_types/${id}`)).status).toBe(202);
});

test('a group is on one back end, and its volumes with it', async () => {
  const raw = await type('raw', { volume_backend_name: 'file-raw' });
  const other = await type('other', { volume_backend_name: 'file-qcow2' });
  const groupTypeId = await groupType();
  const id = await group([raw]);
  const volume = await world.create({ volume_type: 'raw', group_id: id });
  expect(await world.show(volume)).toMatchObject({ group_id: id, status: 'available' });
  expect(await showGroup(id, '?list_volume=true')).toMatchObject({
    status: 'available',
    group_type: groupTypeId,
    volume_types: [raw],
    volumes: [volume],
    replication_status: 'disabled',
    availability_zone: 'nova',
  });
  expect(Object.keys(await showGroup(id, '?list_volume=true', '3.13'))).not.toContain('volumes');
  const make = (more: object) => world.call('alice', 'POST', '/volumes', { volume: { size: 1, ...more } });
  expect((await make({ group_id: id })).status).toBe(400);
  expect((await make({ group_id: id, volume_type: 'other' })).status).toBe(400);
  expect((await make({ group_id: NOWHERE, volume_type: 'raw' })).status).toBe(404);
  // No back end is both: the group fails, and its owner is told.
  const torn = await group([raw, other]);
  expect(await showGroup(torn)).toMatchObject({ status: 'error' });
  const [message] = (await world.call('alice', 'GET', '/messages')).body['messages'] as unknown as object[];
  expect(message).toMatchObject({ resource_type: 'VOLUME_GROUP', resource_uuid: torn });
  expect((await world.call('admin', 'DELETE', `/types/${raw}`)).status).toBe(400);
  expect((await world.call('admin', 'DELETE', `/group_types/${groupTypeId}`)).status).toBe(400);
});

test('what is in a group is not deleted, moved or given away by itself, and the group only as a whole', async () => {
  const plain = await type('plain');
  await groupType();
  const id = await group([plain]);
  const volume = await world.create({ volume_type: 'plain', group_id: id });
  expect((await world.call('alice', 'DELETE', `/volumes/${volume}`)).status).toBe(400);
  const transfer = { transfer: { volume_id: volume } };
  expect((await world.call('alice', 'POST', '/volume-transfers', transfer)).status).toBe(400);
  expect((await act(id, { delete: { 'delete-volumes': false } })).status).toBe(400);
  expect((await act(id, { delete: {} }, 'bob')).status).toBe(404);
  expect((await act(id, { delete: { 'delete-volumes': true } })).status).toBe(202);
  await world.settle();
  expect((await world.call('alice', 'GET', `/groups/${id}`)).status).toBe(404);
  expect((await world.call('alice', 'GET', `/volumes/${volume}`)).status).toBe(404);
  expect(world.stored()).toEqual([]);
});

test('volumes come into a group and leave it', async () => {
  const here = await type('here', { volume_backend_name: 'file-raw' });
  const anywhere = await type('anywhere');
  await groupType();
  const id = await group([here, anywhere]);
  const volume = await world.create({ volume_type: 'here' });
  const stranger = await world.create();
  const elsewhere = await made('alice', 'POST', '/volumes', {
    volume: { size: 1, volume_type: 'anywhere' },
    'OS-SCH-HNT:scheduler_hints': { different_host: volume },
  });
  await world.settle();
  const update = (body: object, token = 'alice') =>
    world.call(token, 'PUT', `/groups/${id}`, { group: body });
  expect((await update({ add_volumes: String(elsewhere['id']) })).status).toBe(400);
  expect((await update({ add_volumes: `${volume},`, name: 'n' })).status).toBe(202);
  expect(await showGroup(id, '?list_volume=1')).toMatchObject({ name: 'n', volumes: [volume] });
  for (const body of [
    {},
    { name: 'n' },
    { add_volumes: stranger },
    { add_volumes: NOWHERE },
    { add_volumes: volume, remove_volumes: volume },
    { remove_volumes: stranger },
  ])
    expect((await update(body)).status).toBe(400);
  expect((await update({ name: 'x' }, 'reader')).status).toBe(403);
  expect((await update({ name: 'x' }, 'bob')).status).toBe(404);
  expect((await update({ remove_volumes: volume })).status).toBe(202);
  expect(await world.show(volume)).toMatchObject({ group_id: null });
  expect((await act(id, { delete: {} })).status).toBe(202);
});

test('a snapshot of a group has one of each volume, and groups are made of it and of groups', async () => {
  const plain = await type('plain');
  await groupType();
  const id = await group([plain]);
  const volumes = [];
  for (const size of [1, 2]) volumes.push(await world.create({ volume_type: 'plain', group_id: id, size }));
  const body = { group_snapshot: { group_id: id, name: 's', description: 'd' } };
  const { id: shotId } = (await made('alice', 'POST', '/group_snapshots', body)) as { id: string };
  await world.settle();
  const path = `/group_snapshots/${shotId}`;
  expect((await world.call('alice', 'GET', path)).body['group_snapshot']).toMatchObject({
    status: 'available',
    group_id: id,
    name: 's',
  });
  expect((await world.call('bob', 'GET', path)).status).toBe(404);
  expect((await world.call('alice', 'GET', path)).body['group_snapshot']).not.toHaveProperty('project_id');
  expect((await world.call('admin', 'GET', path)).body['group_snapshot']).toMatchObject({
    project_id: 'p-alice',
  });
  const shots = (await world.call('alice', 'GET', '/snapshots')).body['snapshots'] as unknown as {
    id: string;
  }[];
  expect(shots).toHaveLength(2);
  for (const one of shots) {
    expect(one).toMatchObject({ group_snapshot_id: shotId, status: 'available', name: 's' });
    expect((await world.call('alice', 'DELETE', `/snapshots/${one.id}`)).status).toBe(400);
  }
  expect((await act(id, { delete: { 'delete-volumes': true } })).status).toBe(400);
  for (const source of [{ group_snapshot_id: shotId }, { source_group_id: id }]) {
    const copy = await made('alice', 'POST', '/groups/action', {
      'create-from-src': { name: 'c', ...source },
    });
    await world.settle();
    const shown = await showGroup(String(copy['id']), '?list_volume=true');
    expect(shown).toMatchObject({ status: 'available', ...source, volume_types: [plain] });
    const copies = shown['volumes'] as string[];
    expect(copies).toHaveLength(2);
    const sizes = await Promise.all(copies.map(async (one) => (await world.show(one))['size']));
    expect(sizes).toEqual([1, 2]);
  }
  // Two volumes, two snapshots, and two copies of two.
  expect(world.stored()).toHaveLength(8);
  for (const source of [{}, { source_group_id: NOWHERE }, { group_snapshot_id: shotId, source_group_id: id }])
    expect((await world.call('alice', 'POST', '/groups/action', { 'create-from-src': source })).status).toBe(
      'source_group_id' in source && !('group_snapshot_id' in source) ? 404 : 400,
    );
  expect((await world.call('reader', 'DELETE', path)).status).toBe(403);
  expect((await world.call('alice', 'DELETE', path)).status).toBe(202);
  await world.settle();
  expect((await world.call('alice', 'GET', path)).status).toBe(404);
  expect((await world.call('alice', 'GET', '/snapshots')).body['snapshots']).toEqual([]);
  expect(world.stored()).toHaveLength(6);
});

test('statuses are set by administrators, replication is refused, and the quota counts', async () => {
  const plain = await type('plain');
  await groupType({});
  const id = await group([plain]);
  expect((await act(id, { reset_status: { status: 'error' } })).status).toBe(403);
  expect((await act(id, { reset_status: { status: 'wrong' } }, 'admin')).status).toBe(400);
  expect((await act(id, { reset_status: { status: 'error' } }, 'admin')).status).toBe(202);
  expect(await showGroup(id)).toMatchObject({ status: 'error' });
  for (const name of ['enable', 'disable', 'failover'])
    expect((await act(id, { [`${name}_replication`]: {} })).status).toBe(400);
  expect((await act(id, { list_replication_targets: {} })).status).toBe(400);
  await made('admin', 'PUT', '/os-quota-sets/p-alice', { quota_set: { groups: 1 } });
  const body = { group: { group_type: 'together', volume_types: [plain] } };
  expect((await world.call('alice', 'POST', '/groups', body)).status).toBe(413);
  const usage = await world.call('alice', 'GET', '/os-quota-sets/p-alice?usage=True');
  expect(usage.body['quota_set']?.['groups']).toMatchObject({ limit: 1, in_use: 1 });
  expect((await world.call('bob', 'GET', '/groups')).body['groups']).toEqual([]);
  expect((await world.call('admin', 'GET', '/groups/detail?all_tenants=1')).body['groups']).toHaveLength(1);
  expect((await world.call('alice', 'GET', '/groups?name~=G')).body['groups']).toHaveLength(1);
});

test('consistency groups are groups in the words of the API before, from 3.0 on', async () => {
  const plain = await type('plain');
  const call = (method: string, path: string, body?: unknown) =>
    world.call('alice', method, path, body, '3.0');
  const created = await call('POST', '/consistencygroups', {
    consistencygroup: { name: 'c', volume_types: `${plain},`, status: 'creating', user_id: null },
  });
  expect(created.status).toBe(202);
  const id = String(created.body['consistencygroup']?.['id']);
  await world.settle();
  const volume = await world.create({ volume_type: 'plain', consistencygroup_id: id });
  expect((await call('GET', `/volumes/${volume}`)).body['volume']).toMatchObject({ consistencygroup_id: id });
  expect((await call('GET', `/consistencygroups/${id}`)).body['consistencygroup']).toEqual({
    id,
    name: 'c',
    status: 'available',
    availability_zone: 'nova',
    created_at: expect.any(String) as string,
    description: null,
    volume_types: [plain],
  });
  expect(await showGroup(id)).toMatchObject({ id, volume_types: [plain] });
  expect((await call('GET', '/consistencygroups')).body).toEqual({ consistencygroups: [{ id, name: 'c' }] });
  const update = (consistencygroup: object, version: string) =>
    world.call('alice', 'PUT', `/consistencygroups/${id}/update`, { consistencygroup }, version);
  expect((await update({ name: '' }, '3.5')).status).toBe(400);
  expect((await update({ name: '' }, '3.6')).status).toBe(202);
  const taken = await call('POST', '/cgsnapshots', { cgsnapshot: { consistencygroup_id: id, name: 's' } });
  const snapshot = String(taken.body['cgsnapshot']?.['id']);
  await world.settle();
  expect((await call('GET', '/cgsnapshots/detail')).body['cgsnapshots']).toMatchObject([
    { id: snapshot, consistencygroup_id: id, name: 's', status: 'available' },
  ]);
  const copy = (source: object) =>
    call('POST', '/consistencygroups/create_from_src', {
      'consistencygroup-from-src': { name: 'd', ...source },
    });
  expect((await copy({})).status).toBe(400);
  expect((await copy({ cgsnapshot_id: snapshot, source_cgid: id })).status).toBe(400);
  const copies = [
    await copy({ cgsnapshot_id: snapshot, source_cgid: null }),
    await copy({ source_cgid: id }),
  ];
  await world.settle();
  for (const { body } of copies) {
    const made = String(body['consistencygroup']?.['id']);
    expect((await showGroup(made, '?list_volume=true'))['volumes']).toHaveLength(1);
    expect((await call('POST', `/consistencygroups/${made}/delete`, { consistencygroup: {} })).status).toBe(
      400,
    );
    const force = { consistencygroup: { force: true } };
    expect((await call('POST', `/consistencygroups/${made}/delete`, force)).status).toBe(202);
    await world.settle();
  }
  expect((await call('DELETE', `/cgsnapshots/${snapshot}`)).status).toBe(202);
  await world.settle();
  const force = { consistencygroup: { force: true } };
  expect((await call('POST', `/consistencygroups/${id}/delete`, force)).status).toBe(202);
  await world.settle();
  expect((await call('GET', `/consistencygroups/${id}`)).status).toBe(404);
  expect(world.stored()).toEqual([]);
});
