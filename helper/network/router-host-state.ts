import type {
  PortForwarding,
  RouterGateway,
  RouterInterface,
  RouterSpec,
} from '../host/net/router/interface.ts';
import { parseAddress, parseBlock } from './app/address.ts';
import type { NetworkConfig } from './config.ts';
import { bridgeOf } from './host-state.ts';
import { isLimited, shapingOf } from './qos-state.ts';
import { meter, routerFirewalls, type FirewallRows, type MeterRows } from './router-services-state.ts';
import type { ConntrackHelperRow } from './store/conntrack-helper.ts';
import type { QosRuleRow } from './store/qos.ts';
import type { RouterForwarding } from './store/port-forwarding.ts';
import type { FloatingIpRow } from './store/floating-ip.ts';
import { GATEWAY, type RouterAddress, type RouterRow } from './store/router.ts';
import type { NetworkRow, PortRow, SegmentRow } from './store/row.ts';

/** Port in a router's namespace where this process answers for the metadata service (neutron's own default). */
export const METADATA_PORT = 9697;

/** The rows that say what a router does. */
export interface RouterRows {
  readonly router: RouterRow;
  readonly ports: readonly PortRow[];
  readonly addresses: readonly RouterAddress[];
  /** Of a highly available router: its own port on its project's HA network. */
  readonly ha?: { readonly port: PortRow; readonly addresses: readonly RouterAddress[] };
  readonly networks: ReadonlyMap<string, NetworkRow>;
  readonly segments: ReadonlyMap<string, SegmentRow>;
  /** Address scopes by network. */
  readonly scopes: ReadonlyMap<string, readonly { readonly ip_version: 4 | 6; readonly id: string }[]>;
  readonly floatingIps: readonly FloatingIpRow[];
  readonly forwardings: readonly RouterForwarding[];
  readonly helpers: readonly ConntrackHelperRow[];
  readonly firewalls: readonly FirewallRows[];
  readonly meters: readonly MeterRows[];
  /** Rules of QoS policies by the policy. */
  readonly qos: ReadonlyMap<string, readonly QosRuleRow[]>;
}

/** From rows to what the host should have of a router. Pure. */
export function routerSpec(config: NetworkConfig, rows: RouterRows): RouterSpec {
  const { router } = rows;
  const interfaces: RouterInterface[] = [];
  let gateway: RouterGateway | undefined;
  for (const port of rows.ports) {
    const device = deviceOf(config, rows, port, addressesOf(rows, port));
    if (device === undefined) continue;
    if (port.device_owner === GATEWAY) gateway = { ...device, ...wayOut(rows, port) };
    else interfaces.push({ ...device, ...advertisement(addressesOf(rows, port)) });
  }
  const ha = rows.ha && deviceOf(config, rows, rows.ha.port, rows.ha.addresses);
  return {
    routerId: router.id,
    forwarding: router.admin_state_up === 1,
    interfaces,
    ...(ha === undefined ? {} : { ha }),
    ...(gateway === undefined ? {} : { gateway }),
    floatingIps:
      gateway === undefined
        ? []
        : rows.floatingIps.flatMap((one) =>
            one.fixed_ip_address === null
              ? []
              : [{ floating: one.floating_ip_address, fixed: one.fixed_ip_address }],
          ),
    ...(gateway === undefined || rows.forwardings.length === 0
      ? {}
      : { forwardings: rows.forwardings.map(forwarding) }),
    ...(rows.helpers.length === 0
      ? {}
      : { helpers: rows.helpers.map(({ helper, protocol, port }) => ({ helper, protocol, port })) }),
    ...(rows.firewalls.length === 0 ? {} : { firewalls: routerFirewalls(rows.firewalls, interfaces) }),
    ...limitsOf(rows, gateway),
    ...(rows.meters.length === 0 ? {} : { meters: rows.meters.map(meter) }),
    routes: reachableRoutes(
      rows,
      new Set([...interfaces, ...(gateway ? [gateway] : [])].map((one) => one.portId)),
    ),
    ...(interfaces.length === 0 ? {} : { metadataPort: METADATA_PORT }),
  };
}

/** Policies of floating IPs, and of the gateway for its own addresses. */
function limitsOf(rows: RouterRows, gateway: RouterGateway | undefined): Pick<RouterSpec, 'limits'> {
  if (gateway === undefined || rows.qos.size === 0) return {};
  const own = gateway.addresses.map((text) => ({
    address: text.slice(0, text.indexOf('/')),
    policy: rows.router.gateway_qos_policy_id,
  }));
  const floating = rows.floatingIps.map((one) => ({
    address: one.floating_ip_address,
    policy: one.qos_policy_id,
  }));
  const limits = [...own, ...floating]
    .map(({ address, policy }) => ({ address, shaping: shapingOf(rows.qos.get(policy ?? '') ?? []) }))
    .filter(({ shaping }) => isLimited(shaping));
  return limits.length === 0 ? {} : { limits };
}

