import { randomUUID } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { transaction } from '../db/index.ts';
import { callers, makeFakeWorld, resourcesOf, type NetworkWorld, type Resource } from './test-support.ts';

let world: NetworkWorld;
beforeEach(async () => {
  world = await makeFakeWorld({ vniRange: [1, 100] });
});
afterEach(() => world.close());

const { create, makeNetwork, makeSubnet, list, refused } = resourcesOf(() => world);

const makeGroup = (addresses: readonly string[], token = 'a'): Promise<Resource> =>
  create(token, 'address_group', { name: 'g', addresses });
const change = (how: string, group: Resource, addresses: readonly string[], token = 'a') =>
  world.call(token, 'PUT', `/address-groups/${group.id}/${how}_addresses`, { addresses });

/** A server of project a with these groups, plugged. */
async function boot(groupIds: readonly string[]): Promise<string> {
  const { face } = world.network;
  const serverId = randomUUID();
  const nics = transaction(world.db, () => {
    const plan = face.planNics(world.db, callers['a'] as (typeof callers)[string], 'auto', groupIds);
    const server = { serverId, serverName: 's', projectId: 'a', availabilityZone: 'nova', ...plan };
    face.createServerPorts(world.db, server);
    return plan.nics;
  });
  await face.plugServer(serverId);
  return nics[0]?.portId ?? '';
}

describe('address groups', () => {
  test('have the attributes that neutron shows, blocks in their canonical form', async () => {
    const group = await makeGroup(['10.10.10.3/32', '192.168.0.10/24', '2001:db8::f00/64', '10.10.10.3/32']);
    expect(group).toMatchObject({
      name: 'g',
      description: '',
      project_id: 'a',
      addresses: ['10.10.10.3/32', '192.168.0.0/24', '2001:db8::/64'],
      revision_number: 1,
    });
    const path = `/address-groups/${group.id}`;
    expect((await change('add', group, ['10.9.9.9'])).body['address_group']).toMatchObject({
      addresses: ['10.10.10.3/32', '192.168.0.0/24', '2001:db8::/64', '10.9.9.9/32'],
    });
    expect((await change('add', group, ['10.9.9.9/32'])).type).toBe('AddressesAlreadyExist');
    expect((await change('remove', group, ['10.0.0.1'])).type).toBe('AddressesNotFound');
    expect((await change('remove', group, ['no address'])).status).toBe(400);
    expect((await change('remove', group, ['192.168.0.1/24', '2001:db8::/64'])).body).toMatchObject({
      address_group: { addresses: ['10.10.10.3/32', '10.9.9.9/32'], revision_number: 3 },
    });
    await world.ok('a', 'PUT', path, { address_group: { name: 'h', description: 'd' } });
    expect(await list('a', '/address-groups?name=h')).toHaveLength(1);
    await world.ok('a', 'DELETE', path);
    expect(await refused('a', 'GET', path)).toEqual([404, 'AddressGroupNotFound']);
  });

  test('are what rules let in: on the host at once, and gone with the rule', async () => {
    await makeSubnet(await makeNetwork());
    const group = await makeGroup(['203.0.113.0/24']);
    const security = await create('a', 'security_group', { name: 's' });
    const portId = await boot([security.id]);
    const rule = await create('a', 'security_group_rule', {
      security_group_id: security.id,
      direction: 'ingress',
      protocol: 'tcp',
      remote_address_group_id: group.id,
    });
    expect(rule).toMatchObject({ remote_address_group_id: group.id, remote_ip_prefix: null });
    await world.settled();
    const rules = () => world.host.state.filters.get(portId)?.rules.map((one) => one.remoteGroupId);
    expect(rules()).toContain(group.id);
    expect(world.host.state.groups.get(group.id)).toMatchObject({ v4: ['203.0.113.0/24'], v6: [] });
    await change('add', group, ['2001:db8::/64']);
    await change('remove', group, ['203.0.113.0/24']);
    await world.settled();
    expect(world.host.state.groups.get(group.id)).toMatchObject({ v4: [], v6: ['2001:db8::/64'] });
    await world.network.reconcile();
    expect(world.host.state.groups.has(group.id)).toBe(true);
    const path = `/address-groups/${group.id}`;
    expect(await refused('a', 'DELETE', path)).toEqual([409, 'AddressGroupInUse']);
    await world.ok('a', 'DELETE', `/security-group-rules/${rule.id}`);
    await world.ok('a', 'DELETE', path);
    await world.settled();
    expect(rules()).not.toContain(group.id);
    expect(world.host.state.groups.has(group.id)).toBe(false);
  });

  test('belong to their project, which may lend them', async () => {
    const group = await makeGroup(['10.0.0.0/8']);
    const path = `/address-groups/${group.id}`;
    const security = await create('b', 'security_group', { name: 's' });
    const rule = {
      security_group_rule: {
        security_group_id: security.id,
        direction: 'ingress',
        remote_address_group_id: group.id,
      },
    };
    expect(await refused('b', 'POST', '/security-group-rules', rule)).toEqual([404, 'AddressGroupNotFound']);
    const body = { object_type: 'address_group', object_id: group.id, target_tenant: 'b' };
    await world.ok('a', 'POST', '/rbac-policies', { rbac_policy: { ...body, action: 'access_as_shared' } });
    await world.ok('b', 'POST', '/security-group-rules', rule);
    const [policy] = await list('a', '/rbac-policies');
    expect(await refused('a', 'DELETE', `/rbac-policies/${policy?.id}`)).toEqual([409, 'RbacPolicyInUse']);
    expect((await world.call('b', 'GET', path)).status).toBe(200);
    for (const [method, at, sent] of [
      ['PUT', path, { address_group: { name: 'x' } }],
      ['PUT', `${path}/add_addresses`, { addresses: ['10.0.0.0/9'] }],
      ['PUT', `${path}/remove_addresses`, { addresses: ['10.0.0.0/8'] }],
      ['DELETE', path, undefined],
    ] as const) {
      expect(await refused('b', method, at, sent)).toEqual([404, 'AddressGroupNotFound']);
      expect(await refused('reader', method, at, sent)).toEqual([403, 'PolicyNotAuthorized']);
      expect((await world.call('', method, at, sent)).status).toBe(401);
    }
    for (const addresses of [['10.20.30.40'], ['this is bad IP address']])
      expect(
        (await world.call('a', 'POST', '/address-groups', { address_group: { addresses } })).status,
      ).toBe(400);
    expect((await world.call('reader', 'POST', '/address-groups', { address_group: {} })).status).toBe(403);
  });
});

