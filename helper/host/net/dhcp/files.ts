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
    value.split('.').every((part) => /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/i.test(part))
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

function optionName(name: string): string {
  if (/^\d{1,3}$/.test(name)) return String(integerWord(Number(name), 1, 254, 'DHCP option number'));
  if (/^[a-z][a-z0-9-]{0,63}$/.test(name)) return `option:${name}`;
  throw new TypeError(`${JSON.stringify(name)} is no DHCP option`);
}

const subnetTag = (subnet: DhcpSubnet): string => `subnet-${idWord(subnet.subnetId)}`;
const hostTag = (host: DhcpHost): string => `port-${macWord(host.macAddress).replaceAll(':', '')}`;

function v4(text: string, parse: (text: string) => Cidr): Cidr {
  const parsed = parse(text);
  if (parsed.family !== 4) throw new TypeError(`${text} is not IPv4`);
  return parsed;
}

const within = (ip: Cidr, net: Cidr): boolean => network(`${ip.address}/${net.prefix}`).value === net.value;

function netmask(prefix: number): string {
  const bits = prefix === 0 ? 0 : (0xffffffff << (32 - prefix)) >>> 0;
  return [24, 16, 8, 0].map((shift) => (bits >>> shift) & 0xff).join('.');
}

function subnetOptions(spec: DhcpSpec, subnet: DhcpSubnet): string[] {
  const cidr = v4(subnet.cidr, network);
  const own = spec.port.addresses
    .map(interfaceAddress)
    .find((ip) => ip.family === 4 && within(ip, cidr))?.address;
  if (own === undefined) throw new TypeError(`the DHCP port has no address in subnet ${subnet.cidr}`);
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

function hostOptions(host: DhcpHost): string[] {
  return (host.options ?? []).map(
    ({ name, value }) => `tag:${hostTag(host)},${optionName(name)},${optionValue(value)}`,
  );
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
      ...spec.subnets.map((subnet) => {
        const { address: start, prefix } = v4(subnet.cidr, network);
        return `dhcp-range=set:${subnetTag(subnet)},${start},static,${netmask(prefix)},${lease}s`;
      }),
    ]),
    host: lines(spec.hosts.map((host) => hostLine(host, former))),
    addn_hosts: lines(
      spec.hosts.map(
        (host) => `${v4(host.ip, address).address} ${label(host.hostName)}.${domain} ${host.hostName}`,
      ),
    ),
    opts: lines([
      ...spec.subnets.flatMap((subnet) => subnetOptions(spec, subnet)),
      ...spec.hosts.flatMap(hostOptions),
    ]),
  };
}

/** Reads dnsmasq's lease file; lines of another shape (its DHCPv6 part) are left out. */
export function parseLeases(text: string): DhcpLease[] {
  return text.split('\n').flatMap((line) => {
    const [expires, mac, ip, name, client, more] = line.trim().split(' ');
    if (client === undefined || more !== undefined || !/^\d+$/.test(expires ?? '')) return [];
    if (mac === undefined || ip === undefined || name === undefined || ip.includes(':')) return [];
    return [
      {
        expires: Number(expires),
        macAddress: mac.toLowerCase(),
        ip,
        hostName: name === '*' ? null : name,
        clientId: client === '*' ? null : client,
      },
    ];
  });
}

/** The leases that stand against the hosts: the same address, another MAC. */
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
    return mac !== undefined && mac !== lease.macAddress;
  });
  const former = new Map<string, string[]>();
  for (const lease of against) {
    if (macs.has(lease.macAddress)) continue;
    former.set(lease.ip, [...(former.get(lease.ip) ?? []), macWord(lease.macAddress)]);
  }
  return { former, stuck: against.filter((lease) => macs.has(lease.macAddress)) };
}
