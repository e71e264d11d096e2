import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { FakeHostNetwork } from '../host/net/fake.ts';
import { fakeRouterTests, type Resource, type RouterTests } from './router-test-support.ts';

let t: RouterTests<FakeHostNetwork>;
beforeEach(async () => {
  t = await fakeRouterTests();
});
afterEach(() => t.world.close());

const update = async (router: Resource, body: object): Promise<Resource> =>
  (await t.world.ok('admin', 'PUT', `/routers/${router.id}`, { router: body }))['router'] as Resource;
const portsOf = async (router: Resource): Promise<unknown[]> =>
  (await t.list('admin', `/ports?device_id=${router.id}`)).map((port) => port['device_owner']);
const haNetworks = (): Promise<Resource[]> => t.list('admin', '/networks?name=HA network tenant a');

describe('distributed routers', () => {
  test('are the administrator’s to make, and lead as any other', async () => {
    const router = await t.create('admin', 'router', { distributed: true, project_id: 'a' });
    await t.join('a', router, await t.subnet('a', '10.0.0.0/24'));
    expect(await t.show('admin', `/routers/${router.id}`)).toMatchObject({ distributed: true, ha: false });
    expect(await t.show('a', `/routers/${router.id}`)).not.toHaveProperty('distributed');
    expect(await portsOf(router)).toEqual(['network:router_interface_distributed']);
    expect(await t.list('admin', '/routers?distributed=true')).toHaveLength(1);
    await t.world.settled();
    expect(t.world.host.state.routers.get(router.id)?.interfaces).toHaveLength(1);
    expect(await t.show('a', `/routers/${router.id}`)).toMatchObject({ status: 'ACTIVE' });
    expect(await t.refused('a', 'DELETE', `/routers/${router.id}`)).toEqual([409, 'RouterInUse']);
  });

  test('change their kind only while they are down', async () => {
    const router = await t.create('a', 'router', {});
    await t.join('a', router, await t.subnet('a', '10.0.0.0/24'));
    const path = `/routers/${router.id}`;
    const refused = (body: object) => t.refused('admin', 'PUT', path, { router: body });
    expect(await refused({ distributed: true })).toEqual([400, 'BadRequest']);
    // Down before, not by the same request.
    expect(await refused({ distributed: true, admin_state_up: false })).toEqual([400, 'BadRequest']);
    expect(await t.refused('a', 'PUT', path, { router: { distributed: true } })).toEqual([
      403,
      'PolicyNotAuthorized',
    ]);
    await update(router, { admin_state_up: false });
    expect(await update(router, { distributed: true })).toMatchObject({ distributed: true });
    expect(await portsOf(router)).toEqual(['network:router_interface_distributed']);
    expect(await update(router, { distributed: false, admin_state_up: false })).toMatchObject({
      distributed: false,
    });
    expect(await portsOf(router)).toEqual(['network:router_interface']);
  });
});

describe('highly available routers', () => {
  test('have a port on a network of their project that nobody owns', async () => {
    const [first, second] = [
      await t.create('admin', 'router', { ha: true, project_id: 'a' }),
      await t.create('admin', 'router', { ha: true, project_id: 'a' }),
    ];
    const [network] = await haNetworks();
    expect(network).toMatchObject({ project_id: '', 'provider:network_type': 'vxlan' });
    expect(await t.list('a', '/networks?name=HA network tenant a')).toEqual([]);
    expect(await t.list('admin', `/subnets?network_id=${network?.id}`)).toMatchObject([
      { cidr: '169.254.192.0/18', enable_dhcp: false, gateway_ip: null },
    ]);
    await t.join('a', first, await t.subnet('a', '10.0.0.0/24'));
    expect(await portsOf(first)).toEqual([
      'network:router_ha_interface',
      'network:ha_router_replicated_interface',
    ]);
    const [port] = await t.list('admin', `/ports?device_id=${second.id}`);
    expect(await t.refused('admin', 'DELETE', `/ports/${port?.id}`)).toEqual([409, 'ServicePortInUse']);
    await t.world.settled();
    expect(t.world.host.state.routers.get(second.id)?.ha).toMatchObject({ portId: port?.id });
    expect(await t.show('admin', `/ports/${port?.id}`)).toMatchObject({ status: 'ACTIVE' });
    const [agent] = await t.list('admin', `/routers/${first.id}/l3-agents`);
    expect(agent).toMatchObject({ ha_state: 'active' });

    await t.world.ok('a', 'DELETE', `/routers/${second.id}`);
    expect(await haNetworks()).toHaveLength(1);
    expect(await t.refused('admin', 'PUT', `/routers/${first.id}`, { router: { ha: false } })).toEqual([
      400,
      'BadRequest',
    ]);
    expect(await update(first, { admin_state_up: false, ha: false })).toMatchObject({ ha: false });
    expect(await portsOf(first)).toEqual(['network:router_interface']);
    expect(await haNetworks()).toEqual([]);
  });
});

test('an interface that comes or goes counts the revision of its router up', async () => {
  const subnet = await t.subnet('a', '10.0.0.0/24');
  const router = await t.create('a', 'router', {});
  const revision = async () => (await t.show('a', `/routers/${router.id}`))['revision_number'];
  await t.join('a', router, subnet);
  expect(await revision()).toBe(2);
  await t.world.ok('a', 'PUT', `/routers/${router.id}/remove_router_interface`, { subnet_id: subnet.id });
  expect(await revision()).toBe(3);
});

test('each kind of router has its service provider', async () => {
  const providers = await t.list('a', '/service-providers?service_type=L3_ROUTER_NAT');
  expect(providers.map(({ name }) => name)).toEqual(['dvrha', 'dvr', 'ha', 'single_node']);
  expect(await t.list('a', '/service-providers?default=true')).toEqual([
    { service_type: 'FIREWALL_V2', name: 'fwaas_db', default: true },
  ]);
});
