import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { transaction } from '../db/index.ts';
import type { HostNetwork } from '../host/net/interface.ts';
import { gatewayDevice, routerNamespace } from '../host/net/names.ts';
import { TestCloud, type Guest } from '../host/net/testing/cloud.ts';
import { linkLocal } from '../host/net/values.ts';
import { RouterTests, type Resource } from './router-test-support.ts';
import { callers, makeWorld } from './test-support.ts';

const DHCP6 = fileURLToPath(new URL('../host/net/testing/dhcp6.py', import.meta.url));
const METADATA = 'fe80::a9fe:a9fe';
const OUTER = `198.18.${20 + (process.pid % 200)}`;
const OUTER6 = `fd00:ec:${(process.pid % 65_000).toString(16)}`;

/** IPv6 with real devices: guests are namespaces that listen to advertisements and ask for addresses themselves. */
describe('IPv6 on this machine', () => {
  const cloud = new TestCloud('six');
  const vni = 13_000_000 + (process.pid % 900_000);
  const bridge = `n6x${process.pid}`;
  let t: RouterTests<HostNetwork>;
  let router: Resource;
  const guests: Record<string, Guest & { serverId: string; networkId: string; addresses: string[] }> = {};

  const start = async (): Promise<void> => {
    const config = { vniRange: [vni, vni + 20] as const, physicalNetworks: { external: bridge } };
    t = new RouterTests(await makeWorld(cloud.host, config, join(cloud.stateDirectory, 'network.db')));
  };
  const subnet6 = (network: Resource, cidr: string, mode: string | null): Promise<Resource> =>
    t.create('a', 'subnet', {
      network_id: network.id,
      ip_version: 6,
      cidr,
      ipv6_ra_mode: mode,
      ipv6_address_mode: mode,
    });

  async function boot(name: string, network: Resource): Promise<void> {
    const serverId = randomUUID();
    const { db, network: service } = t.world;
    const auth = callers['a'];
    if (auth === undefined) throw new Error('a');
    transaction(db, () => {
      const plan = service.face.planNics(db, auth, [{ uuid: network.id }], undefined);
      const server = { serverId, serverName: name, projectId: 'a', availabilityZone: 'nova', ...plan };
      service.face.createServerPorts(db, server);
    });
    const [nic] = service.face.nicsOf(db, serverId);
    if (nic === undefined) throw new Error('the server has no NIC');
    const namespace = await cloud.namespace(nic.tapName, nic.macAddress);
    await cloud.inside(namespace, 'ip', 'link', 'set', 'eth0', 'down');
    await service.face.plugServer(serverId);
    await cloud.inside(namespace, 'sysctl', '-q', '-w', 'net.ipv6.conf.eth0.accept_dad=0');
    await cloud.inside(namespace, 'ip', 'link', 'set', 'eth0', 'mtu', '1500', 'up');
    guests[name] = {
      namespace,
      serverId,
      networkId: network.id,
      portId: nic.portId,
      tap: nic.tapName,
      mac: nic.macAddress,
      ip: nic.fixedIps[0]?.address ?? '',
      addresses: nic.fixedIps.map((ip) => ip.address),
    };
  }

  const guest = (name: string) => {
    const found = guests[name];
    if (found === undefined) throw new Error(name);
    return found;
  };
  const output = async (name: string, ...argv: [string, ...string[]]): Promise<string> =>
    (await cloud.inside(guest(name).namespace, ...argv)).stdout;
  const dhcp6 = async (name: string, ...words: string[]) =>
    JSON.parse(await output(name, '/usr/bin/python3', DHCP6, 'eth0', ...words)) as {
      addresses: string[];
      servers: string[];
    };
  const addressed = (name: string): Promise<string> =>
    output(name, 'ip', '-6', 'addr', 'show', 'dev', 'eth0');

  beforeAll(async () => {
    await start();
    const external = await t.external(`${OUTER}.0/24`);
    await t.create('admin', 'subnet', {
      network_id: external.id,
      ip_version: 6,
      cidr: `${OUTER6}::/64`,
      gateway_ip: `${OUTER6}::1`,
      enable_dhcp: false,
    });
    router = await t.create('a', 'router', { external_gateway_info: { network_id: external.id } });
    const slaac = await t.create('a', 'network', {});
    const stateful = await t.create('a', 'network', {});
    const stateless = await t.create('a', 'network', {});
    for (const subnet of [
      await subnet6(slaac, 'fd00:a1::/64', 'slaac'),
      await subnet6(slaac, 'fd00:a2::/64', 'slaac'),
      await subnet6(stateful, 'fd00:b::/64', 'dhcpv6-stateful'),
      await subnet6(stateless, 'fd00:c::/64', 'dhcpv6-stateless'),
    ])
      await t.world.ok('a', 'PUT', `/routers/${router.id}/add_router_interface`, { subnet_id: subnet.id });
    await t.world.settled();
    await boot('slaac', slaac);
    await boot('stateful', stateful);
    await boot('stateless', stateless);
  });

  afterAll(async () => {
    await t.world.close();
    await cloud.end();
  });

  test('guests make the addresses of their ports from advertisements, of all prefixes', async () => {
    const { addresses } = guest('slaac');
    expect(addresses).toHaveLength(2);
    await expect
      .poll(async () => {
        const shown = await addressed('slaac');
        return addresses.filter((ip) => shown.includes(`${ip}/64`));
      })
      .toEqual(addresses);
    const routes = await output('slaac', 'ip', '-6', 'route', 'show', 'default');
    expect(routes).toMatch(/^default via fe80::\S+ dev eth0 proto ra /);
    expect((await output('slaac', 'sysctl', '-n', 'net.ipv6.conf.eth0.mtu')).trim()).toBe('1450');
    await expect.poll(() => addressed('stateless')).toContain(`${guest('stateless').ip}/64`);
    // A router that says M and not A: no address without asking.
    await expect
      .poll(() => output('stateful', 'ip', '-6', 'route', 'show', 'default'))
      .toContain('default via fe80::');
    expect(await addressed('stateful')).not.toContain('fd00:b::');
  });

  test('DHCPv6 gives the address of the port, or options alone', async () => {
    expect(await dhcp6('stateful')).toEqual({
      addresses: [guest('stateful').ip],
      servers: [expect.stringMatching(/^fd00:b::/)],
    });
    await cloud.inside(
      guest('stateful').namespace,
      ...(['ip', 'addr', 'add', `${guest('stateful').ip}/64`, 'dev', 'eth0', 'nodad'] as const),
    );
    expect(await dhcp6('stateless', 'options')).toEqual({
      addresses: [],
      servers: [expect.stringMatching(/^fd00:c::/)],
    });
    const leases = await cloud.host.dhcp.leases(guest('stateful').networkId);
    expect(leases).toMatchObject([{ ip: guest('stateful').ip, macAddress: guest('stateful').mac }]);
  });

  test('routers lead between networks and to the outside, groups decide', async () => {
    const [first = '', second = ''] = guest('slaac').addresses;
    // The default group lets its members in.
    await expect.poll(() => cloud.pings(guest('stateful'), first)).toBe(true);
    expect(await cloud.pings(guest('stateless'), second)).toBe(true);
    expect(await cloud.pings(guest('slaac'), guest('stateful').ip)).toBe(true);
    for (const gateway of ['fd00:a1::', 'fd00:a2::'])
      expect(await cloud.pings(guest('slaac'), gateway)).toBe(true);
    const namespace = routerNamespace(router.id);
    expect(await cloud.pings(namespace, `${OUTER6}::1`)).toBe(true);
    const { stdout } = await cloud.inside(namespace, 'ip', '-6', 'route', 'show', 'default');
    expect(stdout).toContain(`default via ${OUTER6}::1 dev ${gatewayDevice((await gatewayPort()).id)}`);
    // What no rule lets in stays out, neighbours and all.
    await t.world.ok('a', 'PUT', `/ports/${guest('slaac').portId}`, { port: { security_groups: [] } });
    await t.world.settled();
    expect(await cloud.pings(guest('stateful'), first)).toBe(false);
    const [group] = await t.list('a', '/security-groups');
    const back = { security_groups: [group?.id] };
    await t.world.ok('a', 'PUT', `/ports/${guest('slaac').portId}`, { port: back });
    await t.world.settled();
    expect(await cloud.pings(guest('stateful'), first)).toBe(true);
  });

  const gatewayPort = async (): Promise<Resource> => {
    const [port] = await t.list('admin', `/ports?device_id=${router.id}&device_owner=network:router_gateway`);
    if (port === undefined) throw new Error('the router has no gateway');
    return port;
  };

  test('metadata is at its link-local address, and the guest is known by its own', async () => {
    const asks = () => cloud.connects(guest('slaac'), `${METADATA}%eth0`, 80);
    await expect.poll(asks).toBe(true);
    const { face } = t.world.network;
    const from = `${linkLocal(guest('slaac').mac).address}%ns-x`;
    const { networkId, serverId } = guest('slaac');
    expect(face.serverByAddress(t.world.db, { networkId }, from)?.serverId).toBe(serverId);
    expect(face.serverByAddress(t.world.db, { networkId }, guest('slaac').ip)?.serverId).toBe(serverId);
    const other = { networkId: guest('stateful').networkId };
    expect(face.serverByAddress(t.world.db, other, from)).toBeUndefined();
  });

  test('all stays as it is when the helper starts again (R29), and comes back (R31)', async () => {
    const before = await cloud.host.inventory();
    expect(before.radvd.map((one) => one.routerId)).toEqual([router.id]);
    await t.world.close();
    await start();
    expect(await cloud.host.inventory()).toEqual(before);
    expect(await cloud.pings(guest('slaac'), guest('stateful').ip)).toBe(true);
    const [radvd] = before.radvd;
    process.kill(radvd?.pid ?? 0, 'SIGKILL');
    expect(await t.world.network.reconcile()).toEqual([]);
    expect((await cloud.host.inventory()).radvd).toMatchObject([{ routerId: router.id }]);
  });

  test('nothing is left when it is deleted', async () => {
    for (const { serverId, portId, networkId } of Object.values(guests)) {
      transaction(t.world.db, () => t.world.network.face.deleteServerPorts(t.world.db, serverId));
      await t.world.network.face.unplugPorts([{ portId, networkId }]);
    }
    for (const [index, cidr] of ['fd00:a1::/64', 'fd00:a2::/64', 'fd00:b::/64', 'fd00:c::/64'].entries()) {
      const [subnet] = await t.list('a', `/subnets?cidr=${encodeURIComponent(cidr)}`);
      const path = `/routers/${router.id}/remove_router_interface`;
      const answer = await t.world.ok('a', 'PUT', path, { subnet_id: subnet?.id });
      expect(answer['subnet_ids']).toEqual([subnet?.id]);
      await t.world.settled();
      expect((await cloud.host.inventory()).radvd).toHaveLength(index === 3 ? 0 : 1);
    }
    await t.world.ok('a', 'DELETE', `/routers/${router.id}`);
    for (const network of await t.list('admin', '/networks'))
      await t.world.ok('admin', 'DELETE', `/networks/${network.id}`);
    await t.world.settled();
    const { tables: _tables, ...rest } = await cloud.host.inventory();
    expect(Object.values(rest).flat()).toEqual([]);
  });
});
