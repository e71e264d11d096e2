import type { CommandRunner } from '../command/interface.ts';
import type { ConntrackHost } from './conntrack/interface.ts';
import type { DeviceHost } from './devices/interface.ts';
import type { DhcpServerHost } from './dhcp/interface.ts';
import type { ExternalHost } from './external/interface.ts';
import type { FirewallHost } from './firewall/interface.ts';
import type { LinkHost } from './link/interface.ts';
import type { RouterHost } from './router/interface.ts';
import type { SocketHost } from './sockets/interface.ts';

export interface HostNetworkOptions {
  /** Tag of the instance, as 'deskcloud': a lower-case letter, then letters, digits and '-', at most 32. */
  readonly owner: string;
  /** Holds networks/<id>/ and must be reachable (o+x) for dnsmasq's user. */
  readonly stateDirectory: string;
  readonly commands: CommandRunner;
  /** User that dnsmasq runs as; 'dnsmasq' where that exists, else 'nobody'. */
  readonly dnsmasqUser?: string;
}

/** All network objects of this instance on the host; nothing of another instance or program. */
export interface NetworkInventory {
  readonly bridges: readonly string[];
  readonly vxlans: readonly string[];
  /** Guests' taps. */
  readonly taps: readonly string[];
  /** Devices that guests' traffic is led through to be limited. */
  readonly shapers: readonly string[];
  /** Bridge ends of the veth pairs of DHCP servers and routers. */
  readonly veths: readonly string[];
  readonly namespaces: readonly string[];
  readonly dnsmasq: readonly { readonly networkId: string; readonly pid: number }[];
  /** What advertises routers to IPv6 guests. */
  readonly radvd: readonly { readonly routerId: string; readonly pid: number }[];
  /** As 'bridge deskcloud'; the namespaces' own tables go with them. */
  readonly tables: readonly string[];
  /** Ids of ports with a filter. */
  readonly filteredPorts: readonly string[];
}

/** Every network object that Deskcloud has on this machine. */
export interface HostNetwork {
  readonly link: LinkHost;
  readonly firewall: FirewallHost;
  readonly conntrack: ConntrackHost;
  readonly router: RouterHost;
  readonly dhcp: DhcpServerHost;
  readonly sockets: SocketHost;
  readonly external: ExternalHost;
  readonly devices: DeviceHost;
  inventory(): Promise<NetworkInventory>;
  /** Takes away everything that inventory() lists (the cloud goes down, or a test ends). */
  removeAll(): Promise<void>;
}
