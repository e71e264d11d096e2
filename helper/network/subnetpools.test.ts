import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { makeFakeWorld, resourcesOf, type NetworkWorld, type Resource } from './test-support.ts';

let world: NetworkWorld;
beforeEach(async () => {
  world = await makeFakeWorld({ vniRange: [1, 100] });
});
afterEach(() => world.close());

const { create, makeNetwork, makeSubnet, list, refused } = resourcesOf(() => world);

const makePool = (body: object = {}, token = 'a'): Promise<Resource> =>
  create(token, 'subnetpool', { name: 'p', prefixes: ['10.11.12.0/24'], min_prefixlen: 26, ...body });
const makeScope = async (body: object = {}, token = 'a'): Promise<Resource> =>
  create(token, 'address_scope', { name: 's', ip_version: 4, ...body });
const fromPool = async (pool: Resource, body: object = {}, token = 'a'): Promise<Resource> => {
  const network = await makeNetwork(token);
  return create(token, 'subnet', { network_id: network.id, ip_version: 4, subnetpool_id: pool.id, ...body });
};
const use = (path: string, pool: Resource, body: object, token = 'a') =>
  world.call(token, 'PUT', `/subnetpools/${pool.id}/${path}`, body);

describe('subnet pools', () => {
  test('have the attributes that neutron shows, lengths as text', async () => {
    const pool = await makePool({ description: 'd', tags: ['x'], min_prefixlen: '26' });
    expect(pool).toMatchObject({
      name: 'p',
      project_id: 'a',
      tenant_id: 'a',
      description: 'd',
      ip_version: 4,
      prefixes: ['10.11.12.0/24'],
      min_prefixlen: '26',
      max_prefixlen: '32',
      default_prefixlen: '26',
      default_quota: null,
      address_scope_id: null,
      is_default: false,
      shared: false,
      tags: ['x'],
      revision_number: 1,
    });
    const six = await makePool({ prefixes: ['2001:db8:1::/49', '2001:db8:1:8000::/49'], min_prefixlen: 56 });
    expect(six).toMatchObject({ ip_version: 6, prefixes: ['2001:db8:1::/48'], max_prefixlen: '128' });
    const path = `/subnetpools/${pool.id}`;
    const change = { subnetpool: { prefixes: ['10.11.12.0/23'], default_quota: 5 } };
    expect((await world.ok('a', 'PUT', path, change))['subnetpool']).toMatchObject({
      prefixes: ['10.11.12.0/23'],
      default_quota: 5,
      revision_number: 2,
    });
    expect((await world.call('a', 'PUT', path, change, { 'if-match': 'revision_number=1' })).status).toBe(
      412,
    );
    await world.ok('a', 'PUT', `${path}/tags/y`);
    expect((await list('a', '/subnetpools?tags=x,y&sort_key=name&limit=1')).map((one) => one.id)).toEqual([
      pool.id,
    ]);
    await world.ok('a', 'DELETE', path);
    expect(await refused('a', 'GET', path)).toEqual([404, 'SubnetPoolNotFound']);
  });

  test('give subnets their blocks: any, of a length, a certain one; each once', async () => {
    const pool = await makePool();
    expect((await fromPool(pool, { cidr: '10.11.12.64/26' }))['cidr']).toBe('10.11.12.64/26');
    const usual = await fromPool(pool);
    expect(usual).toMatchObject({ cidr: '10.11.12.0/26', subnetpool_id: pool.id, gateway_ip: '10.11.12.1' });
    expect((await fromPool(pool, { prefixlen: 28 }))['cidr']).toBe('10.11.12.128/28');
    const network = await makeNetwork();
    const asked = (body: object) =>
      refused('a', 'POST', '/subnets', {
        subnet: { network_id: network.id, ip_version: 4, subnetpool_id: pool.id, ...body },
      });
    expect(await asked({ cidr: '10.11.12.0/27' })).toEqual([409, 'SubnetAllocationError']);
    expect(await asked({ cidr: '10.11.13.0/27' })).toEqual([409, 'SubnetAllocationError']);
    expect(await asked({ prefixlen: 25 })).toEqual([400, 'MinPrefixSubnetAllocationError']);
    expect(await asked({ prefixlen: 28, cidr: '10.11.12.192/28' })).toEqual([400, 'BadRequest']);
    expect(await asked({ ip_version: 6 })).toEqual([400, 'BadRequest']);
    expect(await asked({ use_default_subnetpool: true })).toEqual([400, 'BadRequest']);
    expect(await asked({ allocation_pools: [{ start: '10.11.12.2', end: '10.11.12.9' }] })).toEqual([
      400,
      'BadRequest',
    ]);
    await fromPool(pool);
    expect(await asked({ prefixlen: 26 })).toEqual([409, 'SubnetAllocationError']);
    expect(await refused('a', 'DELETE', `/subnetpools/${pool.id}`)).toEqual([400, 'SubnetPoolDeleteError']);
    await world.ok('a', 'DELETE', `/subnets/${usual.id}`);
    expect((await fromPool(pool))['cidr']).toBe('10.11.12.0/26');
  });

  test('give a project no more than its quota, and one network no blocks of several pools', async () => {
    const pool = await makePool({ default_quota: 64, shared: true, prefixes: ['10.0.0.0/22'] }, 'admin');
    const subnet = await fromPool(pool);
    const network = await makeNetwork();
    const body = { network_id: network.id, ip_version: 4, subnetpool_id: pool.id };
    expect(await refused('a', 'POST', '/subnets', { subnet: body })).toEqual([
      409,
      'SubnetPoolQuotaExceeded',
    ]);
    expect((await fromPool(pool, {}, 'b'))['cidr']).not.toBe(subnet['cidr']);
    const other = await makePool({ prefixes: ['172.16.0.0/24'] });
    for (const mixed of [{ subnetpool_id: other.id }, { cidr: '192.168.0.0/24' }]) {
      expect(
        await refused('a', 'POST', '/subnets', {
          subnet: { network_id: subnet['network_id'], ip_version: 4, ...mixed },
        }),
      ).toEqual([400, 'NetworkSubnetPoolAffinityError']);
    }
  });

  test('may be the default of their IP version, one for all', async () => {
    const network = await makeNetwork();
    const asked = { network_id: network.id, ip_version: 4, use_default_subnetpool: true };
    expect(await refused('a', 'POST', '/subnets', { subnet: asked })).toEqual([400, 'BadRequest']);
    const pool = await makePool({ is_default: true, shared: true }, 'admin');
    expect(await create('a', 'subnet', asked)).toMatchObject({ subnetpool_id: pool.id });
    const second = { name: 'q', prefixes: ['10.0.0.0/8'], is_default: true };
    expect(await refused('admin', 'POST', '/subnetpools', { subnetpool: second })).toEqual([
      400,
      'InvalidInput',
    ]);
    expect(await refused('a', 'POST', '/subnetpools', { subnetpool: second })).toEqual([
      403,
      'PolicyNotAuthorized',
    ]);
  });

  test('gain and lose prefixes, and take in the subnets of a network', async () => {
    const pool = await makePool();
    expect((await use('add_prefixes', pool, { prefixes: ['10.11.13.0/24'] })).body).toEqual({
      prefixes: ['10.11.12.0/23'],
    });
    await fromPool(pool, { cidr: '10.11.13.0/28' });
    expect((await use('remove_prefixes', pool, { prefixes: ['10.11.13.0/24'] })).type).toBe(
      'IllegalSubnetPoolPrefixUpdate',
    );
    expect((await use('remove_prefixes', pool, { prefixes: ['10.11.12.0/24'] })).body).toEqual({
      prefixes: ['10.11.13.0/24'],
    });
    const network = await makeNetwork();
    const subnet = await makeSubnet(network, { cidr: '192.168.7.0/24' });
    const onboard = { network_id: network.id };
    expect((await use('onboard_network_subnets', pool, onboard)).body).toEqual([
      { id: subnet.id, cidr: '192.168.7.0/24' },
    ]);
    expect((await list('a', `/subnets?subnetpool_id=${pool.id}&network_id=${network.id}`)).length).toBe(1);
    expect((await use('onboard_network_subnets', pool, onboard)).type).toBe('IllegalSubnetPoolUpdate');
    expect((await list('a', '/subnetpools'))[0]).toMatchObject({
      prefixes: ['10.11.13.0/24', '192.168.7.0/24'],
    });
    const foreign = await makeNetwork('admin', { shared: true });
    expect((await use('onboard_network_subnets', pool, { network_id: foreign.id })).status).toBe(403);
  });

  test.each([
    ['no prefix', { prefixes: [] }, 400, 'EmptySubnetPoolPrefixList'],
    ['mixed prefixes', { prefixes: ['10.0.0.0/8', '2001:db8::/32'] }, 400, 'PrefixVersionMismatch'],
    ['what is no prefix', { prefixes: ['10.0.0.0'] }, 400, 'HTTPBadRequest'],
    ['upside-down bounds', { min_prefixlen: 28, max_prefixlen: 27 }, 400, 'IllegalSubnetPoolPrefixBounds'],
    ['a default out of bounds', { default_prefixlen: 8 }, 400, 'IllegalSubnetPoolPrefixBounds'],
    ['a length over 32', { max_prefixlen: 33 }, 400, 'IllegalSubnetPoolPrefixBounds'],
    ['shared by a member (S29)', { shared: true }, 403, 'PolicyNotAuthorized'],
  ])('are refused with %s', async (_name, body, status, type) => {
    const subnetpool = { name: 'p', prefixes: ['10.11.12.0/24'], min_prefixlen: 26, ...body };
    expect(await refused('a', 'POST', '/subnetpools', { subnetpool })).toEqual([status, type]);
  });

  test('belong to their project', async () => {
    const pool = await makePool();
    const path = `/subnetpools/${pool.id}`;
    expect((await world.call('', 'GET', path)).status).toBe(401);
    expect((await world.call('reader', 'GET', path)).status).toBe(200);
    for (const [method, at, body] of [
      ['PUT', path, { subnetpool: { name: 'x' } }],
      ['PUT', `${path}/add_prefixes`, { prefixes: ['10.0.0.0/8'] }],
      ['PUT', `${path}/remove_prefixes`, { prefixes: ['10.0.0.0/8'] }],
      ['PUT', `${path}/onboard_network_subnets`, { network_id: pool.id }],
      ['DELETE', path, undefined],
    ] as const) {
      expect(await refused('b', method, at, body)).toEqual([404, 'SubnetPoolNotFound']);
      expect(await refused('reader', method, at, body)).toEqual([403, 'PolicyNotAuthorized']);
      expect((await world.call('', method, at, body)).status).toBe(401);
    }
    expect(await list('b', '/subnetpools')).toEqual([]);
    const foreign = { network_id: (await makeNetwork('b')).id, ip_version: 4, subnetpool_id: pool.id };
    expect(await refused('b', 'POST', '/subnets', { subnet: foreign })).toEqual([404, 'SubnetPoolNotFound']);
    expect(await refused('a', 'PUT', path, { subnetpool: { prefixes: ['10.11.12.0/25'] } })).toEqual([
      400,
      'IllegalSubnetPoolPrefixUpdate',
    ]);
  });
});

