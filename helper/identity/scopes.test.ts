import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startTestCloud, type Answer, type TestCloud } from './testing.ts';

let cloud: TestCloud;
let admin: string;
let domainId: string;
let reader: string;
let manager: string;
let member: string;
let system: string;

type Body = Record<string, { id: string }>;
const as =
  (token: () => string) =>
  (method: string, path: string, body?: unknown): Promise<Answer<Body>> =>
    cloud.call<Body>(method, `/v3${path}`, { token: token(), ...(body === undefined ? {} : { body }) });
const call = as(() => admin);
const make = async (path: string, noun: string, body: object): Promise<string> =>
  (await call('POST', path, { [noun]: body })).body[noun]?.id ?? '';
const names = (answer: Answer<Body>, key: string): string[] =>
  (answer.body[key] as unknown as { name: string }[]).map((one) => one.name).sort();
const roleId = async (name: string): Promise<string> =>
  ((await call('GET', `/roles?name=${name}`)).body['roles'] as unknown as { id: string }[])[0]?.id ?? '';

/** A user of the domain with a role on it, or on the system. */
async function holder(name: string, role: string, place: string): Promise<string> {
  const userId = await make('/users', 'user', { name, password: 'secret', domain_id: domainId });
  expect((await call('PUT', `${place}/users/${userId}/roles/${await roleId(role)}`)).status).toBe(204);
  const scope = place === '/system' ? { system: { all: true } } : { domain: { id: domainId } };
  const answer = await cloud.call('POST', '/v3/auth/tokens', {
    body: {
      auth: {
        identity: { methods: ['password'], password: { user: { id: userId, password: 'secret' } } },
        scope,
      },
    },
  });
  return answer.headers.get('x-subject-token') ?? '';
}

beforeAll(async () => {
  cloud = await startTestCloud();
  admin = await cloud.adminToken();
  domainId = await make('/domains', 'domain', { name: 'd' });
  const place = `/domains/${domainId}`;
  reader = await holder('reader', 'reader', place);
  member = await holder('member', 'member', place);
  manager = await holder('manager', 'manager', place);
  system = await holder('auditor', 'reader', '/system');
});
afterAll(() => cloud.close());

test('a reader of the system sees everything and changes nothing', async () => {
  const look = as(() => system);
  for (const path of [
    '/users',
    '/projects',
    '/groups',
    '/domains',
    '/roles',
    '/role_assignments',
    '/services',
  ])
    expect([path, (await look('GET', path)).status]).toEqual([path, 200]);
  expect(names(await look('GET', '/users'), 'users')).toContain('admin');
  expect((await look('POST', '/users', { user: { name: 'x' } })).status).toBe(403);
  expect((await look('GET', '/credentials')).body['credentials']).toEqual([]);
});

