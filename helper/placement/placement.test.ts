import { randomUUID } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { transaction } from '../db/index.ts';
import { PlacementWorld } from './test-world.ts';

let world: PlacementWorld;
beforeEach(async () => {
  world = await PlacementWorld.create();
});
afterEach(() => world.dispose());

const call: PlacementWorld['call'] = (...request) => world.call(...request);
test('the version document needs no token, all else does', async () => {
  expect((await call('GET', '', undefined, '1.0', null)).body).toMatchObject({
    versions: [{ id: 'v1.0', min_version: '1.0', max_version: '1.39' }],
  });
  for (const { method, path, min } of world.placement.service.endpoints) {
    const where = path.replaceAll(/\{\w+\}/g, 'x');
    const version = min === undefined ? '1.0' : `1.${min % 1000}`;
    expect(`${method} ${path} ${(await call(method, where, undefined, version, null)).status}`).toBe(
      `${method} ${path} 401`,
    );
  }
  for (const path of ['/resource_providers', '/traits', '/allocations/x', '/usages?project_id=p2'])
    expect((await call('GET', path, undefined, '1.39', 'reader')).status).toBe(403);
  expect((await call('GET', '/resource_providers', undefined, '1.39', 'service')).status).toBe(200);
  expect((await call('GET', '/usages?project_id=p1', undefined, '1.39', 'reader')).status).toBe(200);
  expect((await call('GET', '/resource_providers', undefined, '1.40')).status).toBe(406);
});

describe('providers', () => {
  test('are made, renamed, found, removed', async () => {
    const old = await call('POST', '/resource_providers', { name: 'old' }, '1.0');
    expect(old.status).toBe(201);
    expect(old.headers.get('location')).toMatch(
      /^http:\/\/127\.0\.0\.1:\d+\/placement\/resource_providers\//,
    );
    const uuid = await world.provider('one');
    const shown = await call('GET', `/resource_providers/${uuid}`);
    expect(shown.headers.get('cache-control')).toBe('no-cache');
    expect(shown.headers.get('openstack-api-version')).toBe('placement 1.39');
    expect(shown.body).toMatchObject({ name: 'one', parent_provider_uuid: null, root_provider_uuid: uuid });
    expect((await call('GET', `/resource_providers/${uuid}`, undefined, '1.0')).body['links']).toHaveLength(
      3,
    );
    const again = await call('POST', '/resource_providers', { name: 'one' });
    expect(again).toMatchObject({
      status: 409,
      body: { errors: [{ code: 'placement.duplicate_name' }] },
    });
    expect((await call('PUT', `/resource_providers/${uuid}`, { name: 'two' })).body).toMatchObject({
      name: 'two',
    });
    expect((await call('GET', '/resource_providers?name=two')).body['resource_providers']).toHaveLength(1);
    expect((await call('GET', '/resource_providers?nothing=1')).status).toBe(400);
    expect((await call('DELETE', `/resource_providers/${uuid}`)).status).toBe(204);
    expect((await call('GET', `/resource_providers/${uuid}`)).status).toBe(404);
  });

  test('are trees', async () => {
    const root = await world.provider('root');
    const child = await world.provider('child', {}, root);
    const other = await world.provider('other');
    expect(
      (await call('GET', `/resource_providers?in_tree=${child}`)).body['resource_providers'],
    ).toHaveLength(2);
    expect((await call('DELETE', `/resource_providers/${root}`)).body).toMatchObject({
      errors: [{ code: 'placement.resource_provider.cannot_delete_parent' }],
    });
    const move = (uuid: string, parent: string | null, version?: string) =>
      call('PUT', `/resource_providers/${uuid}`, { name: uuid, parent_provider_uuid: parent }, version);
    expect((await move(child, other, '1.36')).status).toBe(400);
    expect((await move(child, other)).body).toMatchObject({ root_provider_uuid: other });
    expect((await move(other, child)).status).toBe(400);
    expect((await move(child, null)).body).toMatchObject({ root_provider_uuid: child });
    expect((await move(child, randomUUID())).status).toBe(400);
  });

  test('are chosen by resources, traits and aggregates', async () => {
    const big = await world.provider('big', { VCPU: { total: 8 } });
    const small = await world.provider('small', { VCPU: { total: 2 } });
    const group = randomUUID();
    await world.traits(big, 'CUSTOM_GOLD', 'HW_CPU_X86_AVX');
    await world.join(small, group);
    const found = async (query: string, version?: string) => {
      const { status, body } = await call('GET', `/resource_providers?${query}`, undefined, version);
      if (status !== 200) return status;
      return (body['resource_providers'] as { name: string }[]).map(({ name }) => name).join();
    };
    expect(await found('resources=VCPU:4')).toBe('big');
    expect(await found('resources=VCPU:9')).toBe('');
    expect(await found('resources=NOTHING:1')).toBe(400);
    expect(await found('required=CUSTOM_GOLD')).toBe('big');
    expect(await found('required=!CUSTOM_GOLD')).toBe('small');
    expect(await found('required=!CUSTOM_GOLD', '1.21')).toBe(400);
    expect(await found('required=in:CUSTOM_GOLD,HW_CPU_X86_SSE')).toBe('big');
    expect(await found('required=NO_SUCH')).toBe(400);
    expect(await found(`member_of=in:${group},${randomUUID()}`)).toBe('small');
    expect(await found(`member_of=!${group}`)).toBe('big');
    expect(await found('member_of=x')).toBe(400);
  });
});

