import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { projectScope, startTestCloud, type Answer, type TestCloud } from './testing.ts';

let cloud: TestCloud;
let admin: string;

type Body = Record<string, { id: string; name?: string; [key: string]: unknown }>;
const call = (method: string, path: string, body?: unknown): Promise<Answer<Body>> =>
  cloud.call<Body>(method, `/v3${path}`, { token: admin, ...(body === undefined ? {} : { body }) });
const make = async (path: string, noun: string, body: object) => {
  const answer = await call('POST', path, { [noun]: body });
  expect([path, answer.status]).toEqual([path, 201]);
  return answer.body[noun] ?? { id: '' };
};
const ids = (answer: Answer<Body>, key: string): string[] =>
  (answer.body[key] as unknown as { id: string }[]).map((one) => one.id);

beforeAll(async () => {
  cloud = await startTestCloud();
  admin = await cloud.adminToken();
});
afterAll(() => cloud.close());

test('policies are kept as they are given', async () => {
  const made = await make('/policies', 'policy', { type: 'application/json', blob: '{}', more: 1 });
  const path = `/policies/${made.id}`;
  expect(made).toMatchObject({ type: 'application/json', blob: '{}', more: 1 });
  expect(ids(await call('GET', '/policies?type=application/json'), 'policies')).toEqual([made.id]);
  expect(ids(await call('GET', '/policies?type=other'), 'policies')).toEqual([]);
  expect((await call('PATCH', path, { policy: { blob: 'x' } })).body['policy']).toMatchObject({ blob: 'x' });
  expect((await call('POST', '/policies', { policy: { type: 't' } })).status).toBe(400);
  expect((await call('DELETE', path)).status).toBe(204);
  for (const [method, body] of [['GET'], ['DELETE'], ['PATCH', { policy: { blob: 'x' } }]] as const)
    expect((await call(method, path, body)).status).toBe(404);
});

test('a consumer’s secret is told once', async () => {
  const made = await make('/OS-OAUTH1/consumers', 'consumer', { description: 'd' });
  const path = `/OS-OAUTH1/consumers/${made.id}`;
  const secret = made['secret'] as string;
  expect(secret).toMatch(/^[0-9a-f]{32}$/);
  const shown = await call('GET', path);
  expect(shown.text + (await call('GET', '/OS-OAUTH1/consumers')).text).not.toContain(secret);
  const changed = await call('PATCH', path, { consumer: { description: 'e', secret: 'mine' } });
  expect(changed.body['consumer']).toEqual({ ...shown.body['consumer'], description: 'e' });
  expect((await call('DELETE', path)).status).toBe(204);
  expect((await call('GET', path)).status).toBe(404);
});

describe('a domain’s configuration', () => {
  test('is set, changed and removed as a whole, by group and by option', async () => {
    const { id } = await make('/domains', 'domain', { name: 'configured' });
    const path = `/domains/${id}/config`;
    const config = { identity: { driver: 'ldap' }, ldap: { url: 'ldap://x' } };
    expect((await call('GET', path)).status).toBe(404);
    expect((await call('PUT', path, { config })).status).toBe(201);
    expect((await call('GET', path)).body).toEqual({ config });
    expect((await call('GET', `${path}/ldap`)).body).toEqual({ config: { ldap: config.ldap } });
    expect((await call('GET', `${path}/ldap/url`)).body).toEqual({ config: { url: 'ldap://x' } });
    expect((await call('GET', `${path}/ldap/user`)).status).toBe(404);
    expect((await call('PATCH', `${path}/ldap/url`, { config: { url: 'ldap://y' } })).status).toBe(200);
    expect((await call('PATCH', `${path}/ldap/url`, { config: { user: 'y' } })).status).toBe(400);
    expect((await call('PATCH', `${path}/ldap`, { config: { identity: {} } })).status).toBe(403);
    expect((await call('PATCH', `${path}/ldap`, { config: { ldap: { user: 'u' } } })).body).toMatchObject({
      config: { ldap: { url: 'ldap://y', user: 'u' } },
    });
    expect((await call('DELETE', `${path}/ldap/user`)).status).toBe(204);
    expect((await call('DELETE', `${path}/ldap`)).status).toBe(204);
    expect((await call('GET', `${path}/ldap`)).status).toBe(404);
    expect((await call('DELETE', path)).status).toBe(204);
    expect((await call('DELETE', path)).status).toBe(404);
  });

  test('has no other options, and never shows a password (S21)', async () => {
    const { id } = await make('/domains', 'domain', { name: 'other' });
    const put = (config: object) => call('PUT', `/domains/${id}/config`, { config });
    expect((await put({ nova: { a: 1 } })).status).toBe(403);
    expect((await put({ ldap: { nothing: 1 } })).status).toBe(403);
    expect((await put({ ldap: 'text' })).status).toBe(400);
    expect(
      (await call('PUT', '/domains/none/config', { config: { identity: { driver: 'x' } } })).status,
    ).toBe(404);
    const answer = await put({ ldap: { url: 'u', password: 'secret!' } });
    expect(answer.status).toBe(201);
    expect(answer.text + (await call('GET', `/domains/${id}/config/ldap`)).text).not.toContain('secret!');
  });

  test('has defaults', async () => {
    const { body } = await call('GET', '/domains/config/default');
    expect(Object.keys(body['config'] ?? {})).toEqual(['identity', 'ldap']);
    expect((await call('GET', '/domains/config/identity/default')).body).toHaveProperty(
      'config.identity.driver',
    );
    expect((await call('GET', '/domains/config/ldap/url/default')).body).toHaveProperty('config.url');
    expect((await call('GET', '/domains/config/nova/default')).status).toBe(403);
  });
});

