import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { ImageWorld } from './test-world.ts';

let world: ImageWorld;

beforeEach(async () => {
  world = await new ImageWorld().start();
});

afterEach(() => world.stop());

const seen = async (token: string, query = ''): Promise<unknown[]> =>
  ((await world.call(token, 'GET', `/images${query}`)).body['images'] as { id: string }[]).map(
    (one) => one.id,
  );

describe('members', () => {
  test('are invited by the owner and answer for themselves', async () => {
    const id = await world.create();
    const added = await world.call('alice', 'POST', `/images/${id}/members`, { member: 'p-bob' });
    expect(added.status).toBe(200);
    expect(added.body).toMatchObject({ member_id: 'p-bob', image_id: id, status: 'pending' });
    expect(await seen('bob')).toEqual([]);
    expect(await seen('bob', '?visibility=shared&member_status=pending')).toEqual([id]);
    expect(await seen('bob', '?member_status=all')).toEqual([id]);
    expect((await world.call('bob', 'GET', `/images/${id}`)).status).toBe(200);
    const answer = await world.call('bob', 'PUT', `/images/${id}/members/p-bob`, { status: 'accepted' });
    expect([answer.status, answer.body['status']]).toEqual([200, 'accepted']);
    expect(await seen('bob')).toEqual([id]);
    expect(await seen('bob', '?visibility=shared')).toEqual([id]);
    expect(await seen('eve')).toEqual([]);
    const shown = await world.call('alice', 'GET', `/images/${id}/members/p-bob`);
    expect(shown.body['status']).toBe('accepted');
    await world.call('bob', 'PUT', `/images/${id}/members/p-bob`, { status: 'rejected' });
    expect(await seen('bob')).toEqual([]);
    expect((await world.call('alice', 'DELETE', `/images/${id}/members/p-bob`)).status).toBe(204);
    expect((await world.call('bob', 'GET', `/images/${id}`)).status).toBe(404);
    expect((await world.call('alice', 'DELETE', `/images/${id}/members/p-bob`)).status).toBe(404);
  });

  test('see themselves among the members, the owner sees all', async () => {
    const id = await world.create();
    for (const member of ['p-bob', 'p-eve'])
      await world.call('alice', 'POST', `/images/${id}/members`, { member });
    const members = async (token: string) =>
      (await world.call(token, 'GET', `/images/${id}/members`)).body['members'] as { member_id: string }[];
    expect((await members('alice')).map((one) => one.member_id)).toEqual(['p-bob', 'p-eve']);
    expect((await members('bob')).map((one) => one.member_id)).toEqual(['p-bob']);
    expect((await world.call('bob', 'GET', `/images/${id}/members/p-eve`)).status).toBe(404);
    expect(
      (await world.call('bob', 'PUT', `/images/${id}/members/p-eve`, { status: 'accepted' })).status,
    ).toBe(404);
  });

  test('may read what is shared and change nothing', async () => {
    const id = await world.create();
    await world.call('alice', 'PUT', `/images/${id}/file`, new Uint8Array(512));
    await world.call('alice', 'POST', `/images/${id}/members`, { member: 'p-bob' });
    expect((await world.call('bob', 'GET', `/images/${id}/file`)).status).toBe(200);
    expect((await world.call('bob', 'DELETE', `/images/${id}`)).status).toBe(403);
    expect((await world.call('bob', 'PUT', `/images/${id}/tags/x`)).status).toBe(403);
    expect((await world.call('bob', 'POST', `/images/${id}/members`, { member: 'p-eve' })).status).toBe(403);
    expect((await world.call('bob', 'DELETE', `/images/${id}/members/p-bob`)).status).toBe(403);
  });

  test.each([
    ['no token', '', 'GET', '', undefined, 401],
    ['a foreign project', 'eve', 'GET', '', undefined, 404],
    ['a foreign project that invites', 'eve', 'POST', '', { member: 'p-eve' }, 404],
    ['a reader that invites', 'reader', 'POST', '', { member: 'p-eve' }, 403],
    ['the owner that answers', 'alice', 'PUT', '/p-bob', { status: 'accepted' }, 403],
    ['a reader that answers', 'bobReader', 'PUT', '/p-bob', { status: 'accepted' }, 403],
    ['an unknown answer', 'bob', 'PUT', '/p-bob', { status: 'maybe' }, 400],
    ['a second invitation', 'alice', 'POST', '', { member: 'p-bob' }, 409],
    ['an invitation of nobody', 'alice', 'POST', '', {}, 400],
    ['a reader that disinvites', 'reader', 'DELETE', '/p-bob', undefined, 403],
    ['no such member', 'alice', 'GET', '/p-nobody', undefined, 404],
  ])('refuse %s', async (_name, token, method, path, body, status) => {
    const id = await world.create();
    await world.call('alice', 'POST', `/images/${id}/members`, { member: 'p-bob' });
    expect((await world.call(token, method, `/images/${id}/members${path}`, body)).status).toBe(status);
  });

  test('are of shared images only', async () => {
    const id = await world.create('alice', { visibility: 'private' });
    expect((await world.call('alice', 'GET', `/images/${id}/members`)).status).toBe(403);
    expect((await world.call('alice', 'POST', `/images/${id}/members`, { member: 'p-bob' })).status).toBe(
      403,
    );
    expect((await world.call('alice', 'GET', '/images?member_status=wrong')).status).toBe(400);
  });

  test('lose an image that is not shared any more', async () => {
    const id = await world.create();
    await world.call('alice', 'POST', `/images/${id}/members`, { member: 'p-bob' });
    const patch = [{ op: 'replace', path: '/visibility', value: 'private' }];
    await world.call('alice', 'PATCH', `/images/${id}`, patch);
    expect((await world.call('bob', 'GET', `/images/${id}`)).status).toBe(404);
    expect(await seen('bob', '?member_status=all')).toEqual([]);
  });
});
