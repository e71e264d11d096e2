import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { DomainHostError } from '../host/domain/interface.ts';
import { TestWorld } from './test-world.ts';

let world: TestWorld;
let id: string;
beforeEach(async () => {
  world = await TestWorld.create();
  id = await world.create();
  await world.quiet();
});
afterEach(() => world.dispose());

const act = (body: object, token: string | undefined = 'admin', version?: string) =>
  world.call(token, 'POST', `/v2.1/servers/${id}/action`, body, version);

describe('moves, of which a single host knows none', () => {
  test.each([
    { migrate: null },
    { 'os-migrateLive': { host: null, block_migration: 'auto' } },
    { evacuate: {} },
  ])('%j', async (body) => {
    expect((await world.call(undefined, 'POST', `/v2.1/servers/${id}/action`, body)).status).toBe(401);
    expect((await act(body, 'member', '2.25')).status).toBe(403);
    expect((await act(body, 'other', '2.25')).status).toBe(404);
    expect((await act(body, 'admin', '2.25')).status).toBe(400);
    await act({ pause: null });
    await world.quiet();
    expect((await act(body, 'admin', '2.25')).status).toBe('os-migrateLive' in body ? 400 : 409);
  });
});

test('force delete deletes; nothing can be restored', async () => {
  expect((await act({ restore: null }, 'member')).status).toBe(409);
  expect((await act({ restore: null }, 'other')).status).toBe(404);
  expect((await act({ forceDelete: null }, 'reader')).status).toBe(403);
  expect((await act({ forceDelete: null }, 'member')).status).toBe(202);
  await world.quiet();
  expect((await world.call('member', 'GET', `/v2.1/servers/${id}`)).status).toBe(404);
});

test('a crash dump is triggered in a guest that runs', async () => {
  const body = { trigger_crash_dump: null };
  expect((await act(body, 'member', '2.16')).status).toBe(400);
  expect((await act(body, 'reader', '2.17')).status).toBe(403);
  expect((await act(body, 'member', '2.17')).status).toBe(202);
  await act({ 'os-stop': null });
  await world.quiet();
  expect((await act(body, 'member', '2.17')).status).toBe(409);
});

test('resizes are listed as migrations', async () => {
  const list = async (query = '', version = '2.80', token: string | undefined = 'admin') =>
    world.call(token, 'GET', `/v2.1/os-migrations${query}`, undefined, version);
  expect((await list('', '2.1', 'member')).status).toBe(403);
  expect((await world.call(undefined, 'GET', '/v2.1/os-migrations')).status).toBe(401);
  await act({ resize: { flavorRef: '2' } });
  await world.quiet();
  await act({ confirmResize: null });
  for (const version of ['2.1', '2.23', '2.59', '2.80', '2.93'])
    expect((await list('', version)).body).toMatchObject({
      migrations: [{ instance_uuid: id, status: 'confirmed', dest_compute: 'desk' }],
    });
  expect((await list('?status=error')).body).toEqual({ migrations: [] });
  expect((await list('?limit=1')).body).toHaveProperty('migrations_links');
  expect((await list('?marker=none')).status).toBe(400);
  const own = await world.call('admin', 'GET', `/v2.1/servers/${id}/migrations`, undefined, '2.23');
  expect(own.body).toEqual({ migrations: [] });
});

