import { statement, type Db } from '../../db/index.ts';
import type { Page } from '../../http/index.ts';
import { listPage } from './list.ts';

/** A project, or a domain when is_domain is 1. */
export interface ProjectRow {
  id: string;
  name: string;
  /** Null for a domain. */
  domain_id: string | null;
  parent_id: string | null;
  is_domain: number;
  description: string;
  enabled: number;
  /** JSON */
  options: string;
  /** JSON */
  extra: string;
  created_at: number;
}

export interface ProjectFilter {
  readonly name?: string | undefined;
  readonly domainId?: string | undefined;
  readonly parentId?: string | undefined;
  readonly enabled?: boolean | undefined;
  readonly isDomain: boolean;
}

export const findProject = (db: Db, id: string): ProjectRow | undefined =>
  statement<[string], ProjectRow>(db, 'SELECT * FROM identity_project WHERE id = ?').get(id);

export const findProjectByName = (db: Db, domainId: string, name: string): ProjectRow | undefined =>
  statement<[string, string], ProjectRow>(
    db,
    'SELECT * FROM identity_project WHERE domain_id = ? AND name = ? AND is_domain = 0',
  ).get(domainId, name);

export const findDomainByName = (db: Db, name: string): ProjectRow | undefined =>
  statement<[string], ProjectRow>(db, 'SELECT * FROM identity_project WHERE name = ? AND is_domain = 1').get(
    name,
  );

export const listProjects = (db: Db, filter: ProjectFilter, page: Page): ProjectRow[] =>
  listPage<ProjectRow>(
    db,
    'SELECT * FROM identity_project',
    [
      // Of a name there are fewer than of a kind: the index of names is the one to look in.
      [filter.name === undefined ? 'is_domain = ?' : '+is_domain = ?', filter.isDomain],
      ['name = ?', filter.name],
      ['domain_id = ?', filter.domainId],
      ['parent_id = ?', filter.parentId],
      ['enabled = ?', filter.enabled],
    ],
    page,
  );

/** Projects or domains on which a user has a role that shows, also through a group or inherited from above. */
export const listScopesOf = (db: Db, userId: string, kind: 'project' | 'domain'): ProjectRow[] =>
  statement<[Record<string, string>], ProjectRow>(
    db,
    `WITH RECURSIVE
     actor(id, kind) AS (
       SELECT @user, 'user' UNION ALL SELECT group_id, 'group' FROM identity_membership WHERE user_id = @user),
     held AS (
       SELECT a.target_kind, a.target_id, a.inherited, a.role_id
       FROM actor CROSS JOIN identity_assignment a ON a.actor_id = actor.id AND a.actor_kind = actor.kind
         AND a.target_kind IN ('project', 'domain')),
     hidden AS (
       SELECT DISTINCT h.role_id FROM held h CROSS JOIN identity_role r ON r.id = h.role_id
       WHERE r.domain_id IS NOT NULL),
     implied(role_id, id) AS (
       SELECT role_id, role_id FROM hidden
       UNION
       SELECT implied.role_id, i.implied_id FROM implied
       CROSS JOIN identity_implied_role i ON i.prior_id = implied.id),
     granted AS (
       SELECT target_kind, target_id, inherited FROM held
       WHERE role_id NOT IN (SELECT role_id FROM hidden)
          OR role_id IN (SELECT i.role_id FROM implied i CROSS JOIN identity_role r ON r.id = i.id
                         WHERE r.domain_id IS NULL)),
     lower(id) AS (
       SELECT p.id FROM granted g JOIN identity_project p ON p.parent_id = g.target_id
       WHERE g.inherited = 1 AND @kind = 'project'
       UNION
       SELECT p.id FROM lower JOIN identity_project p ON p.parent_id = lower.id)
     SELECT p.* FROM identity_project p
     WHERE p.enabled = 1 AND p.id IN (
       SELECT target_id FROM granted WHERE inherited = 0 AND target_kind = @kind UNION SELECT id FROM lower)
     ORDER BY p.id LIMIT 10000`,
  ).all({ user: userId, kind });

export const hasChildren = (db: Db, id: string): boolean =>
  statement<[string], { id: string }>(db, 'SELECT id FROM identity_project WHERE parent_id = ? LIMIT 1').get(
    id,
  ) !== undefined;

export const hasEnabledChildren = (db: Db, id: string): boolean =>
  statement<[string], { id: string }>(
    db,
    'SELECT id FROM identity_project WHERE parent_id = ? AND enabled = 1 LIMIT 1',
  ).get(id) !== undefined;

export function insertProject(db: Db, row: ProjectRow): void {
  statement<[Record<string, string | number | null>]>(
    db,
    `INSERT INTO identity_project
       (id, name, domain_id, parent_id, is_domain, description, enabled, options, extra, created_at)
     VALUES (@id, @name, @domain_id, @parent_id, @is_domain, @description, @enabled, @options, @extra, @created_at)`,
  ).run({ ...row });
}

