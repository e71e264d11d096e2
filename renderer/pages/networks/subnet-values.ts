import type { Ipv6Mode, Route, Subnet } from '../../cloud/types.ts';
import type { FieldErrors } from '../../ui/form.svelte.ts';
import type { Messages } from '../../i18n/en/index.ts';
import { firstHost, parseCidr, parseIp, within, type IpVersion } from './addresses.ts';

/** What a form has of a subnet; lists are texts of one entry a line. */
export interface SubnetValues {
  name: string;
  description: string;
  version: IpVersion;
  cidr: string;
  gateway: 'first' | 'own' | 'none';
  gatewayIp: string;
  dhcp: boolean;
  /** IPv6: how guests come to their addresses. */
  mode: Ipv6Mode | 'none';
  dns: string;
  pools: string;
  routes: string;
}

export const newSubnet = (version: IpVersion, cidr: string): SubnetValues => ({
  name: '',
  description: '',
  version,
  cidr,
  gateway: 'first',
  gatewayIp: '',
  dhcp: true,
  mode: 'slaac',
  dns: '',
  pools: '',
  routes: '',
});

export function valuesOf(subnet: Subnet): SubnetValues {
  const block = parseCidr(subnet.cidr);
  const first = block === undefined ? undefined : firstHost(block);
  return {
    name: subnet.name,
    description: subnet.description,
    version: subnet.ip_version,
    cidr: subnet.cidr,
    gateway: subnet.gateway_ip === null ? 'none' : subnet.gateway_ip === first ? 'first' : 'own',
    gatewayIp: subnet.gateway_ip ?? '',
    dhcp: subnet.enable_dhcp,
    mode: subnet.ipv6_address_mode ?? 'none',
    dns: subnet.dns_nameservers.join('\n'),
    pools: subnet.allocation_pools.map(({ start, end }) => `${start} - ${end}`).join('\n'),
    routes: subnet.host_routes.map(routeLine).join('\n'),
  };
}

export const routeLine = ({ destination, nexthop }: Route): string => `${destination} via ${nexthop}`;

/** Entries of a text with one a line; commas divide as well. */
export const linesOf = (text: string): readonly string[] =>
  text
    .split(/[\n,]/)
    .map((line) => line.trim())
    .filter((line) => line !== '');

/** '10.0.0.10 - 10.0.0.90', one a line; undefined for a line that is none. */
export const poolsOf = (text: string): readonly ({ start: string; end: string } | undefined)[] =>
  linesOf(text).map((line) => {
    const [start = '', end = '', ...more] = line.split(/\s*(?:-|–|\.\.)\s*/);
    const [from, to] = [parseIp(start), parseIp(end)];
    const right =
      from !== undefined && to !== undefined && from.version === to.version && from.value <= to.value;
    return more.length === 0 && right ? { start, end } : undefined;
  });

/** '10.99.0.0/16 via 10.0.0.5', one a line; undefined for a line that is none. */
export const routesOf = (text: string): readonly (Route | undefined)[] =>
  linesOf(text).map((line) => {
    const [destination = '', nexthop = '', ...more] = line.split(/\s+(?:via\s+)?|\s*->\s*/);
    const right = more.length === 0 && parseCidr(destination) !== undefined && parseIp(nexthop) !== undefined;
    return right ? { destination, nexthop } : undefined;
  });

const known = <T>(all: readonly (T | undefined)[]): T[] => all.filter((one) => one !== undefined);

/** What is wrong with a subnet's values, in words. */
export function checkSubnet(values: SubnetValues, m: Messages): FieldErrors<SubnetValues> {
  const words = m.networks.errors;
  const block = parseCidr(values.cidr);
  const pools = poolsOf(values.pools);
  return {
    cidr:
      block === undefined
        ? words.cidr
        : block.version !== values.version
          ? words.version(values.version)
          : values.version === 6 && values.mode !== 'none' && block.prefix !== 64
            ? words.slash64
            : undefined,
    gatewayIp:
      values.gateway === 'own' && parseIp(values.gatewayIp) === undefined ? words.address : undefined,
    dns: linesOf(values.dns).every((one) => parseIp(one) !== undefined) ? undefined : words.addresses,
    pools: pools.includes(undefined)
      ? words.pools
      : block !== undefined &&
          known(pools).some((pool) =>
            [pool.start, pool.end].some(
              (text) => !within(block, parseIp(text) as NonNullable<ReturnType<typeof parseIp>>),
            ),
          )
        ? words.poolOutside
        : undefined,
    routes: routesOf(values.routes).includes(undefined) ? words.routes : undefined,
  };
}

/** The attributes that both creation and change send. */
export function settable(values: SubnetValues): Record<string, unknown> {
  const block = parseCidr(values.cidr);
  return {
    name: values.name,
    description: values.description,
    enable_dhcp: values.dhcp,
    gateway_ip:
      values.gateway === 'none'
        ? null
        : values.gateway === 'own' || block === undefined
          ? values.gatewayIp
          : firstHost(block),
    dns_nameservers: linesOf(values.dns),
    host_routes: known(routesOf(values.routes)),
    ...(values.pools.trim() === '' ? {} : { allocation_pools: known(poolsOf(values.pools)) }),
  };
}

export const creation = (values: SubnetValues, networkId: string): Record<string, unknown> => ({
  ...settable(values),
  network_id: networkId,
  cidr: values.cidr.trim(),
  ip_version: values.version,
  ...(values.version === 6 && values.mode !== 'none'
    ? { ipv6_ra_mode: values.mode, ipv6_address_mode: values.mode }
    : {}),
});
