import { statement, type Db, type SqlValue } from '../../db/index.ts';
import { changeRow, insertRow } from './columns.ts';
import { attachmentsOf, type AttachmentRow } from './attachment.ts';
import { consistencyGroupsAmong } from './group.ts';
import { listRows, pairsOf, where, type Condition, type Listed, type ListQuery } from './list.ts';

/** A volume as it is stored. Times are milliseconds, `size` is GiB. */
export interface VolumeRow {
  readonly id: string;
  readonly project_id: string;
  readonly user_id: string;
  readonly name: string | null;
  readonly description: string | null;
  readonly size: number;
  readonly status: string;
  readonly previous_status: string | null;
  readonly attach_status: string;
  readonly migration_status: string | null;
  readonly availability_zone: string;
  readonly host: string | null;
  readonly backend: string | null;
  readonly format: 'raw' | 'qcow2' | null;
  readonly volume_type_id: string;
  readonly snapshot_id: string | null;
  readonly source_volid: string | null;
  readonly bootable: number;
  readonly multiattach: number;
  readonly readonly: number | null;
  readonly target_backend: string | null;
  readonly encryption_key_id: string | null;
  readonly group_id: string | null;
  readonly consumes_quota: number;
  readonly created_at: number;
  readonly updated_at: number;
  readonly launched_at: number | null;
}

/** A row with what belongs to it. */
export interface Volume extends VolumeRow {
  readonly metadata: Readonly<Record<string, string>>;
  readonly image_metadata: Readonly<Record<string, string>>;
  readonly attachments: readonly AttachmentRow[];
  readonly type_name: string;
  /** Its group where that is of the type of consistency groups. */
  readonly consistencygroup_id: string | null;
  readonly [attribute: string]: unknown;
}

const COLUMNS = [
  'id',
  'project_id',
  'user_id',
  'name',
  'description',
  'size',
  'status',
  'previous_status',
  'attach_status',
  'migration_status',
  'availability_zone',
  'host',
  'backend',
  'format',
  'volume_type_id',
  'snapshot_id',
  'source_volid',
  'bootable',
  'multiattach',
  'readonly',
  'target_backend',
  'encryption_key_id',
  'group_id',
  'consumes_quota',
  'created_at',
  'updated_at',
  'launched_at',
] as const satisfies readonly (keyof VolumeRow)[];

export function insertVolume(db: Db, row: VolumeRow): void {
  insertRow(db, 'volume', COLUMNS, row);
}

/** Changes some columns; false when there is no such volume. */
export function updateVolume(
  db: Db,
  id: string,
  changes: Partial<Omit<VolumeRow, 'id'>> & { readonly updated_at: number },
): boolean {
  return changeRow(db, 'volume', COLUMNS, id, changes);
}

export const findVolumeRow = (db: Db, id: string): VolumeRow | undefined =>
  statement<[string], VolumeRow>(db, 'SELECT * FROM volume WHERE id = ?').get(id);

export function findVolume(db: Db, id: string): Volume | undefined {
  const row = findVolumeRow(db, id);
  return row && withDetails(db, [row])[0];
}

/** With its metadata; its snapshots and attachments must be gone. */
export const deleteVolume = (db: Db, id: string): void => {
  statement<[string]>(db, 'DELETE FROM volume WHERE id = ?').run(id);
};

export const listVolumeRows = (db: Db, query: ListQuery): Listed<VolumeRow> =>
  listRows<VolumeRow>(db, 'volume', query);

/** Number and size of the volumes that meet the conditions. */
export const sumOfVolumes = (
  db: Db,
  conditions: readonly Condition[],
): { readonly count: number; readonly size: number } =>
  statement<SqlValue[], { count: number; size: number }>(
    db,
    `SELECT count(*) AS count, coalesce(sum(size), 0) AS size FROM volume ${where(conditions)}`,
  ).get(...conditions.flatMap((one) => one.values)) ?? { count: 0, size: 0 };

/** Every value of each key of the metadata that volumes which meet the conditions have. */
export const metadataOfVolumes = (db: Db, conditions: readonly Condition[]): Record<string, string[]> =>
  valuesByKey(
    statement<SqlValue[], Pair>(
      db,
      `SELECT DISTINCT key, value FROM volume_metadata
        WHERE volume_id IN (SELECT id FROM volume ${where(conditions)}) ORDER BY key, value`,
    ).all(...conditions.flatMap((one) => one.values)),
  );

/** As {@link metadataOfVolumes}, of all volumes of a project, as triggers keep it. */
export const metadataOfProject = (db: Db, projectId: string): Record<string, string[]> =>
  valuesByKey(
    statement<[string], Pair>(
      db,
      'SELECT key, value FROM volume_metadata_count WHERE project_id = ? ORDER BY key, value',
    ).all(projectId),
  );

interface Pair {
  readonly key: string;
  readonly value: string;
}

/** A key is any text, also 'constructor'. */
const valuesByKey = (pairs: readonly Pair[]): Record<string, string[]> =>
  Object.fromEntries(
    [...Map.groupBy(pairs, ({ key }) => key)].map(([key, same]) => [key, same.map(({ value }) => value)]),
  );

/** What a back end has given away: GiB and number of volumes. */
export function allocatedBy(db: Db): ReadonlyMap<string, { readonly gib: number; readonly volumes: number }> {
  const rows = statement<[], { backend: string; gib: number; volumes: number }>(
    db,
    `SELECT backend, sum(size) AS gib, count(*) AS volumes FROM volume WHERE backend IS NOT NULL GROUP BY backend`,
  ).all();
  return new Map(rows.map(({ backend, gib, volumes }) => [backend, { gib, volumes }]));
}

/** Volumes whose `source_volid` is this one's id, while their copy is made. */
export const isBeingCloned = (db: Db, id: string): boolean =>
  statement<[string], { id: string }>(
    db,
    `SELECT id FROM volume WHERE source_volid = ? AND status = 'creating' LIMIT 1`,
  ).get(id) !== undefined;

/** Whether a volume is made of this snapshot at this moment. */
export const isSnapshotBeingCloned = (db: Db, id: string): boolean =>
  statement<[string], { id: string }>(
    db,
    `SELECT id FROM volume WHERE snapshot_id = ? AND status = 'creating' LIMIT 1`,
  ).get(id) !== undefined;

/** These volumes with what belongs to them, in their order. */
export function withDetails(db: Db, rows: readonly VolumeRow[]): Volume[] {
  const ids = rows.map(({ id }) => id);
  const metadata = pairsOf(db, 'volume_metadata', ids);
  const imageMetadata = pairsOf(db, 'volume_image_metadata', ids);
  const attachments = attachmentsOf(db, ids);
  const name = statement<[string], { name: string }>(db, 'SELECT name FROM volume_type WHERE id = ?');
  const names = new Map<string, string>();
  for (const id of new Set(rows.map((row) => row.volume_type_id))) names.set(id, name.get(id)?.name ?? id);
  const groups = [...new Set(rows.flatMap((row) => row.group_id ?? []))];
  const consistent = consistencyGroupsAmong(db, groups);
  return rows.map((row) => ({
    ...row,
    metadata: metadata.get(row.id) ?? {},
    image_metadata: imageMetadata.get(row.id) ?? {},
    attachments: attachments.get(row.id) ?? [],
    consistencygroup_id: row.group_id !== null && consistent.has(row.group_id) ? row.group_id : null,
    type_name: names.get(row.volume_type_id) ?? row.volume_type_id,
  }));
}
