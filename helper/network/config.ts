/** What a cloud's owner may set of its network service. Times in seconds, sizes in bytes. */
export interface NetworkConfig {
  /** This host's name, as agents and port bindings show it. */
  readonly hostName: string;
  readonly availabilityZone: string;
  /** Domain of guests' names, without trailing dot. */
  readonly dnsDomain: string;
  /** MTU of vxlan networks: that of the underlay less 50. */
  readonly tunnelMtu: number;
  /** MTU of local and flat networks. */
  readonly plainMtu: number;
  /** VXLAN ids to give out; instances on one machine need ranges of their own. Both ends included. */
  readonly vniRange: readonly [number, number];
  /** Address that tunnels start from; 127.0.0.1 on a single host. */
  readonly tunnelAddress: string;
  /** Physical networks for flat networks: name to bridge. */
  readonly physicalNetworks: Readonly<Record<string, string>>;
  /** Translate what leaves the host from the external subnets to the host's address. */
  readonly masquerade: boolean;
  readonly leaseSeconds: number;
  /** Port on 127.0.0.1 in each DHCP namespace where questions to the outside are answered. */
  readonly dnsRelayPort: number;
  /** Quota of a project that has none of its own; -1 is unlimited. */
  readonly quotas: Readonly<Record<string, number>>;
}

/** neutron's defaults where it has them. */
export const defaultConfig: NetworkConfig = {
  hostName: 'deskcloud',
  availabilityZone: 'nova',
  dnsDomain: 'openstacklocal',
  tunnelMtu: 1450,
  plainMtu: 1500,
  vniRange: [1, 16_777_215],
  tunnelAddress: '127.0.0.1',
  physicalNetworks: { external: 'br-ex' },
  masquerade: true,
  leaseSeconds: 86_400,
  dnsRelayPort: 5353,
  quotas: {
    network: 100,
    subnet: 100,
    port: 500,
    security_group: 10,
    security_group_rule: 100,
  },
};

/** Bounds that hold whatever is configured (neutron's options of the same meaning). */
export const limits = {
  /** S28 */
  allowedAddressPairs: 10,
  dnsNameservers: 5,
  hostRoutes: 20,
  fixedIps: 16,
  extraDhcpOpts: 20,
  tags: 50,
  bulk: 100,
  page: 1000,
} as const;
