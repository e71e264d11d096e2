import { statement, type Db } from '../../db/index.ts';
import type { Page } from '../../http/index.ts';
import { listPage } from './list.ts';

export interface RoleRow {
  id: string;
  name: string;
  domain_id: string | null;
  description: string | null;
  /** JSON */
  options: string;
  /** JSON */
  extra: string;
}

export const findRole = (db: Db, id: string): RoleRow | undefined =>
  statement<[string], RoleRow>(db, 'SELECT * FROM identity_role WHERE id = ?').get(id);

/** A role of all domains, or one of the domain named. */
export const findRoleByName = (db: Db, name: string, domainId: string | null = null): RoleRow | undefined =>
  statement<[string, string], RoleRow>(
    db,
    "SELECT * FROM identity_role WHERE name = ? AND coalesce(domain_id, '') = ?",
  ).get(name, domainId ?? '');

/** Roles of all domains, or those of the one domain named. */
export const listRoles = (
  db: Db,
  filter: { name?: string | undefined; domainId?: string | undefined },
  page: Page,
): RoleRow[] =>
  listPage<RoleRow>(
    db,
    'SELECT * FROM identity_role',
    [
      ["coalesce(domain_id, '') = ?", filter.domainId ?? ''],
      ['name = ?', filter.name],
    ],
    page,
  );

export function insertRole(db: Db, row: RoleRow): void {
  statement<[string, string, string | null, string | null, string, string]>(
    db,
    'INSERT INTO identity_role (id, name, domain_id, description, options, extra) VALUES (?, ?, ?, ?, ?, ?)',
  ).run(row.id, row.name, row.domain_id, row.description, row.options, row.extra);
}

export function updateRole(db: Db, row: RoleRow): void {
  statement<[string, string | null, string, string, string]>(
    db,
    'UPDATE identity_role SET name = ?, description = ?, options = ?, extra = ? WHERE id = ?',
  ).run(row.name, row.description, row.options, row.extra, row.id);
}

export function deleteRole(db: Db, id: string): void {
  statement<[string]>(db, 'DELETE FROM identity_role WHERE id = ?').run(id);
}

export const listImplied = (db: Db, priorId: string): RoleRow[] =>
  statement<[string], RoleRow>(
    db,
    `SELECT r.* FROM identity_implied_role i JOIN identity_role r ON r.id = i.implied_id
     WHERE i.prior_id = ? ORDER BY r.id`,
  ).all(priorId);

/** All rules with the names of both roles, by the prior role. */
export const listInferences = (
  db: Db,
): { prior_id: string; prior_name: string; implied_id: string; implied_name: string }[] =>
  statement<[], { prior_id: string; prior_name: string; implied_id: string; implied_name: string }>(
    db,
    `SELECT p.id AS prior_id, p.name AS prior_name, r.id AS implied_id, r.name AS implied_name
     FROM identity_implied_role i
     JOIN identity_role p ON p.id = i.prior_id JOIN identity_role r ON r.id = i.implied_id
     ORDER BY i.prior_id, i.implied_id`,
  ).all();

export const implies = (db: Db, priorId: string, impliedId: string): boolean =>
  statement<[string, string], { prior_id: string }>(
    db,
    'SELECT prior_id FROM identity_implied_role WHERE prior_id = ? AND implied_id = ?',
  ).get(priorId, impliedId) !== undefined;

export function addImplied(db: Db, priorId: string, impliedId: string): void {
  statement<[string, string]>(
    db,
    'INSERT OR IGNORE INTO identity_implied_role (prior_id, implied_id) VALUES (?, ?)',
  ).run(priorId, impliedId);
}

export const removeImplied = (db: Db, priorId: string, impliedId: string): boolean =>
  statement<[string, string]>(
    db,
    'DELETE FROM identity_implied_role WHERE prior_id = ? AND implied_id = ?',
  ).run(priorId, impliedId).changes > 0;
