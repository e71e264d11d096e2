import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { FakeHostNetwork } from '../host/net/fake.ts';
import { fakeRouterTests, type Resource, type RouterTests } from './router-test-support.ts';

let t: RouterTests<FakeHostNetwork>;
let external: Resource;
let subnet: Resource;
let router: Resource;
beforeEach(async () => {
  t = await fakeRouterTests();
  external = await t.external();
  subnet = await t.subnet('a', '10.0.0.0/24');
  router = await t.router('a', external, subnet);
});
afterEach(() => t.world.close());

const made = async (token: string, path: string, single: string, body: object): Promise<Resource> =>
  (await t.world.ok(token, 'POST', path, { [single]: body }))[single] as Resource;
const put = async (token: string, path: string, body: object): Promise<Resource> => {
  const answer = await t.world.ok(token, 'PUT', path, body);
  return (Object.keys(answer).length === 1 ? Object.values(answer)[0] : answer) as Resource;
};
const spec = () => t.world.host.state.routers.get(router.id);

/** Everything that needs a right, asked by those who have none: no token, another project, a reader. */
async function guarded(path: string, single: string, id: string, create: object, update?: object) {
  const changes: (readonly [string, string, object | undefined])[] = [
    ['POST', path, { [single]: create }],
    ['DELETE', `${path}/${id}`, undefined],
    ...(update === undefined ? [] : ([['PUT', `${path}/${id}`, { [single]: update }]] as const)),
  ];
  for (const [method, where, body] of changes) {
    expect((await t.refused('', method, where, body))[0]).toBe(401);
    expect((await t.refused('reader', method, where, body))[0]).toBe(403);
  }
  expect((await t.refused('', 'GET', path))[0]).toBe(401);
  expect((await t.refused('', 'GET', `${path}/${id}`))[0]).toBe(401);
  expect((await t.refused('b', 'GET', `${path}/${id}`))[0]).toBe(404);
  expect((await t.refused('b', 'DELETE', `${path}/${id}`))[0]).toBe(404);
  expect(await t.refused('reader', 'GET', `${path}/${id}`)).toEqual([200, undefined]);
  const plural = await t.list('b', path);
  expect(plural.map((one) => one.id)).not.toContain(id);
}

describe('metering', () => {
  const LABELS = '/metering/metering-labels';
  const RULES = '/metering/metering-label-rules';

  test('counts at the routers of its project', async () => {
    const label = await made('admin', LABELS, 'metering_label', { name: 'l', project_id: 'a' });
    expect(label).toEqual({
      id: label.id,
      name: 'l',
      description: '',
      project_id: 'a',
      tenant_id: 'a',
      shared: false,
    });
    const rule = await made('admin', RULES, 'metering_label_rule', {
      metering_label_id: label.id,
      direction: 'ingress',
      remote_ip_prefix: '10.0.0.7/24',
    });
    expect(rule).toEqual({
      id: rule.id,
      metering_label_id: label.id,
      direction: 'ingress',
      excluded: false,
      remote_ip_prefix: '10.0.0.0/24',
      source_ip_prefix: null,
      destination_ip_prefix: null,
    });
    const two = { metering_label_id: label.id, direction: 'egress', excluded: true };
    await made('admin', RULES, 'metering_label_rule', { ...two, destination_ip_prefix: '192.0.2.0/24' });
    await t.world.settled();
    expect(spec()?.meters).toEqual([
      {
        labelId: label.id,
        rules: [
          { direction: 'ingress', excluded: false, destination: '10.0.0.0/24' },
          { direction: 'egress', excluded: true, destination: '192.0.2.0/24' },
        ],
      },
    ]);
    t.world.host.state.meters.set(label.id, { packets: 3, bytes: 252 });
    const counted = { packets: 3, bytes: 252 };
    expect(await t.show('reader', `${LABELS}/${label.id}/counters`)).toEqual({
      ...counted,
      routers: [{ router_id: router.id, ...counted }],
    });
    expect((await t.refused('b', 'GET', `${LABELS}/${label.id}/counters`))[0]).toBe(404);
    expect((await t.refused('', 'GET', `${LABELS}/${label.id}/counters`))[0]).toBe(401);
    await guarded(LABELS, 'metering_label', label.id, {});
    await guarded(RULES, 'metering_label_rule', rule.id, { ...two, source_ip_prefix: '10.0.0.0/8' });
    expect(await t.list('admin', `${LABELS}?id=33`)).toEqual([]);
    expect(await t.list('admin', `${RULES}?direction=egress&excluded=true`)).toHaveLength(1);
    expect(await t.refused('admin', 'DELETE', `${LABELS}/${label.id}`)).toEqual([204, undefined]);
    await t.world.settled();
    expect(spec()?.meters).toBeUndefined();
    expect(await t.list('admin', RULES)).toEqual([]);
  });

  test('is shared, and refuses what means nothing', async () => {
    const label = await made('admin', LABELS, 'metering_label', { shared: true });
    const post = (body: object) =>
      t.refused('admin', 'POST', RULES, {
        metering_label_rule: { metering_label_id: label.id, direction: 'egress', ...body },
      });
    expect(await post({})).toEqual([400, 'Invalid']);
    expect(await post({ remote_ip_prefix: '10.0.0.0/8', source_ip_prefix: '10.0.0.0/8' })).toEqual([
      400,
      'Invalid',
    ]);
    expect(await post({ source_ip_prefix: '10.0.0.0/8', destination_ip_prefix: '2001:db8::/64' })).toEqual([
      400,
      'Invalid',
    ]);
    expect(await post({ remote_ip_prefix: '10.0.0.0/8' })).toEqual([201, undefined]);
    expect(await post({ remote_ip_prefix: '10.9.0.0/16' })).toEqual([409, 'MeteringLabelRuleOverlaps']);
    expect((await post({ remote_ip_prefix: 'x' }))[0]).toBe(400);
    await t.world.settled();
    expect(spec()?.meters).toHaveLength(1);
  });
});

