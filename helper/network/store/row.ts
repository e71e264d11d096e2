/** Columns that every resource of the network API has. Times in ms since the epoch; lists are JSON. */
export interface StandardRow {
  readonly seq: number;
  readonly id: string;
  readonly project_id: string;
  readonly description: string;
  readonly created_at: number;
  readonly updated_at: number;
  readonly revision: number;
}

export interface NetworkRow extends StandardRow {
  readonly name: string;
  readonly admin_state_up: number;
  readonly status: string;
  readonly shared: number;
  readonly external: number;
  readonly is_default: number;
  /** Bytes. */
  readonly mtu: number;
  readonly port_security_enabled: number;
  readonly dns_domain: string;
  readonly availability_zone_hints: string;
  /** '' while it has no segment. */
  readonly network_type: NetworkType | '';
  readonly physical_network: string | null;
  readonly segmentation_id: number | null;
  readonly qos_policy_id: string | null;
  readonly tags: string;
}

export type NetworkType = 'vxlan' | 'local' | 'flat' | 'vlan';

/**
 * A network's place on the host; `released` is 1 once the network is gone and its devices may still be there, 2 while it
 * has no segment. A VLAN's tag and physical network are in the network's row.
 */
export interface SegmentRow {
  readonly network_id: string;
  readonly network_type: NetworkType;
  readonly physical_network: string | null;
  readonly vni: number | null;
  readonly zone: number;
  readonly released: number;
}

export interface SubnetRow extends StandardRow {
  readonly name: string;
  readonly network_id: string;
  readonly ip_version: 4 | 6;
  readonly cidr: string;
  readonly gateway_ip: string | null;
  readonly enable_dhcp: number;
  readonly ipv6_ra_mode: string | null;
  readonly ipv6_address_mode: string | null;
  readonly subnetpool_id: string | null;
  readonly segment_id: string | null;
  /** `[{start, end}]` */
  readonly allocation_pools: string;
  readonly dns_nameservers: string;
  /** `[{destination, nexthop}]` */
  readonly host_routes: string;
  readonly service_types: string;
  readonly tags: string;
}

export interface PortRow extends StandardRow {
  readonly name: string;
  readonly network_id: string;
  readonly mac_address: string;
  readonly admin_state_up: number;
  readonly status: string;
  readonly device_id: string;
  readonly device_owner: string;
  readonly port_security_enabled: number;
  /** `[{ip_address, mac_address}]` */
  readonly allowed_address_pairs: string;
  /** `[{opt_name, opt_value, ip_version}]` */
  readonly extra_dhcp_opts: string;
  readonly dns_name: string;
  readonly vnic_type: string;
  readonly binding_host: string;
  readonly binding_profile: string;
  readonly made_by_compute: number;
  readonly nic_index: number | null;
  readonly nic_tag: string | null;
  readonly qos_policy_id: string | null;
  readonly dns_domain: string;
  readonly tags: string;
}

export interface PortIpRow {
  readonly port_id: string;
  readonly subnet_id: string;
  readonly network_id: string;
  readonly address: string;
  readonly address_key: string;
  readonly position: number;
}

/** A port's place on the host; `released` once the port is gone and its tap or filter may still be there. */
export interface PlugRow {
  readonly port_id: string;
  readonly network_id: string;
  readonly mark: number;
  /** 0: the host has nothing of it; 1: it has, or is about to; 2: being taken off. */
  readonly plugged: 0 | 1 | 2;
  readonly released: number;
  /** 1: its traffic is, or may be, limited on the host. */
  readonly shaped: number;
  /** JSON list of addresses that its filter was made for. */
  readonly addresses: string;
  /** JSON list of the security groups that it counted among the members of. */
  readonly groups: string;
}

export interface SecurityGroupRow extends StandardRow {
  readonly name: string;
  readonly stateful: number;
  readonly is_default: number;
  readonly tags: string;
}

export interface SecurityGroupRuleRow extends StandardRow {
  readonly security_group_id: string;
  readonly direction: 'ingress' | 'egress';
  readonly ethertype: 'IPv4' | 'IPv6';
  readonly protocol: string | null;
  readonly port_range_min: number | null;
  readonly port_range_max: number | null;
  readonly remote_ip_prefix: string | null;
  readonly normalized_cidr: string | null;
  readonly remote_group_id: string | null;
  readonly remote_address_group_id: string | null;
}
