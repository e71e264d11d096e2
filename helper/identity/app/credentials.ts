import { hash, randomBytes } from 'node:crypto';
import type { Static } from 'typebox';
import { transaction } from '../../db/index.ts';
import { badRequest, conflict, forbidden } from '../../errors/error.ts';
import type { AuthContext } from '../../http/index.ts';
import type { CredentialCreate, CredentialUpdate } from '../schemas/credential.ts';
import {
  deleteCredential,
  findCredential,
  insertCredential,
  updateCredential,
  type CredentialRow,
} from '../store/credential.ts';
import { findProject } from '../store/project.ts';
import { findUser } from '../store/user.ts';
import { missing, present } from './attributes.ts';
import { newId, type IdentityContext } from './context.ts';
import { boundsOf, isDelegated, refuseRestricted } from './delegation.ts';
import { fromBase32 } from './totp.ts';

export const EC2 = 'ec2';

/** What the blob of an EC2 credential holds. */
export interface Ec2Keys {
  readonly access: string;
  readonly secret: string;
}

export const credentialView = (base: string, row: CredentialRow): object => ({
  id: row.id,
  user_id: row.user_id,
  project_id: row.project_id,
  type: row.type,
  blob: row.blob,
  links: { self: `${base}/credentials/${row.id}` },
});

/** An EC2 credential as its own API shows it. */
export const ec2View = (base: string, row: CredentialRow): object => {
  const { access, secret } = keysOf(row.blob) ?? { access: '', secret: '' };
  return {
    access,
    secret,
    user_id: row.user_id,
    tenant_id: row.project_id ?? '',
    trust_id: row.trust_id,
    links: { self: `${base}/users/${row.user_id}/credentials/OS-EC2/${access}` },
  };
};

/** Id of the credential with this access key. */
export const ec2Id = (access: string): string => hash('sha256', access);

export function keysOf(blob: string): Ec2Keys | undefined {
  let parsed: unknown;
  try {
    parsed = JSON.parse(blob);
  } catch {
    return undefined;
  }
  if (typeof parsed !== 'object' || parsed === null) return undefined;
  const { access, secret } = parsed as Record<string, unknown>;
  return typeof access === 'string' && access !== '' && typeof secret === 'string' && secret !== ''
    ? { access, secret }
    : undefined;
}

/** Names in a blob by which upstream keeps what a credential was made with; here that is said by the token alone. */
const BOUND = ['trust_id', 'app_cred_id', 'access_token_id'];

/** @throws {CloudError} badRequest for keys that are not whole, or that claim another origin (CVE-2020-12691). */
function checkBlob(type: string, blob: string, projectId: string | null): Ec2Keys | undefined {
  if (type === 'totp' && fromBase32(blob) === undefined)
    throw badRequest('Invalid blob in credential: a secret for one-time passwords is in base 32.');
  if (type !== EC2) return undefined;
  const keys = keysOf(blob);
  if (keys === undefined)
    throw badRequest('Invalid blob in credential: it has to be JSON with the names access and secret.');
  if (BOUND.some((name) => name in (JSON.parse(blob) as object)))
    throw badRequest(`Invalid blob in credential: ${BOUND.join(', ')} follow from the token.`);
  if (projectId === null)
    throw badRequest('A credential of type ec2 is for a project; name it in project_id.');
  return keys;
}

/**
 * Whether a caller may know of a credential, provided that policy allows it: a delegated token is given those of its
 * own delegation and no wider ones (S14).
 */
export function withinBounds(auth: AuthContext, row: CredentialRow): boolean {
  if (!isDelegated(auth)) return true;
  const bounds = boundsOf(auth);
  return (
    auth.credentialId === undefined &&
    row.user_id === auth.userId &&
    row.application_credential_id === bounds.application_credential_id &&
    row.trust_id === bounds.trust_id
  );
}

/** What a delegated token makes is its user's and for its project. */
function checkOwner(auth: AuthContext, row: CredentialRow): void {
  if (!isDelegated(auth)) return;
  if (row.user_id !== auth.userId || (row.project_id ?? auth.projectId) !== auth.projectId)
    throw forbidden('A delegated token makes credentials for its own user and project only.');
}

/** @throws {CloudError} forbidden (restricted, foreign), notFound (user, project), conflict (access key), badRequest. */
export function createCredential(
  identity: IdentityContext,
  auth: AuthContext,
  body: Static<typeof CredentialCreate>['credential'],
): CredentialRow {
  const { db } = identity;
  refuseRestricted(identity, auth);
  const projectId = body.project_id ?? null;
  const keys = checkBlob(body.type, body.blob, projectId);
  return transaction(db, () => {
    const row: CredentialRow = {
      id: keys === undefined ? newId() : ec2Id(keys.access),
      user_id: body.user_id ?? auth.userId,
      project_id: projectId,
      type: body.type,
      blob: body.blob,
      ...boundsOf(auth),
    };
    checkOwner(auth, row);
    checkPlaces(identity, row);
    if (findCredential(db, row.id) !== undefined)
      throw conflict('Conflict occurred attempting to store credential - Duplicate entry.');
    insertCredential(db, row);
    return row;
  });
}

/** A new access and secret key for a user on a project. */
export function createEc2(
  identity: IdentityContext,
  auth: AuthContext,
  userId: string,
  projectId: string,
): CredentialRow {
  const keys: Ec2Keys = { access: newId(), secret: randomBytes(16).toString('hex') };
  return createCredential(identity, auth, {
    type: EC2,
    blob: JSON.stringify(keys),
    user_id: userId,
    project_id: projectId,
  });
}

/**
 * Tokens that were got with it end. Whose it is, and of one that was delegated also where it is for, stays.
 * @throws {CloudError} forbidden, badRequest, notFound (project).
 */
export function changeCredential(
  identity: IdentityContext,
  auth: AuthContext,
  id: string,
  body: Static<typeof CredentialUpdate>['credential'],
): CredentialRow {
  const { db } = identity;
  refuseRestricted(identity, auth);
  return transaction(db, () => {
    const row = present(findCredential(db, id), 'credential', id);
    if (body.user_id !== undefined && body.user_id !== row.user_id)
      throw badRequest('Cannot change user ID.');
    const delegated = row.application_credential_id !== null || row.trust_id !== null;
    const projectId = body.project_id === undefined ? row.project_id : body.project_id;
    const type = body.type ?? row.type;
    if (delegated && (projectId !== row.project_id || type !== row.type))
      throw forbidden('The project and the type of a credential that was made by delegation stay.');
    const changed: CredentialRow = { ...row, type, project_id: projectId, blob: body.blob ?? row.blob };
    checkBlob(changed.type, changed.blob, changed.project_id);
    checkPlaces(identity, changed);
    updateCredential(db, changed);
    return changed;
  });
}

function checkPlaces({ db }: IdentityContext, row: CredentialRow): void {
  present(findUser(db, row.user_id), 'user', row.user_id);
  if (row.project_id !== null) present(findProject(db, row.project_id), 'project', row.project_id);
}

/** Tokens that were got with it end. */
export function removeCredential(identity: IdentityContext, auth: AuthContext, id: string): void {
  refuseRestricted(identity, auth);
  deleteCredential(identity.db, id);
}

/** An EC2 credential of this user that the caller may know of. */
export function ownEc2(
  { db }: IdentityContext,
  auth: AuthContext,
  userId: string,
  access: string,
): CredentialRow {
  const row = findCredential(db, ec2Id(access));
  if (row?.type !== EC2 || row.user_id !== userId || !withinBounds(auth, row))
    throw missing('credential', access);
  return row;
}
