import { transaction } from '../../db/index.ts';
import { badRequest, notFound } from '../../errors/error.ts';
import { type Caller, mv } from '../../http/index.ts';
import { timeText } from '../schemas/common.ts';
import type { PoolState } from '../scheduler/pool-state.ts';
import { unmetSpecs } from '../scheduler/extra-specs.ts';
import { putService, serviceRow, usageOfBackend, type ServiceRow } from '../store/service.ts';
import { BACKUP_BINARY, BackupHealth } from './backup-service.ts';
import type { VolumeContext } from './context.ts';
import type { Types } from './type.ts';

type Query = Readonly<Record<string, string>>;

/** Services, hosts, pools and zones: what an administrator sees of how volumes are kept. */
export class Services {
  readonly #context: VolumeContext;
  readonly #types: Types;
  readonly #backups: BackupHealth;

  constructor(context: VolumeContext, types: Types) {
    this.#context = context;
    this.#types = types;
    this.#backups = new BackupHealth(context.backups.store, context.now);
  }

  /** Every one of them is a part of this process, and up as long as it answers. */
  #all(): readonly {
    readonly row: ServiceRow;
    readonly pool: PoolState | undefined;
    readonly up: boolean;
  }[] {
    const { db, config, pools } = this.#context;
    return [
      { row: serviceRow(db, 'cinder-scheduler', config.hostName), pool: undefined, up: true },
      { row: serviceRow(db, BACKUP_BINARY, config.hostName), pool: undefined, up: this.#backups.up },
      ...pools.states().map((pool) => ({
        row: serviceRow(db, 'cinder-volume', `${config.hostName}@${pool.backend}`),
        pool,
        up: pool.up,
      })),
    ];
  }

  async list(caller: Caller, query: Query): Promise<object> {
    const { now, config } = this.#context;
    await this.#backups.look();
    const services = this.#all()
      .filter(({ row }) => query['binary'] === undefined || row.binary === query['binary'])
      .filter(
        ({ row }) =>
          query['host'] === undefined ||
          row.host === query['host'] ||
          row.host.split('@')[0] === query['host'],
      )
      .map(({ row, pool, up }) => ({
        binary: row.binary,
        host: row.host,
        zone: config.zone,
        status: row.disabled === 1 ? 'disabled' : 'enabled',
        state: up ? 'up' : 'down',
        updated_at: timeText(now()),
        disabled_reason: row.disabled_reason ?? pool?.problem ?? null,
        ...(pool === undefined
          ? {}
          : { replication_status: 'disabled', active_backend_id: null, frozen: row.frozen === 1 }),
        ...(caller.version >= mv('3.7') ? { cluster: null } : {}),
        ...(caller.version >= mv('3.49') && pool !== undefined
          ? { backend_state: pool.up ? 'up' : 'down' }
          : {}),
      }));
    return { services };
  }

  /** @throws {CloudError} notFound when there is no such service. */
  switch(
    body: { readonly host: string; readonly binary?: string; readonly service?: string },
    disabled: boolean,
    reason: string | null,
  ): object {
    const { db } = this.#context;
    return transaction(db, () => {
      const binary = body.binary ?? body.service ?? '';
      const found = this.#all().find(({ row }) => row.host === body.host && row.binary === binary);
      if (found === undefined)
        throw notFound(
          `Service ${binary.slice(0, 80)} could not be found on host ${body.host.slice(0, 80)}.`,
        );
      putService(db, { ...found.row, disabled: disabled ? 1 : 0, disabled_reason: disabled ? reason : null });
      return {
        host: body.host,
        service: body.service ?? '',
        binary,
        status: disabled ? 'disabled' : 'enabled',
        disabled,
      };
    });
  }

  /** A frozen back end takes no new volumes. */
  freeze(host: string | null | undefined, frozen: boolean): void {
    const { db } = this.#context;
    if (host === null || host === undefined)
      throw badRequest('Invalid input received: One and only one of cluster and host must be set.');
    transaction(db, () => {
      const found = this.#all().find(({ row }) => row.host === host && row.binary === 'cinder-volume');
      if (found === undefined)
        throw badRequest(
          `Invalid input received: Service cinder-volume could not be found on host ${host.slice(0, 80)}.`,
        );
      putService(db, { ...found.row, frozen: frozen ? 1 : 0 });
    });
  }

  /** No back end replicates, so there is nothing to fail over to. @throws {CloudError} badRequest always */
  refuseFailover(host: string | null | undefined, cluster: string | null | undefined): never {
    if ((host ?? '') === '' ? !cluster : cluster)
      throw badRequest('Invalid input received: One and only one of cluster and host must be set.');
    const found = this.#all().find(({ row }) => row.host === host && row.binary === 'cinder-volume');
    throw badRequest(
      found === undefined
        ? `Invalid input received: No service found with ${cluster ? 'cluster' : 'host'}=${(cluster ?? host ?? '').slice(0, 80)}`
        : `Invalid input received: replication_status in service must be 'enabled' or 'failed-over' and must be up to failover; ${found.row.host} has no replication.`,
    );
  }

  hosts(query: Query): object {
    const { now, config } = this.#context;
    return {
      hosts: this.#all()
        .filter(() => query['zone'] === undefined || query['zone'] === config.zone)
        .map(({ row, up }) => ({
          host_name: row.host,
          service: row.binary,
          zone: config.zone,
          'service-status': up ? 'available' : 'unavailable',
          'service-state': row.disabled === 1 ? 'disabled' : 'enabled',
          'last-update': timeText(now()),
        })),
    };
  }

  /** What is on a host: in all, and of each project. */
  host(name: string): object {
    const found = this.#all().find(({ row }) => row.host === name);
    if (found?.pool === undefined)
      throw notFound(`Service cinder-volume could not be found on host ${name.slice(0, 80)}.`);
    const usage = usageOfBackend(this.#context.db, found.pool.backend);
    const sum = (of: (one: (typeof usage)[number]) => number): string =>
      String(usage.reduce((total, one) => total + of(one), 0));
    return {
      host: [
        {
          resource: {
            host: name,
            project: '(total)',
            volume_count: sum((one) => one.volumes),
            total_volume_gb: sum((one) => one.volume_gib),
            snapshot_count: sum((one) => one.snapshots),
            total_snapshot_gb: sum((one) => one.snapshot_gib),
          },
        },
        ...usage.map((one) => ({
          resource: {
            host: name,
            project: one.project_id,
            volume_count: String(one.volumes),
            total_volume_gb: String(one.volume_gib),
            snapshot_count: String(one.snapshots),
            total_snapshot_gb: String(one.snapshot_gib),
          },
        })),
      ],
    };
  }

  zones(): object {
    const { config, pools } = this.#context;
    const available = pools.states().some(({ up, enabled }) => up && enabled);
    return { availabilityZoneInfo: [{ zoneName: config.zone, zoneState: { available } }] };
  }

  /** Measured anew. */
  async pools(caller: Caller, query: Query): Promise<object> {
    const { pools } = this.#context;
    await pools.refresh();
    const type =
      caller.version >= mv('3.35') && query['volume_type'] !== undefined
        ? this.#types.usable(caller, query['volume_type'])
        : undefined;
    const name = caller.version >= mv('3.28') ? query['name'] : undefined;
    const found = pools
      .states()
      .filter((pool) => name === undefined || pool.name === name)
      .filter((pool) => type === undefined || unmetSpecs(type.extra_specs, pool.capabilities).length === 0);
    const detail = /^(true|1)$/i.test(query['detail'] ?? '');
    return {
      pools: found.map((pool) => ({
        name: pool.name,
        ...(detail ? { capabilities: statistics(pool) } : {}),
      })),
    };
  }

  capabilities(host: string): object {
    const pool = this.#context.pools
      .states()
      .find((one) => one.name === host || one.name.split('#')[0] === host);
    if (pool === undefined)
      throw notFound(`Service cinder-volume could not be found on host ${host.slice(0, 80)}.`);
    const { capabilities } = pool;
    const property = (title: string, description: string) => ({ type: 'boolean', title, description });
    return {
      namespace: `OS::Storage::Capabilities::${host}`,
      vendor_name: String(capabilities['vendor_name']),
      volume_backend_name: pool.backend,
      pool_name: pool.backend,
      driver_version: String(capabilities['driver_version']),
      storage_protocol: String(capabilities['storage_protocol']),
      ...(capabilities['volume_group'] === undefined
        ? {
            display_name: `Files (${String(capabilities['disk_format'])})`,
            description: 'Volumes are files in a directory of this machine.',
          }
        : {
            display_name: `LVM (${String(capabilities['volume_group'])})`,
            description: 'Volumes are logical volumes of this machine.',
          }),
      visibility: 'public',
      replication_targets: [],
      properties: {
        thin_provisioning: property('Thin Provisioning', 'Volumes take only the room of what was written.'),
      },
    };
  }
}

const rounded = (gib: number): number => Math.round(gib * 100) / 100;

const statistics = (pool: PoolState) => ({
  ...pool.capabilities,
  pool_name: pool.backend,
  total_capacity_gb: rounded(pool.totalGib),
  free_capacity_gb: rounded(pool.freeGib),
  allocated_capacity_gb: pool.allocatedGib,
  provisioned_capacity_gb: pool.allocatedGib,
  reserved_percentage: pool.reservedPercentage,
  max_over_subscription_ratio: String(pool.maxOverSubscription),
  total_volumes: pool.volumes,
  filter_function: pool.filterFunction?.text ?? null,
  goodness_function: pool.goodnessFunction?.text ?? String(pool.goodness),
  location_info: `Deskcloud:${pool.backend}`,
  backend_state: pool.up ? 'up' : 'down',
  timestamp: pool.measuredAt === null ? null : timeText(pool.measuredAt),
});
