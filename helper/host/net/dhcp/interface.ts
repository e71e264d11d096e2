export interface DhcpHost {
  /** Lower-case, colon-separated. */
  readonly macAddress: string;
  readonly ip: string;
  /** A DNS label, as 'host-10-0-0-5' or the server's name. */
  readonly hostName: string;
  /** Domain of its name where it is not the server's, without trailing dot. */
  readonly domain?: string;
  /** Neutron's extra_dhcp_opts of the port for the version of `ip`: option name or number → value. */
  readonly options?: readonly { readonly name: string; readonly value: string }[];
}

/**
 * What DHCPv6 gives in a subnet: addresses and options, options alone, or nothing. Nothing but names are served in a
 * subnet whose guests learn all from router advertisements.
 */
export type Dhcp6Mode = 'stateful' | 'stateless' | 'none';

export interface DhcpSubnet {
  readonly subnetId: string;
  /** '10.0.0.0/24', 'fd00::/64'. DHCPv6 is for prefixes of 64 bits and more (dnsmasq has no shorter ones). */
  readonly cidr: string;
  /** IPv6 only; 'stateful' when it is left out. */
  readonly mode?: Dhcp6Mode;
  /** Router option (IPv4); none when null. */
  readonly gatewayIp: string | null;
  /** Given to the guests; the DHCP port's own address (which forwards) when empty. */
  readonly dnsNameservers: readonly string[];
  readonly hostRoutes: readonly { readonly destination: string; readonly nextHop: string }[];
}

/** The whole wanted state of one network's DHCP server. */
export interface DhcpSpec {
  readonly networkId: string;
  readonly bridge: string;
  /** Bytes; also told to the guests. */
  readonly mtu: number;
  /** The DHCP port (device_owner network:dhcp): its id, MAC and one address per subnet, '10.0.0.2/24'. */
  readonly port: {
    readonly portId: string;
    readonly macAddress: string;
    readonly addresses: readonly string[];
  };
  readonly subnets: readonly DhcpSubnet[];
  readonly hosts: readonly DhcpHost[];
  /** DNS domain without trailing dot, as 'openstacklocal'. */
  readonly domain: string;
  readonly leaseSeconds: number;
  /** Port on 127.0.0.1 in the namespace that answers what dnsmasq does not know itself; see SocketHost.startDnsRelay. */
  readonly dnsRelayPort: number;
}

export interface DhcpLease {
  /** Seconds since 1970; 0 for never. */
  readonly expires: number;
  /** Of an IPv6 address, whose lease does not know it: that of the host that the address is for; '' for none. */
  readonly macAddress: string;
  readonly ip: string;
  /** Null when the guest gave none. */
  readonly hostName: string | null;
  readonly clientId: string | null;
}

/**
 * One dnsmasq per network in `qdhcp-<network id>`, with the directory `<stateDirectory>/networks/<id>/`; it outlives
 * the helper. It runs as an unprivileged user, which must be able to reach that directory.
 */
export interface DhcpServerHost {
  /**
   * Namespace, veth pair, addresses (with 169.254.169.254/32 and, where there is IPv6, fe80::a9fe:a9fe for metadata), files, process: exactly one (R20).
   * A change of hosts is a reload, a change of subnets or interface a restart, no change costs a look.
   * @throws {TypeError} on a value with a character that dnsmasq's files give a meaning to (S31); nothing is changed.
   */
  ensure(spec: DhcpSpec): Promise<'unchanged' | 'reloaded' | 'started'>;
  /**
   * The hosts alone (a port came or went): the files and SIGHUP, no look at devices. A lease that stands against the
   * new hosts (same address, other MAC) goes at once. Starts nothing: false when the network has no running server.
   */
  updateHosts(spec: DhcpSpec): Promise<boolean>;
  /** Whether the network's process is there; a look at two small files of /proc, no command. */
  isRunning(networkId: string): boolean;
  /** Stops the process, removes namespace, veth pair and directory. */
  remove(networkId: string): Promise<void>;
  leases(networkId: string): Promise<readonly DhcpLease[]>;
  /** Calls with all leases whenever the file changes; returns what ends it. The directory must exist. */
  watchLeases(networkId: string, listener: (leases: readonly DhcpLease[]) => void): () => void;
  /** Networks of this instance of which a process, a namespace or a directory is there. */
  list(): Promise<readonly string[]>;
}
