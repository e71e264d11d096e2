import { statement, type Db } from '../../db/index.ts';

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
  readonly created_at: number;
}

export function insertServerVolume(db: Db, row: ServerVolumeRow): void {
  statement<[string, string, string, string, string, string | null, number, number]>(
    db,
    `INSERT INTO server_volume (attachment_id, server_id, volume_id, bdm_uuid, target, tag, delete_on_termination, created_at)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?)`,
  ).run(
    row.attachment_id,
    row.server_id,
    row.volume_id,
    row.bdm_uuid,
    row.target,
    row.tag,
    row.delete_on_termination,
    row.created_at,
  );
}

export const findServerVolume = (db: Db, attachmentId: string): ServerVolumeRow | undefined =>
  statement<[string], ServerVolumeRow>(db, 'SELECT * FROM server_volume WHERE attachment_id = ?').get(
    attachmentId,
  );

/** In the order in which they came. */
export const volumesOf = (db: Db, serverId: string): readonly ServerVolumeRow[] =>
  statement<[string], ServerVolumeRow>(
    db,
    'SELECT * FROM server_volume WHERE server_id = ? ORDER BY created_at, attachment_id',
  ).all(serverId);

export function volumesOfServers(
  db: Db,
  serverIds: readonly string[],
): ReadonlyMap<string, readonly ServerVolumeRow[]> {
  const found = new Map<string, ServerVolumeRow[]>();
  const rows = statement<[string], ServerVolumeRow>(
    db,
    `SELECT * FROM server_volume WHERE server_id IN (SELECT value FROM json_each(?))
      ORDER BY created_at, attachment_id`,
  ).all(JSON.stringify(serverIds));
  for (const row of rows) found.set(row.server_id, [...(found.get(row.server_id) ?? []), row]);
  return found;
}

export const setDeleteOnTermination = (db: Db, attachmentId: string, yes: boolean): void => {
  statement<[number, string]>(
    db,
    'UPDATE server_volume SET delete_on_termination = ? WHERE attachment_id = ?',
  ).run(yes ? 1 : 0, attachmentId);
};

export const deleteServerVolume = (db: Db, attachmentId: string): void => {
  statement<[string]>(db, 'DELETE FROM server_volume WHERE attachment_id = ?').run(attachmentId);
};
