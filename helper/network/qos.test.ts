import { randomUUID } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { transaction } from '../db/index.ts';
import type { FakeHostNetwork } from '../host/net/fake.ts';
import { tapName } from '../host/net/names.ts';
import { fakeRouterTests, type Resource, type RouterTests } from './router-test-support.ts';
import { callers } from './test-support.ts';

let t: RouterTests<FakeHostNetwork>;
beforeEach(async () => {
  t = await fakeRouterTests();
});
afterEach(() => t.world.close());

const POLICIES = '/qos/policies';
const policy = async (body: object = {}): Promise<Resource> =>
  (await t.world.ok('admin', 'POST', POLICIES, { policy: { name: 'p', ...body } }))['policy'] as Resource;
const rule = async (of: Resource, type: string, body: object): Promise<Resource> =>
  (await t.world.ok('admin', 'POST', `${POLICIES}/${of.id}/${type}_rules`, { [`${type}_rule`]: body }))[
    `${type}_rule`
  ] as Resource;
const limit = (of: Resource, direction: string, max_kbps: number) =>
  rule(of, 'bandwidth_limit', { direction, max_kbps, max_burst_kbps: 800 });
const set = (token: string, kind: string, id: string, body: object) =>
  t.world.ok(token, 'PUT', `/${kind}s/${id}`, { [kind]: body });

