import { createHash, createHmac } from 'node:crypto';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { startTestCloud, type Answer, type TestCloud } from './testing.ts';

let cloud: TestCloud;
let admin: string;
let serial = 0;
type Tenant = Awaited<ReturnType<TestCloud['tenant']>> & { name: string };

interface Ec2 {
  access: string;
  secret: string;
}
interface Made {
  credential: { id: string; user_id: string };
}

const tenant = async (): Promise<Tenant> => {
  const name = `tenant${(serial += 1)}`;
  return { ...(await cloud.tenant(name)), name };
};
const call = <Body = never>(token: string | undefined, method: string, path: string, body?: unknown) =>
  cloud.call<Body>(method, `/v3${path}`, {
    ...(token === undefined ? {} : { token }),
    ...(body === undefined ? {} : { body }),
  });
const ec2Of = (who: Tenant, token = who.token, projectId = who.projectId) =>
  call<{ credential: Ec2 }>(token, 'POST', `/users/${who.userId}/credentials/OS-EC2`, {
    tenant_id: projectId,
  });
const keysFor = async (who: Tenant, token = who.token): Promise<Ec2> => {
  const answer = await ec2Of(who, token);
  expect(answer.status).toBe(201);
  return answer.body.credential;
};

const encode = (text: string): string => encodeURIComponent(text).replaceAll('*', '%2A');
/** What a service hands on that got a request signed by version 2. */
const version2 = (keys: Ec2, at = Date.now()): object => {
  const params: Record<string, string> = {
    Action: 'DescribeInstances',
    AWSAccessKeyId: keys.access,
    SignatureMethod: 'HmacSHA256',
    SignatureVersion: '2',
    Timestamp: new Date(at).toISOString(),
    'Filter.1': 'a b*c',
  };
  const query = Object.keys(params)
    .sort()
    .map((key) => `${encode(key)}=${encode(params[key] ?? '')}`)
    .join('&');
  const text = `GET\n127.0.0.1:8773\n/services/Cloud\n${query}`;
  const signature = createHmac('sha256', keys.secret).update(text).digest('base64');
  return {
    access: keys.access,
    signature,
    host: '127.0.0.1:8773',
    verb: 'GET',
    path: '/services/Cloud',
    params,
  };
};
const version4 = (keys: Ec2, at = Date.now()): Record<string, unknown> => {
  const date = new Date(at).toISOString().replaceAll(/[-:]|\.\d+/g, '');
  const day = date.slice(0, 8);
  const bodyHash = createHash('sha256').update('').digest('hex');
  const scope = `${day}/us-east-1/ec2/aws4_request`;
  const canonical = `POST\n/\n\nhost:h\nx-amz-date:${date}\n\nhost;x-amz-date\n${bodyHash}`;
  const text = `AWS4-HMAC-SHA256\n${date}\n${scope}\n${createHash('sha256').update(canonical).digest('hex')}`;
  let key: Buffer = Buffer.from(`AWS4${keys.secret}`);
  for (const part of [day, 'us-east-1', 'ec2', 'aws4_request'])
    key = createHmac('sha256', key).update(part).digest();
  const signature = createHmac('sha256', key).update(text).digest('hex');
  const authorization = `AWS4-HMAC-SHA256 Credential=${keys.access}/${scope}, SignedHeaders=host;x-amz-date, Signature=${signature}`;
  return {
    signature,
    host: 'h',
    verb: 'POST',
    path: '/',
    params: {},
    headers: { Host: 'h', 'X-Amz-Date': date, Authorization: authorization },
    body_hash: bodyHash,
  };
};
interface Token {
  user: { id: string };
  project: { id: string };
  roles: { name: string }[];
}
const enter = (credentials: unknown, token: string | undefined = admin): Promise<Answer<{ token: Token }>> =>
  call(token, 'POST', '/ec2tokens', { credentials });
const tokenBy = async (keys: Ec2): Promise<string> => {
  const answer = await enter(version2(keys));
  expect(answer.status).toBe(200);
  return answer.headers.get('x-subject-token') ?? '';
};
const alive = async (token: string): Promise<number> => (await call(token, 'GET', '/auth/projects')).status;

let alice: Tenant;
let bob: Tenant;
beforeAll(async () => {
  cloud = await startTestCloud();
  admin = await cloud.adminToken();
  [alice, bob] = [await tenant(), await tenant()];
});
afterAll(() => cloud.close());
afterEach(() => {
  cloud.ahead = 0;
});