describe('inventories', () => {
  test('one by one and all at once, with generations', async () => {
    const uuid = await world.provider('p');
    const path = `/resource_providers/${uuid}/inventories`;
    const added = await call('POST', path, { resource_class: 'DISK_GB', total: 100 });
    expect(added).toMatchObject({
      status: 201,
      body: { total: 100, reserved: 0, min_unit: 1, max_unit: 2_147_483_647, allocation_ratio: 1 },
    });
    expect((await call('POST', path, { resource_class: 'DISK_GB', total: 100 })).status).toBe(409);
    expect((await call('POST', path, { resource_class: 'CUSTOM_NONE', total: 1 })).status).toBe(400);
    const one = (total: number, reserved: number, generation: number, version?: string) =>
      call('PUT', `${path}/DISK_GB`, { total, reserved, resource_provider_generation: generation }, version);
    const generation = await world.generationOf(uuid);
    expect((await one(50, 5, generation - 1)).body).toMatchObject({
      errors: [{ code: 'placement.concurrent_update' }],
    });
    expect((await one(50, 5, generation)).body).toMatchObject({
      total: 50,
      resource_provider_generation: generation + 1,
    });
    expect((await one(50, 51, generation + 1)).status).toBe(400);
    expect((await one(50, 50, generation + 1, '1.25')).status).toBe(400);
    expect((await one(50, 50, generation + 1, '1.26')).status).toBe(200);
    expect((await call('GET', `${path}/VCPU`)).status).toBe(404);
    expect((await call('DELETE', `${path}/VCPU`)).status).toBe(404);
    expect((await call('DELETE', path)).status).toBe(204);
    expect((await call('GET', path)).body['inventories']).toEqual({});
  });

  test('in use cannot go', async () => {
    const uuid = await world.provider('p', { VCPU: { total: 4 } });
    await world.allocate(randomUUID(), { [uuid]: { resources: { VCPU: 1 } } });
    const path = `/resource_providers/${uuid}`;
    const inUse = { errors: [{ code: 'placement.inventory.inuse' }] };
    expect((await call('DELETE', `${path}/inventories`)).body).toMatchObject(inUse);
    expect((await call('DELETE', `${path}/inventories/VCPU`)).status).toBe(409);
    expect((await call('DELETE', path)).body).toMatchObject({
      errors: [{ code: 'placement.resource_provider.inuse' }],
    });
    expect((await call('GET', `${path}/usages`)).body).toMatchObject({ usages: { VCPU: 1 } });
  });
});

test('custom names of classes and traits', async () => {
  expect((await call('PUT', '/resource_classes/CUSTOM_GAS')).status).toBe(201);
  expect((await call('PUT', '/resource_classes/CUSTOM_GAS')).status).toBe(204);
  expect((await call('PUT', '/resource_classes/GAS')).status).toBe(400);
  expect((await call('POST', '/resource_classes', { name: 'CUSTOM_GAS' })).status).toBe(409);
  const renamed = await call('PUT', '/resource_classes/CUSTOM_GAS', { name: 'CUSTOM_OIL' }, '1.2');
  expect(renamed.body).toMatchObject({ name: 'CUSTOM_OIL' });
  const list = (await call('GET', '/resource_classes')).body['resource_classes'] as { name: string }[];
  expect(list.map(({ name }) => name)).toEqual(expect.arrayContaining(['VCPU', 'PCPU', 'CUSTOM_OIL']));
  const uuid = await world.provider('p', { CUSTOM_OIL: { total: 3 } });
  expect((await call('DELETE', '/resource_classes/CUSTOM_OIL')).status).toBe(409);
  expect((await call('DELETE', '/resource_classes/VCPU')).status).toBe(400);
  await call('DELETE', `/resource_providers/${uuid}`);
  expect((await call('DELETE', '/resource_classes/CUSTOM_OIL')).status).toBe(204);
  expect((await call('GET', '/resource_classes/CUSTOM_OIL')).status).toBe(404);

  expect((await call('PUT', '/traits/CUSTOM_FAST')).status).toBe(201);
  expect((await call('PUT', '/traits/FAST')).status).toBe(400);
  expect((await call('GET', '/traits/CUSTOM_FAST')).status).toBe(204);
  expect((await call('GET', '/traits?name=startswith:CUSTOM')).body).toEqual({ traits: ['CUSTOM_FAST'] });
  expect((await call('GET', '/traits?associated=true')).body).toEqual({ traits: [] });
  const fast = await world.provider('fast');
  await world.traits(fast, 'CUSTOM_FAST');
  expect((await call('GET', '/traits?associated=true')).body).toEqual({ traits: ['CUSTOM_FAST'] });
  expect((await call('DELETE', '/traits/CUSTOM_FAST')).status).toBe(409);
  expect((await call('DELETE', `/resource_providers/${fast}/traits`)).status).toBe(204);
  expect((await call('DELETE', '/traits/CUSTOM_FAST')).status).toBe(204);
  expect((await call('DELETE', '/traits/HW_CPU_X86_AVX')).status).toBe(400);
});

