import { statement, type Db } from '../../db/index.ts';
import type { Page } from '../../http/index.ts';
import { listPage } from './list.ts';

export interface UserRow {
  id: string;
  name: string;
  domain_id: string;
  default_project_id: string | null;
  enabled: number;
  /** As app/passwords.ts writes it; null when the user has no password. */
  password_hash: string | null;
  password_changed_at: number | null;
  /** JSON */
  options: string;
  /** JSON: email, description and whatever else a client gave. */
  extra: string;
  created_at: number;
  /** Failed logins in a row. */
  failed_logins: number;
  failed_at: number | null;
  password_expires_at: number | null;
  /** 1: by the user itself, not by an administrator. */
  password_chosen: number;
}

/** A user that has not done anything yet. */
export type NewUserRow = Omit<UserRow, 'failed_logins' | 'failed_at' | 'password_chosen'>;

export interface UserFilter {
  readonly name?: string | undefined;
  readonly domainId?: string | undefined;
  readonly enabled?: boolean | undefined;
}

export const findUser = (db: Db, id: string): UserRow | undefined =>
  statement<[string], UserRow>(db, 'SELECT * FROM identity_user WHERE id = ?').get(id);

export const findUserByName = (db: Db, domainId: string, name: string): UserRow | undefined =>
  statement<[string, string], UserRow>(
    db,
    'SELECT * FROM identity_user WHERE domain_id = ? AND name = ?',
  ).get(domainId, name);

export const listUsers = (db: Db, filter: UserFilter, page: Page): UserRow[] =>
  listPage<UserRow>(
    db,
    'SELECT * FROM identity_user',
    [
      ['name = ?', filter.name],
      ['domain_id = ?', filter.domainId],
      ['enabled = ?', filter.enabled],
    ],
    page,
  );

export const listMembers = (db: Db, groupId: string, filter: UserFilter, page: Page): UserRow[] =>
  listPage<UserRow>(
    db,
    'SELECT * FROM identity_user',
    [
      ['id IN (SELECT user_id FROM identity_membership WHERE group_id = ?)', groupId],
      ['name = ?', filter.name],
      ['enabled = ?', filter.enabled],
    ],
    page,
  );

export function insertUser(db: Db, row: NewUserRow): void {
  statement<[Record<string, string | number | null>]>(
    db,
    `INSERT INTO identity_user (id, name, domain_id, default_project_id, enabled, password_hash,
       password_changed_at, password_expires_at, options, extra, created_at)
     VALUES (@id, @name, @domain_id, @default_project_id, @enabled, @password_hash,
       @password_changed_at, @password_expires_at, @options, @extra, @created_at)`,
  ).run({ ...row });
}

export function updateUser(db: Db, row: UserRow): void {
  statement<[Record<string, string | number | null>]>(
    db,
    `UPDATE identity_user SET name = @name, default_project_id = @default_project_id, enabled = @enabled,
       password_hash = @password_hash, password_changed_at = @password_changed_at,
       password_expires_at = @password_expires_at, password_chosen = @password_chosen,
       failed_logins = @failed_logins, failed_at = @failed_at, options = @options, extra = @extra
     WHERE id = @id`,
  ).run({ ...row });
}

/** Removes a user with all assignments; memberships, tokens and application credentials go by foreign key. */
export function deleteUser(db: Db, id: string): void {
  statement<[string]>(db, "DELETE FROM identity_assignment WHERE actor_id = ? AND actor_kind = 'user'").run(
    id,
  );
  statement<[string]>(db, 'DELETE FROM identity_user WHERE id = ?').run(id);
}

export const userIdsOfDomain = (db: Db, domainId: string): string[] =>
  statement<[string], { id: string }>(db, 'SELECT id FROM identity_user WHERE domain_id = ?')
    .all(domainId)
    .map((row) => row.id);
