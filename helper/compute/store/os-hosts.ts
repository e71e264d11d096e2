import { statement, type Db } from '../../db/index.ts';

/** What the servers of a project take of a host. */
export interface ProjectUsage {
  readonly project: string;
  readonly cpu: number;
  readonly memory_mb: number;
  readonly disk_gb: number;
}

export const usageOnHost = (db: Db, host: string): readonly ProjectUsage[] =>
  statement<[string], ProjectUsage>(
    db,
    `SELECT project_id AS project, sum(vcpus) AS cpu, sum(ram_mib) AS memory_mb,
       sum(disk_gib + ephemeral_gib) AS disk_gb
     FROM server WHERE host = ? AND deleted_at IS NULL GROUP BY project_id ORDER BY project_id`,
  ).all(host);
