import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { transaction } from '../db/index.ts';
import type { HostNetwork } from '../host/net/interface.ts';
import { TestCloud, type Guest } from '../host/net/testing/cloud.ts';
import { callers, makeWorld, type NetworkWorld, type Resource } from './test-support.ts';

/** The API with real devices: what is written here is what packets meet. */
describe('a network on this machine', () => {
  const cloud = new TestCloud('api');
  let world: NetworkWorld<HostNetwork>;
  let network: Resource;
  let a: Guest & { readonly serverId: string };
  let b: Guest & { readonly serverId: string };
  const plugTimes: number[] = [];

  const vni = 15_000_000 + (process.pid % 1_000_000);
  const start = () =>
    makeWorld(
      cloud.host,
      { vniRange: [vni, vni + 10], physicalNetworks: {} },
      join(cloud.stateDirectory, 'network.db'),
    );
  const create = async (kind: string, body: object): Promise<Resource> =>
    (await world.ok('a', 'POST', `/${kind.replaceAll('_', '-')}s`, { [kind]: body }))[kind] as Resource;

  async function boot(): Promise<Guest & { readonly serverId: string }> {
    const serverId = randomUUID();
    const { face } = world.network;
    transaction(world.db, () => {
      const plan = face.planNics(
        world.db,
        callers['a'] as NonNullable<(typeof callers)['a']>,
        'auto',
        undefined,
      );
      const server = { serverId, serverName: 'guest', projectId: 'a', availabilityZone: 'nova', ...plan };
      face.createServerPorts(world.db, server);
    });
    const [nic] = face.nicsOf(world.db, serverId);
    if (nic === undefined) throw new Error('the server has no NIC');
    const namespace = await cloud.namespace(nic.tapName, nic.macAddress);
    const began = performance.now();
    await face.plugServer(serverId);
    plugTimes.push(performance.now() - began);
    const ip = nic.fixedIps[0]?.address ?? '';
    return { serverId, namespace, portId: nic.portId, tap: nic.tapName, mac: nic.macAddress, ip };
  }

  /** Asks for an address as a guest does and takes it. */
  async function lease(guest: Guest): Promise<string | undefined> {
    const { stdout, stderr } = await cloud.inside(
      guest.namespace,
      ...(['busybox', 'udhcpc', '-i', 'eth0', '-q', '-n', '-t', '5', '-T', '1', '-s', '/bin/true'] as const),
    );
    const address = /lease of ([0-9.]+) obtained/.exec(stderr + stdout)?.[1];
    if (address !== undefined)
      await cloud.inside(guest.namespace, 'ip', 'addr', 'add', `${address}/24`, 'dev', 'eth0');
    return address;
  }

  beforeAll(async () => {
    world = await start();
    network = await create('network', { name: 'n' });
    await create('subnet', { network_id: network.id, ip_version: 4, cidr: '10.83.0.0/24' });
    await world.settled();
    a = await boot();
    b = await boot();
  });

  afterAll(async () => {
    await world.close();
    await cloud.end();
  });

  test('gives guests the addresses of their ports, and notes it', async () => {
    expect(await lease(a)).toBe(a.ip);
    expect(await lease(b)).toBe(b.ip);
    expect((await cloud.host.dhcp.leases(network.id)).map((one) => one.ip).sort()).toEqual(
      [a.ip, b.ip].sort(),
    );
  });

  test('lets through what the group allows, and stops it at once when the rule goes (R18)', async () => {
    // The default group lets its members in.
    expect(await cloud.pings(a, b.ip)).toBe(true);
    const group = await create('security_group', { name: 'closed' });
    await world.ok('a', 'PUT', `/ports/${b.portId}`, { port: { security_groups: [group.id] } });
    await world.settled();
    expect(await cloud.pings(a, b.ip)).toBe(false);
    const rule = await create('security_group_rule', {
      security_group_id: group.id,
      direction: 'ingress',
      protocol: 'icmp',
      remote_ip_prefix: `${a.ip}/32`,
    });
    await world.settled();
    expect(await cloud.pings(a, b.ip)).toBe(true);
    await world.ok('a', 'DELETE', `/security-group-rules/${rule.id}`);
    await world.settled();
    expect(await cloud.pings(a, b.ip)).toBe(false);
  });

  test('serves metadata inside the network only, and again after a restart of the helper (R29)', async () => {
    const asks = () => cloud.connects(a, '169.254.169.254', 80);
    await cloud.inside(
      a.namespace,
      'ip',
      'route',
      'add',
      '169.254.169.254',
      'via',
      '10.83.0.2',
      'dev',
      'eth0',
    );
    expect(world.metadata.get(network.id)?.listening).toBe(true);
    expect(await asks()).toBe(true);
    const before = await cloud.host.inventory();
    await world.close();
    expect(await cloud.host.inventory()).toEqual(before);
    expect(await asks()).toBe(false);
    world = await start();
    expect(await cloud.host.inventory()).toEqual(before);
    expect(await asks()).toBe(true);
  });

  test('plugs a server quickly when its network is there', async () => {
    const c = await boot();
    expect(plugTimes.at(-1)).toBeLessThan(2500);
    process.stderr.write(`plug: ${plugTimes.map((ms) => ms.toFixed(0)).join(', ')} ms\n`);
    transaction(world.db, () => world.network.face.deleteServerPorts(world.db, c.serverId));
    await world.network.face.unplugPorts([{ portId: c.portId, networkId: network.id }]);
    expect((await cloud.host.inventory()).taps).not.toContain(c.tap);
  });

  test('comes back when all devices are gone (R31), and leaves nothing when it is deleted', async () => {
    await cloud.host.removeAll();
    expect(await world.network.reconcile()).toEqual([]);
    expect((await cloud.host.inventory()).namespaces).toEqual([`qdhcp-${network.id}`]);
    for (const guest of [a, b]) {
      transaction(world.db, () => world.network.face.deleteServerPorts(world.db, guest.serverId));
      await world.network.face.unplugPorts([{ portId: guest.portId, networkId: network.id }]);
    }
    expect((await world.call('a', 'DELETE', `/networks/${network.id}`)).status).toBe(204);
    await world.settled();
    expect(await cloud.host.inventory()).toMatchObject({
      bridges: [],
      vxlans: [],
      taps: [],
      veths: [],
      namespaces: [],
      dnsmasq: [],
      radvd: [],
      filteredPorts: [],
    });
    expect(world.db.prepare('SELECT count(*) FROM network_segment').pluck().get()).toBe(0);
  });
});
