import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { startTestCloud, type Answer, type TestCloud } from './testing.ts';

let cloud: TestCloud;
let admin: string;
let serial = 0;
type Tenant = Awaited<ReturnType<TestCloud['tenant']>> & { name: string };
let trustor: Tenant;
let trustee: Tenant;

interface Trust {
  id: string;
  roles: { id: string; name: string }[];
  expires_at: string | null;
  remaining_uses: number | null;
  redelegation_count: number;
}
interface Token {
  user: { id: string };
  project?: { id: string };
  roles: { name: string }[];
  'OS-TRUST:trust': { id: string; impersonation: boolean; trustor_user: { id: string } };
}

const tenant = async (): Promise<Tenant> => {
  const name = `tenant${(serial += 1)}`;
  return { ...(await cloud.tenant(name)), name };
};
const call = <Body = never>(token: string, method: string, path: string, body?: unknown) =>
  cloud.call<Body>(method, `/v3${path}`, { token, ...(body === undefined ? {} : { body }) });
const trustBody = (more: object = {}): object => ({
  trust: {
    trustor_user_id: trustor.userId,
    trustee_user_id: trustee.userId,
    project_id: trustor.projectId,
    impersonation: true,
    roles: [{ name: 'member' }],
    ...more,
  },
});
const create = (more: object = {}, token = trustor.token): Promise<Answer<{ trust: Trust }>> =>
  call(token, 'POST', '/OS-TRUST/trusts', trustBody(more));
const made = async (more: object = {}, token?: string): Promise<Trust> => {
  const answer = await create(more, token);
  expect(answer.status).toBe(201);
  return answer.body.trust;
};
const enter = (trustId: string, who = trustee): Promise<Answer<{ token: Token }>> =>
  cloud.call('POST', '/v3/auth/tokens', {
    body: {
      auth: {
        identity: {
          methods: ['password'],
          password: { user: { id: who.userId, password: `${who.name}-password` } },
        },
        scope: { 'OS-TRUST:trust': { id: trustId } },
      },
    },
  });
const tokenBy = async (trustId: string, who = trustee): Promise<string> => {
  const answer = await enter(trustId, who);
  expect(answer.status).toBe(201);
  return answer.headers.get('x-subject-token') ?? '';
};
const alive = async (token: string): Promise<number> => (await call(token, 'GET', '/auth/projects')).status;

beforeAll(async () => {
  cloud = await startTestCloud();
  admin = await cloud.adminToken();
});
beforeEach(async () => {
  [trustor, trustee] = [await tenant(), await tenant()];
});
afterAll(() => cloud.close());
afterEach(() => {
  cloud.ahead = 0;
});

