import type { Server } from 'node:net';
import type { Db } from '../db/open.ts';
import type { AuthContext, RequestContext } from '../http/index.ts';

/** A network, port or address that a server is asked to have (`networks` of POST /servers), checked. */
export interface RequestedNic {
  /** Chosen by compute before anything is made; the id of the existing port when `existing`. */
  readonly portId: string;
  readonly existing: boolean;
  readonly networkId: string;
  /** Address asked for; one of the network's choosing otherwise. */
  readonly fixedIp?: string;
  /** Device tag (microversion 2.32 and later). */
  readonly tag?: string;
}

/** What `networks` of POST /servers may be, as the caller wrote it; 'auto' and 'none' from microversion 2.37. */
export type NetworksAsked =
  | 'auto'
  | 'none'
  | undefined
  | readonly {
      readonly uuid?: string;
      readonly port?: string;
      readonly fixed_ip?: string;
      readonly tag?: string;
    }[];

/** One more interface of a server that is there already, as the caller wrote it; the project's only network without either. */
export interface InterfaceAsked {
  readonly networkId?: string;
  readonly portId?: string;
  readonly fixedIp?: string;
  readonly tag?: string;
}

/** One address of a server, as `addresses` of the compute API needs it. */
export interface ServerAddress {
  readonly networkId: string;
  /** Name under which the compute API lists it. */
  readonly networkName: string;
  readonly address: string;
  readonly version: 4 | 6;
  readonly macAddress: string;
  readonly kind: 'fixed' | 'floating';
  readonly portId: string;
}

/** A port as domain XML, metadata and config drive need it. */
export interface ServerNic {
  readonly portId: string;
  readonly networkId: string;
  readonly networkName: string;
  readonly macAddress: string;
  /** Name of the tap device, chosen from the port's id. */
  readonly tapName: string;
  readonly bridgeName: string;
  readonly mtu: number;
  readonly tag: string | undefined;
  /** The port's status ('ACTIVE', 'DOWN', ...), for os-interface of the compute API. */
  readonly status?: string;
  readonly fixedIps: readonly {
    readonly address: string;
    readonly version: 4 | 6;
    /** For os-interface of the compute API, which shows it. */
    readonly subnetId?: string;
    readonly cidr: string;
    readonly gateway: string | undefined;
    readonly dnsNameservers: readonly string[];
    readonly hostRoutes: readonly { readonly destination: string; readonly nexthop: string }[];
    readonly dhcp: boolean;
    /** ipv6_address_mode: 'slaac', 'dhcpv6-stateless', 'dhcpv6-stateful'. */
    readonly addressMode?: string | undefined;
  }[];
  readonly floatingIps: readonly string[];
}

/**
 * What other services may ask of the network service. Methods that take `db` are synchronous, contain SQL only, and
 * join the caller's transaction; methods that return promises touch the host, are idempotent, and may be repeated.
 */
export interface NetworkFace {
  readonly compute: ComputeNetworks;
  readonly computeAddresses: ComputeAddresses;

  /**
   * Checks `networks` of a new server at API time: networks and ports exist and may be used by the caller, ports are
   * free, addresses fit; picks the only network when none is named. Chooses port ids for the ports to make.
   * @throws {CloudError} badRequest, notFound, conflict in words that nova would use.
   */
  planNics(
    db: Db,
    auth: AuthContext,
    asked: NetworksAsked,
    securityGroups: readonly string[] | undefined,
  ): { readonly nics: readonly RequestedNic[]; readonly securityGroupIds: readonly string[] };

  /**
   * Creates (or, for existing ones, binds) a server's ports: MAC address, fixed addresses, security groups;
   * device_owner `compute:<zone>`. Status DOWN until plugged. Repeating it with the same ids changes nothing.
   * @throws {CloudError} conflict when addresses or the port quota are exhausted.
   */
  createServerPorts(
    db: Db,
    server: {
      readonly serverId: string;
      readonly serverName: string;
      readonly projectId: string;
      readonly availabilityZone: string;
      readonly nics: readonly RequestedNic[];
      readonly securityGroupIds: readonly string[];
    },
  ): void;

  /** Deletes the ports that compute made for the server and unbinds those that existed before. Idempotent. */
  deleteServerPorts(db: Db, serverId: string): void;

  /**
   * As {@link planNics} for one more interface of a server of this project.
   * @throws {CloudError} notFound for network or port, conflict for what is in use, badRequest, forbidden: as nova.
   */
  planInterface(
    db: Db,
    auth: AuthContext,
    projectId: string,
    asked: InterfaceAsked,
  ): { readonly nic: RequestedNic; readonly securityGroupIds: readonly string[] };

  /** As {@link createServerPorts} for one more port; the server's others stay as they are. */
  attachServerPort(
    db: Db,
    server: {
      readonly serverId: string;
      readonly serverName: string;
      readonly projectId: string;
      readonly availabilityZone: string;
      readonly nic: RequestedNic;
      readonly securityGroupIds: readonly string[];
    },
  ): void;

  /** As {@link deleteServerPorts} for one port. Idempotent; another server's port stays. */
  detachServerPort(db: Db, serverId: string, portId: string): void;

  /**
   * Makes the network's bridge and tunnel, DHCP entry, the tap and its filter rules, in an order in which no packet
   * passes before the rules are there (S26). The domain may be started afterwards. Ports become ACTIVE.
   */
  plugServer(serverId: string, signal?: AbortSignal): Promise<void>;