describe('address scopes', () => {
  test('hold pools that do not overlap, and are the scope of their networks', async () => {
    const scope = await makeScope();
    expect(scope).toEqual({
      id: scope.id,
      name: 's',
      project_id: 'a',
      tenant_id: 'a',
      ip_version: 4,
      shared: false,
    });
    const pool = await makePool({ address_scope_id: scope.id });
    const second = { name: 'q', prefixes: ['10.11.0.0/16'], address_scope_id: scope.id };
    expect(await refused('a', 'POST', '/subnetpools', { subnetpool: second })).toEqual([
      409,
      'AddressScopePrefixConflict',
    ]);
    const subnet = await fromPool(pool);
    const [network] = await list('a', `/networks?id=${String(subnet['network_id'])}`);
    expect(network).toMatchObject({ ipv4_address_scope: scope.id, ipv6_address_scope: null });
    const further = await makePool({ prefixes: ['10.12.0.0/24'], address_scope_id: scope.id });
    const onSame = { network_id: network?.id, ip_version: 4, subnetpool_id: further.id };
    await create('a', 'subnet', onSame);
    const alone = { subnetpool: { address_scope_id: null } };
    const other = await makeScope();
    expect(
      await refused('a', 'PUT', `/subnetpools/${pool.id}`, { subnetpool: { address_scope_id: other.id } }),
    ).toEqual([400, 'NetworkAddressScopeAffinityError']);
    expect(await refused('a', 'DELETE', `/address-scopes/${scope.id}`)).toEqual([409, 'AddressScopeInUse']);
    const free = await makePool({ address_scope_id: other.id });
    await world.ok('a', 'PUT', `/subnetpools/${free.id}`, alone);
    await world.ok('a', 'DELETE', `/address-scopes/${other.id}`);
  });

  test('are used by others only when shared, and shared ones stay so', async () => {
    const scope = await makeScope({ shared: true }, 'admin');
    const hidden = await makeScope({}, 'admin');
    expect((await list('a', '/address-scopes')).map((one) => one.id)).toEqual([scope.id]);
    const pool = await makePool({ address_scope_id: scope.id });
    expect(await refused('a', 'PUT', `/subnetpools/${pool.id}`, { subnetpool: { name: 'x' } })).toEqual([
      400,
      'IllegalSubnetPoolUpdate',
    ]);
    for (const [id, answer] of [
      [hidden.id, [404, 'AddressScopeNotFound']],
      [(await makeScope({ ip_version: 6 })).id, [400, 'IllegalSubnetPoolIpVersionAssociationToAddressScope']],
    ] as const) {
      const subnetpool = { name: 'p', prefixes: ['10.0.0.0/24'], address_scope_id: id };
      expect(await refused('a', 'POST', '/subnetpools', { subnetpool })).toEqual(answer);
    }
    const path = `/address-scopes/${scope.id}`;
    expect(await refused('admin', 'PUT', path, { address_scope: { shared: false } })).toEqual([
      400,
      'AddressScopeUpdateError',
    ]);
    expect(await refused('a', 'PUT', path, { address_scope: { name: 'x' } })).toEqual([
      403,
      'PolicyNotAuthorized',
    ]);
    expect(
      await refused('a', 'POST', '/address-scopes', { address_scope: { ip_version: 4, shared: true } }),
    ).toEqual([403, 'PolicyNotAuthorized']);
    expect((await world.call('', 'GET', path)).status).toBe(401);
    expect((await world.call('reader', 'DELETE', path)).status).toBe(403);
    expect(await refused('b', 'GET', `/address-scopes/${hidden.id}`)).toEqual([404, 'AddressScopeNotFound']);
  });

  test('go before the pools that are of them are shared', async () => {
    const scope = await makeScope();
    const pool = await makePool({ address_scope_id: scope.id });
    const policy = (object: Resource, object_type: string) => ({
      rbac_policy: { object_type, object_id: object.id, action: 'access_as_shared', target_tenant: 'b' },
    });
    const share = policy(pool, 'subnetpool');
    expect(await refused('a', 'POST', '/rbac-policies', share)).toEqual([400, 'RbacPolicyInitError']);
    await world.ok('a', 'POST', '/rbac-policies', policy(scope, 'address_scope'));
    await world.ok('a', 'POST', '/rbac-policies', share);
    await fromPool(pool, {}, 'b');
    for (const { id } of await list('a', '/rbac-policies?object_type=subnetpool'))
      expect(await refused('a', 'DELETE', `/rbac-policies/${id}`)).toEqual([409, 'RbacPolicyInUse']);
  });
});
