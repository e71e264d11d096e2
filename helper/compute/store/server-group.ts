import { statement, type Db } from '../../db/index.ts';
import type { GroupPolicy } from '../schemas/server-group.ts';

export interface ServerGroupRow {
  readonly id: string;
  readonly project_id: string;
  readonly user_id: string;
  readonly name: string;
  readonly policy: GroupPolicy;
  /** Of anti-affinity: how many members a host may have; one where nothing is said. */
  readonly max_per_host: number | null;
}

export function insertServerGroup(db: Db, group: ServerGroupRow, at: number): void {
  statement<[Readonly<Record<string, string | number | null>>]>(
    db,
    `INSERT INTO server_group (id, project_id, user_id, name, policy, max_per_host, created_at)
     VALUES (@id, @project_id, @user_id, @name, @policy, @max_per_host, @at)`,
  ).run({ ...group, at });
}

export function findServerGroup(db: Db, id: string): ServerGroupRow | undefined {
  return statement<[string], ServerGroupRow>(db, 'SELECT * FROM server_group WHERE id = ?').get(id);
}

/** In the order of their making; of all projects when `projectId` is null. */
export function listServerGroups(
  db: Db,
  projectId: string | null,
  page: { readonly limit: number; readonly offset: number },
): readonly ServerGroupRow[] {
  if (projectId === null)
    return statement<[number, number], ServerGroupRow>(
      db,
      'SELECT * FROM server_group ORDER BY seq LIMIT ? OFFSET ?',
    ).all(page.limit, page.offset);
  return statement<[string, number, number], ServerGroupRow>(
    db,
    'SELECT * FROM server_group WHERE project_id = ? ORDER BY seq LIMIT ? OFFSET ?',
  ).all(projectId, page.limit, page.offset);
}

/** Of a project, or of one user in it. */
export function countServerGroups(db: Db, projectId: string, userId: string | null = null): number {
  const row = statement<[string, string | null, string | null], { n: number }>(
    db,
    'SELECT count(*) AS n FROM server_group WHERE project_id = ? AND (? IS NULL OR user_id = ?)',
  ).get(projectId, userId, userId);
  return row?.n ?? 0;
}

/** Its servers go on, and are in no group any more. */
export function deleteServerGroup(db: Db, id: string): void {
  statement<[string]>(db, 'UPDATE server SET group_id = NULL WHERE group_id = ?').run(id);
  statement<[string]>(db, 'DELETE FROM server_group WHERE id = ?').run(id);
}

/** Servers of groups that are not deleted, by group, oldest first. */
export function membersOfGroups(db: Db, groupIds: readonly string[]): ReadonlyMap<string, readonly string[]> {
  const members = new Map<string, string[]>(groupIds.map((id) => [id, []]));
  const rows = statement<[string], { id: string; group_id: string }>(
    db,
    `SELECT id, group_id FROM server
     WHERE group_id IN (SELECT value FROM json_each(?)) AND deleted_at IS NULL ORDER BY seq`,
  ).all(JSON.stringify(groupIds));
  for (const row of rows) members.get(row.group_id)?.push(row.id);
  return members;
}

/** How many servers of a user are in the group: what the quota of members counts. */
export function countMembers(db: Db, groupId: string, userId: string): number {
  return (
    statement<[string, string], { n: number }>(
      db,
      'SELECT count(*) AS n FROM server WHERE group_id = ? AND user_id = ? AND deleted_at IS NULL',
    ).get(groupId, userId)?.n ?? 0
  );
}

/** How many members each host has, one server not counted. */
export function membersByHost(db: Db, groupId: string, exceptServerId: string): ReadonlyMap<string, number> {
  const rows = statement<[string, string], { host: string; n: number }>(
    db,
    `SELECT host, count(*) AS n FROM server
     WHERE group_id = ? AND id <> ? AND host IS NOT NULL AND deleted_at IS NULL GROUP BY host`,
  ).all(groupId, exceptServerId);
  return new Map(rows.map(({ host, n }) => [host, n]));
}