export function updateProject(db: Db, row: ProjectRow): void {
  statement<[string, string, number, string, string, string]>(
    db,
    'UPDATE identity_project SET name = ?, description = ?, enabled = ?, options = ?, extra = ? WHERE id = ?',
  ).run(row.name, row.description, row.enabled, row.options, row.extra, row.id);
}

/** Removes a project with its assignments and tokens; application credentials and tags go by foreign key. */
export function deleteProject(db: Db, id: string): void {
  statement<[string]>(db, 'DELETE FROM identity_token WHERE scope_id = ?').run(id);
  statement<[string]>(
    db,
    "DELETE FROM identity_assignment WHERE target_id = ? AND target_kind IN ('project', 'domain')",
  ).run(id);
  statement<[string]>(
    db,
    'UPDATE identity_user SET default_project_id = NULL WHERE default_project_id = ?',
  ).run(id);
  statement<[string]>(db, 'DELETE FROM identity_project WHERE id = ?').run(id);
}

/** Ids of a domain's projects, leaves of the hierarchy first. */
export const projectIdsOfDomain = (db: Db, domainId: string): string[] =>
  statement<[string, string], { id: string }>(
    db,
    `WITH RECURSIVE tree(id, depth) AS (
       SELECT id, 0 FROM identity_project WHERE parent_id = ?
       UNION ALL
       SELECT p.id, depth + 1 FROM identity_project p JOIN tree ON p.parent_id = tree.id)
     SELECT p.id FROM identity_project p JOIN tree ON tree.id = p.id
     WHERE p.domain_id = ? ORDER BY tree.depth DESC`,
  )
    .all(domainId, domainId)
    .map((row) => row.id);

/** What is above a project, nearest first; the domain is the last. */
export const listAbove = (db: Db, id: string): ProjectRow[] =>
  statement<[string], ProjectRow>(
    db,
    `WITH RECURSIVE up(id, height) AS (
       SELECT parent_id, 1 FROM identity_project WHERE id = ?
       UNION ALL
       SELECT p.parent_id, height + 1 FROM up JOIN identity_project p ON p.id = up.id)
     SELECT p.* FROM up JOIN identity_project p ON p.id = up.id ORDER BY up.height`,
  ).all(id);

/** All projects below one, those nearest to it first. */
export const listBelow = (db: Db, id: string): ProjectRow[] =>
  statement<[string], ProjectRow>(
    db,
    `WITH RECURSIVE down(id, depth) AS (
       SELECT id, 1 FROM identity_project WHERE parent_id = ?
       UNION ALL
       SELECT p.id, depth + 1 FROM down JOIN identity_project p ON p.parent_id = down.id)
     SELECT p.* FROM down JOIN identity_project p ON p.id = down.id ORDER BY down.depth, p.id`,
  ).all(id);

/** Depth of a project below its domain: 1 for a project at the top. */
export const depthOf = (db: Db, id: string): number =>
  statement<[string], { depth: number }>(
    db,
    `WITH RECURSIVE up(id, parent_id) AS (
       SELECT id, parent_id FROM identity_project WHERE id = ?
       UNION ALL
       SELECT p.id, p.parent_id FROM identity_project p JOIN up ON p.id = up.parent_id)
     SELECT count(*) - 1 AS depth FROM up`,
  ).get(id)?.depth ?? 0;

/** Tags of many projects in one statement. */
export function tagsOf(db: Db, projectIds: readonly string[]): Map<string, string[]> {
  const tags = new Map<string, string[]>();
  const rows = statement<[string], { project_id: string; tag: string }>(
    db,
    `SELECT project_id, tag FROM identity_project_tag
     WHERE project_id IN (SELECT value FROM json_each(?)) ORDER BY tag`,
  ).all(JSON.stringify(projectIds));
  for (const { project_id, tag } of rows) {
    const list = tags.get(project_id);
    if (list === undefined) tags.set(project_id, [tag]);
    else list.push(tag);
  }
  return tags;
}

export function addTag(db: Db, projectId: string, tag: string): void {
  statement<[string, string]>(
    db,
    'INSERT OR IGNORE INTO identity_project_tag (project_id, tag) VALUES (?, ?)',
  ).run(projectId, tag);
}

/** False when there was none. */
export const removeTag = (db: Db, projectId: string, tag: string): boolean =>
  statement<[string, string]>(db, 'DELETE FROM identity_project_tag WHERE project_id = ? AND tag = ?').run(
    projectId,
    tag,
  ).changes > 0;

export function replaceTags(db: Db, projectId: string, tags: readonly string[]): void {
  statement<[string]>(db, 'DELETE FROM identity_project_tag WHERE project_id = ?').run(projectId);
  for (const tag of tags) addTag(db, projectId, tag);
}