describe('allocations', () => {
  test('fill what there is, and not more', async () => {
    const uuid = await world.provider('p', {
      VCPU: { total: 2, allocation_ratio: 2 },
      DISK_GB: { total: 100, reserved: 10, min_unit: 10, step_size: 10, max_unit: 50 },
    });
    const [a, b] = [randomUUID(), randomUUID()];
    const cpus = (n: number) => ({ [uuid]: { resources: { VCPU: n } } });
    expect((await world.allocate(a, cpus(3))).status).toBe(204);
    expect((await world.allocate(b, cpus(2))).status).toBe(409);
    expect((await world.allocate(b, cpus(1))).status).toBe(204);
    expect((await world.allocate(a, cpus(2))).body).toMatchObject({
      errors: [{ code: 'placement.concurrent_update' }],
    });
    expect((await world.allocate(a, cpus(2), 1)).status).toBe(204);
    for (const amount of [5, 15, 60])
      expect(
        (await world.allocate(randomUUID(), { [uuid]: { resources: { DISK_GB: amount } } })).status,
      ).toBe(409);
    expect((await world.allocate(randomUUID(), { [randomUUID()]: { resources: { VCPU: 1 } } })).status).toBe(
      400,
    );
    expect((await call('GET', `/allocations/${a}`)).body).toMatchObject({
      allocations: { [uuid]: { resources: { VCPU: 2 } } },
      project_id: 'p1',
      consumer_generation: 2,
      consumer_type: 'INSTANCE',
    });
    expect((await call('GET', `/resource_providers/${uuid}/allocations`)).body).toMatchObject({
      allocations: { [a]: { resources: { VCPU: 2 } }, [b]: { resources: { VCPU: 1 } } },
    });
    expect((await call('GET', '/usages?project_id=p1', undefined, '1.9')).body).toEqual({
      usages: { VCPU: 3 },
    });
    expect((await call('GET', '/usages?project_id=p1')).body).toEqual({
      usages: { INSTANCE: { consumer_count: 2, VCPU: 3 } },
    });
    expect((await call('GET', '/usages?project_id=p1&consumer_type=all')).body).toEqual({
      usages: { all: { consumer_count: 2, VCPU: 3 } },
    });
    expect((await world.allocate(a, {}, 2)).status).toBe(204);
    expect((await call('GET', `/allocations/${a}`)).body).toEqual({ allocations: {} });
    expect((await call('DELETE', `/allocations/${b}`)).status).toBe(204);
    expect((await call('DELETE', `/allocations/${b}`)).status).toBe(404);
  });

  test('in the forms of old microversions', async () => {
    const uuid = await world.provider('p', { VCPU: { total: 2 } });
    const id = randomUUID();
    const list = { allocations: [{ resource_provider: { uuid }, resources: { VCPU: 1 } }] };
    expect((await call('PUT', `/allocations/${id}`, list, '1.0')).status).toBe(204);
    expect((await call('PUT', `/allocations/${id}`, list, '1.8')).status).toBe(400);
    const owned = { ...list, project_id: 'p1', user_id: 'u1' };
    expect((await call('PUT', `/allocations/${id}`, owned, '1.8')).status).toBe(204);
    expect((await call('GET', `/allocations/${id}`, undefined, '1.11')).body).not.toHaveProperty(
      'project_id',
    );
    const map = { allocations: { [uuid]: { resources: { VCPU: 2 } } }, project_id: 'p1', user_id: 'u1' };
    expect((await call('PUT', `/allocations/${id}`, map, '1.12')).status).toBe(204);
    expect((await call('PUT', `/allocations/${id}`, map, '1.28')).status).toBe(400);
  });

  test('of several at once: all or none; moved from one to another', async () => {
    const uuid = await world.provider('p', { VCPU: { total: 2 } });
    const [a, b] = [randomUUID(), randomUUID()];
    const has = (n: number, generation: number | null) => ({
      allocations: n === 0 ? {} : { [uuid]: { resources: { VCPU: n } } },
      project_id: 'p1',
      user_id: 'u1',
      consumer_generation: generation,
      consumer_type: 'MIGRATION',
    });
    expect((await call('POST', '/allocations', { [a]: has(2, null), [b]: has(1, null) })).status).toBe(409);
    expect((await call('GET', `/allocations/${a}`)).body).toEqual({ allocations: {} });
    expect((await call('POST', '/allocations', { [a]: has(2, null) })).status).toBe(204);
    expect((await call('POST', '/allocations', { [a]: has(0, 1), [b]: has(2, null) })).status).toBe(204);
    expect((await call('GET', `/allocations/${b}`)).body).toMatchObject({ consumer_type: 'MIGRATION' });
  });

  test('are moved with inventories by the reshaper', async () => {
    const root = await world.provider('root', { VGPU: { total: 2 } });
    const child = await world.provider('child', {}, root);
    const id = randomUUID();
    await world.allocate(id, { [root]: { resources: { VGPU: 1 } } });
    const body = (generation: number) => ({
      inventories: {
        [root]: { resource_provider_generation: generation, inventories: {} },
        [child]: { resource_provider_generation: 1, inventories: { VGPU: { total: 2 } } },
      },
      allocations: {
        [id]: {
          allocations: { [child]: { resources: { VGPU: 1 } } },
          project_id: 'p1',
          user_id: 'u1',
          consumer_generation: 1,
          consumer_type: 'INSTANCE',
        },
      },
    });
    const generation = await world.generationOf(root);
    expect((await call('POST', '/reshaper', body(generation - 1))).status).toBe(409);
    expect((await call('POST', '/reshaper', body(generation))).status).toBe(204);
    expect((await call('GET', `/resource_providers/${root}/inventories`)).body['inventories']).toEqual({});
    expect((await call('GET', `/resource_providers/${child}/usages`)).body).toMatchObject({
      usages: { VGPU: 1 },
    });
  });
});

