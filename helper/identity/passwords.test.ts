import { afterEach, describe, expect, test } from 'vitest';
import { silentLogger } from '../http/index.ts';
import { createIdentity, type PasswordRules } from './index.ts';
import { passwordBody, startTestCloud, type TestCloud } from './testing.ts';

const DAY = 86_400_000;
let cloud: TestCloud;
afterEach(() => cloud.close());

const start = async (rules: PasswordRules): Promise<{ userId: string; admin: string }> => {
  cloud = await startTestCloud([], rules);
  const admin = await cloud.adminToken();
  const made = await create('alice', 'first', {});
  expect(made.status).toBe(201);
  return { userId: made.body.user.id, admin };
};
const create = async (name: string, password: string, options: object) =>
  cloud.call<{ user: { id: string; password_expires_at: string | null } }>('POST', '/v3/users', {
    token: await cloud.adminToken(),
    body: { user: { name, password, options } },
  });
const login = (password: string, name = 'alice') =>
  cloud.call('POST', '/v3/auth/tokens', { body: passwordBody(name, password) });
const change = async (userId: string, original: string, password: string): Promise<number> =>
  (
    await cloud.call('POST', `/v3/users/${userId}/password`, {
      body: { user: { original_password: original, password } },
    })
  ).status;

describe('password rules', () => {
  test('a user does not take up one of its last passwords; an administrator may set it', async () => {
    const { userId } = await start({ historyCount: 2 });
    expect(await change(userId, 'first', 'first')).toBe(400);
    expect(await change(userId, 'first', 'second')).toBe(204);
    expect(await change(userId, 'second', 'second')).toBe(400);
    expect(await change(userId, 'second', 'first')).toBe(400);
    expect(await change(userId, 'second', 'third')).toBe(204);
    expect(await change(userId, 'third', 'first')).toBe(204);
    const reset = await cloud.call('PATCH', `/v3/users/${userId}`, {
      token: await cloud.adminToken(),
      body: { user: { password: 'third' } },
    });
    expect(reset.status).toBe(200);
    expect((await login('third')).status).toBe(201);
  });

  test('failures in a row lock out, in the same words; time, an administrator or an option open', async () => {
    const { userId } = await start({ lockoutFailures: 3, lockoutSeconds: 60 });
    const admin = await cloud.adminToken();
    const fail = async (times: number): Promise<string> => {
      let text = '';
      for (let i = 0; i < times; i++) text = (await login('wrong')).text;
      return text;
    };
    await fail(2);
    expect((await login('first')).status).toBe(201);
    const text = await fail(3);
    const locked = await login('first');
    expect([locked.status, locked.text]).toEqual([401, text]);
    expect((await login('wrong', 'nobody')).text).toBe(text);
    expect(await change(userId, 'first', 'second')).toBe(401);
    cloud.ahead = 61_000;
    expect((await login('first')).status).toBe(201);
    await fail(1);
    expect((await login('first')).status).toBe(201);
    for (const wrong of ['a', 'b', 'c']) expect(await change(userId, wrong, 'x')).toBe(401);
    expect((await login('first')).status).toBe(401);
    await cloud.call('PATCH', `/v3/users/${userId}`, { token: admin, body: { user: { enabled: true } } });
    expect((await login('first')).status).toBe(201);
    await cloud.call('PATCH', `/v3/users/${userId}`, {
      token: admin,
      body: { user: { options: { ignore_lockout_failure_attempts: true } } },
    });
    await fail(4);
    expect((await login('first')).status).toBe(201);
  });

  test('guesses at the same time are not more guesses', async () => {
    await start({ lockoutFailures: 2, lockoutSeconds: 60 });
    const answers = await Promise.all(
      ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'first'].map((password) => login(password)),
    );
    expect(answers.map((answer) => answer.status)).toEqual(Array(9).fill(401));
  });

  test('a pattern holds for all passwords, and says what it wants without saying what was given', async () => {
    await start({ regex: '^[a-z]{5,}$', regexDescription: 'five small letters' });
    const short = await create('bob', 'ZZ', {});
    expect(short.status).toBe(400);
    expect(short.text).toContain('five small letters');
    expect(short.text).not.toContain('ZZ');
    const { body } = await create('bob', 'letters', {});
    expect(await change(body.user.id, 'letters', 'ZZ')).toBe(400);
    const reset = await cloud.call('PATCH', `/v3/users/${body.user.id}`, {
      token: await cloud.adminToken(),
      body: { user: { password: 'ZZ' } },
    });
    expect(reset.status).toBe(400);
    expect(() =>
      createIdentity({
        db: cloud.db,
        logger: silentLogger,
        config: { region: 'R', tokenLifetimeSeconds: 60, passwords: { regex: '(' } },
      }),
    ).toThrow(/identity.passwords.regex/);
  });

  test('a password that its user chose stays for a while', async () => {
    const { userId } = await start({ minimumAgeDays: 1 });
    expect(await change(userId, 'first', 'second')).toBe(204);
    expect(await change(userId, 'second', 'third')).toBe(400);
    cloud.ahead = DAY + 1000;
    expect(await change(userId, 'second', 'third')).toBe(204);
  });

  test('a password ends, and can then only be changed; not for who is exempt', async () => {
    const { userId } = await start({ expiresDays: 30 });
    const exempt = await create('robot', 'first', { ignore_password_expiry: true });
    expect(exempt.body.user.password_expires_at).toBeNull();
    const answer = await login('first');
    expect(answer.text).toMatch(/"password_expires_at":"\d{4}-/);
    cloud.ahead = 31 * DAY;
    const expired = await login('first');
    expect([expired.status, expired.text]).toEqual([401, expect.stringContaining('is expired')]);
    expect((await login('wrong')).text).not.toContain('expired');
    expect((await login('first', 'robot')).status).toBe(201);
    expect(await change(userId, 'first', 'second')).toBe(204);
    expect((await login('second')).status).toBe(201);
  });

  test('one that was given is changed at first use', async () => {
    const { userId } = await start({ changeUponFirstUse: true });
    expect((await login('first')).status).toBe(401);
    expect(await change(userId, 'first', 'second')).toBe(204);
    expect((await login('second')).status).toBe(201);
    await create('robot', 'first', { ignore_change_password_upon_first_use: true });
    expect((await login('first', 'robot')).status).toBe(201);
  });

  test('options of users are checked', async () => {
    await start({});
    expect((await create('x', 'first', { lock_password: 'yes' })).status).toBe(400);
    expect((await create('x', 'first', { multi_factor_auth_rules: [[]] })).status).toBe(400);
    expect((await create('x', 'first', { multi_factor_auth_rules: [['password', 'totp']] })).status).toBe(
      201,
    );
  });
});
