import { statement, type Db } from '../../db/index.ts';
import type { ServerUsage } from '../basics.ts';

interface LimitRow {
  readonly resource: string;
  readonly hard_limit: number;
}

const byResource = (rows: readonly LimitRow[]): ReadonlyMap<string, number> =>
  new Map(rows.map(({ resource, hard_limit }) => [resource, hard_limit]));

/** What was set for a project, by resource. */
export function projectLimits(db: Db, projectId: string): ReadonlyMap<string, number> {
  return byResource(
    statement<[string], LimitRow>(
      db,
      'SELECT resource, hard_limit FROM compute_quota WHERE project_id = ?',
    ).all(projectId),
  );
}

export function setProjectLimit(db: Db, projectId: string, resource: string, limit: number): void {
  statement<[string, string, number]>(
    db,
    `INSERT INTO compute_quota (project_id, resource, hard_limit) VALUES (?, ?, ?)
     ON CONFLICT (project_id, resource) DO UPDATE SET hard_limit = excluded.hard_limit`,
  ).run(projectId, resource, limit);
}

export function deleteProjectLimits(db: Db, projectId: string): void {
  statement<[string]>(db, 'DELETE FROM compute_quota WHERE project_id = ?').run(projectId);
}

export function classLimits(db: Db, name: string): ReadonlyMap<string, number> {
  return byResource(
    statement<[string], LimitRow>(
      db,
      'SELECT resource, hard_limit FROM compute_quota_class WHERE class = ?',
    ).all(name),
  );
}

export function setClassLimit(db: Db, name: string, resource: string, limit: number): void {
  statement<[string, string, number]>(
    db,
    `INSERT INTO compute_quota_class (class, resource, hard_limit) VALUES (?, ?, ?)
     ON CONFLICT (class, resource) DO UPDATE SET hard_limit = excluded.hard_limit`,
  ).run(name, resource, limit);
}

/** What was set for one user of a project, by resource. */
export function userLimits(db: Db, projectId: string, userId: string): ReadonlyMap<string, number> {
  return byResource(
    statement<[string, string], LimitRow>(
      db,
      'SELECT resource, hard_limit FROM compute_user_quota WHERE project_id = ? AND user_id = ?',
    ).all(projectId, userId),
  );
}

export function setUserLimit(
  db: Db,
  projectId: string,
  userId: string,
  resource: string,
  limit: number,
): void {
  statement<[string, string, string, number]>(
    db,
    `INSERT INTO compute_user_quota (project_id, user_id, resource, hard_limit) VALUES (?, ?, ?, ?)
     ON CONFLICT (project_id, user_id, resource) DO UPDATE SET hard_limit = excluded.hard_limit`,
  ).run(projectId, userId, resource, limit);
}

/** Of one user, or of all of the project. */
export function deleteUserLimits(db: Db, projectId: string, userId: string | null): void {
  statement<[string, string | null, string | null]>(
    db,
    'DELETE FROM compute_user_quota WHERE project_id = ? AND (? IS NULL OR user_id = ?)',
  ).run(projectId, userId, userId);
}

/** Counted from the servers that are not deleted: of a project, or of one user in it. */
export function serverUsage(db: Db, projectId: string, userId: string | null = null): ServerUsage {
  const row = statement<[string, string | null, string | null], ServerUsage>(
    db,
    `SELECT count(*) AS instances, coalesce(sum(vcpus), 0) AS cores, coalesce(sum(ram_mib), 0) AS ramMib
     FROM server WHERE project_id = ? AND (? IS NULL OR user_id = ?) AND deleted_at IS NULL`,
  ).get(projectId, userId, userId);
  return row ?? { instances: 0, cores: 0, ramMib: 0 };
}
