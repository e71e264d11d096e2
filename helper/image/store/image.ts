import { statement, transaction, type Db, type SqlValue } from '../../db/index.ts';
import type { Page } from '../../http/index.ts';

export type ImageStatus = 'queued' | 'saving' | 'uploading' | 'importing' | 'active' | 'deactivated';
export type ImageVisibility = 'public' | 'community' | 'shared' | 'private';

/** An image as it is stored. Times are milliseconds, sizes bytes. */
export interface ImageRow {
  readonly id: string;
  readonly name: string | null;
  readonly status: ImageStatus;
  readonly visibility: ImageVisibility;
  readonly owner_id: string | null;
  readonly disk_format: string | null;
  readonly container_format: string | null;
  readonly min_disk: number;
  readonly min_ram: number;
  readonly protected: number;
  readonly os_hidden: number;
  readonly size: number | null;
  readonly virtual_size: number | null;
  readonly md5: string | null;
  readonly sha512: string | null;
  readonly sha256: string | null;
  readonly unusable: string | null;
  /** Bytes that wait in the staging area. */
  readonly staged_size: number | null;
  /** Of the last import: the stores that it has yet to fill, and those that it could not fill. */
  readonly importing_to_stores: string | null;
  readonly failed_import: string | null;
  readonly created_at: number;
  readonly updated_at: number;
}

/** A row with its custom properties and tags. */
export interface Image extends ImageRow {
  readonly properties: Readonly<Record<string, string>>;
  readonly tags: readonly string[];
  /** For policies: the owner, under the name that they ask for. */
  readonly project_id: string | null;
  readonly [attribute: string]: unknown;
}

const COLUMNS = [
  'id',
  'name',
  'status',
  'visibility',
  'owner_id',
  'disk_format',
  'container_format',
  'min_disk',
  'min_ram',
  'protected',
  'os_hidden',
  'size',
  'virtual_size',
  'md5',
  'sha512',
  'sha256',
  'unusable',
  'staged_size',
  'importing_to_stores',
  'failed_import',
  'created_at',
  'updated_at',
] as const satisfies readonly (keyof ImageRow)[];

const INSERT = `INSERT INTO image (${COLUMNS.join(', ')}) VALUES (${COLUMNS.map((c) => `@${c}`).join(', ')})`;
const UPDATE = `UPDATE image SET ${COLUMNS.filter((c) => c !== 'id')
  .map((c) => `${c} = @${c}`)
  .join(', ')} WHERE id = @id`;

/** Writes a new image with its properties and tags. */
export function insertImage(db: Db, image: Image): void {
  transaction(db, () => {
    statement<[Record<string, SqlValue>]>(db, INSERT).run(columnsOf(image));
    writeDetails(db, image);
  });
}

/** Replaces all of an image that is there: row, properties and tags. */
export function updateImage(db: Db, image: Image): void {
  transaction(db, () => {
    statement<[Record<string, SqlValue>]>(db, UPDATE).run(columnsOf(image));
    statement<[string]>(db, 'DELETE FROM image_property WHERE image_id = ?').run(image.id);
    statement<[string]>(db, 'DELETE FROM image_tag WHERE image_id = ?').run(image.id);
    writeDetails(db, image);
  });
}

function columnsOf(image: Image): Record<string, SqlValue> {
  return Object.fromEntries(COLUMNS.map((column) => [column, image[column]]));
}

function writeDetails(db: Db, image: Image): void {
  const property = statement<[string, string, string]>(
    db,
    'INSERT INTO image_property (image_id, name, value) VALUES (?, ?, ?)',
  );
  for (const [name, value] of Object.entries(image.properties)) property.run(image.id, name, value);
  const tag = statement<[string, string]>(db, 'INSERT INTO image_tag (image_id, tag) VALUES (?, ?)');
  for (const one of new Set(image.tags)) tag.run(image.id, one);
}

/** Removes the row with its properties and tags. */
export function deleteImage(db: Db, id: string): void {
  statement<[string]>(db, 'DELETE FROM image WHERE id = ?').run(id);
}

export function findImage(db: Db, id: string): Image | undefined {
  const row = statement<[string], ImageRow>(db, 'SELECT * FROM image WHERE id = ?').get(id);
  return row && withDetails(db, [row])[0];
}

/** Moves an image from one status to another; false when it was not in the first one (any more). */
export function moveStatus(db: Db, id: string, from: ImageStatus, to: ImageStatus, now: number): boolean {
  const text = 'UPDATE image SET status = ?, updated_at = ? WHERE id = ? AND status = ?';
  return statement<[string, number, string, string]>(db, text).run(to, now, id, from).changes === 1;
}

/** Ids of the backups of a server that createBackup made of one type, newest first. */
export const backupsOf = (db: Db, serverId: string, backupType: string): readonly string[] =>
  statement<[string, string], { id: string }>(
    db,
    `SELECT i.id FROM image_property p JOIN image i ON i.id = p.image_id
      WHERE p.name = 'instance_uuid' AND p.value = ?
        AND EXISTS (SELECT 1 FROM image_property t WHERE t.image_id = i.id AND t.name = 'backup_type' AND t.value = ?)
        AND EXISTS (SELECT 1 FROM image_property t WHERE t.image_id = i.id AND t.name = 'image_type' AND t.value = 'backup')
      ORDER BY i.created_at DESC, i.rowid DESC`,
  )
    .all(serverId, backupType)
    .map(({ id }) => id);

