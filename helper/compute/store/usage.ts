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
  const { start, end, projectId } = period;
  const inPeriod = `launched_at < @end AND (terminated_at IS NULL OR terminated_at > @start)
    ${projectId === null ? '' : 'AND project_id = @projectId'} AND (project_id, id) > (@afterProject, @afterId)`;
  return statement<[Readonly<Record<string, string | number>>], UsageRow>(
    db,
    `SELECT id, project_id, name, flavor_name, vcpus, ram_mib, disk_gib + ephemeral_gib AS disk_gib, vm_state,
       launched_at, terminated_at
     FROM server WHERE ${inPeriod}
     UNION ALL
     SELECT id, project_id, name, flavor_name, vcpus, ram_mib, disk_gib, 'deleted', launched_at, terminated_at
     FROM server_past WHERE ${inPeriod}
     ORDER BY project_id, id LIMIT @limit`,
  ).all({
    start,
    end,
    ...(projectId === null ? {} : { projectId }),
    afterProject: marker.project_id,
    afterId: marker.id,
    limit: page.limit,
  });
}

/** How many servers ran between two times. */
export const countInPeriod = (db: Db, start: number, end: number): number =>
  statement<[Readonly<Record<string, number>>], { n: number }>(
    db,
    `SELECT (SELECT count(*) FROM server WHERE terminated_at IS NULL AND launched_at < @end)
       + (SELECT count(*) FROM server WHERE terminated_at > @start AND launched_at < @end)
       + (SELECT count(*) FROM server_past WHERE terminated_at > @start AND launched_at < @end) AS n`,
  ).get({ start, end })?.n ?? 0;
