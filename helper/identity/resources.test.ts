import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Secret } from '../secret.ts';
import { projectScope, startTestCloud, type TestCloud } from './testing.ts';

let cloud: TestCloud;
let token: string;

beforeAll(async () => {
  cloud = await startTestCloud();
  token = await cloud.adminToken();
});
afterAll(() => cloud.close());

interface Thing {
  id: string;
  name: string;
}
type Body = Record<string, Thing & Record<string, unknown>>;

const call = (method: string, path: string, body?: unknown) =>
  cloud.call<Body>(method, `/v3${path}`, { token, ...(body === undefined ? {} : { body }) });
const make = async (path: string, body: unknown): Promise<Thing & Record<string, unknown>> => {
  const answer = await call('POST', path, body);
  expect([answer.status, answer.text]).toEqual([201, answer.text]);
  return Object.values(answer.body)[0] as Thing & Record<string, unknown>;
};
const status = async (method: string, path: string, body?: unknown): Promise<number> =>
  (await call(method, path, body)).status;

describe('version documents', () => {
  test('300 with a list at the root, 200 at v3, both without a token', async () => {
    const root = await cloud.call('GET', '/identity');
    expect(root.status).toBe(300);
    expect(root.body).toMatchObject({ versions: { values: [{ id: 'v3.14', status: 'stable' }] } });
    const v3 = await cloud.call('GET', '/identity/v3/');
    expect(v3.status).toBe(200);
    expect(v3.body).toMatchObject({ version: { links: [{ href: `${cloud.origin}/identity/v3/` }] } });
  });
});

describe.each([
  ['user', { name: 'u1', email: 'a@b', custom: 'kept' }, { description: 'new', custom: null }],
  ['project', { name: 'p1', custom: 'kept' }, { description: 'new', tags: ['a'] }],
  ['domain', { name: 'd1', custom: 'kept' }, { description: 'new', enabled: false }],
  ['group', { name: 'g1' }, { description: 'new' }],
  ['role', { name: 'r1' }, { description: 'new' }],
  ['service', { name: 's1', type: 'thing' }, { description: 'new' }],
  ['region', { id: 'r1' }, { description: 'new' }],
])('%s', (noun, first, change) => {
  test('is created, listed, shown, changed and deleted', async () => {
    const made = await make(`/${noun}s`, { [noun]: first });
    expect(made).toMatchObject(first);
    const path = `/${noun}s/${made.id}`;
    expect((await call('GET', path)).body[noun]).toEqual(made);
    const list = await call('GET', `/${noun}s`);
    expect(list.body[`${noun}s`]).toContainEqual(made);
    expect(list.body['links']).toMatchObject({ next: null, previous: null });
    const changed = await call('PATCH', path, { [noun]: change });
    expect(changed.status).toBe(200);
    expect(changed.body[noun]).toMatchObject({ description: 'new' });
    expect(Object.values(changed.body[noun] ?? {})).not.toContain(noun === 'user' ? 'kept' : undefined);
    // Names of services and regions are no keys.
    const named = !['service', 'region'].includes(noun);
    const found = await call('GET', named ? `/${noun}s?name=${made.name}` : `/${noun}s`);
    expect(JSON.stringify(found.body[`${noun}s`])).toContain(made.id);
    expect(await status('POST', `/${noun}s`, { [noun]: named ? { name: made.name } : 7 })).toBe(
      named ? 409 : 400,
    );
    expect(await status('DELETE', path)).toBe(204);
    for (const method of ['GET', 'DELETE']) expect(await status(method, path)).toBe(404);
    expect(await status('PATCH', path, { [noun]: change })).toBe(404);
  });

  test('bad input', async () => {
    for (const body of [
      {},
      { [noun]: {} },
      { [noun]: { name: 7, type: 7, id: 7 } },
      { [noun]: { name: '', type: '', id: 'a/b' } },
    ]) {
      // A region needs nothing.
      const fine = noun === 'region' && JSON.stringify(body) === '{"region":{}}';
      expect(await status('POST', `/${noun}s`, body)).toBe(fine ? 201 : 400);
    }
  });
});

