import { statement, type Db } from '../../db/index.ts';

/** A resource provider. */
export interface ProviderRow {
  readonly uuid: string;
  readonly name: string;
  readonly generation: number;
  readonly parent_uuid: string | null;
  readonly root_uuid: string;
  readonly created_at: number;
  readonly updated_at: number;
}

const COLUMNS = 'uuid, name, generation, parent_uuid, root_uuid, created_at, updated_at';

export const listProviders = (db: Db): readonly ProviderRow[] =>
  statement<[], ProviderRow>(db, `SELECT ${COLUMNS} FROM placement_provider ORDER BY seq`).all();

/** Of one tree. */
export const providersBelow = (db: Db, rootUuid: string): readonly ProviderRow[] =>
  statement<[string], ProviderRow>(
    db,
    `SELECT ${COLUMNS} FROM placement_provider WHERE root_uuid = ? ORDER BY seq`,
  ).all(rootUuid);

export const findProvider = (db: Db, uuid: string): ProviderRow | undefined =>
  statement<[string], ProviderRow>(db, `SELECT ${COLUMNS} FROM placement_provider WHERE uuid = ?`).get(uuid);

export const findProviderByName = (db: Db, name: string): ProviderRow | undefined =>
  statement<[string], ProviderRow>(db, `SELECT ${COLUMNS} FROM placement_provider WHERE name = ?`).get(name);

export const childrenOf = (db: Db, uuid: string): readonly ProviderRow[] =>
  statement<[string], ProviderRow>(
    db,
    `SELECT ${COLUMNS} FROM placement_provider WHERE parent_uuid = ? ORDER BY seq`,
  ).all(uuid);

export const treeOf = (db: Db, rootUuid: string): readonly ProviderRow[] =>
  statement<[string], ProviderRow>(
    db,
    `SELECT ${COLUMNS} FROM placement_provider WHERE root_uuid = ? ORDER BY seq`,
  ).all(rootUuid);

export function insertProvider(
  db: Db,
  provider: Pick<ProviderRow, 'uuid' | 'name' | 'parent_uuid' | 'root_uuid'>,
  at: number,
): void {
  statement<[Readonly<Record<string, string | number | null>>]>(
    db,
    `INSERT INTO placement_provider (uuid, name, parent_uuid, root_uuid, created_at, updated_at)
     VALUES (@uuid, @name, @parent_uuid, @root_uuid, @at, @at)`,
  ).run({ ...provider, at });
}

export function updateProvider(
  db: Db,
  uuid: string,
  change: Pick<ProviderRow, 'name' | 'parent_uuid'>,
  at: number,
): void {
  statement<[string, string | null, number, string]>(
    db,
    'UPDATE placement_provider SET name = ?, parent_uuid = ?, updated_at = ? WHERE uuid = ?',
  ).run(change.name, change.parent_uuid, at, uuid);
}

/** The given providers are of another tree now. */
export function setRoot(db: Db, uuids: readonly string[], rootUuid: string): void {
  statement<[string, string]>(
    db,
    'UPDATE placement_provider SET root_uuid = ? WHERE uuid IN (SELECT value FROM json_each(?))',
  ).run(rootUuid, JSON.stringify(uuids));
}

/** One more generation of each. */
export function touchProviders(db: Db, uuids: readonly string[], at: number): void {
  statement<[number, string]>(
    db,
    `UPDATE placement_provider SET generation = generation + 1, updated_at = ?
     WHERE uuid IN (SELECT value FROM json_each(?))`,
  ).run(at, JSON.stringify(uuids));
}

export function deleteProvider(db: Db, uuid: string): void {
  statement<[string]>(db, 'DELETE FROM placement_provider WHERE uuid = ?').run(uuid);
}

/** Aggregates of one provider. */
export const aggregatesOf = (db: Db, uuid: string): readonly string[] =>
  statement<[string], { aggregate_uuid: string }>(
    db,
    'SELECT aggregate_uuid FROM placement_provider_aggregate WHERE provider_uuid = ? ORDER BY aggregate_uuid',
  )
    .all(uuid)
    .map((row) => row.aggregate_uuid);

export function setAggregates(db: Db, uuid: string, aggregates: readonly string[]): void {
  statement<[string]>(db, 'DELETE FROM placement_provider_aggregate WHERE provider_uuid = ?').run(uuid);
  statement<[string, string]>(
    db,
    'INSERT INTO placement_provider_aggregate SELECT ?, value FROM json_each(?)',
  ).run(uuid, JSON.stringify(aggregates));
}

/** Aggregates by provider, of all. */
export const allAggregates = (
  db: Db,
): readonly { readonly provider_uuid: string; readonly aggregate_uuid: string }[] =>
  statement<[], { provider_uuid: string; aggregate_uuid: string }>(
    db,
    'SELECT provider_uuid, aggregate_uuid FROM placement_provider_aggregate',
  ).all();
