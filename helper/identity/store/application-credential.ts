import { statement, type Db } from '../../db/index.ts';
import type { Page } from '../../http/index.ts';
import type { RoleRef } from './assignment.ts';
import { listPage } from './list.ts';

export interface ApplicationCredentialRow {
  id: string;
  name: string;
  user_id: string;
  project_id: string;
  secret_hash: string;
  description: string | null;
  expires_at: number | null;
  /** UTC with microseconds and without zone, as upstream writes this one time. */
  expires_text: string | null;
  unrestricted: number;
  ruled: number;
}

export interface AccessRuleRow {
  id: string;
  user_id: string;
  service: string;
  path: string;
  method: string;
}

export const findApplicationCredential = (db: Db, id: string): ApplicationCredentialRow | undefined =>
  statement<[string], ApplicationCredentialRow>(
    db,
    'SELECT * FROM identity_application_credential WHERE id = ?',
  ).get(id);

export const findApplicationCredentialByName = (
  db: Db,
  userId: string,
  name: string,
): ApplicationCredentialRow | undefined =>
  statement<[string, string], ApplicationCredentialRow>(
    db,
    'SELECT * FROM identity_application_credential WHERE user_id = ? AND name = ?',
  ).get(userId, name);

export const listApplicationCredentials = (
  db: Db,
  userId: string,
  name: string | undefined,
  page: Page,
): ApplicationCredentialRow[] =>
  listPage<ApplicationCredentialRow>(
    db,
    'SELECT * FROM identity_application_credential',
    [
      ['user_id = ?', userId],
      ['name = ?', name],
    ],
    page,
  );

export function insertApplicationCredential(
  db: Db,
  row: ApplicationCredentialRow,
  roleIds: readonly string[],
  ruleIds: readonly string[],
): void {
  statement<[Record<string, string | number | null>]>(
    db,
    `INSERT INTO identity_application_credential
       (id, name, user_id, project_id, secret_hash, description, expires_at, expires_text, unrestricted, ruled)
     VALUES (@id, @name, @user_id, @project_id, @secret_hash, @description, @expires_at, @expires_text,
       @unrestricted, @ruled)`,
  ).run({ ...row });
  for (const roleId of roleIds) {
    statement<[string, string]>(
      db,
      'INSERT INTO identity_application_credential_role (application_credential_id, role_id) VALUES (?, ?)',
    ).run(row.id, roleId);
  }
  for (const ruleId of ruleIds) {
    statement<[string, string]>(
      db,
      `INSERT OR IGNORE INTO identity_application_credential_rule (application_credential_id, access_rule_id)
       VALUES (?, ?)`,
    ).run(row.id, ruleId);
  }
}

/** Its tokens go with it, by foreign key. */
export function deleteApplicationCredential(db: Db, id: string): void {
  statement<[string]>(db, 'DELETE FROM identity_application_credential WHERE id = ?').run(id);
}

/** What upstream does when the user loses a role on projects. */
export function deleteApplicationCredentialsOf(db: Db, userId: string, projectIds: readonly string[]): void {
  statement<[string, string]>(
    db,
    `DELETE FROM identity_application_credential
     WHERE user_id = ? AND project_id IN (SELECT value FROM json_each(?))`,
  ).run(userId, JSON.stringify(projectIds));
}

export const credentialRoleIds = (db: Db, id: string): string[] =>
  statement<[string], { role_id: string }>(
    db,
    'SELECT role_id FROM identity_application_credential_role WHERE application_credential_id = ?',
  )
    .all(id)
    .map((row) => row.role_id);

/** Roles of many credentials in one statement. */
export function rolesOfCredentials(db: Db, ids: readonly string[]): Map<string, RoleRef[]> {
  const found = new Map<string, RoleRef[]>();
  const rows = statement<[string], RoleRef & { credential: string }>(
    db,
    `SELECT c.application_credential_id AS credential, r.id, r.name
     FROM identity_application_credential_role c JOIN identity_role r ON r.id = c.role_id
     WHERE c.application_credential_id IN (SELECT value FROM json_each(?)) ORDER BY r.name`,
  ).all(JSON.stringify(ids));
  for (const { credential, id, name } of rows)
    found.set(credential, [...(found.get(credential) ?? []), { id, name }]);
  return found;
}

/** Access rules of many credentials in one statement. */
export function rulesOfCredentials(db: Db, ids: readonly string[]): Map<string, AccessRuleRow[]> {
  const found = new Map<string, AccessRuleRow[]>();
  const rows = statement<[string], AccessRuleRow & { credential: string }>(
    db,
    `SELECT c.application_credential_id AS credential, r.*
     FROM identity_application_credential_rule c JOIN identity_access_rule r ON r.id = c.access_rule_id
     WHERE c.application_credential_id IN (SELECT value FROM json_each(?)) ORDER BY r.id`,
  ).all(JSON.stringify(ids));
  for (const { credential, ...rule } of rows) found.set(credential, [...(found.get(credential) ?? []), rule]);
  return found;
}

export const findAccessRule = (db: Db, userId: string, id: string): AccessRuleRow | undefined =>
  statement<[string, string], AccessRuleRow>(
    db,
    'SELECT * FROM identity_access_rule WHERE user_id = ? AND id = ?',
  ).get(userId, id);

export const findSameAccessRule = (db: Db, rule: Omit<AccessRuleRow, 'id'>): AccessRuleRow | undefined =>
  statement<[string, string, string, string], AccessRuleRow>(
    db,
    'SELECT * FROM identity_access_rule WHERE user_id = ? AND service = ? AND path = ? AND method = ?',
  ).get(rule.user_id, rule.service, rule.path, rule.method);

export const listAccessRules = (
  db: Db,
  userId: string,
  filter: { service?: string | undefined; path?: string | undefined; method?: string | undefined },
  page: Page,
): AccessRuleRow[] =>
  listPage<AccessRuleRow>(
    db,
    'SELECT * FROM identity_access_rule',
    [
      ['user_id = ?', userId],
      ['service = ?', filter.service],
      ['path = ?', filter.path],
      ['method = ?', filter.method],
    ],
    page,
  );

export function insertAccessRule(db: Db, row: AccessRuleRow): void {
  statement<[string, string, string, string, string]>(
    db,
    'INSERT INTO identity_access_rule (id, user_id, service, path, method) VALUES (?, ?, ?, ?, ?)',
  ).run(row.id, row.user_id, row.service, row.path, row.method);
}

export const accessRuleInUse = (db: Db, id: string): boolean =>
  statement<[string], { access_rule_id: string }>(
    db,
    'SELECT access_rule_id FROM identity_application_credential_rule WHERE access_rule_id = ? LIMIT 1',
  ).get(id) !== undefined;

export function deleteAccessRule(db: Db, id: string): void {
  statement<[string]>(db, 'DELETE FROM identity_access_rule WHERE id = ?').run(id);
}
