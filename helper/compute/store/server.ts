import type { TaskState, VmState } from '../../contract/server-actions.ts';
import { statement, type Db } from '../../db/index.ts';
import type { Secret } from '../../secret.ts';
import type { ServerRow } from './server-row.ts';

/** What is known of a server when it is asked for. JSON columns as text. */
export interface NewServer {
  readonly id: string;
  readonly projectId: string;
  readonly userId: string;
  readonly name: string;
  readonly hostname: string;
  readonly description: string | null;
  readonly requestedZone: string | null;
  readonly imageId: string | null;
  readonly imageProperties: string;
  readonly flavorId: string;
  readonly flavorName: string;
  readonly vcpus: number;
  readonly ramMib: number;
  readonly diskGib: number;
  readonly ephemeralGib: number;
  readonly swapMib: number;
  readonly extraSpecs: string;
  readonly keyName: string | null;
  readonly keyType: string | null;
  readonly keyData: string | null;
  readonly userData: Secret | null;
  readonly configDrive: boolean;
  readonly personality: string;
  readonly adminPassword: Secret;
  readonly diskConfig: string;
  readonly accessIpV4: string | null;
  readonly accessIpV6: string | null;
  readonly metadata: string;
  readonly tags: string;
  readonly groupId: string | null;
  readonly trustedCerts: string | null;
  readonly launchIndex: number;
  readonly reservationId: string;
  /** '/dev/vda', by the bus of its disks. */
  readonly rootDeviceName: string;
  /** JSON of BlockDevices. */
  readonly blockDevices: string;
  readonly volumeBacked: boolean;
  readonly requestSpec: string;
  readonly nics: string;
  readonly securityGroupIds: string;
  readonly at: number;
}

/** Inserts a server in BUILD, scheduling. */
export function insertServer(db: Db, server: NewServer): void {
  statement<[Readonly<Record<string, string | number | boolean | null | Secret>>]>(
    db,
    `INSERT INTO server (id, project_id, user_id, name, hostname, description, vm_state, task_state, requested_zone,
       image_id, image_properties, flavor_id, flavor_name, vcpus, ram_mib, disk_gib, ephemeral_gib, swap_mib,
       extra_specs, key_name, key_type, key_data, user_data, config_drive, personality, admin_password, disk_config,
       access_ip_v4, access_ip_v6, metadata, tags, group_id, trusted_certs, launch_index, reservation_id, root_device_name,
       block_devices, volume_backed, request_spec, nics, security_group_ids, created_at, updated_at)
     VALUES (@id, @projectId, @userId, @name, @hostname, @description, 'building', 'scheduling', @requestedZone,
       @imageId, @imageProperties, @flavorId, @flavorName, @vcpus, @ramMib, @diskGib, @ephemeralGib, @swapMib,
       @extraSpecs, @keyName, @keyType, @keyData, @userData, @configDrive, @personality, @adminPassword, @diskConfig,
       @accessIpV4, @accessIpV6, @metadata, @tags, @groupId, @trustedCerts, @launchIndex, @reservationId, @rootDeviceName,
       @blockDevices, @volumeBacked, @requestSpec, @nics, @securityGroupIds, @at, @at)`,
  ).run({ ...server });
}

/** A server that is not deleted. */
export function findServer(db: Db, id: string): ServerRow | undefined {
  return statement<[string], ServerRow>(db, 'SELECT * FROM server WHERE id = ? AND deleted_at IS NULL').get(
    id,
  );
}

/** Also one that is deleted but not yet forgotten: its actions can still be read (2.21). */
export function findServerEver(db: Db, id: string): ServerRow | undefined {
  return statement<[string], ServerRow>(db, 'SELECT * FROM server WHERE id = ?').get(id);
}

/**
 * The server of a step that is running.
 * @throws {Error} when its row is gone, which a running operation's cannot be.
 */
