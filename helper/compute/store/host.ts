import { statement, type Db, type SqlValue } from '../../db/index.ts';
import type { Resources } from '../basics.ts';

export interface ServiceRow {
  readonly id: number;
  readonly uuid: string;
  readonly host: string;
  readonly binary: string;
  readonly disabled: number;
  readonly disabled_reason: string | null;
  readonly forced_down: number;
  readonly up: number;
  readonly updated_at: number;
}

/** A compute host with its service and what its servers take. */
export interface HostRow {
  readonly id: number;
  readonly uuid: string;
  readonly host: string;
  readonly node: string;
  readonly hypervisor_type: string;
  readonly hypervisor_version: number;
  readonly accelerator: string;
  readonly cpu_arch: string;
  readonly cpu_model: string;
  readonly vcpus: number;
  readonly memory_mib: number;
  readonly disk_gib: number;
  readonly disk_free_gib: number;
  readonly updated_at: number;
  readonly service_id: number;
  readonly service_uuid: string;
  readonly disabled: number;
  readonly disabled_reason: string | null;
  readonly forced_down: number;
  readonly up: number;
  readonly claims: number;
  readonly vcpus_used: number;
  readonly ram_used: number;
  readonly disk_used: number;
  /** Servers that are being worked on. */
  readonly busy: number;
}

export type NewHost = Omit<
  HostRow,
  | 'id'
  | 'service_id'
  | 'service_uuid'
  | 'disabled'
  | 'disabled_reason'
  | 'forced_down'
  | 'up'
  | 'claims'
  | 'vcpus_used'
  | 'ram_used'
  | 'disk_used'
  | 'busy'
>;

/** Adds or updates a service; what an administrator set stays. */
export function upsertService(
  db: Db,
  service: Pick<ServiceRow, 'uuid' | 'host' | 'binary'> & { readonly up: boolean; readonly at: number },
): void {
  statement<[Readonly<Record<string, SqlValue>>]>(
    db,
    `INSERT INTO compute_service (uuid, host, binary, up, updated_at) VALUES (@uuid, @host, @binary, @up, @at)
     ON CONFLICT (host, binary) DO UPDATE SET up = excluded.up, updated_at = excluded.updated_at`,
  ).run({ ...service });
}

/** Adds or updates a host. Its uuid stays the first one; its disk's size the largest. */
export function upsertHost(db: Db, host: NewHost): void {
  statement<[Readonly<Record<string, SqlValue>>]>(
    db,
    `INSERT INTO compute_host (uuid, host, node, hypervisor_type, hypervisor_version, accelerator, cpu_arch, cpu_model,
       vcpus, memory_mib, disk_gib, disk_free_gib, updated_at)
     VALUES (@uuid, @host, @node, @hypervisor_type, @hypervisor_version, @accelerator, @cpu_arch, @cpu_model,
       @vcpus, @memory_mib, @disk_gib, @disk_free_gib, @updated_at)
     ON CONFLICT (host) DO UPDATE SET node = excluded.node, hypervisor_type = excluded.hypervisor_type,
       hypervisor_version = excluded.hypervisor_version, accelerator = excluded.accelerator,
       cpu_arch = excluded.cpu_arch, cpu_model = excluded.cpu_model, vcpus = excluded.vcpus,
       memory_mib = excluded.memory_mib, disk_gib = max(disk_gib, excluded.disk_gib),
       disk_free_gib = excluded.disk_free_gib, updated_at = excluded.updated_at`,
  ).run({ ...host });
}

const HOSTS = `SELECT h.*, s.id AS service_id, s.uuid AS service_uuid, s.disabled, s.disabled_reason, s.forced_down, s.up,
    coalesce(c.claims, 0) AS claims, coalesce(c.vcpus, 0) AS vcpus_used, coalesce(c.ram_mib, 0) AS ram_used,
    coalesce(c.disk_gib, 0) AS disk_used,
    (SELECT count(*) FROM server v WHERE v.host = h.host AND v.deleted_at IS NULL AND v.task_state IS NOT NULL) AS busy
  FROM compute_host h
  JOIN compute_service s ON s.host = h.host AND s.binary = 'nova-compute'
  LEFT JOIN compute_host_claims c ON c.host = h.host`;

export function listHosts(db: Db): readonly HostRow[] {
  return statement<[], HostRow>(db, `${HOSTS} ORDER BY h.id`).all();
}

export function findHost(db: Db, host: string): HostRow | undefined {
  return statement<[string], HostRow>(db, `${HOSTS} WHERE h.host = ?`).get(host);
}

