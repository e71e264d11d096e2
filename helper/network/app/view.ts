import type { NetworkConfig } from '../config.ts';
import type {
  NetworkRow,
  PortIpRow,
  PortRow,
  SecurityGroupRow,
  SecurityGroupRuleRow,
  StandardRow,
  SubnetRow,
} from '../store/row.ts';
import type { ApiSegmentRow } from '../store/segment.ts';
import { dnsDomainOf, hostNameOf } from '../host-state.ts';

/** '2026-01-31T12:00:00Z' */
export const timeText = (ms: number): string => `${new Date(ms).toISOString().slice(0, 19)}Z`;

const list = (json: string): unknown[] => (json === '[]' ? [] : (JSON.parse(json) as unknown[]));

/** Attributes that every resource with standard attributes shows. */
export const standard = (row: StandardRow) => ({
  id: row.id,
  project_id: row.project_id,
  tenant_id: row.project_id,
  description: row.description,
  created_at: timeText(row.created_at),
  updated_at: timeText(row.updated_at),
  revision_number: row.revision,
});

const provider = (
  one: Pick<ApiSegmentRow | NetworkRow, 'network_type' | 'physical_network' | 'segmentation_id'>,
) => ({
  // A network may have lost its last segment.
  'provider:network_type': one.network_type === '' ? null : one.network_type,
  'provider:physical_network': one.physical_network,
  'provider:segmentation_id': one.segmentation_id,
});

/** Of a network with several segments, the list of them instead of the attributes of one (multi-provider). */
const providerView = (row: NetworkRow, segments: readonly ApiSegmentRow[]) =>
  segments.length > 1 ? { segments: segments.map(provider) } : provider(row);

/** What of a network is not in its row. */
export interface NetworkSurroundings {
  readonly subnetIds: readonly string[];
  /** With who asks. */
  readonly shared: boolean;
  /** Shows provider attributes. */
  readonly admin: boolean;
  readonly zone: string;
  /** Address scopes of its subnets, by IP version. */
  readonly scopes: Readonly<Record<4 | 6, string | null>>;
  /** Looked at for administrators only. */
  readonly segments: readonly ApiSegmentRow[];
}

export const networkView = (
  row: NetworkRow,
  { subnetIds, shared, admin, zone, scopes, segments }: NetworkSurroundings,
) => ({
  ...standard(row),
  name: row.name,
  admin_state_up: row.admin_state_up === 1,
  status: row.status,
  subnets: subnetIds,
  shared,
  'router:external': row.external === 1,
  ...(row.external === 1 ? { is_default: row.is_default === 1 } : {}),
  mtu: row.mtu,
  port_security_enabled: row.port_security_enabled === 1,
  dns_domain: row.dns_domain,
  availability_zone_hints: list(row.availability_zone_hints),
  availability_zones: subnetIds.length > 0 ? [zone] : [],
  ipv4_address_scope: scopes[4],
  ipv6_address_scope: scopes[6],
  qos_policy_id: row.qos_policy_id,
  tags: list(row.tags),
  ...(admin ? providerView(row, segments) : {}),
});

/** @param admin shows the segment. */
export const subnetView = (row: SubnetRow, admin: boolean) => ({
  ...standard(row),
  name: row.name,
  network_id: row.network_id,
  ip_version: row.ip_version,
  cidr: row.cidr,
  gateway_ip: row.gateway_ip,
  enable_dhcp: row.enable_dhcp === 1,
  ipv6_ra_mode: row.ipv6_ra_mode,
  ipv6_address_mode: row.ipv6_address_mode,
  subnetpool_id: row.subnetpool_id,
  allocation_pools: list(row.allocation_pools),
  dns_nameservers: list(row.dns_nameservers),
  host_routes: list(row.host_routes),
  service_types: list(row.service_types),
  ...(admin ? { segment_id: row.segment_id } : {}),
  tags: list(row.tags),
});

export interface PortSurroundings {
  readonly ips: readonly PortIpRow[];
  readonly groupIds: readonly string[];
  readonly network: Pick<NetworkRow, 'qos_policy_id' | 'dns_domain'> | undefined;
  /** Where it is a trunk's parent. */
  readonly trunk: Readonly<Record<string, unknown>> | undefined;
  /** Shows the binding to the host. */
  readonly admin: boolean;
  readonly config: Pick<NetworkConfig, 'dnsDomain'>;
}

export const portView = (
  row: PortRow,
  { ips, groupIds, network, trunk, admin, config }: PortSurroundings,
) => ({
  ...standard(row),
  name: row.name,
  network_id: row.network_id,
  mac_address: row.mac_address,
  admin_state_up: row.admin_state_up === 1,
  status: row.status,
  device_id: row.device_id,
  device_owner: row.device_owner,
  fixed_ips: ips.map((ip) => ({ subnet_id: ip.subnet_id, ip_address: ip.address })),
  security_groups: groupIds,
  port_security_enabled: row.port_security_enabled === 1,
  allowed_address_pairs: list(row.allowed_address_pairs),
  extra_dhcp_opts: list(row.extra_dhcp_opts),
  dns_name: row.dns_name,
  dns_domain: row.dns_domain,
  qos_policy_id: row.qos_policy_id,
  qos_network_policy_id: network?.qos_policy_id ?? null,
  ...(trunk === undefined ? {} : { trunk_details: trunk }),
  dns_assignment: ips.map((ip) => {
    const hostname = hostNameOf(row.dns_name, ip.address);
    const domain = dnsDomainOf(config, network, row);
    return { ip_address: ip.address, hostname, fqdn: `${hostname}.${domain}.` };
  }),
  'binding:vnic_type': row.vnic_type,
  tags: list(row.tags),
  ...(admin
    ? {
        'binding:host_id': row.binding_host,
        'binding:vif_type': row.binding_host === '' ? 'unbound' : 'bridge',
        'binding:vif_details': row.binding_host === '' ? {} : { port_filter: true, connectivity: 'l2' },
        'binding:profile': JSON.parse(row.binding_profile) as Record<string, unknown>,
      }
    : {}),
});

export const ruleView = (row: SecurityGroupRuleRow) => ({
  ...standard(row),
  security_group_id: row.security_group_id,
  direction: row.direction,
  ethertype: row.ethertype,
  protocol: row.protocol,
  port_range_min: row.port_range_min,
  port_range_max: row.port_range_max,
  remote_ip_prefix: row.remote_ip_prefix,
  normalized_cidr: row.normalized_cidr,
  remote_group_id: row.remote_group_id,
  remote_address_group_id: row.remote_address_group_id,
});

/** @param shared with who asks */
export const groupView = (
  row: SecurityGroupRow,
  rules: readonly SecurityGroupRuleRow[],
  shared: boolean,
) => ({
  ...standard(row),
  name: row.name,
  stateful: row.stateful === 1,
  shared,
  security_group_rules: rules.map(ruleView),
  tags: list(row.tags),
});
