import { statement, transaction, type Db } from '../../db/index.ts';

/** Notes that a content is stored. */
export function insertData(db: Db, data: { sha256: string; size: number }): void {
  statement<[string, number]>(
    db,
    'INSERT INTO image_data (sha256, size) VALUES (?, ?) ON CONFLICT DO NOTHING',
  ).run(data.sha256, data.size);
}

export function hasData(db: Db, sha256: string): boolean {
  return (
    statement<[string], { found: number }>(db, 'SELECT 1 AS found FROM image_data WHERE sha256 = ?').get(
      sha256,
    ) !== undefined
  );
}

/** Notes (or changes) the content under a user's disks. */
export function lease(db: Db, userId: string, sha256: string): void {
  const text =
    'INSERT INTO image_lease (user_id, sha256) VALUES (?, ?) ON CONFLICT (user_id) DO UPDATE SET sha256 = excluded.sha256';
  statement<[string, string]>(db, text).run(userId, sha256);
}

export function release(db: Db, userId: string): void {
  statement<[string]>(db, 'DELETE FROM image_lease WHERE user_id = ?').run(userId);
}

/**
 * Takes the contents that neither an image nor a lease needs out of the books and returns them; their files may be
 * removed once this is committed, unless the content has come back meanwhile.
 */
export function takeUnneeded(db: Db): readonly string[] {
  return transaction(db, () => {
    const text = `DELETE FROM image_data WHERE
        NOT EXISTS (SELECT 1 FROM image WHERE image.sha256 = image_data.sha256) AND
        NOT EXISTS (SELECT 1 FROM image_lease WHERE image_lease.sha256 = image_data.sha256)
      RETURNING sha256`;
    return statement<[], { sha256: string }>(db, text)
      .all()
      .map((row) => row.sha256);
  });
}
