import { randomBytes } from 'node:crypto';
import type { Static } from 'typebox';
import { transaction } from '../../db/index.ts';
import { badRequest, conflict, forbidden, notFound } from '../../errors/error.ts';
import type { AuthContext } from '../../http/index.ts';
import { Secret } from '../../secret.ts';
import type { ApplicationCredentialCreate } from '../schemas/application-credential.ts';
import {
  accessRuleInUse,
  deleteAccessRule,
  deleteApplicationCredential,
  findAccessRule,
  findApplicationCredential,
  findApplicationCredentialByName,
  findSameAccessRule,
  insertAccessRule,
  insertApplicationCredential,
  rolesOfCredentials,
  rulesOfCredentials,
  type AccessRuleRow,
  type ApplicationCredentialRow,
} from '../store/application-credential.ts';
import { withImplied, type RoleRef } from '../store/assignment.ts';
import { present } from './attributes.ts';
import { newId, type IdentityContext } from './context.ts';
import { refuseTrusts } from './delegation.ts';
import { rolesIn } from './tokens.ts';

type Body = Static<typeof ApplicationCredentialCreate>['application_credential'];

/** Application credentials as answers show them, without their secrets, in three statements for a whole page. */
export function credentialViews(
  { db }: IdentityContext,
  base: string,
  rows: readonly ApplicationCredentialRow[],
): object[] {
  const ids = rows.map((row) => row.id);
  const roles = rolesOfCredentials(db, ids);
  const rules = rulesOfCredentials(db, ids);
  return rows.map((row) => ({
    id: row.id,
    name: row.name,
    description: row.description,
    user_id: row.user_id,
    project_id: row.project_id,
    expires_at: row.expires_text,
    unrestricted: row.unrestricted === 1,
    roles: (roles.get(row.id) ?? []).map(({ id, name }) => ({ id, name, domain_id: null })),
    ...(row.ruled === 1 ? { access_rules: (rules.get(row.id) ?? []).map(bareRule) } : {}),
    system: null,
    links: { self: `${base}/users/${row.user_id}/application_credentials/${row.id}` },
  }));
}

const bareRule = ({ id, service, path, method }: AccessRuleRow): object => ({ id, service, path, method });

export const ruleView = (base: string, row: AccessRuleRow): object => ({
  ...bareRule(row),
  links: { self: `${base}/users/${row.user_id}/access_rules/${row.id}` },
});

/**
 * Makes a credential for the caller's own project with roles that the caller has there. The secret is returned here
 * and kept only as a hash.
 * @throws {CloudError} forbidden (restricted, foreign project or user), badRequest, notFound (rule), conflict (name).
 */
export async function createApplicationCredential(
  identity: IdentityContext,
  auth: AuthContext,
  body: Body,
): Promise<{ row: ApplicationCredentialRow; secret: Secret }> {
  const { db, clock } = identity;
  refuseTrusts(identity, auth);
  const projectId = auth.projectId;
  if (projectId === undefined)
    throw badRequest('Application credentials are for a project; use a token that is scoped to one.');
  if ((body.project_id ?? projectId) !== projectId || (body.user_id ?? auth.userId) !== auth.userId)
    throw forbidden(
      'An application credential is for the user and the project of the token it is made with.',
    );
  const expiry = expiryOf(body.expires_at, clock());
  const secret = new Secret(body.secret ?? randomBytes(64).toString('base64url'));
  const hash = await identity.passwords.hash(secret);
  return transaction(db, () => {
    if (findApplicationCredentialByName(db, auth.userId, body.name) !== undefined)
      throw conflict(
        `Conflict occurred attempting to store application_credential - Duplicate entry found with name ${body.name}.`,
      );
    // Asked for again: the hash took its time, and roles may have gone meanwhile.
    const held = rolesIn(
      identity,
      auth.userId,
      { kind: 'project', id: projectId },
      auth.applicationCredentialId,
    );
    const roles = chooseRoles(identity, held, body.roles);
    const ruled = body.access_rules !== undefined && body.access_rules !== null;
    const inherited = boundsOf(identity, auth);
    const row: ApplicationCredentialRow = {
      id: newId(),
      name: body.name,
      user_id: auth.userId,
      project_id: projectId,
      secret_hash: hash,
      description: body.description ?? null,
      ...earlier(inherited, expiry),
      unrestricted: body.unrestricted === true ? 1 : 0,
      ruled: ruled ? 1 : 0,
    };
    const ruleIds = (body.access_rules ?? []).map((rule) => ensureRule(identity, auth.userId, rule));
    insertApplicationCredential(
      db,
      row,
      roles.map((role) => role.id),
      ruleIds,
    );
    return { row, secret };
  });
}

