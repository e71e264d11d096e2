import { loadavg, uptime } from 'node:os';
import type { Db } from '../../db/index.ts';
import { badRequest, notFound } from '../../errors/error.ts';
import { type Caller, mv, nextLink, pageOf } from '../../http/index.ts';
import { isTrue } from '../schemas/common.ts';
import { HOST_IP, hostState, type Allocation } from '../scheduler/host-state.ts';
import { listHosts, serversOnHosts, type HostRow } from '../store/host.ts';
import { isUp } from './service.ts';

const MAX_PAGE = 1000;

export interface HypervisorDeps {
  readonly db: Db;
  readonly allocation: Allocation;
  readonly zone: string;
  readonly hostName: string;
}

export interface HypervisorQueryValues {
  readonly limit?: string;
  readonly marker?: string;
  readonly hypervisor_hostname_pattern?: string;
  readonly with_servers?: string;
}

/** /os-hypervisors. */
export class HypervisorApp {
  readonly #deps: HypervisorDeps;

  constructor(deps: HypervisorDeps) {
    this.#deps = deps;
  }

  list(caller: Caller, query: HypervisorQueryValues, path: string, detailed: boolean): object {
    const pattern = query.hypervisor_hostname_pattern;
    if (pattern !== undefined && (query.limit !== undefined || query.marker !== undefined)) {
      throw badRequest(
        'Paging over hypervisors with the hypervisor_hostname_pattern query parameter is not supported.',
      );
    }
    const all = listHosts(this.#deps.db);
    if (pattern !== undefined) {
      const found = matching(all, pattern);
      return { hypervisors: this.#views(caller, found, detailed, isTrue(query.with_servers)) };
    }
    const paged = caller.version >= mv('2.33');
    const page = paged ? pageOf(query, { max: MAX_PAGE, zeroIsEmpty: true }) : { limit: all.length };
    const after =
      page.marker === undefined ? 0 : 1 + all.findIndex((row) => hasId(caller, row, page.marker ?? ''));
    if (page.marker !== undefined && after === 0) throw badRequest(`marker [${page.marker}] not found`);
    const rows = all.slice(after, after + page.limit);
    const last = rows.at(-1);
    const more = query.limit !== undefined && paged && last !== undefined && rows.length === page.limit;
    return {
      hypervisors: this.#views(caller, rows, detailed, isTrue(query.with_servers)),
      ...(more
        ? {
            hypervisors_links: [
              { rel: 'next', href: nextLink(caller.base, path, { ...query }, String(idOf(caller, last))) },
            ],
          }
        : {}),
    };
  }

  show(caller: Caller, id: string, withServers: string | undefined): object {
    const row = this.#find(caller, id);
    return { hypervisor: this.#views(caller, [row], true, isTrue(withServers))[0] };
  }

  uptime(caller: Caller, id: string): object {
    const row = this.#find(caller, id);
    if (!isUp(row)) throw badRequest(`Compute service of ${row.host} is unavailable at this time.`);
    return { hypervisor: { ...brief(caller, row), uptime: this.#uptimeOf(row) ?? '' } };
  }

  /** Before 2.53: by a part of the host's name. */
  search(caller: Caller, pattern: string, withServers: boolean): object {
    const found = matching(listHosts(this.#deps.db), pattern);
    const servers = withServers ? this.#serversOf(found) : undefined;
    return {
      hypervisors: found.map((row) => {
        const list = servers?.get(row.host) ?? [];
        return { ...brief(caller, row), ...(list.length === 0 ? {} : { servers: list }) };
      }),
    };
  }

  statistics(): object {
    const rows = listHosts(this.#deps.db).filter((row) => row.disabled === 0);
    const totals = rows.map((row) => this.#totals(row));
    const none = {} as Totals;
    const sum = TOTALS.reduce<Totals>(
      (all, key) => ({ ...all, [key]: totals.reduce((total, one) => total + one[key], 0) }),
      none,
    );
    return { hypervisor_statistics: { count: rows.length, ...sum } };
  }

  #find(caller: Caller, id: string): HostRow {
    if (caller.version >= mv('2.53') && !UUID.test(id)) throw badRequest(`Invalid uuid ${id.slice(0, 80)}`);
    const row = listHosts(this.#deps.db).find((one) => hasId(caller, one, id));
    if (row === undefined) throw notFound(`Hypervisor with ID '${id}' could not be found.`);
    return row;
  }

  #views(
    caller: Caller,
    rows: readonly HostRow[],
    detailed: boolean,
    withServers: boolean,
  ): readonly object[] {
    const always = caller.version >= mv('2.75');
    const servers = withServers && caller.version >= mv('2.53') ? this.#serversOf(rows) : undefined;
    return rows.map((row) => {
      const list = servers?.get(row.host) ?? [];
      // From 2.75 on a host without servers has an empty list, where servers were asked for.
      const shown = servers !== undefined && (always || list.length > 0) ? { servers: list } : {};
      return { ...(detailed ? this.#detail(caller, row) : brief(caller, row)), ...shown };
    });
  }

  #serversOf(rows: readonly HostRow[]): ReadonlyMap<string, readonly { uuid: string; name: string }[]> {
    const servers = serversOnHosts(
      this.#deps.db,
      rows.map(({ host }) => host),
    );
    const byHost = Map.groupBy(servers, ({ host }) => host);
    return new Map(
      [...byHost].map(([host, list]) => [host, list.map(({ id, name }) => ({ uuid: id, name }))]),
    );
  }

  #detail(caller: Caller, row: HostRow): object {
    const cpu = {
      arch: row.cpu_arch,
      model: row.cpu_model,
      vendor: '',
      features: [],
      topology: { cores: row.vcpus, threads: 1, sockets: 1 },
    };
    return {
      ...brief(caller, row),
      hypervisor_type: row.hypervisor_type,
      hypervisor_version: row.hypervisor_version,
      host_ip: HOST_IP,
      service: {
        id: caller.version >= mv('2.53') ? row.service_uuid : row.service_id,
        host: row.host,
        disabled_reason: row.disabled_reason,
      },
      ...(caller.version >= mv('2.88')
        ? { uptime: this.#uptimeOf(row) }
        : { ...this.#totals(row), cpu_info: caller.version >= mv('2.28') ? cpu : JSON.stringify(cpu) }),
    };
  }

  #totals(row: HostRow): Totals {
    const state = hostState(row, [], this.#deps.allocation, this.#deps.zone);
    return {
      vcpus: row.vcpus,
      vcpus_used: row.vcpus_used,
      memory_mb: row.memory_mib,
      memory_mb_used: state.ramUsedMib,
      local_gb: row.disk_gib,
      local_gb_used: row.disk_used,
      free_ram_mb: state.freeRamMib,
      free_disk_gb: state.freeDiskGib,
      disk_available_least: row.disk_free_gib,
      current_workload: row.busy,
      running_vms: row.claims,
    };
  }

  /** Of this machine, in the words of uptime(1), which upstream hands on. */
  #uptimeOf(row: HostRow): string | null {
    if (row.host !== this.#deps.hostName || !isUp(row)) return null;
    const minutes = Math.floor(uptime() / 60);
    const clock = new Date().toISOString().slice(11, 19);
    const hours = `${Math.floor(minutes / 60) % 24}:${String(minutes % 60).padStart(2, '0')}`;
    const load = loadavg().map((value) => value.toFixed(2));
    return ` ${clock} up ${Math.floor(minutes / 1440)} days, ${hours},  0 users,  load average: ${load.join(', ')}`;
  }
}

const UUID = /^[0-9a-f]{8}-?([0-9a-f]{4}-?){3}[0-9a-f]{12}$/i;

const TOTALS = [
  'vcpus',
  'vcpus_used',
  'memory_mb',
  'memory_mb_used',
  'local_gb',
  'local_gb_used',
  'free_ram_mb',
  'free_disk_gb',
  'disk_available_least',
  'current_workload',
  'running_vms',
] as const;
type Totals = Readonly<Record<(typeof TOTALS)[number], number>>;

const idOf = (caller: Caller, row: HostRow): string | number =>
  caller.version >= mv('2.53') ? row.uuid : row.id;

const hasId = (caller: Caller, row: HostRow, id: string): boolean => String(idOf(caller, row)) === id;

/** @throws {CloudError} notFound when there is none, as upstream. */
function matching(rows: readonly HostRow[], pattern: string): readonly HostRow[] {
  const found = rows.filter(({ node }) => node.includes(pattern));
  if (found.length === 0) throw notFound(`No hypervisor matching '${pattern}' could be found.`);
  return found;
}

const brief = (caller: Caller, row: HostRow): object => ({
  id: idOf(caller, row),
  hypervisor_hostname: row.node,
  state: isUp(row) ? 'up' : 'down',
  status: row.disabled === 1 ? 'disabled' : 'enabled',
});
