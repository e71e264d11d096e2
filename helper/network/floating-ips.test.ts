import { randomUUID } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { FakeHostNetwork } from '../host/net/fake.ts';
import { transaction } from '../db/index.ts';
import { callers } from './test-support.ts';
import { fakeRouterTests, type Resource, type RouterTests } from './router-test-support.ts';

let t: RouterTests<FakeHostNetwork>;
let external: Resource;
let subnet: Resource;
let router: Resource;
let port: Resource;
beforeEach(async () => {
  t = await fakeRouterTests();
  external = await t.external();
  subnet = await t.subnet('a', '10.0.0.0/24');
  router = await t.router('a', external, subnet);
  port = await t.port('a', subnet, { fixed_ips: [{ ip_address: '10.0.0.10' }] });
});
afterEach(() => t.world.close());

const make = (body: object = {}, token = 'a') =>
  t.create(token, 'floatingip', { floating_network_id: external.id, ...body });
const led = () => t.world.host.state.routers.get(router.id)?.floatingIps;
const addressOf = (floating: Resource) => String(floating['floating_ip_address']);

describe('floating IPs', () => {
  test('are taken from the external network and lead nowhere at first', async () => {
    const floating = await make({ description: 'd', tags: ['t'], dns_name: 'web', qos_policy_id: null });
    expect(floating).toEqual({
      id: floating.id,
      project_id: 'a',
      tenant_id: 'a',
      description: 'd',
      floating_network_id: external.id,
      floating_ip_address: floating['floating_ip_address'],
      port_id: null,
      fixed_ip_address: null,
      router_id: null,
      status: 'DOWN',
      dns_name: 'web',
      dns_domain: '',
      qos_policy_id: null,
      port_details: null,
      port_forwardings: [],
      tags: ['t'],
      created_at: floating['created_at'],
      updated_at: floating['updated_at'],
      revision_number: 1,
    });
    expect(addressOf(floating)).toMatch(/^198\.18\.10\./);
    const holders = await t.list('admin', '/ports?device_owner=network:floatingip');
    expect(holders).toMatchObject([{ device_id: floating.id, project_id: '' }]);
    expect(await t.list('a', '/ports?device_owner=network:floatingip')).toEqual([]);
    expect(await t.refused('admin', 'DELETE', `/ports/${holders[0]?.id}`)).toEqual([409, 'ServicePortInUse']);
  });

  test('lead to a port, to another, to none, and are gone', async () => {
    const floating = await make({ port_id: port.id });
    expect(floating).toMatchObject({
      port_id: port.id,
      fixed_ip_address: '10.0.0.10',
      router_id: router.id,
      status: 'DOWN',
      port_details: { network_id: subnet['network_id'], device_id: '', admin_state_up: true },
    });
    await t.world.settled();
    const path = `/floatingips/${floating.id}`;
    expect(await t.show('a', path)).toMatchObject({ status: 'ACTIVE' });
    expect(led()).toEqual([{ floating: addressOf(floating), fixed: '10.0.0.10' }]);
    const second = await t.port('a', subnet, { fixed_ips: [{ ip_address: '10.0.0.11' }] });
    await t.set('a', floating, { port_id: second.id });
    await t.world.settled();
    expect(led()).toEqual([{ floating: addressOf(floating), fixed: '10.0.0.11' }]);
    expect(await t.set('a', floating, { description: 'only words' })).toMatchObject({ port_id: second.id });
    const off = await t.set('a', floating, { port_id: null });
    expect(off).toMatchObject({ port_id: null, fixed_ip_address: null, router_id: null, port_details: null });
    await t.world.settled();
    expect(led()).toEqual([]);
    expect(await t.show('a', path)).toMatchObject({ status: 'DOWN' });
    expect(t.world.host.state.flushes.at(-1)).toEqual({
      namespace: `qrouter-${router.id}`,
      addresses: [addressOf(floating)],
    });
    await t.set('a', floating, { port_id: port.id, fixed_ip_address: '10.0.0.10' });
    expect(await t.refused('a', 'DELETE', path)).toEqual([204, undefined]);
    await t.world.settled();
    expect(led()).toEqual([]);
    expect(await t.refused('a', 'GET', path)).toEqual([404, 'FloatingIPNotFound']);
    expect(await t.list('admin', '/ports?device_owner=network:floatingip')).toEqual([]);
  });

  test('belong to their project', async () => {
    const floating = await make();
    const path = `/floatingips/${floating.id}`;
    const gone = [404, 'FloatingIPNotFound'];
    for (const method of ['GET', 'DELETE']) expect(await t.refused('b', method, path)).toEqual(gone);
    expect(await t.refused('b', 'PUT', path, { floatingip: { port_id: null } })).toEqual(gone);
    expect(await t.list('b', '/floatingips')).toEqual([]);
    expect((await t.refused('reader', 'DELETE', path))[0]).toBe(403);
    const body = { floatingip: { floating_network_id: external.id } };
    expect((await t.refused('reader', 'POST', '/floatingips', body))[0]).toBe(403);
    expect((await t.refused('', 'GET', '/floatingips'))[0]).toBe(401);
    const foreign = await make({}, 'b');
    // Neither a stranger's port, nor one's own floating IP at it.
    expect(
      await t.refused('b', 'PUT', `/floatingips/${foreign.id}`, { floatingip: { port_id: port.id } }),
    ).toEqual([404, 'PortNotFound']);
  });

  test('are refused as neutron does', async () => {
    const inner = await t.create('a', 'network', {});
    const lonely = await t.port('a', await t.subnet('a', '10.7.0.0/24'));
    const bare = await t.port('a', subnet, { fixed_ips: [] });
    const two = await t.port('a', subnet, {
      fixed_ips: [{ ip_address: '10.0.0.20' }, { ip_address: '10.0.0.21' }],
    });
    const post = (body: object, token = 'a') =>
      t.refused(token, 'POST', '/floatingips', {
        floatingip: { floating_network_id: external.id, ...body },
      });
    expect(await post({ floating_network_id: inner.id })).toEqual([400, 'BadRequest']);
    expect(await post({ floating_network_id: randomUUID() })).toEqual([404, 'NetworkNotFound']);
    expect(await post({ port_id: lonely.id })).toEqual([404, 'ExternalGatewayForFloatingIPNotFound']);
    expect(await post({ port_id: bare.id })).toEqual([400, 'BadRequest']);
    expect(await post({ port_id: two.id })).toEqual([400, 'BadRequest']);
    expect(await post({ port_id: port.id, fixed_ip_address: '10.0.0.99' })).toEqual([400, 'BadRequest']);
    expect(await post({ fixed_ip_address: '10.0.0.10' })).toEqual([400, 'BadRequest']);
    expect(await post({ port_id: randomUUID() })).toEqual([404, 'PortNotFound']);
    expect(await post({ floating_ip_address: '198.18.10.50' })).toEqual([403, 'PolicyNotAuthorized']);
    expect(await post({ floating_ip_address: '198.18.10.1' }, 'admin')).toEqual([400, 'BadRequest']);
    expect(await post({ floating_ip_address: '203.0.113.1' }, 'admin')).toEqual([400, 'InvalidIpForNetwork']);
    expect(await post({ colour: 1 })).toEqual([400, 'HTTPBadRequest']);
    expect(await t.list('admin', '/floatingips')).toEqual([]);
    expect(await t.list('admin', '/ports?device_owner=network:floatingip')).toEqual([]);
    expect(await post({ floating_ip_address: '198.18.10.50' }, 'admin')).toEqual([201, undefined]);
    expect(await post({ floating_ip_address: '198.18.10.50' }, 'admin')).toEqual([
      409,
      'IpAddressAlreadyAllocated',
    ]);
    await make({ port_id: two.id, fixed_ip_address: '10.0.0.20' });
    expect(await post({ port_id: two.id, fixed_ip_address: '10.0.0.20' })).toEqual([
      409,
      'FloatingIPPortAlreadyAssociated',
    ]);
    expect(await post({ port_id: two.id, fixed_ip_address: '10.0.0.21' })).toEqual([201, undefined]);
  });

  test('are counted, and run out with the addresses of the network', async () => {
    await t.world.ok('admin', 'PUT', '/quotas/a', { quota: { floatingip: 1 } });
    await make();
    const body = { floatingip: { floating_network_id: external.id } };
    expect(await t.refused('a', 'POST', '/floatingips', body)).toEqual([409, 'OverQuota']);
    await t.world.ok('admin', 'PUT', '/quotas/a', { quota: { floatingip: -1 } });
    const [id] = (await t.show('admin', `/networks/${external.id}`))['subnets'] as string[];
    const used = (await t.list('admin', `/ports?network_id=${external.id}`)).length;
    const end = `198.18.10.${1 + used}`;
    await t.world.ok('admin', 'PUT', `/subnets/${id}`, {
      subnet: { allocation_pools: [{ start: '198.18.10.2', end }] },
    });
    expect(await t.refused('a', 'POST', '/floatingips', body)).toEqual([409, 'IpAddressGenerationFailure']);
  });

  test('are found by their attributes', async () => {
    const one = await make({ port_id: port.id });
    const two = await make({ description: 'two' });
    const ids = async (query: string) => (await t.list('a', `/floatingips?${query}`)).map((ip) => ip.id);
    expect(await ids(`port_id=${port.id}`)).toEqual([one.id]);
    expect(await ids(`router_id=${router.id}`)).toEqual([one.id]);
    expect(await ids(`floating_ip_address=${addressOf(two)}`)).toEqual([two.id]);
    expect(await ids(`fixed_ip_address=10.0.0.10`)).toEqual([one.id]);
    expect(await ids('description=two&status=DOWN')).toEqual([two.id]);
    expect(await ids(`floating_network_id=${external.id}`)).toEqual([one.id, two.id]);
    expect(await ids('limit=1')).toEqual([one.id]);
  });

  test('keep router, gateway and interface in place', async () => {
    const floating = await make({ port_id: port.id });
    const path = `/routers/${router.id}`;
    expect(await t.refused('a', 'PUT', `${path}/remove_router_interface`, { subnet_id: subnet.id })).toEqual([
      409,
      'RouterInterfaceInUseByFloatingIP',
    ]);
    expect(await t.refused('a', 'PUT', path, { router: { external_gateway_info: null } })).toEqual([
      409,
      'RouterExternalGatewayInUseByFloatingIp',
    ]);
    expect(await t.refused('admin', 'DELETE', `/networks/${external.id}`)).toEqual([409, 'NetworkInUse']);
    await t.set('a', floating, { port_id: '' });
    expect(await t.refused('a', 'PUT', path, { router: { external_gateway_info: {} } })).toEqual([
      200,
      undefined,
    ]);
  });

  test('outlive their port and lose it when its address goes', async () => {
    const floating = await make({ port_id: port.id });
    await t.world.ok('a', 'PUT', `/ports/${port.id}`, { port: { fixed_ips: [{ ip_address: '10.0.0.12' }] } });
    expect(await t.show('a', `/floatingips/${floating.id}`)).toMatchObject({ port_id: null });
    await t.set('a', floating, { port_id: port.id });
    await t.world.settled();
    expect(led()).toEqual([{ floating: addressOf(floating), fixed: '10.0.0.12' }]);
    await t.world.ok('a', 'DELETE', `/ports/${port.id}`);
    await t.world.settled();
    expect(await t.show('a', `/floatingips/${floating.id}`)).toMatchObject({
      port_id: null,
      router_id: null,
      fixed_ip_address: null,
      status: 'DOWN',
    });
    expect(led()).toEqual([]);
  });

  test('move to the other router with their port', async () => {
    const inner = await t.subnet('a', '10.0.0.0/24');
    const other = await t.router('a', external, inner);
    const far = await t.port('a', inner, { fixed_ips: [{ ip_address: '10.0.0.10' }] });
    const floating = await make({ port_id: port.id });
    await t.world.settled();
    expect(await t.set('a', floating, { port_id: far.id })).toMatchObject({ router_id: other.id });
    await t.world.settled();
    expect(led()).toEqual([]);
    expect(t.world.host.state.routers.get(other.id)?.floatingIps).toHaveLength(1);
    expect(await t.show('a', `/floatingips/${floating.id}`)).toMatchObject({ status: 'ACTIVE' });
  });
});

