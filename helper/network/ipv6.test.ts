import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { makeFakeWorld, resourcesOf, type NetworkWorld, type Resource } from './test-support.ts';

let world: NetworkWorld;
beforeEach(async () => {
  world = await makeFakeWorld({ vniRange: [1, 100] });
});
afterEach(() => world.close());

const { makeNetwork, makeSubnet, makePort, list, refused } = resourcesOf(() => world);

const MAC = 'fa:16:3e:01:02:03';
const EUI = 'f816:3eff:fe01:203';
const both = (mode: string) => ({ ipv6_ra_mode: mode, ipv6_address_mode: mode });
const six = (network: Resource, body: object = {}, token = 'a'): Promise<Resource> =>
  makeSubnet(network, { ip_version: 6, cidr: 'fd00::/64', ...body }, token);
const addresses = (port: Resource): string[] =>
  (port['fixed_ips'] as { ip_address: string }[]).map((ip) => ip.ip_address);
const seen = async (port: Resource): Promise<string[]> => {
  const body = await world.ok('admin', 'GET', `/ports/${port.id}`);
  return addresses(body['port'] as Resource);
};
const change = async (port: Resource, body: object, token = 'admin'): Promise<string[]> =>
  addresses((await world.ok(token, 'PUT', `/ports/${port.id}`, { port: body }))['port'] as Resource);

describe('IPv6 subnets', () => {
  test('have the first address of the prefix as gateway and the others as pool', async () => {
    const network = await makeNetwork();
    expect(await six(network, { cidr: 'FD00:0:0::7/64', dns_nameservers: ['2001:DB8::53'] })).toMatchObject({
      ip_version: 6,
      cidr: 'fd00::/64',
      gateway_ip: 'fd00::',
      allocation_pools: [{ start: 'fd00::1', end: 'fd00::ffff:ffff:ffff:ffff' }],
      dns_nameservers: ['2001:db8::53'],
      enable_dhcp: true,
      ipv6_ra_mode: null,
      ipv6_address_mode: null,
    });
    expect(await six(network, { cidr: 'fd01::/64', gateway_ip: 'FD01::1' })).toMatchObject({
      gateway_ip: 'fd01::1',
      allocation_pools: [{ start: 'fd01::2', end: 'fd01::ffff:ffff:ffff:ffff' }],
    });
    expect(await six(network, { cidr: 'fd02::/64', gateway_ip: 'fe80::1' })).toMatchObject({
      gateway_ip: 'fe80::1',
    });
  });

  test.each([
    ['slaac', 'slaac'],
    ['dhcpv6-stateless', 'dhcpv6-stateless'],
    ['dhcpv6-stateful', 'dhcpv6-stateful'],
    ['slaac', null],
    ['dhcpv6-stateless', null],
    ['dhcpv6-stateful', null],
    [null, 'slaac'],
    [null, 'dhcpv6-stateless'],
    [null, 'dhcpv6-stateful'],
  ])('may have ra_mode %s with address_mode %s', async (ipv6_ra_mode, ipv6_address_mode) => {
    const network = await makeNetwork();
    const modes = { ipv6_ra_mode, ipv6_address_mode };
    expect(await six(network, modes)).toMatchObject(modes);
  });

  test.each<[string, object]>([
    ['two modes', { ipv6_ra_mode: 'slaac', ipv6_address_mode: 'dhcpv6-stateful' }],
    ['two automatic modes', { ipv6_ra_mode: 'dhcpv6-stateless', ipv6_address_mode: 'slaac' }],
    ['a mode without DHCP', { ...both('slaac'), enable_dhcp: false }],
    ['SLAAC in a /63', { ...both('slaac'), cidr: 'fd00::/63' }],
    ['a mode for IPv4', { ip_version: 4, cidr: '10.0.0.0/24', ipv6_ra_mode: 'slaac' }],
    ['an address mode for IPv4', { ip_version: 4, cidr: '10.0.0.0/24', ipv6_address_mode: 'slaac' }],
    ['the other version', { ip_version: 6, cidr: '10.0.0.0/24' }],
    ['no room for DHCP', { cidr: 'fd00::/127' }],
    ['multicast', { cidr: 'ff05::/64' }],
    ['the whole internet', { cidr: '::/0' }],
    ['another version of name server', { dns_nameservers: ['10.0.0.1'] }],
    ['another version of gateway', { gateway_ip: '10.0.0.1' }],
  ])('are refused with %s', async (_what, body) => {
    const network = await makeNetwork();
    const subnet = { network_id: network.id, ip_version: 6, cidr: 'fd00::/64', ...body };
    expect(await refused('a', 'POST', '/subnets', { subnet })).toEqual([400, 'InvalidInput']);
  });

  test('keep DHCP while they have a mode, and their modes', async () => {
    const network = await makeNetwork();
    const subnet = await six(network, both('dhcpv6-stateful'));
    const put = (body: object) => refused('a', 'PUT', `/subnets/${subnet.id}`, { subnet: body });
    expect(await put({ enable_dhcp: false })).toEqual([400, 'InvalidInput']);
    expect((await put({ ipv6_ra_mode: 'slaac' }))[0]).toBe(400);
    expect((await put({ name: 'x', enable_dhcp: true }))[0]).toBe(200);
  });
});

