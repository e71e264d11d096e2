import { randomUUID } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { callers, makeFakeWorld, resourcesOf, type NetworkWorld, type Resource } from './test-support.ts';

let world: NetworkWorld;
beforeEach(async () => {
  world = await makeFakeWorld({ vniRange: [1, 100] });
});
afterEach(() => world.close());

const { makeNetwork, makeSubnet, makePort, list, refused } = resourcesOf(() => world);

describe('networks', () => {
  test('have the attributes that neutron shows, provider attributes for admins only', async () => {
    const network = await makeNetwork('a', { description: 'd', tags: ['blue'] });
    expect(network).toMatchObject({
      name: 'n',
      project_id: 'a',
      tenant_id: 'a',
      status: 'ACTIVE',
      admin_state_up: true,
      shared: false,
      'router:external': false,
      mtu: 1450,
      port_security_enabled: true,
      subnets: [],
      availability_zones: [],
      revision_number: 1,
      tags: ['blue'],
    });
    expect(network['created_at']).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/);
    expect(network).not.toHaveProperty('provider:network_type');
    const [seen] = await list('admin', `/networks?id=${network.id}`);
    expect(seen).toMatchObject({ 'provider:network_type': 'vxlan', 'provider:segmentation_id': 1 });
  });

  test('are seen by their project, and by all when shared or external', async () => {
    const own = await makeNetwork('a');
    const shared = await makeNetwork('admin', { shared: true });
    const external = await makeNetwork('admin', {
      'router:external': true,
      'provider:network_type': 'flat',
      'provider:physical_network': 'external',
    });
    expect((await list('b', '/networks')).map((one) => one.id)).toEqual([shared.id, external.id]);
    expect(await refused('b', 'GET', `/networks/${own.id}`)).toEqual([404, 'NetworkNotFound']);
    expect(await refused('b', 'PUT', `/networks/${shared.id}`, { network: { name: 'x' } })).toEqual([
      403,
      'PolicyNotAuthorized',
    ]);
    expect(await refused('b', 'DELETE', `/networks/${own.id}`)).toEqual([404, 'NetworkNotFound']);
    expect((await list('admin', '/networks')).length).toBe(3);
    expect((await list('b', '/networks?router:external=True')).map((one) => one.id)).toEqual([external.id]);
  });

  test.each([
    ['no token', '', { network: {} }, 401],
    ['a reader', 'reader', { network: {} }, 403],
    ['an admin-only attribute (S29)', 'a', { network: { shared: true } }, 403],
    ['a provider attribute (S29)', 'a', { network: { 'provider:network_type': 'local' } }, 403],
    ["another project's id", 'a', { network: { project_id: 'b' } }, 400],
    ['an unknown attribute', 'a', { network: { colour: 'blue' } }, 400],
    ['a name with a control character', 'a', { network: { name: 'a\u0000b' } }, 400],
    ['a name that is too long', 'a', { network: { name: 'x'.repeat(256) } }, 400],
    ['an MTU over the tunnel', 'a', { network: { mtu: 9000 } }, 400],
    ['an unknown type', 'admin', { network: { 'provider:network_type': 'token-ring' } }, 400],
    ['neither one nor many', 'a', {}, 400],
    ['an unknown zone', 'a', { network: { availability_zone_hints: ['mars'] } }, 404],
  ])('are refused with %s', async (_name, token, body, status) => {
    expect((await world.call(token, 'POST', '/networks', body)).status).toBe(status);
    expect(await list('admin', '/networks')).toEqual([]);
  });

  test('are made several at once, or none of them', async () => {
    const body = await world.ok('a', 'POST', '/networks', { networks: [{ name: '1' }, { name: '2' }] });
    expect((body['networks'] as Resource[]).map((one) => one['name'])).toEqual(['1', '2']);
    const answer = await world.call('a', 'POST', '/networks', { networks: [{ name: '3' }, { mtu: 40 }] });
    expect(answer.status).toBe(400);
    expect(await list('a', '/networks')).toHaveLength(2);
  });

  test('take one segment each, which comes free only after the host is clean (R23)', async () => {
    const chosen = await makeNetwork('admin', {
      'provider:network_type': 'vxlan',
      'provider:segmentation_id': 2,
    });
    expect(
      await refused('admin', 'POST', '/networks', {
        network: { 'provider:network_type': 'vxlan', 'provider:segmentation_id': 2 },
      }),
    ).toEqual([409, 'TunnelIdInUse']);
    const ids = [await makeNetwork('admin'), await makeNetwork('admin')].map(
      (one) => one['provider:segmentation_id'],
    );
    expect(ids).toEqual([1, 3]);
    await world.ok('admin', 'DELETE', `/networks/${chosen.id}`);
    await world.settled();
    expect(world.db.prepare('SELECT vni FROM network_segment ORDER BY vni').pluck().all()).toEqual([1, 3]);
    expect(
      (await makeNetwork('admin', { 'provider:network_type': 'vxlan', 'provider:segmentation_id': 2 }))[
        'provider:segmentation_id'
      ],
    ).toBe(2);
  });

  test('change by PUT, guarded by their revision', async () => {
    const network = await makeNetwork();
    const put = (headers: Record<string, string>) =>
      world.call(
        'a',
        'PUT',
        `/networks/${network.id}`,
        { network: { name: 'm', admin_state_up: false } },
        headers,
      );
    expect((await put({ 'if-match': 'revision_number=7' })).status).toBe(412);
    const { body } = await put({ 'if-match': 'revision_number=1' });
    expect(body['network']).toMatchObject({ name: 'm', admin_state_up: false, revision_number: 2 });
    expect(await refused('a', 'PUT', `/networks/${network.id}`, { network: { shared: true } })).toEqual([
      403,
      'PolicyNotAuthorized',
    ]);
  });

  test('go with their subnets and DHCP port, but not under other ports', async () => {
    const network = await makeNetwork();
    await makeSubnet(network);
    const port = await makePort(network);
    expect(await refused('a', 'DELETE', `/networks/${network.id}`)).toEqual([409, 'NetworkInUse']);
    await world.ok('a', 'DELETE', `/ports/${port.id}`);
    expect((await world.call('a', 'DELETE', `/networks/${network.id}`)).status).toBe(204);
    await world.settled();
    expect(await world.host.inventory()).toMatchObject({
      bridges: [],
      vxlans: [],
      namespaces: [],
      veths: [],
    });
    for (const table of ['network', 'subnet', 'port', 'port_ip', 'network_segment'])
      expect(world.db.prepare(`SELECT count(*) FROM ${table}`).pluck().get()).toBe(0);
  });

  test('are counted against the quota', async () => {
    await world.ok('admin', 'PUT', '/quotas/a', { quota: { network: 1 } });
    await makeNetwork();
    expect(await refused('a', 'POST', '/networks', { network: {} })).toEqual([409, 'OverQuota']);
    const { quota } = await world.ok('a', 'GET', '/quotas/a/details');
    expect(quota).toMatchObject({ network: { limit: 1, used: 1, reserved: 0 } });
    expect(await refused('a', 'PUT', '/quotas/a', { quota: { network: 9 } })).toEqual([
      403,
      'PolicyNotAuthorized',
    ]);
    expect(await refused('b', 'GET', '/quotas/a')).toEqual([403, 'PolicyNotAuthorized']);
    expect((await world.call('admin', 'DELETE', '/quotas/a')).status).toBe(204);
    expect((await world.ok('a', 'GET', '/quotas/a'))['quota']).toMatchObject({ network: 100, port: 500 });
  });
});