/** After a crash no upload is under way: those that were begin anew. */
export function resetUploads(db: Db, now: number): number {
  const text = `UPDATE image SET status = 'queued', size = NULL, updated_at = ? WHERE status = 'saving'`;
  return statement<[number]>(db, text).run(now).changes;
}

/** Ids of all images that are in one status. */
export function idsByStatus(db: Db, status: ImageStatus): readonly string[] {
  return statement<[string], { id: string }>(db, 'SELECT id FROM image WHERE status = ?')
    .all(status)
    .map(({ id }) => id);
}

/** Conditions of a list, as SQL with its parameters. */
export interface ImageFilter {
  readonly conditions: readonly { readonly sql: string; readonly values: readonly SqlValue[] }[];
  readonly sort: readonly { readonly key: ImageSortKey; readonly descending: boolean }[];
}

export const IMAGE_SORT_KEYS = [
  'name',
  'status',
  'container_format',
  'disk_format',
  'size',
  'id',
  'created_at',
  'updated_at',
] as const;
export type ImageSortKey = (typeof IMAGE_SORT_KEYS)[number];

/**
 * One page of images and, if there is more, the id for the next page's marker. Undefined when the marker names no
 * image.
 */
export function listImages(
  db: Db,
  filter: ImageFilter,
  page: Page,
): { images: readonly Image[]; next?: string } | undefined {
  const where = filter.conditions.map((c) => c.sql);
  const values = filter.conditions.flatMap((c) => c.values);
  if (page.marker !== undefined) {
    const marker = statement<[string], ImageRow>(db, 'SELECT * FROM image WHERE id = ?').get(page.marker);
    if (marker === undefined) return undefined;
    const after = afterMarker(filter.sort, marker);
    where.push(after.sql);
    values.push(...after.values);
  }
  const order = filter.sort
    .map(({ key, descending }) => `${sortExpression(key)} ${descending ? 'DESC' : 'ASC'}`)
    .join(', ');
  // The text varies only with which filters and keys are used, all from fixed lists: the cache stays small.
  const text = `SELECT * FROM image ${where.length > 0 ? `WHERE ${where.join(' AND ')}` : ''} ORDER BY ${order} LIMIT ?`;
  const rows = statement<SqlValue[], ImageRow>(db, text).all(...values, page.limit + 1);
  const images = withDetails(db, rows.slice(0, page.limit));
  const last = images.at(-1);
  return rows.length > page.limit && last !== undefined ? { images, next: last.id } : { images };
}

/** Nulls sort as the empty text or -1, so that markers compare. */
function sortExpression(key: ImageSortKey): string {
  return key === 'size'
    ? 'coalesce(size, -1)'
    : key === 'id' || key.endsWith('_at')
      ? key
      : `coalesce(${key}, '')`;
}

/** Rows behind the marker in a lexicographic order with mixed directions. */
function afterMarker(sort: ImageFilter['sort'], marker: ImageRow): { sql: string; values: SqlValue[] } {
  const alternatives: string[] = [];
  const values: SqlValue[] = [];
  sort.forEach(({ key, descending }, index) => {
    const equal = sort.slice(0, index).map((one) => `${sortExpression(one.key)} = ?`);
    alternatives.push(`(${[...equal, `${sortExpression(key)} ${descending ? '<' : '>'} ?`].join(' AND ')})`);
    values.push(...sort.slice(0, index).map((one) => sortValue(marker, one.key)), sortValue(marker, key));
  });
  return { sql: `(${alternatives.join(' OR ')})`, values };
}

const sortValue = (row: ImageRow, key: ImageSortKey): SqlValue => row[key] ?? (key === 'size' ? -1 : '');

function withDetails(db: Db, rows: readonly ImageRow[]): Image[] {
  const ids = JSON.stringify(rows.map((row) => row.id));
  const properties = new Map<string, Record<string, string>>();
  const propertyText =
    'SELECT image_id, name, value FROM image_property WHERE image_id IN (SELECT value FROM json_each(?)) ORDER BY name';
  for (const one of statement<[string], { image_id: string; name: string; value: string }>(
    db,
    propertyText,
  ).iterate(ids)) {
    const found = properties.get(one.image_id) ?? {};
    found[one.name] = one.value;
    properties.set(one.image_id, found);
  }
  const tags = new Map<string, string[]>();
  const tagText =
    'SELECT image_id, tag FROM image_tag WHERE image_id IN (SELECT value FROM json_each(?)) ORDER BY tag';
  for (const one of statement<[string], { image_id: string; tag: string }>(db, tagText).iterate(ids)) {
    const found = tags.get(one.image_id) ?? [];
    found.push(one.tag);
    tags.set(one.image_id, found);
  }
  return rows.map((row) => ({
    ...row,
    project_id: row.owner_id,
    properties: properties.get(row.id) ?? {},
    tags: tags.get(row.id) ?? [],
  }));
}
