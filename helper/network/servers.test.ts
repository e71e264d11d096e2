import { randomUUID } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { transaction } from '../db/index.ts';
import { createNetwork } from './index.ts';
import { silentLogger } from '../http/index.ts';
import { SagaEngine } from '../saga/index.ts';
import type { RequestedNic } from './face.ts';
import { callers, makeFakeWorld, resourcesOf, type NetworkWorld, type Resource } from './test-support.ts';

let world: NetworkWorld;
let network: Resource;
beforeEach(async () => {
  world = await makeFakeWorld({ vniRange: [1, 100] });
  network = await create('network', { name: 'net' });
  await create('subnet', {
    network_id: network.id,
    ip_version: 4,
    cidr: '10.0.0.0/24',
    dns_nameservers: ['9.9.9.9'],
  });
  await world.settled();
});
afterEach(() => world.close());

const create = (kind: string, body: object): Promise<Resource> =>
  resourcesOf(() => world).create('a', kind, body);

const auth = (token = 'a') => callers[token] as NonNullable<(typeof callers)[string]>;
const face = () => world.network.face;

interface Boot {
  readonly serverId: string;
  readonly nics: readonly RequestedNic[];
}

/** What compute does: plan and rows in its transaction, then the plug. */
async function boot(
  asked: Parameters<NetworkWorld['network']['face']['planNics']>[2] = 'auto',
  groups?: readonly string[],
): Promise<Boot> {
  const serverId = randomUUID();
  const { nics, securityGroupIds } = transaction(world.db, () => {
    const plan = face().planNics(world.db, auth(), asked, groups);
    const server = { serverId, serverName: 'My Web.1', projectId: 'a', availabilityZone: 'nova', ...plan };
    face().createServerPorts(world.db, server);
    face().createServerPorts(world.db, server);
    return plan;
  });
  expect(securityGroupIds).toHaveLength(1);
  await face().plugServer(serverId);
  return { serverId, nics };
}

async function destroy(server: Boot): Promise<void> {
  transaction(world.db, () => face().deleteServerPorts(world.db, server.serverId));
  await face().unplugPorts(server.nics);
  await face().unplugPorts(server.nics);
}

const filterOf = (server: Boot) => world.host.state.filters.get(server.nics[0]?.portId ?? '');