describe('projects', () => {
  test('form a tree of limited depth; only leaves are deleted', async () => {
    let parent = await make('/projects', { project: { name: 'level1' } });
    const top = parent;
    expect(parent).toMatchObject({ parent_id: 'default', domain_id: 'default', is_domain: false });
    for (const level of [2, 3, 4, 5])
      parent = await make('/projects', { project: { name: `level${level}`, parent_id: parent.id } });
    expect(await status('POST', '/projects', { project: { name: 'level6', parent_id: parent.id } })).toBe(
      403,
    );
    expect(await status('DELETE', `/projects/${top.id}`)).toBe(403);
    expect(await status('PATCH', `/projects/${top.id}`, { project: { enabled: false } })).toBe(403);
    expect(await status('PATCH', `/projects/${top.id}`, { project: { parent_id: parent.id } })).toBe(400);
    expect((await call('GET', `/projects?parent_id=${top.id}`)).body['projects']).toHaveLength(1);
    expect(await status('POST', '/projects', { project: { name: 'x', parent_id: 'none' } })).toBe(404);
    expect(await status('POST', '/projects', { project: { name: 'x', domain_id: 'none' } })).toBe(404);
  });

  test('have tags', async () => {
    const { id } = await make('/projects', { project: { name: 'tagged', tags: ['b'] } });
    const tags = async () => (await call('GET', `/projects/${id}/tags`)).body['tags'];
    expect(await status('PUT', `/projects/${id}/tags/a`)).toBe(201);
    expect(await tags()).toEqual(['a', 'b']);
    for (const method of ['GET', 'HEAD']) expect(await status(method, `/projects/${id}/tags/a`)).toBe(204);
    expect(await status('PUT', `/projects/${id}/tags/a%2Cb`)).toBe(400);
    expect(await status('DELETE', `/projects/${id}/tags/a`)).toBe(204);
    expect(await status('DELETE', `/projects/${id}/tags/a`)).toBe(404);
    expect((await call('PUT', `/projects/${id}/tags`, { tags: ['x', 'y'] })).body['tags']).toEqual([
      'x',
      'y',
    ]);
    expect(await status('DELETE', `/projects/${id}/tags`)).toBe(204);
    expect(await tags()).toEqual([]);
  });

  test('can act as domains', async () => {
    const made = await make('/projects', { project: { name: 'acting', is_domain: true } });
    expect(made).toMatchObject({ is_domain: true, domain_id: null, parent_id: null });
    expect((await call('GET', `/domains/${made.id}`)).body['domain']).toMatchObject({ name: 'acting' });
    expect(await status('DELETE', `/projects/${made.id}`)).toBe(403);
    await call('PATCH', `/projects/${made.id}`, { project: { enabled: false } });
    expect(await status('DELETE', `/projects/${made.id}`)).toBe(204);
  });

  test('a domain goes with all that is in it, once it is disabled', async () => {
    const domain = await make('/domains', { domain: { name: 'whole' } });
    const project = await make('/projects', { project: { name: 'in', domain_id: domain.id } });
    await make('/projects', { project: { name: 'below', parent_id: project.id } });
    const user = await make('/users', { user: { name: 'in', domain_id: domain.id } });
    const group = await make('/groups', { group: { name: 'in', domain_id: domain.id } });
    expect(await status('PUT', `/groups/${group.id}/users/${user.id}`)).toBe(204);
    expect(await status('DELETE', `/domains/${domain.id}`)).toBe(403);
    await call('PATCH', `/domains/${domain.id}`, { domain: { enabled: false } });
    expect(await status('DELETE', `/domains/${domain.id}`)).toBe(204);
    for (const path of [`/projects/${project.id}`, `/users/${user.id}`, `/groups/${group.id}`])
      expect(await status('GET', path)).toBe(404);
  });
});

