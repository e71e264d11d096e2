import { randomUUID } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { routerNamespace } from '../host/net/names.ts';
import type { FakeHostNetwork } from '../host/net/fake.ts';
import { fakeRouterTests, type Resource, type RouterTests } from './router-test-support.ts';

let t: RouterTests<FakeHostNetwork>;
let external: Resource;
beforeEach(async () => {
  t = await fakeRouterTests();
  external = await t.external();
});
afterEach(() => t.world.close());

const spec = (router: Resource) => t.world.host.state.routers.get(router.id);
const gatewayInfo = (router: Resource) =>
  router['external_gateway_info'] as {
    network_id: string;
    enable_snat: boolean;
    external_fixed_ips: { subnet_id: string; ip_address: string }[];
  };

describe('routers', () => {
  test('have the attributes that neutron shows', async () => {
    const router = await t.create('a', 'router', { name: 'r', description: 'd', tags: ['x'] });
    const common = {
      id: router.id,
      name: 'r',
      description: 'd',
      project_id: 'a',
      tenant_id: 'a',
      admin_state_up: true,
      external_gateway_info: null,
      routes: [],
      availability_zone_hints: [],
      availability_zones: ['nova'],
      flavor_id: null,
      conntrack_helpers: [],
      tags: ['x'],
      revision_number: 1,
    };
    expect(router).toEqual({
      ...common,
      status: 'BUILD',
      created_at: router['created_at'],
      updated_at: router['updated_at'],
    });
    await t.world.settled();
    expect(await t.show('a', `/routers/${router.id}`)).toMatchObject({ ...common, status: 'ACTIVE' });
    expect(await t.show('admin', `/routers/${router.id}`)).toMatchObject({ ha: false, distributed: false });
    expect(spec(router)).toMatchObject({ forwarding: true, interfaces: [], floatingIps: [] });
    const [agent] = await t.list('admin', `/routers/${router.id}/l3-agents`);
    expect(agent).toMatchObject({ agent_type: 'L3 agent', alive: true });
  });

  test('belong to their project', async () => {
    const router = await t.create('a', 'router', {});
    const path = `/routers/${router.id}`;
    const gone = [404, 'RouterNotFound'];
    expect(await t.refused('b', 'GET', path)).toEqual(gone);
    expect(await t.refused('b', 'PUT', path, { router: {} })).toEqual(gone);
    expect(await t.refused('b', 'DELETE', path)).toEqual(gone);
    expect(await t.refused('b', 'PUT', `${path}/add_router_interface`, {})).toEqual(gone);
    expect(await t.list('b', '/routers')).toEqual([]);
    expect((await t.list('admin', '/routers?tenant_id=a')).map((one) => one.id)).toEqual([router.id]);
    expect((await t.refused('reader', 'DELETE', path))[0]).toBe(403);
    expect((await t.refused('reader', 'POST', '/routers', { router: {} }))[0]).toBe(403);
    expect((await t.refused('a', 'GET', `${path}/l3-agents`))[0]).toBe(403);
    expect((await t.refused('', 'GET', '/routers'))[0]).toBe(401);
    expect(await t.refused('a', 'GET', `/routers/${randomUUID()}`)).toEqual(gone);
  });

  test.each([
    ['an unknown attribute', 'a', { colour: 1 }, 400],
    ['an unknown external network', 'a', { external_gateway_info: { network_id: randomUUID() } }, 404],
    ['distributed (S29)', 'a', { distributed: true }, 403],
    ['ha (S29)', 'a', { ha: true }, 403],
    ["another project's id", 'a', { project_id: 'b' }, 400],
    ['an unknown zone', 'a', { availability_zone_hints: ['mars'] }, 404],
    ['a gateway that is no network id', 'a', { external_gateway_info: { network_id: 'x' } }, 400],
  ])('are refused with %s', async (_name, token, body, status) => {
    expect((await t.refused(token, 'POST', '/routers', { router: body }))[0]).toBe(status);
    expect(await t.list('admin', '/routers')).toEqual([]);
  });

  test('are counted, listed in pages and filtered', async () => {
    for (let i = 0; i < 10; i++) await t.create('a', 'router', { name: `r${i}` });
    expect(await t.refused('a', 'POST', '/routers', { router: {} })).toEqual([409, 'OverQuota']);
    const page = await t.world.ok('a', 'GET', '/routers?limit=4&sort_key=name&sort_dir=desc&fields=name');
    expect(page['routers']).toEqual(['r9', 'r8', 'r7', 'r6'].map((name) => ({ name })));
    expect(page).toHaveProperty('routers_links');
    expect(await t.list('a', '/routers?name=r3&name=r4')).toHaveLength(2);
    expect(await t.list('a', '/routers?admin_state_up=false')).toEqual([]);
    expect(await t.refused('a', 'GET', '/routers?colour=blue')).toEqual([400, 'HTTPBadRequest']);
  });

  test('have a gateway with an address, SNAT and the network kept from deletion', async () => {
    const router = await t.router('a', external);
    const info = gatewayInfo(router);
    expect(info).toMatchObject({ network_id: external.id, enable_snat: true });
    const address = info.external_fixed_ips[0]?.ip_address;
    await t.world.settled();
    expect(spec(router)?.gateway).toMatchObject({
      addresses: [`${address}/24`],
      bridge: 'br-ex',
      nextHops: ['198.18.10.1'],
      snat: true,
      mtu: 1500,
    });
    expect(t.world.host.state.externals.get('br-ex')).toMatchObject({
      addresses: ['198.18.10.1/24'],
      masquerade: true,
    });
    const ports = `/ports?device_owner=network:router_gateway`;
    expect(await t.list('a', ports)).toEqual([]);
    const [port] = await t.list('admin', ports);
    expect(port).toMatchObject({ device_id: router.id, status: 'ACTIVE', project_id: '' });
    expect(await t.refused('admin', 'DELETE', `/ports/${port?.id}`)).toEqual([409, 'ServicePortInUse']);
    expect(await t.refused('admin', 'DELETE', `/networks/${external.id}`)).toEqual([409, 'NetworkInUse']);
    await t.world.ok('a', 'PUT', `/routers/${router.id}`, { router: { external_gateway_info: null } });
    await t.world.settled();
    expect(spec(router)?.gateway).toBeUndefined();
    await t.world.ok('admin', 'DELETE', `/networks/${external.id}`);
    await t.world.settled();
    expect(t.world.host.state.externals.size).toBe(0);
  });

  test('let admins choose addresses and SNAT, and nobody else', async () => {
    const inner = await t.create('a', 'network', {});
    const path = `/routers/${(await t.create('a', 'router', {})).id}`;
    const put = (token: string, info: object) =>
      t.refused(token, 'PUT', path, { router: { external_gateway_info: info } });
    const network_id = external.id;
    expect(await put('a', { network_id, enable_snat: false })).toEqual([403, 'PolicyNotAuthorized']);
    expect((await put('a', { network_id, external_fixed_ips: [{ ip_address: '198.18.10.9' }] }))[0]).toBe(
      403,
    );
    expect(await put('a', { network_id: inner.id })).toEqual([400, 'BadRequest']);
    expect(await put('a', { network_id: randomUUID() })).toEqual([404, 'NetworkNotFound']);
    const [subnet_id] = (await t.show('admin', `/networks/${external.id}`))['subnets'] as string[];
    const asked = (ip_address: string) => ({ network_id, external_fixed_ips: [{ subnet_id, ip_address }] });
    expect(await put('admin', asked('198.18.10.1'))).toEqual([400, 'BadRequest']);
    expect(await put('admin', asked('198.18.11.1'))).toEqual([400, 'InvalidIpForSubnet']);
    expect(await put('admin', { ...asked('198.18.10.77'), enable_snat: false })).toEqual([200, undefined]);
    expect(gatewayInfo(await t.show('a', path)).external_fixed_ips[0]?.ip_address).toBe('198.18.10.77');
    const again = { router: { external_gateway_info: asked('198.18.10.78') } };
    await t.world.ok('admin', 'PUT', path, again);
    const shown = gatewayInfo(await t.show('a', path));
    expect(shown).toMatchObject({ enable_snat: true, external_fixed_ips: [{ ip_address: '198.18.10.78' }] });
  });
});

