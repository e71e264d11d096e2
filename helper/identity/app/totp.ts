import { createHmac, hash, timingSafeEqual } from 'node:crypto';
import { transaction } from '../../db/index.ts';
import type { Secret } from '../../secret.ts';
import { listCredentials, takeTotpStep } from '../store/credential.ts';
import { countFailure, forgetFailures } from '../store/password.ts';
import { findUser, type UserRow } from '../store/user.ts';
import type { IdentityContext } from './context.ts';
import { countsFailures, isLockedOut } from './password-rules.ts';
import { refused } from './tokens.ts';

const STEP_SECONDS = 30;
/** Upstream's included_previous_windows: for who reads slowly. */
const EARLIER = 1;
const MOST_CREDENTIALS = 100;

/** Base 32 (RFC 4648), also without padding; undefined for what is none. */
export function fromBase32(text: string): Buffer | undefined {
  const letters = text.replaceAll(/[\s=]/g, '').toUpperCase();
  if (!/^[A-Z2-7]+$/.test(letters)) return undefined;
  const bytes: number[] = [];
  let bits = 0;
  let value = 0;
  for (const letter of letters) {
    value = (value << 5) | 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'.indexOf(letter);
    bits += 5;
    if (bits < 8) continue;
    bits -= 8;
    bytes.push((value >> bits) & 0xff);
    value &= (1 << bits) - 1;
  }
  return Buffer.from(bytes);
}

/** The six digits of a step (RFC 6238 over RFC 4226). */
export function passcodeAt(key: Buffer, step: number): string {
  const counter = Buffer.alloc(8);
  counter.writeBigUInt64BE(BigInt(step));
  const mac = createHmac('sha1', key).update(counter).digest();
  const offset = (mac[19] ?? 0) & 0x0f;
  return String((mac.readUInt32BE(offset) & 0x7fffffff) % 1_000_000).padStart(6, '0');
}

const same = (one: string, other: string): boolean =>
  timingSafeEqual(hash('sha256', one, 'buffer'), hash('sha256', other, 'buffer'));

/**
 * The user, if the passcode is one of now or just before of one of its credentials of type totp, and was not used.
 * Wrong ones count as failed logins: six digits would otherwise be guessed.
 * @throws {CloudError} unauthorized
 */
export function authenticateTotp(
  identity: IdentityContext,
  user: UserRow | undefined,
  passcode: Secret,
): UserRow {
  const { db, clock } = identity;
  const admitted = transaction(db, () => {
    const row = user && findUser(db, user.id);
    if (row === undefined || isLockedOut(identity, row)) return false;
    const now = Math.floor(clock() / 1000 / STEP_SECONDS);
    const steps = Array.from({ length: EARLIER + 1 }, (_, back) => now - back);
    const good = listCredentials(db, { userId: row.id, type: 'totp' }, { limit: MOST_CREDENTIALS }).some(
      ({ id, blob }) => {
        const key = fromBase32(blob);
        const step = key && steps.find((one) => same(passcodeAt(key, one), passcode.reveal()));
        return step !== undefined && takeTotpStep(db, id, step);
      },
    );
    if (good) forgetFailures(db, row.id);
    else if (countsFailures(identity)) countFailure(db, row.id, clock());
    return good;
  });
  if (!admitted || user === undefined) throw refused();
  return user;
}
