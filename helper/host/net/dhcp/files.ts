import { join } from 'node:path';
import { dhcpDevice } from '../names.ts';
import {
  address,
  cidrText,
  idWord,
  integerWord,
  interfaceAddress,
  macWord,
  network,
  type Cidr,
} from '../values.ts';
import type { DhcpHost, DhcpLease, DhcpSpec, DhcpSubnet } from './interface.ts';

/** The texts of dnsmasq's files: pure functions, held as golden texts by tests. */

export interface DhcpFiles {
  /** dnsmasq.conf: read at the start of the process only. */
  readonly conf: string;
  /** dhcp-hostsfile, addn-hosts, dhcp-optsfile: read again on SIGHUP. */
  readonly host: string;
  readonly addn_hosts: string;
  readonly opts: string;
}

const METADATA = '169.254.169.254';

function label(value: string): string {
  if (/^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/i.test(value)) return value;
  throw new TypeError(`${JSON.stringify(value)} is no DNS label`);
}

function domainName(value: string): string {
  if (
    value.length <= 253 &&
    value.split('.').every((part) => /^[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?$/i.test(part))
  ) {
    return value;
  }
  throw new TypeError(`${JSON.stringify(value)} is no DNS domain`);
}

/** An option's value goes to the end of its line; nothing in it may end the line or mean more than itself (S31). */
function optionValue(value: string): string {
  if (
    /^[\x21-\x7e]([\x20-\x7e]*[\x21-\x7e])?$/.test(value) &&
    !/["\\]|\s#/.test(value) &&
    value.length <= 255
  )
    return value;
  throw new TypeError(`${JSON.stringify(value)} cannot be the value of a DHCP option`);
}

function optionName(family: 4 | 6, name: string): string {
  const number = /^\d{1,3}$/.test(name)
    ? String(integerWord(Number(name), 1, 254, 'DHCP option number'))
    : undefined;
  if (number === undefined && !/^[a-z][a-z0-9-]{0,63}$/.test(name))
    throw new TypeError(`${JSON.stringify(name)} is no DHCP option`);
  if (family === 6) return `option6:${number ?? name}`;
  return number ?? `option:${name}`;
}

const subnetTag = (subnet: DhcpSubnet): string => `subnet-${idWord(subnet.subnetId)}`;
/** A port's options are for one version of IP each, so are its tags. */
const hostTag = (host: DhcpHost): string =>
  `port${address(host.ip).family === 6 ? '6' : ''}-${macWord(host.macAddress).replaceAll(':', '')}`;

function ofFamily(family: 4 | 6, text: string, parse: (text: string) => Cidr): Cidr {
  const parsed = parse(text);
  if (parsed.family !== family) throw new TypeError(`${text} is not IPv${family}`);
  return parsed;
}

const v4 = (text: string, parse: (text: string) => Cidr): Cidr => ofFamily(4, text, parse);
const isV6 = (text: string): boolean => text.includes(':');

/** Shorter prefixes are more than dnsmasq can serve; neutron leaves them out too. */
const served6 = (subnet: DhcpSubnet): boolean =>
  (subnet.mode ?? 'stateful') !== 'none' && network(subnet.cidr).prefix >= 64;

const within = (ip: Cidr, net: Cidr): boolean => network(`${ip.address}/${net.prefix}`).value === net.value;

function netmask(prefix: number): string {
  const bits = prefix === 0 ? 0 : (0xffffffff << (32 - prefix)) >>> 0;
  return [24, 16, 8, 0].map((shift) => (bits >>> shift) & 0xff).join('.');
}

function ownAddress(spec: DhcpSpec, cidr: Cidr): string {
  const own = spec.port.addresses
    .map(interfaceAddress)
    .find((ip) => ip.family === cidr.family && within(ip, cidr))?.address;
  if (own === undefined) throw new TypeError(`the DHCP port has no address in subnet ${cidrText(cidr)}`);
  return own;
}

/** Name servers, in the brackets that dnsmasq asks for; '::' alone says that there are none (neutron). */
function subnet6Options(spec: DhcpSpec, subnet: DhcpSubnet): string[] {
  const cidr = ofFamily(6, subnet.cidr, network);
  const own = ownAddress(spec, cidr);
  if (!served6(subnet)) return [];
  const given = subnet.dnsNameservers.map((ip) => ofFamily(6, ip, address).address);
  const servers = given.length === 0 ? [own] : given.filter((ip) => ip !== '::');
  const tag = `tag:${subnetTag(subnet)}`;
  return [
    [`${tag},option6:dns-server`, ...servers.map((ip) => `[${ip}]`)].join(','),
    `${tag},option6:domain-search,${domainName(spec.domain)}`,
  ];
}

function subnetOptions(spec: DhcpSpec, subnet: DhcpSubnet): string[] {
  if (isV6(subnet.cidr)) return subnet6Options(spec, subnet);
  const cidr = v4(subnet.cidr, network);
  const own = ownAddress(spec, cidr);
  const gateway = subnet.gatewayIp === null ? undefined : v4(subnet.gatewayIp, address).address;
  const servers =
    subnet.dnsNameservers.length === 0 ? [own] : subnet.dnsNameservers.map((ip) => v4(ip, address).address);
  const routes = [
    [`${METADATA}/32`, own],
    ...subnet.hostRoutes
      .filter((route) => network(route.destination).family === 4)
      .map((route) => [prefixText(v4(route.destination, network)), v4(route.nextHop, address).address]),
    // A client that takes option 121 ignores the router option (RFC 3442), so the default route is in it too.
    ...(gateway === undefined ? [] : [['0.0.0.0/0', gateway]]),
  ].flat();
  const tag = `tag:${subnetTag(subnet)}`;
  return [
    gateway === undefined ? `${tag},option:router` : `${tag},option:router,${gateway}`,
    `${tag},option:dns-server,${servers.join(',')}`,
    `${tag},option:classless-static-route,${routes.join(',')}`,
    // The number by which Windows before Vista asks for the same.
    `${tag},249,${routes.join(',')}`,
  ];
}

const prefixText = (cidr: Cidr): string => (cidr.prefix === 32 ? `${cidr.address}/32` : cidrText(cidr));

/** Of all its addresses of one version a host has the options once. */
function hostOptions(hosts: readonly DhcpHost[]): string[] {
  const all = hosts.flatMap((host) =>
    (host.options ?? []).map(
      ({ name, value }) =>
        `tag:${hostTag(host)},${optionName(address(host.ip).family, name)},${optionValue(value)}`,
    ),
  );
  return [...new Set(all)];
}

/**
 * @param former per address, MACs that hold a lease of it against the hosts: dnsmasq gives up the lease of one
 *   address of a host entry when another of the same entry asks, so a new port gets its address at once
 */
function hostLine(host: DhcpHost, former: ReadonlyMap<string, readonly string[]>): string {
  const ip = v4(host.ip, address).address;
  const tag = (host.options ?? []).length === 0 ? [] : [`set:${hostTag(host)}`];
  return [macWord(host.macAddress), ...(former.get(ip) ?? []), ...tag, ip, label(host.hostName)].join(',');
}

/**
 * One line per MAC address with all addresses that DHCPv6 gives it. Where it gives none, the line is there for the
 * host's options, if it has any. The tag keeps the lines of the two versions apart.
 */
function host6Lines(spec: DhcpSpec): string[] {
  const stateful = spec.subnets
    .filter((subnet) => isV6(subnet.cidr) && (subnet.mode ?? 'stateful') === 'stateful')
    .map((subnet) => ofFamily(6, subnet.cidr, network));
  const byMac = new Map<string, DhcpHost[]>();
  for (const host of spec.hosts) {
    if (!isV6(host.ip)) continue;
    const mac = macWord(host.macAddress);
    byMac.set(mac, [...(byMac.get(mac) ?? []), host]);
  }
  return [...byMac].flatMap(([mac, hosts]) => {
    const given = hosts.filter((host) => stateful.some((cidr) => within(address(host.ip), cidr)));
    const [first] = given;
    const optioned = hosts.find((host) => (host.options ?? []).length > 0);
    if (first === undefined && optioned === undefined) return [];
    return [
      mac,
      'tag:dhcpv6',
      ...(optioned === undefined ? [] : [`set:${hostTag(optioned)}`]),
      ...(first === undefined ? [] : [label(first.hostName)]),
      ...given.map((host) => `[${address(host.ip).address}]`),
    ].join(',');
  });
}

const lines = (all: readonly string[]): string => all.map((line) => `${line}\n`).join('');

/** @throws {TypeError} on a value that has no place in dnsmasq's files. */
export function dhcpFiles(
  spec: DhcpSpec,
  place: { readonly directory: string; readonly user: string },
  former: ReadonlyMap<string, readonly string[]> = new Map(),
): DhcpFiles {
  const domain = domainName(spec.domain);
  const lease = integerWord(spec.leaseSeconds, 120, 0x7fffffff, 'lease time in seconds');
  const path = (name: string): string => join(place.directory, name);
  return {
    conf: lines([
      `user=${place.user}`,
      `pid-file=${path('pid')}`,
      `log-facility=${path('log')}`,
      'quiet-dhcp',
      'quiet-dhcp6',
      `interface=${dhcpDevice(spec.port.portId)}`,
      'except-interface=lo',
      'bind-dynamic',
      'no-hosts',
      'no-resolv',
      `server=127.0.0.1#${integerWord(spec.dnsRelayPort, 1, 65535, 'port')}`,
      `domain=${domain}`,
      `local=/${domain}/`,
      'dhcp-authoritative',
      'dhcp-lease-max=65536',
      `dhcp-hostsfile=${path('host')}`,
      `addn-hosts=${path('addn_hosts')}`,
      `dhcp-optsfile=${path('opts')}`,
      `dhcp-leasefile=${path('leases')}`,
      `dhcp-option-force=option:mtu,${integerWord(spec.mtu, 68, 65535, 'MTU')}`,
      ...spec.subnets.flatMap((subnet) => {
        const { family, address: start, prefix } = network(subnet.cidr);
        if (family === 6 && !served6(subnet)) return [];
        const size = family === 4 ? netmask(prefix) : String(prefix);
        return `dhcp-range=set:${subnetTag(subnet)},${start},static,${size},${lease}s`;
      }),
    ]),
    host: lines([
      ...spec.hosts.filter((host) => !isV6(host.ip)).map((host) => hostLine(host, former)),
      ...host6Lines(spec),
    ]),
    addn_hosts: lines(
      spec.hosts.map(
        (host) =>
          `${address(host.ip).address} ${label(host.hostName)}.${host.domain === undefined ? domain : domainName(host.domain)} ${host.hostName}`,
      ),
    ),
    opts: lines([
      ...spec.subnets.flatMap((subnet) => subnetOptions(spec, subnet)),
      ...hostOptions(spec.hosts),
    ]),
  };
}

/**
 * Reads dnsmasq's lease file; lines of another shape (the server's own DUID) are left out.
 * @param hosts text of the hosts file: it knows which MAC address an IPv6 address is for
 */
export function parseLeases(text: string, hosts = ''): DhcpLease[] {
  const owners = hosts6(hosts);
  return text.split('\n').flatMap((line) => {
    const [expires, second, ip, name, client, more] = line.trim().split(' ');
    if (client === undefined || more !== undefined || !/^\d+$/.test(expires ?? '')) return [];
    if (second === undefined || ip === undefined || name === undefined) return [];
    return [
      {
        expires: Number(expires),
        macAddress: isV6(ip) ? (owners.get(ip) ?? '') : second.toLowerCase(),
        ip,
        hostName: name === '*' ? null : name,
        clientId: client === '*' ? null : client,
      },
    ];
  });
}

/** From IPv6 address to MAC address, as a hosts file of ours has them. */
function hosts6(text: string): ReadonlyMap<string, string> {
  return new Map(
    text.split('\n').flatMap((line) => {
      const [mac = '', ...words] = line.split(',');
      return words.flatMap((word) => (word.startsWith('[') ? [[word.slice(1, -1), mac] as const] : []));
    }),
  );
}

/** The leases that stand against the hosts: the same address, another MAC; and IPv6 addresses that are no host's. */
export function conflictingLeases(
  leases: readonly DhcpLease[],
  hosts: readonly DhcpHost[],
): {
  /** Can be given up by naming the old MAC with the new one. */
  readonly former: ReadonlyMap<string, readonly string[]>;
  /** The old MAC is another host's by now, so the lease itself has to be taken out. */
  readonly stuck: readonly DhcpLease[];
} {
  const owner = new Map(hosts.map((host) => [host.ip, host.macAddress.toLowerCase()]));
  const macs = new Set(owner.values());
  const against = leases.filter((lease) => {
    const mac = owner.get(lease.ip);
    return isV6(lease.ip) ? mac !== lease.macAddress : mac !== undefined && mac !== lease.macAddress;
  });
  // dnsmasq gives up a lease of IPv4 by itself when the old MAC is named with the new one; of IPv6 it does not.
  const isStuck = (lease: DhcpLease): boolean => isV6(lease.ip) || macs.has(lease.macAddress);
  const former = new Map<string, string[]>();
  for (const lease of against) {
    if (isStuck(lease)) continue;
    former.set(lease.ip, [...(former.get(lease.ip) ?? []), macWord(lease.macAddress)]);
  }
  return { former, stuck: against.filter(isStuck) };
}