describe('a server', () => {
  test('gets ports, filters, taps and DHCP entries, and leaves nothing', async () => {
    const before = await world.host.inventory();
    const server = await boot();
    const [nic] = face().nicsOf(world.db, server.serverId);
    expect(nic).toMatchObject({
      networkName: 'net',
      bridgeName: `brq${network.id.slice(0, 11)}`,
      mtu: 1450,
      status: 'ACTIVE',
      fixedIps: [
        {
          address: '10.0.0.3',
          version: 4,
          cidr: '10.0.0.0/24',
          gateway: '10.0.0.1',
          dnsNameservers: ['9.9.9.9'],
          dhcp: true,
        },
      ],
      floatingIps: [],
    });
    expect(world.host.state.taps.get(nic?.tapName ?? '')).toMatchObject({
      bridge: nic?.bridgeName,
      mtu: 1450,
    });
    expect(filterOf(server)).toMatchObject({
      mark: 1,
      zone: 1,
      fixedIps: ['10.0.0.3'],
      portSecurity: true,
      stateful: true,
    });
    expect(world.host.state.dhcp.get(network.id)?.hosts).toEqual([
      { macAddress: nic?.macAddress, ip: '10.0.0.3', hostName: 'my-web-1' },
    ]);
    expect(face().addressesOf(world.db, [server.serverId]).get(server.serverId)).toEqual([
      {
        networkId: network.id,
        networkName: 'net',
        address: '10.0.0.3',
        version: 4,
        macAddress: nic?.macAddress,
        kind: 'fixed',
        portId: nic?.portId,
      },
    ]);
    expect(face().securityGroupNamesOf(world.db, [server.serverId]).get(server.serverId)).toEqual([
      'default',
    ]);
    expect(face().serverByAddress(world.db, { networkId: network.id }, '10.0.0.3')).toMatchObject({
      serverId: server.serverId,
      projectId: 'a',
    });
    expect(face().serverByAddress(world.db, { networkId: randomUUID() }, '10.0.0.3')).toBeUndefined();
    await destroy(server);
    expect(await world.host.inventory()).toEqual(before);
    expect(world.host.state.flushes).toContainEqual({ zone: 1, addresses: ['10.0.0.3'] });
    expect(world.db.prepare('SELECT count(*) FROM port_plug').pluck().get()).toBe(0);
  });

  test('brings a port of its own, which survives it', async () => {
    const port = await create('port', { network_id: network.id, fixed_ips: [{ ip_address: '10.0.0.50' }] });
    const server = await boot([{ port: port.id, tag: 'nic1' }]);
    expect(face().nicsOf(world.db, server.serverId)).toMatchObject([{ portId: port.id, tag: 'nic1' }]);
    const seen = (await world.ok('admin', 'GET', `/ports/${port.id}`))['port'] as Resource;
    expect(seen).toMatchObject({
      status: 'ACTIVE',
      device_id: server.serverId,
      device_owner: 'compute:nova',
      'binding:host_id': 'deskcloud',
      'binding:vif_type': 'bridge',
    });
    expect(() => face().planNics(world.db, auth(), [{ port: port.id }], undefined)).toThrow(/in use/);
    await destroy(server);
    const left = (await world.ok('a', 'GET', `/ports/${port.id}`))['port'] as Resource;
    expect(left).toMatchObject({
      status: 'DOWN',
      device_id: '',
      device_owner: '',
      fixed_ips: [{ ip_address: '10.0.0.50' }],
    });
    await world.ok('a', 'DELETE', `/ports/${port.id}`);
    await world.settled();
    expect(world.db.prepare('SELECT count(*) FROM port_plug').pluck().get()).toBe(0);
  });

  test.each<
    [string, Parameters<NetworkWorld['network']['face']['planNics']>[2], string[] | undefined, RegExp]
  >([
    ['an unknown network', [{ uuid: randomUUID() }], undefined, /could not be found/],
    ['an unknown port', [{ port: randomUUID() }], undefined, /could not be found/],
    ['an unknown group', undefined, ['nothing'], /not found for project/],
  ])('is refused with %s', (_name, asked, groups, message) => {
    expect(() => face().planNics(world.db, auth(), asked, groups)).toThrow(message);
  });

  test('is refused an address in use, and several networks to choose from', async () => {
    expect(() =>
      face().planNics(world.db, auth(), [{ uuid: network.id, fixed_ip: '10.0.0.2' }], undefined),
    ).toThrow(/already in use/);
    const second = await create('network', { name: 'second' });
    await create('subnet', { network_id: second.id, ip_version: 4, cidr: '10.0.0.0/24' });
    expect(() => face().planNics(world.db, auth(), 'auto', undefined)).toThrow(/Multiple possible networks/);
    expect(face().planNics(world.db, auth(), 'none', undefined).nics).toEqual([]);
    expect(face().planNics(world.db, auth('b'), undefined, undefined).nics).toEqual([]);
    expect(() => face().planNics(world.db, auth('b'), [{ uuid: network.id }], undefined)).toThrow(
      /could not be found/,
    );
  });

  test('taken off the host before its rows go leaves neither mark nor member', async () => {
    const server = await boot();
    const [group] = (await world.ok('a', 'GET', '/security-groups'))['security_groups'] as Resource[];
    const served = () => [...world.host.state.dhcp.values()].flatMap((spec) => spec.hosts);
    expect(served()).toHaveLength(1);
    await face().unplugServer(server.serverId);
    expect(served()).toEqual([]);
    expect(world.host.state.groups.get(group?.id ?? '')?.v4).toEqual([]);
    expect(face().nicsOf(world.db, server.serverId)[0]?.status).toBe('DOWN');
    transaction(world.db, () => face().deleteServerPorts(world.db, server.serverId));
    expect(world.db.prepare('SELECT count(*) FROM port_plug').pluck().get()).toBe(0);
    expect(
      world.db.prepare("SELECT first FROM network_free_range WHERE pool = 'mark'").pluck().get(),
    ).toMatch(/01$/);
    const again = await boot();
    await face().unplugServer(again.serverId);
    await face().plugServer(again.serverId);
    expect(world.host.state.groups.get(group?.id ?? '')?.v4).toEqual(['10.0.0.4']);
    await destroy(again);
  });

  test('is served again after its DHCP server died (R20)', async () => {
    const first = await boot();
    world.host.state.dhcp.clear();
    const second = await boot();
    expect([...world.host.state.dhcp.values()].map((spec) => spec.hosts.length)).toEqual([2]);
    await destroy(first);
    await destroy(second);
  });

  test('is plugged again after its bridge went behind our back (R22)', async () => {
    const first = await boot();
    world.host.state.taps.clear();
    world.host.state.segments.clear();
    const second = await boot();
    expect(world.host.state.segments.size).toBe(1);
    await destroy(first);
    await destroy(second);
  });

  test('appears in its operation when it was given its address (step 38)', async () => {
    const server = await boot();
    const [nic] = face().nicsOf(world.db, server.serverId);
    const events: unknown[] = [];
    const append = world.sagas.appendEvent.bind(world.sagas);
    world.sagas.appendEvent = (resource, event) => {
      events.push([resource, event.number, event.name]);
      append(resource, event);
    };
    const lease = {
      expires: 0,
      macAddress: nic?.macAddress ?? '',
      ip: '10.0.0.3',
      hostName: null,
      clientId: null,
    };
    world.host.setLeases(network.id, [lease]);
    world.host.setLeases(network.id, [lease]);
    world.host.setLeases(network.id, [{ ...lease, expires: 1763700000 }]);
    const resource = { type: 'server', id: server.serverId };
    expect(events).toEqual([
      [resource, 38, 'DHCP lease given'],
      [resource, 38, 'DHCP lease renewed'],
    ]);
  });
});