test('a port has stateful or stateless security groups, not both', async () => {
  const network = await makeNetwork();
  const stateless = await create('a', 'security_group', { name: 's', stateful: false });
  const stateful = await create('a', 'security_group', { name: 't' });
  const port = { network_id: network.id, security_groups: [stateless.id, stateful.id] };
  expect(await refused('a', 'POST', '/ports', { port })).toEqual([409, 'SecurityGroupConflict']);
  await create('a', 'port', { ...port, security_groups: [stateless.id] });
  const path = `/security-groups/${stateless.id}`;
  expect(await refused('a', 'PUT', path, { security_group: { name: 'default' } })).toEqual([
    409,
    'SecurityGroupDefaultAlreadyExists',
  ]);
  expect(await refused('a', 'PUT', path, { security_group: { stateful: true } })).toEqual([
    409,
    'SecurityGroupInUse',
  ]);
});

test('a rule names one remote, and its owner sees those that an admin put into the group', async () => {
  const security = await create('a', 'security_group', { name: 's' });
  const base = { security_group_id: security.id, direction: 'ingress' };
  const both = { ...base, remote_ip_prefix: '10.0.0.0/8', remote_group_id: security.id };
  expect(await refused('a', 'POST', '/security-group-rules', { security_group_rule: both })).toEqual([
    400,
    'SecurityGroupMultipleRemoteEntites',
  ]);
  for (const remote_group_id of ['bad_group_id', randomUUID()]) {
    const rule = { security_group_rule: { ...base, remote_group_id } };
    expect(await refused('a', 'POST', '/security-group-rules', rule)).toEqual([404, 'SecurityGroupNotFound']);
  }
  const rule = await create('admin', 'security_group_rule', { ...base, protocol: 'tcp' });
  expect((await list('a', '/security-group-rules?protocol=tcp')).map((one) => one.id)).toEqual([rule.id]);
});
