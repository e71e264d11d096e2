import type { Expression } from './expression.ts';

/** A pool as the scheduler sees it. Sizes are GiB. */
export interface PoolState {
  /** `<host>@<back end>#<pool>` */
  readonly name: string;
  readonly backend: string;
  readonly zone: string;
  /** It answered when it was measured last. */
  readonly up: boolean;
  /** Why it is not up, for people: cause and remedy. */
  readonly problem?: string | null;
  readonly enabled: boolean;
  readonly frozen: boolean;
  readonly totalGib: number;
  readonly freeGib: number;
  /** Promised to volumes. */
  readonly allocatedGib: number;
  readonly volumes: number;
  readonly reservedPercentage: number;
  readonly maxOverSubscription: number;
  /** 0 to 100, where there is no {@link goodnessFunction}. */
  readonly goodness: number;
  readonly goodnessFunction?: Expression;
  /** What it says is not taken when this is not true. */
  readonly filterFunction?: Expression;
  readonly capabilities: Readonly<Record<string, string | boolean>>;
  readonly measuredAt: number | null;
}

/** What a pool is wanted for. */
export interface VolumeDemand {
  readonly sizeGib: number;
  /** Null: any. */
  readonly zone: string | null;
  readonly extraSpecs: Readonly<Record<string, string>>;
  /** Of other types that the pool has to hold, too. */
  readonly moreSpecs?: readonly Readonly<Record<string, string>>[];
  /** Back ends of the volumes that a hint names. */
  readonly sameBackends?: readonly string[];
  readonly differentBackends?: readonly string[];
  /** Whether what it is for is encrypted. */
  readonly encrypted?: boolean;
  /** Of the volume, for expressions of back ends. */
  readonly volume?: Readonly<Record<string, string | number | boolean | null>>;
  /** What its type's QoS specs say. */
  readonly qos?: Readonly<Record<string, string>>;
  /** The back end to stay on, where another will not do. */
  readonly only?: string;
}