describe('IPv6 addresses of ports', () => {
  test('are made of the MAC address in automatic subnets, whatever the order', async () => {
    for (const mode of ['slaac', 'dhcpv6-stateless']) {
      const network = await makeNetwork();
      await six(network, both(mode));
      await six(network, { cidr: 'fd01::/64', ipv6_address_mode: 'dhcpv6-stateful' });
      await makeSubnet(network);
      await six(network, { cidr: 'fd02::/64', ipv6_address_mode: mode });
      const port = await makePort(network, { mac_address: MAC });
      expect(addresses(port).slice(0, 2)).toEqual([
        expect.stringMatching(/^10\.0\.0\./),
        expect.stringMatching(/^fd01::\d$/),
      ]);
      expect(addresses(port).slice(2)).toEqual([`fd00::${EUI}`, `fd02::${EUI}`]);
    }
  });

  test('are from the pool without a mode and with dhcpv6-stateful', async () => {
    for (const modes of [
      {},
      both('dhcpv6-stateful'),
      { ipv6_ra_mode: 'dhcpv6-stateful' },
      { ipv6_address_mode: 'dhcpv6-stateful' },
    ]) {
      const network = await makeNetwork();
      const subnet = await six(network, modes);
      expect(addresses(await makePort(network, { mac_address: MAC }))).toEqual(['fd00::2']);
      const fixed_ips = [{ subnet_id: subnet.id, ip_address: 'FD00::abc' }];
      expect(addresses(await makePort(network, { fixed_ips }))).toEqual(['fd00::abc']);
      const post = (ip: object) =>
        refused('a', 'POST', '/ports', { port: { network_id: network.id, fixed_ips: [ip] } });
      expect(await post({ ip_address: 'fd00::abc' })).toEqual([409, 'IpAddressAlreadyAllocated']);
      expect(await post({ subnet_id: subnet.id, ip_address: 'fd00:0:0:1::' })).toEqual([
        400,
        'InvalidIpForSubnet',
      ]);
      expect(
        await list('a', `/ports?network_id=${network.id}&fixed_ips=ip_address%3DFD00:0:0::ABC`),
      ).toHaveLength(1);
    }
  });

  test('cannot be chosen in automatic subnets', async () => {
    const network = await makeNetwork();
    const subnet = await six(network, both('slaac'));
    const fixed_ips = [{ subnet_id: subnet.id, ip_address: 'fd00::5' }];
    expect(await refused('a', 'POST', '/ports', { port: { network_id: network.id, fixed_ips } })).toEqual([
      400,
      'AllocationOnAutoAddressSubnet',
    ]);
    const wish = [{ subnet_id: subnet.id }];
    expect(addresses(await makePort(network, { mac_address: MAC, fixed_ips: wish }))).toEqual([
      `fd00::${EUI}`,
    ]);
    const port = await makePort(network, { fixed_ips: [] });
    expect(addresses(port)).toHaveLength(1);
    expect(await change(port, { fixed_ips: [] })).toEqual(addresses(port));
  });

  test('follow a change of the MAC address', async () => {
    const network = await makeNetwork();
    await makeSubnet(network);
    await six(network, both('slaac'));
    const port = await makePort(network);
    const [four = ''] = addresses(port);
    expect(await change(port, { mac_address: MAC })).toEqual([four, `fd00::${EUI}`]);
    const fixed_ips = [{ ip_address: four }, { ip_address: `fd00::${EUI}` }];
    await change(port, { mac_address: 'fa:16:3e:00:00:01', fixed_ips });
    expect(await seen(port)).toEqual([four, 'fd00::f816:3eff:fe00:1']);
  });

  test('come and go with an automatic subnet on all ports, but for those of routers', async () => {
    const network = await makeNetwork();
    await makeSubnet(network);
    const port = await makePort(network, { mac_address: MAC });
    const [four = ''] = addresses(port);
    const subnet = await six(network, both('slaac'));
    expect(await seen(port)).toEqual([four, `fd00::${EUI}`]);
    const [dhcp] = await list('admin', '/ports?device_owner=network:dhcp');
    expect(addresses(dhcp as Resource)).toHaveLength(2);
    const [shown] = await list('a', `/ports?id=${port.id}`);
    expect(Number(shown?.['revision_number'])).toBeGreaterThan(1);

    const router = (await world.ok('a', 'POST', '/routers', { router: {} }))['router'] as Resource;
    const interfacePath = `/routers/${router.id}`;
    await world.ok('a', 'PUT', `${interfacePath}/add_router_interface`, { subnet_id: subnet.id });
    expect(await refused('a', 'DELETE', `/subnets/${subnet.id}`)).toEqual([409, 'SubnetInUse']);
    await world.ok('a', 'PUT', `${interfacePath}/remove_router_interface`, { subnet_id: subnet.id });
    await world.ok('a', 'DELETE', `/subnets/${subnet.id}`);
    expect(await seen(port)).toEqual([four]);
    const [kept] = await list('admin', '/ports?device_owner=network:dhcp');
    expect(addresses(kept as Resource)).toHaveLength(1);
    expect(await refused('a', 'DELETE', `/networks/${network.id}`)).toEqual([409, 'NetworkInUse']);
  });

  test('in a subnet with chosen addresses keep it in use', async () => {
    const network = await makeNetwork();
    const subnet = await six(network, both('dhcpv6-stateful'));
    const port = await makePort(network);
    expect(await refused('a', 'DELETE', `/subnets/${subnet.id}`)).toEqual([409, 'SubnetInUse']);
    await world.ok('a', 'DELETE', `/ports/${port.id}`);
    await world.ok('a', 'DELETE', `/subnets/${subnet.id}`);
  });
});