export function listServices(db: Db): readonly ServiceRow[] {
  return statement<[], ServiceRow>(db, 'SELECT * FROM compute_service ORDER BY id').all();
}

export function findService(db: Db, host: string, binary: string): ServiceRow | undefined {
  return statement<[string, string], ServiceRow>(
    db,
    'SELECT * FROM compute_service WHERE host = ? AND binary = ?',
  ).get(host, binary);
}

/** By what an administrator can change; undefined leaves as it is. */
export function updateService(
  db: Db,
  id: number,
  change: {
    readonly disabled?: boolean | undefined;
    readonly disabledReason?: string | null | undefined;
    readonly forcedDown?: boolean | undefined;
  },
  at: number,
): void {
  statement<[Readonly<Record<string, SqlValue>>]>(
    db,
    `UPDATE compute_service SET disabled = coalesce(@disabled, disabled),
       disabled_reason = CASE @setReason WHEN 1 THEN @reason ELSE disabled_reason END,
       forced_down = coalesce(@forcedDown, forced_down), updated_at = @at
     WHERE id = @id`,
  ).run({
    id,
    at,
    disabled: change.disabled ?? null,
    setReason: change.disabledReason !== undefined,
    reason: change.disabledReason ?? null,
    forcedDown: change.forcedDown ?? null,
  });
}

/** The service, and with a compute service its host. */
export function deleteService(db: Db, service: ServiceRow): void {
  statement<[number]>(db, 'DELETE FROM compute_service WHERE id = ?').run(service.id);
  if (service.binary !== 'nova-compute') return;
  statement<[string]>(db, 'DELETE FROM compute_host WHERE host = ?').run(service.host);
  statement<[string]>(db, 'DELETE FROM aggregate_host WHERE host = ?').run(service.host);
}

export function setClaim(db: Db, serverId: string, host: string, resources: Resources): void {
  statement<[string, string, number, number, number]>(
    db,
    `INSERT INTO compute_claim (server_id, host, vcpus, ram_mib, disk_gib) VALUES (?, ?, ?, ?, ?)
     ON CONFLICT (server_id) DO UPDATE SET host = excluded.host, vcpus = excluded.vcpus, ram_mib = excluded.ram_mib,
       disk_gib = excluded.disk_gib`,
  ).run(serverId, host, resources.vcpus, resources.ramMib, resources.diskGib);
}

export function deleteClaim(db: Db, serverId: string): void {
  statement<[string]>(db, 'DELETE FROM compute_claim WHERE server_id = ?').run(serverId);
}

export interface ClaimRow {
  readonly server_id: string;
  readonly vcpus: number;
  readonly ram_mib: number;
  readonly disk_gib: number;
}

export const claimsOnHost = (db: Db, host: string): readonly ClaimRow[] =>
  statement<[string], ClaimRow>(
    db,
    'SELECT server_id, vcpus, ram_mib, disk_gib FROM compute_claim WHERE host = ?',
  ).all(host);

export interface OwnerRow {
  readonly project_id: string;
  readonly user_id: string;
  readonly extra_specs: string;
  readonly launched_at: number | null;
}

/** Whose a server is, and what placement has to know of it. */
export const ownerOfServer = (db: Db, id: string): OwnerRow | undefined =>
  statement<[string], OwnerRow>(
    db,
    'SELECT project_id, user_id, extra_specs, launched_at FROM server WHERE id = ?',
  ).get(id);

/** Hosts of servers, by the servers' ids; a server that is nowhere is left out. */
export function hostsOfServers(db: Db, serverIds: readonly string[]): readonly string[] {
  return statement<[string], { host: string }>(
    db,
    `SELECT DISTINCT host FROM server
     WHERE id IN (SELECT value FROM json_each(?)) AND host IS NOT NULL AND deleted_at IS NULL`,
  )
    .all(JSON.stringify(serverIds))
    .map(({ host }) => host);
}

/** Servers on the given hosts, for `with_servers`. */
export function serversOnHosts(
  db: Db,
  hosts: readonly string[],
): readonly { readonly host: string; readonly id: string; readonly name: string }[] {
  return statement<[string], { host: string; id: string; name: string }>(
    db,
    `SELECT host, id, printf('instance-%08x', seq) AS name FROM server
     WHERE host IN (SELECT value FROM json_each(?)) AND deleted_at IS NULL ORDER BY seq`,
  ).all(JSON.stringify(hosts));
}
