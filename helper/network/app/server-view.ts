import type { Db } from '../../db/index.ts';
import { tapName } from '../../host/net/names.ts';
import type { NetworkConfig } from '../config.ts';
import type { ServerAddress, ServerNic } from '../face.ts';
import { bridgeOf } from '../host-state.ts';
import { networks, segments } from '../store/network.ts';
import {
  addressesOfPorts,
  macInNetwork,
  portByAddress,
  portsOfDevice,
  serverAddresses,
} from '../store/port.ts';
import type { PortRow } from '../store/row.ts';
import { groupNamesOfDevices } from '../store/security-group.ts';
import { subnetsOfNetworks } from '../store/subnet.ts';
import { groupBy } from '../store/table.ts';
import { canonical, macOfLinkLocal } from './address.ts';

/** Floating addresses by port; routers and floating IPs bring it. */
export type FloatingIpsOf = (
  db: Db,
  portIds: readonly string[],
) => ReadonlyMap<string, readonly { readonly floating: string; readonly fixed: string }[]>;

const isServerPort = (port: Pick<PortRow, 'device_owner'>): boolean =>
  port.device_owner.startsWith('compute:');

/** NICs of a server in the order in which they were asked for, as domain XML, metadata and config drive need them. */
export function nicsOf(
  db: Db,
  config: NetworkConfig,
  floatingIpsOf: FloatingIpsOf,
  serverId: string,
): ServerNic[] {
  const ports = portsOfDevice(db, serverId).filter(isServerPort);
  const networkIds = [...new Set(ports.map((port) => port.network_id))];
  const networkRows = new Map(networks.byIds(db, networkIds).map((row) => [row.id, row]));
  const segmentRows = new Map(segments.byIds(db, networkIds).map((row) => [row.network_id, row]));
  const subnetRows = new Map(subnetsOfNetworks(db, networkIds).map((row) => [row.id, row]));
  const portIds = ports.map((port) => port.id);
  const ips = groupBy(addressesOfPorts(db, portIds), (ip) => ip.port_id);
  const floating = floatingIpsOf(db, portIds);
  return ports.flatMap((port) => {
    const network = networkRows.get(port.network_id);
    const segment = segmentRows.get(port.network_id);
    if (network === undefined || segment === undefined) return [];
    return {
      portId: port.id,
      networkId: network.id,
      networkName: network.name,
      macAddress: port.mac_address,
      tapName: tapName(port.id),
      bridgeName: bridgeOf(config, segment),
      mtu: network.mtu,
      tag: port.nic_tag ?? undefined,
      status: port.status,
      fixedIps: (ips.get(port.id) ?? []).flatMap((ip) => {
        const subnet = subnetRows.get(ip.subnet_id);
        if (subnet === undefined) return [];
        return {
          address: ip.address,
          version: subnet.ip_version,
          subnetId: subnet.id,
          cidr: subnet.cidr,
          gateway: subnet.gateway_ip ?? undefined,
          dnsNameservers: JSON.parse(subnet.dns_nameservers) as string[],
          hostRoutes: JSON.parse(subnet.host_routes) as { destination: string; nexthop: string }[],
          dhcp: subnet.enable_dhcp === 1,
          addressMode: subnet.ipv6_address_mode ?? undefined,
        };
      }),
      floatingIps: (floating.get(port.id) ?? []).map((one) => one.floating),
    };
  });
}

/** Fixed and floating addresses of many servers, in a constant number of statements. */
export function addressesOf(
  db: Db,
  floatingIpsOf: FloatingIpsOf,
  serverIds: readonly string[],
): Map<string, ServerAddress[]> {
  const result = new Map<string, ServerAddress[]>();
  const rowsByPort = groupBy(serverAddresses(db, serverIds), (row) => row.port_id);
  const floating = floatingIpsOf(db, [...rowsByPort.keys()]);
  for (const [portId, rows] of rowsByPort) {
    const [first] = rows;
    if (first === undefined) continue;
    const list = result.get(first.device_id) ?? [];
    result.set(first.device_id, list);
    const of = (address: string, kind: ServerAddress['kind']): ServerAddress => ({
      networkId: first.network_id,
      networkName: first.network_name,
      macAddress: first.mac_address,
      portId,
      address,
      version: kind === 'fixed' && address.includes(':') ? 6 : 4,
      kind,
    });
    for (const { address } of rows) if (address !== null) list.push(of(address, 'fixed'));
    for (const one of floating.get(portId) ?? []) list.push(of(one.floating, 'floating'));
  }
  return result;
}

export function securityGroupNamesOf(db: Db, serverIds: readonly string[]): Map<string, string[]> {
  const names = groupBy(groupNamesOfDevices(db, serverIds), (row) => row.device_id);
  return new Map([...names].map(([id, rows]) => [id, rows.map((row) => row.name)]));
}

/** The server that has this address on this network, and on no other (S30). */
export function serverOnNetwork(
  db: Db,
  networkId: string,
  address: string,
): { serverId: string; projectId: string; portId: string } | undefined {
  const mac = macOfLinkLocal(address);
  const port =
    mac === undefined ? portByAddress(db, networkId, canonical(address)) : macInNetwork(db, networkId, mac);
  if (port === undefined || !isServerPort(port)) return undefined;
  return { serverId: port.device_id, projectId: port.project_id, portId: port.id };
}