describe('router interfaces', () => {
  test('take the gateway address of a subnet, keep subnet and router, and go again', async () => {
    const subnet = await t.subnet('a', '10.0.0.0/24');
    const router = await t.create('a', 'router', {});
    const path = `/routers/${router.id}`;
    const joined = await t.join('a', router, subnet);
    expect(joined).toEqual({
      id: router.id,
      project_id: 'a',
      tenant_id: 'a',
      network_id: subnet['network_id'],
      port_id: joined['port_id'],
      subnet_id: subnet.id,
      subnet_ids: [subnet.id],
      tags: [],
    });
    await t.world.settled();
    expect(await t.show('a', `/ports/${String(joined['port_id'])}`)).toMatchObject({
      device_id: router.id,
      device_owner: 'network:router_interface',
      status: 'ACTIVE',
      fixed_ips: [{ ip_address: '10.0.0.1' }],
    });
    expect(spec(router)?.interfaces).toMatchObject([{ addresses: ['10.0.0.1/24'], mtu: 1450 }]);
    expect(t.world.host.state.announced).toMatchObject([{ addresses: ['10.0.0.1'] }]);
    const port = `/ports/${String(joined['port_id'])}`;
    expect(await t.refused('a', 'DELETE', port)).toEqual([409, 'ServicePortInUse']);
    expect(await t.refused('a', 'PUT', port, { port: { device_id: 'x' } })).toEqual([
      409,
      'ServicePortInUse',
    ]);
    expect(await t.refused('a', 'DELETE', `/subnets/${subnet.id}`)).toEqual([409, 'SubnetInUse']);
    expect(await t.refused('a', 'DELETE', `/networks/${String(subnet['network_id'])}`)).toEqual([
      409,
      'NetworkInUse',
    ]);
    expect(await t.refused('a', 'DELETE', path)).toEqual([409, 'RouterInUse']);
    const removed = await t.world.ok('a', 'PUT', `${path}/remove_router_interface`, { subnet_id: subnet.id });
    expect(removed).toEqual(joined);
    await t.world.settled();
    expect(spec(router)?.interfaces).toEqual([]);
    expect(await t.refused('a', 'DELETE', path)).toEqual([204, undefined]);
    await t.world.settled();
    expect(t.world.host.state.routers.size).toBe(0);
    expect(await t.refused('a', 'DELETE', `/networks/${String(subnet['network_id'])}`)).toEqual([
      204,
      undefined,
    ]);
  });

  test('may be a port that was made before', async () => {
    const subnet = await t.subnet('a', '10.0.0.0/24');
    const router = await t.create('a', 'router', {});
    const port = await t.port('a', subnet, { fixed_ips: [{ ip_address: '10.0.0.77' }] });
    const add = `/routers/${router.id}/add_router_interface`;
    const remove = `/routers/${router.id}/remove_router_interface`;
    expect(await t.refused('a', 'PUT', add, { port_id: port.id })).toEqual([200, undefined]);
    expect(await t.refused('a', 'PUT', add, { port_id: port.id })).toEqual([409, 'PortInUse']);
    await t.world.settled();
    expect(spec(router)?.interfaces).toMatchObject([{ addresses: ['10.0.0.77/24'] }]);
    const other = await t.subnet('a', '10.9.0.0/24');
    expect(await t.refused('a', 'PUT', remove, { port_id: port.id, subnet_id: other.id })).toEqual([
      409,
      'SubnetMismatchForPort',
    ]);
    expect(await t.refused('a', 'PUT', remove, { port_id: port.id })).toEqual([200, undefined]);
    expect(await t.refused('a', 'GET', `/ports/${port.id}`)).toEqual([404, 'PortNotFound']);
  });

  test('are refused as neutron does', async () => {
    const subnet = await t.subnet('a', '10.0.0.0/24');
    const overlapping = await t.subnet('a', '10.0.0.0/16');
    const closed = await t.subnet('a', '10.1.0.0/24', { gateway_ip: null });
    const foreign = await t.subnet('b', '10.2.0.0/24');
    const foreignPort = await t.port('b', foreign);
    const bare = await t.port('a', subnet, { fixed_ips: [] });
    const router = await t.create('a', 'router', {});
    const add = (body: object, token = 'a') =>
      t.refused(token, 'PUT', `/routers/${router.id}/add_router_interface`, body);
    const remove = (body: object) =>
      t.refused('a', 'PUT', `/routers/${router.id}/remove_router_interface`, body);
    expect(await add({})).toEqual([400, 'BadRequest']);
    expect(await add({ subnet_id: subnet.id, port_id: bare.id })).toEqual([400, 'BadRequest']);
    expect(await add({ subnet_id: closed.id })).toEqual([400, 'BadRequest']);
    expect(await add({ port_id: bare.id })).toEqual([400, 'BadRequest']);
    expect(await add({ subnet_id: foreign.id })).toEqual([404, 'SubnetNotFound']);
    expect(await add({ port_id: foreignPort.id })).toEqual([404, 'PortNotFound']);
    expect(await add({ port_id: randomUUID() })).toEqual([404, 'PortNotFound']);
    const outer = ((await t.show('admin', `/networks/${external.id}`))['subnets'] as string[])[0];
    expect(await add({ subnet_id: outer })).toEqual([404, 'SubnetNotFound']);
    expect(await add({ subnet_id: outer }, 'admin')).toEqual([409, 'IpAddressAlreadyAllocated']);
    await t.join('a', router, subnet);
    expect(await add({ subnet_id: subnet.id })).toEqual([400, 'BadRequest']);
    expect(await add({ subnet_id: overlapping.id })).toEqual([400, 'BadRequest']);
    const second = await t.create('a', 'router', {});
    expect(
      await t.refused('a', 'PUT', `/routers/${second.id}/add_router_interface`, { subnet_id: subnet.id }),
    ).toEqual([409, 'IpAddressAlreadyAllocated']);
    expect(await remove({})).toEqual([400, 'BadRequest']);
    expect(await remove({ subnet_id: closed.id })).toEqual([404, 'RouterInterfaceNotFoundForSubnet']);
    expect(await remove({ port_id: bare.id })).toEqual([404, 'RouterInterfaceNotFound']);
  });

  test('do not take the gateway address of a network shared by others, nor a stranger as device (S27)', async () => {
    const network = await t.create('admin', 'network', { shared: true });
    const subnet = await t.create('admin', 'subnet', {
      network_id: network.id,
      ip_version: 4,
      cidr: '10.5.0.0/24',
    });
    const router = await t.create('a', 'router', {});
    const add = `/routers/${router.id}/add_router_interface`;
    expect(await t.refused('a', 'PUT', add, { subnet_id: subnet.id })).toEqual([403, 'NotAuthorized']);
    const port = await t.port('a', subnet);
    expect(await t.refused('a', 'PUT', add, { port_id: port.id })).toEqual([200, undefined]);
    const own = await t.subnet('b', '10.6.0.0/24');
    const asRouter = { network_id: own['network_id'], device_id: router.id };
    expect((await t.refused('b', 'POST', '/ports', { port: asRouter }))[0]).toBe(403);
  });

  test('carry extra routes to next hops on their subnets', async () => {
    const subnet = await t.subnet('a', '10.0.0.0/24');
    const router = await t.router('a', external, subnet);
    const path = `/routers/${router.id}`;
    const put = (...routes: object[]) => t.refused('a', 'PUT', path, { router: { routes } });
    const route = { destination: '10.99.0.0/16', nexthop: '10.0.0.9' };
    expect(await put({ ...route, nexthop: '10.1.0.9' })).toEqual([400, 'InvalidRoutes']);
    expect(await put({ ...route, nexthop: '10.0.0.1' })).toEqual([400, 'InvalidRoutes']);
    expect(await put({ ...route, destination: '0.0.0.0/0' })).toEqual([400, 'InvalidRoutes']);
    expect((await put({ destination: 'nowhere', nexthop: '10.0.0.9' }))[0]).toBe(400);
    expect((await put(route, route))[0]).toBe(400);
    const many = Array.from({ length: 31 }, (_, i) => ({ ...route, destination: `10.${100 + i}.0.0/16` }));
    expect(await put(...many)).toEqual([400, 'RoutesExhausted']);
    expect(await put(route)).toEqual([200, undefined]);
    const more = { destination: '10.98.0.0/16', nexthop: '10.0.0.8' };
    await t.world.ok('a', 'PUT', `${path}/add_extraroutes`, { router: { routes: [route, more] } });
    expect((await t.show('a', path))['routes']).toEqual([route, more]);
    await t.world.ok('a', 'PUT', `${path}/remove_extraroutes`, { router: { routes: [more] } });
    await t.world.settled();
    expect(spec(router)?.routes).toEqual([{ destination: '10.99.0.0/16', nextHop: '10.0.0.9' }]);
    const remove = `${path}/remove_router_interface`;
    expect(await t.refused('a', 'PUT', remove, { subnet_id: subnet.id })).toEqual([
      409,
      'RouterInterfaceInUseByRoute',
    ]);
    expect(await put()).toEqual([200, undefined]);
    expect(await t.refused('a', 'PUT', remove, { subnet_id: subnet.id })).toEqual([200, undefined]);
  });
});

