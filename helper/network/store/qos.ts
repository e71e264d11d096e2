import { countOf } from './count.ts';
import { statement, type Db } from '../../db/index.ts';
import type { StandardRow } from './row.ts';
import { inJson, table } from './table.ts';

export interface QosPolicyRow extends StandardRow {
  readonly name: string;
  readonly is_default: number;
  readonly tags: string;
}

export type QosRuleType =
  'bandwidth_limit' | 'packet_rate_limit' | 'dscp_marking' | 'minimum_bandwidth' | 'minimum_packet_rate';

/** Rates in kbit/s or 1000 packets/s; bursts in kbit or 1000 packets. What a type does not have is null. */
export interface QosRuleRow extends StandardRow {
  readonly qos_policy_id: string;
  readonly type: QosRuleType;
  readonly direction: 'ingress' | 'egress' | 'any' | null;
  readonly max_kbps: number | null;
  readonly max_burst_kbps: number | null;
  readonly dscp_mark: number | null;
  readonly min_kbps: number | null;
  readonly max_kpps: number | null;
  readonly max_burst_kpps: number | null;
  readonly min_kpps: number | null;
}

export const qosPolicies = table<QosPolicyRow>('qos_policy');
export const qosRules = table<QosRuleRow>('qos_rule');

/** In the order of their creation. */
export const rulesOfQosPolicies = (db: Db, policyIds: readonly string[]): QosRuleRow[] =>
  statement<[string], QosRuleRow>(
    db,
    `SELECT * FROM qos_rule WHERE qos_policy_id IN ${inJson} ORDER BY +seq`,
  ).all(JSON.stringify(policyIds));

export const defaultQosPolicy = (db: Db, projectId: string): QosPolicyRow | undefined =>
  statement<[string], QosPolicyRow>(
    db,
    'SELECT * FROM qos_policy WHERE project_id = ? AND is_default = 1',
  ).get(projectId);

export const countQosPolicies = countOf('qos_policy');

/** What has the policy: networks, ports, floating IPs, gateways of routers. */
export interface QosUser {
  readonly kind: 'network' | 'port' | 'floatingip' | 'router';
  readonly id: string;
  readonly project_id: string;
}

export const usersOfQosPolicy = (db: Db, policyId: string): QosUser[] =>
  statement<[string, string, string, string], QosUser>(
    db,
    `SELECT 'network' AS kind, id, project_id FROM network WHERE qos_policy_id = ?
     UNION ALL SELECT 'port', id, project_id FROM port WHERE qos_policy_id = ?
     UNION ALL SELECT 'floatingip', id, project_id FROM floating_ip WHERE qos_policy_id = ?
     UNION ALL SELECT 'router', id, project_id FROM router WHERE gateway_qos_policy_id = ?`,
  ).all(policyId, policyId, policyId, policyId);

/** Ports for which the policy holds, by themselves or by their network, and which have a place on the host. */
export const portsUnderQosPolicy = (
  db: Db,
  policyId: string,
): { readonly id: string; readonly network_id: string; readonly binding_host: string }[] =>
  statement<[string, string], { id: string; network_id: string; binding_host: string }>(
    db,
    `SELECT p.id, p.network_id, p.binding_host FROM port p WHERE p.qos_policy_id = ?
     UNION ALL
     SELECT p.id, p.network_id, p.binding_host FROM network n JOIN port p ON p.network_id = n.id
      WHERE n.qos_policy_id = ? AND p.qos_policy_id IS NULL AND p.device_owner NOT LIKE 'network:%'`,
  ).all(policyId, policyId);

/** Routers of floating IPs and gateways that have the policy. */
export const routersUnderQosPolicy = (db: Db, policyId: string): string[] =>
  statement<[string, string], { id: string }>(
    db,
    `SELECT router_id AS id FROM floating_ip WHERE qos_policy_id = ? AND router_id IS NOT NULL
     UNION SELECT id FROM router WHERE gateway_qos_policy_id = ?`,
  )
    .all(policyId, policyId)
    .map((row) => row.id);