describe('users', () => {
  test('change their own password with the old one', async () => {
    const user = await make('/users', { user: { name: 'own', password: 'first' } });
    const change = (original_password: string, password: string) =>
      cloud.call('POST', `/v3/users/${user.id}/password`, {
        body: { user: { original_password, password } },
      });
    expect((await change('wrong', 'second')).status).toBe(401);
    expect((await change('first', 'second')).status).toBe(204);
    await expect(cloud.login('own', 'first')).rejects.toThrow('401');
    await expect(cloud.login('own', 'second')).resolves.toMatch(/^dct_/);
    expect(await cloud.identity.verifyPassword('own', new Secret('second'))).toBe(true);
    expect(await cloud.identity.verifyPassword('own', new Secret('first'))).toBe(false);
  });

  test('pages of a list come one after another', async () => {
    for (let i = 0; i < 5; i++) await make('/users', { user: { name: `page${i}` } });
    const whole = (await call('GET', '/users')).body['users'] as unknown as Thing[];
    const seen: string[] = [];
    let path: string | null = '/users?limit=2';
    while (path !== null) {
      const { body } = await call('GET', path);
      seen.push(...(body['users'] as unknown as Thing[]).map((one) => one.id));
      const next: unknown = (body['links'] as unknown as { next: string | null }).next;
      path = typeof next === 'string' ? next.slice(next.indexOf('/v3') + 3) : null;
    }
    expect(seen).toEqual(whole.map((one) => one.id));
    expect(await status('GET', '/users?limit=x')).toBe(400);
  });

  test('enabled as a filter', async () => {
    const off = await make('/users', { user: { name: 'off', enabled: false } });
    const ids = async (filter: string) =>
      ((await call('GET', `/users?enabled=${filter}`)).body['users'] as unknown as Thing[]).map(
        (one) => one.id,
      );
    expect(await ids('false')).toEqual([off.id]);
    expect(await ids('true')).not.toContain(off.id);
  });
});

describe('roles', () => {
  const names = async (query: string): Promise<string[]> => {
    const { body } = await call('GET', `/role_assignments?include_names&${query}`);
    return (body['role_assignments'] as unknown as { role: Thing }[]).map((one) => one.role.name).sort();
  };

  test('are granted to users and groups on projects, domains and the system', async () => {
    const user = await make('/users', { user: { name: 'grantee' } });
    const group = await make('/groups', { group: { name: 'grantees' } });
    const project = await make('/projects', { project: { name: 'granted' } });
    const role = await make('/roles', { role: { name: 'granted' } });
    for (const target of [`projects/${project.id}`, 'domains/default', 'system']) {
      for (const actor of [`users/${user.id}`, `groups/${group.id}`]) {
        const path = `/${target}/${actor}/roles`;
        expect(await status('GET', `${path}/${role.id}`)).toBe(404);
        expect(await status('DELETE', `${path}/${role.id}`)).toBe(404);
        expect(await status('PUT', `${path}/${role.id}`)).toBe(204);
        expect(await status('PUT', `${path}/${role.id}`)).toBe(204);
        for (const method of ['GET', 'HEAD']) expect(await status(method, `${path}/${role.id}`)).toBe(204);
        expect((await call('GET', path)).body['roles']).toMatchObject([{ id: role.id }]);
        expect(await status('DELETE', `${path}/${role.id}`)).toBe(204);
        expect(await status('PUT', `${path}/none`)).toBe(404);
      }
    }
    expect(await status('PUT', `/projects/none/users/${user.id}/roles/${role.id}`)).toBe(404);
    expect(await status('PUT', `/projects/${project.id}/users/none/roles/${role.id}`)).toBe(404);
  });

  test('imply others, without circles and never admin', async () => {
    const found = await call('GET', '/roles');
    const id = new Map((found.body['roles'] as unknown as Thing[]).map((one) => [one.name, one.id]));
    const imply = (prior: string, implied: string, method = 'PUT') =>
      status(method, `/roles/${id.get(prior)}/implies/${id.get(implied)}`);
    expect(await imply('reader', 'member')).toBe(403);
    expect(await imply('service', 'admin')).toBe(403);
    expect(await imply('service', 'reader')).toBe(201);
    expect(await imply('service', 'reader', 'HEAD')).toBe(204);
    expect(await imply('service', 'reader', 'GET')).toBe(200);
    expect((await call('GET', '/role_inferences')).body['role_inferences']).toHaveLength(4);
    expect(await imply('service', 'reader', 'DELETE')).toBe(204);
    expect(await imply('service', 'reader', 'GET')).toBe(404);
  });

  test('assignments are listed as given and as they take effect', async () => {
    const { userId, projectId } = await cloud.tenant('assigned');
    expect(await names(`user.id=${userId}`)).toEqual(['member']);
    expect(await names(`user.id=${userId}&effective`)).toEqual(['member', 'reader']);
    const group = await make('/groups', { group: { name: 'managers' } });
    const [manager] = (await call('GET', '/roles?name=manager')).body['roles'] as unknown as Thing[];
    await call('PUT', `/groups/${group.id}/users/${userId}`);
    await call('PUT', `/projects/${projectId}/groups/${group.id}/roles/${manager?.id}`);
    expect(await names(`scope.project.id=${projectId}`)).toEqual(['manager', 'member']);
    expect(await names(`scope.project.id=${projectId}&effective`)).toEqual(['manager', 'member', 'reader']);
    expect(await names(`group.id=${group.id}`)).toEqual(['manager']);
    expect(await names('scope.system=all')).toEqual(['admin']);
    const named = await call('GET', `/role_assignments?user.id=${userId}&include_names`);
    expect(named.body['role_assignments']).toMatchObject([
      { user: { name: 'assigned', domain: { name: 'Default' } }, scope: { project: { name: 'assigned' } } },
    ]);
    expect(await status('GET', '/role_assignments?scope.system=all&scope.domain.id=x')).toBe(400);
    expect(cloud.identity.issueTokenFor('assigned', 'assigned').projectId).toBe(projectId);
  });
});

