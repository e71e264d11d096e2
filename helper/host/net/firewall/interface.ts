/** One security group rule as it applies to a port. Wider than Neutron's row: names are resolved to addresses. */
export interface SecurityRule {
  readonly direction: 'ingress' | 'egress';
  readonly ethertype: 'IPv4' | 'IPv6';
  /** Name as Neutron has it ('tcp', 'udp', 'icmp', 'icmpv6', 'ipv6-icmp', 'sctp', ...), number 0–255 in decimal, or null for any. */
  readonly protocol: string | null;
  /** Lowest port, or ICMP type; null for any. */
  readonly portMin: number | null;
  /** Highest port, or ICMP code; null for any. */
  readonly portMax: number | null;
  /** The other side, in CIDR notation; at most one of remoteCidr and remoteGroupId. */
  readonly remoteCidr?: string;
  /** The other side is any member of this group (see GroupMembers). A group never told of has no member. */
  readonly remoteGroupId?: string;
}

/** Packets of one direction. */
export interface PacketRate {
  /** At least 1. */
  readonly packetsPerSecond: number;
  readonly burst: number;
}

/** Quality of service that is kept packet by packet; rates in bits are LinkHost.shapeTap's. */
export interface PortQos {
  /** Differentiated services code point that all IP packets from the guest get, 0 to 63. */
  readonly dscp?: number;
  /** What is above is dropped. */
  readonly egress?: PacketRate;
  readonly ingress?: PacketRate;
}

/** All that is needed to guard one port. The order of `rules` does not matter: each only allows. */
export interface PortFilter {
  readonly portId: string;
  /** Device on the bridge; need not exist yet. */
  readonly tapName: string;
  readonly bridgeName: string;
  /** 1 to 65535, unique among this instance's ports on the host, the same for the port's whole life. */
  readonly mark: number;
  /** Conntrack zone of the network, 1 to 65535. */
  readonly zone: number;
  readonly macAddress: string;
  readonly fixedIps: readonly string[];
  /** Neutron's allowed address pairs; `ip` may be a CIDR, `mac` is always filled in. */
  readonly allowedAddressPairs: readonly { readonly ip: string; readonly mac: string }[];
  /** False: neither anti-spoofing nor rules, everything passes. */
  readonly portSecurity: boolean;
  readonly rules: readonly SecurityRule[];
  /** False: replies need a rule of their own (stateless security groups). */
  readonly stateful: boolean;
  /**
   * The bridge carries the host's own address (a server directly on the external network): frames to the host
   * itself pass the port's egress rules instead of being dropped, and the zone is not used. What the host itself
   * sends to the server is not filtered.
   */
  readonly hostAccess?: boolean;
  readonly qos?: PortQos;
}

/** Who is in a security group: the addresses of all its ports (fixed IPs and allowed address pairs; CIDRs allowed). */
export interface GroupMembers {
  readonly groupId: string;
  readonly v4: readonly string[];
  readonly v6: readonly string[];
}

/** One atomic change: nft loads all of it or nothing. */
export interface FirewallChange {
  /** Ports whose filter is made or replaced. */
  readonly ports?: readonly PortFilter[];
  /** Groups whose members are made or replaced. */
  readonly groups?: readonly GroupMembers[];
  readonly removePorts?: readonly string[];
  /** Groups that no port's rules name any more. */
  readonly removeGroups?: readonly string[];
}

/** A port that has a filter in the kernel. */
export interface FilteredPort {
  readonly portId: string;
  readonly tapName: string;
  readonly mark: number;
}

/**
 * Security groups and anti-spoofing in nftables: the tables `bridge <owner>` and `inet <owner>`, which are ours alone.
 *
 * Rules are judged on every packet of a connection's first direction (only replies pass as 'established'), and a
 * TCP connection in the middle that conntrack does not know is dropped. So taking a rule away cuts the connections
 * it allowed, at once and no others, without flushing conntrack. Flush (see ConntrackHost) when a port goes or its
 * address changes, so that a successor does not inherit entries.
 */
export interface FirewallHost {
  /** Tables, hooks and empty maps; cheap when they are there. Called by every other method when needed. */
  ensureBase(): Promise<void>;
  /** Zone of a network's bridge; called by LinkHost.ensureSegment. */
  ensureBridge(bridge: string, zone: number): Promise<void>;
  removeBridge(bridge: string): Promise<void>;
  /**
   * One transaction. Other ports are not touched and no packet sees half of a change.
   * @throws {TypeError} on a value that cannot be a rule (S25): nothing is changed then.
   * @throws {CommandError} when the kernel refuses: nothing is changed then.
   */
  apply(change: FirewallChange): Promise<void>;
  applyPorts(ports: readonly PortFilter[], groups?: readonly GroupMembers[]): Promise<void>;
  applyGroupMembers(group: GroupMembers): Promise<void>;
  removePorts(portIds: readonly string[]): Promise<void>;
  /** What the kernel has. */
  listPorts(): Promise<readonly FilteredPort[]>;
  /** Groups that the kernel has a set for. */
  listGroups(): Promise<readonly string[]>;
  /** Takes the tables away: with them all filtering. Only for taking the cloud down. */
  removeAll(): Promise<void>;
}
