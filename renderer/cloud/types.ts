/**
 * Resources as the APIs show them (compute 2.93, network 2.0, image 2, identity 3): the attributes that the window
 * reads. Add what a page needs; names are the APIs' own.
 */
import type { ServerStatus } from '../../helper/contract/server-actions.ts';

export interface Server {
  readonly id: string;
  readonly name: string;
  readonly description: string | null;
  readonly status: ServerStatus;
  readonly tenant_id: string;
  readonly user_id: string;
  readonly created: string;
  readonly updated: string;
  readonly locked: boolean;
  readonly locked_reason: string | null;
  readonly progress?: number;
  readonly key_name: string | null;
  readonly hostId: string;
  readonly config_drive: string;
  readonly metadata: Readonly<Record<string, string>>;
  readonly tags: readonly string[];
  /** '' where it starts from a volume. */
  readonly image: { readonly id: string } | '';
  readonly flavor: {
    readonly original_name: string;
    readonly vcpus: number;
    readonly ram: number;
    readonly disk: number;
    readonly ephemeral: number;
    readonly swap: number;
    readonly extra_specs?: Readonly<Record<string, string>>;
  };
  readonly addresses: Readonly<Record<string, readonly ServerAddress[]>>;
  readonly security_groups?: readonly { readonly name: string }[];
  readonly server_groups?: readonly string[];
  readonly fault?: { readonly code: number; readonly message: string; readonly created: string };
  readonly 'OS-EXT-STS:vm_state': string;
  readonly 'OS-EXT-STS:task_state': string | null;
  readonly 'OS-EXT-STS:power_state': number;
  readonly 'OS-EXT-AZ:availability_zone': string;
  readonly 'OS-EXT-SRV-ATTR:host'?: string | null;
  readonly 'OS-EXT-SRV-ATTR:instance_name'?: string;
  readonly 'OS-EXT-SRV-ATTR:hostname'?: string;
  readonly 'OS-SRV-USG:launched_at': string | null;
  readonly 'os-extended-volumes:volumes_attached': readonly { readonly id: string }[];
}

export interface ServerAddress {
  readonly addr: string;
  readonly version: 4 | 6;
  readonly 'OS-EXT-IPS:type': 'fixed' | 'floating';
  readonly 'OS-EXT-IPS-MAC:mac_addr': string;
}

export interface Flavor {
  readonly id: string;
  readonly name: string;
  readonly vcpus: number;
  /** MiB */
  readonly ram: number;
  /** GiB */
  readonly disk: number;
  readonly swap: number | '';
  readonly description: string | null;
  readonly 'OS-FLV-EXT-DATA:ephemeral': number;
  readonly 'os-flavor-access:is_public': boolean;
  readonly extra_specs?: Readonly<Record<string, string>>;
}

export interface Image {
  readonly id: string;
  readonly name: string | null;
  readonly status: string;
  readonly visibility: 'public' | 'community' | 'shared' | 'private';
  readonly owner: string | null;
  readonly size: number | null;
  readonly virtual_size: number | null;
  readonly disk_format: string | null;
  readonly container_format: string | null;
  readonly min_disk: number;
  readonly min_ram: number;
  readonly protected: boolean;
  readonly os_hidden: boolean;
  readonly checksum: string | null;
  readonly os_hash_algo: string | null;
  readonly os_hash_value: string | null;
  readonly tags: readonly string[];
  readonly created_at: string;
  readonly updated_at: string;
  readonly os_distro?: string;
  readonly os_admin_user?: string;
}

export interface KeyPair {
  readonly name: string;
  readonly type: 'ssh' | 'x509';
  readonly public_key: string;
  readonly fingerprint: string;
}

export interface Network {
  readonly id: string;
  readonly name: string;
  readonly project_id: string;
  readonly status: string;
  readonly admin_state_up: boolean;
  readonly shared: boolean;
  readonly 'router:external': boolean;
  readonly subnets: readonly string[];
  readonly mtu: number;
  readonly description: string;
  readonly is_default?: boolean;
  readonly port_security_enabled: boolean;
  readonly dns_domain: string;
  readonly qos_policy_id: string | null;
  readonly availability_zones: readonly string[];
  readonly created_at: string;
  readonly updated_at: string;
  readonly tags: readonly string[];
  /** For administrators only. */
  readonly 'provider:network_type'?: string;
  readonly 'provider:physical_network'?: string | null;
  readonly 'provider:segmentation_id'?: number | null;
}

export type Ipv6Mode = 'slaac' | 'dhcpv6-stateful' | 'dhcpv6-stateless';

export interface Subnet {
  readonly id: string;
  readonly name: string;
  readonly project_id: string;
  readonly network_id: string;
  readonly cidr: string;
  readonly gateway_ip: string | null;
  readonly ip_version: 4 | 6;
  readonly enable_dhcp: boolean;
  readonly description: string;
  readonly ipv6_ra_mode: Ipv6Mode | null;
  readonly ipv6_address_mode: Ipv6Mode | null;
  readonly subnetpool_id: string | null;
  readonly allocation_pools: readonly { readonly start: string; readonly end: string }[];
  readonly dns_nameservers: readonly string[];
  readonly host_routes: readonly Route[];
}