describe('firewall groups', () => {
  const RULES = '/fwaas/firewall_rules';
  const POLICIES = '/fwaas/firewall_policies';
  const GROUPS = '/fwaas/firewall_groups';
  const rule = (body: object = {}, token = 'a') => made(token, RULES, 'firewall_rule', body);
  const policy = (rules: readonly Resource[], body: object = {}) =>
    made('a', POLICIES, 'firewall_policy', { firewall_rules: rules.map((one) => one.id), ...body });
  const insideOf = async (): Promise<Resource> => {
    const [port] = await t.list('a', `/ports?device_id=${router.id}&device_owner=network:router_interface`);
    return port as Resource;
  };

  test('filter at an interface of a router, as their rules change', async () => {
    const ssh = await rule({ protocol: 'TCP', destination_port: 22, action: 'ALLOW' });
    expect(ssh).toEqual({
      id: ssh.id,
      project_id: 'a',
      tenant_id: 'a',
      name: '',
      description: '',
      shared: false,
      enabled: true,
      firewall_policy_id: null,
      protocol: 'tcp',
      ip_version: 4,
      source_ip_address: null,
      destination_ip_address: null,
      source_port: null,
      destination_port: '22',
      action: 'allow',
    });
    const icmp = await rule({ protocol: 'icmp', ip_version: 6, source_ip_address: '2001:db8::1/64' });
    const off = await rule({ enabled: false, action: 'reject' });
    const ingress = await policy([ssh, off]);
    expect(await t.show('a', `${RULES}/${ssh.id}`)).toMatchObject({ firewall_policy_id: [ingress.id] });
    const port = await insideOf();
    const group = await made('a', GROUPS, 'firewall_group', {
      name: 'g',
      ports: [port.id],
      ingress_firewall_policy_id: ingress.id,
    });
    expect(group).toEqual({
      id: group.id,
      project_id: 'a',
      tenant_id: 'a',
      name: 'g',
      description: '',
      shared: false,
      admin_state_up: true,
      status: 'PENDING_CREATE',
      ports: [port.id],
      ingress_firewall_policy_id: ingress.id,
      egress_firewall_policy_id: null,
    });
    await t.world.settled();
    const path = `${GROUPS}/${group.id}`;
    expect(await t.show('a', path)).toMatchObject({ status: 'ACTIVE' });
    const allow = { ipVersion: 4, protocol: 6, destinationPorts: { first: 22, last: 22 }, action: 'allow' };
    expect(spec()?.firewalls).toEqual([{ portId: port.id, ingress: [allow], egress: [] }]);

    expect(
      await put('a', `${POLICIES}/${ingress.id}/insert_rule`, {
        firewall_rule_id: icmp.id,
        insert_before: off.id,
      }),
    ).toMatchObject({ firewall_rules: [ssh.id, icmp.id, off.id], audited: false });
    await put('a', `${RULES}/${ssh.id}`, { firewall_rule: { destination_port: '80:90' } });
    await t.world.settled();
    expect(spec()?.firewalls?.[0]?.ingress).toEqual([
      { ...allow, destinationPorts: { first: 80, last: 90 } },
      { ipVersion: 6, protocol: 58, source: '2001:db8::/64', action: 'deny' },
    ]);
    await put('a', `${POLICIES}/${ingress.id}/remove_rule`, { firewall_rule_id: ssh.id });
    await t.world.settled();
    expect(spec()?.firewalls?.[0]?.ingress).toHaveLength(1);
    expect(await put('a', path, { firewall_group: { admin_state_up: false } })).toMatchObject({
      status: 'PENDING_UPDATE',
    });
    await t.world.settled();
    expect(await t.show('a', path)).toMatchObject({ status: 'DOWN' });
    expect(spec()?.firewalls).toEqual([{ portId: port.id, ingress: [], egress: [] }]);
    await put('a', path, { firewall_group: { ports: [] } });
    await t.world.settled();
    expect(await t.show('a', path)).toMatchObject({ status: 'INACTIVE', ports: [] });
    expect(spec()?.firewalls).toBeUndefined();
    await put('a', path, { firewall_group: { ports: [port.id], admin_state_up: true } });
    await t.world.settled();
    await t.world.ok('a', 'PUT', `/routers/${router.id}/remove_router_interface`, { subnet_id: subnet.id });
    expect(await t.show('a', path)).toMatchObject({ status: 'INACTIVE', ports: [] });
    expect(await t.refused('a', 'DELETE', path)).toEqual([204, undefined]);
    expect(await t.refused('a', 'DELETE', `${RULES}/${icmp.id}`)).toEqual([409, 'FirewallRuleInUse']);
    expect(await t.refused('a', 'DELETE', `${POLICIES}/${ingress.id}`)).toEqual([204, undefined]);
    expect(await t.refused('a', 'DELETE', `${RULES}/${icmp.id}`)).toEqual([204, undefined]);
  });

  test('are refused as neutron does', async () => {
    const post = (body: object) => t.refused('a', 'POST', RULES, { firewall_rule: body });
    expect(await post({ destination_port: 1 })).toEqual([400, 'FirewallRuleWithPortWithoutProtocolInvalid']);
    expect(await post({ protocol: 'icmp', source_port: 1 })).toEqual([
      400,
      'FirewallRuleInvalidICMPParameter',
    ]);
    expect(await post({ source_ip_address: '::1' })).toEqual([400, 'FirewallIpAddressConflict']);
    expect(await post({ protocol: 'nope' })).toEqual([400, 'FirewallRuleInvalidProtocol']);
    expect(await post({ protocol: 'tcp', source_port: '9:8' })).toEqual([
      400,
      'FirewallRuleInvalidPortValue',
    ]);
    expect((await post({ action: 'shout' }))[0]).toBe(400);
    const one = await rule();
    const both = await policy([one]);
    const insert = (body: object) => t.refused('a', 'PUT', `${POLICIES}/${both.id}/insert_rule`, body);
    expect(await insert({ firewall_rule_id: one.id })).toEqual([409, 'FirewallRuleAlreadyAssociated']);
    expect(await insert({})).toEqual([400, 'FirewallRuleInfoMissing']);
    const two = await rule();
    expect(await insert({ firewall_rule_id: two.id, insert_after: two.id })).toEqual([
      400,
      'FirewallRuleNotAssociatedWithPolicy',
    ]);
    const gone = { firewall_rule_id: two.id };
    const remove = `${POLICIES}/${both.id}/remove_rule`;
    expect(await t.refused('a', 'PUT', remove, gone)).toEqual([400, 'FirewallRuleNotAssociatedWithPolicy']);
    expect((await t.refused('reader', 'PUT', remove, gone))[0]).toBe(403);
    expect((await t.refused('b', 'PUT', remove, gone))[0]).toBe(404);
    const group = (body: object, token = 'a') => t.refused(token, 'POST', GROUPS, { firewall_group: body });
    expect(await group({ name: 'default' })).toEqual([409, 'FirewallDefaultParameterExists']);
    expect(await group({ ports: [(await t.port('a', subnet)).id] })).toEqual([
      409,
      'FirewallGroupPortInvalid',
    ]);
    const port = await insideOf();
    expect(await group({ ports: [port.id] }, 'b')).toEqual([404, 'PortNotFound']);
    expect(await group({ ingress_firewall_policy_id: both.id }, 'b')).toEqual([
      404,
      'FirewallPolicyConflict',
    ]);
    expect(await group({ ports: [port.id] })).toEqual([201, undefined]);
    expect(await group({ ports: [port.id] })).toEqual([409, 'FirewallGroupPortInUse']);
    expect(await group({ shared: true })).toEqual([403, 'PolicyNotAuthorized']);
    await t.world.ok('admin', 'PUT', '/quotas/a', { quota: { firewall_group: 1 } });
    expect(await group({})).toEqual([409, 'OverQuota']);
  });

  test('a default group goes, and a policy of it that another group has stays', async () => {
    const [group] = await t.list('a', GROUPS);
    const [ingress] = await t.list('a', `${POLICIES}?name=default%20ingress`);
    await made('a', GROUPS, 'firewall_group', { ingress_firewall_policy_id: ingress?.id });
    await t.world.ok('admin', 'DELETE', `${GROUPS}/${group?.id}`);
    const kept = await t.show('a', `${POLICIES}/${ingress?.id}`);
    expect(kept).toMatchObject({ name: 'default ingress', project_id: 'a' });
    expect(await t.list('admin', `${RULES}?project_id=a`)).toHaveLength(2);
  });

  test('come with a default group, are shared by admins, and belong to their projects', async () => {
    const groups = await t.list('a', GROUPS);
    expect(groups).toMatchObject([{ name: 'default', status: 'INACTIVE', project_id: 'a' }]);
    expect(await t.list('a', RULES)).toHaveLength(4);
    const path = `${GROUPS}/${groups[0]?.id}`;
    expect(await t.refused('a', 'DELETE', path)).toEqual([409, 'FirewallGroupCannotRemoveDefault']);
    expect(await t.refused('a', 'PUT', path, { firewall_group: { description: 'x' } })).toEqual([
      409,
      'FirewallDefaultObjectUpdateRestricted',
    ]);
    const [ingress] = await t.list('a', `${POLICIES}?name=default%20ingress`);
    const policyPath = `${POLICIES}/${ingress?.id}`;
    expect(await t.refused('a', 'PUT', policyPath, { firewall_policy: { name: 'x' } })).toEqual([
      409,
      'FirewallDefaultObjectUpdateRestricted',
    ]);
    const shared = await rule({ shared: true, project_id: 'admins' }, 'admin');
    expect(await t.refused('a', 'GET', `${RULES}/${shared.id}`)).toEqual([200, undefined]);
    expect((await t.refused('a', 'DELETE', `${RULES}/${shared.id}`))[0]).toBe(403);
    const own = await rule();
    await guarded(RULES, 'firewall_rule', own.id, {}, {});
    await guarded(POLICIES, 'firewall_policy', (await policy([own, shared])).id, {}, {});
    await guarded(GROUPS, 'firewall_group', (await made('a', GROUPS, 'firewall_group', {})).id, {}, {});
    expect(await t.refused('admin', 'DELETE', path)).toEqual([204, undefined]);
    expect(await t.list('admin', `${RULES}?project_id=a`)).toHaveLength(1);
  });
});
