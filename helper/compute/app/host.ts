import { randomUUID } from 'node:crypto';
import { transaction, type Db } from '../../db/index.ts';
import type { DiskHost } from '../../host/disk/interface.ts';
import type { DomainHost } from '../../host/domain/interface.ts';
import {
  NoValidHost,
  type AvailabilityZones,
  type Claims,
  type Resources,
  type ServiceStates,
} from '../basics.ts';
import { hostState, zoneOfHost } from '../scheduler/host-state.ts';
import type { HostProviders } from '../../placement/index.ts';
import { placementDemand } from '../scheduler/placement-demand.ts';
import { hostProvider } from './host-provider.ts';
import type { SchedulerConfig } from '../scheduler/scheduler.ts';
import { aggregatesWithHosts } from '../store/aggregate.ts';
import {
  claimsOnHost,
  deleteClaim,
  findHost,
  findService,
  listHosts,
  ownerOfServer,
  setClaim,
  upsertHost,
  upsertService,
} from '../store/host.ts';

export interface ComputeHostDeps {
  readonly db: Db;
  readonly clock: () => number;
  readonly domains: DomainHost;
  readonly disks: Pick<DiskHost, 'freeBytes'>;
  readonly hostName: string;
  readonly stateDirectory: string;
  readonly scheduling: SchedulerConfig;
  /** The placement service. */
  readonly providers?: HostProviders;
}

const GIB = 1024 ** 3;
/** Services that nova has beside its compute hosts; here they are all this process. */
const CONTROL_BINARIES = ['nova-scheduler', 'nova-conductor'] as const;
/** Free disk space that is older is read again when somebody looks. */
const FRESH_MS = 5_000;

/** The hosts that servers run on: what they have, what is claimed of it, whether they answer. */
export class ComputeHosts implements Claims, AvailabilityZones, ServiceStates {
  readonly #deps: ComputeHostDeps;
  #refreshed = 0;
  #refreshing: Promise<void> | undefined;
  #unwatch: (() => void) | undefined;

  constructor(deps: ComputeHostDeps) {
    this.#deps = deps;
  }

