import type { NetContext } from '../context.ts';
import {
  address,
  cidrText,
  deviceWord,
  disjoint,
  idWord,
  integerWord,
  linkLocal,
  macWord,
  network,
  type Cidr,
} from '../values.ts';
import type { GroupMembers, PacketRate, PortFilter } from './interface.ts';
import { groupSet, ruleText } from './rules.ts';

/**
 * The texts of the rulesets: pure functions, so that tests hold them as golden texts.
 *
 * Every text may be loaded again and again (`add` of what is there is no error, chains are flushed before they are
 * filled), and is one transaction.
 */

type Table = Pick<NetContext, 'table' | 'groups'>;

export const fromChain = (portId: string): string => `from_${idWord(portId)}`;
export const toChain = (portId: string): string => `to_${idWord(portId)}`;
export const egressChain = (portId: string): string => `egress_${idWord(portId)}`;
export const ingressChain = (portId: string): string => `ingress_${idWord(portId)}`;

const hex = (mark: number): string => `0x${mark.toString(16).padStart(8, '0')}`;
/** The mark of the port a packet comes from is in the upper half of the packet's mark, that of its goal in the lower. */
export const sourceMark = (mark: number): string => hex(integerWord(mark, 1, 0xffff, 'port mark') * 0x10000);
export const goalMark = (mark: number): string => hex(integerWord(mark, 1, 0xffff, 'port mark'));

function chain(family: 'bridge' | 'inet', table: string, name: string, rules: readonly string[]): string[] {
  return [
    `add chain ${family} ${table} ${name}`,
    `flush chain ${family} ${table} ${name}`,
    ...rules.map((rule) => `add rule ${family} ${table} ${name} ${rule}`),
  ];
}

function baseChain(
  family: 'bridge' | 'inet',
  table: string,
  name: string,
  hook: string,
  rules: readonly string[],
): string[] {
  return [
    `add chain ${family} ${table} ${name} { type ${hook}; policy accept; }`,
    `flush chain ${family} ${table} ${name}`,
    ...rules.map((rule) => `add rule ${family} ${table} ${name} ${rule}`),
  ];
}

/** Tables, hooks, maps. Replaces the hooks' rules and keeps the maps' elements. */
export function baseText({ table, groups }: Table): string {
  const ours = `{ ${groups.guest}, ${groups.trusted}, ${groups.closed} }`;
  return `${[
    `add table bridge ${table}`,
    `add map bridge ${table} sources { type ifname : verdict; }`,
    `add map bridge ${table} destinations { type ifname : verdict; }`,
    `add set bridge ${table} external_taps { type ifname; }`,
    // Before the bridge learns an address and before br_netfilter (priority 0) hands the packet to inet.
    ...baseChain('bridge', table, 'prerouting', 'filter hook prerouting priority -300', [
      `iifgroup ${groups.closed} drop`,
      `iifgroup { ${groups.trusted}, ${groups.external} } meta mark set 0`,
      'iifname vmap @sources',
      `iifgroup ${groups.guest} drop`,
    ]),
    // Before br_netfilter's forward hook (priority -1).
    ...baseChain('bridge', table, 'forward', 'filter hook forward priority -10', [
      'oifname vmap @destinations',
      `oifgroup ${groups.guest} drop`,
    ]),
    ...baseChain('bridge', table, 'input', 'filter hook input priority -10', [
      'iifname @external_taps accept',
      `iifgroup ${ours} drop`,
    ]),
    ...baseChain('bridge', table, 'output', 'filter hook output priority -10', [
      'oifname @external_taps accept',
      `oifgroup ${ours} drop`,
    ]),
    `add table inet ${table}`,
    `add set inet ${table} bridges { type ifname; }`,
    `add set inet ${table} tenant_bridges { type ifname; }`,
    `add map inet ${table} zones { typeof iifname : ct zone; }`,
    `add map inet ${table} egress { type mark : verdict; }`,
    `add map inet ${table} ingress { type mark : verdict; }`,
    ...chain('inet', table, 'ports', [
      'meta mark & 0xffff0000 vmap @egress',
      'meta mark & 0x0000ffff vmap @ingress',
    ]),
    ...baseChain('inet', table, 'prerouting', 'filter hook prerouting priority -300', [
      'ct zone set iifname map @zones',
    ]),
    ...baseChain('inet', table, 'forward', 'filter hook forward priority -10', [
      'iifname @bridges jump ports',
    ]),
    ...baseChain('inet', table, 'input', 'filter hook input priority -10', [
      'iifname @tenant_bridges drop',
      'iifname @bridges meta mark & 0xffff0000 vmap @egress',
    ]),
    // A translation to the same address, made before anybody else's: Docker's and others' NAT rules see tenants'
    // packets too and must not translate an address that happens to be theirs.
    ...baseChain('inet', table, 'nat_prerouting', 'nat hook prerouting priority -110', [
      'iifname @tenant_bridges meta nfproto ipv4 dnat ip to ip daddr',
      'iifname @tenant_bridges meta nfproto ipv6 dnat ip6 to ip6 daddr',
    ]),
    ...baseChain('inet', table, 'nat_postrouting', 'nat hook postrouting priority 90', [
      'oifname @tenant_bridges meta nfproto ipv4 snat ip to ip saddr',
      'oifname @tenant_bridges meta nfproto ipv6 snat ip6 to ip6 saddr',
    ]),
  ].join('\n')}\n`;
}