describe('security groups', () => {
  test('are one default group per project, made when first needed (R26)', async () => {
    const lists = await Promise.all(
      Array.from({ length: 5 }, () => world.ok('b', 'GET', '/security-groups')),
    );
    const ids = lists.map((body) => (body['security_groups'] as Resource[])[0]?.id);
    expect(new Set(ids).size).toBe(1);
    const [group] = (lists[0]?.['security_groups'] ?? []) as Resource[];
    expect(group).toMatchObject({ name: 'default', stateful: true, project_id: 'b' });
    expect(group?.['security_group_rules']).toHaveLength(4);
    const again = await world.call('b', 'POST', '/security-groups', { security_group: { name: 'default' } });
    expect([again.status, again.type]).toEqual([409, 'SecurityGroupDefaultAlreadyExists']);
    expect((await world.call('b', 'DELETE', `/security-groups/${group?.id}`)).type).toBe(
      'SecurityGroupCannotRemoveDefault',
    );
    expect(
      (await world.call('b', 'PUT', `/security-groups/${group?.id}`, { security_group: { name: 'x' } })).type,
    ).toBe('SecurityGroupCannotUpdateDefault');
    expect((await world.call('a', 'GET', `/security-groups/${group?.id}`)).status).toBe(404);
  });

  test.each<[object, number, string | undefined]>([
    [{ protocol: 'tcp', port_range_min: 22, port_range_max: 22, description: 'ssh' }, 201, undefined],
    [{ protocol: '6', port_range_min: '22', port_range_max: '23' }, 201, undefined],
    [{ protocol: 'icmp', port_range_min: 8, port_range_max: 0 }, 201, undefined],
    [{ protocol: 'icmp', ethertype: 'IPv6' }, 201, undefined],
    [{ protocol: null, remote_ip_prefix: '192.0.2.7' }, 201, undefined],
    [{ protocol: 'vrrp', remote_ip_prefix: '10.1.2.3/8' }, 201, undefined],
    [{ protocol: 'tcp', port_range_min: 30, port_range_max: 22 }, 400, 'SecurityGroupInvalidPortRange'],
    [{ protocol: 'tcp', port_range_min: 22 }, 400, 'SecurityGroupInvalidPortRange'],
    [{ protocol: 'udp', port_range_min: 0, port_range_max: 5 }, 400, 'SecurityGroupInvalidPortValue'],
    [{ protocol: 'udp', port_range_min: 1, port_range_max: 70000 }, 400, 'SecurityGroupInvalidPortValue'],
    [{ port_range_min: 1, port_range_max: 2 }, 400, 'SecurityGroupProtocolRequiredWithPorts'],
    [{ protocol: 'icmp', port_range_min: 256 }, 400, 'SecurityGroupInvalidIcmpValue'],
    [{ protocol: 'icmp', port_range_max: 1 }, 400, 'SecurityGroupMissingIcmpType'],
    [{ protocol: 'gre', port_range_min: 1, port_range_max: 2 }, 400, 'SecurityGroupInvalidProtocolForPort'],
    [{ protocol: 'carrier-pigeon' }, 400, 'SecurityGroupRuleInvalidProtocol'],
    [{ protocol: 256 }, 400, 'SecurityGroupRuleInvalidProtocol'],
    [{ ethertype: 'IPX' }, 400, 'SecurityGroupRuleInvalidEtherType'],
    [{ remote_ip_prefix: 'fd00::/8' }, 400, 'SecurityGroupRuleParameterConflict'],
    [{ remote_ip_prefix: '1.2.3.4/99' }, 400, 'InvalidCIDR'],
    [{ remote_group_id: randomUUID() }, 404, 'SecurityGroupNotFound'],
    [{ ethertype: 'IPv4', direction: 'egress' }, 409, 'SecurityGroupRuleExists'],
    [
      { ethertype: 'IPv4', direction: 'egress', remote_ip_prefix: '0.0.0.0/0' },
      409,
      'SecurityGroupRuleExists',
    ],
  ])('judge the rule %j', async (rule, status, type) => {
    const group = await create('security_group', { name: 'g' });
    const answer = await world.call('a', 'POST', '/security-group-rules', {
      security_group_rule: { security_group_id: group.id, direction: 'ingress', ...rule },
    });
    expect([answer.status, answer.type]).toEqual([status, type]);
  });

  test('apply changed rules to all ports at once, and members to all that name the group (R18, R26)', async () => {
    const first = await boot();
    const second = await boot();
    const [group] = (await world.ok('a', 'GET', '/security-groups'))['security_groups'] as Resource[];
    expect(world.host.state.groups.get(group?.id ?? '')?.v4).toEqual(['10.0.0.3', '10.0.0.4']);
    const rule = await create('security_group_rule', {
      security_group_id: group?.id,
      direction: 'ingress',
      protocol: 'tcp',
      port_range_min: 22,
      port_range_max: 22,
    });
    await world.settled();
    for (const server of [first, second])
      expect(filterOf(server)?.rules).toContainEqual({
        direction: 'ingress',
        ethertype: 'IPv4',
        protocol: '6',
        portMin: 22,
        portMax: 22,
      });
    expect((await world.call('a', 'DELETE', `/security-group-rules/${rule.id}`)).status).toBe(204);
    await world.settled();
    expect(filterOf(first)?.rules.some((one) => one.portMin === 22)).toBe(false);
    expect((await world.call('admin', 'DELETE', `/security-groups/${group?.id}`)).type).toBe(
      'SecurityGroupInUse',
    );
    await world.ok('a', 'PUT', `/ports/${second.nics[0]?.portId}`, { port: { security_groups: [] } });
    await world.settled();
    expect(world.host.state.groups.get(group?.id ?? '')?.v4).toEqual(['10.0.0.3']);
    expect(filterOf(second)?.rules).toEqual([]);
    await destroy(first);
    expect(world.host.state.groups.get(group?.id ?? '')?.v4).toEqual([]);
    await destroy(second);
  });

  test('follow a port whose addresses change, and forget connections of the old ones', async () => {
    const server = await boot();
    const portId = server.nics[0]?.portId ?? '';
    await world.ok('a', 'PUT', `/ports/${portId}`, {
      port: { fixed_ips: [{ ip_address: '10.0.0.99' }], admin_state_up: true },
    });
    await world.settled();
    expect(filterOf(server)?.fixedIps).toEqual(['10.0.0.99']);
    expect(world.host.state.flushes).toContainEqual({ zone: 1, addresses: ['10.0.0.3'] });
    expect(world.host.state.dhcp.get(network.id)?.hosts[0]?.ip).toBe('10.0.0.99');
    await world.ok('a', 'DELETE', `/ports/${portId}`);
    await world.settled();
    expect((await world.host.inventory()).taps).toEqual([]);
    expect((await world.host.inventory()).filteredPorts).toEqual([]);
  });
});