  /** Registers this machine, and again whenever libvirt came back. */
  async start(): Promise<void> {
    this.#unwatch ??= this.#deps.domains.watch(({ event }) => {
      if (event === 'resync') void this.refresh();
    });
    await this.refresh();
    if (this.#deps.db.open) this.#publishClaims(this.#deps.db);
  }

  stop(): void {
    this.#unwatch?.();
    this.#unwatch = undefined;
  }

  /** As {@link refresh}, unless it was done a moment ago. */
  async lookAgain(): Promise<void> {
    if (this.#deps.clock() - this.#refreshed >= FRESH_MS) await this.refresh();
  }

  /** Reads what the hypervisor and the disk have. A hypervisor that does not answer makes the host 'down'. */
  refresh(): Promise<void> {
    this.#refreshing ??= this.#refresh().finally(() => {
      this.#refreshing = undefined;
    });
    return this.#refreshing;
  }

  /**
   * Several servers are scheduled before the first of them claims, so what was free may no longer be.
   * @throws {NoValidHost} when the host cannot hold it any more; the old claim is then still there.
   */
  claim(db: Db, serverId: string, host: string, resources: Resources): void {
    transaction(db, () => {
      deleteClaim(db, serverId);
      const row = findHost(db, host);
      if (row === undefined) throw new NoValidHost([], `Host ${host} is no longer there.`);
      const { allocation, zone } = this.#deps.scheduling;
      const state = hostState(row, [], allocation, zone);
      const short = (
        [
          ['vCPU', state.vcpusLimit - state.vcpusUsed, resources.vcpus],
          ['MiB of memory', state.ramLimitMib - state.ramUsedMib, resources.ramMib],
          ['GiB of disk', state.diskLimitGib - state.diskUsedGib, resources.diskGib],
        ] as const
      ).find(([, free, wanted]) => wanted > free);
      if (short !== undefined) {
        const [what, free, wanted] = short;
        throw new NoValidHost(
          [],
          `Other servers took what host ${host} had: ${wanted} ${what} wanted, ${Math.max(0, free)} free.`,
        );
      }
      setClaim(db, serverId, host, resources);
      this.#allocate(db, row.uuid, serverId, resources, 'ask');
    });
  }

  release(db: Db, serverId: string): void {
    transaction(db, () => {
      deleteClaim(db, serverId);
      this.#deps.providers?.release(db, serverId);
    });
  }

  /** Tells placement what a host has, and whether it takes servers. */
  publish(db: Db, host: string): void {
    const row = findHost(db, host);
    if (row !== undefined)
      this.#deps.providers?.sync(db, hostProvider(row, this.#deps.scheduling.allocation));
  }

  /** With 'ask' a server that never ran may be refused: several are scheduled before the first of them claims. */
  #allocate(db: Db, hostUuid: string, serverId: string, resources: Resources, mode: 'ask' | 'tell'): void {
    const { providers } = this.#deps;
    const owner = ownerOfServer(db, serverId);
    if (owner === undefined || providers === undefined) return;
    const demand = placementDemand(resources, JSON.parse(owner.extra_specs) as Record<string, string>);
    const asks = mode === 'ask' && owner.launched_at === null;
    const refusal = asks ? providers.refusal(db, hostUuid, serverId, demand) : null;
    if (refusal !== null) throw new NoValidHost([], `Other servers took what the host had: ${refusal}.`);
    const server = { id: serverId, projectId: owner.project_id, userId: owner.user_id };
    providers.allocate(db, server, hostUuid, demand.resources);
  }

  /** What was claimed before placement was there, or was taken away in it since. */
  #publishClaims(db: Db): void {
    transaction(db, () => {
      for (const { host, uuid } of listHosts(db)) {
        for (const { server_id, vcpus, ram_mib, disk_gib } of claimsOnHost(db, host))
          this.#allocate(db, uuid, server_id, { vcpus, ramMib: ram_mib, diskGib: disk_gib }, 'tell');
        for (const aggregate of aggregatesWithHosts(db))
          if (aggregate.hosts.includes(host)) this.#deps.providers?.setMember(db, uuid, aggregate.uuid, true);
      }
    });
  }

  zoneOf(db: Db, host: string): string {
    return zoneOfHost(aggregatesWithHosts(db), host, this.#deps.scheduling.zone);
  }

  exists(db: Db, zone: string): boolean {
    const aggregates = aggregatesWithHosts(db);
    const hosts = listHosts(db);
    // Before the first registration the default zone is there all the same: the scheduler says what is missing.
    if (hosts.length === 0) return zone === this.#deps.scheduling.zone;
    return hosts.some(({ host }) => zoneOfHost(aggregates, host, this.#deps.scheduling.zone) === zone);
  }

  hostStatus(db: Db, host: string): 'UP' | 'DOWN' | 'MAINTENANCE' | 'UNKNOWN' {
    const service = findService(db, host, 'nova-compute');
    if (service === undefined) return 'UNKNOWN';
    if (service.forced_down === 1) return 'DOWN';
    if (service.disabled === 1) return 'MAINTENANCE';
    return service.up === 1 ? 'UP' : 'DOWN';
  }

  async #refresh(): Promise<void> {
    const { db, clock, domains, disks, hostName, stateDirectory } = this.#deps;
    const [info, free] = await Promise.all([
      domains.hypervisor().catch(() => undefined),
      disks.freeBytes(stateDirectory).catch(() => undefined),
    ]);
    if (!db.open) return;
    const at = clock();
    this.#refreshed = at;
    const known = findHost(db, hostName);
    transaction(
      db,
      () => {
        for (const binary of CONTROL_BINARIES) {
          upsertService(db, { uuid: randomUUID(), host: hostName, binary, up: true, at });
        }
        const up = info !== undefined;
        upsertService(db, { uuid: randomUUID(), host: hostName, binary: 'nova-compute', up, at });
        if (info === undefined) return;
        const freeGib = free === undefined ? (known?.disk_free_gib ?? 0) : Math.floor(free / GIB);
        upsertHost(db, {
          uuid: randomUUID(),
          host: hostName,
          node: info.hostname,
          hypervisor_type: info.hypervisorType,
          hypervisor_version: info.hypervisorVersion,
          accelerator: info.accelerator,
          cpu_arch: info.cpuArch,
          cpu_model: info.cpuModel,
          vcpus: info.vcpus,
          memory_mib: info.memoryMib,
          disk_gib: freeGib,
          disk_free_gib: freeGib,
          updated_at: at,
        });
        this.publish(db, hostName);
      },
      { durable: false },
    );
  }
}
