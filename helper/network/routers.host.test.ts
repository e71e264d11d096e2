import { spawn, type ChildProcess } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { transaction } from '../db/index.ts';
import type { HostNetwork } from '../host/net/interface.ts';
import { TestCloud } from '../host/net/testing/cloud.ts';
import { RouterTests, type Resource } from './router-test-support.ts';
import { callers, makeWorld } from './test-support.ts';

/** Benchmarking addresses (RFC 2544), which nobody has otherwise; runs beside each other get different ones. */
const OUTER = `198.18.${20 + (process.pid % 200)}`;
const HOST = `${OUTER}.1`;
const OUTSIDE = `${OUTER}.250`;
const PORT = '7000';

interface Guest {
  readonly namespace: string;
  readonly serverId: string;
  readonly portId: string;
  readonly networkId: string;
  readonly ip: string;
}

/** The API with real devices and real traffic: guests are namespaces on servers' taps. */
describe('routers and floating IPs on this machine', () => {
  const cloud = new TestCloud('routers');
  const bridge = `nbx${process.pid}`;
  const children: ChildProcess[] = [];
  const vni = 14_000_000 + (process.pid % 900_000);
  let t: RouterTests<HostNetwork>;
  let external: Resource;
  let router: Resource;
  let foreignRouter: Resource;
  const subnets: Record<string, Resource> = {};
  const guests: Record<string, Guest> = {};
  let floating: Resource;
  let outside: string;

  const start = async (): Promise<void> => {
    const config = { vniRange: [vni, vni + 20] as const, physicalNetworks: { external: bridge } };
    t = new RouterTests(await makeWorld(cloud.host, config, join(cloud.stateDirectory, 'network.db')));
  };

  const node = async (namespace: string, script: string): Promise<ChildProcess> => {
    const child = spawn('nsenter', [`--net=/run/netns/${namespace}`, process.execPath, '-e', script], {
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    children.push(child);
    if (child.stdout === null) throw new Error('no output');
    await once(child.stdout, 'data');
    return child;
  };

  /** Tells who connects its own name and the address it sees. */
  const mirror = (namespace: string, name: string): Promise<ChildProcess> =>
    node(
      namespace,
      `require('net').createServer(s=>s.end('${name} '+s.remoteAddress)).listen(${PORT},'0.0.0.0',()=>console.log('up'))`,
    );

  /** Who answers there, and as whom it sees us. */
  const asks = async (from: string, to: string): Promise<string | undefined> => {
    const { stdout, exitCode } = await cloud.commands.run(
      ['nsenter', `--net=/run/netns/${from}`, 'busybox', 'nc', '-w', '1', to, PORT],
      { okCodes: [0, 1] },
    );
    return exitCode === 0 ? stdout : undefined;
  };

  async function boot(project: 'a' | 'b', name: string, subnet: Resource): Promise<void> {
    const serverId = randomUUID();
    const { db, network } = t.world;
    const auth = callers[project];
    if (auth === undefined) throw new Error(project);
    const networkId = String(subnet['network_id']);
    transaction(db, () => {
      const plan = network.face.planNics(db, auth, [{ uuid: networkId }], undefined);
      const server = { serverId, serverName: name, projectId: project, availabilityZone: 'nova', ...plan };
      network.face.createServerPorts(db, server);
    });
    const [nic] = network.face.nicsOf(db, serverId);
    const ip = nic?.fixedIps[0]?.address;
    if (nic === undefined || ip === undefined) throw new Error('the server has no NIC');
    const namespace = await cloud.namespace(nic.tapName, nic.macAddress);
    await network.face.plugServer(serverId);
    await cloud.inside(namespace, 'ip', 'addr', 'add', `${ip}/24`, 'dev', 'eth0');
    await cloud.inside(namespace, 'ip', 'route', 'add', 'default', 'via', String(subnet['gateway_ip']));
    await mirror(namespace, name);
    guests[name] = { namespace, serverId, portId: nic.portId, networkId, ip };
  }

  /** The order in which the kernel names them says nothing. */
  const inventory = async (): Promise<Record<string, string[]>> =>
    Object.fromEntries(
      Object.entries(await cloud.host.inventory()).map(([kind, all]) => [
        kind,
        (all as readonly unknown[]).map((one) => JSON.stringify(one)).sort(),
      ]),
    );

  const guest = (name: string): Guest => guests[name] as Guest;
  const address = (resource: Resource): string => String(resource['floating_ip_address']);
  const gatewayOf = (resource: Resource): string =>
    (resource['external_gateway_info'] as { external_fixed_ips: { ip_address: string }[] })
      .external_fixed_ips[0]?.ip_address ?? '';

  beforeAll(async () => {
    await start();
    external = await t.external(`${OUTER}.0/24`);
    for (const project of ['a', 'b'] as const) {
      const [group] = await t.list(project, '/security-groups');
      const rule = { security_group_id: group?.id, direction: 'ingress', remote_ip_prefix: '0.0.0.0/0' };
      await t.world.ok(project, 'POST', '/security-group-rules', { security_group_rule: rule });
    }
    for (const [project, name, cidr] of [
      ['a', 'left', '10.84.1.0/24'],
      ['a', 'right', '10.84.2.0/24'],
      ['b', 'left-of-b', '10.84.1.0/24'],
    ] as const) {
      const subnet = await t.subnet(project, cidr, { enable_dhcp: false });
      subnets[name] = subnet;
      await boot(project, name, subnet);
    }
    router = await t.router('a', external, subnets['left'] as Resource, subnets['right'] as Resource);
    foreignRouter = await t.router('b', external, subnets['left-of-b'] as Resource);
    await t.world.settled();
    const peer = `x${randomUUID().slice(0, 11)}`;
    outside = await cloud.namespace(peer);
    await cloud.commands.run(['ip', 'link', 'set', 'dev', peer, 'master', bridge, 'up']);
    await cloud.inside(outside, 'ip', 'addr', 'add', `${OUTSIDE}/24`, 'dev', 'eth0');
    await mirror(outside, 'outside');
  });

  afterAll(async () => {
    for (const child of children) child.kill('SIGKILL');
    await t.world.close();
    await cloud.end();
  });

  test('join networks, and lead out with the address of the gateway', async () => {
    const [left, right] = [guest('left'), guest('right')];
    expect(await asks(left.namespace, right.ip)).toBe(`right ${left.ip}`);
    expect(await asks(left.namespace, OUTSIDE)).toBe(`outside ${gatewayOf(router)}`);
    expect(await asks(guest('left-of-b').namespace, OUTSIDE)).toBe(`outside ${gatewayOf(foreignRouter)}`);
    expect(await cloud.pings(left.namespace, HOST)).toBe(true);
    expect(await t.show('a', `/routers/${router.id}`)).toMatchObject({ status: 'ACTIVE' });
  });

  test('serve metadata to networks without DHCP', async () => {
    const server = t.world.metadata.get(router.id);
    server?.on('connection', (socket) => socket.end(`metadata ${socket.remoteAddress}`));
    const left = guest('left');
    const argv = ['busybox', 'nc', '-w', '1', '169.254.169.254', '80'] as const;
    expect((await cloud.inside(left.namespace, ...argv)).stdout).toBe(`metadata ::ffff:${left.ip}`);
    const { face } = t.world.network;
    const found = (id: string) => face.serverByAddress(t.world.db, { routerId: id }, left.ip)?.serverId;
    expect(found(router.id)).toBe(left.serverId);
    // The other project has the same address.
    expect(guest('left-of-b').ip).toBe(left.ip);
    expect(found(foreignRouter.id)).toBe(guest('left-of-b').serverId);
  });

  test('lead floating IPs to each project, whose addresses are the same', async () => {
    const make = (token: string, name: string) =>
      t.create(token, 'floatingip', { floating_network_id: external.id, port_id: guest(name).portId });
    floating = await make('a', 'left');
    const other = await make('b', 'left-of-b');
    await t.world.settled();
    expect(await t.show('a', `/floatingips/${floating.id}`)).toMatchObject({ status: 'ACTIVE' });
    expect(await asks(outside, address(floating))).toBe(`left ${OUTSIDE}`);
    expect(await asks(outside, address(other))).toBe(`left-of-b ${OUTSIDE}`);
    expect(await asks(guest('left').namespace, OUTSIDE)).toBe(`outside ${address(floating)}`);
    expect(await asks(guest('left').namespace, address(other))).toBe(`left-of-b ${address(floating)}`);
    // As a person at this machine does.
    const { stdout } = await cloud.commands.run(['busybox', 'nc', '-w', '1', address(floating), PORT]);
    expect(stdout).toBe(`left ${HOST}`);
    await t.world.ok('b', 'DELETE', `/floatingips/${other.id}`);
    await t.world.settled();
    expect(await asks(outside, address(other))).toBeUndefined();
  });

  test('move, to a port of the same router and to another router, and neighbours follow (R19)', async () => {
    await t.set('a', floating, { port_id: guest('right').portId });
    await t.world.settled();
    expect(await asks(outside, address(floating))).toBe(`right ${OUTSIDE}`);
    await t.set('a', floating, { port_id: null });
    const port = guest('left-of-b').portId;
    await t.world.ok('admin', 'PUT', `/floatingips/${floating.id}`, { floatingip: { port_id: port } });
    await t.world.settled();
    expect(await asks(outside, address(floating))).toBe(`left-of-b ${OUTSIDE}`);
    await t.set('a', floating, { port_id: guest('left').portId });
    await t.world.settled();
    expect(await asks(outside, address(floating))).toBe(`left ${OUTSIDE}`);
  });

  test('lose no packet while the helper starts again (R29)', async () => {
    const before = await inventory();
    const ping = cloud.inside(outside, 'ping', '-q', '-i', '0.05', '-c', '60', address(floating));
    await t.world.close();
    await start();
    expect((await ping).stdout).toContain(' 0% packet loss');
    expect(await inventory()).toEqual(before);
    expect(t.world.metadata.get(router.id)?.listening).toBe(true);
  });

  test('cut an open connection when the floating IP is taken off (R18)', async () => {
    const echo = `require('net').createServer(s=>s.pipe(s)).listen(7001,'0.0.0.0',()=>console.log('up'))`;
    await node(guest('left').namespace, echo);
    const open = await node(
      outside,
      `const s=require('net').connect(7001,'${address(floating)}',()=>console.log('up'));s.on('data',d=>process.stdout.write(d));s.on('error',()=>0);process.stdin.pipe(s)`,
    );
    if (open.stdout === null) throw new Error('no output');
    open.stdin?.write('one\n');
    await once(open.stdout, 'data');
    await t.set('a', floating, { port_id: null });
    await t.world.settled();
    open.stdin?.write('two\n');
    const answer = once(open.stdout, 'data', { signal: AbortSignal.timeout(1000) });
    await expect(answer).rejects.toThrow('aborted');
    expect(await asks(outside, address(floating))).toBeUndefined();
    expect(await asks(guest('left').namespace, OUTSIDE)).toBe(`outside ${gatewayOf(router)}`);
    open.kill('SIGKILL');
  });

  test('come back when their devices are gone (R31)', async () => {
    await t.set('a', floating, { port_id: guest('right').portId });
    await t.world.settled();
    const before = await inventory();
    await cloud.host.router.remove(router.id);
    expect(await asks(outside, address(floating))).toBeUndefined();
    expect(await t.world.network.reconcile()).toEqual([]);
    expect(await inventory()).toEqual(before);
    expect(await asks(outside, address(floating))).toBe(`right ${OUTSIDE}`);
    expect(t.world.metadata.get(router.id)?.listening).toBe(true);
  });

  test('leave nothing when they are deleted', async () => {
    await t.world.ok('a', 'DELETE', `/floatingips/${floating.id}`);
    for (const [token, one, names] of [
      ['a', router, ['left', 'right']],
      ['b', foreignRouter, ['left-of-b']],
    ] as const) {
      for (const name of names) {
        const { serverId, portId, networkId } = guest(name);
        transaction(t.world.db, () => t.world.network.face.deleteServerPorts(t.world.db, serverId));
        await t.world.network.face.unplugPorts([{ portId, networkId }]);
        const body = { subnet_id: subnets[name]?.id };
        await t.world.ok(token, 'PUT', `/routers/${one.id}/remove_router_interface`, body);
        await t.world.ok(token, 'DELETE', `/networks/${networkId}`);
      }
      await t.world.ok(token, 'DELETE', `/routers/${one.id}`);
    }
    await t.world.ok('admin', 'DELETE', `/networks/${external.id}`);
    await t.world.settled();
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
    for (const table of ['router', 'floating_ip', 'network_segment', 'port', 'port_plug'])
      expect(t.world.db.prepare(`SELECT count(*) FROM ${table}`).pluck().get()).toBe(0);
  });
});
