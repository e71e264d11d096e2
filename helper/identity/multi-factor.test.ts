import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { fromBase32, passcodeAt } from './app/totp.ts';
import { startTestCloud, type Answer, type TestCloud } from './testing.ts';

const SECRET = 'GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ';
const key = fromBase32(SECRET) ?? Buffer.alloc(0);
const step = (back = 0): number => Math.floor((Date.now() + cloud.ahead) / 30_000) - back;

let cloud: TestCloud;
let admin: string;
let userId: string;
let other: string;

interface Body {
  token?: { methods: string[] };
  receipt?: { methods: string[]; user: { id: string } };
  required_auth_methods?: string[][];
}
const password = (id = userId, text = 'alice-password') => ({ password: { user: { id, password: text } } });
const totp = (passcode: string, id = userId) => ({ totp: { user: { id, passcode } } });
const login = (given: object, receipt?: string): Promise<Answer<Body>> =>
  cloud.call('POST', '/v3/auth/tokens', {
    headers: receipt === undefined ? {} : { 'openstack-auth-receipt': receipt },
    body: { auth: { identity: { methods: Object.keys(given), ...given } } },
  });
const receiptOf = (answer: Answer<Body>): string => answer.headers.get('openstack-auth-receipt') ?? '';
const option = (options: object) =>
  cloud.call('PATCH', `/v3/users/${userId}`, { token: admin, body: { user: { options } } });

beforeAll(async () => {
  cloud = await startTestCloud([], { lockoutFailures: 50, lockoutSeconds: 60 });
  admin = await cloud.adminToken();
  const alice = await cloud.tenant('alice');
  userId = alice.userId;
  other = (await cloud.tenant('bob')).userId;
  const made = await cloud.call('POST', '/v3/credentials', {
    token: alice.token,
    body: { credential: { type: 'totp', blob: SECRET, user_id: userId } },
  });
  expect(made.status).toBe(201);
  const bad = { credential: { type: 'totp', blob: '1!', user_id: userId } };
  expect((await cloud.call('POST', '/v3/credentials', { token: alice.token, body: bad })).status).toBe(400);
});
afterAll(() => cloud.close());
afterEach(() => {
  cloud.ahead += 600_000;
});

test('one-time passwords are those of RFC 6238, each good once', async () => {
  expect([passcodeAt(key, 1), passcodeAt(key, Math.floor(1111111109 / 30))]).toEqual(['287082', '081804']);
  expect((await login(totp(passcodeAt(key, step(3))))).status).toBe(401);
  expect((await login(totp(passcodeAt(key, step(1))))).status).toBe(201);
  const now = passcodeAt(key, step());
  expect((await login(totp(now))).status).toBe(201);
  expect((await login(totp(now))).status).toBe(401);
  const wrong = await login(totp('abcdef'));
  expect([wrong.status, wrong.text]).toEqual([401, (await login(totp('abcdef', 'nobody'))).text]);
});

describe('rules of a user', () => {
  beforeAll(async () => {
    const rules = [
      ['password', 'totp'],
      ['password', 'smoke-signal'],
    ];
    await option({ multi_factor_auth_enabled: true, multi_factor_auth_rules: rules });
  });

  test('one method gives a receipt, which with the other gives a token, once', async () => {
    const first = await login(password());
    expect(first.status).toBe(401);
    expect(first.headers.get('x-subject-token')).toBeNull();
    expect(first.body.receipt).toMatchObject({ methods: ['password'], user: { id: userId } });
    expect(first.body.required_auth_methods).toEqual([['password', 'totp']]);
    const receipt = receiptOf(first);
    expect((await login(totp('000000'), receipt)).status).toBe(401);
    const both = await login(totp(passcodeAt(key, step())), receipt);
    expect(both.status).toBe(201);
    expect(both.body.token?.methods.sort()).toEqual(['password', 'totp']);
    cloud.ahead += 60_000;
    expect((await login(totp(passcodeAt(key, step())), receipt)).status).toBe(401);
    const token = both.headers.get('x-subject-token') ?? '';
    expect((await login({ token: { id: token } })).status).toBe(201);
  });

  test('both at once do; a wrong password gives no receipt', async () => {
    expect((await login({ ...password(), ...totp(passcodeAt(key, step())) })).status).toBe(201);
    const wrong = await login(password(userId, 'wrong'));
    expect([wrong.status, receiptOf(wrong)]).toEqual([401, '']);
  });

  test('a receipt is its user’s, ends by time and with the password', async () => {
    const receipt = receiptOf(await login(password()));
    expect((await login(password(other, 'bob-password'), receipt)).status).toBe(401);
    expect((await login(password(other, 'bob-password'), 'forged')).status).toBe(401);
    cloud.ahead += 301_000;
    expect((await login(totp(passcodeAt(key, step())), receipt)).status).toBe(401);
    cloud.ahead += 60_000;
    const second = receiptOf(await login(password()));
    const set = { token: admin, body: { user: { password: 'alice-password' } } };
    admin = await cloud.adminToken();
    await cloud.call('PATCH', `/v3/users/${userId}`, { ...set, token: admin });
    expect((await login(totp(passcodeAt(key, step())), second)).status).toBe(401);
  });

  test('without the option, or without a usable rule, one method is enough', async () => {
    admin = await cloud.adminToken();
    await option({ multi_factor_auth_rules: [['password', 'smoke-signal']] });
    expect((await login(password())).status).toBe(201);
    await option({ multi_factor_auth_enabled: null, multi_factor_auth_rules: [['totp']] });
    expect((await login(password())).status).toBe(201);
  });
});
