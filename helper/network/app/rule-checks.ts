import { badRequest } from '../../errors/error.ts';
import type { SecurityGroupRuleRow } from '../store/row.ts';
import { PROTOCOLS, numberOf } from '../protocol.ts';
import { formatAddress, formatBlock, parseAddress, parseBlock } from './address.ts';

/** A rule as its row has it, without identity. */
export type RuleContents = Pick<
  SecurityGroupRuleRow,
  | 'direction'
  | 'ethertype'
  | 'protocol'
  | 'port_range_min'
  | 'port_range_max'
  | 'remote_ip_prefix'
  | 'normalized_cidr'
  | 'remote_group_id'
  | 'remote_address_group_id'
>;

const WITH_PORTS = new Set([6, 17, 33, 132, 136]);
const ICMP = new Set([1, 58]);
const ONLY_V6 = new Set([
  'ipv6-encap',
  'ipv6-frag',
  'ipv6-icmp',
  'icmpv6',
  'ipv6-nonxt',
  'ipv6-opts',
  'ipv6-route',
]);

const ONLY_V6_NUMBERS = new Set([...ONLY_V6].map(numberOf));

/** Checks a new rule and brings it to its stored form. @throws {CloudError} badRequest with neutron's types. */
export function readRule(body: {
  readonly direction: 'ingress' | 'egress';
  readonly ethertype?: string | null;
  readonly protocol?: string | number | null;
  readonly port_range_min?: string | number | null;
  readonly port_range_max?: string | number | null;
  readonly remote_ip_prefix?: string | null;
  readonly remote_group_id?: string | null;
  readonly remote_address_group_id?: string | null;
}): RuleContents {
  const ethertype = ethertypeOf(body.ethertype ?? 'IPv4');
  const protocol = protocolOf(body.protocol ?? null, ethertype);
  const min = numberOrNull(body.port_range_min);
  const max = numberOrNull(body.port_range_max);
  const remote = body.remote_ip_prefix === '' ? null : (body.remote_ip_prefix ?? null);
  const group = body.remote_group_id ?? null;
  const addresses = body.remote_address_group_id ?? null;
  if ([remote, group, addresses].filter((one) => one !== null).length > 1) {
    throw badRequest(
      'Only one of remote_ip_prefix or remote_group_id or remote_address_group_id may be provided.',
      { type: 'SecurityGroupMultipleRemoteEntites' },
    );
  }
  checkPorts(protocol, min, max);
  const prefix = remote === null ? undefined : prefixOf(remote, ethertype);
  return {
    direction: body.direction,
    ethertype,
    protocol,
    port_range_min: min,
    port_range_max: max,
    remote_ip_prefix: prefix?.shown ?? null,
    normalized_cidr: prefix?.normalized ?? null,
    remote_group_id: group,
    remote_address_group_id: addresses,
  };
}

function ethertypeOf(text: string): 'IPv4' | 'IPv6' {
  const found = (['IPv4', 'IPv6'] as const).find((one) => one.toLowerCase() === text.toLowerCase());
  if (found === undefined) {
    throw badRequest(
      `Security group rule for ethertype '${text}' not supported. Allowed values are ['IPv4', 'IPv6'].`,
      { type: 'SecurityGroupRuleInvalidEtherType' },
    );
  }
  return found;
}

function protocolOf(asked: string | number | null, ethertype: 'IPv4' | 'IPv6'): string | null {
  if (asked === null) return null;
  const text = `${asked}`.toLowerCase();
  if (text === '' || text === 'any' || text === '-1') return null;
  const isNumber = /^\d{1,3}$/.test(text) && Number(text) <= 255;
  if (!isNumber && !Object.hasOwn(PROTOCOLS, text)) {
    throw badRequest(
      `Security group rule protocol ${text} not supported. Only protocol values ${Object.keys(PROTOCOLS).join(', ')} and integer representations [0 to 255] are supported.`,
      { type: 'SecurityGroupRuleInvalidProtocol' },
    );
  }
  if (ethertype === 'IPv6' && (text === 'icmp' || text === 'icmpv6')) return 'ipv6-icmp';
  if (ethertype === 'IPv6' && isNumber && Number(text) === 1) return '58';
  if (ethertype === 'IPv4' && (ONLY_V6.has(text) || (isNumber && ONLY_V6_NUMBERS.has(Number(text))))) {
    throw badRequest(`Invalid ethertype IPv4 for protocol ${text}.`, {
      type: 'SecurityGroupEthertypeConflictWithProtocol',
    });
  }
  return isNumber ? String(Number(text)) : text;
}