describe('QoS policies', () => {
  test('have the attributes and rules that neutron shows', async () => {
    const made = await policy({ description: 'd', shared: true, tags: ['x'] });
    expect(made).toEqual({
      id: made.id,
      project_id: 'admins',
      tenant_id: 'admins',
      name: 'p',
      description: 'd',
      shared: true,
      is_default: false,
      rules: [],
      tags: ['x'],
      created_at: made['created_at'],
      updated_at: made['updated_at'],
      revision_number: 1,
    });
    const one = await rule(made, 'bandwidth_limit', { max_kbps: '1000' });
    expect(one).toEqual({ id: one.id, direction: 'egress', max_kbps: 1000, max_burst_kbps: 0 });
    const two = await rule(made, 'dscp_marking', { dscp_mark: 26 });
    const path = `${POLICIES}/${made.id}`;
    expect(await t.show('a', path)).toMatchObject({
      rules: [
        { ...one, type: 'bandwidth_limit', qos_policy_id: made.id },
        { ...two, type: 'dscp_marking', qos_policy_id: made.id },
      ],
    });
    expect(await t.list('reader', `${path}/dscp_marking_rules?dscp_mark=26`)).toEqual([two]);
    const alias = `/qos/alias-bandwidth-limit-rules/${one.id}`;
    await t.world.ok('admin', 'PUT', alias, { alias_bandwidth_limit_rule: { max_kbps: 7 } });
    expect(await t.show('a', `/qos/alias_bandwidth_limit_rules/${one.id}`)).toMatchObject({ max_kbps: 7 });
    expect((await t.refused('a', 'DELETE', alias))[0]).toBe(403);
    expect(await t.refused('admin', 'DELETE', alias)).toEqual([204, undefined]);
    expect(await t.refused('admin', 'GET', alias)).toEqual([404, 'QosRuleNotFound']);
    expect(await t.refused('admin', 'PUT', path, { policy: { shared: false } })).toEqual([200, undefined]);
    expect(await t.refused('a', 'GET', path)).toEqual([404, 'QosPolicyNotFound']);
    expect(await t.list('a', POLICIES)).toEqual([]);
    expect(await t.list('admin', `${POLICIES}?name=p&tags=x`)).toHaveLength(1);
    expect(await t.refused('admin', 'DELETE', path)).toEqual([204, undefined]);
  });

  test('say which rules this host keeps', async () => {
    const types = await t.list('a', '/qos/rule-types');
    expect(types).toEqual([
      { type: 'bandwidth_limit' },
      { type: 'dscp_marking' },
      { type: 'packet_rate_limit' },
    ]);
    expect(await t.list('a', '/qos/rule-types?all_rules=true')).toHaveLength(5);
    expect((await t.refused('a', 'GET', '/qos/rule-types/dscp_marking'))[0]).toBe(403);
    expect(await t.show('admin', '/qos/rule-types/bandwidth_limit')).toMatchObject({
      drivers: [{ name: 'deskcloud' }],
    });
    expect(await t.refused('admin', 'GET', '/qos/rule-types/x')).toEqual([404, 'QosRuleTypeNotFound']);
    expect((await t.refused('', 'GET', '/qos/rule-types'))[0]).toBe(401);
  });

  test('refuse what contradicts itself, and strangers', async () => {
    const made = await policy();
    const post = (type: string, body: object, token = 'admin', id = made.id) =>
      t.refused(token, 'POST', `${POLICIES}/${id}/${type}_rules`, { [`${type}_rule`]: body });
    await limit(made, 'egress', 1000);
    expect(await post('bandwidth_limit', { max_kbps: 1 })).toEqual([409, 'QoSRulesConflict']);
    expect(await post('bandwidth_limit', { max_kbps: 1, direction: 'ingress' })).toEqual([201, undefined]);
    expect(await post('minimum_bandwidth', { min_kbps: 2000 })).toEqual([409, 'QoSRuleParameterConflict']);
    expect(await post('minimum_bandwidth', { min_kbps: 500 })).toEqual([201, undefined]);
    expect(await post('minimum_packet_rate', { min_kpps: 5 })).toEqual([201, undefined]);
    expect(await post('minimum_packet_rate', { min_kpps: 5, direction: 'any' })).toEqual([
      409,
      'QoSRulesConflict',
    ]);
    expect((await post('dscp_marking', { dscp_mark: 58 }))[0]).toBe(400);
    expect((await post('bandwidth_limit', {}))[0]).toBe(400);
    expect(await post('dscp_marking', { dscp_mark: 8 }, 'admin', 'policy')).toEqual([
      404,
      'QosPolicyNotFound',
    ]);
    expect((await post('dscp_marking', { dscp_mark: 8 }, 'a', 'policy'))[0]).toBe(403);
    const network = await t.create('a', 'network', {});
    const give = { network: { qos_policy_id: made.id } };
    expect(await t.refused('admin', 'PUT', `/networks/${network.id}`, give)).toEqual([
      409,
      'QosRuleNotSupportedByNetwork',
    ]);
    expect(await t.refused('a', 'PUT', `/networks/${network.id}`, give)).toEqual([404, 'QosPolicyNotFound']);
    const own = await policy({ project_id: 'a', is_default: true });
    expect(
      await t.refused('admin', 'POST', POLICIES, { policy: { project_id: 'a', is_default: true } }),
    ).toEqual([409, 'QoSPolicyDefaultAlreadyExists']);
    expect(await t.refused('b', 'GET', `${POLICIES}/${own.id}`)).toEqual([404, 'QosPolicyNotFound']);
    for (const [method, path, body] of [
      ['POST', POLICIES, { policy: {} }],
      ['PUT', `${POLICIES}/${own.id}`, { policy: { name: 'x' } }],
      ['DELETE', `${POLICIES}/${own.id}`, undefined],
    ] as const) {
      expect((await t.refused('a', method, path, body))[0]).toBe(403);
      expect((await t.refused('', method, path, body))[0]).toBe(401);
    }
    expect(await t.create('a', 'network', {})).toMatchObject({ qos_policy_id: own.id });
    expect(await t.create('a', 'network', { qos_policy_id: null })).toMatchObject({ qos_policy_id: null });
    expect(await t.refused('admin', 'DELETE', `${POLICIES}/${own.id}`)).toEqual([409, 'QosPolicyInUse']);
  });
});

