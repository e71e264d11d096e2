import { statement, type Db } from '../../db/index.ts';

interface LimitRow {
  readonly resource: string;
  readonly hard_limit: number;
}

const byResource = (rows: readonly LimitRow[]): ReadonlyMap<string, number> =>
  new Map(rows.map(({ resource, hard_limit }) => [resource, hard_limit]));

export const projectLimits = (db: Db, projectId: string): ReadonlyMap<string, number> =>
  byResource(
    statement<[string], LimitRow>(
      db,
      'SELECT resource, hard_limit FROM volume_quota WHERE project_id = ?',
    ).all(projectId),
  );

export const setProjectLimit = (db: Db, projectId: string, resource: string, limit: number): void => {
  statement<[string, string, number]>(
    db,
    `INSERT INTO volume_quota (project_id, resource, hard_limit) VALUES (?, ?, ?)
     ON CONFLICT (project_id, resource) DO UPDATE SET hard_limit = excluded.hard_limit`,
  ).run(projectId, resource, limit);
};

export const deleteProjectLimits = (db: Db, projectId: string): void => {
  statement<[string]>(db, 'DELETE FROM volume_quota WHERE project_id = ?').run(projectId);
};

export const classLimits = (db: Db, name: string): ReadonlyMap<string, number> =>
  byResource(
    statement<[string], LimitRow>(
      db,
      'SELECT resource, hard_limit FROM volume_quota_class WHERE class = ?',
    ).all(name),
  );

export const setClassLimit = (db: Db, name: string, resource: string, limit: number): void => {
  statement<[string, string, number]>(
    db,
    `INSERT INTO volume_quota_class (class, resource, hard_limit) VALUES (?, ?, ?)
     ON CONFLICT (class, resource) DO UPDATE SET hard_limit = excluded.hard_limit`,
  ).run(name, resource, limit);
};

/** What a project has, of one type of volumes or of all, counted from the rows. */
export interface Usage {
  readonly volumes: number;
  readonly volumeGib: number;
  readonly snapshots: number;
  readonly snapshotGib: number;
}

/** What a project has of one type of volumes. */
export interface TypeUsage extends Usage {
  readonly typeName: string;
}

/** By type; types of which the project has nothing are left out. */
export const usageByType = (db: Db, projectId: string): readonly TypeUsage[] =>
  statement<[string, string], TypeUsage>(
    db,
    `SELECT t.name AS typeName, sum(volumes) AS volumes, sum(volume_gib) AS volumeGib,
            sum(snapshots) AS snapshots, sum(snapshot_gib) AS snapshotGib
       FROM (
         SELECT volume_type_id AS type_id, count(*) AS volumes, sum(size) AS volume_gib, 0 AS snapshots,
                0 AS snapshot_gib
           FROM volume WHERE project_id = ? AND consumes_quota = 1 GROUP BY volume_type_id
         UNION ALL
         SELECT volume_type_id, 0, 0, count(*), sum(volume_size)
           FROM volume_snapshot WHERE project_id = ? AND consumes_quota = 1 GROUP BY volume_type_id
       ) JOIN volume_type t ON t.id = type_id GROUP BY t.name`,
  ).all(projectId, projectId);

/** Of all types. */
export const usageOf = (db: Db, projectId: string): Usage => {
  const sum = (table: 'volume' | 'volume_snapshot', size: 'size' | 'volume_size') =>
    statement<[string], { n: number; gib: number }>(
      db,
      `SELECT count(*) AS n, coalesce(sum(${size}), 0) AS gib FROM ${table} WHERE project_id = ? AND consumes_quota = 1`,
    ).get(projectId) ?? { n: 0, gib: 0 };
  const volumes = sum('volume', 'size');
  const snapshots = sum('volume_snapshot', 'volume_size');
  return {
    volumes: volumes.n,
    volumeGib: volumes.gib,
    snapshots: snapshots.n,
    snapshotGib: snapshots.gib,
  };
};
