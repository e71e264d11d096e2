import { statement, type Db } from '../../db/index.ts';

/** A server that ran at some time, also one whose row is forgotten. */
export interface UsageRow {
  readonly id: string;
  readonly project_id: string;
  readonly name: string;
  readonly flavor_name: string;
  readonly vcpus: number;
  readonly ram_mib: number;
  /** Root and ephemeral. */
  readonly disk_gib: number;
  readonly vm_state: string;
  readonly launched_at: number;
  readonly terminated_at: number | null;
}

/**
 * Servers that ran between two times (milliseconds), by project and id; undefined when there is none with the
 * marker's id.
 */
export function serversInPeriod(
  db: Db,
  period: { readonly start: number; readonly end: number; readonly projectId: string | null },
  page: { readonly limit: number; readonly marker?: string },
): readonly UsageRow[] | undefined {
  const marker =
    page.marker === undefined
      ? { project_id: '', id: '' }
      : statement<[string], { project_id: string; id: string }>(
          db,
          'SELECT project_id, id FROM server_period WHERE id = ?',
        ).get(page.marker);
  if (marker === undefined) return undefined;
  return statement<[Readonly<Record<string, string | number | null>>], UsageRow>(
    db,
    `SELECT * FROM server_period
     WHERE launched_at < @end AND (terminated_at IS NULL OR terminated_at > @start)
       AND (@projectId IS NULL OR project_id = @projectId)
       AND (project_id > @afterProject OR (project_id = @afterProject AND id > @afterId))
     ORDER BY project_id, id LIMIT @limit`,
  ).all({
    start: period.start,
    end: period.end,
    projectId: period.projectId,
    afterProject: marker.project_id,
    afterId: marker.id,
    limit: page.limit,
  });
}

/** How many servers ran between two times. */
export function countInPeriod(db: Db, start: number, end: number): number {
  const row = statement<[number, number], { n: number }>(
    db,
    `SELECT count(*) AS n FROM server_period
     WHERE launched_at < ? AND (terminated_at IS NULL OR terminated_at > ?)`,
  ).get(end, start);
  return row?.n ?? 0;
}
