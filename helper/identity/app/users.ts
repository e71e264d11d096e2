import type { Static } from 'typebox';
import { transaction } from '../../db/index.ts';
import { badRequest, conflict, forbidden } from '../../errors/error.ts';
import { Secret } from '../../secret.ts';
import type { UserCreate, UserUpdate } from '../schemas/user.ts';
import { rememberPassword } from '../store/password.ts';
import { deleteTokensOfUser } from '../store/token.ts';
import { deleteUser, findUser, findUserByName, insertUser, updateUser, type UserRow } from '../store/user.ts';
import { extrasOf, mergeExtras, parseObject, present, unchanged } from './attributes.ts';
import { authenticatePassword } from './authenticate-password.ts';
import { newId, timeText, type IdentityContext } from './context.ts';
import { checkAge, checkHistory, checkStrength, expiryOf, passwordExpiry } from './password-rules.ts';
import { findDomain } from './projects.ts';
import { refused } from './tokens.ts';

const KNOWN = [
  'name',
  'password',
  'original_password',
  'domain_id',
  'default_project_id',
  'enabled',
  'options',
];

const timeOrNull = (ms: number | null): string | null => (ms === null ? null : timeText(ms));

/** A user as answers show it: never anything of the password. */
export const userView = (base: string, row: UserRow): object => ({
  ...parseObject(row.extra),
  id: row.id,
  name: row.name,
  domain_id: row.domain_id,
  enabled: row.enabled === 1,
  ...(row.default_project_id === null ? {} : { default_project_id: row.default_project_id }),
  password_expires_at: timeOrNull(expiryOf(row)),
  options: parseObject(row.options),
  links: { self: `${base}/users/${row.id}` },
});

const duplicate = (name: string) =>
  conflict(`Conflict occurred attempting to store user - Duplicate entry found with name ${name}.`);

/** @throws {CloudError} notFound (domain), conflict (name). */
export async function createUser(
  identity: IdentityContext,
  body: Static<typeof UserCreate>['user'],
  fallbackDomain: string,
): Promise<UserRow> {
  const { db, clock } = identity;
  const domainId = body.domain_id ?? fallbackDomain;
  const check = (): void => {
    present(findDomain(db, domainId), 'domain', domainId);
    if (findUserByName(db, domainId, body.name) !== undefined) throw duplicate(body.name);
  };
  check();
  const hash = (await givenHash(identity, body.password)) ?? null;
  return transaction(db, () => {
    check();
    const options = { options: mergeExtras('{}', body.options ?? {}) };
    const id = newId();
    insertUser(db, {
      id,
      name: body.name,
      domain_id: domainId,
      default_project_id: body.default_project_id ?? null,
      enabled: body.enabled === false ? 0 : 1,
      password_hash: hash,
      password_changed_at: hash === null ? null : clock(),
      password_expires_at: hash === null ? null : passwordExpiry(identity, options, false),
      ...options,
      extra: mergeExtras('{}', extrasOf(body, KNOWN)),
      created_at: clock(),
    });
    if (hash !== null) rememberPassword(db, id, hash);
    return findUser(db, id) as UserRow;
  });
}

/** An administrator's change. A new password or disabling revokes all of the user's tokens (S17). */
export async function changeUser(
  identity: IdentityContext,
  id: string,
  body: Static<typeof UserUpdate>['user'],
): Promise<UserRow> {
  const { db } = identity;
  present(findUser(db, id), 'user', id);
  const hash = await givenHash(identity, body.password);
  return transaction(db, () => {
    const row = present(findUser(db, id), 'user', id);
    unchanged('user ID', (body as { id?: unknown }).id, id);
    unchanged('domain ID', body.domain_id, row.domain_id);
    if (body.name !== undefined && body.name !== row.name) {
      if (findUserByName(db, row.domain_id, body.name) !== undefined) throw duplicate(body.name);
    }
    const newPassword = body.password === null ? null : hash;
    const options = { options: mergeExtras(row.options, body.options ?? {}) };
    const changed: UserRow = {
      ...row,
      ...(newPassword === undefined ? {} : passwordState(identity, newPassword, options, false)),
      // Enabling a user opens a lock, as upstream has it.
      ...(body.enabled === true ? { failed_logins: 0, failed_at: null } : {}),
      name: body.name ?? row.name,
      default_project_id:
        body.default_project_id === undefined ? row.default_project_id : body.default_project_id,
      enabled: typeof body.enabled === 'boolean' ? Number(body.enabled) : row.enabled,
      ...options,
      extra: mergeExtras(row.extra, extrasOf(body, KNOWN)),
    };
    updateUser(db, changed);
    if (typeof newPassword === 'string') rememberPassword(db, id, newPassword);
    if (changed.enabled === 0 || newPassword !== undefined) deleteTokensOfUser(db, id);
    return changed;
  });
}

async function givenHash(
  identity: IdentityContext,
  password: string | null | undefined,
): Promise<string | undefined> {
  if (typeof password !== 'string') return undefined;
  const secret = new Secret(password);
  checkStrength(identity, secret);
  return identity.passwords.hash(secret);
}

/** What a user row has of a password that is set now. */
const passwordState = (
  identity: IdentityContext,
  hash: string | null,
  options: Pick<UserRow, 'options'>,
  chosen: boolean,
) => ({
  password_hash: hash,
  password_changed_at: identity.clock(),
  password_expires_at: hash === null ? null : passwordExpiry(identity, options, chosen),
  password_chosen: chosen ? 1 : 0,
  failed_logins: 0,
  failed_at: null,
});

/**
 * A user's own change, which proves itself by the old password and so needs no token. All tokens of the user go.
 * @throws {CloudError} unauthorized, the same for an unknown user and a wrong password (S18); badRequest for a password
 *   against the rules, or too soon.
 */
export async function changeOwnPassword(
  identity: IdentityContext,
  id: string,
  change: { original: Secret; password: Secret },
): Promise<void> {
  const { db } = identity;
  const before = await authenticatePassword(identity, findUser(db, id), change.original);
  if (before.enabled !== 1) throw refused();
  if (parseObject(before.options)['lock_password'] === true)
    throw badRequest('The password of this user is locked; ask an administrator to change it.');
  if (findDomain(db, before.domain_id)?.enabled !== 1) throw refused();
  checkStrength(identity, change.password);
  checkAge(identity, before);
  await checkHistory(identity, before, change.password);
  const hash = await identity.passwords.hash(change.password);
  transaction(db, () => {
    const row = findUser(db, id);
    if (row?.password_hash !== before.password_hash || row.enabled !== 1) throw refused();
    updateUser(db, { ...row, ...passwordState(identity, hash, row, true) });
    rememberPassword(db, id, hash);
    deleteTokensOfUser(db, id);
  });
}

export function removeUser({ db }: IdentityContext, id: string): void {
  transaction(db, () => {
    const row = present(findUser(db, id), 'user', id);
    if (parseObject(row.options)['immutable'] === true)
      throw forbidden(`User ${id} is immutable; update its option first.`);
    deleteUser(db, id);
  });
}
