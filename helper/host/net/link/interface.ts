/** A network's bridge, with its tunnel if it has one. */
export interface NetworkSegment {
  readonly networkId: string;
  /** Device name of the bridge: `bridgeName(networkId)`, or the external bridge for a flat external network. */
  readonly bridge: string;
  /** Bytes; also given to the tunnel. 1450 for VXLAN over 1500. */
  readonly mtu: number;
  /** Conntrack zone of the network, 1 to 65535, unique among all networks of this host. */
  readonly zone: number;
  readonly vxlan?: {
    /** 1 to 16777215. */
    readonly vni: number;
    /** Address of this host that the tunnel starts from; 127.0.0.1 on a single host. */
    readonly local: string;
    /** Addresses of the other hosts of the segment; none on a single host. */
    readonly peers: readonly string[];
  };
  /** The network is what has this tag on another bridge of ours, a physical network's, which must be there. */
  readonly vlan?: { readonly parent: string; readonly id: number };
  /** A host device to put on the bridge (flat networks); it must exist and is not removed with the bridge. */
  readonly uplink?: string;
}

/** A guest's tap. The domain names it with `<target dev='…' managed='no'/>` in `<interface type='ethernet'>`. */
export interface TapSpec {
  /** `tapName(portId)`. */
  readonly tap: string;
  readonly bridge: string;
  /** Bytes; the network's. */
  readonly mtu: number;
  /**
   * The guest's MAC; the tap itself gets the same with first octet fe, so that the bridge never takes a guest's
   * address for its own.
   */
  readonly macAddress: string;
  /** A trunk's subport: instead of a tap of its own, what comes with this tag by its parent's tap. */
  readonly vlan?: { readonly parent: string; readonly id: number };
}

/** A token bucket. */
export interface Rate {
  /** kbit/s, at least 1. */
  readonly kbps: number;
  /** kbit; 0 for one that suits the rate. */
  readonly burstKbit: number;
}

/** Limits of a guest's traffic, by the guest's sight: ingress goes to it. Without one it is not limited. */
export interface Shaping {
  readonly ingress?: Rate;
  readonly egress?: Rate;
}

/** Octets and packets since the device was made. 'rx' is what the host received, so what a guest sent. */
export interface LinkCounters {
  readonly device: string;
  readonly rxBytes: number;
  readonly rxPackets: number;
  readonly rxDropped: number;
  readonly txBytes: number;
  readonly txPackets: number;
  readonly txDropped: number;
}

/**
 * Bridges, tunnels and taps. All calls ensure a state (look first, deterministic names) and may be repeated; removal
 * of what is not there is no error. Each device carries the owner's alias; a device of that name without our alias
 * is somebody else's and makes the call fail rather than be changed.
 *
 * Failures are CommandError (the message holds what `ip` said).
 */
export interface LinkHost {
  /** True where the kernel has VLAN devices; loads its module where there is one. */
  hasVlans(): Promise<boolean>;
  /** Bridge (no STP, no forward delay, no IPv6 of the host's own), filter hooks of that bridge, tunnel, uplink. */
  ensureSegment(segment: NetworkSegment): Promise<void>;
  /** Removes the tunnel and the bridge. Does nothing while guests' taps are on the bridge (R22): answers false. */
  removeSegment(segment: Pick<NetworkSegment, 'networkId' | 'bridge' | 'vxlan' | 'zone'>): Promise<boolean>;
  /**
   * A persistent tap (vnet_hdr) on its bridge, up. Call after the port's filter is applied: until then nothing
   * passes, also when the tap is already there (S26).
   * @throws when the bridge is not there, or for a subport, when the kernel has no VLAN devices.
   */
  ensureTap(spec: TapSpec): Promise<void>;
  /** Limits a tap that is there; `{}` takes limits away. No tap is no error: it has no traffic. */
  shapeTap(tap: string, shaping: Shaping): Promise<void>;
  removeTap(tap: string): Promise<void>;
  /** True when the tap is there, ours, up and on a bridge. */
  tapExists(tap: string): Promise<boolean>;
  /** Of those of the devices that exist. */
  counters(devices: readonly string[]): Promise<readonly LinkCounters[]>;
}