describe('credentials', () => {
  test('are their user’s: made, changed, listed and hidden from others (S12, S15)', async () => {
    const body = { credential: { type: 'cert', blob: 'text', user_id: alice.userId } };
    expect((await call(undefined, 'POST', '/credentials', body)).status).toBe(401);
    expect((await call(bob.token, 'POST', '/credentials', body)).status).toBe(403);
    const made = await call<Made>(alice.token, 'POST', '/credentials', body);
    expect(made.status).toBe(201);
    const { id } = made.body.credential;
    const path = `/credentials/${id}`;
    expect((await call(alice.token, 'GET', path)).status).toBe(200);
    for (const [method, change] of [['GET'], ['DELETE'], ['PATCH', { credential: { blob: 'b' } }]] as const)
      expect([method, (await call(bob.token, method, path, change)).status]).toEqual([method, 404]);
    const list = async (token: string, query = ''): Promise<string[]> =>
      (
        await call<{ credentials: { id: string }[] }>(token, 'GET', `/credentials${query}`)
      ).body.credentials.map((one) => one.id);
    expect(await list(alice.token)).toEqual([id]);
    expect(await list(bob.token)).toEqual([]);
    expect(await list(bob.token, `?user_id=${alice.userId}`)).toEqual([]);
    expect(await list(admin, `?user_id=${alice.userId}&type=cert`)).toEqual([id]);
    expect(await list(admin, '?type=other')).toEqual([]);
    const stolen = { credential: { user_id: bob.userId } };
    expect((await call(alice.token, 'PATCH', path, stolen)).status).toBe(400);
    expect((await call(alice.token, 'PATCH', path, { credential: { blob: 'new' } })).status).toBe(200);
    expect((await call(alice.token, 'DELETE', path)).status).toBe(204);
    expect((await call(alice.token, 'GET', path)).status).toBe(404);
  });

  test('of type ec2 hold keys, once each, for a project', async () => {
    const make = (blob: string, more: object = { project_id: alice.projectId }) =>
      call<Made>(alice.token, 'POST', '/credentials', { credential: { type: 'ec2', blob, ...more } });
    const blob = JSON.stringify({ access: 'a1', secret: 's1' });
    const made = await make(blob);
    expect(made.body.credential.id).toBe(createHash('sha256').update('a1').digest('hex'));
    expect((await make(blob)).status).toBe(409);
    expect((await make(blob, {})).status).toBe(400);
    expect((await make('no json')).status).toBe(400);
    expect((await make('{"access": "x"}')).status).toBe(400);
    expect((await make(JSON.stringify({ access: 'y', secret: 'z', trust_id: 't' }))).status).toBe(400);
    expect((await make(blob, { project_id: 'nowhere' })).status).toBe(404);
    expect((await call(alice.token, 'GET', `/users/${alice.userId}/credentials/OS-EC2/a1`)).status).toBe(200);
  });

  test('EC2 credentials of a user are below it', async () => {
    const keys = await keysFor(alice);
    const path = `/users/${alice.userId}/credentials/OS-EC2`;
    const list = await call<{ credentials: Ec2[] }>(alice.token, 'GET', path);
    expect(list.body.credentials.map((one) => one.access)).toContain(keys.access);
    expect((await call(alice.token, 'GET', `${path}/${keys.access}`)).body).toMatchObject({
      credential: { ...keys, user_id: alice.userId, tenant_id: alice.projectId, trust_id: null },
    });
    expect((await call(bob.token, 'GET', path)).status).toBe(403);
    expect(
      (await call(bob.token, 'GET', `/users/${bob.userId}/credentials/OS-EC2/${keys.access}`)).status,
    ).toBe(404);
    expect((await ec2Of(alice, bob.token)).status).toBe(403);
    expect((await ec2Of(alice, alice.token, 'nowhere')).status).toBe(404);
    expect((await call(alice.token, 'DELETE', `${path}/${keys.access}`)).status).toBe(204);
    expect((await call(alice.token, 'GET', `${path}/${keys.access}`)).status).toBe(404);
  });
});

