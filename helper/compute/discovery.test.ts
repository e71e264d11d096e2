import { afterEach, beforeEach, expect, test } from 'vitest';
import { TestWorld } from './test-world.ts';

let world: TestWorld;
beforeEach(async () => {
  world = await TestWorld.create();
});
afterEach(() => world.dispose());

test('the root lists v2.0 and v2.1, each found where its link says', async () => {
  const { body } = await world.call(undefined, 'GET', '');
  const { versions } = body as {
    versions: { id: string; status: string; version: string; links: { href: string }[] }[];
  };
  expect(versions.map(({ id, status, version }) => [id, status, version])).toEqual([
    ['v2.0', 'SUPPORTED', ''],
    ['v2.1', 'CURRENT', '2.93'],
  ]);
  for (const { id, links } of versions) {
    const path = new URL(links[0]?.href ?? '').pathname.replace(/^\/compute/, '');
    expect((await world.call(undefined, 'GET', path)).body).toMatchObject({ version: { id } });
  }
});

test('v2 is v2.1 without microversions', async () => {
  const id = await world.create();
  const old = await world.call('member', 'GET', `/v2/servers/${id}`, undefined, '2.93');
  expect(old.status).toBe(200);
  expect(old.headers.get('openstack-api-version')).toBeNull();
  const { server } = old.body as { server: { links: { href: string }[]; tags?: unknown } };
  expect(server.tags).toBeUndefined();
  expect(server.links[0]?.href).toContain('/compute/v2/servers/');
  expect((await world.call('member', 'GET', `/v2/servers/${id}/tags`)).status).toBe(404);
  await world.quiet();
});
