import type { Shaping } from '../link/interface.ts';

/** What a router tells the guests of a network (RFC 4861, RFC 8106). */
export interface Advertisement {
  /** Addresses come by DHCPv6. */
  readonly managed: boolean;
  /** Other things come by DHCPv6. */
  readonly otherConfig: boolean;
  readonly prefixes: readonly {
    readonly cidr: string;
    /** Guests make addresses of it themselves. */
    readonly autonomous: boolean;
  }[];
  /** IPv6 addresses; the first three are told. */
  readonly nameServers: readonly string[];
}

export interface RouterInterface {
  readonly portId: string;
  readonly macAddress: string;
  /** The router's own addresses in CIDR notation, as '10.0.0.1/24', 'fd00::1/64'. */
  readonly addresses: readonly string[];
  readonly bridge: string;
  /** Bytes. */
  readonly mtu: number;
  /** Address scopes of its network's subnets, by the version of IP; absent where they are of none. */
  readonly scopes?: { readonly 4?: string; readonly 6?: string };
  /** Where it has IPv6 subnets. Not done while the router does not forward. */
  readonly advertise?: Advertisement;
}

export interface RouterGateway extends RouterInterface {
  /** Next hops of the default routes: the gateway_ip of the external subnets; at most one per family. */
  readonly nextHops: readonly string[];
  /** Without an IPv6 next hop: take the default route of that family from advertisements on the external network. */
  readonly acceptAdvertisements?: boolean;
  /** Neutron's enable_snat. */
  readonly snat: boolean;
}

/** Ports of a floating address that lead inside. Both ends of ranges are included. */
export interface PortForwarding {
  /** IPv4; not also one of `floatingIps`. */
  readonly floating: string;
  /** 'tcp', 'udp' or 'sctp'. */
  readonly protocol: string;
  readonly external: { readonly first: number; readonly last: number };
  readonly fixed: string;
  /** One port for all external ones, or as many as those. */
  readonly internal: { readonly first: number; readonly last: number };
}

/** The kernel follows a protocol that opens connections of its own, at this port. */
export interface ConntrackHelper {
  /** As the kernel names it: 'ftp', 'netbios-ns'. */
  readonly helper: string;
  /** 'tcp' or 'udp'. */
  readonly protocol: string;
  readonly port: number;
}

/** Both ends included. */
export interface PortSpan {
  readonly first: number;
  readonly last: number;
}

export interface FirewallRule {
  readonly ipVersion: 4 | 6;
  /** IP protocol number; null for any. */
  readonly protocol: number | null;
  /** Networks or addresses of that version. */
  readonly source?: string;
  readonly destination?: string;
  /** Only with a protocol that has ports. */
  readonly sourcePorts?: PortSpan;
  readonly destinationPorts?: PortSpan;
  readonly action: 'allow' | 'deny' | 'reject';
}

/** The firewall group of an interface. The first rule that matches decides; what none matches is dropped. */
export interface RouterFirewall {
  readonly portId: string;
  /** For what the router sends out of the interface, towards its network. */
  readonly ingress: readonly FirewallRule[];
  /** For what comes from its network. */
  readonly egress: readonly FirewallRule[];
}

/** Traffic through the gateway that is counted, or is not (`excluded`). */
export interface MeterRule {
  /** 'ingress' comes from the outside. */
  readonly direction: 'ingress' | 'egress';
  readonly excluded: boolean;
  /** Networks; addresses of the inside are the fixed ones. */
  readonly source?: string;
  readonly destination?: string;
}

export interface Meter {
  readonly labelId: string;
  readonly rules: readonly MeterRule[];
}

/** What a label has counted at a router since the label or the router's namespace was made. */
export interface MeterReading {
  readonly labelId: string;
  readonly packets: number;
  readonly bytes: number;
}

/** Limits of what goes through the gateway to and from one of its addresses; what is above is dropped. */
export interface AddressLimit {
  /** A floating address or one of the gateway's own. */
  readonly address: string;
  /** By the sight of who has the address. */
  readonly shaping: Shaping;
}

/** The whole wanted state of one router. */
export interface RouterSpec {
  readonly routerId: string;
  /** admin_state_up; false stops forwarding and keeps everything else. */
  readonly forwarding: boolean;
  readonly interfaces: readonly RouterInterface[];
  /** Of a highly available router: where its like would be heard. Nothing is led there. */
  readonly ha?: RouterInterface;
  readonly gateway?: RouterGateway;
  /** IPv4 addresses; `fixed` is behind one of the interfaces. Needs a gateway. */
  readonly floatingIps: readonly { readonly floating: string; readonly fixed: string }[];
  /** Needs a gateway. */
  readonly forwardings?: readonly PortForwarding[];
  readonly helpers?: readonly ConntrackHelper[];
  /** Interfaces that are not named let everything through. */
  readonly firewalls?: readonly RouterFirewall[];
  /** Needs a gateway. */
  readonly limits?: readonly AddressLimit[];
  /** Needs a gateway. */
  readonly meters?: readonly Meter[];
  /** Extra routes. */
  readonly routes: readonly { readonly destination: string; readonly nextHop: string }[];
  /** Port in the namespace that TCP to 169.254.169.254:80 and [fe80::a9fe:a9fe]:80 from the inside is led to. */
  readonly metadataPort?: number;
}

/** What ensure really did; empty lists when all was as wanted. */
export interface RouterChange {
  readonly created: boolean;
  /** Floating addresses that are new or lead elsewhere, and new gateway addresses: already announced. */
  readonly announced: readonly string[];
  /** Floating IPs that went or lead elsewhere: their connections were cut. */
  readonly released: readonly string[];
}

/**
 * Routers: a namespace `qrouter-<id>`, veth pairs to the bridges (`qr-`, `qg-`, `ha-` inside, `tap` outside), one nft table
 * inside for address translation. The bridges must be there.
 */
export interface RouterHost {
  /**
   * Brings the namespace to the state; looks first and changes only what differs. Safe to repeat. Connections by a
   * floating IP or a forwarded port that went are cut.
   * @throws when the kernel has not one of the conntrack helpers; all the rest is in place then.
   */
  ensure(spec: RouterSpec): Promise<RouterChange>;
  /** Also cuts its connections. No router is no error. */
  remove(routerId: string): Promise<void>;
  /**
   * Gratuitous ARP, as request and as reply (R19). Returns at once: the packets go out in the background, and a
   * failure is only recorded. IPv6 addresses are left out: the kernel announces those when they come.
   */
  announce(namespace: string, device: string, addresses: readonly string[]): void;
  /** Counters of the labels at this router; none without the router. */
  meters(routerId: string): Promise<readonly MeterReading[]>;
  /** Ids of the routers of this instance that have a namespace. */
  list(): Promise<readonly string[]>;
}
