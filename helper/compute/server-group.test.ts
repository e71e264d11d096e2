import { randomUUID } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { BasicsWorld } from './basics-test-world.ts';
import { insertServerGroup } from './store/server-group.ts';
import { TestWorld } from './test-world.ts';

describe('server groups', () => {
  let world: BasicsWorld;
  beforeEach(async () => {
    world = await BasicsWorld.create();
  });
  afterEach(() => world.dispose());

  const call: BasicsWorld['call'] = (...request) => world.call(...request);
  const create = (body: object, version?: string, token = 'member') =>
    call(token, 'POST', '/os-server-groups', { server_group: { name: 'g', ...body } }, version);
  const made = async (policy = 'affinity'): Promise<string> =>
    ((await create({ policy }, '2.64')).body['server_group'] as { id: string }).id;

  test('each microversion has its own form', async () => {
    const old = await create({ policies: ['affinity'] });
    expect(old.status).toBe(200);
    expect(old.body['server_group']).toEqual({
      id: expect.any(String) as string,
      name: 'g',
      members: [],
      policies: ['affinity'],
      metadata: {},
    });
    expect((await create({ policies: ['anti-affinity'] }, '2.13')).body['server_group']).toMatchObject({
      project_id: 'p1',
      user_id: 'alice',
    });
    expect((await create({ policies: ['soft-affinity'] }, '2.15')).status).toBe(200);
    const rules = { max_server_per_host: '3' };
    const id = (
      (await create({ policy: 'anti-affinity', rules }, '2.64')).body['server_group'] as { id: string }
    ).id;
    expect((await call('reader', 'GET', `/os-server-groups/${id}`, undefined, '2.64')).body).toEqual({
      server_group: {
        id,
        name: 'g',
        members: [],
        project_id: 'p1',
        user_id: 'alice',
        policy: 'anti-affinity',
        rules: { max_server_per_host: 3 },
      },
    });
  });

  test.each<[object, string]>([
    [{ policies: [] }, '2.1'],
    [{ policies: ['soft-affinity'] }, '2.14'],
    [{ policies: ['affinity', 'anti-affinity'] }, '2.15'],
    [{ policies: ['legacy'] }, '2.15'],
    [{ policy: 'affinity' }, '2.63'],
    [{ policies: ['affinity'] }, '2.64'],
    [{ policy: 'affinity', rules: { max_server_per_host: 2 } }, '2.64'],
    [{ policy: 'anti-affinity', rules: { max_server_per_host: 0 } }, '2.64'],
    [{ policy: 'anti-affinity', rules: { other: 1 } }, '2.64'],
    [{ policy: 'affinity', name: '' }, '2.64'],
    [{ policy: 'affinity', name: ' x' }, '2.64'],
  ])('%j is refused in %s', async (body, version) => {
    expect((await create(body, version)).status).toBe(400);
  });

  test('belong to a project; readers read, members change, administrators see all', async () => {
    const id = await made();
    expect((await create({ policy: 'affinity' }, '2.64', 'reader')).status).toBe(403);
    expect((await call('nobody', 'GET', '/os-server-groups')).status).toBe(401);
    expect((await call('nobody', 'GET', `/os-server-groups/${id}`)).status).toBe(401);
    for (const method of ['GET', 'DELETE'])
      expect((await call('other', method, `/os-server-groups/${id}`)).status).toBe(403);
    expect((await call('reader', 'DELETE', `/os-server-groups/${id}`)).status).toBe(403);
    expect((await call('other', 'GET', '/os-server-groups?all_projects=1')).body).toEqual({
      server_groups: [],
    });
    expect((await call('admin', 'GET', '/os-server-groups')).body['server_groups']).toEqual([]);
    expect(
      (await call('admin', 'GET', '/os-server-groups?all_projects=1')).body['server_groups'],
    ).toHaveLength(1);
    expect((await call('member', 'GET', `/os-server-groups/${randomUUID()}`)).status).toBe(404);
    expect((await call('member', 'DELETE', `/os-server-groups/${id}`)).status).toBe(204);
    expect((await call('member', 'GET', `/os-server-groups/${id}`)).body).toMatchObject({
      itemNotFound: { message: `Instance group ${id} could not be found.` },
    });
  });

  test('are listed in pages', async () => {
    const ids = [await made(), await made(), await made()];
    const list = async (query: string, version = '2.1') => {
      const { status, body } = await call('member', 'GET', `/os-server-groups${query}`, undefined, version);
      return status === 200 ? (body['server_groups'] as { id: string }[]).map(({ id }) => id) : status;
    };
    expect(await list('')).toEqual(ids);
    expect(await list('?limit=1&offset=1')).toEqual([ids[1]]);
    expect(await list('?offset=3')).toEqual([]);
    for (const bad of ['?limit=-1', '?limit=x', '?offset=-1']) expect(await list(bad)).toBe(400);
    expect(await list('?unknown=1', '2.74')).toEqual(ids);
    expect(await list('?unknown=1', '2.75')).toBe(400);
  });

  test('have members that are not deleted, and a quota that is shown', async () => {
    const id = await made();
    const servers = [randomUUID(), randomUUID()];
    for (const server of servers) world.insertServer(server);
    world.db.prepare('UPDATE server SET group_id = ?').run(id);
    world.db.prepare('UPDATE server SET deleted_at = 1 WHERE id = ?').run(servers[0]);
    expect((await call('member', 'GET', `/os-server-groups/${id}`)).body['server_group']).toMatchObject({
      members: [servers[1]],
    });
    expect((await call('member', 'GET', '/limits')).body).toMatchObject({
      limits: { absolute: { totalServerGroupsUsed: 1 } },
    });
    expect((await call('member', 'GET', '/os-quota-sets/p1/detail')).body).toMatchObject({
      quota_set: { server_groups: { in_use: 1 } },
    });
    await call('admin', 'PUT', '/os-quota-sets/p1', { quota_set: { server_groups: 1 } });
    expect((await create({ policies: ['affinity'] })).body).toMatchObject({
      forbidden: { message: 'Quota exceeded, too many server groups.' },
    });
    await call('member', 'DELETE', `/os-server-groups/${id}`);
    expect(world.db.prepare('SELECT group_id FROM server WHERE id = ?').pluck().get(servers[1])).toBeNull();
  });
});

