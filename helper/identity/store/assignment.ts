import { statement, type Db, type SqlValue } from '../../db/index.ts';
import type { RoleRow } from './role.ts';

export type ActorKind = 'user' | 'group';
export type TargetKind = 'project' | 'domain' | 'system';

/** A role of an actor on a target. The system's target_id is 'all'. */
export interface AssignmentRow {
  actor_id: string;
  actor_kind: ActorKind;
  target_kind: TargetKind;
  target_id: string;
  role_id: string;
  /** 1: for the projects below the target, and not for the target itself (OS-INHERIT). */
  inherited: number;
}

export interface RoleRef {
  readonly id: string;
  readonly name: string;
}

/** An assignment with the names of all that it joins. */
export interface NamedAssignmentRow extends AssignmentRow {
  /** Where it was granted: another place than the target when it was inherited. */
  source_kind: TargetKind;
  source_id: string;
  role_name: string;
  role_domain_id: string | null;
  role_domain_name: string | null;
  actor_name: string | null;
  actor_domain_id: string | null;
  actor_domain_name: string | null;
  target_name: string | null;
  target_domain_id: string | null;
  target_domain_name: string | null;
}

export interface AssignmentFilter {
  readonly userId?: string | undefined;
  readonly groupId?: string | undefined;
  readonly roleId?: string | undefined;
  readonly targetKind?: TargetKind | undefined;
  readonly targetId?: string | undefined;
  /** Also projects below the target. */
  readonly subtree?: boolean | undefined;
  /** Only those on a domain and its projects. */
  readonly withinDomain?: string | undefined;
  /** Only those that are inherited. */
  readonly inherited?: boolean | undefined;
  /** Groups replaced by their members, implied roles added, what is inherited shown where it counts. */
  readonly effective: boolean;
}

const grantSql = (head: string): string =>
  `${head} identity_assignment WHERE actor_id = ? AND actor_kind = ? AND target_kind = ? AND target_id = ?
   AND role_id = ? AND inherited = ?`;

type Grant = [string, string, string, string, string, number];
const bind = (row: AssignmentRow): Grant => [
  row.actor_id,
  row.actor_kind,
  row.target_kind,
  row.target_id,
  row.role_id,
  row.inherited,
];

export function addGrant(db: Db, row: AssignmentRow): void {
  statement<Grant>(
    db,
    `INSERT OR IGNORE INTO identity_assignment (actor_id, actor_kind, target_kind, target_id, role_id, inherited)
     VALUES (?, ?, ?, ?, ?, ?)`,
  ).run(...bind(row));
}

export const hasGrant = (db: Db, row: AssignmentRow): boolean =>
  statement<Grant, { role_id: string }>(db, grantSql('SELECT role_id FROM')).get(...bind(row)) !== undefined;

/** False when there was none. */
export const removeGrant = (db: Db, row: AssignmentRow): boolean =>
  statement<Grant>(db, grantSql('DELETE FROM')).run(...bind(row)).changes > 0;

/** Roles granted to an actor itself. */
export const grantedRoles = (db: Db, actor: Omit<AssignmentRow, 'role_id'>): RoleRow[] =>
  statement<[string, string, string, string, number], RoleRow>(
    db,
    `SELECT r.* FROM identity_assignment a JOIN identity_role r ON r.id = a.role_id
     WHERE a.actor_id = ? AND a.actor_kind = ? AND a.target_kind = ? AND a.target_id = ? AND a.inherited = ?
     ORDER BY r.id`,
  ).all(actor.actor_id, actor.actor_kind, actor.target_kind, actor.target_id, actor.inherited);

/** What is above a project, up to its domain; nothing for a domain. */
const ABOVE = `above(id) AS (
    SELECT parent_id FROM identity_project WHERE id = @target AND parent_id IS NOT NULL
    UNION
    SELECT p.parent_id FROM above JOIN identity_project p ON p.id = above.id WHERE p.parent_id IS NOT NULL)`;