/** An extra route, of a subnet's guests or a router. */
export interface Route {
  readonly destination: string;
  readonly nexthop: string;
}

export interface Port {
  readonly id: string;
  readonly name: string;
  readonly project_id: string;
  readonly network_id: string;
  readonly status: string;
  readonly admin_state_up: boolean;
  readonly mac_address: string;
  readonly device_id: string;
  readonly device_owner: string;
  readonly fixed_ips: readonly { readonly subnet_id: string; readonly ip_address: string }[];
  readonly security_groups: readonly string[];
  readonly description: string;
  readonly port_security_enabled: boolean;
  readonly allowed_address_pairs: readonly { readonly ip_address: string; readonly mac_address: string }[];
  readonly extra_dhcp_opts: readonly {
    readonly opt_name: string;
    readonly opt_value: string;
    readonly ip_version: 4 | 6;
  }[];
  readonly dns_name: string;
  readonly qos_policy_id: string | null;
  readonly qos_network_policy_id: string | null;
  readonly created_at: string;
  readonly 'binding:host_id'?: string;
  readonly 'binding:vif_type'?: string;
  readonly trunk_details?: { readonly trunk_id: string };
}

export interface Trunk {
  readonly id: string;
  readonly name: string;
  readonly description: string;
  readonly admin_state_up: boolean;
  readonly project_id: string;
  readonly status: string;
  readonly port_id: string;
  readonly sub_ports: readonly {
    readonly port_id: string;
    readonly segmentation_type: string;
    readonly segmentation_id: number;
  }[];
}

export interface QosPolicy {
  readonly id: string;
  readonly name: string;
  readonly project_id: string;
  readonly description: string;
  readonly shared: boolean;
  readonly is_default: boolean;
  readonly rules: readonly (Readonly<Record<string, string | number | null>> & {
    readonly id: string;
    readonly type: string;
  })[];
}

export interface AddressGroup {
  readonly id: string;
  readonly name: string;
  readonly project_id: string;
  readonly description: string;
  readonly addresses: readonly string[];
}

export interface Router {
  readonly id: string;
  readonly name: string;
  readonly project_id: string;
  readonly status: string;
  readonly admin_state_up: boolean;
  readonly external_gateway_info: {
    readonly network_id: string;
    readonly enable_snat: boolean;
    readonly external_fixed_ips: readonly { readonly subnet_id: string; readonly ip_address: string }[];
  } | null;
  readonly description: string;
  readonly routes: readonly Route[];
  readonly created_at: string;
}

export interface FloatingIp {
  readonly id: string;
  readonly project_id: string;
  readonly floating_ip_address: string;
  readonly floating_network_id: string;
  readonly fixed_ip_address: string | null;
  readonly port_id: string | null;
  readonly router_id: string | null;
  readonly status: string;
  readonly description: string;
  readonly qos_policy_id: string | null;
  readonly created_at: string;
  readonly dns_name: string;
  readonly port_forwardings: readonly {
    readonly id: string;
    readonly protocol: string;
    readonly internal_port_id: string;
    readonly internal_ip_address: string;
    readonly external_port?: number;
    readonly internal_port?: number;
  }[];
}

export interface SecurityGroup {
  readonly id: string;
  readonly name: string;
  readonly project_id: string;
  readonly description: string;
  readonly security_group_rules: readonly SecurityGroupRule[];
  readonly stateful: boolean;
  readonly shared: boolean;
  readonly created_at: string;
}

export interface SecurityGroupRule {
  readonly id: string;
  readonly direction: 'ingress' | 'egress';
  readonly ethertype: 'IPv4' | 'IPv6';
  readonly protocol: string | null;
  readonly port_range_min: number | null;
  readonly port_range_max: number | null;
  readonly remote_ip_prefix: string | null;
  readonly remote_group_id: string | null;
  readonly remote_address_group_id: string | null;
  readonly description: string;
}

export interface ServerGroup {
  readonly id: string;
  readonly name: string;
  readonly policy: string;
  readonly rules: { readonly max_server_per_host?: number };
  readonly members: readonly string[];
  readonly project_id: string;
}

export interface Aggregate {
  readonly id: number;
  readonly uuid: string;
  readonly name: string;
  readonly availability_zone: string | null;
  readonly hosts: readonly string[];
  readonly metadata: Readonly<Record<string, string>>;
}

export interface IdentityDomain {
  readonly id: string;
  readonly name: string;
  readonly description: string;
  readonly enabled: boolean;
}

export interface IdentityProject extends IdentityDomain {
  readonly domain_id: string;
  /** The domain's id where no project is above it. */
  readonly parent_id: string | null;
  readonly tags: readonly string[];
}

export interface IdentityUser {
  readonly id: string;
  readonly name: string;
  readonly domain_id: string;
  readonly enabled: boolean;
  readonly default_project_id?: string;
  readonly description?: string;
  readonly email?: string;
  readonly password_expires_at: string | null;
}

export interface IdentityGroup {
  readonly id: string;
  readonly name: string;
  readonly domain_id: string;
  readonly description: string;
}

export interface IdentityRole {
  readonly id: string;
  readonly name: string;
  /** Null: of all domains. */
  readonly domain_id: string | null;
  readonly description: string | null;
}