describe('a domain’s', () => {
  test('reader sees the domain’s users, groups and projects only', async () => {
    for (const token of [reader, member]) {
      const look = as(() => token);
      expect(names(await look('GET', '/users'), 'users')).toEqual(['auditor', 'manager', 'member', 'reader']);
      expect(names(await look('GET', '/projects'), 'projects')).toEqual([]);
      expect((await look('GET', '/groups')).status).toBe(200);
      for (const path of ['/users?domain_id=default', '/projects?domain_id=default', '/domains', '/services'])
        expect([path, (await look('GET', path)).status]).toEqual([path, 403]);
      expect((await look('POST', '/users', { user: { name: 'x', domain_id: domainId } })).status).toBe(403);
    }
    const { projectId } = await cloud.tenant('stranger');
    expect((await as(() => reader)('GET', `/projects/${projectId}`)).status).toBe(403);
  });

  test('manager makes, changes and removes them, in its own domain', async () => {
    const manage = as(() => manager);
    const user = await manage('POST', '/users', { user: { name: 'new', password: 'p' } });
    expect([user.status, (user.body['user'] as unknown as { domain_id: string }).domain_id]).toEqual([
      201,
      domainId,
    ]);
    const userId = user.body['user']?.id ?? '';
    const project = await manage('POST', '/projects', { project: { name: 'new' } });
    const group = await manage('POST', '/groups', { group: { name: 'new' } });
    const [projectId, groupId] = [project.body['project']?.id, group.body['group']?.id];
    expect((await manage('PUT', `/groups/${groupId}/users/${userId}`)).status).toBe(204);
    expect((await manage('DELETE', `/groups/${groupId}/users/${userId}`)).status).toBe(204);
    expect((await manage('PATCH', `/users/${userId}`, { user: { password: 'q' } })).status).toBe(200);
    expect((await manage('PATCH', `/projects/${projectId}`, { project: { name: 'n' } })).status).toBe(200);
    const elsewhere: [string, string, object?][] = [
      ['POST', '/users', { user: { name: 'x', domain_id: 'default' } }],
      ['POST', '/groups', { group: { name: 'x', domain_id: 'default' } }],
      ['POST', '/projects', { project: { name: 'x', domain_id: 'default' } }],
      ['POST', '/projects', { project: { name: 'x', parent_id: 'default' } }],
      ['POST', '/projects', { project: { name: 'x', is_domain: true } }],
      ['POST', '/domains', { domain: { name: 'x' } }],
      ['PATCH', `/domains/${domainId}`, { domain: { name: 'x' } }],
      ['PATCH', `/projects/${domainId}`, { project: { name: 'x' } }],
      ['POST', '/roles', { role: { name: 'x' } }],
    ];
    for (const [method, path, body] of elsewhere)
      expect([method, path, (await manage(method, path, body)).status]).toEqual([method, path, 403]);
    expect((await manage('DELETE', `/users/${userId}`)).status).toBe(204);
    expect((await manage('DELETE', `/projects/${projectId}`)).status).toBe(204);
    expect((await manage('DELETE', `/groups/${groupId}`)).status).toBe(204);
  });

  test('manager hands out what is below an administrator, to its own users on its own projects', async () => {
    const manage = as(() => manager);
    const userId = await make('/users', 'user', { name: 'worker', password: 'p', domain_id: domainId });
    const groupId = await make('/groups', 'group', { name: 'workers', domain_id: domainId });
    const projectId = await make('/projects', 'project', { name: 'work', domain_id: domainId });
    const stranger = await cloud.tenant('outsider');
    const [mayGive, adminId, serviceId] = [
      await roleId('member'),
      await roleId('admin'),
      await roleId('service'),
    ];
    expect((await manage('GET', '/roles')).status).toBe(200);
    for (const head of ['', '/OS-INHERIT'])
      for (const actor of [`users/${userId}`, `groups/${groupId}`])
        for (const place of [`/projects/${projectId}`, `/domains/${domainId}`]) {
          const path = `${head}${place}/${actor}/roles/${mayGive}${head === '' ? '' : '/inherited_to_projects'}`;
          expect([path, (await manage('PUT', path)).status]).toEqual([path, 204]);
          expect([path, (await as(() => reader)('GET', path)).status]).toEqual([path, 204]);
          expect([path, (await as(() => member)('PUT', path)).status]).toEqual([path, 403]);
        }
    const listed = (await as(() => reader)('GET', '/role_assignments')).body['role_assignments'];
    const targets = (listed as unknown as { scope: Record<string, { id: string }> }[]).map(
      ({ scope }) => scope['project']?.id ?? scope['domain']?.id,
    );
    expect(new Set(targets)).toEqual(new Set([projectId, domainId]));
    for (const path of [
      `/projects/${projectId}/users/${userId}/roles/${adminId}`,
      `/projects/${projectId}/users/${userId}/roles/${serviceId}`,
      `/projects/${projectId}/users/${stranger.userId}/roles/${mayGive}`,
      `/projects/${stranger.projectId}/users/${userId}/roles/${mayGive}`,
      `/domains/default/users/${userId}/roles/${mayGive}`,
      `/system/users/${userId}/roles/${mayGive}`,
      `/projects/none/users/${userId}/roles/${mayGive}`,
      `/projects/${projectId}/users/${userId}/roles/none`,
    ])
      for (const method of ['PUT', 'DELETE'])
        expect([method, path, (await manage(method, path)).status]).toEqual([method, path, 403]);
    const path = `/projects/${projectId}/users/${userId}/roles/${mayGive}`;
    expect((await manage('DELETE', path)).status).toBe(204);
    expect((await as(() => reader)('GET', path)).status).toBe(404);
  });

  test('manager does not become an administrator by way of another', async () => {
    const manage = as(() => manager);
    const bossId = await make('/users', 'user', { name: 'boss', password: 'p', domain_id: domainId });
    const groupId = await make('/groups', 'group', { name: 'bosses', domain_id: domainId });
    await call('PUT', `/system/users/${bossId}/roles/${await roleId('admin')}`);
    await call('PUT', `/domains/${domainId}/groups/${groupId}/roles/${await roleId('admin')}`);
    const reset = await manage('PATCH', `/users/${bossId}`, { user: { password: 'mine' } });
    const own = ((await call('GET', '/users?name=manager')).body['users'] as unknown as { id: string }[])[0]
      ?.id;
    const joined = await manage('PUT', `/groups/${groupId}/users/${own}`);
    const foreign = ((await call('GET', '/users?name=admin')).body['users'] as unknown as { id: string }[])[0]
      ?.id;
    const plain = await make('/groups', 'group', { name: 'plain', domain_id: domainId });
    expect([reset.status, joined.status]).toEqual([403, 403]);
    expect((await manage('PUT', `/groups/${plain}/users/${foreign}`)).status).toBe(403);
    expect((await manage('DELETE', `/users/${bossId}`)).status).toBe(403);
  });
});
