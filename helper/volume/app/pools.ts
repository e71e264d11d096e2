import type { Db } from '../../db/index.ts';
import type { Logger } from '../../http/index.ts';
import { describeError } from '../../saga/index.ts';
import type { Drivers } from '../driver/index.ts';
import { readExpression } from '../scheduler/expression.ts';
import type { PoolState } from '../scheduler/pool-state.ts';
import { serviceRow } from '../store/service.ts';
import { allocatedBy } from '../store/volume.ts';
import { GIB, poolName, type VolumeConfig } from './context.ts';

interface Measured {
  readonly totalGib: number;
  readonly freeGib: number;
  readonly at: number;
}

export interface PoolsOptions {
  readonly db: Db;
  readonly drivers: Drivers;
  readonly now: () => number;
  readonly config: VolumeConfig;
  readonly logger: Logger;
}

/** What the back ends have: measured when it is asked for, and remembered for those who cannot wait. */
export class Pools {
  readonly #options: PoolsOptions;
  readonly #measured = new Map<string, Measured>();
  /** Why those that are down are. */
  readonly #problems = new Map<string, string>();
  /** Expressions of the settings, by back end. */
  readonly #functions: ReadonlyMap<string, Pick<PoolState, 'filterFunction' | 'goodnessFunction'>>;

  /** @throws {ExpressionError} */
  constructor(options: PoolsOptions) {
    this.#options = options;
    this.#functions = new Map(
      options.drivers.all.map(({ backend: { name, filterFunction, goodnessFunction } }) => [
        name,
        {
          ...(filterFunction === undefined ? {} : { filterFunction: readExpression(filterFunction) }),
          ...(goodnessFunction === undefined ? {} : { goodnessFunction: readExpression(goodnessFunction) }),
        },
      ]),
    );
  }

  /** Measures all back ends; one that cannot be measured is down until it can. */
  async refresh(): Promise<void> {
    const { drivers, now, logger } = this.#options;
    for (const driver of drivers.all) {
      const { name } = driver.backend;
      try {
        const { totalBytes, freeBytes } = await driver.capacity();
        this.#problems.delete(name);
        this.#measured.set(name, { totalGib: totalBytes / GIB, freeGib: freeBytes / GIB, at: now() });
      } catch (error) {
        this.#measured.delete(name);
        const { message } = describeError(error);
        if (this.#problems.get(name) === message) continue;
        this.#problems.set(name, message);
        logger.warn({ err: error, backend: name }, 'a back end of volumes cannot be measured');
      }
    }
  }

  /** As they were measured last. */
  states(): readonly PoolState[] {
    const { db, config, drivers } = this.#options;
    const allocated = allocatedBy(db);
    return drivers.all.map((driver) => {
      const { backend } = driver;
      const measured = this.#measured.get(backend.name);
      const given = allocated.get(backend.name);
      const service = serviceRow(db, 'cinder-volume', `${config.hostName}@${backend.name}`);
      return {
        name: poolName(config.hostName, backend.name),
        backend: backend.name,
        zone: config.zone,
        up: measured !== undefined,
        problem: this.#problems.get(backend.name) ?? null,
        enabled: service.disabled === 0,
        frozen: service.frozen === 1,
        totalGib: measured?.totalGib ?? 0,
        freeGib: measured?.freeGib ?? 0,
        allocatedGib: given?.gib ?? 0,
        volumes: given?.volumes ?? 0,
        reservedPercentage: backend.reservedPercentage,
        maxOverSubscription: backend.maxOverSubscription,
        goodness: backend.goodness,
        ...this.#functions.get(backend.name),
        // Copying is done here, for every kind of back end.
        capabilities: { ...driver.capabilities(), consistent_group_snapshot_enabled: true },
        measuredAt: measured?.at ?? null,
      };
    });
  }
}
