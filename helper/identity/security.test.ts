import { Type } from 'typebox';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { computeDialect } from '../errors/dialects.ts';
import { endpoint, projectReader, type Service } from '../http/index.ts';
import { passwordBody, projectScope, startTestCloud, type TestCloud } from './testing.ts';

/** Stands for any other service: what a token opens elsewhere. */
const compute: Service = {
  name: 'compute',
  prefix: '/compute',
  root: '/v2.1',
  dialect: computeDialect,
  rules: { list: projectReader },
  discovery: {},
  endpoints: ['GET', 'POST'].map((method) =>
    endpoint({
      id: `servers:${method}`,
      method: method as 'GET',
      path: '/servers',
      policy: 'list',
      response: Type.Object({
        project: Type.Union([Type.String(), Type.Null()]),
        roles: Type.Array(Type.String()),
      }),
      ok: 200,
      handler: ({ auth }) => ({ project: auth.projectId, roles: [...auth.roles].sort() }),
    }),
  ),
};

let cloud: TestCloud;
let admin: string;
let serial = 0;

beforeAll(async () => {
  cloud = await startTestCloud([compute]);
  admin = await cloud.adminToken();
});
afterAll(() => cloud.close());

const tenant = (role = 'member') => {
  serial += 1;
  return cloud.tenant(`tenant${serial}`, role).then((made) => ({ ...made, name: `tenant${serial}` }));
};
const opens = async (token: string): Promise<number> =>
  (await cloud.call('GET', '/compute/v2.1/servers', { token })).status;
const roleId = async (name: string): Promise<string> => {
  const { body } = await cloud.call<{ roles: { id: string }[] }>('GET', `/v3/roles?name=${name}`, {
    token: admin,
  });
  return body.roles[0]?.id ?? '';
};

interface Credential {
  id: string;
  secret: string;
}
const credential = async (
  owner: { userId: string; token: string },
  more: object = {},
): Promise<{ status: number; made: Credential; text: string }> => {
  serial += 1;
  const answer = await cloud.call<{ application_credential: Credential }>(
    'POST',
    `/v3/users/${owner.userId}/application_credentials`,
    { token: owner.token, body: { application_credential: { name: `c${serial}`, ...more } } },
  );
  return { status: answer.status, made: answer.body.application_credential, text: answer.text };
};
const credentialLogin = (made: Credential, scope?: unknown) =>
  cloud.call('POST', '/v3/auth/tokens', {
    body: {
      auth: {
        identity: {
          methods: ['application_credential'],
          application_credential: { id: made.id, secret: made.secret },
        },
        ...(scope === undefined ? {} : { scope }),
      },
    },
  });
const credentialToken = async (made: Credential): Promise<string> =>
  (await credentialLogin(made)).headers.get('x-subject-token') ?? '';
const tokenLogin = (id: string, scope?: unknown) =>
  cloud.call('POST', '/v3/auth/tokens', {
    body: {
      auth: { identity: { methods: ['token'], token: { id } }, ...(scope === undefined ? {} : { scope }) },
    },
  });

describe('S12: the body never says whose', () => {
  test.each([
    ['user_id', async () => ({ user_id: (await tenant()).userId })],
    ['project_id', async () => ({ project_id: (await tenant()).projectId })],
  ])('a foreign %s in a body', async (_key, more) => {
    expect((await credential(await tenant(), await more())).status).toBe(403);
  });

  test('a foreign user in the path, whatever the body says, also for an administrator', async () => {
    const mine = await tenant();
    const other = await tenant();
    const body = { application_credential: { name: 'x', user_id: mine.userId } };
    for (const token of [mine.token, admin]) {
      const path = `/v3/users/${other.userId}/application_credentials`;
      expect((await cloud.call('POST', path, { token, body })).status).toBe(403);
    }
  });

  test('an id in the body of an update', async () => {
    const one = await tenant();
    const other = await tenant();
    const body = { user: { id: other.userId, name: 'taken-over' } };
    expect((await cloud.call('PATCH', `/v3/users/${one.userId}`, { token: admin, body })).status).toBe(400);
    expect(cloud.identity.users.get(other.userId)?.name).toBe(other.name);
  });
});

