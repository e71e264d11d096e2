import type { SecurityGroupRule } from '../../cloud/types.ts';
import type { Messages } from '../../i18n/en/index.ts';
import type { FieldErrors } from '../../ui/form.svelte.ts';
import { parseCidr, parseIp } from '../networks/addresses.ts';
import { protocolName } from './sentence.ts';

/** What the rule editor has of a rule. */
export interface RuleValues {
  direction: 'ingress' | 'egress';
  version: 'IPv4' | 'IPv6' | 'both';
  /** 'any', a name, or 'number' for the one in `number`. */
  protocol: 'any' | 'tcp' | 'udp' | 'icmp' | 'sctp' | 'number';
  number: string;
  /** '22', '8000-8080'; '' for all. Of ICMP 'type' or 'type/code'. */
  ports: string;
  remote: 'anywhere' | 'cidr' | 'group' | 'addresses';
  cidr: string;
  group: string;
  addresses: string;
  description: string;
}

export const emptyRule = (direction: RuleValues['direction'] = 'ingress'): RuleValues => ({
  direction,
  version: 'IPv4',
  protocol: 'tcp',
  number: '',
  ports: '',
  remote: 'anywhere',
  cidr: '',
  group: '',
  addresses: '',
  description: '',
});

/** What people ask for most; each fills the editor in. */
export const PRESETS = ['ssh', 'http', 'https', 'ping', 'dns', 'rdp', 'group', 'all'] as const;
export type Preset = (typeof PRESETS)[number];

const FILLED: Readonly<Record<Preset, Partial<RuleValues>>> = {
  ssh: { protocol: 'tcp', ports: '22' },
  http: { protocol: 'tcp', ports: '80' },
  https: { protocol: 'tcp', ports: '443' },
  ping: { protocol: 'icmp' },
  dns: { protocol: 'udp', ports: '53' },
  rdp: { protocol: 'tcp', ports: '3389' },
  group: { protocol: 'any', remote: 'group' },
  all: { protocol: 'any' },
};

/** A preset for a group; the direction and the version stay as they are. */
export const preset = (name: Preset, groupId: string, before: RuleValues): RuleValues => ({
  ...emptyRule(before.direction),
  version: before.version,
  ...FILLED[name],
  ...(name === 'group' ? { group: groupId } : {}),
});

export function valuesOf(rule: SecurityGroupRule): RuleValues {
  const name = rule.protocol === null ? 'any' : protocolName(rule.protocol);
  const icmp = name === 'icmp' || name === 'ipv6-icmp';
  const known = name === 'any' || name === 'tcp' || name === 'udp' || name === 'sctp' || icmp;
  const { port_range_min: min, port_range_max: max } = rule;
  return {
    direction: rule.direction,
    version: rule.ethertype,
    protocol: !known ? 'number' : icmp ? 'icmp' : name,
    number: known ? '' : name,
    ports:
      min === null
        ? ''
        : icmp
          ? max === null
            ? String(min)
            : `${min}/${max}`
          : min === max || max === null
            ? String(min)
            : `${min}-${max}`,
    remote:
      rule.remote_group_id !== null
        ? 'group'
        : rule.remote_address_group_id !== null
          ? 'addresses'
          : rule.remote_ip_prefix === null || rule.remote_ip_prefix.endsWith('/0')
            ? 'anywhere'
            : 'cidr',
    cidr: rule.remote_ip_prefix ?? '',
    group: rule.remote_group_id ?? '',
    addresses: rule.remote_address_group_id ?? '',
    description: rule.description,
  };
}

/** Whether the protocol has ports, or types. */
export const hasPorts = (values: RuleValues): boolean =>
  ['tcp', 'udp', 'sctp', 'icmp'].includes(values.protocol);

/** '22' and '8000-8080' as bounds; undefined for what is neither. */
export function rangeOf(text: string, icmp: boolean): { min: number | null; max: number | null } | undefined {
  const trimmed = text.trim();
  if (trimmed === '') return { min: null, max: null };
  if (icmp) {
    const found = /^(\d{1,3})(?:\/(\d{1,3}))?$/.exec(trimmed);
    if (found === null || Number(found[1]) > 255 || Number(found[2] ?? 0) > 255) return undefined;
    return { min: Number(found[1]), max: found[2] === undefined ? null : Number(found[2]) };
  }
  const found = /^(\d{1,5})(?:\s*[-–:]\s*(\d{1,5}))?$/.exec(trimmed);
  if (found === null) return undefined;
  const min = Number(found[1]);
  const max = Number(found[2] ?? found[1]);
  return min >= 1 && max <= 65_535 && min <= max ? { min, max } : undefined;
}

/** A network, also from a single address. */
const prefixOf = (text: string): string | undefined => {
  const ip = parseIp(text);
  if (ip !== undefined) return `${text.trim()}/${ip.version === 4 ? 32 : 128}`;
  return parseCidr(text) === undefined ? undefined : text.trim();
};

export function checkRule(values: RuleValues, m: Messages): FieldErrors<RuleValues> {
  const words = m.securityGroups.errors;
  const icmp = values.protocol === 'icmp';
  const prefix = prefixOf(values.cidr);
  return {
    ports:
      hasPorts(values) && rangeOf(values.ports, icmp) === undefined
        ? icmp
          ? words.icmp
          : words.ports
        : undefined,
    number:
      values.protocol === 'number' && !/^([a-z0-9-]{2,16}|\d{1,3})$/.test(values.number)
        ? words.protocol
        : undefined,
    cidr:
      values.remote !== 'cidr'
        ? undefined
        : prefix === undefined
          ? words.cidr
          : (prefix.includes(':') ? 'IPv6' : 'IPv4') !== values.version && values.version !== 'both'
            ? words.version(values.version)
            : undefined,
    group: values.remote === 'group' && values.group === '' ? m.common.required : undefined,
    addresses: values.remote === 'addresses' && values.addresses === '' ? m.common.required : undefined,
  };
}

/** The rules that are meant: one, or one for each version. Bodies for the API, without the group. */
export function ruleBodies(values: RuleValues): readonly Record<string, unknown>[] {
  const prefix = values.remote === 'cidr' ? prefixOf(values.cidr) : undefined;
  const versions =
    values.version !== 'both'
      ? [values.version]
      : prefix === undefined
        ? (['IPv4', 'IPv6'] as const)
        : [prefix.includes(':') ? 'IPv6' : 'IPv4'];
  const range = hasPorts(values) ? rangeOf(values.ports, values.protocol === 'icmp') : undefined;
  return versions.map((ethertype) => ({
    direction: values.direction,
    ethertype,
    protocol:
      values.protocol === 'any'
        ? null
        : values.protocol === 'number'
          ? values.number
          : values.protocol === 'icmp' && ethertype === 'IPv6'
            ? 'ipv6-icmp'
            : values.protocol,
    port_range_min: range?.min ?? null,
    port_range_max: range?.max ?? null,
    remote_ip_prefix: prefix ?? null,
    remote_group_id: values.remote === 'group' ? values.group : null,
    remote_address_group_id: values.remote === 'addresses' ? values.addresses : null,
    description: values.description,
  }));
}
