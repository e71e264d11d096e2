import { randomUUID } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { transaction } from '../db/index.ts';
import { tapName } from '../host/net/names.ts';
import { callers, makeFakeWorld, resourcesOf, type NetworkWorld, type Resource } from './test-support.ts';

let world: NetworkWorld;
const { create, makeNetwork, makeSubnet, makePort, list, refused } = resourcesOf(() => world);
let parent: Resource;
let inner: Resource;
beforeEach(async () => {
  world = await makeFakeWorld();
  const network = await makeNetwork();
  await makeSubnet(network);
  parent = await makePort(network);
  inner = await makeNetwork();
  await makeSubnet(inner, { cidr: '10.1.0.0/24' });
});
afterEach(() => world.close());

const vlan = (port: Resource, id: number) => ({
  port_id: port.id,
  segmentation_type: 'vlan',
  segmentation_id: id,
});
const show = async (path: string): Promise<Resource> =>
  Object.values(await world.ok('a', 'GET', path))[0] as Resource;
const change = (trunk: Resource, how: 'add' | 'remove', ports: unknown, token = 'a') =>
  refused(token, 'PUT', `/trunks/${trunk.id}/${how}_subports`, { sub_ports: ports });

describe('trunks', () => {
  test('have subports, and show them', async () => {
    const one = await makePort(inner);
    const trunk = await create('a', 'trunk', { port_id: parent.id, name: 't', sub_ports: [vlan(one, 2)] });
    expect(trunk).toEqual({
      id: trunk.id,
      project_id: 'a',
      tenant_id: 'a',
      name: 't',
      description: '',
      admin_state_up: true,
      port_id: parent.id,
      status: 'DOWN',
      sub_ports: [vlan(one, 2)],
      tags: [],
      created_at: trunk['created_at'],
      updated_at: trunk['updated_at'],
      revision_number: 1,
    });
    expect(await show(`/ports/${parent.id}`)).toMatchObject({
      trunk_details: {
        trunk_id: trunk.id,
        sub_ports: [{ ...vlan(one, 2), mac_address: one['mac_address'] }],
      },
    });
    expect(await show(`/ports/${one.id}`)).not.toHaveProperty('trunk_details');
    const two = await makePort(inner);
    const added = await world.ok('a', 'PUT', `/trunks/${trunk.id}/add_subports`, {
      sub_ports: [vlan(two, 3)],
    });
    expect(added).toMatchObject({ id: trunk.id, sub_ports: [vlan(one, 2), vlan(two, 3)] });
    expect(await change(trunk, 'remove', [{ port_id: one.id }])).toEqual([200, undefined]);
    expect(await show(`/trunks/${trunk.id}/get_subports`)).toEqual([vlan(two, 3)]);
    expect(await list('a', `/trunks?port_id=${parent.id}&name=t`)).toHaveLength(1);
    expect(await refused('a', 'DELETE', `/ports/${parent.id}`)).toEqual([409, 'PortInUseAsTrunkParent']);
    expect(await refused('a', 'DELETE', `/ports/${two.id}`)).toEqual([409, 'PortInUseAsSubPort']);
    expect(await refused('a', 'DELETE', `/trunks/${trunk.id}`)).toEqual([204, undefined]);
    expect(await refused('a', 'DELETE', `/ports/${two.id}`)).toEqual([204, undefined]);
    expect(world.db.prepare('SELECT count(*) FROM port_plug').pluck().get()).toBe(0);
  });

  test('inherit the tag of a VLAN', async () => {
    const tagged = {
      'provider:network_type': 'vlan',
      'provider:segmentation_id': 77,
      'provider:physical_network': 'external',
    };
    const network = await create('admin', 'network', { ...tagged, project_id: 'a', mtu: 1450 });
    const port = await create('a', 'port', { network_id: network.id });
    const sub_ports = [{ port_id: port.id, segmentation_type: 'inherit' }];
    expect(await create('a', 'trunk', { port_id: parent.id, sub_ports })).toMatchObject({
      sub_ports: [vlan(port, 77)],
    });
  });

  test('are refused as neutron does, and belong to their project', async () => {
    const one = await makePort(inner);
    const post = (body: object, token = 'a') =>
      refused(token, 'POST', '/trunks', { trunk: { port_id: parent.id, ...body } });
    expect(await post({ port_id: randomUUID() })).toEqual([404, 'PortNotFound']);
    expect(await post({}, 'b')).toEqual([404, 'PortNotFound']);
    expect((await post({}, 'reader'))[0]).toBe(403);
    expect((await post({}, ''))[0]).toBe(401);
    const bad = [400, 'InvalidInput'];
    expect(await post({ sub_ports: [{ port_id: one.id, segmentation_type: 'vlan' }] })).toEqual(bad);
    expect(await post({ sub_ports: [{ port_id: one.id, segmentation_id: 3 }] })).toEqual(bad);
    expect(await post({ sub_ports: [{ segmentation_type: 'vlan', segmentation_id: 3 }] })).toEqual(bad);
    expect(await post({ sub_ports: [{ ...vlan(one, 1), segmentation_type: 'inherit' }] })).toEqual(bad);
    const inherited = { port_id: one.id, segmentation_type: 'inherit' };
    expect(
      await refused('b', 'POST', '/trunks', { trunk: { port_id: parent.id, sub_ports: [inherited] } }),
    ).toEqual([404, 'PortNotFound']);
    expect(await post({ sub_ports: [vlan(one, 4095)] })).toEqual(bad);
    expect(await post({ sub_ports: [vlan(one, 2), vlan(parent, 2)] })).toEqual(bad);
    const trunk = await create('a', 'trunk', { port_id: parent.id });
    expect(await post({})).toEqual([409, 'ParentPortInUse']);
    expect(await change(trunk, 'add', [vlan(parent, 2)])).toEqual([409, 'ParentPortInUse']);
    expect(await change(trunk, 'add', [vlan({ id: randomUUID() }, 2)])).toEqual([404, 'PortNotFound']);
    expect((await change(trunk, 'add', vlan(one, 2)))[0]).toBe(400);
    expect(await change(trunk, 'remove', [vlan(one, 2)])).toEqual([404, 'SubPortNotFound']);
    expect(await change(trunk, 'add', [vlan(one, 2)])).toEqual([200, undefined]);
    expect(await change(trunk, 'add', [vlan(one, 3)])).toEqual([409, 'TrunkPortInUse']);
    const two = await makePort(inner);
    expect(await change(trunk, 'add', [vlan(two, 2)])).toEqual([409, 'DuplicateSubPort']);
    for (const how of ['add', 'remove'] as const) {
      expect(await change(trunk, how, [], 'b')).toEqual([404, 'TrunkNotFound']);
      expect((await change(trunk, how, [], 'reader'))[0]).toBe(403);
      expect((await change(trunk, how, [], ''))[0]).toBe(401);
    }
    const path = `/trunks/${trunk.id}`;
    expect((await refused('reader', 'GET', `${path}/get_subports`))[0]).toBe(200);
    for (const [method, body] of [
      ['GET', undefined],
      ['PUT', { trunk: { name: 'x' } }],
      ['DELETE', undefined],
    ] as const) {
      expect(await refused('b', method, path, body)).toEqual([404, 'TrunkNotFound']);
      expect((await refused('', method, path, body))[0]).toBe(401);
      expect((await refused('reader', method, path, body))[0]).toBe(method === 'GET' ? 200 : 403);
    }
    await world.ok('a', 'PUT', path, { trunk: { admin_state_up: false } });
    expect(await change(trunk, 'add', [])).toEqual([409, 'TrunkDisabled']);
    expect(await refused('a', 'DELETE', path)).toEqual([409, 'TrunkDisabled']);
    const big = await create('admin', 'network', {
      'provider:network_type': 'flat',
      'provider:physical_network': 'external',
      project_id: 'a',
    });
    await world.ok('a', 'PUT', path, { trunk: { admin_state_up: true } });
    expect(await change(trunk, 'add', [vlan(await makePort(big), 9)])).toEqual([
      409,
      'SubPortMtuGreaterThanTrunkPortMtu',
    ]);
  });

  test("are on the host with their parent's server", async () => {
    const one = await makePort(inner);
    const trunk = await create('a', 'trunk', { port_id: parent.id, sub_ports: [vlan(one, 2)] });
    const serverId = randomUUID();
    const { face } = world.network;
    transaction(world.db, () => {
      const plan = face.planNics(world.db, callers['a']!, [{ port: parent.id }], undefined);
      face.createServerPorts(world.db, {
        serverId,
        serverName: 's',
        projectId: 'a',
        availabilityZone: 'nova',
        nics: plan.nics,
        securityGroupIds: plan.securityGroupIds,
      });
    });
    const { taps, kernel } = world.host.state;
    await face.plugServer(serverId);
    expect(taps.get(tapName(one.id))).toMatchObject({ vlan: { parent: tapName(parent.id), id: 2 } });
    expect(world.host.state.filters.has(one.id)).toBe(true);
    expect(await show(`/trunks/${trunk.id}`)).toMatchObject({ status: 'ACTIVE' });
    expect(await show(`/ports/${one.id}`)).toMatchObject({ status: 'ACTIVE', device_owner: 'trunk:subport' });
    const two = await makePort(inner);
    await change(trunk, 'add', [vlan(two, 3)]);
    await world.settled();
    expect(taps.has(tapName(two.id))).toBe(true);
    await change(trunk, 'remove', [{ port_id: one.id }]);
    await world.settled();
    expect([taps.has(tapName(one.id)), world.host.state.filters.has(one.id)]).toEqual([false, false]);
    expect(await refused('a', 'DELETE', `/trunks/${trunk.id}`)).toEqual([409, 'TrunkInUse']);
    await world.ok('a', 'PUT', `/trunks/${trunk.id}`, { trunk: { admin_state_up: false } });
    await world.settled();
    expect([...taps.keys()]).toEqual([tapName(parent.id)]);
    await world.ok('a', 'PUT', `/trunks/${trunk.id}`, { trunk: { admin_state_up: true } });
    await world.settled();
    await face.unplugServer(serverId);
    expect(taps.size).toBe(0);
    expect(await show(`/trunks/${trunk.id}`)).toMatchObject({ status: 'DOWN' });
    kernel.vlan = false;
    await expect(face.plugServer(serverId)).rejects.toThrow('no VLAN devices');
    expect(await show(`/trunks/${trunk.id}`)).toMatchObject({ status: 'DEGRADED' });
  });
});