describe('OS-EP-FILTER', () => {
  test('a project’s catalog shows what was chosen for it, by endpoint or by group', async () => {
    await cloud.tenant('filtered');
    const projectId = ids(await call('GET', '/projects?name=filtered'), 'projects')[0] ?? '';
    const urls = async (): Promise<number> => {
      const token = await cloud.login('filtered', 'filtered-password', projectScope('filtered'));
      const { body } = await cloud.call<{ catalog: { endpoints: object[] }[] }>('GET', '/v3/auth/catalog', {
        token,
      });
      return body.catalog.flatMap((one) => one.endpoints).length;
    };
    const all = await urls();
    const [first = ''] = ids(await call('GET', '/endpoints'), 'endpoints');
    const path = `/OS-EP-FILTER/projects/${projectId}/endpoints/${first}`;
    expect((await call('HEAD', path)).status).toBe(404);
    expect((await call('PUT', path)).status).toBe(204);
    expect([(await call('HEAD', path)).status, (await call('GET', path)).status]).toEqual([204, 204]);
    expect(await urls()).toBe(1);
    expect(ids(await call('GET', `/OS-EP-FILTER/endpoints/${first}/projects`), 'projects')).toEqual([
      projectId,
    ]);

    const group = await make('/OS-EP-FILTER/endpoint_groups', 'endpoint_group', {
      name: 'admins',
      filters: { interface: 'admin' },
    });
    const at = `/OS-EP-FILTER/endpoint_groups/${group.id}`;
    const members = ids(await call('GET', `${at}/endpoints`), 'endpoints');
    expect(members).toHaveLength(all / 3);
    expect((await call('PUT', `${at}/projects/${projectId}`)).status).toBe(204);
    expect((await call('GET', `${at}/projects/${projectId}`)).body['project']?.id).toBe(projectId);
    expect((await call('HEAD', `${at}/projects/${projectId}`)).status).toBe(200);
    expect(ids(await call('GET', `${at}/projects`), 'projects')).toEqual([projectId]);
    const groups = await call('GET', `/OS-EP-FILTER/projects/${projectId}/endpoint_groups`);
    expect(ids(groups, 'endpoint_groups')).toEqual([group.id]);
    const chosen = ids(await call('GET', `/OS-EP-FILTER/projects/${projectId}/endpoints`), 'endpoints');
    expect(chosen).toEqual([...new Set([first, ...members])].sort());
    expect(await urls()).toBe(chosen.length);

    expect((await call('DELETE', path)).status).toBe(204);
    expect((await call('DELETE', path)).status).toBe(404);
    expect((await call('DELETE', `${at}/projects/${projectId}`)).status).toBe(204);
    expect((await call('GET', `${at}/projects/${projectId}`)).status).toBe(404);
    expect(await urls()).toBe(all);
  });

  test('groups of endpoints', async () => {
    const body = { name: 'g', filters: { enabled: true } };
    const made = await make('/OS-EP-FILTER/endpoint_groups', 'endpoint_group', body);
    const path = `/OS-EP-FILTER/endpoint_groups/${made.id}`;
    expect((await call('POST', '/OS-EP-FILTER/endpoint_groups', { endpoint_group: body })).status).toBe(409);
    const bad = { endpoint_group: { name: 'h', filters: { other: 1 } } };
    expect((await call('POST', '/OS-EP-FILTER/endpoint_groups', bad)).status).toBe(400);
    expect((await call('HEAD', path)).status).toBe(200);
    const renamed = await call('PATCH', path, { endpoint_group: { name: 'i', description: 'd' } });
    expect(renamed.body['endpoint_group']).toMatchObject({
      name: 'i',
      description: 'd',
      filters: body.filters,
    });
    expect(ids(await call('GET', '/OS-EP-FILTER/endpoint_groups?name=i'), 'endpoint_groups')).toEqual([
      made.id,
    ]);
    expect((await call('DELETE', path)).status).toBe(204);
    expect([(await call('GET', path)).status, (await call('HEAD', path)).status]).toEqual([404, 404]);
  });
});

