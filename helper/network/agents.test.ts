import { randomUUID } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { transaction } from '../db/index.ts';
import { callers, makeFakeWorld, resourcesOf, type NetworkWorld, type Resource } from './test-support.ts';

let world: NetworkWorld;
beforeEach(async () => {
  world = await makeFakeWorld({ vniRange: [1, 100] });
});
afterEach(() => world.close());

const { create, makeNetwork, makeSubnet, makePort, list, refused } = resourcesOf(() => world);

const agent = async (type: string): Promise<Resource> => {
  const [found] = await list('admin', `/agents?agent_type=${encodeURIComponent(type)}`);
  return found as Resource;
};

describe('agents', () => {
  test('are listed, sorted, changed and put back', async () => {
    expect((await list('admin', '/agents?sort_key=binary&limit=2')).map((one) => one['binary'])).toEqual([
      'neutron-dhcp-agent',
      'neutron-l3-agent',
    ]);
    const dhcp = await agent('DHCP agent');
    const path = `/agents/${dhcp.id}`;
    const body = { agent: { description: 'd', admin_state_up: false } };
    expect((await world.ok('admin', 'PUT', path, body))['agent']).toMatchObject(body.agent);
    expect(await list('admin', '/agents?admin_state_up=False')).toHaveLength(1);
    expect((await world.call('admin', 'DELETE', path)).status).toBe(204);
    expect((await world.ok('admin', 'GET', path))['agent']).toMatchObject({
      description: null,
      admin_state_up: true,
    });
    for (const method of ['GET', 'PUT', 'DELETE'] as const)
      expect(
        await refused('admin', method, `/agents/${randomUUID()}`, method === 'PUT' ? body : undefined),
      ).toEqual([404, 'AgentNotFound']);
  });

  test('are the administrators’, with all that they serve', async () => {
    const { id } = await agent('L3 agent');
    const network = await makeNetwork();
    expect(await list('a', '/agents')).toEqual([]);
    for (const [method, path, body] of [
      ['GET', `/agents/${id}`, undefined],
      ['PUT', `/agents/${id}`, { agent: {} }],
      ['DELETE', `/agents/${id}`, undefined],
      ['GET', `/agents/${id}/dhcp-networks`, undefined],
      ['POST', `/agents/${id}/dhcp-networks`, { network_id: network.id }],
      ['DELETE', `/agents/${id}/dhcp-networks/${network.id}`, undefined],
      ['GET', `/agents/${id}/l3-routers`, undefined],
      ['POST', `/agents/${id}/l3-routers`, { router_id: network.id }],
      ['DELETE', `/agents/${id}/l3-routers/${network.id}`, undefined],
      ['GET', `/networks/${network.id}/dhcp-agents`, undefined],
    ] as const) {
      expect([path, await refused('a', method, path, body)]).toEqual([path, [403, 'PolicyNotAuthorized']]);
      expect((await world.call('', method, path, body)).status).toBe(401);
    }
  });

  test('serve a network with DHCP, until they are told not to', async () => {
    const { id } = await agent('DHCP agent');
    const network = await makeNetwork();
    await makeSubnet(network);
    await world.settled();
    const at = `/agents/${id}/dhcp-networks`;
    expect((await list('admin', `/networks/${network.id}/dhcp-agents`)).map((one) => one.id)).toEqual([id]);
    expect(await refused('admin', 'POST', at, { network_id: network.id })).toEqual([
      409,
      'NetworkHostedByDHCPAgent',
    ]);
    await world.ok('admin', 'DELETE', `${at}/${network.id}`);
    await world.settled();
    expect(world.host.state.dhcp.has(network.id)).toBe(false);
    expect(await list('a', '/ports')).toEqual([]);
    expect(await list('admin', at)).toEqual([]);
    expect(await list('admin', `/networks/${network.id}/dhcp-agents`)).toEqual([]);
    await world.network.reconcile();
    expect(world.host.state.dhcp.has(network.id)).toBe(false);
    expect(await refused('admin', 'DELETE', `${at}/${network.id}`)).toEqual([
      409,
      'NetworkNotHostedByDhcpAgent',
    ]);
    await world.ok('admin', 'POST', at, { network_id: network.id });
    await world.settled();
    expect(world.host.state.dhcp.has(network.id)).toBe(true);
    expect((await list('admin', at)).map((one) => one.id)).toEqual([network.id]);
  });

  test('take nothing new while they are out of service, and all of it afterwards', async () => {
    const dhcp = await agent('DHCP agent');
    const l3 = await agent('L3 agent');
    const set = (which: Resource, admin_state_up: boolean) =>
      world.ok('admin', 'PUT', `/agents/${which.id}`, { agent: { admin_state_up } });
    await set(dhcp, false);
    await set(l3, false);
    const network = await makeNetwork();
    await makeSubnet(network);
    const router = await create('a', 'router', {});
    await world.settled();
    expect(world.host.state.dhcp.size + world.host.state.routers.size).toBe(0);
    await set(dhcp, true);
    await set(l3, true);
    await world.settled();
    expect([...world.host.state.dhcp.keys()]).toEqual([network.id]);
    expect([...world.host.state.routers.keys()]).toEqual([router.id]);
  });

  test('serve routers in the same way', async () => {
    const { id } = await agent('L3 agent');
    const router = await create('a', 'router', {});
    await world.settled();
    const at = `/agents/${id}/l3-routers`;
    expect((await list('admin', at)).map((one) => one.id)).toEqual([router.id]);
    await world.ok('admin', 'DELETE', `${at}/${router.id}`);
    await world.settled();
    expect(world.host.state.routers.has(router.id)).toBe(false);
    expect(await list('admin', `/routers/${router.id}/l3-agents`)).toEqual([]);
    await world.ok('admin', 'POST', at, { router_id: router.id });
    await world.settled();
    expect(world.host.state.routers.has(router.id)).toBe(true);
    expect(await refused('admin', 'POST', at, { router_id: router.id })).toEqual([
      409,
      'RouterHostedByL3Agent',
    ]);
    const dhcp = await agent('DHCP agent');
    expect(await refused('admin', 'POST', `/agents/${dhcp.id}/l3-routers`, { router_id: router.id })).toEqual(
      [404, 'InvalidL3Agent'],
    );
  });
});

