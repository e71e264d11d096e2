import { afterAll, beforeAll, expect, test } from 'vitest';
import { transaction } from '../db/index.ts';
import { startTestCloud, type TestCloud } from './testing.ts';

let cloud: TestCloud;
beforeAll(async () => {
  cloud = await startTestCloud();
});
afterAll(() => cloud.close());

const REQUEST = { method: 'GET', path: '/compute/v2.1/servers' };
const who = (token: string) => cloud.identity.authenticate(token, REQUEST);

test('what is remembered of a caller is what the database says', async () => {
  const { token, userId, projectId } = await cloud.tenant('remembered');
  const first = who(token);
  expect([first?.userId, first?.projectId]).toEqual([userId, projectId]);
  // The very same object: nothing was looked up again.
  expect(who(token)).toBe(first);
  cloud.db.prepare('UPDATE identity_user SET name = name WHERE id = ?').run(userId);
  expect(who(token)).not.toBe(first);
  expect(who(token)).toEqual(first);

  // Whatever ends a token ends it for the next request, however it was written.
  cloud.db.prepare('UPDATE identity_project SET enabled = 0 WHERE id = ?').run(projectId);
  expect(who(token)).toBeUndefined();
  cloud.db.prepare('UPDATE identity_project SET enabled = 1 WHERE id = ?').run(projectId);
  expect(who(token)).toEqual(first);
  cloud.db.prepare('DELETE FROM identity_assignment WHERE actor_id = ?').run(userId);
  expect(who(token)).toBeUndefined();
});

test('what a transaction takes back is not remembered', async () => {
  const { token, userId } = await cloud.tenant('taken-back');
  const before = who(token);
  expect(() =>
    transaction(cloud.db, () => {
      cloud.db.prepare('DELETE FROM identity_assignment WHERE actor_id = ?').run(userId);
      expect(who(token)).toBeUndefined();
      throw new Error('taken back');
    }),
  ).toThrow('taken back');
  expect(who(token)).toEqual(before);
  expect(() =>
    transaction(cloud.db, () => {
      cloud.db.prepare("UPDATE identity_user SET name = 'other' WHERE id = ?").run(userId);
      expect(who(token)?.userName).toBe('other');
      throw new Error('taken back');
    }),
  ).toThrow('taken back');
  expect(who(token)?.userName).toBe('taken-back');
});

test('a token ends by the clock although nothing changes', async () => {
  const { token } = await cloud.tenant('ends');
  expect(who(token)).toBeDefined();
  expect(who(token)).toBe(who(token));
  cloud.ahead = 3600_001;
  expect(who(token)).toBeUndefined();
  cloud.ahead = 0;
});
