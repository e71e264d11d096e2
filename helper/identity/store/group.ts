import { statement, type Db } from '../../db/index.ts';
import type { Page } from '../../http/index.ts';
import { listPage } from './list.ts';

export interface GroupRow {
  id: string;
  name: string;
  domain_id: string;
  description: string;
  /** JSON */
  extra: string;
}

export interface GroupFilter {
  readonly name?: string | undefined;
  readonly domainId?: string | undefined;
  /** Only groups that this user is in. */
  readonly userId?: string | undefined;
}

export const findGroup = (db: Db, id: string): GroupRow | undefined =>
  statement<[string], GroupRow>(db, 'SELECT * FROM identity_group WHERE id = ?').get(id);

export const findGroupByName = (db: Db, domainId: string, name: string): GroupRow | undefined =>
  statement<[string, string], GroupRow>(
    db,
    'SELECT * FROM identity_group WHERE domain_id = ? AND name = ?',
  ).get(domainId, name);

export const listGroups = (db: Db, filter: GroupFilter, page: Page): GroupRow[] =>
  listPage<GroupRow>(
    db,
    'SELECT * FROM identity_group',
    [
      ['name = ?', filter.name],
      ['domain_id = ?', filter.domainId],
      ['id IN (SELECT group_id FROM identity_membership WHERE user_id = ?)', filter.userId],
    ],
    page,
  );

export function insertGroup(db: Db, row: GroupRow): void {
  statement<[string, string, string, string, string]>(
    db,
    'INSERT INTO identity_group (id, name, domain_id, description, extra) VALUES (?, ?, ?, ?, ?)',
  ).run(row.id, row.name, row.domain_id, row.description, row.extra);
}

export function updateGroup(db: Db, row: GroupRow): void {
  statement<[string, string, string, string]>(
    db,
    'UPDATE identity_group SET name = ?, description = ?, extra = ? WHERE id = ?',
  ).run(row.name, row.description, row.extra, row.id);
}

export function deleteGroup(db: Db, id: string): void {
  statement<[string]>(db, "DELETE FROM identity_assignment WHERE actor_id = ? AND actor_kind = 'group'").run(
    id,
  );
  statement<[string]>(db, 'DELETE FROM identity_group WHERE id = ?').run(id);
}

export function addMember(db: Db, groupId: string, userId: string): void {
  statement<[string, string]>(
    db,
    'INSERT OR IGNORE INTO identity_membership (group_id, user_id) VALUES (?, ?)',
  ).run(groupId, userId);
}

/** False when the user was not in the group. */
export const removeMember = (db: Db, groupId: string, userId: string): boolean =>
  statement<[string, string]>(db, 'DELETE FROM identity_membership WHERE group_id = ? AND user_id = ?').run(
    groupId,
    userId,
  ).changes > 0;

export const isMember = (db: Db, groupId: string, userId: string): boolean =>
  statement<[string, string], { user_id: string }>(
    db,
    'SELECT user_id FROM identity_membership WHERE group_id = ? AND user_id = ?',
  ).get(groupId, userId) !== undefined;

export const memberIds = (db: Db, groupId: string): string[] =>
  statement<[string], { user_id: string }>(db, 'SELECT user_id FROM identity_membership WHERE group_id = ?')
    .all(groupId)
    .map((row) => row.user_id);

export const groupIdsOfDomain = (db: Db, domainId: string): string[] =>
  statement<[string], { id: string }>(db, 'SELECT id FROM identity_group WHERE domain_id = ?')
    .all(domainId)
    .map((row) => row.id);
