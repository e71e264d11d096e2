import { statement, type Db } from '../../db/index.ts';

/** A resize, as os-migrations shows it. */
export interface MigrationRow {
  readonly id: number;
  readonly uuid: string;
  readonly server_id: string;
  readonly operation_id: string;
  readonly project_id: string;
  readonly user_id: string;
  readonly host: string;
  readonly node: string;
  readonly type: string;
  readonly status: string;
  readonly old_flavor_id: string;
  readonly new_flavor_id: string;
  /** The flavors' numbers as they were; 0 for migrations from before these were kept. */
  readonly old_flavor_number: number;
  readonly new_flavor_number: number;
  readonly created_at: number;
  readonly updated_at: number;
}

export function insertMigration(
  db: Db,
  migration: Omit<
    MigrationRow,
    'id' | 'type' | 'status' | 'old_flavor_number' | 'new_flavor_number' | 'created_at' | 'updated_at'
  >,
  at: number,
): void {
  statement<[Readonly<Record<string, string | number>>]>(
    db,
    `INSERT INTO compute_migration (uuid, server_id, operation_id, project_id, user_id, host, node, type, status,
       old_flavor_id, new_flavor_id, old_flavor_number, new_flavor_number, created_at, updated_at)
     VALUES (@uuid, @server_id, @operation_id, @project_id, @user_id, @host, @node, 'resize', 'migrating',
       @old_flavor_id, @new_flavor_id, coalesce((SELECT seq FROM flavor WHERE id = @old_flavor_id), 0),
       coalesce((SELECT seq FROM flavor WHERE id = @new_flavor_id), 0), @at, @at)`,
  ).run({ ...migration, at });
}

/** What has become of the newest resize of a server. */
export function setMigrationStatus(db: Db, serverId: string, status: string, at: number): void {
  statement<[string, number, string]>(
    db,
    `UPDATE compute_migration SET status = ?, updated_at = ?
     WHERE id = (SELECT max(id) FROM compute_migration WHERE server_id = ?)`,
  ).run(status, at, serverId);
}

/** One of a server, by its number or UUID. */
export const findMigration = (db: Db, serverId: string, id: string): MigrationRow | undefined =>
  statement<[string, string, string], MigrationRow>(
    db,
    'SELECT * FROM compute_migration WHERE server_id = ? AND (uuid = ? OR CAST(id AS TEXT) = ?)',
  ).get(serverId, id, id);

export interface MigrationFilter {
  readonly host?: string | undefined;
  readonly status?: string | undefined;
  readonly serverId?: string | undefined;
  readonly type?: string | undefined;
  readonly userId?: string | undefined;
  readonly projectId?: string | undefined;
  readonly changesSince?: number | undefined;
  readonly changesBefore?: number | undefined;
}

/** Newest first; undefined when there is none with the marker's UUID. */
export function listMigrations(
  db: Db,
  filter: MigrationFilter,
  page: { readonly limit: number; readonly marker?: string | undefined },
): readonly MigrationRow[] | undefined {
  let before = Number.MAX_SAFE_INTEGER;
  if (page.marker !== undefined) {
    const found = statement<[string], { id: number }>(
      db,
      'SELECT id FROM compute_migration WHERE uuid = ?',
    ).get(page.marker);
    if (found === undefined) return undefined;
    before = found.id;
  }
  return statement<[Readonly<Record<string, string | number | null>>], MigrationRow>(
    db,
    `SELECT * FROM compute_migration WHERE id < @before
       AND (@host IS NULL OR host = @host) AND (@status IS NULL OR status = @status)
       AND (@serverId IS NULL OR server_id = @serverId) AND (@type IS NULL OR type = @type)
       AND (@userId IS NULL OR user_id = @userId) AND (@projectId IS NULL OR project_id = @projectId)
       AND updated_at >= @since AND updated_at <= @until
     ORDER BY id DESC LIMIT @limit`,
  ).all({
    before,
    limit: page.limit,
    host: filter.host ?? null,
    status: filter.status ?? null,
    serverId: filter.serverId ?? null,
    type: filter.type ?? null,
    userId: filter.userId ?? null,
    projectId: filter.projectId ?? null,
    since: filter.changesSince ?? 0,
    until: filter.changesBefore ?? Number.MAX_SAFE_INTEGER,
  });
}
