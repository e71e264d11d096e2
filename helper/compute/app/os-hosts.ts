import { transaction, type Db } from '../../db/index.ts';
import { notFound } from '../../errors/error.ts';
import { hostState, zoneOfHost, type Allocation } from '../scheduler/host-state.ts';
import { aggregatesWithHosts } from '../store/aggregate.ts';
import { findHost, findService, listServices, updateService } from '../store/host.ts';
import { usageOnHost } from '../store/os-hosts.ts';
import { INTERNAL_ZONE } from './service.ts';

export interface HostAppDeps {
  readonly db: Db;
  readonly clock: () => number;
  readonly zone: string;
  readonly allocation: Allocation;
}

/** /os-hosts of microversions up to 2.42. */
export class HostApp {
  readonly #deps: HostAppDeps;

  constructor(deps: HostAppDeps) {
    this.#deps = deps;
  }

  /** Hosts by service ('compute', 'scheduler', ...), of enabled services; of one zone when it is named. */
  list(zone: string | undefined): object {
    const { db } = this.#deps;
    const aggregates = aggregatesWithHosts(db);
    const hosts = listServices(db)
      .filter(({ disabled }) => disabled === 0)
      .map(({ host, binary }) => ({
        host_name: host,
        service: binary.replace(/^nova-/, ''),
        zone: binary === 'nova-compute' ? zoneOfHost(aggregates, host, this.#deps.zone) : INTERNAL_ZONE,
      }));
    return { hosts: zone ? hosts.filter((one) => one.zone === zone) : hosts };
  }

  exists(host: string): boolean {
    return findHost(this.#deps.db, host) !== undefined;
  }

  /** What the host has, what is used, what servers may take at most, and each project's part of it. */
  show(host: string): object {
    const { db, allocation, zone } = this.#deps;
    const row = findHost(db, host);
    if (row === undefined) throw notFound(`Compute host ${host} could not be found.`);
    const state = hostState(row, [], allocation, zone);
    const projects = usageOnHost(db, host);
    const sum = (part: 'cpu' | 'memory_mb' | 'disk_gb'): number =>
      projects.reduce((total, one) => total + one[part], 0);
    const all = [
      { project: '(total)', cpu: row.vcpus, memory_mb: row.memory_mib, disk_gb: row.disk_gib },
      {
        project: '(used_now)',
        cpu: row.vcpus_used,
        memory_mb: state.ramUsedMib,
        disk_gb: row.disk_used,
      },
      { project: '(used_max)', cpu: sum('cpu'), memory_mb: sum('memory_mb'), disk_gb: sum('disk_gb') },
      ...projects,
    ];
    return { host: all.map((resource) => ({ resource: { host, ...resource } })) };
  }

  /** Whether the host takes new servers. */
  setStatus(host: string, enabled: boolean): object {
    const { db, clock } = this.#deps;
    transaction(db, () => {
      const service = findService(db, host, 'nova-compute');
      if (service === undefined) throw notFound(`Compute host ${host} could not be found.`);
      updateService(db, service.id, { disabled: !enabled, disabledReason: null }, clock());
    });
    return { host, status: enabled ? 'enabled' : 'disabled' };
  }
}
