import { statement, type Db } from '../../db/index.ts';

export interface ConsumerRow {
  readonly uuid: string;
  readonly project_id: string;
  readonly user_id: string;
  readonly generation: number;
  readonly type: string | null;
  readonly created_at: number;
  readonly updated_at: number;
}

export interface AllocationRow {
  readonly consumer_uuid: string;
  readonly provider_uuid: string;
  readonly resource_class: string;
  readonly used: number;
}

export const findConsumer = (db: Db, uuid: string): ConsumerRow | undefined =>
  statement<[string], ConsumerRow>(db, 'SELECT * FROM placement_consumer WHERE uuid = ?').get(uuid);

/** Adds it, or writes whose it is now and one more generation. */
export function saveConsumer(
  db: Db,
  consumer: Pick<ConsumerRow, 'uuid' | 'project_id' | 'user_id'> & { readonly type: string | null },
  at: number,
): void {
  statement<[Readonly<Record<string, string | number | null>>]>(
    db,
    `INSERT INTO placement_consumer (uuid, project_id, user_id, generation, type, created_at, updated_at)
     VALUES (@uuid, @project_id, @user_id, 1, @type, @at, @at)
     ON CONFLICT (uuid) DO UPDATE SET project_id = excluded.project_id, user_id = excluded.user_id,
       type = coalesce(excluded.type, type), generation = generation + 1, updated_at = excluded.updated_at`,
  ).run({ ...consumer, at });
}

/** With its allocations. */
export function deleteConsumer(db: Db, uuid: string): void {
  statement<[string]>(db, 'DELETE FROM placement_allocation WHERE consumer_uuid = ?').run(uuid);
  statement<[string]>(db, 'DELETE FROM placement_consumer WHERE uuid = ?').run(uuid);
}

export const allocationsOfConsumer = (db: Db, uuid: string): readonly AllocationRow[] =>
  statement<[string], AllocationRow>(
    db,
    'SELECT * FROM placement_allocation WHERE consumer_uuid = ? ORDER BY provider_uuid, resource_class',
  ).all(uuid);

export const allocationsOfProvider = (
  db: Db,
  uuid: string,
): readonly (AllocationRow & { readonly generation: number })[] =>
  statement<[string], AllocationRow & { generation: number }>(
    db,
    `SELECT a.*, c.generation FROM placement_allocation a JOIN placement_consumer c ON c.uuid = a.consumer_uuid
     WHERE a.provider_uuid = ? ORDER BY a.consumer_uuid, a.resource_class`,
  ).all(uuid);

export function deleteAllocations(db: Db, consumerUuid: string): void {
  statement<[string]>(db, 'DELETE FROM placement_allocation WHERE consumer_uuid = ?').run(consumerUuid);
}

export function insertAllocation(db: Db, row: AllocationRow): void {
  statement<[string, string, string, number]>(
    db,
    'INSERT INTO placement_allocation (consumer_uuid, provider_uuid, resource_class, used) VALUES (?, ?, ?, ?)',
  ).run(row.consumer_uuid, row.provider_uuid, row.resource_class, row.used);
}

export const providerInUse = (db: Db, uuid: string): boolean =>
  statement<[string], { one: number }>(
    db,
    'SELECT 1 AS one FROM placement_allocation WHERE provider_uuid = ? LIMIT 1',
  ).get(uuid) !== undefined;

export interface ProjectUsageRow {
  readonly type: string | null;
  readonly resource_class: string;
  readonly used: number;
}

/** What a project (or one user in it) has, by type of consumer and class. */
export const usageOfProject = (
  db: Db,
  projectId: string,
  userId: string | null,
): readonly ProjectUsageRow[] =>
  statement<[string, string | null, string | null], ProjectUsageRow>(
    db,
    `SELECT c.type, a.resource_class, sum(a.used) AS used
     FROM placement_consumer c JOIN placement_allocation a ON a.consumer_uuid = c.uuid
     WHERE c.project_id = ? AND (? IS NULL OR c.user_id = ?) GROUP BY c.type, a.resource_class`,
  ).all(projectId, userId, userId);

export const consumersOfProject = (
  db: Db,
  projectId: string,
  userId: string | null,
): readonly { readonly type: string | null; readonly n: number }[] =>
  statement<[string, string | null, string | null], { type: string | null; n: number }>(
    db,
    `SELECT type, count(*) AS n FROM placement_consumer
     WHERE project_id = ? AND (? IS NULL OR user_id = ?) GROUP BY type`,
  ).all(projectId, userId, userId);
