import { ExpressionError, type Expression, type Scopes } from './expression.ts';
import type { PoolState, VolumeDemand } from './pool-state.ts';

/** What expressions of a back end can speak of, by cinder's names. */
const scopesOf = (pool: PoolState, demand: VolumeDemand): Scopes => ({
  stats: {
    host: pool.name,
    backend_id: pool.name,
    volume_backend_name: pool.backend,
    vendor_name: pool.capabilities['vendor_name'],
    driver_version: pool.capabilities['driver_version'],
    storage_protocol: pool.capabilities['storage_protocol'],
    QoS_support: pool.capabilities['QoS_support'],
    total_capacity_gb: pool.totalGib,
    allocated_capacity_gb: pool.allocatedGib,
    provisioned_capacity_gb: pool.allocatedGib,
    free_capacity_gb: pool.freeGib,
    reserved_percentage: pool.reservedPercentage,
    max_over_subscription_ratio: pool.maxOverSubscription,
    total_volumes: pool.volumes,
  },
  capabilities: { ...pool.capabilities, total_volumes: pool.volumes },
  volume: { size: demand.sizeGib, ...demand.volume },
  extra: demand.extraSpecs,
  qos: demand.qos ?? {},
});

function worked<T>(
  expression: Expression,
  scopes: Scopes,
  failed: (why: string) => T,
  use: (value: unknown) => T,
): T {
  try {
    return use(expression.evaluate(scopes));
  } catch (error) {
    if (error instanceof ExpressionError) return failed(error.message);
    throw error;
  }
}

/** Why the back end's filter_function refuses; one that cannot be worked out refuses, too, as in cinder. */
export function refusalOf(pool: PoolState, demand: VolumeDemand): string | undefined {
  const { filterFunction } = pool;
  if (filterFunction === undefined) return undefined;
  return worked<string | undefined>(
    filterFunction,
    scopesOf(pool, demand),
    (why) => `its filter function (${filterFunction.text}) cannot be worked out: ${why}`,
    (value) =>
      value === false || value === 0 || value === ''
        ? `its filter function says no: ${filterFunction.text}`
        : undefined,
  );
}

/** 0 to 100: of goodness_function, whose true is 100; what is out of bounds or cannot be worked out is 0. */
export function goodnessOf(pool: PoolState, demand: VolumeDemand): number {
  const { goodnessFunction } = pool;
  if (goodnessFunction === undefined) return pool.goodness;
  return worked(
    goodnessFunction,
    scopesOf(pool, demand),
    () => 0,
    (value) => {
      if (value === true) return 100;
      return typeof value === 'number' && value >= 0 && value <= 100 ? value : 0;
    },
  );
}