const IMPLIED = `UNION SELECT i.implied_id FROM held JOIN identity_implied_role i ON i.prior_id = held.id`;

/** Roles of one domain are not seen themselves, only what they imply. */
const GLOBAL =
  'SELECT r.id, r.name FROM held CROSS JOIN identity_role r ON r.id = held.id WHERE r.domain_id IS NULL';

const DIRECT = `SELECT role_id FROM identity_assignment
    WHERE actor_id = @user AND actor_kind = 'user' AND target_kind = @kind AND target_id = @target AND inherited = 0
    UNION
    SELECT a.role_id FROM identity_membership m CROSS JOIN identity_assignment a
    WHERE m.user_id = @user AND a.actor_id = m.group_id AND a.actor_kind = 'group'
      AND a.target_kind = @kind AND a.target_id = @target AND a.inherited = 0`;

const FROM_ABOVE = `UNION
    SELECT a.role_id FROM above CROSS JOIN identity_assignment a INDEXED BY identity_assignment_inherited
    WHERE a.inherited = 1 AND a.target_id = above.id
      AND (a.actor_kind = 'user' AND a.actor_id = @user
        OR a.actor_kind = 'group' AND a.actor_id IN (SELECT group_id FROM identity_membership WHERE user_id = @user))`;

/**
 * Roles that a user has on a target: direct ones, those of the user's groups, inherited ones, and what they imply.
 */
export const effectiveRoles = (db: Db, userId: string, kind: TargetKind, targetId: string): RoleRef[] =>
  statement<[Record<string, string>], RoleRef>(
    db,
    kind === 'project'
      ? `WITH RECURSIVE ${ABOVE}, held(id) AS (${DIRECT} ${FROM_ABOVE} ${IMPLIED}) ${GLOBAL}`
      : `WITH RECURSIVE held(id) AS (${DIRECT} ${IMPLIED}) ${GLOBAL}`,
  ).all({ user: userId, kind, target: targetId });

/** The roles named, and what they imply. */
export const withImplied = (db: Db, roleIds: readonly string[]): RoleRef[] =>
  statement<[string], RoleRef>(
    db,
    `WITH RECURSIVE held(id) AS (SELECT value FROM json_each(?) ${IMPLIED})
     SELECT r.id, r.name FROM held CROSS JOIN identity_role r ON r.id = held.id`,
  ).all(JSON.stringify(roleIds));

const NAMED = `SELECT a.*, r.name AS role_name, rd.id AS role_domain_id, rd.name AS role_domain_name,
    coalesce(u.name, g.name) AS actor_name, ad.id AS actor_domain_id, ad.name AS actor_domain_name,
    p.name AS target_name, pd.id AS target_domain_id, pd.name AS target_domain_name
  FROM found a
  JOIN identity_role r ON r.id = a.role_id
  LEFT JOIN identity_project rd ON rd.id = r.domain_id
  LEFT JOIN identity_user u ON a.actor_kind = 'user' AND u.id = a.actor_id
  LEFT JOIN identity_group g ON a.actor_kind = 'group' AND g.id = a.actor_id
  LEFT JOIN identity_project ad ON ad.id = coalesce(u.domain_id, g.domain_id)
  LEFT JOIN identity_project p ON a.target_kind <> 'system' AND p.id = a.target_id
  LEFT JOIN identity_project pd ON pd.id = p.domain_id`;

const COLUMNS = 'actor_id, actor_kind, target_kind, target_id, role_id, inherited, source_kind, source_id';
const PLAIN = `SELECT actor_id, actor_kind, target_kind, target_id, role_id, inherited,
    target_kind AS source_kind, target_id AS source_id FROM identity_assignment`;

