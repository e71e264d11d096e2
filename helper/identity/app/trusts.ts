import type { Static } from 'typebox';
import { transaction } from '../../db/index.ts';
import { badRequest, forbidden } from '../../errors/error.ts';
import type { AuthContext } from '../../http/index.ts';
import type { TrustCreate } from '../schemas/trust.ts';
import { findApplicationCredential } from '../store/application-credential.ts';
import type { RoleRef } from '../store/assignment.ts';
import { findProject } from '../store/project.ts';
import { deleteTrust, findTrust, insertTrust, rolesOfTrust, type TrustRow } from '../store/trust.ts';
import { findUser } from '../store/user.ts';
import { missing, present } from './attributes.ts';
import { newId, timeText, type IdentityContext } from './context.ts';
import { refuseRestricted, refuseTrusts } from './delegation.ts';
import { roleView } from './roles.ts';
import { rolesIn } from './tokens.ts';

type Body = Static<typeof TrustCreate>['trust'];

/** Upstream's max_redelegation_count. */
const MOST_REDELEGATIONS = 3;

/** A trust as lists show it. */
export const trustSummary = (base: string, row: TrustRow): object => ({
  id: row.id,
  trustor_user_id: row.trustor_user_id,
  trustee_user_id: row.trustee_user_id,
  project_id: row.project_id,
  impersonation: row.impersonation === 1,
  expires_at: row.expires_at === null ? null : timeText(row.expires_at),
  deleted_at: null,
  remaining_uses: row.remaining_uses,
  ...(row.redelegated_trust_id === null ? {} : { redelegated_trust_id: row.redelegated_trust_id }),
  redelegation_count: row.redelegation_count,
  links: { self: `${base}/OS-TRUST/trusts/${row.id}` },
});

export const trustView = ({ db }: IdentityContext, base: string, row: TrustRow): object => ({
  ...trustSummary(base, row),
  roles: rolesOfTrust(db, row.id).map((role) => roleView(base, role)),
  roles_links: { self: `${base}/OS-TRUST/trusts/${row.id}/roles`, next: null, previous: null },
});

/**
 * Lets the trustee act with roles that the caller has on a project. With a token by a trust that allows it, that trust
 * is handed on: never for longer, with more roles or more often than it says itself (S14).
 * @throws {CloudError} forbidden (another's name, restricted, no roles, redelegation), notFound (user, project, role),
 *   badRequest (time).
 */
export function createTrust(identity: IdentityContext, auth: AuthContext, body: Body): TrustRow {
  const { db, clock } = identity;
  refuseRestricted(identity, auth);
  if (body.trustor_user_id !== auth.userId)
    throw forbidden('The authenticated user should match the trustor.');
  return transaction(db, () => {
    const parent = parentOf(identity, auth, body);
    present(findUser(db, body.trustee_user_id), 'user', body.trustee_user_id);
    const projectId = body.project_id ?? null;
    if (projectId !== null) present(findProject(db, projectId), 'project', projectId);
    const roles = chooseRoles(identity, auth, body, parent);
    const now = clock();
    const maker =
      auth.applicationCredentialId === undefined
        ? undefined
        : findApplicationCredential(db, auth.applicationCredentialId);
    const row: TrustRow = {
      id: newId(),
      trustor_user_id: body.trustor_user_id,
      trustee_user_id: body.trustee_user_id,
      project_id: projectId,
      impersonation: body.impersonation ? 1 : 0,
      expires_at: expiryOf(body.expires_at, now, [parent?.expires_at, maker?.expires_at]),
      remaining_uses: body.remaining_uses ?? null,
      redelegated_trust_id: parent?.id ?? null,
      redelegation_count: redelegations(body, parent),
      application_credential_id: auth.applicationCredentialId ?? null,
      created_at: now,
    };
    insertTrust(
      db,
      row,
      roles.map((role) => role.id),
    );
    return row;
  });
}

