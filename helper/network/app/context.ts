import type { Db } from '../../db/index.ts';
import type { RequestContext } from '../../http/index.ts';
import type { PortRow, SegmentRow } from '../store/row.ts';
import type { NetworkConfig } from '../config.ts';

/** Who asks, and what they may. A handler's request context is one. */
export type Caller = Pick<RequestContext, 'auth' | 'may' | 'requestId'>;

/**
 * Work on the host that follows from rows that were just written. Called inside their transaction; the work is done
 * after the commit, also when the helper is killed in between.
 */
export interface HostTasks {
  /** The network, its subnets or its DHCP server are not on the host as the rows say. */
  provision(networkId: string): void;
  /** The network's rows are gone; its segment is marked released. */
  remove(networkId: string): void;
  /** A network is on this segment no more; its row is marked as leaving. */
  leaveSegment(segmentId: string, place: SegmentRow): void;
  /** Ports were made, changed or deleted: filters, members of their groups, DHCP entries. */
  portsChanged(change: {
    readonly networkId: string;
    readonly portIds: readonly string[];
    /** Groups whose members changed, also those that the port no longer has. */
    readonly groupIds: readonly string[];
  }): void;
  /** Rules of these groups changed. */
  rulesChanged(groupIds: readonly string[]): void;
}

/** What all parts of the network service work with. */
export interface NetworkContext {
  readonly db: Db;
  readonly config: NetworkConfig;
  /** Milliseconds since the epoch. */
  readonly clock: () => number;
  readonly tasks: HostTasks;
  /** What the host's kernel has, once it was looked at. */
  readonly kernel?: { readonly vlan: boolean };
  /** A server's port is about to be deleted through the API (neutron's network-vif-deleted). In that transaction. */
  readonly serverPortDeleted?: (port: PortRow, caller: Caller) => void;
  /** The project of a server or router with this id, if there is one (S27). */
  readonly deviceProject: (db: Db, deviceId: string) => string | undefined;
}
