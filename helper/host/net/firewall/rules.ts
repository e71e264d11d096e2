import { cidrText, idWord, integerWord, network } from '../values.ts';
import type { SecurityRule } from './interface.ts';

/** Protocol names that the network API takes, with their numbers (IANA; names as in Neutron's API reference). */
const PROTOCOLS: Readonly<Record<string, number>> = {
  icmp: 1,
  igmp: 2,
  ipip: 4,
  tcp: 6,
  egp: 8,
  udp: 17,
  dccp: 33,
  'ipv6-encap': 41,
  'ipv6-route': 43,
  'ipv6-frag': 44,
  rsvp: 46,
  gre: 47,
  esp: 50,
  ah: 51,
  icmpv6: 58,
  'ipv6-icmp': 58,
  'ipv6-nonxt': 59,
  'ipv6-opts': 60,
  ospf: 89,
  vrrp: 112,
  pgm: 113,
  sctp: 132,
  udplite: 136,
};

const ICMP = 1;
const ICMPV6 = 58;
/** Protocols whose header begins with source and destination port, with nft's word for each. */
const WITH_PORTS: Readonly<Record<number, string>> = {
  6: 'tcp',
  17: 'udp',
  33: 'dccp',
  132: 'sctp',
  136: 'udplite',
};

function protocolNumber(rule: SecurityRule): number | null {
  const { protocol } = rule;
  if (protocol === null || protocol === 'any' || protocol === '0') return null;
  const number = /^\d{1,3}$/.test(protocol) ? Number(protocol) : PROTOCOLS[protocol];
  if (number === undefined) throw new TypeError(`'${protocol}' is no IP protocol`);
  integerWord(number, 0, 255, 'IP protocol number');
  return number === ICMP && rule.ethertype === 'IPv6' ? ICMPV6 : number;
}

function protocolMatch(rule: SecurityRule): string[] {
  const number = protocolNumber(rule);
  const { portMin, portMax } = rule;
  if (number === null || (portMin === null && portMax === null)) {
    if (portMin !== null || portMax !== null) throw new TypeError('a rule with ports needs a protocol');
    return number === null ? [] : [`meta l4proto ${number}`];
  }
  if (number === ICMP || number === ICMPV6) {
    const name = number === ICMP ? 'icmp' : 'icmpv6';
    if (portMin === null) throw new TypeError('an ICMP code needs an ICMP type');
    const type = `${name} type ${integerWord(portMin, 0, 255, 'ICMP type')}`;
    return portMax === null ? [type] : [type, `${name} code ${integerWord(portMax, 0, 255, 'ICMP code')}`];
  }
  const word = WITH_PORTS[number];
  if (word === undefined) throw new TypeError(`IP protocol ${number} has no ports`);
  const low = integerWord(portMin ?? 0, 0, 65535, 'port');
  const high = integerWord(portMax ?? 65535, 0, 65535, 'port');
  if (low > high) throw new TypeError(`port range ${low}-${high} is upside down`);
  return [low === high ? `${word} dport ${low}` : `${word} dport ${low}-${high}`];
}

/** The set of a group's addresses of one family. */
export const groupSet = (groupId: string, family: 4 | 6): string => `g${family}_${idWord(groupId)}`;

function remoteMatch(rule: SecurityRule): string[] {
  const family = rule.ethertype === 'IPv4' ? 4 : 6;
  const field = `${family === 4 ? 'ip' : 'ip6'} ${rule.direction === 'ingress' ? 'saddr' : 'daddr'}`;
  if (rule.remoteGroupId !== undefined) {
    if (rule.remoteCidr !== undefined)
      throw new TypeError('a rule has a remote network or a remote group, not both');
    return [`${field} @${groupSet(rule.remoteGroupId, family)}`];
  }
  if (rule.remoteCidr === undefined) return [`meta nfproto ipv${family}`];
  const remote = network(rule.remoteCidr);
  if (remote.family !== family) throw new TypeError(`${rule.remoteCidr} is no ${rule.ethertype} network`);
  return remote.prefix === 0 ? [`meta nfproto ipv${family}`] : [`${field} ${cidrText(remote)}`];
}

/**
 * One rule as an nft statement. `return` and not `accept`: the packet still has to pass the other end's port.
 * @throws {TypeError} on what cannot be a rule.
 */
export function ruleText(rule: SecurityRule): string {
  return [...remoteMatch(rule), ...protocolMatch(rule), 'return'].join(' ');
}