describe('what other services see', () => {
  const serverId = randomUUID();
  const { db, network } = { db: () => t.world.db, network: () => t.world.network };
  beforeEach(() => {
    const { face } = network();
    transaction(db(), () => {
      const plan = face.planNics(db(), callers['a']!, [{ uuid: String(subnet['network_id']) }], undefined);
      face.createServerPorts(db(), {
        serverId,
        serverName: 's',
        projectId: 'a',
        availabilityZone: 'nova',
        nics: plan.nics,
        securityGroupIds: plan.securityGroupIds,
      });
    });
  });

  test("a server's floating addresses, until it is deleted", async () => {
    const { face } = network();
    const [nic] = face.nicsOf(db(), serverId);
    const floating = await make({ port_id: nic?.portId });
    expect(face.nicsOf(db(), serverId)).toMatchObject([{ floatingIps: [addressOf(floating)] }]);
    expect(face.addressesOf(db(), [serverId]).get(serverId)).toMatchObject([
      { kind: 'fixed', version: 4 },
      { kind: 'floating', version: 4, address: addressOf(floating), portId: nic?.portId },
    ]);
    transaction(db(), () => face.deleteServerPorts(db(), serverId));
    await t.world.settled();
    expect(await t.show('a', `/floatingips/${floating.id}`)).toMatchObject({ port_id: null, status: 'DOWN' });
    expect(led()).toEqual([]);
  });

  test('who asks for metadata behind a router (S30)', async () => {
    const { face } = network();
    const [nic] = face.nicsOf(db(), serverId);
    const address = nic?.fixedIps[0]?.address ?? '';
    const found = { serverId, projectId: 'a', portId: nic?.portId };
    expect(face.serverByAddress(db(), { routerId: router.id }, address)).toEqual(found);
    expect(face.serverByAddress(db(), { routerId: router.id }, '10.0.0.10')).toBeUndefined();
    const stranger = await t.router('b', external, await t.subnet('b', '10.0.0.0/24'));
    expect(face.serverByAddress(db(), { routerId: stranger.id }, address)).toBeUndefined();
  });
});