describe('the automatic topology', () => {
  const path = '/auto-allocated-topology';
  const get = async (token: string, project: string, query = '') =>
    (await world.ok(token, 'GET', `${path}/${project}${query}`))['auto_allocated_topology'] as Resource;
  const prepare = async () => {
    await makeSubnet(
      await makeNetwork('admin', {
        'router:external': true,
        is_default: true,
        'provider:network_type': 'flat',
        'provider:physical_network': 'external',
      }),
      { cidr: '203.0.113.0/24', enable_dhcp: false },
      'admin',
    );
    for (const [prefix, default_prefixlen] of [
      ['10.64.0.0/16', 26],
      ['fd64::/48', 64],
    ]) {
      const pool = { name: 'p', prefixes: [prefix], default_prefixlen, is_default: true, shared: true };
      await create('admin', 'subnetpool', pool);
    }
  };

  test('is made for the asking, once, and taken away whole', async () => {
    expect(await refused('a', 'GET', `${path}/a`)).toEqual([409, 'AutoAllocationFailure']);
    expect(await refused('a', 'GET', `${path}/a?fields=dry-run`)).toEqual([409, 'AutoAllocationFailure']);
    await prepare();
    expect(await get('a', 'a', '?fields=dry-run')).toMatchObject({ id: 'dry-run=pass' });
    expect(await list('a', '/networks?router:external=False')).toEqual([]);
    const { id } = await get('reader', 'None');
    expect(await get('a', 'a')).toEqual({ id, project_id: 'a', tenant_id: 'a' });
    expect(await list('a', `/subnets?network_id=${id}`)).toHaveLength(2);
    const [router] = await list('a', '/routers');
    expect(router).toMatchObject({ name: 'auto_allocated_router', project_id: 'a' });
    await world.settled();
    expect(world.host.state.routers.get(router?.id ?? '')?.interfaces).toHaveLength(2);
    const port = await makePort({ id });
    expect(await refused('a', 'DELETE', `${path}/a`)).toEqual([409, 'NetworkInUse']);
    expect(await list('a', '/routers')).toHaveLength(1);
    await world.ok('a', 'DELETE', `/ports/${port.id}`);
    expect(await refused('reader', 'DELETE', `${path}/a`)).toEqual([403, 'PolicyNotAuthorized']);
    expect((await world.call('b', 'GET', `${path}/a`)).status).toBe(403);
    expect((await world.call('', 'GET', `${path}/a`)).status).toBe(401);
    expect((await world.call('a', 'DELETE', `${path}/a`)).status).toBe(204);
    await world.settled();
    expect(await list('a', '/routers')).toEqual([]);
    expect(await list('a', '/networks?router:external=False')).toEqual([]);
    expect(world.host.state.routers.size).toBe(0);
  });

  test('is what a server gets that asks for any network', async () => {
    await prepare();
    const { face } = world.network;
    const auth = callers['a'] as (typeof callers)[string];
    const plan = () => transaction(world.db, () => face.planNics(world.db, auth, 'auto', undefined));
    const [nic] = plan().nics;
    expect((await list('a', '/networks?name=auto_allocated_network'))[0]?.id).toBe(nic?.networkId);
    expect(plan().nics[0]?.networkId).toBe(nic?.networkId);
  });
});

test('network IP availability counts exactly, by network, and for administrators', async () => {
  const network = await makeNetwork('a', { name: 'n6' });
  await makeSubnet(network, { ip_version: 6, cidr: 'fd00::/64', enable_dhcp: false });
  await makeSubnet(network, { enable_dhcp: false });
  await makeNetwork('a', { name: 'empty' });
  await makePort(network);
  const base = '/network-ip-availabilities';
  expect(await list('a', base)).toEqual([]);
  const raw = async (path: string): Promise<string> => {
    const answer = await world.call('admin', 'GET', path);
    return JSON.stringify(answer.body);
  };
  expect(await raw(`${base}?ip_version=4&network_name=n6`)).toContain('"total_ips":253,"used_ips":1');
  const [all] = await list('admin', `${base}?sort_key=network_name&sort_dir=desc&limit=1`);
  expect(all).toMatchObject({ network_name: 'n6', used_ips: 2 });
  expect(Number(all?.['total_ips'])).toBe(2 ** 64 - 2 + 253);
  expect(await refused('a', 'GET', `${base}/${network.id}`)).toEqual([403, 'PolicyNotAuthorized']);
  expect((await world.call('', 'GET', base)).status).toBe(401);
});
