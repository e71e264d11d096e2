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

/** What was set of these resources, for the project or else for the class of all projects. */
export const limitsOf = (
  db: Db,
  { projectId, defaultClass }: { readonly projectId: string; readonly defaultClass: string },
  resources: readonly string[],
): ReadonlyMap<string, number> =>
  byResource(
    statement<[Record<string, string>], LimitRow>(
      db,
      `SELECT r.value AS resource, coalesce(q.hard_limit, c.hard_limit) AS hard_limit FROM json_each(@resources) r
         LEFT JOIN volume_quota q ON q.project_id = @projectId AND q.resource = r.value
         LEFT JOIN volume_quota_class c ON c.class = @defaultClass AND c.resource = r.value
        WHERE coalesce(q.hard_limit, c.hard_limit) IS NOT NULL`,
    ).all({ projectId, defaultClass, resources: JSON.stringify(resources) }),
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

/** What a project has, of one type of volumes or of all. */
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

/** By type, counted from the rows; types of which the project has nothing are left out. */
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

/** Of all types, as triggers keep it. */
export const usageOf = (db: Db, projectId: string): Usage => {
  const volumes = countOf(db, projectId, 'volume');
  const snapshots = countOf(db, projectId, 'volume_snapshot');
  return {
    volumes: volumes.n,
    volumeGib: volumes.gib,
    snapshots: snapshots.n,
    snapshotGib: snapshots.gib,
  };
};

/** How many backups a project has, and how large their volumes were. */
export const backupUsage = (
  db: Db,
  projectId: string,
): { readonly backups: number; readonly gib: number } => {
  const { n, gib } = countOf(db, projectId, 'volume_backup');
  return { backups: n, gib };
};

const countOf = (db: Db, projectId: string, resource: 'volume' | 'volume_snapshot' | 'volume_backup') =>
  statement<[string, string], { n: number; gib: number }>(
    db,
    'SELECT n, gib FROM volume_count WHERE project_id = ? AND resource = ?',
  ).get(projectId, resource) ?? { n: 0, gib: 0 };