export function bridgeText({ table }: Table, bridge: string, zone: number): string {
  const name = `"${deviceWord(bridge)}"`;
  return `${[
    // The element may be there with another zone, which 'add' would refuse: make sure of it, take it, put it anew.
    `add element inet ${table} bridges { ${name} }`,
    `add element inet ${table} tenant_bridges { ${name} }`,
    `add element inet ${table} zones { ${name} : ${integerWord(zone, 1, 0xffff, 'conntrack zone')} }`,
  ].join('\n')}\n`;
}

export function removeBridgeText({ table }: Table, bridge: string): string {
  const name = `"${deviceWord(bridge)}"`;
  // Added first, so that deleting what is not there is no error.
  return `${['bridges', 'tenant_bridges']
    .flatMap((set) => [
      `add element inet ${table} ${set} { ${name} }`,
      `delete element inet ${table} ${set} { ${name} }`,
    ])
    .join('\n')}\n`;
}

interface Owned {
  readonly macs: readonly string[];
  readonly v4: readonly string[];
  readonly v6: readonly string[];
  /** Null when a pair allows a whole network, whose members cannot be listed. */
  readonly advertised: readonly string[] | null;
}

/** The pairs 'MAC . address' that a port may use, one family, without overlaps. */
function pairs(byMac: ReadonlyMap<string, readonly Cidr[]>, family: 4 | 6): string[] {
  return [...byMac].flatMap(([mac, all]) =>
    disjoint(all.filter((one) => one.family === family)).map((one) => `${mac} . ${cidrText(one)}`),
  );
}

function owned(port: PortFilter): Owned {
  const byMac = new Map<string, Cidr[]>();
  const allow = (mac: string, cidr: Cidr): void => {
    const list = byMac.get(mac) ?? [linkLocal(mac)];
    list.push(cidr);
    byMac.set(mac, list);
  };
  const own = macWord(port.macAddress);
  byMac.set(own, [linkLocal(own)]);
  for (const ip of port.fixedIps) allow(own, address(ip));
  for (const pair of port.allowedAddressPairs) allow(macWord(pair.mac), network(pair.ip));
  const six = disjoint([...byMac.values()].flat().filter((one) => one.family === 6));
  return {
    macs: [...byMac.keys()],
    v4: pairs(byMac, 4),
    v6: pairs(byMac, 6),
    advertised: six.every((one) => one.prefix === 128)
      ? six.map((one) => `0x${one.value.toString(16).padStart(32, '0')}`)
      : null,
  };
}

const set = (elements: readonly string[]): string => `{ ${elements.join(', ')} }`;

function overRate(rate: PacketRate | undefined): string[] {
  if (rate === undefined) return [];
  const each = integerWord(rate.packetsPerSecond, 1, 0xffffffff, 'packet rate');
  const burst = integerWord(rate.burst, 1, 0xffffffff, 'burst of packets');
  return [`limit rate over ${each}/second burst ${burst} packets drop`];
}

