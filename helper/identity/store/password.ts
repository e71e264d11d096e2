import { statement, type Db } from '../../db/index.ts';

/** Most that are kept for each user, however many are asked for. */
const MOST = 24;

/** Hashes of a user's last passwords, the present one included, newest first. */
export const earlierPasswords = (db: Db, userId: string, count: number): string[] =>
  statement<[string, number], { hash: string }>(
    db,
    'SELECT hash FROM identity_password WHERE user_id = ? ORDER BY id DESC LIMIT ?',
  )
    .all(userId, count)
    .map((row) => row.hash);

export function rememberPassword(db: Db, userId: string, hash: string): void {
  statement<[string, string]>(db, 'INSERT INTO identity_password (user_id, hash) VALUES (?, ?)').run(
    userId,
    hash,
  );
  statement<[string, string, number]>(
    db,
    `DELETE FROM identity_password WHERE user_id = ? AND id NOT IN (
       SELECT id FROM identity_password WHERE user_id = ? ORDER BY id DESC LIMIT ?)`,
  ).run(userId, userId, MOST);
}

/** One more failed login in a row. */
export function countFailure(db: Db, userId: string, now: number): void {
  statement<[number, string]>(
    db,
    'UPDATE identity_user SET failed_logins = failed_logins + 1, failed_at = ? WHERE id = ?',
  ).run(now, userId);
}

export function forgetFailures(db: Db, userId: string): void {
  statement<[string]>(
    db,
    'UPDATE identity_user SET failed_logins = 0, failed_at = NULL WHERE id = ? AND failed_logins > 0',
  ).run(userId);
}