export function serverOf(db: Db, id: string): ServerRow {
  const row = findServer(db, id);
  if (row === undefined) throw new Error(`server ${id} has no row`);
  return row;
}

/** Notes what is being done. A server that is being deleted stays so. */
export function setTask(db: Db, id: string, task: TaskState | null, at: number): void {
  statement<[string | null, number, string]>(
    db,
    `UPDATE server SET task_state = ?, updated_at = ?
     WHERE id = ? AND deleted_at IS NULL AND task_state IS NOT 'deleting'`,
  ).run(task, at, id);
}

export function setDeleting(db: Db, id: string, at: number): void {
  statement<[number, string]>(
    db,
    "UPDATE server SET task_state = 'deleting', progress = 0, updated_at = ? WHERE id = ? AND deleted_at IS NULL",
  ).run(at, id);
}

export interface SettledState {
  readonly vmState: VmState;
  readonly power: number;
  readonly at: number;
}

/** What a finished operation or the reconciler found: state, and no task (but deleting). Clears a fault. */
export function settle(db: Db, id: string, state: SettledState): void {
  statement<[Readonly<Record<string, string | number>>]>(
    db,
    `UPDATE server SET vm_state = @vmState, power_state = @power, updated_at = @at, progress = 0,
       task_state = CASE task_state WHEN 'deleting' THEN 'deleting' END,
       fault_code = NULL, fault_message = NULL, fault_details = NULL, fault_at = NULL
     WHERE id = @id AND deleted_at IS NULL`,
  ).run({ id, ...state });
}

/** The guest runs for the first time. */
export function setLaunched(db: Db, id: string, at: number): void {
  statement<[number, string]>(
    db,
    `UPDATE server SET launched_at = coalesce(launched_at, ?), progress = 100, admin_password = NULL WHERE id = ?`,
  ).run(at, id);
}

export interface Fault {
  readonly code: number;
  readonly message: string;
  /** For administrators. */
  readonly details: string | null;
}

/** ERROR with a fault that its owner can read. */
export function setFault(db: Db, id: string, fault: Fault, at: number): void {
  statement<[Readonly<Record<string, string | number | null>>]>(
    db,
    `UPDATE server SET vm_state = 'error', task_state = CASE task_state WHEN 'deleting' THEN 'deleting' END,
       progress = 0, admin_password = NULL, updated_at = @at,
       fault_code = @code, fault_message = @message, fault_details = @details, fault_at = @at
     WHERE id = @id AND deleted_at IS NULL`,
  ).run({ id, at, ...fault });
}

/** As {@link setFault}, and a delete that failed can be asked for again. */
export function setDeleteFault(db: Db, id: string, fault: Fault, at: number): void {
  statement<[string]>(db, 'UPDATE server SET task_state = NULL WHERE id = ? AND deleted_at IS NULL').run(id);
  setFault(db, id, fault, at);
}

export function setPlacement(
  db: Db,
  id: string,
  place: { readonly host: string | null; readonly node: string | null; readonly zone: string | null },
  at: number,
): void {
  statement<[Readonly<Record<string, string | number | null>>]>(
    db,
    'UPDATE server SET host = @host, node = @node, availability_zone = @zone, updated_at = @at WHERE id = @id',
  ).run({ id, at, ...place });
}

export interface ServerChanges {
  readonly name?: string;
  readonly description?: string | null;
  readonly hostname?: string;
  readonly diskConfig?: string;
  readonly accessIpV4?: string;
  readonly accessIpV6?: string;
}

export function updateServer(db: Db, row: ServerRow, changes: ServerChanges, at: number): void {
  statement<[Readonly<Record<string, string | number | null>>]>(
    db,
    `UPDATE server SET name = @name, description = @description, hostname = @hostname, disk_config = @diskConfig,
       access_ip_v4 = @accessIpV4, access_ip_v6 = @accessIpV6, updated_at = @at
     WHERE id = @id AND deleted_at IS NULL`,
  ).run({
    id: row.id,
    at,
    name: changes.name ?? row.name,
    description: changes.description === undefined ? row.description : changes.description,
    hostname: changes.hostname ?? row.hostname,
    diskConfig: changes.diskConfig ?? row.disk_config,
    accessIpV4: changes.accessIpV4 ?? row.access_ip_v4,
    accessIpV6: changes.accessIpV6 ?? row.access_ip_v6,
  });
}

