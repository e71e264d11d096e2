import { statement, type Db } from '../../db/index.ts';

/** What somebody has shown so far who needs more methods. */
export interface ReceiptRow {
  /** SHA-256 of the receipt. */
  hash: Uint8Array;
  user_id: string;
  /** Names with commas between them. */
  methods: string;
  /** A password that was set since ends the receipt. */
  password_changed_at: number | null;
  issued_at: number;
  expires_at: number;
}

export const findReceipt = (db: Db, hash: Uint8Array, now: number): ReceiptRow | undefined =>
  statement<[Uint8Array, number], ReceiptRow>(
    db,
    `SELECT r.* FROM identity_receipt r JOIN identity_user u ON u.id = r.user_id
     WHERE r.hash = ? AND r.expires_at > ? AND u.enabled = 1
       AND u.password_changed_at IS r.password_changed_at`,
  ).get(hash, now);

/** Removes some that are past with each new one, so that the table stays small without a timer. */
export function insertReceipt(db: Db, row: ReceiptRow): void {
  statement<[number]>(
    db,
    `DELETE FROM identity_receipt WHERE hash IN (
       SELECT hash FROM identity_receipt WHERE expires_at <= ? ORDER BY expires_at LIMIT 20)`,
  ).run(row.issued_at);
  statement<[Record<string, string | number | null | Uint8Array>]>(
    db,
    `INSERT INTO identity_receipt (hash, user_id, methods, password_changed_at, issued_at, expires_at)
     VALUES (@hash, @user_id, @methods, @password_changed_at, @issued_at, @expires_at)`,
  ).run({ ...row });
}

export function deleteReceipt(db: Db, hash: Uint8Array): void {
  statement<[Uint8Array]>(db, 'DELETE FROM identity_receipt WHERE hash = ?').run(hash);
}
