import { statement, type Db } from '../../db/index.ts';
import { changeRow, insertRow } from './columns.ts';
import { listRows, pairsOf, type Listed, type ListQuery } from './list.ts';

/** A volume's state at one moment. Times are milliseconds, `volume_size` is GiB. */
export interface SnapshotRow {
  readonly id: string;
  readonly volume_id: string;
  readonly project_id: string;
  readonly user_id: string;
  readonly name: string | null;
  readonly description: string | null;
  readonly status: string;
  readonly progress: string;
  readonly volume_size: number;
  readonly volume_type_id: string;
  readonly backend: string;
  readonly format: 'raw' | 'qcow2';
  /** As its volume's. */
  readonly encryption_key_id: string | null;
  readonly group_snapshot_id: string | null;
  readonly consumes_quota: number;
  readonly created_at: number;
  readonly updated_at: number;
}

export interface Snapshot extends SnapshotRow {
  readonly metadata: Readonly<Record<string, string>>;
  readonly [attribute: string]: unknown;
}

const COLUMNS = [
  'id',
  'volume_id',
  'project_id',
  'user_id',
  'name',
  'description',
  'status',
  'progress',
  'volume_size',
  'volume_type_id',
  'backend',
  'format',
  'encryption_key_id',
  'group_snapshot_id',
  'consumes_quota',
  'created_at',
  'updated_at',
] as const satisfies readonly (keyof SnapshotRow)[];

export function insertSnapshot(db: Db, row: SnapshotRow): void {
  insertRow(db, 'volume_snapshot', COLUMNS, row);
}

export function updateSnapshot(
  db: Db,
  id: string,
  changes: Partial<Omit<SnapshotRow, 'id'>> & { readonly updated_at: number },
): void {
  changeRow(db, 'volume_snapshot', COLUMNS, id, changes);
}

export function findSnapshot(db: Db, id: string): Snapshot | undefined {
  const row = statement<[string], SnapshotRow>(db, 'SELECT * FROM volume_snapshot WHERE id = ?').get(id);
  return row && withMetadata(db, [row])[0];
}

export const deleteSnapshot = (db: Db, id: string): void => {
  statement<[string]>(db, 'DELETE FROM volume_snapshot WHERE id = ?').run(id);
};

export function listSnapshots(db: Db, query: ListQuery): Listed<Snapshot> {
  const { rows, ...rest } = listRows<SnapshotRow>(db, 'volume_snapshot', query);
  return { rows: withMetadata(db, rows), ...rest };
}

/** Newest first. */
export const snapshotsOf = (db: Db, volumeId: string): readonly SnapshotRow[] =>
  statement<[string], SnapshotRow>(
    db,
    'SELECT * FROM volume_snapshot WHERE volume_id = ? ORDER BY created_at DESC, rowid DESC',
  ).all(volumeId);

function withMetadata(db: Db, rows: readonly SnapshotRow[]): Snapshot[] {
  const metadata = pairsOf(
    db,
    'volume_snapshot_metadata',
    rows.map(({ id }) => id),
  );
  return rows.map((row) => ({ ...row, metadata: metadata.get(row.id) ?? {} }));
}
