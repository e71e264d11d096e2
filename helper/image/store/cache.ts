import { statement, type Db } from '../../db/index.ts';

/** What is known of an image whose base is ready. */
export interface CachedRow {
  readonly image_id: string;
  /** Bytes of the base. */
  readonly size: number;
  /** How often it was used since it is ready. */
  readonly hits: number;
  readonly last_accessed: number;
  readonly last_modified: number;
}

/** Asks for an image's base. False when it is asked for or ready already. */
export function insertQueued(db: Db, imageId: string, now: number): boolean {
  const text = `INSERT INTO image_cache (image_id, status, size, hits, last_accessed, last_modified)
    VALUES (?, 'queued', 0, 0, ?, ?) ON CONFLICT DO NOTHING`;
  return statement<[string, number, number]>(db, text).run(imageId, now, now).changes > 0;
}

/** Notes how large a base is that was asked for. */
export function setQueuedSize(db: Db, imageId: string, size: number): void {
  const text = "UPDATE image_cache SET size = ? WHERE image_id = ? AND status = 'queued'";
  statement<[number, string]>(db, text).run(size, imageId);
}

/** The base that was asked for is ready. False when nobody asks for it any more, or it was made for a guest. */
export function queuedToCached(db: Db, imageId: string, queuedAt: number, now: number): boolean {
  const text = `UPDATE image_cache SET status = 'cached', hits = 0, last_accessed = ?, last_modified = ?
    WHERE image_id = ? AND status = 'queued' AND last_modified = ?`;
  return statement<[number, number, string, number]>(db, text).run(now, now, imageId, queuedAt).changes > 0;
}

/** A base was used: it counts if it was known to be ready, and is entered otherwise. */
export function noteUse(db: Db, imageId: string, size: number, now: number): void {
  const text = `INSERT INTO image_cache (image_id, status, size, hits, last_accessed, last_modified)
    VALUES (@imageId, 'cached', @size, 0, @now, @now)
    ON CONFLICT (image_id) DO UPDATE SET status = 'cached', size = excluded.size, last_accessed = @now,
      hits = hits + (status = 'cached'), last_modified = iif(status = 'cached', last_modified, @now)`;
  statement<[{ imageId: string; size: number; now: number }]>(db, text).run({ imageId, size, now });
}

export function findCacheStatus(db: Db, imageId: string): 'queued' | 'cached' | undefined {
  const text = 'SELECT status FROM image_cache WHERE image_id = ?';
  return statement<[string], { status: 'queued' | 'cached' }>(db, text).get(imageId)?.status;
}

/** All that are ready; the API that shows them knows no pages. */
export function cachedImages(db: Db): readonly CachedRow[] {
  const text = `SELECT image_id, size, hits, last_accessed, last_modified FROM image_cache WHERE status = 'cached'
    ORDER BY image_id`;
  return statement<[], CachedRow>(db, text).all();
}

/** Ids of all that are asked for, in the order of asking. */
export function queuedImages(db: Db): readonly string[] {
  const text = `SELECT image_id FROM image_cache WHERE status = 'queued' ORDER BY last_modified, image_id`;
  return statement<[], { image_id: string }>(db, text)
    .all()
    .map((row) => row.image_id);
}

export function deleteCacheRow(db: Db, imageId: string): void {
  statement<[string]>(db, 'DELETE FROM image_cache WHERE image_id = ?').run(imageId);
}

export function deleteQueued(db: Db, imageId: string, queuedAt: number): void {
  const text = "DELETE FROM image_cache WHERE image_id = ? AND status = 'queued' AND last_modified = ?";
  statement<[string, number]>(db, text).run(imageId, queuedAt);
}

export function deleteCacheRows(db: Db, status: 'queued' | 'cached'): void {
  statement<[string]>(db, 'DELETE FROM image_cache WHERE status = ?').run(status);
}

/** Whether the base of a content is to stay: a server's disks are on it, or it is ready (or asked for) as an image's. */
export function isBaseNeeded(db: Db, sha256: string, also: { readonly queued: boolean }): boolean {
  const text = `SELECT 1 AS found WHERE EXISTS (SELECT 1 FROM image_lease WHERE sha256 = @sha256)
    OR EXISTS (SELECT 1 FROM image JOIN image_cache ON image_cache.image_id = image.id
      WHERE image.sha256 = @sha256 AND (image_cache.status = 'cached' OR @queued = 1))`;
  const found = statement<[{ sha256: string; queued: number }], { found: number }>(db, text).get({
    sha256,
    queued: also.queued ? 1 : 0,
  });
  return found !== undefined;
}
