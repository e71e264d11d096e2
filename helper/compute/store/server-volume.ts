import { statement, type Db } from '../../db/index.ts';
import type { Bus } from './block-devices.ts';

/** A volume that a server has, or is about to have or to lose. */
export interface ServerVolumeRow {
  readonly attachment_id: string;
  readonly server_id: string;
  readonly volume_id: string;
  readonly bdm_uuid: string;
  /** 'vdb' */
  readonly target: string;
  readonly tag: string | null;
  readonly delete_on_termination: number;
  /** 0 for the root disk; null for what is not booted from. */
  readonly boot_index: number | null;
  /** Null: as the server's other disks. */
  readonly disk_bus: Bus | null;
  readonly device_type: 'disk' | 'cdrom';
  readonly created_at: number;
}

export function insertServerVolume(db: Db, row: ServerVolumeRow): void {
  statement<[Readonly<Record<string, string | number | null>>]>(
    db,
    `INSERT INTO server_volume (attachment_id, server_id, volume_id, bdm_uuid, target, tag, delete_on_termination,
       boot_index, disk_bus, device_type, created_at)
     VALUES (@attachment_id, @server_id, @volume_id, @bdm_uuid, @target, @tag, @delete_on_termination,
       @boot_index, @disk_bus, @device_type, @created_at)`,
  ).run({ ...row });
}

export const findServerVolume = (db: Db, attachmentId: string): ServerVolumeRow | undefined =>
  statement<[string], ServerVolumeRow>(db, 'SELECT * FROM server_volume WHERE attachment_id = ?').get(
    attachmentId,
  );

/** The order in which they came; those of one request by their names in the guest. */
const IN_ORDER = 'ORDER BY created_at, length(target), target, attachment_id';

/** In the order in which they came. */
export const volumesOf = (db: Db, serverId: string): readonly ServerVolumeRow[] =>
  statement<[string], ServerVolumeRow>(db, `SELECT * FROM server_volume WHERE server_id = ? ${IN_ORDER}`).all(
    serverId,
  );

export function volumesOfServers(
  db: Db,
  serverIds: readonly string[],
): ReadonlyMap<string, readonly ServerVolumeRow[]> {
  const rows = statement<[string], ServerVolumeRow>(
    db,
    `SELECT * FROM server_volume WHERE server_id IN (SELECT value FROM json_each(?)) ${IN_ORDER}`,
  ).all(JSON.stringify(serverIds));
  return Map.groupBy(rows, (row) => row.server_id);
}

export const setDeleteOnTermination = (db: Db, attachmentId: string, yes: boolean): void => {
  statement<[number, string]>(
    db,
    'UPDATE server_volume SET delete_on_termination = ? WHERE attachment_id = ?',
  ).run(yes ? 1 : 0, attachmentId);
};

/** The volume that a server boots from. */
export const rootVolumeOf = (db: Db, serverId: string): ServerVolumeRow | undefined =>
  volumesOf(db, serverId).find((one) => one.boot_index === 0);

export const deleteServerVolume = (db: Db, attachmentId: string): void => {
  statement<[string]>(db, 'DELETE FROM server_volume WHERE attachment_id = ?').run(attachmentId);
};
