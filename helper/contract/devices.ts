/**
 * The network's devices as they are on the host now: GET /deskcloud/v1/network/devices. Names are the kernel's own; those
 * of a port end in the first eleven characters of its id.
 */
export interface NetworkDevices {
  readonly host: 'linux' | 'simulated';
  readonly devices: readonly NetworkDevice[];
  readonly namespaces: readonly NetworkNamespace[];
  /** Tables of the packet filter outside namespaces, as 'bridge deskcloud'. */
  readonly tables: readonly string[];
  /** Ids of the ports that have a filter. */
  readonly filteredPorts: readonly string[];
}

export type NetworkDeviceKind =
  /** A network's switch; `external` where it leads out of the cloud. */
  | 'bridge'
  /** A guest's network card, the host's end. */
  | 'tap'
  /** One end of a cable between two namespaces. */
  | 'veth'
  /** The mouth of a tunnel to other hosts. */
  | 'vxlan'
  /** A detour that limits what a guest sends. */
  | 'ifb'
  /** A trunk's subport on its parent's tap. */
  | 'vlan'
  /** A card of the host's own on one of our bridges. */
  | 'uplink';

export interface NetworkDevice {
  readonly name: string;
  readonly kind: NetworkDeviceKind;
  /** Null: the host's own. */
  readonly namespace: string | null;
  /** The bridge that it is on. */
  readonly bridge: string | null;
  /** The other end of a veth pair. */
  readonly peer: string | null;
  readonly external: boolean;
  /** Switched on, and something at the other end. */
  readonly up: boolean;
  /** Bytes. */
  readonly mtu: number;
  readonly macAddress: string;
  /** With prefix lengths. */
  readonly addresses: readonly string[];
  /** Of a tunnel. */
  readonly vni?: number;
}

export interface NetworkNamespace {
  readonly name: string;
  readonly kind: 'dhcp' | 'router';
  /** Of the network, or of the router. */
  readonly resourceId: string;
  readonly services: readonly NetworkService[];
}

/** What runs in a namespace. */
export interface NetworkService {
  readonly name: 'dnsmasq' | 'radvd' | 'metadata';
  /** Null: the helper itself listens there. */
  readonly pid: number | null;
}

/** What to look at: GET /deskcloud/v1/network/look. */
export type DeviceQuestion =
  | { readonly kind: 'device'; readonly name: string; readonly namespace: string | null }
  | { readonly kind: 'namespace'; readonly name: string }
  /** A port's chains of the packet filter. */
  | { readonly kind: 'filter'; readonly portId: string }
  /** Whole tables, by name: those of the host, or a router's in its namespace. */
  | { readonly kind: 'table'; readonly name: string; readonly namespace: string | null };

/** A command as one would type it, and what it prints now. */
export interface DeviceLook {
  readonly command: string;
  readonly output: string;
}

/** What passes a device now; 'rx' is what the host receives from it, so what a guest sends. */
export interface LinkTraffic {
  readonly device: string;
  /** Each a second. */
  readonly rxBytes: number;
  readonly rxPackets: number;
  readonly txBytes: number;
  readonly txPackets: number;
  /** Since the device was made. */
  readonly totalBytes: number;
  readonly totalPackets: number;
}

/** In the event stream while somebody asked for it by POST /deskcloud/v1/network/traffic: those that anything passes. */
export interface TrafficEvent {
  readonly type: 'traffic';
  /** Milliseconds since the epoch. */
  readonly at: number;
  readonly links: readonly LinkTraffic[];
  /** For whom it is: administrators alone. */
  readonly projectId: null;
}
