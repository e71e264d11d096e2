import type { Db } from '../../db/index.ts';
import { badRequest } from '../../errors/error.ts';
import { type Caller, mv, nextLink, type Page, pageOf } from '../../http/index.ts';
import { listServices } from '../store/host.ts';
import { countInPeriod, serversInPeriod, type UsageRow } from '../store/usage.ts';
import { plainTime } from './server-view.ts';

const HOUR = 3_600_000;
const MAX_PAGE = 1000;

export interface UsageDeps {
  readonly db: Db;
  readonly clock: () => number;
}

export interface UsageQueryValues {
  readonly start?: string;
  readonly end?: string;
  readonly detailed?: string;
  readonly limit?: string;
  readonly marker?: string;
}

interface Period {
  readonly start: number;
  readonly end: number;
  readonly now: number;
}

/** /os-simple-tenant-usage and /os-instance_usage_audit_log: who had which servers for how long. */
export class UsageApp {
  readonly #deps: UsageDeps;

  constructor(deps: UsageDeps) {
    this.#deps = deps;
  }

  /** All projects. */
  list(caller: Caller, query: UsageQueryValues): object {
    const period = this.#period(query);
    const page = pageFor(caller, query);
    const rows = this.#rows(period, null, page);
    const detailed = query.detailed === '1';
    const projects = [...Map.groupBy(rows, ({ project_id }) => project_id).values()];
    return {
      tenant_usages: projects.map((list) => summary(period, list, detailed)),
      ...links(caller, 'tenant_usages_links', '/os-simple-tenant-usage', query, rows, page),
    };
  }

  /** One project; an empty object when it had no server in the period, as upstream. */
  show(caller: Caller, projectId: string, query: UsageQueryValues): object {
    const period = this.#period(query);
    const page = pageFor(caller, query);
    const rows = this.#rows(period, projectId, page);
    const path = `/os-simple-tenant-usage/${encodeURIComponent(projectId)}`;
    return {
      tenant_usage: rows.length === 0 ? {} : summary(period, rows, true),
      ...links(caller, 'tenant_usage_links', path, query, rows, page),
    };
  }

  /**
   * The audit of the last whole month before `before` (now, when null): how many servers ran on each compute host. Here
   * it is counted from the rows whenever somebody asks, so no host's audit is ever running or missing.
   * @throws {CloudError} badRequest for what is no time.
   */
  audit(before: string | null): object {
    const { db, clock } = this.#deps;
    const at = new Date(before === null ? clock() : dateOf(before));
    const end = Date.UTC(at.getUTCFullYear(), at.getUTCMonth(), 1);
    const begin = Date.UTC(at.getUTCFullYear(), at.getUTCMonth() - 1, 1);
    const hosts = listServices(db).filter(({ binary }) => binary === 'nova-compute');
    const instances = hosts.length === 0 ? 0 : countInPeriod(db, begin, end);
    return {
      period_beginning: spacedTime(begin),
      period_ending: spacedTime(end),
      num_hosts: hosts.length,
      num_hosts_done: hosts.length,
      num_hosts_running: 0,
      num_hosts_not_run: 0,
      hosts_not_run: [],
      total_instances: instances,
      total_errors: 0,
      overall_status: 'ALL hosts done. 0 errors.',
      log: Object.fromEntries(
        hosts.map(({ host }) => [
          host,
          {
            state: 'DONE',
            instances,
            errors: 0,
            message: `Instance usage audit of host ${host}: ${instances} instances`,
          },
        ]),
      ),
    };
  }

  #period(query: UsageQueryValues): Period {
    const now = this.#deps.clock();
    const start = query.start ? periodTime(query.start) : now;
    const end = query.end ? periodTime(query.end) : now + 1;
    if (start >= end) throw badRequest('Invalid start time. The start time cannot occur after the end time.');
    return { start, end: Math.min(end, now), now };
  }

  #rows({ start, end }: Period, projectId: string | null, page: Page): readonly UsageRow[] {
    const rows = serversInPeriod(this.#deps.db, { start, end, projectId }, page);
    if (rows === undefined) throw badRequest(`Marker ${page.marker} could not be found.`);
    return rows;
  }
}

/** Before 2.40 there are no pages: as much as fits one is shown. */
const pageFor = (caller: Caller, query: UsageQueryValues): Page =>
  caller.version >= mv('2.40') ? pageOf(query, { max: MAX_PAGE, zeroIsEmpty: true }) : { limit: MAX_PAGE };

function links(
  caller: Caller,
  name: string,
  path: string,
  query: UsageQueryValues,
  rows: readonly UsageRow[],
  page: Page,
): object {
  const last = rows.length === page.limit ? rows.at(-1) : undefined;
  if (last === undefined || caller.version < mv('2.40')) return {};
  return { [name]: [{ rel: 'next', href: nextLink(caller.base, path, { ...query }, last.id) }] };
}

/** Of one project. `hours` are those within the period, `uptime` is seconds of the server's whole life. */
function summary(period: Period, rows: readonly UsageRow[], detailed: boolean): object {
  const servers = rows.map((row) => ({ row, hours: hoursOf(period, row) }));
  const total = (amount: (row: UsageRow) => number): number =>
    servers.reduce((sum, { row, hours }) => sum + amount(row) * hours, 0);
  return {
    tenant_id: rows[0]?.project_id,
    total_local_gb_usage: total((row) => row.disk_gib),
    total_vcpus_usage: total((row) => row.vcpus),
    total_memory_mb_usage: total((row) => row.ram_mib),
    total_hours: total(() => 1),
    start: plainTime(period.start),
    stop: plainTime(period.end),
    ...(detailed ? { server_usages: servers.map(({ row, hours }) => serverUsage(period, row, hours)) } : {}),
  };
}

const serverUsage = ({ now }: Period, row: UsageRow, hours: number): object => ({
  hours,
  flavor: row.flavor_name,
  instance_id: row.id,
  name: row.name,
  tenant_id: row.project_id,
  memory_mb: row.ram_mib,
  local_gb: row.disk_gib,
  vcpus: row.vcpus,
  started_at: plainTime(row.launched_at),
  ended_at: row.terminated_at === null ? null : plainTime(row.terminated_at),
  state: row.terminated_at === null ? row.vm_state : 'terminated',
  uptime: Math.floor(((row.terminated_at ?? now) - row.launched_at) / 1000),
});

function hoursOf({ start, end }: Period, row: UsageRow): number {
  const from = Math.max(row.launched_at, start);
  const to = Math.min(row.terminated_at ?? end, end);
  return Math.max(0, to - from) / HOUR;
}

const badTime = (): Error => badRequest('Invalid datetime string: Datetime is in invalid format');

/** Times without a zone are UTC. */
function periodTime(text: string): number {
  if (!/^\d{4}-\d\d-\d\d(T\d\d:\d\d:\d\d(\.\d{1,6})?| \d\d:\d\d:\d\d\.\d{1,6})$/.test(text)) throw badTime();
  const at = Date.parse(`${text.replace(' ', 'T')}Z`);
  if (Number.isNaN(at)) throw badTime();
  return at;
}

function dateOf(text: string): number {
  const form = /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(\.\d{1,6})?$/;
  const at = form.test(text) ? Date.parse(`${text.replace(' ', 'T')}Z`) : Number.NaN;
  if (Number.isNaN(at)) throw badRequest(`Invalid timestamp for date ${text.slice(0, 80)}`);
  return at;
}

const spacedTime = (ms: number): string => new Date(ms).toISOString().slice(0, 19).replace('T', ' ');
