import type { SecurityGroupRule } from '../../cloud/types.ts';
import type { Messages } from '../../i18n/en/index.ts';

type RuleFacts = Pick<
  SecurityGroupRule,
  | 'direction'
  | 'ethertype'
  | 'protocol'
  | 'port_range_min'
  | 'port_range_max'
  | 'remote_ip_prefix'
  | 'remote_group_id'
  | 'remote_address_group_id'
> & { readonly security_group_id?: string };

/** Names that a sentence needs; an id that has none is shown shortened. */
export interface RuleNames {
  readonly group: (id: string) => string | undefined;
  readonly addressGroup: (id: string) => string | undefined;
}

/** Services that a port number stands for nearly everywhere (IANA's registry). */
const SERVICES: Readonly<Record<string, string>> = {
  'tcp 21': 'FTP',
  'tcp 22': 'SSH',
  'tcp 25': 'SMTP',
  'tcp 53': 'DNS',
  'udp 53': 'DNS',
  'udp 67': 'DHCP',
  'tcp 80': 'HTTP',
  'udp 123': 'NTP',
  'tcp 143': 'IMAP',
  'tcp 389': 'LDAP',
  'tcp 443': 'HTTPS',
  'udp 443': 'QUIC',
  'tcp 1433': 'SQL Server',
  'tcp 2049': 'NFS',
  'tcp 3306': 'MySQL',
  'tcp 3389': 'RDP',
  'tcp 5432': 'PostgreSQL',
  'tcp 5900': 'VNC',
  'tcp 6379': 'Redis',
  'tcp 6443': 'Kubernetes',
  'tcp 8080': 'HTTP',
  'tcp 9090': 'Prometheus',
};

const NUMBERS: Readonly<Record<string, string>> = {
  '1': 'icmp',
  '6': 'tcp',
  '17': 'udp',
  '58': 'ipv6-icmp',
  '132': 'sctp',
};
const PINGS = [8, 128];

/** The protocol by its name, where it has a usual one. */
export const protocolName = (protocol: string): string => {
  const name = NUMBERS[protocol] ?? protocol.toLowerCase();
  return name === 'icmpv6' ? 'ipv6-icmp' : name;
};

/** What a rule lets pass: 'TCP port 22 (SSH)'. */
export function traffic(rule: RuleFacts, m: Messages): string {
  const words = m.securityGroups.traffic;
  const { port_range_min: min, port_range_max: max } = rule;
  if (rule.protocol === null) return words.all(rule.ethertype);
  const name = protocolName(rule.protocol);
  if (name === 'icmp' || name === 'ipv6-icmp') {
    if (min === null) return words.icmp(rule.ethertype);
    return PINGS.includes(min) ? words.ping(rule.ethertype) : words.icmpType(rule.ethertype, min, max);
  }
  if (/^\d+$/.test(name)) return words.protocol(name);
  const upper = name.toUpperCase();
  if (min === null || (min <= 1 && max === 65_535)) return words.allOf(upper);
  if (min !== max && max !== null) return words.ports(upper, min, max);
  return words.port(upper, min, SERVICES[`${name} ${min}`]);
}

/** Whom a rule is about: 'anywhere', '192.0.2.0/24', 'members of web'. */
export function remote(rule: RuleFacts, names: RuleNames, m: Messages): string {
  const words = m.securityGroups.remote;
  if (rule.remote_group_id !== null)
    return rule.remote_group_id === rule.security_group_id
      ? words.self
      : words.group(names.group(rule.remote_group_id) ?? rule.remote_group_id.slice(0, 8));
  if (rule.remote_address_group_id !== null)
    return words.addresses(
      names.addressGroup(rule.remote_address_group_id) ?? rule.remote_address_group_id.slice(0, 8),
    );
  const prefix = rule.remote_ip_prefix;
  return prefix === null || prefix === '0.0.0.0/0' || prefix === '::/0' ? words.anywhere : prefix;
}

/** A rule as a person would say it: 'Allow incoming TCP port 22 (SSH) from anywhere'. */
export const sentence = (rule: RuleFacts, names: RuleNames, m: Messages): string =>
  m.securityGroups.sentence(rule.direction, traffic(rule, m), remote(rule, names, m));

/** Whether a rule lets everybody in everywhere: worth a second look. */
export const isWideOpen = (rule: RuleFacts): boolean =>
  rule.direction === 'ingress' &&
  rule.protocol === null &&
  rule.remote_group_id === null &&
  rule.remote_address_group_id === null &&
  rule.remote_ip_prefix?.endsWith('/0') !== false;

/** In the order in which a person looks for them. */
export const inOrder = (rules: readonly SecurityGroupRule[]): readonly SecurityGroupRule[] =>
  [...rules].sort(
    (a, b) =>
      (a.protocol ?? '').localeCompare(b.protocol ?? '') ||
      (a.port_range_min ?? 0) - (b.port_range_min ?? 0) ||
      a.ethertype.localeCompare(b.ethertype) ||
      (a.remote_ip_prefix ?? '').localeCompare(b.remote_ip_prefix ?? ''),
  );