describe('application credentials', () => {
  test('log in by id and by name, expire, and show their secret once', async () => {
    const owner = await cloud.tenant('delegator');
    const path = `/v3/users/${owner.userId}/application_credentials`;
    const create = (more: object) =>
      cloud.call<{ application_credential: Thing & { secret: string } }>('POST', path, {
        token: owner.token,
        body: { application_credential: { name: 'backup', ...more } },
      });
    const inAnHour = new Date(cloud.ahead + Date.now() + 1_800_000).toISOString();
    const made = await create({ expires_at: inAnHour });
    expect(made.status).toBe(201);
    const { id, secret } = made.body.application_credential;
    expect(secret.length).toBeGreaterThan(40);
    expect((await create({})).status).toBe(409);
    expect((await create({ name: 'late', expires_at: '2020-01-01T00:00:00Z' })).status).toBe(400);
    expect((await create({ name: 'never', expires_at: 'tomorrow' })).status).toBe(400);
    const user = { name: 'delegator', domain: { id: 'default' } };
    const login = (given: object) =>
      cloud.call('POST', '/v3/auth/tokens', {
        body: { auth: { identity: { methods: ['application_credential'], application_credential: given } } },
      });
    for (const given of [
      { id, secret },
      { name: 'backup', user, secret },
    ]) {
      const answer = await login(given);
      expect(answer.status).toBe(201);
      expect(answer.body).toMatchObject({
        token: {
          project: { id: owner.projectId },
          expires_at: `${inAnHour.slice(0, -1)}000Z`,
          application_credential: { id, name: 'backup', restricted: true },
        },
      });
    }
    const list = await cloud.call('GET', `${path}?name=backup`, { token: owner.token });
    expect(list.body).toMatchObject({ application_credentials: [{ id, name: 'backup' }] });
    expect(list.text).not.toContain(secret);
    cloud.ahead = 1_800_001;
    expect((await login({ id, secret })).status).toBe(401);
    cloud.ahead = 0;
    const unscoped = await cloud.login('delegator', 'delegator-password', 'unscoped');
    const homeless = await cloud.call('POST', path, {
      token: unscoped,
      body: { application_credential: { name: 'homeless' } },
    });
    expect(homeless.status).toBe(400);
  });

  test('access rules are shared, kept while in use, and deleted after', async () => {
    const owner = await cloud.tenant('ruler');
    const as = { token: owner.token };
    const rule = { service: 'compute', path: '/v2.1/servers/{id}', method: 'GET' };
    const base = `/v3/users/${owner.userId}`;
    const ids: string[] = [];
    for (const name of ['a', 'b']) {
      const made = await cloud.call<{ application_credential: { id: string; access_rules: Thing[] } }>(
        'POST',
        `${base}/application_credentials`,
        { ...as, body: { application_credential: { name, access_rules: [rule] } } },
      );
      ids.push(made.body.application_credential.access_rules[0]?.id ?? '');
      expect((await cloud.call('DELETE', `${base}/access_rules/${ids[0]}`, as)).status).toBe(403);
    }
    expect(ids[0]).toBe(ids[1]);
    const { body } = await cloud.call<{ application_credentials: Thing[] }>(
      'GET',
      `${base}/application_credentials`,
      as,
    );
    for (const one of body.application_credentials)
      expect((await cloud.call('DELETE', `${base}/application_credentials/${one.id}`, as)).status).toBe(204);
    expect((await cloud.call('GET', `${base}/access_rules/${ids[0]}`, as)).status).toBe(200);
    expect((await cloud.call('DELETE', `${base}/access_rules/${ids[0]}`, as)).status).toBe(204);
  });
});

