import { hash, randomBytes } from 'node:crypto';
import { transaction } from '../../db/index.ts';
import { unauthorized, type CloudError } from '../../errors/error.ts';
import type { AuthContext } from '../../http/index.ts';
import { Secret } from '../../secret.ts';
import { credentialRoleIds } from '../store/application-credential.ts';
import { effectiveRoles, withImplied, type RoleRef, type TargetKind } from '../store/assignment.ts';
import { findLiveToken, insertToken, pruneTokens, type LiveTokenRow } from '../store/token.ts';
import { findTrustRow, rolesOfTrust, trustStands } from '../store/trust.ts';
import type { IdentityContext } from './context.ts';

/** The only thing that a failed login or a dead token says. */
export const refused = (): CloudError => unauthorized('The request you have made requires authentication.');

export interface Scope {
  readonly kind: TargetKind;
  /** Project or domain id; 'all' for the system. */
  readonly id: string;
}

/** A token as it stands at this moment. */
export interface LiveToken {
  readonly row: LiveTokenRow;
  /** With implied ones; empty for an unscoped token. */
  readonly roles: readonly RoleRef[];
}

/** What a login has established, before it becomes a token. */
export interface Grant {
  readonly userId: string;
  readonly methods: readonly string[];
  readonly scope: Scope | undefined;
  readonly expiresAt: number;
  readonly auditChainId: string | undefined;
  readonly applicationCredentialId: string | undefined;
  readonly trustId?: string | undefined;
  readonly credentialId?: string | undefined;
}

const PREFIX = 'dct_';
/** `dct_` and 32 random bytes in base64url. */
const SHAPE = /^dct_[\w-]{43}$/;

/** SHA-256 of a token, the only form in which it is kept; undefined for what can be no token. */
export const tokenHash = (token: string): Buffer | undefined =>
  SHAPE.test(token) ? hash('sha256', token, 'buffer') : undefined;

/**
 * The roles that a trust gives: all of it and what they imply, or nothing once its trustor lacks one of them.
 */
function rolesByTrust(identity: IdentityContext, trustId: string): readonly RoleRef[] {
  const { db, clock } = identity;
  const trust = findTrustRow(db, trustId);
  if (trust === undefined || trust.project_id === null || !trustStands(db, trustId, clock())) return [];
  const scope: Scope = { kind: 'project', id: trust.project_id };
  const held = new Set(
    rolesIn(identity, trust.trustor_user_id, scope, trust.application_credential_id).map((role) => role.id),
  );
  const given = rolesOfTrust(db, trustId).map((role) => role.id);
  return given.every((id) => held.has(id)) ? withImplied(db, given) : [];
}

/**
 * Roles in a scope. An application credential gives those of its own that its user still has, and what they imply.
 */
export function rolesIn(
  { db }: IdentityContext,
  userId: string,
  scope: Scope,
  applicationCredentialId: string | null | undefined,
): readonly RoleRef[] {
  const held = effectiveRoles(db, userId, scope.kind, scope.id);
  if (typeof applicationCredentialId !== 'string') return held;
  const chosen = new Set(credentialRoleIds(db, applicationCredentialId));
  return withImplied(
    db,
    held.filter((role) => chosen.has(role.id)).map((role) => role.id),
  );
}

/** All that a token is, read from the database; undefined when it is unknown, expired or revoked (S17). */
export function liveToken(identity: IdentityContext, token: string): LiveToken | undefined {
  const key = tokenHash(token);
  if (key === undefined) return undefined;
  const row = findLiveToken(identity.db, key, identity.clock());
  if (row === undefined) return undefined;
  if (row.scope_kind === null || row.scope_id === null) {
    if (row.trust_id !== null && !trustStands(identity.db, row.trust_id, identity.clock())) return undefined;
    return { row, roles: [] };
  }
  const scope = { kind: row.scope_kind, id: row.scope_id };
  const roles =
    row.trust_id === null
      ? rolesIn(identity, row.user_id, scope, row.application_credential_id)
      : rolesByTrust(identity, row.trust_id);
  return roles.length === 0 ? undefined : { row, roles };
}

export function authContext({ row, roles }: LiveToken): AuthContext {
  const project =
    row.scope_kind === 'project' && row.scope_id !== null && row.scope_name !== null
      ? {
          projectId: row.scope_id,
          projectName: row.scope_name,
          projectDomainId: row.scope_domain_id ?? row.scope_id,
        }
      : {};
  return {
    userId: row.user_id,
    userName: row.user_name,
    userDomainId: row.user_domain_id,
    ...project,
    ...(row.scope_kind === 'domain' && row.scope_id !== null ? { domainId: row.scope_id } : {}),
    ...(row.scope_kind === 'system' ? { system: true } : {}),
    roles: new Set(roles.map((role) => role.name)),
    auditId: row.audit_id,
    ...(row.application_credential_id === null
      ? {}
      : { applicationCredentialId: row.application_credential_id }),
    ...(row.trust_id === null ? {} : { trustId: row.trust_id }),
    ...(row.credential_id === null ? {} : { credentialId: row.credential_id }),
  };
}

/**
 * Makes a token. `stillGood` is asked inside the transaction: what a slow password check found may have changed since.
 * @throws {CloudError} unauthorized when the grant gives no live token: no role in the scope, something disabled.
 */
export function issueToken(
  identity: IdentityContext,
  grant: Grant,
  stillGood: () => boolean = () => true,
): { token: Secret; live: LiveToken } {
  const { db } = identity;
  const text = `${PREFIX}${randomBytes(32).toString('base64url')}`;
  const now = identity.clock();
  // Losing a token in a power failure costs a login; waiting for the disk would cost each one.
  return transaction(
    db,
    () => {
      if (!stillGood()) throw refused();
      pruneTokens(db, now);
      insertToken(db, {
        hash: hash('sha256', text, 'buffer'),
        user_id: grant.userId,
        scope_kind: grant.scope?.kind ?? null,
        scope_id: grant.scope?.id ?? null,
        application_credential_id: grant.applicationCredentialId ?? null,
        trust_id: grant.trustId ?? null,
        credential_id: grant.credentialId ?? null,
        methods: grant.methods.join(','),
        audit_id: randomBytes(16).toString('base64url'),
        audit_chain_id: grant.auditChainId ?? null,
        issued_at: now,
        expires_at: grant.expiresAt,
      });
      const live = liveToken(identity, text);
      if (live === undefined) throw refused();
      return { token: new Secret(text), live };
    },
    { durable: false },
  );
}