export function setLock(db: Db, id: string, by: string | null, reason: string | null, at: number): void {
  statement<[string | null, string | null, number, string]>(
    db,
    'UPDATE server SET locked_by = ?, locked_reason = ?, updated_at = ? WHERE id = ? AND deleted_at IS NULL',
  ).run(by, reason, at, id);
}

/** Replaces all metadata. */
export function setMetadata(
  db: Db,
  id: string,
  metadata: Readonly<Record<string, string>>,
  at: number,
): void {
  statement<[string, number, string]>(
    db,
    'UPDATE server SET metadata = ?, updated_at = ? WHERE id = ? AND deleted_at IS NULL',
  ).run(JSON.stringify(metadata), at, id);
}

export function setTags(db: Db, id: string, tags: readonly string[], at: number): void {
  statement<[string, number, string]>(
    db,
    'UPDATE server SET tags = ?, updated_at = ? WHERE id = ? AND deleted_at IS NULL',
  ).run(JSON.stringify(tags), at, id);
}

/** os-resetState: what the administrator says it is. */
export function resetState(db: Db, id: string, vmState: 'active' | 'error', at: number): void {
  statement<[string, number, string]>(
    db,
    'UPDATE server SET vm_state = ?, task_state = NULL, updated_at = ? WHERE id = ? AND deleted_at IS NULL',
  ).run(vmState, at, id);
}

/** The server is gone; its secrets too. What is left of the row serves changes-since for a while. */
export function markDeleted(db: Db, id: string, at: number): void {
  statement<[Readonly<Record<string, string | number>>]>(
    db,
    `UPDATE server SET vm_state = 'deleted', task_state = NULL, power_state = 0, host = NULL, node = NULL,
       user_data = NULL, key_data = NULL, admin_password = NULL, personality = '[]', updated_at = @at,
       terminated_at = @at, deleted_at = @at
     WHERE id = @id AND deleted_at IS NULL`,
  ).run({ id, at });
}

/** Forgets servers that were deleted before `before`. A few at a time. */
export function pruneDeleted(db: Db, before: number): void {
  statement<[number]>(
    db,
    'DELETE FROM server WHERE seq IN (SELECT seq FROM server WHERE deleted_at < ? LIMIT 50)',
  ).run(before);
}

/** True when there is such a row that is not deleted, however far its making has come. */
export function serverExists(db: Db, id: string): boolean {
  return (
    statement<[string], { one: 1 }>(
      db,
      'SELECT 1 AS one FROM server WHERE id = ? AND deleted_at IS NULL',
    ).get(id) !== undefined
  );
}

/** What a project's servers use of its quota, deleted ones not counted. */
export function usageOf(
  db: Db,
  projectId: string,
): { readonly instances: number; readonly cores: number; readonly ramMib: number } {
  return (
    statement<[string], { instances: number; cores: number; ramMib: number }>(
      db,
      `SELECT count(*) AS instances, coalesce(sum(vcpus), 0) AS cores, coalesce(sum(ram_mib), 0) AS ramMib
       FROM server WHERE project_id = ? AND deleted_at IS NULL`,
    ).get(projectId) ?? { instances: 0, cores: 0, ramMib: 0 }
  );
}

/** Servers that are not deleted, of all projects. */
export function countServers(db: Db): number {
  return (
    statement<[], { count: number }>(
      db,
      'SELECT count(*) AS count FROM server WHERE deleted_at IS NULL',
    ).get()?.count ?? 0
  );
}