describe('routers with IPv6', () => {
  const makeRouter = async (): Promise<Resource> =>
    (await world.ok('a', 'POST', '/routers', { router: {} }))['router'] as Resource;
  const add = (router: Resource, body: object) =>
    world.ok('a', 'PUT', `/routers/${router.id}/add_router_interface`, body);

  test('have all IPv6 subnets of a network on one port, IPv4 on another', async () => {
    const network = await makeNetwork();
    const four = await makeSubnet(network);
    const first = await six(network, { ...both('slaac'), dns_nameservers: ['2001:db8::53'] });
    const second = await six(network, { cidr: 'fd01::/64', ...both('slaac') });
    const router = await makeRouter();
    const on4 = await add(router, { subnet_id: four.id });
    const on6 = await add(router, { subnet_id: first.id });
    expect(await add(router, { subnet_id: second.id })).toMatchObject({
      port_id: on6['port_id'],
      subnet_id: second.id,
      subnet_ids: [second.id],
    });
    expect(on4['port_id']).not.toBe(on6['port_id']);
    await world.settled();
    const spec = world.host.state.routers.get(router.id);
    expect(spec?.interfaces.map((one) => [one.addresses, one.advertise])).toEqual([
      [['10.0.0.1/24'], undefined],
      [
        ['fd00::/64', 'fd01::/64'],
        {
          managed: false,
          otherConfig: false,
          prefixes: [
            { cidr: 'fd00::/64', autonomous: true },
            { cidr: 'fd01::/64', autonomous: true },
          ],
          nameServers: ['2001:db8::53'],
        },
      ],
    ]);
    // A wish for what the port has already is no change; any other is the router's to grant.
    const port6 = `/ports/${String(on6['port_id'])}`;
    const kept = { fixed_ips: [{ subnet_id: first.id }, { subnet_id: second.id }] };
    await world.ok('a', 'PUT', port6, { port: kept });
    const fewer = { fixed_ips: [{ subnet_id: first.id }] };
    expect(await refused('a', 'PUT', port6, { port: fewer })).toEqual([409, 'ServicePortInUse']);
    const remove = (subnet: Resource) =>
      world.ok('a', 'PUT', `/routers/${router.id}/remove_router_interface`, { subnet_id: subnet.id });
    expect(await remove(first)).toMatchObject({ port_id: on6['port_id'], subnet_ids: [first.id] });
    expect(await seen({ id: String(on6['port_id']) })).toEqual(['fd01::']);
    await remove(second);
    expect(await list('a', `/ports?device_id=${router.id}`)).toHaveLength(1);
  });

  test('say by flags how addresses come', async () => {
    const network = await makeNetwork();
    const router = await makeRouter();
    await add(router, { subnet_id: (await six(network, both('dhcpv6-stateful'))).id });
    const other = await six(network, { cidr: 'fd01::/64', ...both('dhcpv6-stateless') });
    await add(router, { subnet_id: other.id });
    await world.settled();
    expect(world.host.state.routers.get(router.id)?.interfaces[0]?.advertise).toEqual({
      managed: true,
      otherConfig: true,
      prefixes: [
        { cidr: 'fd00::/64', autonomous: false },
        { cidr: 'fd01::/64', autonomous: true },
      ],
      nameServers: [],
    });
    const modes = world.host.state.dhcp.get(network.id)?.subnets.map((subnet) => subnet.mode);
    expect(modes).toEqual(['stateful', 'stateless']);
  });

  test('are not for subnets with another router, nor a second port with IPv6', async () => {
    const network = await makeNetwork();
    const foreign = await six(network, { ipv6_address_mode: 'slaac' });
    const router = await makeRouter();
    const path = `/routers/${router.id}/add_router_interface`;
    expect(await refused('a', 'PUT', path, { subnet_id: foreign.id })).toEqual([400, 'BadRequest']);
    const other = await makeNetwork();
    const first = await six(other, { cidr: 'fd01::/64' });
    const second = await six(other, { cidr: 'fd02::/64' });
    await add(router, { subnet_id: first.id });
    const port = await makePort(other, { fixed_ips: [{ subnet_id: second.id }] });
    expect(await refused('a', 'PUT', path, { port_id: port.id })).toEqual([400, 'BadRequest']);
  });

  test('get an address of each version at their gateway, and a default route of each', async () => {
    const external = await makeNetwork('admin', {
      'router:external': true,
      'provider:network_type': 'flat',
      'provider:physical_network': 'external',
    });
    await makeSubnet(external, { cidr: '198.18.9.0/24', enable_dhcp: false }, 'admin');
    const router = (
      await world.ok('a', 'POST', '/routers', {
        router: { external_gateway_info: { network_id: external.id } },
      })
    )['router'] as Resource;
    await world.settled();
    expect(world.host.state.routers.get(router.id)?.gateway).toMatchObject({
      nextHops: ['198.18.9.1'],
      acceptAdvertisements: true,
    });
    const outer = { cidr: 'fd00:e::/64', gateway_ip: 'fd00:e::1', enable_dhcp: false };
    await six(external, outer, 'admin');
    await world.settled();
    const gateway = world.host.state.routers.get(router.id)?.gateway;
    expect(gateway?.nextHops).toEqual(['198.18.9.1', 'fd00:e::1']);
    expect(gateway?.addresses).toEqual(['198.18.9.2/24', 'fd00:e::2/64']);
    expect(gateway).not.toHaveProperty('acceptAdvertisements');
    expect(world.host.state.externals.get('br-ex')?.addresses).toContain('fd00:e::1/64');
  });
});
