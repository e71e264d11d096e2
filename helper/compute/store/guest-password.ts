import { statement, type Db } from '../../db/index.ts';

/** What the guest left for its owner, as it came: in base64, encrypted with the owner's public key. */
export const guestPassword = (db: Db, serverId: string): string | null =>
  statement<[string], { guest_password: string | null }>(
    db,
    'SELECT guest_password FROM server WHERE id = ? AND deleted_at IS NULL',
  ).get(serverId)?.guest_password ?? null;

/** Only the first one counts: false when there is one already, or no such server. */
export const setGuestPassword = (db: Db, serverId: string, password: string): boolean =>
  statement<[string, string]>(
    db,
    'UPDATE server SET guest_password = ? WHERE id = ? AND deleted_at IS NULL AND guest_password IS NULL',
  ).run(password, serverId).changes === 1;

export function clearGuestPassword(db: Db, serverId: string): void {
  statement<[string]>(db, 'UPDATE server SET guest_password = NULL WHERE id = ?').run(serverId);
}