test('security groups of servers, and of old microversions', async () => {
  const call = (method: string, path: string, body?: object, token: string | undefined = 'member') =>
    world.call(token, method, `/v2.1/os-security-groups${path}`, body);
  expect((await act({ addSecurityGroup: { name: 'web' } }, 'member')).status).toBe(202);
  expect((await act({ addSecurityGroup: { name: 'missing' } }, 'member')).status).toBe(404);
  expect((await act({ addSecurityGroup: { name: 'web' } }, 'reader')).status).toBe(403);
  expect((await act({ addSecurityGroup: { name: 'web' } }, 'other')).status).toBe(404);
  const own = await world.call('reader', 'GET', `/v2.1/servers/${id}/os-security-groups`);
  expect(own.body).toMatchObject({ security_groups: [{ name: 'web' }] });
  expect((await act({ removeSecurityGroup: { name: 'web' } }, 'member')).status).toBe(202);

  const made = await call('POST', '', { security_group: { name: 'g', description: 'd' } });
  expect(made.status).toBe(200);
  const groupId = (made.body as { security_group: { id: string } }).security_group.id;
  expect((await call('GET', '')).body).toMatchObject({ security_groups: [{ name: 'g' }] });
  expect((await call('PUT', `/${groupId}`, { security_group: { name: 'h' } })).status).toBe(200);
  expect((await call('GET', `/${groupId}`)).body).toMatchObject({ security_group: { name: 'h' } });
  expect((await call('GET', '/1')).status).toBe(400);
  expect((await call('DELETE', '/')).status).toBe(404);
  expect((await call('POST', '', { security_group: { name: ' ' } })).status).toBe(400);
  expect((await call('POST', '', { security_group: { name: 'g' } }, 'reader')).status).toBe(403);
  expect((await world.call(undefined, 'GET', '/v2.1/os-security-groups')).status).toBe(401);
  const rule = { parent_group_id: groupId, ip_protocol: 'tcp', from_port: '22', to_port: 22 };
  const answer = await world.call('member', 'POST', '/v2.1/os-security-group-rules', {
    security_group_rule: rule,
  });
  expect(answer.body).toMatchObject({ security_group_rule: { ip_protocol: 'tcp', from_port: 22 } });
  expect((await world.call('member', 'DELETE', `/v2.1/os-security-group-rules/${groupId}`)).status).toBe(202);
  expect((await call('DELETE', `/${groupId}`)).status).toBe(202);
  expect((await call('DELETE', `/${groupId}`)).status).toBe(404);
  const newer = await world.call('member', 'GET', '/v2.1/os-security-groups', undefined, '2.36');
  expect(newer.status).toBe(404);
});

test('the password of a guest with an agent is set; without one the answer says what is missing', async () => {
  const body = { changePassword: { adminPass: 'new' } };
  expect((await world.call(undefined, 'POST', `/v2.1/servers/${id}/action`, body)).status).toBe(401);
  expect((await act(body, 'other')).status).toBe(404);
  expect((await act(body, 'reader')).status).toBe(403);
  const refused = await act(body, 'member');
  expect([refused.status, JSON.stringify(refused.body)]).toEqual([
    409,
    expect.stringContaining('hw_qemu_guest_agent=yes'),
  ]);
  world.images.add({ properties: { hw_qemu_guest_agent: 'yes' } });
  id = await world.create();
  await world.quiet();
  expect((await act(body, 'member')).status).toBe(202);
  await act({ 'os-stop': null });
  await world.quiet();
  expect((await act(body, 'member')).status).toBe(409);
});

test('diagnostics, for administrators', async () => {
  const get = (token: string | undefined, version?: string) =>
    world.call(token, 'GET', `/v2.1/servers/${id}/diagnostics`, undefined, version);
  expect((await get(undefined)).status).toBe(401);
  expect((await get('member')).status).toBe(403);
  expect((await get('other')).status).toBe(404);
  expect((await get('admin', '2.47')).body).toMatchObject({ cpu0_time: 7, memory: 131_072 });
  expect((await get('admin', '2.48')).body).toMatchObject({
    driver: 'libvirt',
    cpu_details: [{ id: 0, time: 7 }],
    memory_details: { maximum: 128, used: 64 },
  });
  // A guest may end between the look at its record and the question.
  world.domains.statistics = () => Promise.reject(new DomainHostError('notFound', 'There is no domain.'));
  expect(await get('admin', '2.48')).toMatchObject({
    status: 409,
    body: { conflictingRequest: { message: 'There is no domain.' } },
  });
  await act({ 'os-stop': null });
  await world.quiet();
  expect((await get('admin')).status).toBe(409);
});