describe('lists', () => {
  test('are filtered by any attribute, repeated values being alternatives', async () => {
    const one = await makeNetwork('a', { name: 'one' });
    const two = await makeNetwork('a', { name: 'two', admin_state_up: false });
    await makeNetwork('a', { name: 'three' });
    const names = async (query: string) => (await list('a', `/networks?${query}`)).map((n) => n['name']);
    expect(await names('name=one&name=two')).toEqual(['one', 'two']);
    expect(await names('admin_state_up=False')).toEqual(['two']);
    expect(await names(`id=${one.id}&id=${two.id}&admin_state_up=true`)).toEqual(['one']);
    expect(await names('description=')).toEqual(['one', 'two', 'three']);
    expect(await refused('a', 'GET', '/networks?colour=blue')).toEqual([400, 'HTTPBadRequest']);
    expect((await list('a', '/networks?fields=name&fields=id&name=one'))[0]).toEqual({
      name: 'one',
      id: one.id,
    });
  });

  test('are filtered by tags, which are set one by one or all at once', async () => {
    const one = await makeNetwork('a', { name: 'one', tags: ['x', 'y'] });
    await makeNetwork('a', { name: 'two', tags: ['y'] });
    const names = async (query: string) => (await list('a', `/networks?${query}`)).map((n) => n['name']);
    expect(await names('tags=x,y')).toEqual(['one']);
    expect(await names('tags-any=x,y')).toEqual(['one', 'two']);
    expect(await names('not-tags=x,y')).toEqual(['two']);
    expect(await names('not-tags-any=x')).toEqual(['two']);
    const tags = `/networks/${one.id}/tags`;
    expect((await world.call('a', 'PUT', `${tags}/z`)).status).toBe(201);
    expect((await world.call('a', 'GET', `${tags}/z`)).status).toBe(204);
    expect((await world.call('a', 'DELETE', `${tags}/x`)).status).toBe(204);
    expect(await refused('a', 'GET', `${tags}/x`)).toEqual([404, 'TagNotFound']);
    expect((await world.ok('a', 'GET', tags))['tags']).toEqual(['y', 'z']);
    expect((await world.ok('a', 'PUT', tags, { tags: ['q'] }))['tags']).toEqual(['q']);
    expect((await world.call('b', 'GET', tags)).status).toBe(404);
  });

  test('are sorted and paged in both directions, with links', async () => {
    for (const name of ['c', 'a', 'b', 'b']) await makeNetwork('a', { name });
    const seen: unknown[] = [];
    let path: string | undefined = '/networks?limit=2&sort_key=name&sort_dir=desc';
    let last = '';
    while (path !== undefined) {
      last = path;
      const body: Record<string, unknown> = await world.ok('a', 'GET', path);
      seen.push(...(body['networks'] as Resource[]).map((one) => one['name']));
      const links = (body['networks_links'] ?? []) as { rel: string; href: string }[];
      path = links.find((link) => link.rel === 'next')?.href;
    }
    expect(seen).toEqual(['c', 'b', 'b', 'a']);
    const body: Record<string, unknown> = await world.ok('a', 'GET', last);
    const previous = (body['networks_links'] as { rel: string; href: string }[]).find(
      (l) => l.rel === 'previous',
    );
    // The page at the end is empty, as neutron's, and leads back.
    expect((await list('a', previous?.href ?? '')).map((one) => one['name'])).toEqual(['b', 'a']);
    expect(await refused('a', 'GET', `/networks?limit=1&marker=${randomUUID()}`)).toEqual([
      400,
      'InvalidMarker',
    ]);
    expect(await refused('a', 'GET', '/networks?sort_key=colour&sort_dir=asc')).toEqual([
      400,
      'HTTPBadRequest',
    ]);
  });
});