/** Projects below those that somebody inherits from; for one project, those that it inherits from. */
const INHERITING = `lower(source_id, id) AS (
    SELECT DISTINCT a.target_id, p.id FROM identity_assignment a
    JOIN identity_project p ON p.parent_id = a.target_id WHERE a.inherited = 1
    UNION
    SELECT l.source_id, p.id FROM lower l JOIN identity_project p ON p.parent_id = l.id)`;
const INHERITING_ONE = `${ABOVE}, lower(source_id, id) AS (SELECT above.id, @target FROM above)`;

const BELOW = `below(id) AS (
    SELECT id FROM identity_project WHERE id = @target
    UNION
    SELECT p.id FROM below JOIN identity_project p ON p.parent_id = below.id)`;

/** At most `limit` assignments with all names, in one statement. */
export function listAssignments(db: Db, filter: AssignmentFilter, limit: number): NamedAssignmentRow[] {
  const values: Record<string, SqlValue> = { limit };
  const when = (name: string, value: SqlValue | undefined, condition: string): string => {
    if (value === undefined) return '';
    values[name] = value;
    return ` AND ${condition}`;
  };
  const subtree = filter.subtree === true;
  const target =
    when('kind', filter.targetKind, 'target_kind = @kind') +
    when('target', filter.targetId, subtree ? 'target_id IN (SELECT id FROM below)' : 'target_id = @target');
  const where =
    target +
    when('user', filter.userId, "actor_kind = 'user' AND actor_id = @user") +
    when('group', filter.groupId, "actor_kind = 'group' AND actor_id = @group") +
    when('role', filter.roleId, 'role_id = @role') +
    when(
      'within',
      filter.withinDomain,
      '(target_id = @within OR target_id IN (SELECT id FROM identity_project WHERE domain_id = @within))',
    ) +
    (filter.inherited === undefined ? '' : ` AND inherited = ${filter.inherited ? 1 : 0}`);
  const order = 'ORDER BY a.target_id, a.actor_id, a.role_id LIMIT @limit';
  const below = subtree ? `${BELOW}, ` : '';
  if (!filter.effective) {
    return statement<[Record<string, SqlValue>], NamedAssignmentRow>(
      db,
      `WITH RECURSIVE ${below}found AS (${PLAIN} WHERE TRUE${where}) ${NAMED} ${order}`,
    ).all(values);
  }
  // Narrowed inside as well: the recursion would otherwise visit every assignment there is.
  const one = filter.targetKind === 'project' && !subtree;
  const lower = one ? INHERITING_ONE : INHERITING;
  const byUser = filter.userId === undefined ? '' : ' AND actor_id = @user';
  const byMember = filter.userId === undefined ? '' : ' AND m.user_id = @user';
  return statement<[Record<string, SqlValue>], NamedAssignmentRow>(
    db,
    `WITH RECURSIVE ${below}${lower},
     granted AS (
       ${PLAIN} WHERE inherited = 0${target}
       UNION ALL
       SELECT a.actor_id, a.actor_kind, 'project', lower.id, a.role_id, 1, a.target_kind, a.target_id
       FROM lower JOIN identity_assignment a ON a.target_id = lower.source_id AND a.inherited = 1),
     held(${COLUMNS}) AS (
       SELECT * FROM granted WHERE actor_kind = 'user'${byUser}
       UNION
       SELECT m.user_id, 'user', g.target_kind, g.target_id, g.role_id, g.inherited, g.source_kind, g.source_id
       FROM granted g JOIN identity_membership m ON m.group_id = g.actor_id
       WHERE g.actor_kind = 'group'${byMember}
       UNION
       SELECT h.actor_id, h.actor_kind, h.target_kind, h.target_id, i.implied_id, h.inherited,
         h.source_kind, h.source_id
       FROM held h JOIN identity_implied_role i ON i.prior_id = h.role_id),
     found AS (SELECT * FROM held WHERE TRUE${where})
     ${NAMED} WHERE r.domain_id IS NULL ${order}`,
  ).all(values);
}