describe('what a policy holds for', () => {
  const serverId = randomUUID();
  let network: Resource;
  let portId: string;
  beforeEach(async () => {
    const subnet = await t.subnet('a', '10.0.0.0/24');
    network = await t.show('a', `/networks/${String(subnet['network_id'])}`);
    const { db, network: service } = t.world;
    transaction(db, () => {
      const plan = service.face.planNics(db, callers['a']!, [{ uuid: network.id }], undefined);
      service.face.createServerPorts(db, {
        serverId,
        serverName: 's',
        projectId: 'a',
        availabilityZone: 'nova',
        nics: plan.nics,
        securityGroupIds: plan.securityGroupIds,
      });
    });
    await service.face.plugServer(serverId);
    portId = service.face.nicsOf(db, serverId)[0]?.portId ?? '';
  });
  const shaping = () => t.world.host.state.shaping.get(tapName(portId));
  const filter = () => t.world.host.state.filters.get(portId)?.qos;

  test('a port, a network, at once, until it is taken away', async () => {
    const made = await policy();
    await limit(made, 'egress', 1000);
    await set('admin', 'network', network.id, { qos_policy_id: made.id });
    await t.world.settled();
    expect(shaping()).toEqual({ egress: { kbps: 1000, burstKbit: 800 } });
    expect(await t.show('a', `/ports/${portId}`)).toMatchObject({
      qos_policy_id: null,
      qos_network_policy_id: made.id,
    });
    await limit(made, 'ingress', 2000);
    const marking = await rule(made, 'dscp_marking', { dscp_mark: 46 });
    await rule(made, 'packet_rate_limit', { max_kpps: 2, direction: 'ingress' });
    await t.world.settled();
    expect(shaping()).toMatchObject({ ingress: { kbps: 2000, burstKbit: 800 } });
    expect(filter()).toEqual({ dscp: 46, ingress: { packetsPerSecond: 2000, burst: 200 } });
    await t.world.ok('admin', 'PUT', `${POLICIES}/${made.id}/dscp_marking_rules/${marking.id}`, {
      dscp_marking_rule: { dscp_mark: 8 },
    });
    await t.world.settled();
    expect(filter()).toMatchObject({ dscp: 8 });
    const unkept = { minimum_bandwidth_rule: { min_kbps: 1 } };
    expect(
      await t.refused('admin', 'POST', `${POLICIES}/${made.id}/minimum_bandwidth_rules`, unkept),
    ).toEqual([409, 'QosRuleNotSupported']);
    const own = await policy({ project_id: 'a' });
    await limit(own, 'egress', 7);
    await set('a', 'port', portId, { qos_policy_id: own.id });
    await t.world.settled();
    expect([shaping(), filter()]).toEqual([{ egress: { kbps: 7, burstKbit: 800 } }, undefined]);
    expect(await t.refused('admin', 'DELETE', `${POLICIES}/${own.id}`)).toEqual([409, 'QosPolicyInUse']);
    await set('a', 'port', portId, { qos_policy_id: null });
    expect(
      await t.refused('a', 'PUT', `/networks/${network.id}`, { network: { qos_policy_id: null } }),
    ).toEqual([403, 'PolicyRemoveAuthorizationError']);
    await set('admin', 'network', network.id, { qos_policy_id: null });
    await t.world.settled();
    expect([shaping(), filter()]).toEqual([undefined, undefined]);
    expect(t.world.db.prepare('SELECT max(shaped) FROM port_plug').pluck().get()).toBe(0);
    await set('a', 'port', portId, { qos_policy_id: own.id });
    await t.world.settled();
    await t.world.network.face.unplugServer(serverId);
    expect(t.world.host.state.shaping.size).toBe(0);
  });

  test('a floating IP and a gateway', async () => {
    const external = await t.external();
    const made = await policy({ shared: true });
    await limit(made, 'ingress', 1000);
    const router = await t.create('a', 'router', {
      external_gateway_info: { network_id: external.id, qos_policy_id: made.id },
    });
    expect(router).toMatchObject({ external_gateway_info: { qos_policy_id: made.id } });
    const [subnetId] = network['subnets'] as string[];
    await t.world.ok('a', 'PUT', `/routers/${router.id}/add_router_interface`, { subnet_id: subnetId });
    const floating = await t.create('a', 'floatingip', {
      floating_network_id: external.id,
      port_id: portId,
      qos_policy_id: made.id,
    });
    await t.world.settled();
    const shaped = { ingress: { kbps: 1000, burstKbit: 800 } };
    const gateway = t.world.host.state.routers.get(router.id)?.gateway?.addresses[0]?.replace(/\/.*/, '');
    expect(t.world.host.state.routers.get(router.id)?.limits).toEqual([
      { address: gateway, shaping: shaped },
      { address: floating['floating_ip_address'], shaping: shaped },
    ]);
    await set('a', 'floatingip', floating.id, { qos_policy_id: null });
    await set('a', 'router', router.id, {
      external_gateway_info: { network_id: external.id, qos_policy_id: null },
    });
    await t.world.settled();
    expect(t.world.host.state.routers.get(router.id)?.limits).toBeUndefined();
    expect(await t.show('a', `/floatingips/${floating.id}`)).toMatchObject({ qos_policy_id: null });
  });
});
