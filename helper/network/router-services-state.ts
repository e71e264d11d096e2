import type { Db } from '../db/index.ts';
import type {
  FirewallRule,
  Meter,
  MeterRule,
  PortSpan,
  RouterFirewall,
  RouterInterface,
} from '../host/net/router/interface.ts';
import { numberOf } from './protocol.ts';
import {
  firewallGroups,
  firewallGroupsOfPorts,
  rulesOfPolicies,
  type FirewallGroupRow,
  type FirewallRuleRow,
} from './store/firewall.ts';
import {
  labelsAtProject,
  rulesOfLabels,
  type MeteringLabelRow,
  type MeteringLabelRuleRow,
} from './store/metering.ts';
import { groupBy } from './store/table.ts';

/** The firewall group of one port, with its rules in their order. */
export interface FirewallRows {
  readonly portId: string;
  readonly group: FirewallGroupRow;
  readonly ingress: readonly FirewallRuleRow[];
  readonly egress: readonly FirewallRuleRow[];
}

export interface MeterRows {
  readonly label: MeteringLabelRow;
  readonly rules: readonly MeteringLabelRuleRow[];
}

/** Groups of the ports that have one. */
export function firewallRows(db: Db, portIds: readonly string[]): FirewallRows[] {
  const members = firewallGroupsOfPorts(db, portIds);
  if (members.length === 0) return [];
  const groups = new Map(
    firewallGroups
      .byIds(
        db,
        members.map((one) => one.firewall_group_id),
      )
      .map((group) => [group.id, group]),
  );
  const policyIds = [...groups.values()].flatMap((group) =>
    [group.ingress_firewall_policy_id, group.egress_firewall_policy_id].flatMap((id) => id ?? []),
  );
  const rules = groupBy(rulesOfPolicies(db, policyIds), (rule) => rule.firewall_policy_id);
  return members.flatMap(({ port_id, firewall_group_id }) => {
    const group = groups.get(firewall_group_id);
    if (group === undefined) return [];
    return [
      {
        portId: port_id,
        group,
        ingress: rules.get(group.ingress_firewall_policy_id ?? '') ?? [],
        egress: rules.get(group.egress_firewall_policy_id ?? '') ?? [],
      },
    ];
  });
}

/** Labels at a project's routers that have a rule. */
export function meterRows(db: Db, projectId: string): MeterRows[] {
  const labels = labelsAtProject(db, projectId);
  if (labels.length === 0) return [];
  const rules = groupBy(
    rulesOfLabels(
      db,
      labels.map((label) => label.id),
    ),
    (rule) => rule.metering_label_id,
  );
  return labels.flatMap((label) => {
    const own = rules.get(label.id);
    return own === undefined ? [] : [{ label, rules: own }];
  });
}

/** A group that is administratively down, or has no policy for a direction, lets nothing through. */
export function routerFirewalls(
  rows: readonly FirewallRows[],
  interfaces: readonly RouterInterface[],
): RouterFirewall[] {
  const here = new Set(interfaces.map((one) => one.portId));
  return rows
    .filter((row) => here.has(row.portId))
    .map(({ portId, group, ingress, egress }) => {
      const up = group.admin_state_up === 1;
      const rules = (list: readonly FirewallRuleRow[]): FirewallRule[] =>
        up ? list.filter((rule) => rule.enabled === 1).map(firewallRule) : [];
      return { portId, ingress: rules(ingress), egress: rules(egress) };
    });
}

function firewallRule(row: FirewallRuleRow): FirewallRule {
  const number = row.protocol === null ? null : numberOf(row.protocol);
  return {
    ipVersion: row.ip_version,
    // ICMP of the rule's own version, as neutron's driver takes it.
    protocol: number === 1 && row.ip_version === 6 ? 58 : number,
    ...(row.source_ip_address === null ? {} : { source: row.source_ip_address }),
    ...(row.destination_ip_address === null ? {} : { destination: row.destination_ip_address }),
    ...(row.source_port === null ? {} : { sourcePorts: spanOf(row.source_port) }),
    ...(row.destination_port === null ? {} : { destinationPorts: spanOf(row.destination_port) }),
    action: row.action,
  };
}

function spanOf(text: string): PortSpan {
  const [first = 0, last = first] = text.split(':').map(Number);
  return { first, last };
}

export const meter = ({ label, rules }: MeterRows): Meter => ({
  labelId: label.id,
  rules: rules.map(meterRule),
});

function meterRule(row: MeteringLabelRuleRow): MeterRule {
  const inside = row.remote_ip_prefix;
  const source = row.source_ip_prefix ?? (row.direction === 'egress' ? inside : null);
  const destination = row.destination_ip_prefix ?? (row.direction === 'ingress' ? inside : null);
  return {
    direction: row.direction,
    excluded: row.excluded === 1,
    ...(source === null ? {} : { source }),
    ...(destination === null ? {} : { destination }),
  };
}