describe('subnets', () => {
  test('choose gateway and pools as neutron does', async () => {
    const network = await makeNetwork();
    expect(await makeSubnet(network)).toMatchObject({
      cidr: '10.0.0.0/24',
      gateway_ip: '10.0.0.1',
      allocation_pools: [{ start: '10.0.0.2', end: '10.0.0.254' }],
      enable_dhcp: true,
      dns_nameservers: [],
      host_routes: [],
      subnetpool_id: null,
      ipv6_ra_mode: null,
    });
    expect(await makeSubnet(network, { cidr: '10.1.0.9/29', gateway_ip: null })).toMatchObject({
      cidr: '10.1.0.8/29',
      gateway_ip: null,
      allocation_pools: [{ start: '10.1.0.9', end: '10.1.0.14' }],
    });
    expect(await makeSubnet(network, { cidr: '10.2.0.0/24', gateway_ip: '10.2.0.9' })).toMatchObject({
      allocation_pools: [
        { start: '10.2.0.1', end: '10.2.0.8' },
        { start: '10.2.0.10', end: '10.2.0.254' },
      ],
    });
    const [seen] = await list('a', '/networks');
    expect(seen?.['subnets']).toHaveLength(3);
  });

  test.each<[string, object, number, string]>([
    ['overlap', { cidr: '10.0.0.128/25' }, 400, 'InvalidInput'],
    ['no cidr', { cidr: '10.9.0.0' }, 400, 'HTTPBadRequest'],
    ['nonsense', { cidr: 'nonsense/24' }, 400, 'HTTPBadRequest'],
    ['another version', { cidr: '10.9.0.0/24', ip_version: 6 }, 400, 'InvalidInput'],
    [
      'the gateway in a pool',
      { cidr: '10.9.0.0/24', allocation_pools: [{ start: '10.9.0.1', end: '10.9.0.9' }] },
      409,
      'GatewayConflictWithAllocationPools',
    ],
    [
      'a pool outside',
      { cidr: '10.9.0.0/24', allocation_pools: [{ start: '10.8.0.2', end: '10.9.0.9' }] },
      400,
      'OutOfBoundsAllocationPool',
    ],
    [
      'a pool backwards',
      { cidr: '10.9.0.0/24', allocation_pools: [{ start: '10.9.0.9', end: '10.9.0.2' }] },
      400,
      'InvalidAllocationPool',
    ],
    [
      'pools that overlap',
      {
        cidr: '10.9.0.0/24',
        allocation_pools: [
          { start: '10.9.0.2', end: '10.9.0.9' },
          { start: '10.9.0.9', end: '10.9.0.20' },
        ],
      },
      409,
      'OverlappingAllocationPools',
    ],
    [
      'the broadcast address as gateway',
      { cidr: '10.9.0.0/24', gateway_ip: '10.9.0.255' },
      400,
      'InvalidInput',
    ],
    [
      'too many name servers',
      { cidr: '10.9.0.0/24', dns_nameservers: [1, 2, 3, 4, 5, 6].map((n) => `1.1.1.${n}`) },
      400,
      'DNSNameServersExhausted',
    ],
    [
      'too many routes',
      {
        cidr: '10.9.0.0/24',
        host_routes: Array.from({ length: 21 }, (_, n) => ({
          destination: `10.${n}.0.0/16`,
          nexthop: '10.9.0.1',
        })),
      },
      400,
      'HostRoutesExhausted',
    ],
    ['no room for DHCP', { cidr: '10.9.0.0/31' }, 400, 'InvalidInput'],
    ['a subnet pool', { cidr: null, subnetpool_id: 'x' }, 404, 'SubnetPoolNotFound'],
  ])('are refused with %s', async (_name, body, status, type) => {
    const network = await makeNetwork();
    await makeSubnet(network);
    expect(
      await refused('a', 'POST', '/subnets', { subnet: { network_id: network.id, ip_version: 4, ...body } }),
    ).toEqual([status, type]);
  });

  test("are made on one's own networks only, in use not deleted, and change", async () => {
    const network = await makeNetwork();
    const subnet = await makeSubnet(network);
    const foreign = { subnet: { network_id: network.id, ip_version: 4, cidr: '10.5.0.0/24' } };
    expect(await refused('b', 'POST', '/subnets', foreign)).toEqual([404, 'NetworkNotFound']);
    const shared = await makeNetwork('admin', { shared: true });
    expect(
      await refused('b', 'POST', '/subnets', { subnet: { ...foreign.subnet, network_id: shared.id } }),
    ).toEqual([403, 'PolicyNotAuthorized']);
    expect((await world.call('b', 'GET', `/subnets/${subnet.id}`)).status).toBe(404);
    const port = await makePort(network);
    expect(await refused('a', 'DELETE', `/subnets/${subnet.id}`)).toEqual([409, 'SubnetInUse']);
    const { subnet: changed } = await world.ok('a', 'PUT', `/subnets/${subnet.id}`, {
      subnet: {
        gateway_ip: '10.0.0.254',
        allocation_pools: [{ start: '10.0.0.2', end: '10.0.0.20' }],
        dns_nameservers: ['9.9.9.9'],
      },
    });
    expect(changed).toMatchObject({
      gateway_ip: '10.0.0.254',
      dns_nameservers: ['9.9.9.9'],
      revision_number: 2,
    });
    await world.ok('a', 'DELETE', `/ports/${port.id}`);
    expect((await world.call('a', 'DELETE', `/subnets/${subnet.id}`)).status).toBe(204);
  });

  test('with DHCP bring bridge, tunnel, namespace, dnsmasq and metadata; without, only the bridge', async () => {
    const network = await makeNetwork();
    expect(await world.host.inventory()).toMatchObject({ bridges: [] });
    const subnet = await makeSubnet(network);
    await world.settled();
    expect(await world.host.inventory()).toMatchObject({
      bridges: [`brq${network.id.slice(0, 11)}`],
      vxlans: ['vxlan-1'],
      namespaces: [`qdhcp-${network.id}`],
    });
    expect(world.host.state.dhcp.get(network.id)?.port.addresses).toEqual(['10.0.0.2/24']);
    expect(world.metadata.get(network.id)?.listening).toBe(true);
    await world.ok('a', 'PUT', `/subnets/${subnet.id}`, { subnet: { enable_dhcp: false } });
    await world.settled();
    expect((await world.host.inventory()).namespaces).toEqual([]);
    expect(await list('a', '/ports')).toEqual([]);
    expect(world.metadata.get(network.id)?.listening).toBe(false);
  });
});