test("compute's hosts and servers", async () => {
  const { placement, db } = world;
  const { hosts } = placement;
  const uuid = randomUUID();
  const inventory = { reserved: 0, min_unit: 1, max_unit: 4, step_size: 1, allocation_ratio: 16 };
  const host = (total: number, ...names: string[]) => ({
    uuid,
    name: 'desk',
    inventories: { VCPU: { ...inventory, total } },
    traits: names,
  });
  hosts.sync(db, host(4, 'COMPUTE_NODE'));
  const before = await world.generationOf(uuid);
  hosts.sync(db, host(4, 'COMPUTE_NODE'));
  expect(await world.generationOf(uuid)).toBe(before);
  await world.traits(uuid, 'COMPUTE_NODE', 'CUSTOM_MINE');
  const ratio = {
    total: 4,
    allocation_ratio: 2,
    resource_provider_generation: await world.generationOf(uuid),
  };
  await call('PUT', `/resource_providers/${uuid}/inventories/VCPU`, ratio);
  hosts.sync(db, host(6, 'COMPUTE_NODE', 'COMPUTE_STATUS_DISABLED'));
  expect((await call('GET', `/resource_providers/${uuid}/inventories`)).body['inventories']).toMatchObject({
    VCPU: { total: 6, allocation_ratio: 2 },
  });
  expect((await call('GET', `/resource_providers/${uuid}/traits`)).body['traits']).toEqual([
    'COMPUTE_NODE',
    'COMPUTE_STATUS_DISABLED',
    'CUSTOM_MINE',
  ]);
  const server = { id: randomUUID(), projectId: 'p1', userId: 'u1' };
  transaction(db, () => hosts.allocate(db, server, uuid, { VCPU: 2, DISK_GB: 0 }));
  expect((await call('GET', `/allocations/${server.id}`)).body).toMatchObject({
    allocations: { [uuid]: { resources: { VCPU: 2 } } },
    consumer_type: 'INSTANCE',
  });
  const aggregate = randomUUID();
  hosts.setMember(db, uuid, aggregate, true);
  hosts.setMember(db, uuid, aggregate, true);
  expect((await call('GET', `/resource_providers/${uuid}/aggregates`)).body).toMatchObject({
    aggregates: [aggregate],
  });
  hosts.setMember(db, uuid, aggregate, false);
  hosts.release(db, server.id);
  hosts.release(db, server.id);
  expect((await call('GET', `/resource_providers/${uuid}/usages`)).body).toMatchObject({
    usages: { VCPU: 0 },
  });
  hosts.remove(db, uuid);
  hosts.remove(db, uuid);
  expect((await call('GET', `/resource_providers/${uuid}`)).status).toBe(404);
});
