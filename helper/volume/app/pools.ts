import type { Db } from '../../db/index.ts';
import type { DiskHost } from '../../host/disk/interface.ts';
import type { Logger } from '../../http/index.ts';
import type { PoolState } from '../scheduler/pool-state.ts';
import { serviceRow } from '../store/service.ts';
import { allocatedBy } from '../store/volume.ts';
import { GIB, poolName, type Backend, type VolumeConfig } from './context.ts';

interface Measured {
  readonly totalGib: number;
  readonly freeGib: number;
  readonly at: number;
}

export interface PoolsOptions {
  readonly db: Db;
  readonly disks: DiskHost;
  readonly now: () => number;
  readonly config: VolumeConfig;
  readonly logger: Logger;
}

/** What the back ends have: measured when it is asked for, and remembered for those who cannot wait. */
export class Pools {
  readonly #options: PoolsOptions;
  readonly #measured = new Map<string, Measured>();

  constructor(options: PoolsOptions) {
    this.#options = options;
  }

  /** Measures all back ends; one that cannot be measured is down until it can. */
  async refresh(): Promise<void> {
    const { config, disks, now, logger } = this.#options;
    for (const { name, directory } of config.backends) {
      try {
        const { totalBytes, freeBytes } = await disks.capacity(directory);
        this.#measured.set(name, { totalGib: totalBytes / GIB, freeGib: freeBytes / GIB, at: now() });
      } catch (error) {
        this.#measured.delete(name);
        logger.warn({ err: error, backend: name }, 'a back end of volumes cannot be measured');
      }
    }
  }

  /** As they were measured last. */
  states(): readonly PoolState[] {
    const { db, config } = this.#options;
    const allocated = allocatedBy(db);
    return config.backends.map((backend) => {
      const measured = this.#measured.get(backend.name);
      const given = allocated.get(backend.name);
      const service = serviceRow(db, 'cinder-volume', `${config.hostName}@${backend.name}`);
      return {
        name: poolName(config.hostName, backend.name),
        backend: backend.name,
        zone: config.zone,
        up: measured !== undefined,
        enabled: service.disabled === 0,
        frozen: service.frozen === 1,
        totalGib: measured?.totalGib ?? 0,
        freeGib: measured?.freeGib ?? 0,
        allocatedGib: given?.gib ?? 0,
        volumes: given?.volumes ?? 0,
        reservedPercentage: backend.reservedPercentage,
        maxOverSubscription: backend.maxOverSubscription,
        goodness: backend.goodness,
        capabilities: capabilitiesOf(backend),
        measuredAt: measured?.at ?? null,
      };
    });
  }
}

const capabilitiesOf = (backend: Backend): Readonly<Record<string, string | boolean>> => ({
  volume_backend_name: backend.name,
  storage_protocol: 'file',
  vendor_name: 'Deskcloud',
  driver_version: '1.0',
  disk_format: backend.format,
  thin_provisioning_support: true,
  thick_provisioning_support: false,
  QoS_support: true,
  multiattach: false,
  online_extend_support: true,
});