describe('the hint group', () => {
  let world: TestWorld;
  const GROUP = '66666666-6666-4666-8666-666666666666';
  beforeEach(async () => {
    world = await TestWorld.create();
    insertServerGroup(
      world.db,
      { id: GROUP, project_id: 'p1', user_id: 'u1', name: 'g', policy: 'soft-affinity', max_per_host: null },
      1,
    );
  });
  afterEach(() => world.dispose());

  const boot = (group: string, more: object = {}, token = 'member') =>
    world.call(token, 'POST', '/v2.1/servers', {
      server: { name: 'a', imageRef: '11111111-1111-4111-8111-111111111111', flavorRef: '1', ...more },
      'os:scheduler_hints': { group },
    });

  test('makes servers members; of their own project’s groups only, up to the quota', async () => {
    const answer = await boot(GROUP);
    expect(answer.status).toBe(202);
    const { id } = (answer.body as { server: { id: string } }).server;
    await world.quiet();
    expect((await world.call('member', 'GET', `/v2.1/servers/${id}`, undefined, '2.71')).body).toMatchObject({
      server: { server_groups: [GROUP] },
    });
    expect((await boot(randomUUID())).status).toBe(400);
    expect((await boot(GROUP, {}, 'other')).status).toBe(400);
    world.basics.members = 2;
    const over = await boot(GROUP, { min_count: 2 });
    expect(over.body).toMatchObject({ forbidden: { message: 'Quota exceeded, too many servers in group' } });
    expect((await boot(GROUP)).status).toBe(202);
    await world.quiet();
  });
});
