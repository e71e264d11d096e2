import { isIP } from 'node:net';
import type { Dhcp6Mode, DhcpHost, DhcpSpec } from '../host/net/dhcp/interface.ts';
import type { ExternalBridge } from '../host/net/external/interface.ts';
import type { GroupMembers, PortFilter, SecurityRule } from '../host/net/firewall/interface.ts';
import type { NetworkSegment, TapSpec } from '../host/net/link/interface.ts';
import { bridgeName, tapName } from '../host/net/names.ts';
import type { NetworkConfig } from './config.ts';
import { numberOf } from './protocol.ts';
import { portQos } from './qos-state.ts';
import type { QosRuleRow } from './store/qos.ts';
import type {
  NetworkRow,
  PlugRow,
  PortIpRow,
  PortRow,
  SecurityGroupRow,
  SecurityGroupRuleRow,
  SegmentRow,
  SubnetRow,
} from './store/row.ts';

/**
 * From rows to what the host should have. Pure functions: the host's own code makes it so, and makes it so again after
 * a restart (ARCHITECTURE 5).
 */

/** The device that stands for a network: its own bridge, or the physical network's. */
export const bridgeOf = (
  config: Pick<NetworkConfig, 'physicalNetworks'>,
  segment: Pick<SegmentRow, 'network_id' | 'physical_network'>,
): string =>
  (segment.physical_network === null ? undefined : config.physicalNetworks[segment.physical_network]) ??
  bridgeName(segment.network_id);

/** @param network of a VLAN that is to be made: where it is. */
export function segmentSpec(
  config: NetworkConfig,
  segment: SegmentRow,
  mtu: number,
  network?: Pick<NetworkRow, 'physical_network' | 'segmentation_id'>,
): NetworkSegment {
  const parent = config.physicalNetworks[network?.physical_network ?? ''];
  const id = network?.segmentation_id ?? null;
  return {
    networkId: segment.network_id,
    bridge: bridgeOf(config, segment),
    mtu,
    zone: segment.zone,
    ...(segment.vni === null ? {} : { vxlan: { vni: segment.vni, local: config.tunnelAddress, peers: [] } }),
    ...(segment.network_type !== 'vlan' || parent === undefined || id === null
      ? {}
      : { vlan: { parent, id } }),
  };
}

/** The bridge of a physical network: the host itself is the gateway of the subnets of the flat network on it. */
export function externalSpec(
  config: NetworkConfig,
  bridge: string,
  mtu: number,
  subnets: readonly Pick<SubnetRow, 'gateway_ip' | 'cidr'>[],
): ExternalBridge {
  return {
    bridge,
    addresses: subnets.flatMap((subnet) =>
      subnet.gateway_ip === null ? [] : [`${subnet.gateway_ip}/${prefixOf(subnet.cidr)}`],
    ),
    mtu,
    masquerade: config.masquerade,
  };
}

const prefixOf = (cidr: string): string => cidr.slice(cidr.indexOf('/') + 1);

/** `host-10-0-0-5`, `host-fd00--5`, as neutron names a port without a dns_name; no label ends with a hyphen. */
export const hostNameOf = (dnsName: string, address: string): string =>
  dnsName === '' ? `host-${address.replaceAll(/[.:]/g, '-')}`.replace(/-$/, '-0') : dnsName;

/** Domain of a port's names, without trailing dot: its own, its network's, or the cloud's. */
export const dnsDomainOf = (
  config: Pick<NetworkConfig, 'dnsDomain'>,
  network: Pick<NetworkRow, 'dns_domain'> | undefined,
  port?: Pick<PortRow, 'dns_domain'>,
): string => {
  const own = port?.dns_domain ?? '';
  const domain = own === '' ? (network?.dns_domain ?? '') : own;
  return domain === '' ? config.dnsDomain : domain.replace(/\.$/, '');
};

/** The rows that say what a network's DHCP server does. */
export interface DhcpRows {
  readonly network: NetworkRow;
  readonly segment: SegmentRow;
  readonly subnets: readonly SubnetRow[];
  /** Undefined when no subnet has DHCP. */
  readonly dhcpPort: PortRow | undefined;
  readonly ports: readonly PortRow[];
  readonly ips: ReadonlyMap<string, readonly PortIpRow[]>;
}

/** Undefined when the network has no DHCP server. */
export function dhcpSpec(config: NetworkConfig, rows: DhcpRows): DhcpSpec | undefined {
  const { network, segment, dhcpPort, ips } = rows;
  if (dhcpPort === undefined || network.admin_state_up === 0) return undefined;
  const served = rows.subnets.filter((subnet) => subnet.enable_dhcp === 1);
  const own = ips.get(dhcpPort.id) ?? [];
  const withAddress = served.filter((subnet) => own.some((ip) => ip.subnet_id === subnet.id));
  if (withAddress.length === 0) return undefined;
  const cidrs = new Map(withAddress.map((subnet) => [subnet.id, subnet.cidr]));
  return {
    networkId: network.id,
    bridge: bridgeOf(config, segment),
    mtu: network.mtu,
    port: {
      portId: dhcpPort.id,
      macAddress: dhcpPort.mac_address,
      addresses: own.flatMap((ip) => {
        const cidr = cidrs.get(ip.subnet_id);
        return cidr === undefined ? [] : [`${ip.address}/${prefixOf(cidr)}`];
      }),
    },
    subnets: withAddress.map((subnet) => ({
      subnetId: subnet.id,
      cidr: subnet.cidr,
      ...(subnet.ip_version === 6 ? { mode: dhcp6Mode(subnet) } : {}),
      gatewayIp: subnet.gateway_ip,
      dnsNameservers: JSON.parse(subnet.dns_nameservers) as string[],
      hostRoutes: (JSON.parse(subnet.host_routes) as { destination: string; nexthop: string }[]).map(
        (route) => ({ destination: route.destination, nextHop: route.nexthop }),
      ),
    })),
    hosts: rows.ports
      // The network's own ports never ask, and routers' come and go without a word to DHCP.
      .filter((port) => !port.device_owner.startsWith('network:'))
      .flatMap((port) =>
        dhcpHosts(
          port,
          (ips.get(port.id) ?? []).filter((ip) => cidrs.has(ip.subnet_id)),
        ),
      ),
    domain: dnsDomainOf(config, network),
    leaseSeconds: config.leaseSeconds,
    dnsRelayPort: config.dnsRelayPort,
  };
}