describe('reconciling', () => {
  test('brings back what went with a restart of the host (R31)', async () => {
    const server = await boot();
    const before = await world.host.inventory();
    await world.host.removeAll();
    expect(await world.network.reconcile()).toEqual([]);
    expect(await world.host.inventory()).toMatchObject({
      bridges: before.bridges,
      namespaces: before.namespaces,
      taps: [],
    });
    expect(face().nicsOf(world.db, server.serverId)[0]?.status).toBe('DOWN');
    await face().plugServer(server.serverId);
    expect(await world.host.inventory()).toEqual(before);
  });

  test('changes nothing when all is as it should be, and opens listeners again (R29)', async () => {
    const server = await boot();
    const before = JSON.stringify([
      ...world.host.state.filters,
      ...world.host.state.dhcp,
      ...world.host.state.taps,
    ]);
    const metadata = new Map<string, unknown>();
    const second = createNetwork({
      db: world.db,
      sagas: new SagaEngine({ db: world.db }),
      host: world.host,
      logger: silentLogger,
      metadata: { serve: (socket, from) => void metadata.set(JSON.stringify(from), socket) },
    });
    await second.start();
    expect(
      JSON.stringify([...world.host.state.filters, ...world.host.state.dhcp, ...world.host.state.taps]),
    ).toBe(before);
    expect([...metadata.keys()]).toEqual([JSON.stringify({ networkId: network.id })]);
    expect(second.face.nicsOf(world.db, server.serverId)[0]?.status).toBe('ACTIVE');
    await second.stop();
  });

  test('takes away what has no row, and finishes what a deletion left (R21)', async () => {
    const server = await boot();
    const left = randomUUID();
    const spec = world.host.state.dhcp.get(network.id);
    if (spec === undefined) throw new Error('no DHCP');
    world.host.state.dhcp.set(left, { ...spec, networkId: left });
    world.host.state.taps.set('tapstrange', {
      tap: 'tapstrange',
      bridge: spec.bridge,
      mtu: 1450,
      macAddress: 'fe:16:3e:00:00:01',
    });
    world.db.prepare('UPDATE port_plug SET released = 1').run();
    world.db.prepare('DELETE FROM port_ip WHERE port_id = ?').run(server.nics[0]?.portId);
    world.db.prepare('DELETE FROM port WHERE id = ?').run(server.nics[0]?.portId);
    expect(await world.network.reconcile()).toEqual([]);
    expect(await world.host.inventory()).toMatchObject({
      taps: [],
      filteredPorts: [],
      namespaces: [`qdhcp-${network.id}`],
    });
    expect(world.db.prepare('SELECT count(*) FROM port_plug').pluck().get()).toBe(0);
  });
});