describe('the catalog', () => {
  test('shows what was registered, with the project in its URLs, and not what is disabled', async () => {
    const service = await make('/services', { service: { type: 'sharing', name: 'manila' } });
    const endpoint = await make('/endpoints', {
      endpoint: {
        service_id: service.id,
        interface: 'public',
        region: 'Elsewhere',
        url: 'http://x/$(project_id)s',
      },
    });
    expect(await status('DELETE', '/regions/Elsewhere')).toBe(403);
    expect(
      await status('POST', '/endpoints', {
        endpoint: { service_id: 'none', interface: 'public', url: 'http://x' },
      }),
    ).toBe(400);
    const shown = async (): Promise<unknown> => {
      const { body } = await cloud.call<{ catalog: { type: string; endpoints: object[] }[] }>(
        'GET',
        '/v3/auth/catalog',
        { token: await cloud.login('admin', 'admin-password', projectScope('admin')) },
      );
      return body.catalog.find((one) => one.type === 'sharing')?.endpoints;
    };
    const admin = cloud.identity.desktopAuth();
    expect(await shown()).toMatchObject([{ url: `http://x/${admin.projectId}`, region: 'Elsewhere' }]);
    await call('PATCH', `/endpoints/${endpoint.id}`, { endpoint: { enabled: false } });
    expect(await shown()).toEqual([]);
    expect(await status('DELETE', `/services/${service.id}`)).toBe(204);
    expect(await status('GET', `/endpoints/${endpoint.id}`)).toBe(404);
    expect(await status('DELETE', '/regions/Elsewhere')).toBe(204);
    const own = await call('GET', '/endpoints?interface=public');
    expect(JSON.stringify(own.body)).toContain(`${cloud.origin}/compute/v2.1`);
  });
});

describe('bootstrap', () => {
  const snapshot = (): string =>
    ['project', 'user', 'role', 'implied_role', 'assignment', 'service', 'endpoint', 'region']
      .map((table) => JSON.stringify(cloud.db.prepare(`SELECT * FROM identity_${table}`).all()))
      .join('\n');

  test('changes nothing the second time, and takes no hash', async () => {
    const before = snapshot();
    const hashes = cloud.passwords.computed;
    const again = await cloud.identity.bootstrap({ adminPassword: new Secret('ignored') });
    expect(again.created).toBe(false);
    expect(snapshot()).toBe(before);
    expect(cloud.passwords.computed).toBe(hashes);
    await expect(cloud.login('admin', 'admin-password')).resolves.toMatch(/^dct_/);
  });

  test('can give the administrator a new password, which ends all sessions', async () => {
    await cloud.identity.bootstrap({ adminPassword: new Secret('changed'), resetPassword: true });
    expect(await status('GET', '/users')).toBe(401);
    await expect(cloud.login('admin', 'changed')).resolves.toMatch(/^dct_/);
  });
});