/**
 * What a credential that is made with another one takes over from that: it never outlives it, and one that is bound
 * by access rules makes none at all, since its rules could not be compared with the new ones (S14).
 * @returns the expiry of the maker.
 */
function boundsOf({ db }: IdentityContext, auth: AuthContext): Expiry {
  if (auth.applicationCredentialId === undefined) return NEVER;
  const maker = findApplicationCredential(db, auth.applicationCredentialId);
  if (maker?.ruled !== 0) throw forbidden('An application credential with access rules cannot make others.');
  return maker;
}

type Expiry = Pick<ApplicationCredentialRow, 'expires_at' | 'expires_text'>;
const NEVER: Expiry = { expires_at: null, expires_text: null };

const earlier = (one: Expiry, other: Expiry): Expiry =>
  (one.expires_at ?? Infinity) < (other.expires_at ?? Infinity)
    ? { expires_at: one.expires_at, expires_text: one.expires_text }
    : other;

/** @throws {CloudError} badRequest for what is no time, or is past. */
function expiryOf(text: string | null | undefined, now: number): Expiry {
  if (text === undefined || text === null) return NEVER;
  // Without a zone it is UTC, as upstream takes it.
  const zoned = /(?:Z|[+-]\d{2}:?\d{2})$/i.test(text) ? text : `${text}Z`;
  const expiresAt = Date.parse(zoned);
  if (Number.isNaN(expiresAt)) throw badRequest('expires_at is not a time in ISO 8601.');
  if (expiresAt <= now) throw badRequest('expires_at is in the past.');
  // A Date has no microseconds: clients compare all that they gave.
  const micro = (/\.(\d+)/.exec(text)?.[1] ?? '').padEnd(6, '0').slice(0, 6);
  return {
    expires_at: expiresAt,
    expires_text: `${new Date(expiresAt).toISOString().slice(0, 19)}.${micro}`,
  };
}

/** The roles asked for, all of them held; all held ones when none are named. */
function chooseRoles(
  { db }: IdentityContext,
  held: readonly RoleRef[],
  asked: Body['roles'],
): readonly RoleRef[] {
  if (asked === undefined || asked.length === 0) return held;
  const all = withImplied(
    db,
    held.map((role) => role.id),
  );
  return asked.map((wanted) => {
    const role = all.find((one) =>
      wanted.id === undefined ? one.name === wanted.name : one.id === wanted.id,
    );
    if (role === undefined)
      throw badRequest('Invalid application credential: a role is not assigned to the user on the project.');
    return role;
  });
}

function ensureRule(
  { db }: IdentityContext,
  userId: string,
  rule: NonNullable<Body['access_rules']>[number],
): string {
  if (rule.id !== undefined) return present(findAccessRule(db, userId, rule.id), 'access_rule', rule.id).id;
  const { service, path, method } = rule;
  if (service === undefined || path === undefined || method === undefined)
    throw badRequest('An access rule has an id, or service, path and method.');
  const wanted = { user_id: userId, service, path, method };
  const there = findSameAccessRule(db, wanted);
  if (there !== undefined) return there.id;
  const row = { id: newId(), ...wanted };
  insertAccessRule(db, row);
  return row.id;
}

/** The credential, if it is this user's. */
export const ownCredential = (
  { db }: IdentityContext,
  userId: string,
  id: string,
): ApplicationCredentialRow => {
  const row = findApplicationCredential(db, id);
  if (row?.user_id !== userId) throw notFound(`Could not find Application Credential: ${id}.`);
  return row;
};

/** Its tokens die with it. */
export function removeApplicationCredential(
  identity: IdentityContext,
  auth: AuthContext,
  userId: string,
  id: string,
): void {
  refuseTrusts(identity, auth);
  transaction(identity.db, () => {
    deleteApplicationCredential(identity.db, ownCredential(identity, userId, id).id);
  });
}

/** @throws {CloudError} forbidden while a credential uses it. */
export function removeAccessRule(
  identity: IdentityContext,
  auth: AuthContext,
  userId: string,
  id: string,
): void {
  const { db } = identity;
  refuseTrusts(identity, auth);
  transaction(db, () => {
    const rule = present(findAccessRule(db, userId, id), 'access_rule', id);
    if (accessRuleInUse(db, rule.id))
      throw forbidden(`Access rule ${id} is in use by an application credential; delete that first.`);
    deleteAccessRule(db, rule.id);
  });
}
