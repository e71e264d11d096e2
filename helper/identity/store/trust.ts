import { statement, type Db } from '../../db/index.ts';
import type { Page } from '../../http/index.ts';
import { listPage } from './list.ts';
import type { RoleRow } from './role.ts';

export interface TrustRow {
  id: string;
  trustor_user_id: string;
  trustee_user_id: string;
  project_id: string | null;
  impersonation: number;
  expires_at: number | null;
  /** Null: any number. */
  remaining_uses: number | null;
  redelegated_trust_id: string | null;
  redelegation_count: number;
  application_credential_id: string | null;
  created_at: number;
}

/** The trust, also when its last use is over: what was made with it lives on. */
export const findTrustRow = (db: Db, id: string): TrustRow | undefined =>
  statement<[string], TrustRow>(db, 'SELECT * FROM identity_trust WHERE id = ?').get(id);

/** The trust, unless it has ended: by time or by its last use. */
export const findTrust = (db: Db, id: string, now: number): TrustRow | undefined =>
  statement<[string, number], TrustRow>(
    db,
    `SELECT * FROM identity_trust WHERE id = ? AND coalesce(expires_at, 9007199254740991) > ?
     AND coalesce(remaining_uses, 1) > 0`,
  ).get(id, now);

export const listTrusts = (
  db: Db,
  filter: { trustorId?: string | undefined; trusteeId?: string | undefined; now: number },
  page: Page,
): TrustRow[] =>
  listPage<TrustRow>(
    db,
    'SELECT * FROM identity_trust',
    [
      ['trustor_user_id = ?', filter.trustorId],
      ['trustee_user_id = ?', filter.trusteeId],
      ['coalesce(expires_at, 9007199254740991) > ?', filter.now],
      ['coalesce(remaining_uses, 1) > ?', 0],
    ],
    page,
  );

export const rolesOfTrust = (db: Db, id: string): RoleRow[] =>
  statement<[string], RoleRow>(
    db,
    `SELECT r.* FROM identity_trust_role t JOIN identity_role r ON r.id = t.role_id
     WHERE t.trust_id = ? ORDER BY r.id`,
  ).all(id);

export function insertTrust(db: Db, row: TrustRow, roleIds: readonly string[]): void {
  statement<[Record<string, string | number | null>]>(
    db,
    `INSERT INTO identity_trust (id, trustor_user_id, trustee_user_id, project_id, impersonation, expires_at,
       remaining_uses, redelegated_trust_id, redelegation_count, application_credential_id, created_at)
     VALUES (@id, @trustor_user_id, @trustee_user_id, @project_id, @impersonation, @expires_at,
       @remaining_uses, @redelegated_trust_id, @redelegation_count, @application_credential_id, @created_at)`,
  ).run({ ...row });
  for (const roleId of roleIds) {
    statement<[string, string]>(
      db,
      'INSERT OR IGNORE INTO identity_trust_role (trust_id, role_id) VALUES (?, ?)',
    ).run(row.id, roleId);
  }
}

/** What was handed on from it, and all tokens by it, go with it. */
export function deleteTrust(db: Db, id: string): void {
  statement<[string]>(db, 'DELETE FROM identity_trust WHERE id = ?').run(id);
}

/** Counts one use; false when none is left. */
export const useTrust = (db: Db, id: string): boolean =>
  statement<[string]>(
    db,
    `UPDATE identity_trust SET remaining_uses = remaining_uses - 1
     WHERE id = ? AND coalesce(remaining_uses, 1) > 0`,
  ).run(id).changes > 0;

/**
 * Whether a trust and all trusts that it was handed on from stand: not past, and everybody in them (with their
 * domains, and the application credentials that they were made with) enabled.
 */
export const trustStands = (db: Db, id: string, now: number): boolean =>
  statement<[Record<string, string | number>], { broken: number; links: number }>(
    db,
    `WITH RECURSIVE chain(id) AS (
       SELECT @id UNION
       SELECT t.redelegated_trust_id FROM chain JOIN identity_trust t ON t.id = chain.id
       WHERE t.redelegated_trust_id IS NOT NULL)
     SELECT count(*) AS links, coalesce(sum(
       coalesce(t.expires_at, 9007199254740991) <= @now OR coalesce(c.expires_at, 9007199254740991) <= @now
       OR r.enabled <> 1 OR rd.enabled <> 1 OR e.enabled <> 1 OR ed.enabled <> 1), 0) AS broken
     FROM chain
     JOIN identity_trust t ON t.id = chain.id
     JOIN identity_user r ON r.id = t.trustor_user_id JOIN identity_project rd ON rd.id = r.domain_id
     JOIN identity_user e ON e.id = t.trustee_user_id JOIN identity_project ed ON ed.id = e.domain_id
     LEFT JOIN identity_application_credential c ON c.id = t.application_credential_id`,
  ).get({ id, now })?.broken === 0;