const forwarding = (row: RouterForwarding): PortForwarding => ({
  floating: row.floating_ip_address,
  protocol: row.protocol,
  external: { first: row.external_first, last: row.external_last },
  fixed: row.internal_ip_address,
  internal: { first: row.internal_first, last: row.internal_last },
});

/** A port that is administratively down is not on the host. */
function deviceOf(
  config: NetworkConfig,
  rows: RouterRows,
  port: PortRow,
  addresses: readonly RouterAddress[],
): RouterInterface | undefined {
  const network = rows.networks.get(port.network_id);
  const segment = rows.segments.get(port.network_id);
  if (network === undefined || segment === undefined || port.admin_state_up !== 1) return undefined;
  return {
    portId: port.id,
    macAddress: port.mac_address,
    addresses: addresses.map((ip) => `${ip.address}/${ip.cidr.slice(ip.cidr.indexOf('/') + 1)}`),
    bridge: bridgeOf(config, segment),
    mtu: network.mtu,
    ...scopesOf(rows, port.network_id),
  };
}

function scopesOf(rows: RouterRows, networkId: string): Pick<RouterInterface, 'scopes'> {
  const found = rows.scopes.get(networkId) ?? [];
  return found.length === 0
    ? {}
    : { scopes: Object.fromEntries(found.map((one) => [one.ip_version, one.id])) };
}

const addressesOf = (rows: RouterRows, port: PortRow): RouterAddress[] =>
  rows.addresses.filter((ip) => ip.port_id === port.id);

const isV6 = (address: string): boolean => address.includes(':');

/**
 * What a router tells the guests of its IPv6 subnets on one network (neutron's agent/linux/ra.py): that it is there, and
 * of subnets with an ipv6_ra_mode how their addresses come. Name servers are told where nothing else comes by DHCPv6.
 */
function advertisement(addresses: readonly RouterAddress[]): Pick<RouterInterface, 'advertise'> {
  const six = [...new Map(addresses.map((ip) => [ip.subnet_id, ip])).values()].filter((ip) => isV6(ip.cidr));
  if (six.length === 0) return {};
  const modes = new Set(six.map((ip) => ip.ipv6_ra_mode));
  return {
    advertise: {
      managed: modes.has('dhcpv6-stateful'),
      otherConfig: modes.has('dhcpv6-stateless'),
      prefixes: six.flatMap(({ cidr, ipv6_ra_mode: mode }) =>
        mode === null ? [] : [{ cidr, autonomous: mode !== 'dhcpv6-stateful' }],
      ),
      nameServers: six
        .filter((ip) => ip.ipv6_ra_mode === 'slaac')
        .flatMap((ip) => JSON.parse(ip.dns_nameservers) as string[])
        .filter((ip) => ip !== '::'),
    },
  };
}

/** The default route of the first subnet that has a gateway: one per family. */
function wayOut(
  rows: RouterRows,
  port: PortRow,
): Pick<RouterGateway, 'nextHops' | 'snat' | 'acceptAdvertisements'> {
  const hops = addressesOf(rows, port).flatMap((ip) => ip.gateway_ip ?? []);
  const six = hops.find(isV6);
  return {
    nextHops: [hops.find((hop) => !isV6(hop)), six].filter((hop) => hop !== undefined),
    snat: rows.router.enable_snat === 1,
    ...(six === undefined ? { acceptAdvertisements: true } : {}),
  };
}

/** A route whose next hop's subnet went with the gateway cannot be in the kernel; it stays in the row. */
function reachableRoutes(rows: RouterRows, portIds: ReadonlySet<string>): RouterSpec['routes'] {
  if (rows.router.routes === '[]') return [];
  const blocks = rows.addresses
    .filter((ip) => portIds.has(ip.port_id))
    .flatMap((ip) => parseBlock(ip.cidr) ?? []);
  const routes = JSON.parse(rows.router.routes) as { destination: string; nexthop: string }[];
  return routes.flatMap(({ destination, nexthop }) => {
    const hop = parseAddress(nexthop);
    const near = blocks.some(
      (block) => block.version === hop?.version && block.first <= hop.value && hop.value <= block.last,
    );
    return near ? [{ destination, nextHop: nexthop }] : [];
  });
}