/** The trust that this one hands on: that of the token. */
function parentOf({ db, clock }: IdentityContext, auth: AuthContext, body: Body): TrustRow | undefined {
  const named = body.redelegated_trust_id ?? undefined;
  if (auth.trustId === undefined) {
    if (named !== undefined) throw forbidden('Redelegation takes a token that is scoped to the trust.');
    return undefined;
  }
  // Its last use may have been the token at hand: then it is not handed on either.
  const parent = findTrust(db, auth.trustId, clock());
  if (parent === undefined || (named !== undefined && named !== parent.id))
    throw forbidden('Redelegation takes a token that is scoped to the trust.');
  if (parent.redelegation_count <= 0) throw forbidden('Redelegation allowed for delegated by trust only.');
  // Otherwise the trustee's own roles would stand behind it, which nobody has given.
  if (parent.impersonation !== 1)
    throw forbidden('Only a trust with impersonation can be handed on, since its trustor answers for it.');
  if ((body.project_id ?? null) !== parent.project_id)
    throw forbidden('A redelegated trust is for the same project.');
  return parent;
}

function redelegations(body: Body, parent: TrustRow | undefined): number {
  const most = parent === undefined ? MOST_REDELEGATIONS : parent.redelegation_count - 1;
  const asked = body.redelegation_count ?? undefined;
  if (asked !== undefined && asked > most)
    throw forbidden(
      `Requested redelegation depth of ${asked} is greater than allowed ${most}; ask for that or less.`,
    );
  if (body.allow_redelegation !== true) return 0;
  if (typeof body.remaining_uses === 'number')
    throw badRequest('remaining_uses must not be set if redelegation is allowed.');
  return asked ?? most;
}

function chooseRoles(
  identity: IdentityContext,
  auth: AuthContext,
  body: Body,
  parent: TrustRow | undefined,
): readonly RoleRef[] {
  const projectId = body.project_id ?? null;
  const asked = body.roles ?? [];
  if (projectId === null) {
    if (asked.length > 0) throw badRequest('Roles are for a project; name it in project_id.');
    return [];
  }
  if (asked.length === 0) throw forbidden('At least one role should be specified.');
  // Through an application credential only for its own project, with its own roles.
  if (auth.applicationCredentialId !== undefined && auth.projectId !== projectId)
    throw forbidden('An application credential makes trusts for its own project only.');
  const held =
    parent === undefined
      ? rolesIn(identity, auth.userId, { kind: 'project', id: projectId }, auth.applicationCredentialId)
      : rolesOfTrust(identity.db, parent.id);
  return asked.map((wanted) => {
    const role = held.find((one) =>
      wanted.id === undefined ? one.name === wanted.name : one.id === wanted.id,
    );
    if (role === undefined && parent !== undefined)
      throw forbidden('Some of requested roles are not in redelegated trust.');
    if (role === undefined) throw missing('role', wanted.id ?? wanted.name ?? '');
    return role;
  });
}

/** @throws {CloudError} badRequest for a past time; forbidden for one after those that bound it. */
function expiryOf(
  text: string | null | undefined,
  now: number,
  bounds: readonly (number | null | undefined)[],
): number | null {
  const latest = Math.min(...bounds.map((bound) => bound ?? Infinity));
  if (text === undefined || text === null) return latest === Infinity ? null : latest;
  const expiresAt = Date.parse(/(?:Z|[+-]\d{2}:?\d{2})$/i.test(text) ? text : `${text}Z`);
  if (Number.isNaN(expiresAt)) throw badRequest(`Unable to parse timestamp: ${text}.`);
  if (expiresAt <= now) throw badRequest('expires_at is in the past.');
  if (expiresAt > latest) throw forbidden('A trust cannot last longer than what it is made with.');
  return expiresAt;
}

/** Only its trustor (or an administrator) ends a trust, and not by way of a delegation. */
export function removeTrust(identity: IdentityContext, auth: AuthContext, id: string): void {
  refuseTrusts(identity, auth);
  deleteTrust(identity.db, id);
}