  /** Removes the server's taps, rules and DHCP entries; ports that still exist become DOWN. Idempotent. */
  unplugServer(serverId: string): Promise<void>;

  /**
   * As {@link unplugServer} for ports whose rows are gone already: what a delete or an undo knows are the ids that
   * were chosen at the beginning.
   */
  unplugPorts(ports: readonly { readonly portId: string; readonly networkId: string }[]): Promise<void>;

  /** NICs of a server in the order of their creation. */
  nicsOf(db: Db, serverId: string): readonly ServerNic[];

  /** Addresses of many servers at once (a page of 1,000 servers in detail is one query). */
  addressesOf(db: Db, serverIds: readonly string[]): ReadonlyMap<string, readonly ServerAddress[]>;

  /** Names of the security groups of many servers at once. */
  securityGroupNamesOf(db: Db, serverIds: readonly string[]): ReadonlyMap<string, readonly string[]>;

  /**
   * The server whose port has this address on this network, or on a network of this router (metadata: found by
   * network and source address only, S30).
   */
  serverByAddress(
    db: Db,
    from: { readonly networkId: string } | { readonly routerId: string },
    address: string,
  ): { readonly serverId: string; readonly projectId: string; readonly portId: string } | undefined;
}

/** A security group as compute's API shows it. */
export interface ProxyGroup {
  readonly id: string;
  readonly name: string;
  readonly description: string;
  readonly projectId: string;
  /** Of incoming traffic only. */
  readonly rules: readonly ProxyRule[];
}

export interface ProxyRule {
  readonly id: string;
  readonly groupId: string;
  readonly protocol: string | null;
  readonly fromPort: number | null;
  readonly toPort: number | null;
  readonly cidr: string | undefined;
  readonly group: { readonly name: string; readonly projectId: string } | undefined;
}

type Asking = Pick<RequestContext, 'auth' | 'requestId'>;

/**
 * Security groups for compute: its old proxy, and those of servers. SQL only; what follows on the host is done after
 * the commit. Errors are those that nova makes of neutron's.
 */
export interface ComputeNetworks {
  listGroups(caller: Asking, everybodys: boolean): readonly ProxyGroup[];
  showGroup(caller: Asking, id: string): ProxyGroup;
  createGroup(caller: Asking, group: { readonly name: string; readonly description: string }): ProxyGroup;
  updateGroup(
    caller: Asking,
    id: string,
    change: { readonly name?: string; readonly description?: string },
  ): ProxyGroup;
  deleteGroup(caller: Asking, id: string): void;
  createRule(
    caller: Asking,
    rule: {
      readonly groupId: string;
      readonly protocol: string | null;
      readonly fromPort: number | null;
      readonly toPort: number | null;
      readonly cidr: string | undefined;
      readonly remoteGroupId: string | undefined;
    },
  ): ProxyRule;
  deleteRule(caller: Asking, id: string): void;
  groupsOfServer(serverId: string): readonly ProxyGroup[];
  /** @throws {CloudError} notFound, badRequest when several have the name. */
  addToServer(serverId: string, projectId: string, nameOrId: string): void;
  removeFromServer(serverId: string, projectId: string, nameOrId: string): void;
}

/** A floating IP as compute's old API shows it. */
export interface ProxyFloatingIp {
  readonly id: string;
  readonly address: string;
  /** Name of the external network. */
  readonly pool: string;
  readonly fixedAddress: string | null;
  readonly serverId: string | null;
}

export interface ProxyNetwork {
  readonly id: string;
  readonly name: string;
}

/**
 * Networks and addresses for the proxies of compute's old microversions. SQL only; what follows on the host is done
 * after the commit. Errors are those that nova makes of neutron's.
 */
export interface ComputeAddresses {
  /** The caller's, shared and external ones. */
  listNetworks(caller: Asking): readonly ProxyNetwork[];
  /** @throws {CloudError} notFound */
  showNetwork(caller: Asking, id: string): ProxyNetwork;
  /** External networks. */
  pools(): readonly ProxyNetwork[];
  listFloatingIps(caller: Asking): readonly ProxyFloatingIp[];
  showFloatingIp(caller: Asking, id: string): ProxyFloatingIp;
  /** Of the named external network, or of the first one. @throws {CloudError} notFound, forbidden over the quota */
  createFloatingIp(caller: Asking, pool: string | undefined): ProxyFloatingIp;
  deleteFloatingIp(caller: Asking, id: string): void;
  /** @throws {CloudError} badRequest, notFound */
  associate(caller: Asking, serverId: string, address: string, fixedAddress: string | undefined): void;
  /** @throws {CloudError} notFound, conflict when it leads to another server or nowhere. */
  disassociate(caller: Asking, serverId: string, address: string): void;
  /** One more address for the server's port on a network. @throws {CloudError} badRequest */
  addFixedIp(serverId: string, networkId: string): void;
  /** @throws {CloudError} badRequest when the server does not have it. */
  removeFixedIp(serverId: string, address: string): void;
}

/**
 * What the network service asks of others: a listener in each DHCP or router namespace is the metadata service's to
 * answer.
 */
export interface MetadataListener {
  /** Serves metadata on an already listening socket inside a namespace, for the life of the socket. */
  serve(socket: Server, from: { readonly networkId: string } | { readonly routerId: string }): void;
}
