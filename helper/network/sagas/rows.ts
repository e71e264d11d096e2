import type { Db } from '../../db/index.ts';
import type { FirewallChange, GroupMembers, PortFilter } from '../../host/net/firewall/interface.ts';
import type { Shaping } from '../../host/net/link/interface.ts';
import { shapingOf } from '../qos-state.ts';
import { groupMembers, portFilter, type DhcpRows } from '../host-state.ts';
import type { NetworkConfig } from '../config.ts';
import { blocksOfGroups } from '../store/address-group.ts';
import { networks, segments, UNPLACED } from '../store/network.ts';
import {
  addressesOfPorts,
  groupsOfPorts,
  plugs,
  plugsOfNetwork,
  ports,
  portsOfNetwork,
} from '../store/port.ts';
import type { NetworkRow, PlugRow, PortRow, SegmentRow } from '../store/row.ts';
import { groups, memberAddresses, remoteGroupsAmong, rulesOfGroups } from '../store/security-group.ts';
import { rulesOfQosPolicies, type QosRuleRow } from '../store/qos.ts';
import { subnetsOf } from '../store/subnet.ts';
import { groupBy } from '../store/table.ts';

/** A network that exists, with its place on the host. */
export interface LiveNetwork {
  readonly network: NetworkRow;
  readonly segment: SegmentRow;
}

export function liveNetwork(db: Db, networkId: string): LiveNetwork | undefined {
  const network = networks.byId(db, networkId);
  const segment = segments.byId(db, networkId);
  return network === undefined || segment === undefined || segment.released === UNPLACED
    ? undefined
    : { network, segment };
}

/**
 * Everything that a network's DHCP server depends on, in five statements whatever its size. A server's port that is
 * (being) taken off the host is not served: right after that its address may be another port's.
 */
export function dhcpRows(db: Db, live: LiveNetwork): DhcpRows {
  const off = new Set(
    plugsOfNetwork(db, live.network.id).flatMap((plug) => (plug.plugged === 1 ? [] : [plug.port_id])),
  );
  const all = portsOfNetwork(db, live.network.id).filter((port) => !off.has(port.id));
  const ips = addressesOfPorts(
    db,
    all.map((port) => port.id),
  );
  return {
    ...live,
    subnets: subnetsOf(db, live.network.id),
    dhcpPort: all.find((port) => port.device_owner === 'network:dhcp'),
    ports: all,
    ips: groupBy(ips, (ip) => ip.port_id),
  };
}

/** Ports that exist and have (or are to have) a filter. */
export interface PlugState {
  readonly port: PortRow;
  readonly plug: PlugRow;
  /** Limits of its traffic; empty for none. */
  readonly shaping: Shaping;
}

/** Filters of the given ports (those that are gone are left out) and the members of all groups that matter to them. */
export function filtersOf(
  db: Db,
  config: NetworkConfig,
  portIds: readonly string[],
): { readonly filters: PortFilter[]; readonly change: FirewallChange; readonly states: PlugState[] } {
  const rows = ports.byIds(db, portIds);
  const plugRows = new Map(plugs.byIds(db, portIds).map((plug) => [plug.port_id, plug]));
  const ips = groupBy(addressesOfPorts(db, portIds), (ip) => ip.port_id);
  const memberships = groupBy(groupsOfPorts(db, portIds), (one) => one.port_id);
  const groupIds = [...new Set([...memberships.values()].flat().map((one) => one.security_group_id))];
  const groupRows = new Map(groups.byIds(db, groupIds).map((group) => [group.id, group]));
  const rules = groupBy(rulesOfGroups(db, groupIds), (rule) => rule.security_group_id);
  const lives = new Map<string, LiveNetwork>();
  for (const networkId of new Set(rows.map((row) => row.network_id))) {
    const live = liveNetwork(db, networkId);
    if (live !== undefined) lives.set(networkId, live);
  }
  const qos = qosOfPorts(db, rows, lives);
  const filters: PortFilter[] = [];
  const states: PlugState[] = [];
  for (const port of rows) {
    const plug = plugRows.get(port.id);
    const live = lives.get(port.network_id);
    if (plug === undefined || live === undefined) continue;
    const own = (memberships.get(port.id) ?? []).map((one) => one.security_group_id);
    states.push({ port, plug, shaping: shapingOf(qos.get(port.id) ?? []) });
    filters.push(
      portFilter(config, {
        port,
        plug,
        ...live,
        ips: ips.get(port.id) ?? [],
        groups: own.flatMap((id) => groupRows.get(id) ?? []),
        rules: own.flatMap((id) => rules.get(id) ?? []),
        qos: qos.get(port.id) ?? [],
      }),
    );
  }
  const all = [...rules.values()].flat();
  const named = all.flatMap((rule) => rule.remote_group_id ?? []);
  const members = [
    ...membersOf(db, [...new Set([...named, ...remoteGroupsAmong(db, groupIds)])]),
    ...addressesOf(db, [...new Set(all.flatMap((rule) => rule.remote_address_group_id ?? []))]),
  ];
  return { filters, change: { ports: filters, groups: members }, states };
}

/** Rules of the policy that holds for each port: its own, or its network's unless it is the network's own port. */
function qosOfPorts(
  db: Db,
  rows: readonly PortRow[],
  lives: ReadonlyMap<string, LiveNetwork>,
): Map<string, QosRuleRow[]> {
  const policies = new Map<string, string>();
  for (const port of rows) {
    const inherited = port.device_owner.startsWith('network:')
      ? null
      : lives.get(port.network_id)?.network.qos_policy_id;
    const policyId = port.qos_policy_id ?? inherited ?? null;
    if (policyId !== null) policies.set(port.id, policyId);
  }
  if (policies.size === 0) return new Map();
  const rules = groupBy(
    rulesOfQosPolicies(db, [...new Set(policies.values())]),
    (rule) => rule.qos_policy_id,
  );
  return new Map([...policies].map(([portId, policyId]) => [portId, rules.get(policyId) ?? []]));
}

export const membersOf = (db: Db, groupIds: readonly string[]): GroupMembers[] =>
  groupIds.length === 0 ? [] : groupMembers(groupIds, memberAddresses(db, groupIds));

const addressesOf = (db: Db, addressGroupIds: readonly string[]): GroupMembers[] =>
  addressGroupIds.length === 0 ? [] : groupMembers(addressGroupIds, blocksOfGroups(db, addressGroupIds));
