import { countOf } from './count.ts';
import { statement, type Db } from '../../db/index.ts';
import type { StandardRow } from './row.ts';
import { inJson, table } from './table.ts';

export interface FirewallRuleRow extends StandardRow {
  readonly name: string;
  readonly shared: number;
  readonly enabled: number;
  /** Name or number; null is any. */
  readonly protocol: string | null;
  readonly ip_version: 4 | 6;
  readonly source_ip_address: string | null;
  readonly destination_ip_address: string | null;
  /** '80' or '80:90' */
  readonly source_port: string | null;
  readonly destination_port: string | null;
  readonly action: 'allow' | 'deny' | 'reject';
}

export interface FirewallPolicyRow extends StandardRow {
  readonly name: string;
  readonly shared: number;
  readonly audited: number;
}

export interface FirewallGroupRow extends StandardRow {
  readonly name: string;
  readonly shared: number;
  readonly admin_state_up: number;
  readonly status: string;
  readonly ingress_firewall_policy_id: string | null;
  readonly egress_firewall_policy_id: string | null;
  readonly is_default: number;
}

export const firewallRules = table<FirewallRuleRow>('firewall_rule');
export const firewallPolicies = table<FirewallPolicyRow>('firewall_policy');
export const firewallGroups = table<FirewallGroupRow>('firewall_group');

export const countFirewallRules = countOf('firewall_rule');
export const countFirewallPolicies = countOf('firewall_policy');
export const countFirewallGroups = countOf('firewall_group');

/** Rules of policies, each policy's in their order. */
export const rulesOfPolicies = (
  db: Db,
  policyIds: readonly string[],
): (FirewallRuleRow & { readonly firewall_policy_id: string })[] =>
  statement<[string], FirewallRuleRow & { firewall_policy_id: string }>(
    db,
    `SELECT r.*, p.firewall_policy_id FROM firewall_policy_rule p JOIN firewall_rule r ON r.id = p.firewall_rule_id
      WHERE p.firewall_policy_id IN ${inJson} ORDER BY p.firewall_policy_id, p.position`,
  ).all(JSON.stringify(policyIds));

/** Policies that have one of the rules. */
export const policiesOfRules = (
  db: Db,
  ruleIds: readonly string[],
): { readonly firewall_policy_id: string; readonly firewall_rule_id: string }[] =>
  statement<[string], { firewall_policy_id: string; firewall_rule_id: string }>(
    db,
    `SELECT firewall_policy_id, firewall_rule_id FROM firewall_policy_rule WHERE firewall_rule_id IN ${inJson}`,
  ).all(JSON.stringify(ruleIds));

export function setPolicyRules(db: Db, policyId: string, ruleIds: readonly string[]): void {
  statement<[string]>(db, 'DELETE FROM firewall_policy_rule WHERE firewall_policy_id = ?').run(policyId);
  ruleIds.forEach((ruleId, i) =>
    statement<[string, string, number]>(
      db,
      'INSERT INTO firewall_policy_rule (firewall_policy_id, firewall_rule_id, position) VALUES (?, ?, ?)',
    ).run(policyId, ruleId, i + 1),
  );
}

export const groupsOfPolicies = (db: Db, policyIds: readonly string[]): FirewallGroupRow[] =>
  statement<[string, string], FirewallGroupRow>(
    db,
    `SELECT * FROM firewall_group WHERE ingress_firewall_policy_id IN ${inJson} OR egress_firewall_policy_id IN ${inJson} ORDER BY +seq`,
  ).all(JSON.stringify(policyIds), JSON.stringify(policyIds));

export const defaultFirewallGroup = (db: Db, projectId: string): FirewallGroupRow | undefined =>
  statement<[string], FirewallGroupRow>(
    db,
    'SELECT * FROM firewall_group WHERE project_id = ? AND is_default = 1',
  ).get(projectId);

export interface GroupPort {
  readonly port_id: string;
  readonly firewall_group_id: string;
}

export const portsOfFirewallGroups = (db: Db, groupIds: readonly string[]): GroupPort[] =>
  statement<[string], GroupPort>(
    db,
    `SELECT g.* FROM firewall_group_port g JOIN port p ON p.id = g.port_id
      WHERE g.firewall_group_id IN ${inJson} ORDER BY p.seq`,
  ).all(JSON.stringify(groupIds));

export const firewallGroupsOfPorts = (db: Db, portIds: readonly string[]): GroupPort[] =>
  statement<[string], GroupPort>(db, `SELECT * FROM firewall_group_port WHERE port_id IN ${inJson}`).all(
    JSON.stringify(portIds),
  );

export function setFirewallGroupPorts(db: Db, groupId: string, portIds: readonly string[]): void {
  statement<[string]>(db, 'DELETE FROM firewall_group_port WHERE firewall_group_id = ?').run(groupId);
  for (const portId of portIds)
    statement<[string, string]>(
      db,
      'INSERT INTO firewall_group_port (port_id, firewall_group_id) VALUES (?, ?)',
    ).run(portId, groupId);
}

/** Groups that count as active and have no port any more. */
export const firewallGroupsEmptied = (db: Db): FirewallGroupRow[] =>
  statement<[], FirewallGroupRow>(
    db,
    `SELECT * FROM firewall_group g WHERE status <> 'INACTIVE'
       AND NOT EXISTS (SELECT 1 FROM firewall_group_port p WHERE p.firewall_group_id = g.id)`,
  ).all();

/** Routers whose interfaces are among the ports. */
export const routersOfPorts = (db: Db, portIds: readonly string[]): string[] =>
  statement<[string], { id: string }>(
    db,
    `SELECT DISTINCT r.id AS id FROM port p JOIN router r ON r.id = p.device_id WHERE p.id IN ${inJson} ORDER BY r.seq`,
  )
    .all(JSON.stringify(portIds))
    .map((row) => row.id);

/** Only while the row is as it was read: what was applied may be old already. */
export const setFirewallStatus = (db: Db, row: FirewallGroupRow, status: string): unknown =>
  statement<[string, string, number, string]>(
    db,
    'UPDATE firewall_group SET status = ? WHERE id = ? AND revision = ? AND status <> ?',
  ).run(status, row.id, row.revision, status);
