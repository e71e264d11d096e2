import { goodnessOf, refusalOf } from './driver-functions.ts';
import { unmetSpecs } from './extra-specs.ts';
import type { PoolState, VolumeDemand } from './pool-state.ts';

/** How much each weigher counts; 0 switches it off, less than 0 turns it round. */
export interface Weights {
  /** Free room, also what may still be promised. */
  readonly capacity: number;
  /** What is promised already; cinder's default multiplier of it is -1. */
  readonly allocatedCapacity: number;
  readonly volumeNumber: number;
  readonly goodness: number;
}

export const DEFAULT_WEIGHTS: Weights = { capacity: 1, allocatedCapacity: 0, volumeNumber: 0, goodness: 0 };

/** Why a pool was or was not taken; in the record of the operation. */
export interface PoolVerdict {
  readonly pool: string;
  /** The filter that refused it, and why. */
  readonly refusedBy?: string;
  readonly reason?: string;
  readonly weight?: number;
  /** Where it counts. */
  readonly goodness?: number;
}

export interface Scheduled {
  readonly chosen: PoolState | undefined;
  readonly verdicts: readonly PoolVerdict[];
}

/** A filter's words when it refuses a pool. */
type Filter = (pool: PoolState, demand: VolumeDemand) => string | undefined;

const mebi = (gib: number): string => `${Math.floor(gib * 100) / 100} GiB`;

/** In this order; each by cinder's name. */
const FILTERS: Readonly<Record<string, Filter>> = {
  ServiceFilter: (pool) => {
    if (!pool.up) return pool.problem ?? 'it could not be measured';
    if (!pool.enabled) return 'its service is disabled';
    return pool.frozen ? 'its service is frozen' : undefined;
  },
  AvailabilityZoneFilter: (pool, { zone }) =>
    zone === null || zone === pool.zone ? undefined : `it is in the zone ${pool.zone}, not ${zone}`,
  CapacityFilter: (pool, { sizeGib }) => {
    const reserved = (pool.totalGib * pool.reservedPercentage) / 100;
    const free = pool.freeGib - reserved;
    if (free <= 0) return `it has no room left but the ${pool.reservedPercentage} % that are reserved`;
    if (free * pool.maxOverSubscription < sizeGib)
      return `${mebi(free)} free, of which ${pool.maxOverSubscription} times as much may be promised`;
    if ((pool.allocatedGib + sizeGib) / pool.totalGib > pool.maxOverSubscription)
      return `${pool.allocatedGib} GiB are promised already, on ${mebi(pool.totalGib)}`;
    return undefined;
  },
  CapabilitiesFilter: (pool, { extraSpecs, moreSpecs = [], encrypted = false }) => {
    if (encrypted && pool.capabilities['encryption_support'] === false)
      return 'it keeps no encrypted volumes';
    const unmet = [extraSpecs, ...moreSpecs].flatMap((specs) => unmetSpecs(specs, pool.capabilities));
    return unmet.length === 0 ? undefined : `it does not have ${unmet.join(', ')}`;
  },
  DriverFilter: refusalOf,
  SameBackendFilter: (pool, { sameBackends: wanted }) =>
    wanted === undefined || wanted.every((one) => one === pool.backend) ? undefined : 'the hint same_host',
  DifferentBackendFilter: (pool, { differentBackends: unwanted }) =>
    unwanted?.includes(pool.backend) === true ? 'the hint different_host' : undefined,
  OnlyFilter: (pool, { only }) =>
    only === undefined || only === pool.backend ? undefined : `only ${only} will do`,
};

/** Takes the pool with the largest weight of those that every filter lets pass; the first one of equals. */
export function schedule(pools: readonly PoolState[], demand: VolumeDemand, weights: Weights): Scheduled {
  const refused: PoolVerdict[] = [];
  const fit = pools.filter((pool) => {
    for (const [refusedBy, filter] of Object.entries(FILTERS)) {
      const reason = filter(pool, demand);
      if (reason === undefined) continue;
      refused.push({ pool: pool.name, refusedBy, reason });
      return false;
    }
    return true;
  });
  const weighed = weigh(fit, demand, weights).sort((a, b) => b.weight - a.weight);
  return {
    chosen: weighed[0]?.pool,
    verdicts: [
      ...weighed.map(({ pool, weight }) => ({
        pool: pool.name,
        weight,
        ...(weights.goodness === 0 ? {} : { goodness: goodnessOf(pool, demand) }),
      })),
      ...refused,
    ],
  };
}

/** Each weigher's values are stretched to 0..1 over the pools, as cinder does, then multiplied and added. */
function weigh(
  pools: readonly PoolState[],
  demand: VolumeDemand,
  weights: Weights,
): { pool: PoolState; weight: number }[] {
  const parts: readonly [number, (pool: PoolState) => number][] = [
    [
      weights.capacity,
      ({ freeGib, totalGib, maxOverSubscription, allocatedGib }) =>
        Math.min(freeGib, totalGib * maxOverSubscription - allocatedGib),
    ],
    [weights.allocatedCapacity, ({ allocatedGib }) => allocatedGib],
    [weights.volumeNumber, ({ volumes }) => volumes],
    [weights.goodness, (pool) => goodnessOf(pool, demand)],
  ];
  const totals = pools.map(() => 0);
  for (const [multiplier, valueOf] of parts) {
    const values = pools.map(valueOf);
    const least = Math.min(...values);
    const range = Math.max(...values) - least;
    values.forEach((value, index) => {
      totals[index] = (totals[index] ?? 0) + (range === 0 ? 0 : (multiplier * (value - least)) / range);
    });
  }
  return pools.map((pool, index) => ({ pool, weight: Math.round((totals[index] ?? 0) * 1000) / 1000 }));
}
