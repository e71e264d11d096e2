import { badRequest, unauthorized } from '../../errors/error.ts';
import type { Secret } from '../../secret.ts';
import { earlierPasswords } from '../store/password.ts';
import type { UserRow } from '../store/user.ts';
import { parseObject } from './attributes.ts';
import type { IdentityContext } from './context.ts';

/** Keystone's [security_compliance]; what is left out is not asked for. */
export interface PasswordRules {
  /** A user's new password differs from this many before it, the present one included. */
  readonly historyCount?: number;
  /** Failed logins in a row after which a user is locked out. */
  readonly lockoutFailures?: number;
  /** For how long; without it until an administrator sets a new password. */
  readonly lockoutSeconds?: number;
  /** For how long a user keeps a password that it chose itself. */
  readonly minimumAgeDays?: number;
  /** After how long a password ends. */
  readonly expiresDays?: number;
  /** What a password must match. */
  readonly regex?: string;
  /** Told to who chose another. */
  readonly regexDescription?: string;
  /** A password that an administrator gave is good for nothing but choosing another. */
  readonly changeUponFirstUse?: boolean;
}

const DAY = 86_400_000;

const ignores = (row: Pick<UserRow, 'options'>, option: string): boolean =>
  parseObject(row.options)[`ignore_${option}`] === true;

/** @throws {Error} when the configured pattern is none, so that a cloud does not start with it. */
export function checkPattern({ regex }: PasswordRules): void {
  try {
    if (regex !== undefined) matches(regex, '');
  } catch (error) {
    throw new Error(`identity.passwords.regex is no regular expression: ${(error as Error).message}`, {
      cause: error,
    });
  }
}

const matches = (regex: string, text: string): boolean => new RegExp(regex, 'u').test(text);

/** @throws {CloudError} badRequest when it does not match the cloud's pattern. */
export function checkStrength({ config }: IdentityContext, password: Secret): void {
  const { regex, regexDescription } = config.passwords ?? {};
  if (regex === undefined || matches(regex, password.reveal())) return;
  throw badRequest(
    `The password does not match the requirements: ${regexDescription ?? 'ask an administrator what it has to be like'}.`,
  );
}

/** When a password ends that is set now; null for never. */
export function passwordExpiry(
  { config, clock }: IdentityContext,
  user: Pick<UserRow, 'options'>,
  chosen: boolean,
): number | null {
  const { expiresDays, changeUponFirstUse } = config.passwords ?? {};
  if (changeUponFirstUse === true && !chosen && !ignores(user, 'change_password_upon_first_use'))
    return clock();
  if (expiresDays === undefined || ignores(user, 'password_expiry')) return null;
  return clock() + expiresDays * DAY;
}

/** When a user's password ends, as it counts now: an option set since then holds too. */
export const expiryOf = (row: UserRow): number | null =>
  ignores(row, 'password_expiry') ? null : row.password_expires_at;

/**
 * Said only to who knows the password.
 * @throws {CloudError} unauthorized
 */
export function refuseExpired({ clock }: IdentityContext, row: UserRow): void {
  const expiry = expiryOf(row);
  if (expiry !== null && expiry <= clock())
    throw unauthorized(
      `The password is expired and needs to be changed for user: ${row.id}. Set another with POST /v3/users/${row.id}/password.`,
    );
}

/** Whether too many logins of a user have failed for it to be let in now. */
export function isLockedOut({ config, clock }: IdentityContext, row: UserRow | undefined): boolean {
  const { lockoutFailures, lockoutSeconds } = config.passwords ?? {};
  if (row === undefined || lockoutFailures === undefined || row.failed_logins < lockoutFailures) return false;
  if (ignores(row, 'lockout_failure_attempts')) return false;
  return lockoutSeconds === undefined || clock() < (row.failed_at ?? 0) + lockoutSeconds * 1000;
}

/** Whether failures of this user are counted. */
export const countsFailures = ({ config }: IdentityContext): boolean =>
  config.passwords?.lockoutFailures !== undefined;

/** @throws {CloudError} badRequest for a password that its user chose too short a while ago. */
export function checkAge({ config, clock }: IdentityContext, row: UserRow): void {
  const days = config.passwords?.minimumAgeDays;
  if (days === undefined || row.password_chosen !== 1 || row.password_changed_at === null) return;
  const left = row.password_changed_at + days * DAY - clock();
  if (left > 0)
    throw badRequest(
      `Cannot change password before minimum age of ${days} day(s) is met; ${Math.ceil(left / DAY)} day(s) are left.`,
    );
}

/** @throws {CloudError} badRequest for one of the user's last passwords. */
export async function checkHistory(identity: IdentityContext, row: UserRow, password: Secret): Promise<void> {
  const count = identity.config.passwords?.historyCount ?? 0;
  if (count === 0) return;
  const recent = earlierPasswords(identity.db, row.id, count);
  // A password from before there was a history.
  const hashes = recent.length === 0 && row.password_hash !== null ? [row.password_hash] : recent;
  for (const hash of hashes) {
    if (await identity.passwords.verify(password, hash))
      throw badRequest(
        `The new password cannot be identical to a previous password. The total number which includes the new password must be unique is ${count}.`,
      );
  }
}