test('S13: identity headers of a caller mean nothing', async () => {
  const { userId, token } = await tenant('reader');
  const headers = { 'x-roles': 'admin', 'x-user-id': userId, 'x-identity-status': 'Confirmed' };
  expect((await cloud.call('GET', '/v3/users', { headers })).status).toBe(401);
  expect((await cloud.call('GET', '/v3/users', { headers, token })).status).toBe(403);
});

describe('S14: delegation never widens', () => {
  test('a restricted credential manages no credentials, an unrestricted one does', async () => {
    const owner = await tenant();
    const target = (await credential(owner)).made;
    for (const unrestricted of [false, true]) {
      const { made } = await credential(owner, { unrestricted });
      const acting = { ...owner, token: await credentialToken(made) };
      expect((await credential(acting)).status).toBe(unrestricted ? 201 : 403);
      const path = `/v3/users/${owner.userId}/application_credentials/${target.id}`;
      const removed = await cloud.call('DELETE', path, { token: acting.token });
      expect(removed.status).toBe(unrestricted ? 204 : 403);
      // A token made from the credential's token is bound as that is.
      const again = (await tokenLogin(acting.token)).headers.get('x-subject-token') ?? '';
      expect((await credential({ ...owner, token: again })).status).toBe(unrestricted ? 201 : 403);
    }
  });

  test('a token of a credential leaves neither its project nor its roles', async () => {
    const owner = await tenant('admin');
    const { made } = await credential(owner, { roles: [{ name: 'reader' }] });
    const token = await credentialToken(made);
    expect((await credentialLogin(made, projectScope(owner.name))).status).toBe(401);
    for (const scope of ['unscoped', projectScope('admin'), { system: { all: true } }])
      expect((await tokenLogin(token, scope)).status).toBe(401);
    const same = (await tokenLogin(token, projectScope(owner.name))).headers.get('x-subject-token') ?? '';
    for (const one of [token, same]) {
      const seen = await cloud.call('GET', '/compute/v2.1/servers', { token: one });
      expect(seen.body).toEqual({ project: owner.projectId, roles: ['reader'] });
    }
  });

  test('no role that its user does not have', async () => {
    const owner = await tenant('reader');
    expect((await credential(owner, { roles: [{ name: 'admin' }] })).status).toBe(400);
    expect((await credential(owner, { roles: [{ id: await roleId('member') }] })).status).toBe(400);
    const unrestricted = await credential(await tenant('member'), {
      unrestricted: true,
      roles: [{ name: 'reader' }],
    });
    expect(unrestricted.status).toBe(201);
  });

  test('an unrestricted credential hands on no more than it has, and no longer', async () => {
    const owner = await tenant('member');
    const soon = new Date(Date.now() + 60_000).toISOString();
    const { made } = await credential(owner, {
      unrestricted: true,
      roles: [{ name: 'reader' }],
      expires_at: soon,
    });
    const acting = { ...owner, token: await credentialToken(made) };
    expect((await credential(acting, { roles: [{ name: 'member' }] })).status).toBe(400);
    const child = await credential(acting);
    expect(JSON.parse(child.text)).toMatchObject({
      application_credential: { roles: [{ name: 'reader' }], expires_at: `${soon.slice(0, -1)}000` },
    });
  });

  test('access rules bind every request, and a ruled credential makes no others', async () => {
    const owner = await tenant();
    const { made } = await credential(owner, {
      unrestricted: true,
      access_rules: [
        { service: 'compute', path: '/v2.1/servers', method: 'GET' },
        { service: 'identity', path: '/v3/users/*/application_credentials', method: 'POST' },
      ],
    });
    const token = await credentialToken(made);
    expect(await opens(token)).toBe(200);
    expect((await cloud.call('POST', '/compute/v2.1/servers', { token })).status).toBe(401);
    expect((await cloud.call('GET', '/v3/auth/projects', { token })).status).toBe(401);
    expect((await credential({ ...owner, token })).status).toBe(403);
    const none = await credential(owner, { access_rules: [] });
    expect(await opens(await credentialToken(none.made))).toBe(401);
  });
});

