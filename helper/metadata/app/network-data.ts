import ipaddr from 'ipaddr.js';
import type { ServerNic } from '../../network/face.ts';

type FixedIp = ServerNic['fixedIps'][number];

interface Route {
  readonly network: string;
  readonly netmask: string;
  readonly gateway: string;
}

interface DnsService {
  readonly type: 'dns';
  readonly address: string;
}

/** network_data.json, as nova's network_data schema has it. */
export interface NetworkData {
  readonly links: readonly {
    readonly id: string;
    readonly vif_id: string;
    readonly type: 'bridge';
    /** Null where DHCP tells it. */
    readonly mtu: number | null;
    readonly ethernet_mac_address: string;
  }[];
  readonly networks: readonly {
    readonly id: string;
    /** 'ipv4', 'ipv4_dhcp', 'ipv6', 'ipv6_dhcp', 'ipv6_slaac', 'ipv6_dhcpv6-stateless', 'ipv6_dhcpv6-stateful'. */
    readonly type: string;
    readonly link: string;
    readonly ip_address?: string;
    readonly netmask?: string;
    readonly routes?: readonly Route[];
    readonly network_id: string;
    readonly services?: readonly DnsService[];
  }[];
  readonly services: readonly DnsService[];
}

/** Links and networks of a server; as in nova the first IPv4 and the first IPv6 address of each port. */
export function networkData(nics: readonly ServerNic[]): NetworkData {
  const addressed = nics.filter((nic) => nic.fixedIps.length > 0);
  const told = addressed.flatMap((nic) =>
    ([4, 6] as const).flatMap((version) => {
      const ip = nic.fixedIps.find((one) => one.version === version);
      return ip === undefined ? [] : [{ nic, ip }];
    }),
  );
  const resolvers = new Set(told.flatMap(({ ip }) => ip.dnsNameservers));
  return {
    links: addressed.map((nic) => ({
      id: nic.tapName,
      vif_id: nic.portId,
      type: 'bridge',
      mtu: nic.fixedIps.some((ip) => ip.dhcp) ? null : nic.mtu,
      ethernet_mac_address: nic.macAddress,
    })),
    networks: told.map(({ nic, ip }, index) => ({
      id: `network${index}`,
      type: typeOf(ip),
      link: nic.tapName,
      ...(asksDhcp(ip) ? {} : addressing(ip)),
      network_id: nic.networkId,
      ...(asksDhcp(ip) ? {} : { services: dnsServices(ip.dnsNameservers) }),
    })),
    services: dnsServices(resolvers),
  };
}

/** With an address mode of IPv6 everything is told next to it. */
const asksDhcp = (ip: FixedIp): boolean => ip.dhcp && ip.addressMode === undefined;

const typeOf = (ip: FixedIp): string =>
  `ipv${ip.version}${ip.addressMode === undefined ? (ip.dhcp ? '_dhcp' : '') : `_${ip.addressMode}`}`;

function addressing(ip: FixedIp): Pick<NetworkData['networks'][number], 'ip_address' | 'netmask' | 'routes'> {
  const whole = ip.version === 4 ? '0.0.0.0' : '::';
  const routes: Route[] =
    ip.gateway === undefined ? [] : [{ network: whole, netmask: whole, gateway: ip.gateway }];
  for (const { destination, nexthop } of ip.hostRoutes)
    routes.push({
      network: destination.split('/', 1)[0] ?? destination,
      netmask: netmask(destination),
      gateway: nexthop,
    });
  return { ip_address: ip.address, netmask: netmask(ip.cidr), routes };
}

function netmask(cidr: string): string {
  const [address, length] = ipaddr.parseCIDR(cidr);
  const family = address.kind() === 'ipv4' ? ipaddr.IPv4 : ipaddr.IPv6;
  return family.subnetMaskFromPrefixLength(length).toString();
}

const dnsServices = (addresses: Iterable<string>): readonly DnsService[] =>
  [...addresses].map((address) => ({ type: 'dns', address }));
