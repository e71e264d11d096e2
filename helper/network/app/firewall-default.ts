import { randomUUID } from 'node:crypto';
import type { Db } from '../../db/index.ts';
import {
  firewallGroups,
  firewallPolicies,
  firewallRules,
  groupsOfPolicies,
  policiesOfRules,
  rulesOfPolicies,
  setPolicyRules,
  type FirewallGroupRow,
} from '../store/firewall.ts';
import { DEFAULT_GROUP, DEFAULT_POLICIES } from './firewall-common.ts';

/** The default firewall group of a project: everything out, nothing in. In the caller's transaction. */
export function makeDefaultGroup(db: Db, projectId: string, now: number): void {
  const standard = () => ({
    id: randomUUID(),
    project_id: projectId,
    shared: false,
    created_at: now,
    updated_at: now,
    revision: 1,
  });
  const policies: Record<string, string> = {};
  for (const [direction, action] of [
    ['ingress', 'deny'],
    ['egress', 'allow'],
  ] as const) {
    const policy = standard();
    firewallPolicies.insert(db, {
      ...policy,
      name: DEFAULT_POLICIES[direction],
      description: `${direction === 'ingress' ? 'Ingress' : 'Egress'} firewall policy`,
      audited: false,
    });
    const ruleIds = ([4, 6] as const).map((version) => {
      const rule = standard();
      firewallRules.insert(db, {
        ...rule,
        name: `default ${direction} ipv${version}`,
        description: `default ${direction} rule for IPv${version}`,
        enabled: true,
        protocol: null,
        ip_version: version,
        source_ip_address: null,
        destination_ip_address: null,
        source_port: null,
        destination_port: null,
        action,
      });
      return rule.id;
    });
    setPolicyRules(db, policy.id, ruleIds);
    policies[`${direction}_firewall_policy_id`] = policy.id;
  }
  firewallGroups.insert(db, {
    ...standard(),
    name: DEFAULT_GROUP,
    description: 'Default firewall group',
    admin_state_up: true,
    status: 'INACTIVE',
    ...policies,
    is_default: true,
  });
}

/** Policies and rules that came with a default group go with it, where nobody else has them. */
export function removeDefaultPolicies(db: Db, group: FirewallGroupRow): void {
  const ids = [group.ingress_firewall_policy_id, group.egress_firewall_policy_id].flatMap((id) => id ?? []);
  for (const policy of firewallPolicies.byIds(db, ids)) {
    if (!Object.values<string>(DEFAULT_POLICIES).includes(policy.name)) continue;
    if (groupsOfPolicies(db, [policy.id]).length > 0) continue;
    const rules = rulesOfPolicies(db, [policy.id]);
    firewallPolicies.delete(db, policy.id);
    for (const rule of rules)
      if (policiesOfRules(db, [rule.id]).length === 0) firewallRules.delete(db, rule.id);
  }
}
