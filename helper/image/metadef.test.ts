import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { ImageWorld } from './test-world.ts';

let world: ImageWorld;

beforeEach(async () => {
  world = await new ImageWorld().start();
});

afterEach(() => world.stop());

const NAMESPACES = '/metadefs/namespaces';
const create = (namespace: string, more: object = {}, token = 'admin') =>
  world.call(token, 'POST', NAMESPACES, { namespace, visibility: 'public', ...more });
const property = { name: 'hw_disk', title: 'Disk', type: 'string', enum: ['a', 'b'] };

describe('metadata definitions', () => {
  test('have namespaces with all that is in them', async () => {
    const made = await create('OS::Compute::Test', {
      display_name: 'Test',
      resource_type_associations: [{ name: 'OS::Nova::Flavor', prefix: 'hw:' }],
      properties: { cores: { title: 'Cores', type: 'integer', minimum: 1 } },
      objects: [{ name: 'cpu', required: ['cores'] }],
      tags: [{ name: 't' }],
    });
    expect(made.status).toBe(201);
    const path = `${NAMESPACES}/${encodeURIComponent('OS::Compute::Test')}`;
    const shown = await world.call('reader', 'GET', path);
    expect(shown.body).toMatchObject({
      namespace: 'OS::Compute::Test',
      visibility: 'public',
      protected: false,
      properties: { cores: { title: 'Cores', minimum: 1 } },
      objects: [{ name: 'cpu' }],
      tags: [{ name: 't' }],
      resource_type_associations: [{ name: 'OS::Nova::Flavor', prefix: 'hw:' }],
    });
    const prefixed = await world.call('reader', 'GET', `${path}?resource_type=OS::Nova::Flavor`);
    expect(prefixed.body['properties']).toHaveProperty('hw:cores');
    const one = await world.call(
      'reader',
      'GET',
      `${path}/properties/hw:cores?resource_type=OS::Nova::Flavor`,
    );
    expect(one.body).toMatchObject({ name: 'hw:cores', type: 'integer' });
    expect((await create('OS::Compute::Test')).status).toBe(409);
    const renamed = await world.call('admin', 'PUT', path, {
      namespace: 'n2',
      visibility: 'private',
      protected: true,
    });
    expect(renamed.body).toMatchObject({ namespace: 'n2', visibility: 'private', protected: true });
    expect((await world.call('admin', 'DELETE', `${NAMESPACES}/n2`)).status).toBe(403);
    await world.call('admin', 'PUT', `${NAMESPACES}/n2`, { namespace: 'n2' });
    expect((await world.call('admin', 'DELETE', `${NAMESPACES}/n2`)).status).toBe(204);
    expect((await world.call('admin', 'GET', `${NAMESPACES}/n2`)).status).toBe(404);
  });

  test('are listed by page, visibility and type of resource', async () => {
    for (const name of ['a', 'b', 'c']) {
      await create(name, {
        visibility: name === 'c' ? 'private' : 'public',
        resource_type_associations: name === 'b' ? [{ name: 'OS::My::Type' }] : [],
      });
    }
    const names = async (token: string, query = '') =>
      (
        (await world.call(token, 'GET', `${NAMESPACES}${query}`)).body['namespaces'] as {
          namespace: string;
        }[]
      ).map((one) => one.namespace);
    expect(await names('alice', '?sort_key=namespace&sort_dir=asc')).toEqual(['a', 'b']);
    expect(await names('admin', '?sort_key=namespace&sort_dir=asc')).toEqual(['a', 'b', 'c']);
    expect(await names('admin', '?visibility=private')).toEqual(['c']);
    expect(await names('alice', '?resource_types=OS::My::Type,other')).toEqual(['b']);
    expect(await names('admin', '?sort_key=namespace&sort_dir=asc&limit=1&marker=a')).toEqual(['b']);
    const first = await world.call('admin', 'GET', `${NAMESPACES}?limit=1`);
    expect(first.body['next']).toContain('marker=');
    for (const query of ['?sort_key=x', '?sort_dir=x', '?visibility=x', '?marker=x', '?limit=x']) {
      expect((await world.call('admin', 'GET', `${NAMESPACES}${query}`)).status).toBe(400);
    }
    const types = (await world.call('reader', 'GET', '/metadefs/resource_types')).body['resource_types'];
    expect((types as { name: string }[]).map((one) => one.name)).toEqual(
      expect.arrayContaining(['OS::Glance::Image', 'OS::My::Type']),
    );
  });

  test.each([
    ['objects', { name: 'x', description: 'd' }, { name: 'y' }],
    ['properties', { ...property, name: 'x' }, { ...property, name: 'y', title: 'T' }],
  ])('have %s', async (plural, body, changed) => {
    await create('n');
    const path = `${NAMESPACES}/n/${plural}`;
    expect((await world.call('admin', 'POST', path, body)).status).toBe(201);
    expect((await world.call('admin', 'POST', path, body)).status).toBe(409);
    expect((await world.call('reader', 'GET', `${path}/x`)).body).toMatchObject(body);
    const replaced = await world.call('admin', 'PUT', `${path}/x`, changed);
    expect([replaced.status, replaced.body['name']]).toEqual([200, 'y']);
    expect((await world.call('reader', 'GET', `${path}/x`)).status).toBe(404);
    expect(JSON.stringify((await world.call('reader', 'GET', path)).body[plural])).toContain('y');
    expect((await world.call('admin', 'DELETE', `${path}/y`)).status).toBe(204);
    expect((await world.call('admin', 'DELETE', `${path}/y`)).status).toBe(404);
    await world.call('admin', 'POST', path, body);
    expect((await world.call('admin', 'DELETE', path)).status).toBe(204);
    expect(JSON.stringify((await world.call('reader', 'GET', path)).body[plural])).not.toContain('x');
  });

  test('have tags', async () => {
    await create('n');
    const path = `${NAMESPACES}/n/tags`;
    const names = async () =>
      ((await world.call('reader', 'GET', path)).body['tags'] as { name: string }[]).map((one) => one.name);
    await world.call('admin', 'POST', path, { tags: [{ name: 'a' }, { name: 'b' }] });
    await world.call('admin', 'POST', path, { tags: [{ name: 'c' }] }, { 'x-openstack-append': 'True' });
    expect(await names()).toEqual(['a', 'b', 'c']);
    expect((await world.call('admin', 'POST', `${path}/d`)).status).toBe(201);
    expect((await world.call('admin', 'PUT', `${path}/d`, { name: 'e' })).body['name']).toBe('e');
    expect((await world.call('reader', 'GET', `${path}/e`)).body['name']).toBe('e');
    expect((await world.call('admin', 'DELETE', `${path}/e`)).status).toBe(204);
    await world.call('admin', 'POST', path, { tags: [{ name: 'z' }] });
    expect(await names()).toEqual(['z']);
    expect((await world.call('admin', 'POST', path, { tags: [{ name: 'z' }, { name: 'z' }] })).status).toBe(
      409,
    );
    expect(await names()).toEqual(['z']);
    expect((await world.call('admin', 'DELETE', path)).status).toBe(204);
    expect(await names()).toEqual([]);
  });

  test('are associated with types of resources', async () => {
    await create('n');
    const path = `${NAMESPACES}/n/resource_types`;
    expect((await world.call('admin', 'POST', path, { name: 'OS::Nova::Server' })).status).toBe(201);
    expect((await world.call('admin', 'POST', path, { name: 'OS::Nova::Server' })).status).toBe(409);
    expect((await world.call('reader', 'GET', path)).body).toMatchObject({
      resource_type_associations: [{ name: 'OS::Nova::Server' }],
    });
    expect((await world.call('admin', 'DELETE', `${path}/OS::Nova::Server`)).status).toBe(204);
    expect((await world.call('admin', 'DELETE', `${path}/OS::Nova::Server`)).status).toBe(404);
  });

  const everything: readonly [string, string, object | undefined][] = [
    ['POST', '', { namespace: 'm' }],
    ['PUT', '/n', { namespace: 'n' }],
    ['DELETE', '/n', undefined],
    ['POST', '/n/objects', { name: 'x' }],
    ['PUT', '/n/objects/x', { name: 'x' }],
    ['DELETE', '/n/objects/x', undefined],
    ['DELETE', '/n/objects', undefined],
    ['POST', '/n/properties', property],
    ['PUT', '/n/properties/x', property],
    ['DELETE', '/n/properties/x', undefined],
    ['DELETE', '/n/properties', undefined],
    ['POST', '/n/tags', { tags: [] }],
    ['POST', '/n/tags/x', undefined],
    ['PUT', '/n/tags/x', { name: 'x' }],
    ['DELETE', '/n/tags/x', undefined],
    ['DELETE', '/n/tags', undefined],
    ['POST', '/n/resource_types', { name: 'x' }],
    ['DELETE', '/n/resource_types/x', undefined],
  ];

  test.each(everything)('are an administrator’s to change: %s %s', async (method, path, body) => {
    await create('n');
    expect((await world.call('', method, `${NAMESPACES}${path}`, body)).status).toBe(401);
    expect((await world.call('alice', method, `${NAMESPACES}${path}`, body)).status).toBe(403);
    await world.call('admin', 'PUT', `${NAMESPACES}/n`, { namespace: 'n', visibility: 'private' });
    const hidden = path === '' ? 403 : 404;
    expect((await world.call('bob', method, `${NAMESPACES}${path}`, body)).status).toBe(hidden);
  });

  test.each([
    '',
    '/n',
    '/n/objects',
    '/n/objects/x',
    '/n/properties',
    '/n/properties/x',
    '/n/tags',
    '/n/tags/x',
    '/n/resource_types',
  ])('are not read without a token, nor private ones by others: %s', async (path) => {
    await create('n', { visibility: 'private' });
    expect((await world.call('', 'GET', `${NAMESPACES}${path}`)).status).toBe(401);
    expect((await world.call('bob', 'GET', `${NAMESPACES}${path}`)).status).toBe(path === '' ? 200 : 404);
    expect((await world.call('', 'GET', '/metadefs/resource_types')).status).toBe(401);
  });

  test.each([
    [{}],
    [{ namespace: 'n', visibility: 'shared' }],
    [{ namespace: 'n', extra: 1 }],
    [{ namespace: 'half a pair \ud800' }],
    [{ namespace: 'x'.repeat(81) }],
    [{ namespace: 'n', properties: { a: { title: 'no type' } } }],
  ])('refuse %j', async (body) => {
    expect((await world.call('admin', 'POST', NAMESPACES, body)).status).toBe(400);
  });
});

describe('schemas', () => {
  test.each([
    ['image', 'image'],
    ['images', 'images'],
    ['member', 'member'],
    ['members', 'members'],
    ['task', 'task'],
    ['tasks', 'tasks'],
    ['metadefs/namespace', 'namespace'],
    ['metadefs/namespaces', 'namespaces'],
    ['metadefs/resource_type', 'resource_type_association'],
    ['metadefs/resource_types', 'resource_type_associations'],
    ['metadefs/object', 'object'],
    ['metadefs/objects', 'objects'],
    ['metadefs/property', 'property'],
    ['metadefs/properties', 'properties'],
    ['metadefs/tag', 'tag'],
    ['metadefs/tags', 'tags'],
  ])('are there for %s', async (path, name) => {
    const shown = await world.call('reader', 'GET', `/schemas/${path}`);
    expect([shown.status, shown.body['name']]).toEqual([200, name]);
    expect((await world.call('', 'GET', `/schemas/${path}`)).status).toBe(401);
  });
});