describe('POST /v3/ec2tokens', () => {
  test('gives the signer’s token to services, for versions 2 and 4', async () => {
    const keys = await keysFor(alice);
    for (const signed of [version2(keys), version4(keys)]) {
      const answer = await enter(signed);
      expect(answer.status).toBe(200);
      expect(answer.body.token).toMatchObject({
        user: { id: alice.userId },
        project: { id: alice.projectId },
      });
    }
    expect((await enter(version2(keys), alice.token)).status).toBe(403);
    expect((await call(undefined, 'POST', '/ec2tokens', { credentials: version2(keys) })).status).toBe(401);
    const old = await call(admin, 'POST', '/ec2tokens', { ec2Credentials: version2(keys) });
    expect(old.status).toBe(200);
    expect((await call(admin, 'POST', '/ec2tokens', {})).status).toBe(400);
  });

  test('refuses what is not signed so, and a signature that is old (S16)', async () => {
    const keys = await keysFor(alice);
    const wrong = { ...keys, secret: 'wrong' };
    const minutes = (n: number): number => Date.now() + n * 60_000;
    const shifted = version2(keys, minutes(-20)) as { params: Record<string, string> };
    shifted.params['Timestamp'] = new Date().toISOString();
    const signed4 = version4(keys, minutes(-20)) as { headers: Record<string, string> };
    const redated = version4(keys);
    const refused = [
      version2(wrong),
      version4(wrong),
      version2({ access: 'nobody', secret: 's' }),
      version2(keys, minutes(-16)),
      version2(keys, minutes(16)),
      version4(keys, minutes(-16)),
      shifted,
      { ...signed4, headers: { ...signed4.headers, 'X-Amz-Date': '20260101T000000Z' } },
      { ...redated, verb: 'GET' },
      { ...redated, headers: {} },
      { signature: 'x', params: { SignatureVersion: '9' } },
    ];
    for (const one of refused) {
      const answer = await enter(one);
      expect([answer.status, answer.text]).toEqual([401, (await enter(version2(wrong))).text]);
    }
    const before = version2(keys);
    expect((await enter(before)).status).toBe(200);
    cloud.ahead = 16 * 60_000;
    expect((await enter(before)).status).toBe(401);
  });

  test('its tokens end with the credential, its change, its role; and stay in its project (S14, S17)', async () => {
    const keys = await keysFor(alice);
    const path = `/users/${alice.userId}/credentials/OS-EC2/${keys.access}`;
    const token = await tokenBy(keys);
    const rescope = await cloud.call('POST', '/v3/auth/tokens', {
      body: {
        auth: {
          identity: { methods: ['token'], token: { id: token } },
          scope: { project: { id: bob.projectId } },
        },
      },
    });
    expect(rescope.status).toBe(401);
    expect((await call(alice.token, 'DELETE', path)).status).toBe(204);
    expect(await alive(token)).toBe(401);

    const elsewhere = await ec2Of(alice, alice.token, bob.projectId);
    expect((await enter(version2(elsewhere.body.credential))).status).toBe(401);
  });
});