describe('the host', () => {
  test('follows admin_state_up, ports and networks', async () => {
    const subnet = await t.subnet('a', '10.0.0.0/24');
    const router = await t.router('a', external, subnet);
    await t.world.ok('a', 'PUT', `/routers/${router.id}`, { router: { admin_state_up: false } });
    await t.world.ok('a', 'PUT', `/networks/${String(subnet['network_id'])}`, { network: { mtu: 1300 } });
    await t.world.settled();
    expect(spec(router)).toMatchObject({
      forwarding: false,
      interfaces: [{ mtu: 1300 }],
      metadataPort: 9697,
    });
    const port = spec(router)?.interfaces[0]?.portId;
    await t.world.ok('a', 'PUT', `/ports/${port}`, { port: { admin_state_up: false } });
    await t.world.settled();
    expect(spec(router)?.interfaces).toEqual([]);
    expect(await t.show('a', `/ports/${port}`)).toMatchObject({ status: 'DOWN' });
  });

  test('gets routers back that are gone, and loses those without a row (R21, R31)', async () => {
    const subnet = await t.subnet('a', '10.0.0.0/24');
    const router = await t.router('a', external, subnet);
    await t.world.settled();
    const { state } = t.world.host;
    const wanted = spec(router);
    const orphan = randomUUID();
    await t.world.host.router.ensure({
      routerId: orphan,
      forwarding: true,
      interfaces: [],
      floatingIps: [],
      routes: [],
    });
    state.routers.delete(router.id);
    state.segments.clear();
    state.externals.clear();
    expect(await t.world.network.reconcile()).toEqual([]);
    expect([...state.routers.keys()]).toEqual([router.id]);
    expect(spec(router)).toEqual(wanted);
    expect([...state.externals.keys()]).toEqual(['br-ex']);
    expect(routerNamespace(orphan)).toContain(orphan);
  });
});

describe('ports of routers', () => {
  test('are made by routers only, and keep their addresses', async () => {
    const subnet = await t.subnet('a', '10.0.0.0/24');
    const router = await t.router('a', external, subnet);
    const network_id = subnet['network_id'];
    for (const owner of ['router_interface', 'router_gateway', 'floatingip']) {
      const port = { network_id, device_owner: `network:${owner}`, device_id: router.id };
      expect(await t.refused('a', 'POST', '/ports', { port })).toEqual([400, 'InvalidInput']);
    }
    const [own] = await t.list('a', `/ports?device_id=${router.id}`);
    const fixed_ips = [{ ip_address: '10.0.0.9' }];
    expect(await t.refused('a', 'PUT', `/ports/${own?.id}`, { port: { fixed_ips } })).toEqual([
      409,
      'ServicePortInUse',
    ]);
    expect(await t.refused('a', 'PUT', `/ports/${own?.id}`, { port: { name: 'inner' } })).toEqual([
      200,
      undefined,
    ]);
  });
});
