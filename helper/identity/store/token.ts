import { statement, type Db } from '../../db/index.ts';
import type { TargetKind } from './assignment.ts';

export interface TokenRow {
  hash: Uint8Array;
  user_id: string;
  scope_kind: TargetKind | null;
  scope_id: string | null;
  application_credential_id: string | null;
  trust_id: string | null;
  /** The EC2 credential that it was got with. */
  credential_id: string | null;
  methods: string;
  audit_id: string;
  audit_chain_id: string | null;
  issued_at: number;
  expires_at: number;
}

/** A token with what it stands for at this moment. */
export interface LiveTokenRow extends Omit<TokenRow, 'hash'> {
  user_name: string;
  user_domain_id: string;
  user_domain_name: string;
  password_expires_at: number | null;
  /** Of the project or domain in scope. */
  scope_name: string | null;
  scope_is_domain: number | null;
  /** Of the project in scope; null when that is a domain. */
  scope_domain_id: string | null;
  scope_domain_name: string | null;
  application_credential_ruled: number | null;
  trustor_user_id: string | null;
  trustee_user_id: string | null;
  trust_impersonation: number | null;
}

/**
 * The token with this hash, if it, its user, the user's domain, its scope and its application credential are all
 * there, enabled and not expired.
 */
export const findLiveToken = (db: Db, hash: Uint8Array, now: number): LiveTokenRow | undefined =>
  statement<[Uint8Array, number, number], LiveTokenRow>(
    db,
    `SELECT t.user_id, t.scope_kind, t.scope_id, t.application_credential_id, t.trust_id, t.credential_id, t.methods,
       t.audit_id, t.audit_chain_id, t.issued_at, t.expires_at,
       u.name AS user_name, u.domain_id AS user_domain_id, ud.name AS user_domain_name, u.password_expires_at,
       p.name AS scope_name, p.is_domain AS scope_is_domain,
       pd.id AS scope_domain_id, pd.name AS scope_domain_name, c.ruled AS application_credential_ruled,
       tr.trustor_user_id, tr.trustee_user_id, tr.impersonation AS trust_impersonation
     FROM identity_token t
     JOIN identity_user u ON u.id = t.user_id
     JOIN identity_project ud ON ud.id = u.domain_id
     LEFT JOIN identity_project p ON t.scope_kind <> 'system' AND p.id = t.scope_id
     LEFT JOIN identity_project pd ON pd.id = p.domain_id
     LEFT JOIN identity_application_credential c ON c.id = t.application_credential_id
     LEFT JOIN identity_trust tr ON tr.id = t.trust_id
     WHERE t.hash = ? AND t.expires_at > ? AND u.enabled = 1 AND ud.enabled = 1
       AND (t.scope_kind IS NULL OR t.scope_kind = 'system'
         OR (p.enabled = 1 AND coalesce(pd.enabled, 1) = 1))
       AND (t.application_credential_id IS NULL
         OR (c.id IS NOT NULL AND coalesce(c.expires_at, 9007199254740991) > ?))`,
  ).get(hash, now, now);

export function insertToken(db: Db, row: TokenRow): void {
  statement<[Record<string, string | number | null | Uint8Array>]>(
    db,
    `INSERT INTO identity_token (hash, user_id, scope_kind, scope_id, application_credential_id, trust_id, credential_id,
       methods, audit_id, audit_chain_id, issued_at, expires_at)
     VALUES (@hash, @user_id, @scope_kind, @scope_id, @application_credential_id, @trust_id, @credential_id,
       @methods, @audit_id, @audit_chain_id, @issued_at, @expires_at)`,
  ).run({ ...row });
}

export function deleteToken(db: Db, hash: Uint8Array): void {
  statement<[Uint8Array]>(db, 'DELETE FROM identity_token WHERE hash = ?').run(hash);
}

/**
 * Revokes all tokens of a user and those by trusts from or to the user, for good: enabling the user again does not
 * bring them back.
 */
export function deleteTokensOfUser(db: Db, userId: string): void {
  statement<[string]>(db, 'DELETE FROM identity_token WHERE user_id = ?').run(userId);
  statement<[string, string]>(
    db,
    `DELETE FROM identity_token WHERE trust_id IN (
       SELECT id FROM identity_trust WHERE trustor_user_id = ? UNION
       SELECT id FROM identity_trust WHERE trustee_user_id = ?)`,
  ).run(userId, userId);
}

/** Revokes all tokens with this project or domain as their scope. */
export function deleteTokensOfScope(db: Db, scopeId: string): void {
  statement<[string]>(db, 'DELETE FROM identity_token WHERE scope_id = ?').run(scopeId);
}

/** Revokes the tokens of a domain's users, and those with the domain or a project of it as their scope. */
export function deleteTokensOfDomain(db: Db, domainId: string): void {
  statement<[string]>(
    db,
    'DELETE FROM identity_token WHERE user_id IN (SELECT id FROM identity_user WHERE domain_id = ?)',
  ).run(domainId);
  statement<[string]>(
    db,
    `DELETE FROM identity_token WHERE trust_id IN (
       SELECT t.id FROM identity_trust t
       JOIN identity_user u ON u.id IN (t.trustor_user_id, t.trustee_user_id) WHERE u.domain_id = ?)`,
  ).run(domainId);
  statement<[string]>(
    db,
    'DELETE FROM identity_token WHERE scope_id IN (SELECT id FROM identity_project WHERE domain_id = ?)',
  ).run(domainId);
  deleteTokensOfScope(db, domainId);
}

/** Removes some expired tokens: a few with each new one keep the table small without a timer. */
export function pruneTokens(db: Db, now: number): void {
  statement<[number]>(
    db,
    `DELETE FROM identity_token WHERE hash IN (
       SELECT hash FROM identity_token WHERE expires_at <= ? ORDER BY expires_at LIMIT 20)`,
  ).run(now);
}