/** As neutron's agent has it: by the address mode, and without any mode as if addresses were to be given. */
function dhcp6Mode(subnet: Pick<SubnetRow, 'ipv6_address_mode' | 'ipv6_ra_mode'>): Dhcp6Mode {
  const { ipv6_address_mode: mode, ipv6_ra_mode: advertised } = subnet;
  if (mode === 'dhcpv6-stateful' || (mode === null && advertised === null)) return 'stateful';
  return mode === 'dhcpv6-stateless' ? 'stateless' : 'none';
}

function dhcpHosts(port: PortRow, ips: readonly PortIpRow[]): DhcpHost[] {
  const all =
    port.extra_dhcp_opts === '[]'
      ? []
      : (JSON.parse(port.extra_dhcp_opts) as { opt_name: string; opt_value: string; ip_version: number }[]);
  return ips.map((ip) => {
    const version = ip.address.includes(':') ? 6 : 4;
    const options = all
      .filter((one) => one.ip_version === version)
      .filter((one) => one.opt_name !== 'server-ip-address' || isIP(one.opt_value) === version)
      .map((one) => ({ name: one.opt_name, value: one.opt_value }));
    return {
      macAddress: port.mac_address,
      ip: ip.address,
      hostName: hostNameOf(port.dns_name, ip.address),
      ...(port.dns_domain === '' ? {} : { domain: port.dns_domain.replace(/\.$/, '') }),
      ...(options.length === 0 ? {} : { options }),
    };
  });
}

export function tapSpec(
  config: NetworkConfig,
  segment: SegmentRow,
  network: NetworkRow,
  port: PortRow,
  vlan?: TapSpec['vlan'],
): TapSpec {
  return {
    ...(vlan === undefined ? {} : { vlan }),
    tap: tapName(port.id),
    bridge: bridgeOf(config, segment),
    mtu: network.mtu,
    macAddress: port.mac_address,
  };
}

/** The rows that say what may pass at a port. */
export interface FilterRows {
  readonly port: PortRow;
  readonly plug: Pick<PlugRow, 'mark'>;
  readonly segment: SegmentRow;
  readonly network: NetworkRow;
  readonly ips: readonly PortIpRow[];
  readonly groups: readonly SecurityGroupRow[];
  readonly rules: readonly SecurityGroupRuleRow[];
  /** Of the policy that holds for the port. */
  readonly qos: readonly QosRuleRow[];
}

/** admin_state_up=false closes the port: anti-spoofing without any address and rules. */
export function portFilter(config: NetworkConfig, rows: FilterRows): PortFilter {
  const { port, segment, network } = rows;
  const up = port.admin_state_up === 1 && network.admin_state_up === 1;
  return {
    portId: port.id,
    tapName: tapName(port.id),
    bridgeName: bridgeOf(config, segment),
    mark: rows.plug.mark,
    zone: segment.zone,
    macAddress: port.mac_address,
    fixedIps: up ? rows.ips.map((ip) => ip.address) : [],
    allowedAddressPairs: up
      ? (JSON.parse(port.allowed_address_pairs) as { ip_address: string; mac_address: string }[]).map(
          (pair) => ({ ip: pair.ip_address, mac: pair.mac_address }),
        )
      : [],
    portSecurity: up ? port.port_security_enabled === 1 : true,
    rules: up ? rows.rules.map(securityRule) : [],
    // One stateful group is enough: its rules need their replies.
    stateful: rows.groups.length === 0 || rows.groups.some((group) => group.stateful === 1),
    ...(segment.physical_network === null ? {} : { hostAccess: true }),
    ...portQos(rows.qos),
  };
}

export function securityRule(row: SecurityGroupRuleRow): SecurityRule {
  return {
    direction: row.direction,
    ethertype: row.ethertype,
    // As a number: names come from more places than the packet filter knows. 0 ('ip', 'hopopt') is any, as in neutron.
    protocol: row.protocol === null || numberOf(row.protocol) === 0 ? null : String(numberOf(row.protocol)),
    portMin: row.port_range_min,
    portMax: row.port_range_max,
    ...(row.normalized_cidr === null ? {} : { remoteCidr: row.normalized_cidr }),
    // To the packet filter a group of addresses is a group whose members do not change by themselves.
    ...(remoteOf(row) === null ? {} : { remoteGroupId: remoteOf(row) as string }),
  };
}

const remoteOf = (row: SecurityGroupRuleRow): string | null =>
  row.remote_group_id ?? row.remote_address_group_id;

/** A group without members is told of as well: its set may have had some. */
export function groupMembers(
  groupIds: readonly string[],
  members: readonly { readonly group_id: string; readonly address: string }[],
): GroupMembers[] {
  return groupIds.map((groupId) => {
    const addresses = members.filter((one) => one.group_id === groupId).map((one) => one.address);
    return {
      groupId,
      v4: addresses.filter((address) => !address.includes(':')),
      v6: addresses.filter((address) => address.includes(':')),
    };
  });
}