test('S15: lists hold nothing of others', async () => {
  const mine = await tenant();
  const other = await tenant();
  const { made } = await credential(other, {
    access_rules: [{ service: 'compute', path: '/v2.1/servers', method: 'GET' }],
  });
  for (const what of ['application_credentials', 'access_rules']) {
    const own = await cloud.call('GET', `/v3/users/${mine.userId}/${what}`, { token: mine.token });
    expect(own.body).toMatchObject({ [what]: [] });
    const foreign = await cloud.call('GET', `/v3/users/${other.userId}/${what}`, { token: mine.token });
    expect(foreign.status).toBe(403);
  }
  // Also by way of one's own path.
  const path = `/v3/users/${mine.userId}/application_credentials/${made.id}`;
  expect((await cloud.call('GET', path, { token: mine.token })).status).toBe(404);
  expect((await cloud.call('DELETE', path, { token: mine.token })).status).toBe(404);
  expect((await cloud.call('GET', `/v3/users/${other.userId}`, { token: mine.token })).status).toBe(403);
  expect((await cloud.call('GET', `/v3/users/none`, { token: mine.token })).status).toBe(403);
  expect((await cloud.call('GET', `/v3/projects/${other.projectId}`, { token: mine.token })).status).toBe(
    403,
  );
});