describe('a trust', () => {
  test('gives its trustee a token in the trustor’s name with the roles named', async () => {
    const trust = await made();
    const { status, body } = await enter(trust.id);
    expect(status).toBe(201);
    expect(body.token.user.id).toBe(trustor.userId);
    expect(body.token.project?.id).toBe(trustor.projectId);
    expect(body.token.roles.map((role) => role.name).sort()).toEqual(['member', 'reader']);
    expect(body.token['OS-TRUST:trust']).toMatchObject({ id: trust.id, impersonation: true });
    const plain = await made({ impersonation: false, roles: [{ name: 'reader' }] });
    const other = await enter(plain.id);
    expect(other.body.token.user.id).toBe(trustee.userId);
    expect(other.body.token.roles.map((role) => role.name)).toEqual(['reader']);
  });

  test('is seen by both and by no one else', async () => {
    const trust = await made();
    const path = `/OS-TRUST/trusts/${trust.id}`;
    const stranger = await tenant();
    for (const at of [path, `${path}/roles`, `${path}/roles/${trust.roles[0]?.id}`]) {
      expect((await call(trustor.token, 'GET', at)).status).toBe(200);
      expect((await call(trustee.token, 'GET', at)).status).toBe(200);
      expect((await call(admin, 'GET', at)).status).toBe(200);
      expect((await call(stranger.token, 'GET', at)).status).toBe(404);
      expect((await cloud.call('GET', `/v3${at}`)).status).toBe(401);
    }
    expect((await call(trustor.token, 'GET', `${path}/roles/none`)).status).toBe(404);
    const list = (token: string, query: string) =>
      call<{ trusts: Trust[] }>(token, 'GET', `/OS-TRUST/trusts?${query}`);
    const mine = await list(trustor.token, `trustor_user_id=${trustor.userId}`);
    expect(mine.body.trusts.map((one) => one.id)).toEqual([trust.id]);
    expect(mine.body.trusts[0]).not.toHaveProperty('roles');
    expect((await list(trustee.token, `trustee_user_id=${trustee.userId}`)).body.trusts).toHaveLength(1);
    expect((await list(stranger.token, `trustor_user_id=${trustor.userId}`)).status).toBe(403);
    expect((await list(trustor.token, '')).status).toBe(403);
    expect((await list(admin, '')).status).toBe(200);
    expect((await call(stranger.token, 'DELETE', path)).status).toBe(404);
    expect((await call(trustee.token, 'DELETE', path)).status).toBe(403);
    expect((await call(trustor.token, 'DELETE', path)).status).toBe(204);
    expect((await call(trustor.token, 'GET', path)).status).toBe(404);
  });

  test('is refused in another’s name, without roles, with roles that one lacks, or past', async () => {
    expect((await create({}, trustee.token)).status).toBe(403);
    expect((await create({ trustor_user_id: trustee.userId })).status).toBe(403);
    expect((await create({ roles: [] })).status).toBe(403);
    expect((await create({ roles: [{ name: 'admin' }] })).status).toBe(404);
    expect((await create({ project_id: trustee.projectId })).status).toBe(404);
    expect((await create({ trustee_user_id: 'nobody' })).status).toBe(404);
    expect((await create({ expires_at: '2001-01-01T00:00:00Z' })).status).toBe(400);
    expect((await create({ expires_at: 'bad.123Z' })).status).toBe(400);
    expect((await create({ remaining_uses: 0 })).status).toBe(400);
    expect((await create({ redelegated_trust_id: 'x' })).status).toBe(403);
  });

  test('is for its trustee only, and not by a token that was itself delegated', async () => {
    const trust = await made();
    expect((await enter(trust.id, trustor)).status).toBe(401);
    expect((await enter('unknown')).status).toBe(401);
    const token = await tokenBy(trust.id);
    for (const scope of [undefined, { project: { id: trustor.projectId } }, 'unscoped']) {
      const again = await cloud.call('POST', '/v3/auth/tokens', {
        body: {
          auth: { identity: { methods: ['token'], token: { id: token } }, ...(scope ? { scope } : {}) },
        },
      });
      expect(again.status).toBe(403);
    }
  });

  test('ends with its time, its uses, and at once with whatever it stands on (S17)', async () => {
    const timed = await made({ expires_at: new Date(Date.now() + 60_000).toISOString() });
    const short = await tokenBy(timed.id);
    cloud.ahead = 61_000;
    expect([await alive(short), (await enter(timed.id)).status]).toEqual([401, 401]);
    cloud.ahead = 0;

    const once = await made({ remaining_uses: 1 });
    const only = await tokenBy(once.id);
    expect((await enter(once.id)).status).toBe(401);
    expect(await alive(only)).toBe(200);

    const trust = await made();
    const path = `/projects/${trustor.projectId}/users/${trustor.userId}/roles/${trust.roles[0]?.id}`;
    const byRole = await tokenBy(trust.id);
    await call(admin, 'DELETE', path);
    expect([await alive(byRole), (await enter(trust.id)).status]).toEqual([401, 401]);
    await call(admin, 'PUT', path);

    for (const who of [trustor, trustee]) {
      const token = await tokenBy(trust.id);
      await call(admin, 'PATCH', `/users/${who.userId}`, { user: { enabled: false } });
      expect([await alive(token), (await enter(trust.id)).status]).toEqual([401, 401]);
      await call(admin, 'PATCH', `/users/${who.userId}`, { user: { enabled: true } });
      expect(await alive(token)).toBe(401);
    }
    const last = await tokenBy(trust.id);
    trustor.token = await cloud.login(trustor.name, `${trustor.name}-password`, {
      project: { id: trustor.projectId },
    });
    await call(trustor.token, 'DELETE', `/OS-TRUST/trusts/${trust.id}`);
    expect(await alive(last)).toBe(401);
  });
});

describe('redelegation', () => {
  test('hands on no more than there is, and ends with the first trust', async () => {
    const third = await tenant();
    const first = await made({ allow_redelegation: true, redelegation_count: 2 });
    const token = await tokenBy(first.id);
    const onward = { trustee_user_id: third.userId };
    expect((await create({ ...onward, roles: [{ name: 'reader' }] }, token)).status).toBe(403);
    expect((await create({ ...onward, project_id: trustee.projectId }, token)).status).toBe(403);
    expect((await create({ ...onward, allow_redelegation: true, redelegation_count: 2 }, token)).status).toBe(
      403,
    );
    const second = await made({ ...onward, allow_redelegation: true }, token);
    expect(second.redelegation_count).toBe(1);
    const other = await tokenBy(second.id, third);
    expect(await alive(other)).toBe(200);
    await call(admin, 'PATCH', `/users/${trustee.userId}`, { user: { enabled: false } });
    expect(await alive(other)).toBe(401);
    await call(admin, 'PATCH', `/users/${trustee.userId}`, { user: { enabled: true } });
    await call(trustor.token, 'DELETE', `/OS-TRUST/trusts/${first.id}`);
    expect((await enter(second.id, third)).status).toBe(401);
  });

  test('needs leave, impersonation, and no end before', async () => {
    const third = await tenant();
    const onward = { trustee_user_id: third.userId };
    expect((await create(onward, await tokenBy((await made()).id))).status).toBe(403);
    const plain = await made({ impersonation: false, allow_redelegation: true });
    const own = await tokenBy(plain.id);
    expect((await create({ ...onward, trustor_user_id: trustee.userId }, own)).status).toBe(403);
    const timed = await made({
      allow_redelegation: true,
      expires_at: new Date(Date.now() + 600_000).toISOString(),
    });
    const token = await tokenBy(timed.id);
    expect((await create({ ...onward, expires_at: '2099-01-01T00:00:00Z' }, token)).status).toBe(403);
    expect((await made(onward, token)).expires_at).toBe(timed.expires_at);
    expect((await create({ allow_redelegation: true, remaining_uses: 2 })).status).toBe(400);
    expect((await create({ allow_redelegation: true, redelegation_count: 9 })).status).toBe(403);
  });
});
