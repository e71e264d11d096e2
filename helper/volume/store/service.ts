import { statement, type Db } from '../../db/index.ts';

/** What an administrator said of a service. */
export interface ServiceRow {
  readonly binary: string;
  readonly host: string;
  readonly disabled: number;
  readonly disabled_reason: string | null;
  readonly frozen: number;
}

export const serviceRow = (db: Db, binary: string, host: string): ServiceRow =>
  statement<[string, string], ServiceRow>(
    db,
    'SELECT * FROM volume_service WHERE binary = ? AND host = ?',
  ).get(binary, host) ?? { binary, host, disabled: 0, disabled_reason: null, frozen: 0 };

export function putService(db: Db, row: ServiceRow): void {
  statement<[string, string, number, string | null, number]>(
    db,
    `INSERT INTO volume_service (binary, host, disabled, disabled_reason, frozen) VALUES (?, ?, ?, ?, ?)
     ON CONFLICT (binary, host) DO UPDATE SET disabled = excluded.disabled,
       disabled_reason = excluded.disabled_reason, frozen = excluded.frozen`,
  ).run(row.binary, row.host, row.disabled, row.disabled_reason, row.frozen);
}

/** What each project has on a back end. */
export interface HostUsage {
  readonly project_id: string;
  readonly volumes: number;
  readonly volume_gib: number;
  readonly snapshots: number;
  readonly snapshot_gib: number;
}

export const usageOfBackend = (db: Db, backend: string): readonly HostUsage[] =>
  statement<[string, string], HostUsage>(
    db,
    `SELECT project_id, sum(volumes) AS volumes, sum(volume_gib) AS volume_gib, sum(snapshots) AS snapshots,
            sum(snapshot_gib) AS snapshot_gib
       FROM (
         SELECT project_id, count(*) AS volumes, sum(size) AS volume_gib, 0 AS snapshots, 0 AS snapshot_gib
           FROM volume WHERE backend = ? GROUP BY project_id
         UNION ALL
         SELECT project_id, 0, 0, count(*), sum(volume_size) FROM volume_snapshot WHERE backend = ? GROUP BY project_id
       ) GROUP BY project_id ORDER BY project_id`,
  ).all(backend, backend);