describe('S17: revoked at once, and for good', () => {
  type Tenant = Awaited<ReturnType<typeof tenant>>;
  const patch = (path: string, body: unknown) => cloud.call('PATCH', path, { token: admin, body });
  const off = async (kind: string, id: string): Promise<void> => {
    expect((await patch(`/v3/${kind}s/${id}`, { [kind]: { enabled: false } })).status).toBe(200);
  };
  const on = async (kind: string, id: string): Promise<void> => {
    expect((await patch(`/v3/${kind}s/${id}`, { [kind]: { enabled: true } })).status).toBe(200);
  };
  const cases: [string, (of: Tenant) => Promise<unknown>][] = [
    ['user disabled', (of) => off('user', of.userId)],
    ['user disabled and enabled', (of) => off('user', of.userId).then(() => on('user', of.userId))],
    ['user deleted', (of) => cloud.call('DELETE', `/v3/users/${of.userId}`, { token: admin })],
    ['project disabled', (of) => off('project', of.projectId)],
    [
      'project disabled and enabled',
      (of) => off('project', of.projectId).then(() => on('project', of.projectId)),
    ],
    ['project deleted', (of) => cloud.call('DELETE', `/v3/projects/${of.projectId}`, { token: admin })],
    ['password set', (of) => patch(`/v3/users/${of.userId}`, { user: { password: 'another' } })],
    [
      'own password changed',
      (of) =>
        cloud.call('POST', `/v3/users/${of.userId}/password`, {
          body: { user: { original_password: `${of.name}-password`, password: 'another' } },
        }),
    ],
    [
      'role removed',
      async (of) =>
        cloud.call(
          'DELETE',
          `/v3/projects/${of.projectId}/users/${of.userId}/roles/${await roleId('member')}`,
          { token: admin },
        ),
    ],
    [
      'token deleted',
      (of) =>
        cloud.call('DELETE', '/v3/auth/tokens', {
          token: of.token,
          headers: { 'x-subject-token': of.token },
        }),
    ],
  ];
  test.each(cases)('%s', async (what, revoke) => {
    const one = await tenant();
    const { made } = await credential(one);
    const delegated = await credentialToken(made);
    expect([await opens(one.token), await opens(delegated)]).toEqual([200, 200]);
    await revoke(one);
    expect(await opens(one.token)).toBe(401);
    expect((await tokenLogin(one.token)).status).toBe(404);
    if (what === 'token deleted') return;
    expect(await opens(delegated)).toBe(401);
    // A changed password ends sessions; the credential itself is not that password's.
    const lasting = /disabled$|deleted|removed/.test(what) ? 401 : 201;
    expect((await credentialLogin(made)).status).toBe(lasting);
  });

  test('role deleted, left group, domain disabled, credential deleted', async () => {
    const post = async <T>(path: string, body: unknown): Promise<T> =>
      (await cloud.call<T>('POST', path, { token: admin, body })).body;
    const { domain } = await post<{ domain: { id: string } }>('/v3/domains', { domain: { name: 'away' } });
    const { user } = await post<{ user: { id: string } }>('/v3/users', {
      user: { name: 'visitor', password: 'visitor-password', domain_id: domain.id },
    });
    const { role } = await post<{ role: { id: string } }>('/v3/roles', { role: { name: 'passing' } });
    const { group } = await post<{ group: { id: string } }>('/v3/groups', { group: { name: 'crew' } });
    const home = await tenant();
    const put = async (path: string): Promise<void> => {
      expect((await cloud.call('PUT', path, { token: admin })).status).toBe(204);
    };
    const enter = async (): Promise<string> => {
      const body = {
        auth: {
          identity: {
            methods: ['password'],
            password: { user: { id: user.id, password: 'visitor-password' } },
          },
          scope: { project: { id: home.projectId } },
        },
      };
      const answer = await cloud.call('POST', '/v3/auth/tokens', { body });
      expect(answer.status).toBe(201);
      return answer.headers.get('x-subject-token') ?? '';
    };
    const alive = (token: string) =>
      cloud.identity.authenticate(token, { method: 'GET', path: '/' }) !== undefined;

    await put(`/v3/projects/${home.projectId}/users/${user.id}/roles/${role.id}`);
    const byRole = await enter();
    expect(alive(byRole)).toBe(true);
    await cloud.call('DELETE', `/v3/roles/${role.id}`, { token: admin });
    expect(alive(byRole)).toBe(false);

    await put(`/v3/groups/${group.id}/users/${user.id}`);
    await put(`/v3/projects/${home.projectId}/groups/${group.id}/roles/${await roleId('reader')}`);
    const byGroup = await enter();
    expect(alive(byGroup)).toBe(true);
    await cloud.call('DELETE', `/v3/groups/${group.id}/users/${user.id}`, { token: admin });
    expect(alive(byGroup)).toBe(false);

    await put(`/v3/groups/${group.id}/users/${user.id}`);
    const fromAway = await enter();
    await off('domain', domain.id);
    expect(alive(fromAway)).toBe(false);
    expect((await cloud.call('DELETE', `/v3/domains/${domain.id}`, { token: admin })).status).toBe(204);
    expect(cloud.identity.users.get(user.id)).toBeUndefined();

    const { made } = await credential(home);
    const delegated = await credentialToken(made);
    const path = `/v3/users/${home.userId}/application_credentials/${made.id}`;
    expect((await cloud.call('DELETE', path, { token: home.token })).status).toBe(204);
    expect(alive(delegated)).toBe(false);
  });

  test('a password changed while the old one is being checked', async () => {
    const one = await tenant();
    const [login, change] = await Promise.all([
      cloud.call('POST', '/v3/auth/tokens', {
        body: passwordBody(one.name, `${one.name}-password`, projectScope(one.name)),
      }),
      patch(`/v3/users/${one.userId}`, { user: { password: 'another' } }),
    ]);
    expect(change.status).toBe(200);
    const token = login.headers.get('x-subject-token');
    expect(token === null ? 401 : await opens(token)).toBe(401);
  });
});

