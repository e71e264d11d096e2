import { randomUUID } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { makeFakeWorld, resourcesOf, type NetworkWorld, type Resource } from './test-support.ts';

let world: NetworkWorld;
beforeEach(async () => {
  world = await makeFakeWorld({ vniRange: [1, 100] });
});
afterEach(() => world.close());

const { create, makeNetwork, makeSubnet, makePort, list, refused } = resourcesOf(() => world);

describe('ports', () => {
  test('have the attributes that neutron shows, the binding for admins only', async () => {
    const network = await makeNetwork();
    const subnet = await makeSubnet(network);
    const port = await makePort(network, { name: 'p', dns_name: 'web' });
    const [group] = await list('a', '/security-groups');
    expect(port).toMatchObject({
      network_id: network.id,
      status: 'DOWN',
      fixed_ips: [{ subnet_id: subnet.id, ip_address: '10.0.0.3' }],
      security_groups: [group?.id],
      device_id: '',
      device_owner: '',
      port_security_enabled: true,
      allowed_address_pairs: [],
      extra_dhcp_opts: [],
      dns_assignment: [{ hostname: 'web', ip_address: '10.0.0.3', fqdn: 'web.openstacklocal.' }],
      'binding:vnic_type': 'normal',
    });
    expect(port['mac_address']).toMatch(/^fa:16:3e(:[0-9a-f]{2}){3}$/);
    expect(port).not.toHaveProperty('binding:host_id');
    const [seen] = await list('admin', `/ports?id=${port.id}`);
    expect(seen).toMatchObject({
      'binding:host_id': '',
      'binding:vif_type': 'unbound',
      'binding:profile': {},
    });
  });

  test('are found by address, device, network and MAC', async () => {
    const network = await makeNetwork();
    const subnet = await makeSubnet(network);
    const port = await makePort(network, { fixed_ips: [{ ip_address: '10.0.0.77' }], device_id: 'dev' });
    await makePort(network);
    const ids = async (query: string) => (await list('a', `/ports?${query}`)).map((one) => one.id);
    expect(await ids('fixed_ips=ip_address%3D10.0.0.77')).toEqual([port.id]);
    expect(await ids(`fixed_ips=ip_address=10.0.0.77&fixed_ips=subnet_id=${subnet.id}`)).toEqual([port.id]);
    expect(await ids('fixed_ips=ip_address_substr=0.77')).toEqual([port.id]);
    expect(await ids('device_id=dev')).toEqual([port.id]);
    expect(await ids(`mac_address=${String(port['mac_address'])}`)).toEqual([port.id]);
    expect(await ids(`network_id=${network.id}`)).toHaveLength(3);
    expect(await ids('device_owner=network:dhcp')).toHaveLength(1);
    expect(await list('b', '/ports')).toEqual([]);
  });

  test.each<[string, object, number, string]>([
    ['an address outside', { fixed_ips: [{ ip_address: '10.7.0.1' }] }, 400, 'InvalidIpForNetwork'],
    ['the broadcast address', { fixed_ips: [{ ip_address: '10.0.0.255' }] }, 400, 'InvalidIpForNetwork'],
    ['an address in use', { fixed_ips: [{ ip_address: '10.0.0.2' }] }, 409, 'IpAddressAlreadyAllocated'],
    ['an unknown subnet', { fixed_ips: [{ subnet_id: randomUUID() }] }, 400, 'InvalidInput'],
    ['nothing of an address', { fixed_ips: [{}] }, 400, 'InvalidInput'],
    ['an unknown group', { security_groups: [randomUUID()] }, 404, 'SecurityGroupNotFound'],
    ['a multicast MAC', { mac_address: '01:00:5e:00:00:01' }, 400, 'HTTPBadRequest'],
    [
      'too many address pairs (S28)',
      { allowed_address_pairs: Array.from({ length: 11 }, (_, n) => ({ ip_address: `10.1.0.${n}` })) },
      400,
      'AllowedAddressPairExhausted',
    ],
    [
      'an address pair twice',
      { allowed_address_pairs: [{ ip_address: '10.1.0.1' }, { ip_address: '10.1.0.1' }] },
      400,
      'DuplicateAddressPairInRequest',
    ],
    [
      'a line end in a DHCP option (S31)',
      { extra_dhcp_opts: [{ opt_name: 'tftp-server', opt_value: 'x\ndhcp-script=/bin/sh' }] },
      400,
      'HTTPBadRequest',
    ],
    [
      'a NUL in a DHCP option (S31)',
      { extra_dhcp_opts: [{ opt_name: 'tftp-server', opt_value: 'x\u0000' }] },
      400,
      'HTTPBadRequest',
    ],
    [
      'a strange DHCP option (S31)',
      { extra_dhcp_opts: [{ opt_name: 'a,b', opt_value: 'x' }] },
      400,
      'HTTPBadRequest',
    ],
    ['a bad DNS name (S31)', { dns_name: 'a\nb' }, 400, 'HTTPBadRequest'],
    ['a host (S29)', { 'binding:host_id': 'elsewhere' }, 403, 'PolicyNotAuthorized'],
    [
      'groups without port security',
      { port_security_enabled: false, security_groups: ['default'] },
      400,
      'HTTPBadRequest',
    ],
    [
      'pairs without port security',
      { port_security_enabled: false, allowed_address_pairs: [{ ip_address: '10.1.0.1' }] },
      409,
      'AddressPairAndPortSecurityRequired',
    ],
  ])('are refused with %s', async (_name, body, status, type) => {
    const network = await makeNetwork();
    await makeSubnet(network);
    const before = (await list('a', '/ports')).length;
    expect(await refused('a', 'POST', '/ports', { port: { network_id: network.id, ...body } })).toEqual([
      status,
      type,
    ]);
    expect(await list('a', '/ports')).toHaveLength(before);
  });

  test("cannot name another project's device (S27)", async () => {
    const network = await makeNetwork();
    const server = randomUUID();
    await makePort(network, { device_id: server, device_owner: 'compute:nova' });
    const other = await makeNetwork('b');
    expect(
      await refused('b', 'POST', '/ports', { port: { network_id: other.id, device_id: server } }),
    ).toEqual([403, 'DeviceIDNotOwnedByTenant']);
    const port = await makePort(other, {}, 'b');
    expect(await refused('b', 'PUT', `/ports/${port.id}`, { port: { device_id: server } })).toEqual([
      403,
      'DeviceIDNotOwnedByTenant',
    ]);
    expect(await refused('b', 'GET', `/ports/${(await list('a', '/ports'))[0]?.id}`)).toEqual([
      404,
      'PortNotFound',
    ]);
  });

  test('of the DHCP server are replaced when somebody deletes them, and nobody else makes one', async () => {
    const network = await makeNetwork();
    await makeSubnet(network);
    const [first] = await list('a', '/ports?device_owner=network:dhcp');
    const body = { port: { network_id: network.id, device_owner: 'network:dhcp' } };
    expect(await refused('a', 'POST', '/ports', body)).toEqual([403, 'PolicyNotAuthorized']);
    expect(await refused('a', 'PUT', `/ports/${first?.id}`, { port: { device_owner: '' } })).toEqual([
      409,
      'ServicePortInUse',
    ]);
    await world.ok('a', 'DELETE', `/ports/${first?.id}`);
    await world.settled();
    const [second] = await list('a', '/ports?device_owner=network:dhcp');
    expect(second?.id).not.toBe(first?.id);
    expect(world.host.state.dhcp.get(network.id)?.port.portId).toBe(second?.id);
  });

  test("on another's network are the owner's to judge", async () => {
    const shared = await makeNetwork('admin', { shared: true });
    await makeSubnet(shared, {}, 'admin');
    const external = await makeNetwork('admin', { 'router:external': true });
    const post = (body: object) => refused('a', 'POST', '/ports', { port: body });
    expect(await post({ network_id: external.id })).toEqual([403, 'NotAuthorized']);
    expect(await post({ network_id: shared.id, fixed_ips: [{ ip_address: '10.0.0.50' }] })).toEqual([
      403,
      'PolicyNotAuthorized',
    ]);
    expect(await post({ network_id: shared.id, mac_address: 'fa:16:3e:00:00:01' })).toEqual([
      403,
      'PolicyNotAuthorized',
    ]);
    expect(await post({ network_id: shared.id, port_security_enabled: false })).toEqual([
      403,
      'PolicyNotAuthorized',
    ]);
    expect(await post({ network_id: shared.id, device_owner: 'network:router_interface' })).toEqual([
      403,
      'PolicyNotAuthorized',
    ]);
    const port = await makePort(shared);
    expect((await list('admin', `/ports?id=${port.id}`))[0]?.['project_id']).toBe('a');
  });

  test('change addresses, groups and options; what is free is given out again', async () => {
    const network = await makeNetwork();
    const subnet = await makeSubnet(network);
    const port = await makePort(network);
    const group = await create('a', 'security_group', { name: 'g' });
    const { port: changed } = await world.ok('a', 'PUT', `/ports/${port.id}`, {
      port: {
        fixed_ips: [{ subnet_id: subnet.id, ip_address: '10.0.0.9' }, { subnet_id: subnet.id }],
        security_groups: [group.id],
        extra_dhcp_opts: [{ opt_name: 'bootfile-name', opt_value: 'pxe.0' }],
        allowed_address_pairs: [{ ip_address: '10.9.0.0/24' }],
      },
    });
    expect(changed).toMatchObject({
      // What it has it keeps: an address of the subnet was asked for, and 10.0.0.3 is one.
      fixed_ips: [{ ip_address: '10.0.0.9' }, { ip_address: '10.0.0.3' }],
      security_groups: [group.id],
      extra_dhcp_opts: [{ opt_name: 'bootfile-name', opt_value: 'pxe.0', ip_version: 4 }],
      allowed_address_pairs: [{ ip_address: '10.9.0.0/24', mac_address: port['mac_address'] }],
    });
    await world.ok('a', 'PUT', `/ports/${port.id}`, { port: { fixed_ips: [{ ip_address: '10.0.0.9' }] } });
    await makePort(network, { fixed_ips: [{ ip_address: '10.0.0.3' }] });
    await world.ok('a', 'PUT', `/ports/${port.id}`, {
      port: { extra_dhcp_opts: [{ opt_name: 'bootfile-name', opt_value: null }] },
    });
    await world.ok('a', 'PUT', `/ports/${port.id}`, { port: { security_groups: [], fixed_ips: [] } });
    const { port: bare } = await world.ok('a', 'GET', `/ports/${port.id}`);
    expect(bare).toMatchObject({ fixed_ips: [], security_groups: [], extra_dhcp_opts: [] });
  });

  test('created in parallel have addresses of their own, and dnsmasq the same ones (R17)', async () => {
    const network = await makeNetwork();
    await makeSubnet(network, { cidr: '10.0.0.0/28' });
    const answers = await Promise.all(
      Array.from({ length: 20 }, () =>
        world.call('a', 'POST', '/ports', { port: { network_id: network.id } }),
      ),
    );
    const made = answers.filter((one) => one.status === 201).map((one) => one.body['port'] as Resource);
    expect(made).toHaveLength(12);
    expect(answers.filter((one) => one.type === 'IpAddressGenerationFailure')).toHaveLength(8);
    await Promise.all(made.slice(0, 6).map((one) => world.call('a', 'DELETE', `/ports/${one.id}`)));
    await Promise.all(Array.from({ length: 6 }, () => makePort(network)));
    const rows = await list('a', '/ports');
    const addresses = rows.map((one) => (one['fixed_ips'] as { ip_address: string }[])[0]?.ip_address);
    expect(new Set(addresses).size).toBe(13);
    await world.settled();
    const spec = world.host.state.dhcp.get(network.id);
    const dhcp = (await list('a', '/ports?device_owner=network:dhcp'))[0];
    expect(spec?.hosts.map((host) => host.ip).sort((x, y) => x.localeCompare(y))).toEqual(
      rows
        .filter((one) => one.id !== dhcp?.id)
        .map((one) => (one['fixed_ips'] as { ip_address: string }[])[0]?.ip_address ?? '')
        .sort((x, y) => x.localeCompare(y)),
    );
  });
});
