import { statement, type Db, type SqlValue } from '../../db/index.ts';

/** One user's way to a volume over iSCSI. */
export interface ExportRow {
  readonly id: string;
  readonly volume_id: string;
  readonly attachment_id: string | null;
  readonly initiator: string | null;
  readonly chap_user: string;
  readonly chap_password: string;
  /** UUID of the hypervisor's secret. */
  readonly secret_id: string;
  readonly ended: number;
}

export function insertExport(db: Db, row: ExportRow): void {
  statement<[Record<string, SqlValue>]>(
    db,
    `INSERT INTO volume_export (id, volume_id, attachment_id, initiator, chap_user, chap_password, secret_id, ended)
     VALUES (@id, @volume_id, @attachment_id, @initiator, @chap_user, @chap_password, @secret_id, @ended)`,
  ).run({ ...row });
}

export const exportOf = (db: Db, attachmentId: string): ExportRow | undefined =>
  statement<[string], ExportRow>(db, 'SELECT * FROM volume_export WHERE attachment_id = ?').get(attachmentId);

/** Those that are to be there now. */
export const exportsOf = (db: Db, volumeId: string): readonly ExportRow[] =>
  statement<[string], ExportRow>(
    db,
    'SELECT * FROM volume_export WHERE volume_id = ? AND ended = 0 ORDER BY id',
  ).all(volumeId);

export const allExports = (db: Db): readonly ExportRow[] =>
  statement<[], ExportRow>(db, 'SELECT * FROM volume_export ORDER BY volume_id, id').all();

export function setInitiator(db: Db, id: string, initiator: string | null): void {
  statement<[string | null, string]>(db, 'UPDATE volume_export SET initiator = ? WHERE id = ?').run(
    initiator,
    id,
  );
}

export function setEnded(db: Db, attachmentId: string, ended: boolean): void {
  statement<[number, string]>(db, 'UPDATE volume_export SET ended = ? WHERE attachment_id = ?').run(
    ended ? 1 : 0,
    attachmentId,
  );
}

/** What os-initialize_connection gave to an initiator; to all where none is named. */
export function deleteConnections(db: Db, volumeId: string, initiator: string | null): void {
  statement<[string, string | null, string | null]>(
    db,
    'DELETE FROM volume_export WHERE volume_id = ? AND attachment_id IS NULL AND (? IS NULL OR initiator IS ?)',
  ).run(volumeId, initiator, initiator);
}