test('S18: a wrong user and a wrong password cannot be told apart', async () => {
  const one = await tenant();
  const disabled = await tenant();
  await cloud.call('PATCH', `/v3/users/${disabled.userId}`, {
    token: admin,
    body: { user: { enabled: false } },
  });
  const appCredential = (id: string) => ({
    auth: {
      identity: { methods: ['application_credential'], application_credential: { id, secret: 'guess' } },
    },
  });
  const { made } = await credential(one);
  const attempts: [string, unknown][] = [
    ['/v3/auth/tokens', passwordBody(one.name, 'guess')],
    ['/v3/auth/tokens', passwordBody('nobody', 'guess')],
    ['/v3/auth/tokens', passwordBody(disabled.name, 'guess')],
    ['/v3/auth/tokens', passwordBody(disabled.name, `${disabled.name}-password`)],
    ['/v3/auth/tokens', passwordBody(one.name, `${one.name}-password`, projectScope('nowhere'))],
    ['/v3/auth/tokens', appCredential(made.id)],
    ['/v3/auth/tokens', appCredential('0'.repeat(32))],
    [`/v3/users/${one.userId}/password`, { user: { original_password: 'guess', password: 'n' } }],
    [`/v3/users/${'0'.repeat(32)}/password`, { user: { original_password: 'guess', password: 'n' } }],
  ];
  const answers = new Set<string>();
  for (const [path, body] of attempts) {
    const before = cloud.passwords.computed;
    const answer = await cloud.call('POST', path, { body });
    expect(answer.status).toBe(401);
    expect(cloud.passwords.computed - before).toBe(1);
    answers.add(answer.text);
  }
  expect([...answers]).toHaveLength(1);
});

test('S21: planted secrets come back in no error', async () => {
  const planted = 'PLANTED-SECRET-4711';
  const one = await tenant();
  const attempts: [string, string, unknown][] = [
    ['POST', '/v3/auth/tokens', passwordBody(one.name, planted)],
    ['POST', '/v3/auth/tokens', passwordBody(one.name, [planted] as never)],
    ['POST', '/v3/auth/tokens', { auth: { identity: planted } }],
    ['POST', '/v3/auth/tokens', { auth: { identity: { methods: ['token'], token: { id: planted } } } }],
    ['POST', '/v3/auth/tokens', { auth: { identity: { methods: ['token'], token: planted } } }],
    ['POST', '/v3/users', { user: { name: '', password: planted } }],
    ['POST', '/v3/users', { user: { name: 'x', password: { planted } } }],
    ['POST', '/v3/users', { user: [planted] }],
    ['PATCH', `/v3/users/${one.userId}`, { user: { password: [planted] } }],
    ['POST', `/v3/users/${one.userId}/password`, { user: { original_password: planted, password: 1 } }],
    ['POST', `/v3/users/${one.userId}/password`, { user: planted }],
    [
      'POST',
      `/v3/users/${one.userId}/application_credentials`,
      { application_credential: { name: 'n', secret: [planted] } },
    ],
  ];
  for (const [method, path, body] of attempts) {
    const answer = await cloud.call(method, path, { token: admin, body });
    expect(answer.status).toBeGreaterThanOrEqual(400);
    expect(answer.text).not.toContain(planted);
  }
  const shown = await cloud.call('GET', '/v3/auth/tokens', {
    token: admin,
    headers: { 'x-subject-token': planted },
  });
  expect(shown.status).toBe(404);
  expect(shown.text).not.toContain(planted);
  // Nor in answers: neither password nor hash, nor a secret after the one answer that makes it.
  const { made } = await credential(one, { secret: planted });
  for (const path of ['', '/application_credentials', `/application_credentials/${made.id}`]) {
    const { text } = await cloud.call('GET', `/v3/users/${one.userId}${path}`, { token: one.token });
    expect(text).not.toContain(planted);
    expect(text).not.toContain('scrypt');
  }
});
