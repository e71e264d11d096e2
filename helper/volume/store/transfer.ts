import { statement, type Db, type SqlValue } from '../../db/index.ts';
import { listRows, type Listed, type ListQuery } from './list.ts';

/** An offer of a volume to whoever has its key. */
export interface TransferRow {
  readonly id: string;
  readonly volume_id: string;
  readonly name: string | null;
  readonly salt: string;
  readonly key_hash: string;
  readonly no_snapshots: number;
  readonly source_project_id: string;
  readonly destination_project_id: string | null;
  readonly accepted: number;
  readonly created_at: number;
  readonly [attribute: string]: unknown;
}

const COLUMNS = [
  'id',
  'volume_id',
  'name',
  'salt',
  'key_hash',
  'no_snapshots',
  'source_project_id',
  'destination_project_id',
  'accepted',
  'created_at',
] as const;

export function insertTransfer(db: Db, row: TransferRow): void {
  statement<[Record<string, SqlValue>]>(
    db,
    `INSERT INTO volume_transfer (${COLUMNS.join(', ')}) VALUES (${COLUMNS.map((c) => `@${c}`).join(', ')})`,
  ).run(Object.fromEntries(COLUMNS.map((column) => [column, row[column] as SqlValue])));
}

export const findTransfer = (db: Db, id: string): TransferRow | undefined =>
  statement<[string], TransferRow>(db, 'SELECT * FROM volume_transfer WHERE id = ?').get(id);

export const deleteTransfer = (db: Db, id: string): void => {
  statement<[string]>(db, 'DELETE FROM volume_transfer WHERE id = ?').run(id);
};

export const transferOf = (db: Db, volumeId: string): TransferRow | undefined =>
  statement<[string], TransferRow>(db, 'SELECT * FROM volume_transfer WHERE volume_id = ?').get(volumeId);

export const listTransfers = (db: Db, query: ListQuery): Listed<TransferRow> =>
  listRows<TransferRow>(db, 'volume_transfer', query);

/** Gives a volume, and its snapshots when they go along, to another project. */
export function moveToProject(
  db: Db,
  volumeId: string,
  to: {
    readonly projectId: string;
    readonly userId: string;
    readonly snapshots: boolean;
    readonly now: number;
  },
): void {
  statement<[string, string, number, string]>(
    db,
    `UPDATE volume SET project_id = ?, user_id = ?, status = 'available', updated_at = ? WHERE id = ?`,
  ).run(to.projectId, to.userId, to.now, volumeId);
  if (!to.snapshots) return;
  statement<[string, string, number, string]>(
    db,
    'UPDATE volume_snapshot SET project_id = ?, user_id = ?, updated_at = ? WHERE volume_id = ?',
  ).run(to.projectId, to.userId, to.now, volumeId);
}
