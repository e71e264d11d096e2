import type { Db } from '../db/index.ts';

/** What a provider has of a resource class. */
export interface Inventory {
  readonly total: number;
  /** Kept back for the provider itself. */
  readonly reserved: number;
  readonly min_unit: number;
  readonly max_unit: number;
  readonly step_size: number;
  /** How often what is there may be promised. */
  readonly allocation_ratio: number;
}

/** A compute host as compute knows it. */
export interface HostProvider {
  readonly uuid: string;
  /** The hypervisor's host name. */
  readonly name: string;
  /** By resource class. */
  readonly inventories: Readonly<Record<string, Inventory>>;
  /** Traits that compute knows of; those that others set stay. */
  readonly traits: readonly string[];
}

/** What a server wants of a host. */
export interface ProviderDemand {
  /** Amounts by resource class. */
  readonly resources: Readonly<Record<string, number>>;
  /** Traits that the host must have, and must not have. */
  readonly required: readonly string[];
  readonly forbidden: readonly string[];
}

/**
 * What compute tells placement. Synchronous, SQL only, joins the caller's transaction. Compute's own claims are the
 * truth and are checked there; placement shows them.
 */
export interface HostProviders {
  /** Makes the provider, or brings it up to date. An allocation ratio that an administrator has changed stays. */
  sync(db: Db, host: HostProvider): void;
  /** Whether a host is in an aggregate; both by uuid. Idempotent. */
  setMember(db: Db, hostUuid: string, aggregateUuid: string, member: boolean): void;
  /** The provider and what is allocated of it; idempotent. */
  remove(db: Db, uuid: string): void;
  /** What a server takes of a host, in place of what it took before. */
  allocate(
    db: Db,
    server: { readonly id: string; readonly projectId: string; readonly userId: string },
    hostUuid: string,
    resources: Readonly<Record<string, number>>,
  ): void;
  /**
   * Why a host cannot have a server, or null: traits, and resources that compute does not count itself (all but VCPU,
   * MEMORY_MB and DISK_GB). What the server has already does not stand in its way.
   */
  refusal(db: Db, hostUuid: string, serverId: string, demand: ProviderDemand): string | null;
  /** Idempotent. */
  release(db: Db, serverId: string): void;
}