function marking(dscp: number | undefined): string[] {
  if (dscp === undefined) return [];
  const value = integerWord(dscp, 0, 63, 'DSCP');
  return [`ip dscp set ${value}`, `ip6 dscp set ${value}`];
}

/** What a guest may send at all: judged before the bridge learns from it, and never by connection (S22–S24). */
function fromRules(port: PortFilter): string[] {
  const mark = `meta mark set ${sourceMark(port.mark)}`;
  const first = [...overRate(port.qos?.egress), mark, ...marking(port.qos?.dscp)];
  if (!port.portSecurity) return [...first, 'accept'];
  const { macs, v4, v6, advertised } = owned(port);
  return [
    ...first,
    // Reads the frame itself: also a tagged frame, whose tag the kernel has taken aside, is none of the three.
    'ether type != { ip, ip6, arp } drop',
    `ether saddr != ${set(macs)} drop`,
    ...(v4.length === 0 ? [] : [`ether type arp arp saddr ether . arp saddr ip ${set(v4)} accept`]),
    // Address conflict detection (RFC 5227) asks with no sender address.
    `ether type arp arp operation request arp saddr ip 0.0.0.0 arp saddr ether ${set(macs)} accept`,
    'ether type arp drop',
    'ip saddr 0.0.0.0 udp sport 68 udp dport 67 accept',
    'ip protocol udp udp sport 67 drop',
    'ip protocol udp udp dport 68 drop',
    ...(v4.length === 0 ? [] : [`ether saddr . ip saddr ${set(v4)} accept`]),
    'ether type ip drop',
    'icmpv6 type { 134, 137 } drop',
    'ether type ip6 udp sport 547 drop',
    'ether type ip6 udp dport 546 drop',
    ...(advertised === null ? [] : [`icmpv6 type 136 @th,64,128 != ${set(advertised)} drop`]),
    'ip6 saddr :: icmpv6 type { 131, 133, 135, 143 } accept',
    `ether saddr . ip6 saddr ${set(v6)} accept`,
    'drop',
  ];
}

/** What reaches a guest at all: no frame that is another's (S33), nothing that would pass by the inet hooks. */
function toRules(port: PortFilter): string[] {
  const mark = `meta mark set meta mark & 0xffff0000 | ${goalMark(port.mark)}`;
  const first = [...overRate(port.qos?.ingress), mark];
  if (!port.portSecurity) return [...first, 'accept'];
  return [
    ...first,
    'ether type != { ip, ip6, arp } drop',
    `ether daddr & 01:00:00:00:00:00 == 00:00:00:00:00:00 ether daddr != ${set(owned(port).macs)} drop`,
    'accept',
  ];
}

const CONNECTIONS = [
  'ct state invalid drop',
  'ct state related return',
  'ct direction reply ct state established return',
  'meta l4proto tcp ct state new tcp flags & (fin | syn | rst | ack) != syn drop',
];

function egressRules(port: PortFilter): string[] {
  if (!port.portSecurity) return [];
  return [
    'meta nfproto ipv4 udp sport 68 udp dport 67 return',
    // Once more, since here fragments have been put together (RFC 7113 for the advertisements).
    'meta nfproto ipv4 udp sport 67 drop',
    'meta nfproto ipv4 udp dport 68 drop',
    'icmpv6 type { 134, 137 } drop',
    'meta nfproto ipv6 udp sport 547 drop',
    'meta nfproto ipv6 udp dport 546 drop',
    'icmpv6 type { 130, 131, 132, 133, 135, 136, 143 } return',
    'meta nfproto ipv6 udp sport 546 udp dport 547 return',
    ...(port.stateful ? CONNECTIONS : []),
    ...port.rules.filter((rule) => rule.direction === 'egress').map(ruleText),
    'drop',
  ];
}

