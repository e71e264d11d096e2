import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { makeFakeWorld, resourcesOf, type NetworkWorld, type Resource } from './test-support.ts';

let world: NetworkWorld;
beforeEach(async () => {
  world = await makeFakeWorld({ vniRange: [1, 100] });
});
afterEach(() => world.close());

const { create, makeNetwork, makeSubnet, makePort, list, refused } = resourcesOf(() => world);

const policy = async (token: string, body: object): Promise<Resource> =>
  (await world.ok(token, 'POST', '/rbac-policies', { rbac_policy: body }))['rbac_policy'] as Resource;

const sharing = (network: Resource, target: string, action = 'access_as_shared', type = 'network') => ({
  object_type: type,
  object_id: network.id,
  action,
  target_tenant: target,
});

describe('RBAC policies', () => {
  test('open a network, its subnets and its ports to one project, until a port of it is in the way', async () => {
    const network = await makeNetwork('a');
    await makeSubnet(network);
    expect(await refused('b', 'GET', `/networks/${network.id}`)).toEqual([404, 'NetworkNotFound']);
    const opened = await policy('a', sharing(network, 'b'));
    expect(opened).toEqual({
      id: opened.id,
      project_id: 'a',
      tenant_id: 'a',
      object_type: 'network',
      object_id: network.id,
      action: 'access_as_shared',
      target_tenant: 'b',
    });
    const [seen] = await list('b', '/networks?shared=True');
    expect(seen).toMatchObject({ id: network.id, shared: true });
    expect((await list('a', '/networks'))[0]).toMatchObject({ shared: false, revision_number: 3 });
    expect(await list('b', '/networks?shared=False')).toEqual([]);
    expect(await list('b', '/subnets')).toHaveLength(1);
    const port = await makePort(network, {}, 'b');
    expect(await refused('a', 'DELETE', `/rbac-policies/${opened.id}`)).toEqual([409, 'RbacPolicyInUse']);
    expect(
      await refused('a', 'PUT', `/rbac-policies/${opened.id}`, { rbac_policy: { target_tenant: 'c' } }),
    ).toEqual([409, 'RbacPolicyInUse']);
    await world.ok('a', 'DELETE', `/ports/${port.id}`);
    await world.ok('a', 'DELETE', `/rbac-policies/${opened.id}`);
    expect(await list('b', '/networks')).toEqual([]);
    expect(await list('b', '/subnets')).toEqual([]);
  });

  test('are what `shared` and `router:external` are short for', async () => {
    const network = await makeNetwork('admin', { shared: true });
    const [wild] = await list('admin', `/rbac-policies?object_id=${network.id}`);
    expect(wild).toMatchObject({ action: 'access_as_shared', target_tenant: '*' });
    await makePort(network, {}, 'b');
    const unshare = { network: { shared: false } };
    expect(await refused('admin', 'PUT', `/networks/${network.id}`, unshare)).toEqual([
      409,
      'InvalidSharedSetting',
    ]);
    await policy('admin', sharing(network, 'b'));
    await world.ok('admin', 'PUT', `/networks/${network.id}`, unshare);
    expect(
      (await list('admin', `/rbac-policies?object_id=${network.id}`)).map((one) => one['target_tenant']),
    ).toEqual(['b']);
    expect(await list('a', '/networks')).toEqual([]);

    const outside = await makeNetwork('admin');
    await policy('admin', sharing(outside, 'b', 'access_as_external'));
    expect((await list('b', '/networks?router:external=True')).map((one) => one.id)).toEqual([outside.id]);
    expect(await list('a', '/networks?router:external=True')).toEqual([]);
    const router = { name: 'r', external_gateway_info: { network_id: outside.id } };
    expect(await refused('a', 'POST', '/routers', { router })).toEqual([404, 'NetworkNotFound']);
    const made = await create('b', 'router', router);
    const [external] = await list('admin', `/rbac-policies?action=access_as_external`);
    expect(await refused('admin', 'DELETE', `/rbac-policies/${external?.id}`)).toEqual([
      409,
      'RbacPolicyInUse',
    ]);
    await world.settled();
    await world.ok('b', 'DELETE', `/routers/${made.id}`);
    await world.settled();
    await world.ok('admin', 'DELETE', `/rbac-policies/${external?.id}`);
    const [after] = await list('admin', `/networks?id=${outside.id}`);
    expect(after).toMatchObject({ 'router:external': false });
  });

  test('leave the subnets of external networks to their owner', async () => {
    const outside = await makeNetwork('admin', { 'router:external': true });
    const subnet = await makeSubnet(outside, {}, 'admin');
    expect((await list('b', '/networks')).map((one) => one['subnets'])).toEqual([[subnet.id]]);
    expect(await list('b', '/subnets')).toEqual([]);
    expect(await refused('b', 'GET', `/subnets/${subnet.id}`)).toEqual([404, 'SubnetNotFound']);
  });

  test('leave one external network the default, and idle floating IPs no reason to keep a network', async () => {
    const outside = await makeNetwork('admin', { 'router:external': true, is_default: true });
    await makeSubnet(outside, {}, 'admin');
    const second = { network: { 'router:external': true, is_default: true } };
    expect(await refused('admin', 'POST', '/networks', second)).toEqual([
      409,
      'DefaultExternalNetworkExists',
    ]);
    const [wild] = await list('admin', '/rbac-policies?action=access_as_external');
    expect(await refused('admin', 'DELETE', `/rbac-policies/${wild?.id}`)).toEqual([409, 'RbacPolicyInUse']);
    await create('b', 'floatingip', { floating_network_id: outside.id });
    await world.ok('admin', 'DELETE', `/networks/${outside.id}`);
    expect(await list('b', '/floatingips')).toEqual([]);
    expect(await list('admin', '/rbac-policies')).toEqual([]);
  });

  test('lend security groups', async () => {
    const group = await create('a', 'security_group', { name: 'lent' });
    const network = await makeNetwork('b');
    const port = { network_id: network.id, security_groups: [group.id] };
    expect(await refused('b', 'POST', '/ports', { port })).toEqual([404, 'SecurityGroupNotFound']);
    const opened = await policy('a', sharing(group, 'b', 'access_as_shared', 'security_group'));
    const made = await create('b', 'port', port);
    expect((await list('b', '/security-groups?shared=True')).map((one) => one.id)).toEqual([group.id]);
    expect(
      await refused('b', 'PUT', `/security-groups/${group.id}`, { security_group: { name: 'x' } }),
    ).toEqual([403, 'PolicyNotAuthorized']);
    expect(await refused('a', 'DELETE', `/rbac-policies/${opened.id}`)).toEqual([409, 'RbacPolicyInUse']);
    await world.ok('b', 'DELETE', `/ports/${made.id}`);
    await world.ok('a', 'DELETE', `/rbac-policies/${opened.id}`);
  });

  test('are refused as neutron does', async () => {
    const network = await makeNetwork('a');
    const hidden = await makeNetwork('b');
    const lent = await makeNetwork('b');
    await policy('b', sharing(lent, 'a'));
    const own = await policy('a', sharing(network, 'b'));
    const body = { rbac_policy: sharing(network, 'c') };
    expect((await world.call('', 'POST', '/rbac-policies', body)).status).toBe(401);
    expect((await world.call('reader', 'POST', '/rbac-policies', body)).status).toBe(403);
    for (const [asked, answer] of [
      [sharing(network, '*'), [403, 'PolicyNotAuthorized']],
      [sharing(network, 'b'), [409, 'DuplicateRbacPolicy']],
      [sharing(hidden, 'a'), [404, 'NetworkNotFound']],
      [sharing(lent, 'c'), [400, 'InvalidInput']],
      [sharing(network, 'c', 'access_as_owner'), [400, 'InvalidActionForType']],
      [sharing(network, 'c', 'access_as_shared', 'router'), [400, 'InvalidInput']],
      [sharing(network, 'c'.repeat(256)), [400, 'HTTPBadRequest']],
    ] as const) {
      expect([asked, await refused('a', 'POST', '/rbac-policies', { rbac_policy: asked })]).toEqual([
        asked,
        answer,
      ]);
    }
    const path = `/rbac-policies/${own.id}`;
    expect(await refused('a', 'PUT', path, { rbac_policy: { target_tenant: '*' } })).toEqual([
      403,
      'PolicyNotAuthorized',
    ]);
    expect(await refused('b', 'GET', path)).toEqual([404, 'RbacPolicyNotFound']);
    expect(await refused('b', 'DELETE', path)).toEqual([404, 'RbacPolicyNotFound']);
    expect(await refused('reader', 'DELETE', path)).toEqual([403, 'PolicyNotAuthorized']);
    await world.ok('admin', 'PUT', '/quotas/a', { quota: { rbac_policy: 1 } });
    expect((await world.ok('a', 'GET', '/quotas/a/details.json'))['quota']).toMatchObject({
      rbac_policy: { limit: 1, used: 1, reserved: 0 },
      subnetpool: { limit: -1, used: 0, reserved: 0 },
    });
    expect(await refused('a', 'POST', '/rbac-policies', body)).toEqual([409, 'OverQuota']);
  });
});
