import { statement, type Db } from '../../db/index.ts';

export interface KeyPairRow {
  readonly id: number;
  readonly user_id: string;
  readonly name: string;
  readonly type: 'ssh' | 'x509';
  readonly public_key: string;
  readonly fingerprint: string;
  readonly created_at: number;
}

export function insertKeyPair(db: Db, pair: Omit<KeyPairRow, 'id'>): KeyPairRow {
  const { lastInsertRowid } = statement<[Omit<KeyPairRow, 'id'> & Record<string, string | number>]>(
    db,
    `INSERT INTO keypair (user_id, name, type, public_key, fingerprint, created_at)
     VALUES (@user_id, @name, @type, @public_key, @fingerprint, @created_at)`,
  ).run({ ...pair });
  return { id: lastInsertRowid, ...pair };
}

export function findKeyPair(db: Db, userId: string, name: string): KeyPairRow | undefined {
  return statement<[string, string], KeyPairRow>(
    db,
    'SELECT * FROM keypair WHERE user_id = ? AND name = ?',
  ).get(userId, name);
}

/** By name; `marker` is the name after which the page begins. */
export function listKeyPairs(
  db: Db,
  userId: string,
  page: { readonly marker?: string; readonly limit: number },
): readonly KeyPairRow[] {
  return statement<[string, string, number], KeyPairRow>(
    db,
    'SELECT * FROM keypair WHERE user_id = ? AND name > ? ORDER BY name LIMIT ?',
  ).all(userId, page.marker ?? '', page.limit);
}

/** False when there was none. */
export function deleteKeyPair(db: Db, userId: string, name: string): boolean {
  return (
    statement<[string, string]>(db, 'DELETE FROM keypair WHERE user_id = ? AND name = ?').run(userId, name)
      .changes === 1
  );
}

export function countKeyPairs(db: Db, userId: string): number {
  const row = statement<[string], { n: number }>(
    db,
    'SELECT count(*) AS n FROM keypair WHERE user_id = ?',
  ).get(userId);
  return row?.n ?? 0;
}
