import { statement, type Db } from '../../db/index.ts';
import { changeRow, insertRow } from './columns.ts';

export type AttachStatus = 'reserved' | 'attaching' | 'attached' | 'detaching';

/** One use of a volume by a server or another host. */
export interface AttachmentRow {
  readonly id: string;
  readonly volume_id: string;
  readonly project_id: string;
  readonly instance_uuid: string | null;
  readonly attached_host: string | null;
  readonly mountpoint: string | null;
  readonly attach_status: AttachStatus;
  readonly attach_mode: 'rw' | 'ro';
  /** JSON of what the client said of its host. */
  readonly connector: string | null;
  readonly attached_at: number | null;
  readonly created_at: number;
  readonly updated_at: number;
}

const COLUMNS = [
  'id',
  'volume_id',
  'project_id',
  'instance_uuid',
  'attached_host',
  'mountpoint',
  'attach_status',
  'attach_mode',
  'connector',
  'attached_at',
  'created_at',
  'updated_at',
] as const satisfies readonly (keyof AttachmentRow)[];

export function insertAttachment(db: Db, row: AttachmentRow): void {
  insertRow(db, 'volume_attachment', COLUMNS, row);
}

export function updateAttachment(
  db: Db,
  id: string,
  changes: Partial<Omit<AttachmentRow, 'id'>> & { readonly updated_at: number },
): void {
  changeRow(db, 'volume_attachment', COLUMNS, id, changes);
}

export const findAttachment = (db: Db, id: string): AttachmentRow | undefined =>
  statement<[string], AttachmentRow>(db, 'SELECT * FROM volume_attachment WHERE id = ?').get(id);

export const deleteAttachment = (db: Db, id: string): void => {
  statement<[string]>(db, 'DELETE FROM volume_attachment WHERE id = ?').run(id);
};

export const deleteAttachmentsOf = (db: Db, volumeId: string): void => {
  statement<[string]>(db, 'DELETE FROM volume_attachment WHERE volume_id = ?').run(volumeId);
};

/** Oldest first, by volume. */
export function attachmentsOf(
  db: Db,
  volumeIds: readonly string[],
): ReadonlyMap<string, readonly AttachmentRow[]> {
  const rows = statement<[string], AttachmentRow>(
    db,
    `SELECT * FROM volume_attachment WHERE volume_id IN (SELECT value FROM json_each(?))
      ORDER BY created_at, id`,
  ).all(JSON.stringify(volumeIds));
  return Map.groupBy(rows, (row) => row.volume_id);
}