describe('the rest', () => {
  test('extensions, agents, zones, providers, use of addresses, discovery', async () => {
    const aliases = (await list('a', '/extensions')).map((one) => one['alias']);
    expect(aliases).toEqual(
      expect.arrayContaining(['security-group', 'port-security', 'quotas', 'standard-attr-tag']),
    );
    expect((await world.ok('a', 'GET', '/extensions/quotas'))['extension']).toMatchObject({
      alias: 'quotas',
    });
    expect(await refused('a', 'GET', '/extensions/nothing')).toEqual([404, 'ExtensionNotFound']);
    expect((await list('admin', '/agents')).every((one) => one['alive'] === true)).toBe(true);
    expect(await list('admin', '/agents?agent_type=DHCP+agent')).toHaveLength(1);
    expect(await list('a', '/agents')).toEqual([]);
    expect(await list('a', '/availability_zones')).toHaveLength(2);
    expect(
      (await list('a', '/service-providers')).map(({ service_type, name }) => [service_type, name]),
    ).toEqual([
      ['L3_ROUTER_NAT', 'dvrha'],
      ['L3_ROUTER_NAT', 'dvr'],
      ['L3_ROUTER_NAT', 'ha'],
      ['L3_ROUTER_NAT', 'single_node'],
      ['FIREWALL_V2', 'fwaas_db'],
    ]);
    await makeSubnet(await makeNetwork());
    expect(await list('admin', '/network-ip-availabilities')).toMatchObject([
      { total_ips: 253, used_ips: 1 },
    ]);
    const root = (await world.call('', 'GET', '/')).body;
    expect(root).toHaveProperty('resources');
  });

  test('no endpoint answers without a token', async () => {
    for (const { method, path } of world.network.service.endpoints) {
      const filled = path.replaceAll(/\{\w+\}/g, randomUUID());
      expect(
        (await world.call('', method, filled, method === 'GET' || method === 'DELETE' ? undefined : {}))
          .status,
      ).toBe(401);
    }
    expect(Object.keys(callers)).toHaveLength(4);
  });
});