describe('unified limits', () => {
  test('registered limits, and limits of projects and domains under them', async () => {
    const tenant = await cloud.tenant('limited');
    const { id: serviceId } = await make('/services', 'service', { type: 'limited' });
    const place = { service_id: serviceId, resource_name: 'cores' };
    const many = (path: string, noun: string, list: object[]) => call('POST', path, { [noun]: list });
    const [limits, registered] = ['/limits', '/registered_limits'];
    const own = { ...place, project_id: tenant.projectId, resource_limit: 5 };

    expect((await many(limits, 'limits', [own])).status).toBe(403);
    const first = await many(registered, 'registered_limits', [{ ...place, default_limit: 10 }]);
    expect(first.status).toBe(201);
    const [registeredId = ''] = ids(first, 'registered_limits');
    expect((await many(registered, 'registered_limits', [{ ...place, default_limit: 1 }])).status).toBe(409);
    const nowhere = { ...place, service_id: 'none', default_limit: 1 };
    expect((await many(registered, 'registered_limits', [nowhere])).status).toBe(400);

    const made = await many(limits, 'limits', [own, { ...place, domain_id: 'default', resource_limit: -1 }]);
    expect(made.status).toBe(201);
    const [limitId = '', foreignId = ''] = ids(made, 'limits');
    expect((await many(limits, 'limits', [own])).status).toBe(409);
    expect((await many(limits, 'limits', [{ ...place, resource_limit: 1 }])).status).toBe(400);
    expect((await many(limits, 'limits', [{ ...own, project_id: 'none' }])).status).toBe(400);

    const asTenant = (method: string, path: string, body?: unknown) =>
      cloud.call<Body>(method, `/v3${path}`, {
        token: tenant.token,
        ...(body === undefined ? {} : { body }),
      });
    expect(ids(await asTenant('GET', limits), 'limits')).toEqual([limitId]);
    expect(ids(await asTenant('GET', `${limits}?domain_id=default`), 'limits')).toEqual([]);
    expect((await asTenant('GET', `${limits}/${limitId}`)).status).toBe(200);
    const mine = { limit: { resource_limit: 99 } };
    expect((await asTenant('PATCH', `${limits}/${limitId}`, mine)).status).toBe(403);
    expect((await call('GET', `${limits}/${foreignId}`)).status).toBe(200);
    expect((await asTenant('GET', `${registered}/${registeredId}`)).status).toBe(200);
    expect((await asTenant('GET', '/limits/model')).body['model']?.name).toBe('flat');

    expect((await call('PATCH', `${limits}/${limitId}`, mine)).body['limit']).toMatchObject(mine.limit);
    const change = (registered_limit: object) =>
      call('PATCH', `${registered}/${registeredId}`, { registered_limit });
    expect((await change({ default_limit: 20 })).body['registered_limit']).toMatchObject({
      default_limit: 20,
    });
    expect((await change({ resource_name: 'ram' })).status).toBe(403);
    expect((await call('DELETE', `${registered}/${registeredId}`)).status).toBe(403);
    expect(ids(await call('GET', `${limits}?service_id=${serviceId}`), 'limits')).toHaveLength(2);
    for (const id of [limitId, foreignId]) expect((await call('DELETE', `${limits}/${id}`)).status).toBe(204);
    expect((await call('GET', `${limits}/${limitId}`)).status).toBe(404);
    expect((await call('DELETE', `${registered}/${registeredId}`)).status).toBe(204);
    expect((await call('GET', `${registered}/${registeredId}`)).status).toBe(404);
  });
});