const numberOrNull = (value: string | number | null | undefined): number | null =>
  value === null || value === undefined ? null : Number(value);

function checkPorts(protocol: string | null, min: number | null, max: number | null): void {
  if (min === null && max === null) return;
  if (protocol === null) {
    throw badRequest('Must also specify protocol if port range is given.', {
      type: 'SecurityGroupProtocolRequiredWithPorts',
    });
  }
  const number = numberOf(protocol);
  if (ICMP.has(number)) {
    for (const [name, value] of [
      ['type', min],
      ['code', max],
    ] as const) {
      if (value !== null && (value < 0 || value > 255)) {
        throw badRequest(
          `Invalid value for ICMP ${name} (port_range_${name === 'type' ? 'min' : 'max'}) ${value}. It must be 0 to 255.`,
          { type: 'SecurityGroupInvalidIcmpValue' },
        );
      }
    }
    if (min === null) {
      throw badRequest(
        `ICMP code (port-range-max) ${max} is provided but ICMP type (port-range-min) is missing.`,
        {
          type: 'SecurityGroupMissingIcmpType',
        },
      );
    }
    return;
  }
  if (!WITH_PORTS.has(number)) {
    throw badRequest(
      `Ports cannot be specified for protocol ${protocol}. Ports are only supported for tcp, udp, dccp, sctp, udplite.`,
      { type: 'SecurityGroupInvalidProtocolForPort' },
    );
  }
  if (min === 0 || max === 0) {
    throw badRequest('Invalid port value 0: ports are 1 to 65535.', {
      type: 'SecurityGroupInvalidPortValue',
    });
  }
  for (const port of [min, max]) {
    if (port !== null && (port < 1 || port > 65_535))
      throw badRequest(`Invalid value for port ${port}`, { type: 'SecurityGroupInvalidPortValue' });
  }
  if (min === null || max === null || min > max) {
    throw badRequest('For TCP/UDP protocols, port_range_min must be <= port_range_max', {
      type: 'SecurityGroupInvalidPortRange',
    });
  }
}

function prefixOf(text: string, ethertype: 'IPv4' | 'IPv6'): { shown: string; normalized: string } {
  const address = parseAddress(text);
  const single =
    address && `${formatAddress(address.version, address.value)}/${address.version === 4 ? 32 : 128}`;
  const block = parseBlock(single ?? text);
  if (block === undefined) {
    throw badRequest(
      `Invalid input for remote_ip_prefix. Reason: '${text}' is not a valid IP address or subnet.`,
      {
        type: 'InvalidCIDR',
      },
    );
  }
  if (block.version !== (ethertype === 'IPv4' ? 4 : 6)) {
    throw badRequest(`Conflicting value ethertype ${ethertype} for CIDR ${text}`, {
      type: 'SecurityGroupRuleParameterConflict',
    });
  }
  return { shown: single ?? text, normalized: formatBlock(block) };
}

/** The same traffic in the same direction: names and numbers of a protocol are one, as are '0.0.0.0/0' and any. */
export function sameRule(a: RuleContents, b: RuleContents): boolean {
  const key = (rule: RuleContents): string =>
    JSON.stringify([
      rule.direction,
      rule.ethertype,
      rule.protocol === null ? null : numberOf(rule.protocol),
      rule.port_range_min,
      rule.port_range_max,
      rule.normalized_cidr?.endsWith('/0') === true ? null : rule.normalized_cidr,
      rule.remote_group_id,
      rule.remote_address_group_id,
    ]);
  return key(a) === key(b);
}