function ingressRules(port: PortFilter): string[] {
  if (!port.portSecurity) return [];
  return [
    'meta nfproto ipv4 udp sport 67 udp dport 68 return',
    'icmpv6 type { 130, 131, 132, 134, 135, 136, 143 } return',
    'meta nfproto ipv6 udp sport 547 udp dport 546 return',
    ...(port.stateful ? CONNECTIONS : []),
    ...port.rules.filter((rule) => rule.direction === 'ingress').map(ruleText),
    'drop',
  ];
}

/** Replaces one port's filter. */
export function portText({ table }: Table, port: PortFilter): string {
  const { portId } = port;
  const tap = `"${deviceWord(port.tapName)}"`;
  const bridge = `"${deviceWord(port.bridgeName)}"`;
  const groups = port.rules.flatMap((rule) => (rule.remoteGroupId === undefined ? [] : [rule.remoteGroupId]));
  return `${[
    ...[...new Set(groups)].flatMap((group) => groupLines(table, group)),
    ...chain('bridge', table, fromChain(portId), fromRules(port)),
    ...chain('bridge', table, toChain(portId), toRules(port)),
    ...chain('inet', table, egressChain(portId), egressRules(port)),
    ...chain('inet', table, ingressChain(portId), ingressRules(port)),
    `add element inet ${table} bridges { ${bridge} }`,
    ...(port.hostAccess === true
      ? [`add element bridge ${table} external_taps { ${tap} }`]
      : [
          `add element inet ${table} tenant_bridges { ${bridge} }`,
          `add element inet ${table} zones { ${bridge} : ${integerWord(port.zone, 1, 0xffff, 'conntrack zone')} }`,
        ]),
    `add element inet ${table} egress { ${sourceMark(port.mark)} : jump ${egressChain(portId)} }`,
    `add element inet ${table} ingress { ${goalMark(port.mark)} : jump ${ingressChain(portId)} }`,
    `add element bridge ${table} destinations { ${tap} : jump ${toChain(portId)} }`,
    `add element bridge ${table} sources { ${tap} : jump ${fromChain(portId)} }`,
  ].join('\n')}\n`;
}

/** @param port what the kernel has: the elements to take are named by tap and mark */
export function removePortText(
  { table }: Table,
  port: { readonly portId: string; readonly tapName: string; readonly mark: number },
): string {
  const { portId } = port;
  const tap = `"${deviceWord(port.tapName)}"`;
  return `${[
    `add element bridge ${table} external_taps { ${tap} }`,
    `delete element bridge ${table} external_taps { ${tap} }`,
    `delete element bridge ${table} sources { ${tap} }`,
    `delete element bridge ${table} destinations { ${tap} }`,
    `delete element inet ${table} egress { ${sourceMark(port.mark)} }`,
    `delete element inet ${table} ingress { ${goalMark(port.mark)} }`,
    `delete chain bridge ${table} ${fromChain(portId)}`,
    `delete chain bridge ${table} ${toChain(portId)}`,
    `delete chain inet ${table} ${egressChain(portId)}`,
    `delete chain inet ${table} ${ingressChain(portId)}`,
  ].join('\n')}\n`;
}

function groupLines(table: string, groupId: string): string[] {
  return [
    `add set inet ${table} ${groupSet(groupId, 4)} { type ipv4_addr; flags interval; }`,
    `add set inet ${table} ${groupSet(groupId, 6)} { type ipv6_addr; flags interval; }`,
  ];
}

/** Replaces a group's members. */
export function groupText({ table }: Table, group: GroupMembers): string {
  const lines = groupLines(table, group.groupId);
  for (const family of [4, 6] as const) {
    const name = groupSet(group.groupId, family);
    const members = disjoint((family === 4 ? group.v4 : group.v6).map(network));
    if (members.some((member) => member.family !== family))
      throw new TypeError('a member of the wrong IP family');
    lines.push(`flush set inet ${table} ${name}`);
    if (members.length > 0) lines.push(`add element inet ${table} ${name} ${set(members.map(cidrText))}`);
  }
  return `${lines.join('\n')}\n`;
}

export function removeGroupText({ table }: Table, groupId: string): string {
  return `${[
    ...groupLines(table, groupId),
    `delete set inet ${table} ${groupSet(groupId, 4)}`,
    `delete set inet ${table} ${groupSet(groupId, 6)}`,
  ].join('\n')}\n`;
}
