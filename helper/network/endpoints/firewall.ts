import { endpoint, type Endpoint } from '../../http/index.ts';
import type { FirewallGroupApp } from '../app/firewall-group.ts';
import type { FirewallPolicyApp } from '../app/firewall-policy.ts';
import type { FirewallRuleApp } from '../app/firewall-rule.ts';
import {
  FirewallGroupCreate,
  FirewallGroupShown,
  FirewallGroupUpdate,
  FirewallPolicyCreate,
  FirewallPolicyShown,
  FirewallPolicyUpdate,
  FirewallRuleCreate,
  FirewallRuleShown,
  FirewallRuleUpdate,
  InsertRule,
  RemoveRule,
} from '../schemas/firewall.ts';
import { crud } from './crud.ts';

const POLICIES = '/fwaas/firewall_policies';

const targetOf = (row: { readonly project_id: string; readonly shared: number }) => ({
  project_id: row.project_id,
  shared: row.shared === 1,
});

/** https://docs.openstack.org/api-ref/network/v2/#fwaas-v2-0-current-fwaas-firewall-groups-firewall-policies-firewall-rules */
export const firewallEndpoints = (
  groups: FirewallGroupApp,
  policies: FirewallPolicyApp,
  rules: FirewallRuleApp,
): readonly Endpoint[] => [
  ...crud({
    single: 'firewall_rule',
    plural: 'firewall_rules',
    path: '/fwaas/firewall_rules',
    create: FirewallRuleCreate,
    update: FirewallRuleUpdate,
    shown: FirewallRuleShown,
    load: (asked, id) => rules.load(asked, id),
    targetOf: (row) => targetOf(row),
    views: (_asked, rows) => rules.views(rows),
    list: (asked) => rules.list(asked),
    make: (asked, bodies) => rules.create(asked, bodies),
    change: (asked, row, body) => rules.update(asked, row, body),
    remove: (_asked, row) => rules.delete(row),
  }),
  ...crud({
    single: 'firewall_policy',
    plural: 'firewall_policies',
    path: POLICIES,
    create: FirewallPolicyCreate,
    update: FirewallPolicyUpdate,
    shown: FirewallPolicyShown,
    load: (asked, id) => policies.load(asked, id),
    targetOf: (row) => targetOf(row),
    views: (_asked, rows) => policies.views(rows),
    list: (asked) => policies.list(asked),
    make: (asked, bodies) => policies.create(asked, bodies),
    change: (asked, row, body) => policies.update(asked, row, body),
    remove: (_asked, row) => policies.delete(row),
  }),
  endpoint({
    id: 'firewall_policies:insert_rule',
    method: 'PUT',
    path: `${POLICIES}/{id}/insert_rule` as '/{id}',
    policy: 'insert_rule',
    body: InsertRule,
    response: FirewallPolicyShown,
    ok: 200,
    target: (context) => {
      const row = policies.load(context, context.params.id);
      return { ...targetOf(row), row };
    },
    handler: (context) => policies.views([policies.insert(context, context.target.row, context.body)])[0],
  }),
  endpoint({
    id: 'firewall_policies:remove_rule',
    method: 'PUT',
    path: `${POLICIES}/{id}/remove_rule` as '/{id}',
    policy: 'remove_rule',
    body: RemoveRule,
    response: FirewallPolicyShown,
    ok: 200,
    target: (context) => {
      const row = policies.load(context, context.params.id);
      return { ...targetOf(row), row };
    },
    handler: (context) => policies.views([policies.remove(context, context.target.row, context.body)])[0],
  }),
  ...crud({
    single: 'firewall_group',
    plural: 'firewall_groups',
    path: '/fwaas/firewall_groups',
    create: FirewallGroupCreate,
    update: FirewallGroupUpdate,
    shown: FirewallGroupShown,
    load: (asked, id) => groups.load(asked, id),
    targetOf: (row) => targetOf(row),
    views: (_asked, rows) => groups.views(rows),
    list: (asked) => groups.list(asked),
    make: (asked, bodies) => groups.create(asked, bodies),
    change: (asked, row, body) => groups.update(asked, row, body),
    remove: (asked, row) => groups.delete(asked, row),
  }),
];
