import { transaction } from '../../db/index.ts';
import type { Secret } from '../../secret.ts';
import { countFailure, forgetFailures } from '../store/password.ts';
import { findUser, type UserRow } from '../store/user.ts';
import type { IdentityContext } from './context.ts';
import { countsFailures, isLockedOut } from './password-rules.ts';
import { refused } from './tokens.ts';

/**
 * The user, if this is its password and it is not locked out. Each failure counts, of every call that takes a
 * password; a lock holds also for those who were already waiting for their hash.
 * @throws {CloudError} unauthorized, after one hash and in the same words whatever is wrong (S18).
 */
export async function authenticatePassword(
  identity: IdentityContext,
  user: UserRow | undefined,
  password: Secret,
): Promise<UserRow> {
  const { db, clock } = identity;
  const lockedBefore = isLockedOut(identity, user);
  const verified = await identity.passwords.verify(password, user?.password_hash);
  if (user === undefined) throw refused();
  if (!countsFailures(identity)) {
    if (!verified) throw refused();
    return user;
  }
  const admitted = transaction(
    db,
    () => {
      const now = findUser(db, user.id);
      if (now === undefined || lockedBefore || isLockedOut(identity, now)) return false;
      if (!verified) {
        // After a lock has run out the count begins anew.
        if (now.failed_logins >= (identity.config.passwords?.lockoutFailures ?? Infinity))
          forgetFailures(db, user.id);
        countFailure(db, user.id, clock());
        return false;
      }
      forgetFailures(db, user.id);
      return true;
    },
    { durable: false },
  );
  if (!admitted) throw refused();
  return user;
}