describe('S14: delegation never widens', () => {
  const credentialOf = async (more: object): Promise<string> => {
    const made = await call<{ application_credential: { id: string; secret: string } }>(
      alice.token,
      'POST',
      `/users/${alice.userId}/application_credentials`,
      { application_credential: { name: `ac${(serial += 1)}`, ...more } },
    );
    expect(made.status).toBe(201);
    const { id, secret } = made.body.application_credential;
    const login = await cloud.call('POST', '/v3/auth/tokens', {
      body: {
        auth: { identity: { methods: ['application_credential'], application_credential: { id, secret } } },
      },
    });
    return login.headers.get('x-subject-token') ?? '';
  };
  const byTrust = async (impersonation: boolean): Promise<string> => {
    const made = await call<{ trust: { id: string } }>(alice.token, 'POST', '/OS-TRUST/trusts', {
      trust: {
        trustor_user_id: alice.userId,
        trustee_user_id: bob.userId,
        project_id: alice.projectId,
        impersonation,
        roles: [{ name: 'reader' }],
      },
    });
    return cloud.login(bob.name, `${bob.name}-password`, { 'OS-TRUST:trust': { id: made.body.trust.id } });
  };
  const makers = (token: string, userId = alice.userId) => ({
    'application credential': () =>
      call(token, 'POST', `/users/${userId}/application_credentials`, {
        application_credential: { name: `ac${(serial += 1)}` },
      }),
    ec2: () => call(token, 'POST', `/users/${userId}/credentials/OS-EC2`, { tenant_id: alice.projectId }),
    'ec2 as credential': () =>
      call(token, 'POST', '/credentials', {
        credential: {
          type: 'ec2',
          user_id: userId,
          project_id: alice.projectId,
          blob: JSON.stringify({ access: `a${(serial += 1)}`, secret: 's' }),
        },
      }),
    credential: () =>
      call(token, 'POST', '/credentials', {
        credential: { type: 'totp', user_id: userId, blob: 'GEZDGNBV' },
      }),
    trust: () =>
      call(token, 'POST', '/OS-TRUST/trusts', {
        trust: {
          trustor_user_id: userId,
          trustee_user_id: bob.userId,
          project_id: alice.projectId,
          impersonation: true,
          roles: [{ name: 'reader' }],
        },
      }),
  });
  const statuses = async (token: string, userId?: string): Promise<number[]> => {
    const all: number[] = [];
    for (const make of Object.values(makers(token, userId))) all.push((await make()).status);
    return all;
  };

  test('what each kind of token can make', async () => {
    const restricted = await credentialOf({});
    const rule = { service: 'identity', method: 'POST', path: '/**' };
    const ruled = await credentialOf({ unrestricted: true, access_rules: [rule] });
    const free = await credentialOf({ unrestricted: true });
    const ec2 = await tokenBy(await keysFor(alice));
    const [trust, plain] = [await byTrust(true), await byTrust(false)];
    expect({
      user: await statuses(alice.token),
      restricted: await statuses(restricted),
      ruled: await statuses(ruled),
      free: await statuses(free),
      ec2: await statuses(ec2),
      trust: await statuses(trust),
      plain: await statuses(plain, bob.userId),
    }).toEqual({
      user: [201, 201, 201, 201, 201],
      restricted: [403, 403, 403, 403, 403],
      ruled: [403, 403, 403, 403, 403],
      free: [201, 201, 201, 201, 201],
      ec2: [403, 403, 403, 403, 403],
      trust: [403, 201, 201, 201, 403],
      plain: [403, 201, 201, 201, 403],
    });
  });

  test('what is made by delegation has its bounds, in roles, place and time', async () => {
    const narrow = await credentialOf({ unrestricted: true, roles: [{ name: 'reader' }] });
    for (const maker of [narrow, await byTrust(true)]) {
      const keys = await keysFor(alice, maker);
      const entered = await enter(version2(keys));
      expect(entered.body.token.roles.map((role) => role.name)).toEqual(['reader']);
      expect(entered.body.token.user.id).toBe(alice.userId);
      expect((await ec2Of(alice, maker, bob.projectId)).status).toBe(403);
    }
    const trust = await makers(narrow).trust();
    const trustId = (trust.body as { trust: { id: string } }).trust.id;
    const through = await cloud.login(bob.name, `${bob.name}-password`, {
      'OS-TRUST:trust': { id: trustId },
    });
    expect(await alive(through)).toBe(200);
    const wide = await call(narrow, 'POST', '/OS-TRUST/trusts', {
      trust: {
        trustor_user_id: alice.userId,
        trustee_user_id: bob.userId,
        project_id: alice.projectId,
        impersonation: true,
        roles: [{ name: 'member' }],
      },
    });
    expect(wide.status).toBe(404);
    const keys = await keysFor(alice, narrow);
    const token = await tokenBy(keys);
    const { body } = await call<{ application_credentials: { id: string }[] }>(
      alice.token,
      'GET',
      `/users/${alice.userId}/application_credentials`,
    );
    for (const { id } of body.application_credentials)
      await call(alice.token, 'DELETE', `/users/${alice.userId}/application_credentials/${id}`);
    expect([await alive(token), await alive(through), (await enter(version2(keys))).status]).toEqual([
      401, 401, 401,
    ]);
  });

  test('a delegated token neither reads nor changes wider credentials of its user', async () => {
    const keys = await keysFor(alice);
    const id = createHash('sha256').update(keys.access).digest('hex');
    const free = await credentialOf({ unrestricted: true });
    const restricted = await credentialOf({});
    const own = await keysFor(alice, free);
    for (const token of [free, restricted, await byTrust(true), await tokenBy(keys)]) {
      const ec2 = `/users/${alice.userId}/credentials/OS-EC2`;
      const seen = [
        (await call(token, 'GET', `/credentials/${id}`)).status,
        (await call(token, 'PATCH', `/credentials/${id}`, { credential: { blob: '{}' } })).status,
        (await call(token, 'DELETE', `/credentials/${id}`)).status,
        (await call(token, 'GET', `${ec2}/${keys.access}`)).status,
        (await call(token, 'DELETE', `${ec2}/${keys.access}`)).status,
      ];
      expect(seen).toEqual([404, 404, 404, 404, 404]);
      for (const path of ['/credentials', ec2]) {
        const { text } = await call(token, 'GET', path);
        expect(text).not.toContain(keys.access);
        expect(text.includes(own.access)).toBe(token === free);
      }
    }
    const moved = await call(
      alice.token,
      'PATCH',
      `/credentials/${createHash('sha256').update(own.access).digest('hex')}`,
      {
        credential: { project_id: bob.projectId },
      },
    );
    expect(moved.status).toBe(403);
  });
});
