import type { Db } from '../db/index.ts';
import type { AuthContext } from '../http/index.ts';

/**
 * What the servers of the compute service need of its other resources: flavors, key pairs, quotas, scheduler, claims,
 * availability zones. All methods are synchronous, contain SQL only, and join the caller's transaction.
 */

/** A flavor. Extra specs are 'hw:cpu_policy' and the like, free strings. */
export interface Flavor {
  /** The public id, free text ('1', 'm1.tiny' or a UUID). */
  readonly id: string;
  readonly name: string;
  readonly vcpus: number;
  readonly ramMib: number;
  readonly diskGib: number;
  readonly ephemeralGib: number;
  readonly swapMib: number;
  readonly rxtxFactor: number;
  readonly isPublic: boolean;
  readonly disabled: boolean;
  readonly description: string | null;
  readonly extraSpecs: Readonly<Record<string, string>>;
}

export interface Flavors {
  /**
   * A flavor that the caller may use (public, or with access for its project); any flavor when `auth` is null.
   * @throws {CloudError} notFound 'Flavor <id> could not be found.'
   */
  getFlavor(db: Db, auth: AuthContext | null, flavorId: string): Flavor;
}

export interface KeyPair {
  readonly name: string;
  readonly publicKey: string;
  readonly type: 'ssh' | 'x509';
  readonly fingerprint: string;
}

export interface KeyPairs {
  /** @throws {CloudError} notFound 'Keypair <name> not found for user <userId>' */
  get(db: Db, userId: string, name: string): KeyPair;
}

/** What a request adds to a project's usage. */
export interface ServerDemand {
  readonly instances: number;
  readonly cores: number;
  readonly ramMib: number;
}

/** What of a project's compute quota is in use, counted from the rows. */
export type ServerUsage = ServerDemand;

export interface Quotas {
  /**
   * Counts what the project has and refuses when `demand` on top of it is more than the quota. Call it in the
   * transaction that inserts the rows, before the insert: only so 50 parallel creates cannot all pass (S40).
   * With a user, also against what is set for that user in the project.
   * @throws {CloudError} overQuota in nova's words ('Quota exceeded for cores: Requested 1, but already used 20 of 20 cores').
   */
  checkServers(db: Db, projectId: string, demand: ServerDemand, userId?: string): void;
  /** Limits of one key: 'metadata_items', 'injected_files', 'server_groups', ... -1 is unlimited. */
  limit(db: Db, projectId: string, key: string): number;
}

/** What scheduling looks at; persisted with the server (CREATE-FLOW steps 8 and 10). */
export interface RequestSpec {
  readonly serverId: string;
  readonly projectId: string;
  readonly flavor: {
    readonly id: string;
    readonly name: string;
    readonly vcpus: number;
    readonly ramMib: number;
    /** Root, ephemeral and swap together, GiB rounded up. */
    readonly diskGib: number;
    readonly extraSpecs: Readonly<Record<string, string>>;
  };
  readonly image: {
    readonly id: string;
    readonly minDiskGib: number;
    readonly minRamMib: number;
    readonly properties: Readonly<Record<string, string>>;
  } | null;
  /** The zone asked for; null when none was. */
  readonly availabilityZone: string | null;
  /** From `zone:host` and `zone:host:node`, or `host` and `hypervisor_hostname` (2.74). */
  readonly forceHost: string | null;
  readonly forceNode: string | null;
  /** True where the named host must pass the filters too (2.74); `zone:host` bypasses them. */
  readonly forceHostFiltered: boolean;
  /** `os:scheduler_hints` as they came, checked: query, group, same_host, different_host, ... */
  readonly hints: Readonly<Record<string, unknown>>;
}

/** What one filter said of one host. */
export interface Verdict {
  readonly host: string;
  /** 'ComputeFilter', 'ImagePropertiesFilter', ... */
  readonly filter: string;
  readonly passed: boolean;
  /** Why it did not pass (or passed, where that is of interest), for people. */
  readonly reason: string;
}

export interface HostWeight {
  readonly host: string;
  readonly total: number;
  /** By weigher: 'RAMWeigher' → its normalised weight times its multiplier. */
  readonly weights: Readonly<Record<string, number>>;
}

export interface Selection {
  readonly host: string;
  /** The hypervisor's host name. */
  readonly node: string;
  readonly verdicts: readonly Verdict[];
  readonly weights: readonly HostWeight[];
}

/** No host passed all the filters. The message is nova's: 'No valid host was found. There are not enough hosts available.' */
export class NoValidHost extends Error {
  override readonly name = 'NoValidHost';
  readonly code = 'NoValidHost';
  readonly verdicts: readonly Verdict[];

  constructor(verdicts: readonly Verdict[], detail = 'There are not enough hosts available.') {
    super(`No valid host was found. ${detail}`);
    this.verdicts = verdicts;
  }
}

export interface Scheduler {
  /**
   * Filters and weighs the hosts.
   * @param exclude hosts that must not be chosen (they failed before).
   * @throws {NoValidHost}
   */
  select(db: Db, spec: RequestSpec, exclude?: readonly string[]): Selection;
}

/** What a server takes of its host. */
export interface Resources {
  readonly vcpus: number;
  readonly ramMib: number;
  readonly diskGib: number;
}

export interface Claims {
  /** Notes what the server takes of the host. Idempotent; a claim of the same server is replaced. */
  claim(db: Db, serverId: string, host: string, resources: Resources): void;
  /** Idempotent. */
  release(db: Db, serverId: string): void;
}

export interface AvailabilityZones {
  /** The zone of a host: its aggregate's, or the default one ('nova'). */
  zoneOf(db: Db, host: string): string;
  /** True when some host is in this zone. */
  exists(db: Db, zone: string): boolean;
}

/** State of a compute host's service, for `host_status` (2.16) of servers. */
export interface ServiceStates {
  /** UP, DOWN (no heartbeat), MAINTENANCE (disabled) or UNKNOWN. */
  hostStatus(db: Db, host: string): 'UP' | 'DOWN' | 'MAINTENANCE' | 'UNKNOWN';
}

/** All of them, as createCompute() gets them. */
export interface Basics {
  readonly flavors: Flavors;
  readonly keyPairs: KeyPairs;
  readonly quotas: Quotas;
  readonly scheduler: Scheduler;
  readonly claims: Claims;
  readonly zones: AvailabilityZones;
  readonly services: ServiceStates;
}
