import { statement, type Db, type SqlValue } from '../../db/index.ts';
import type { Flavor } from '../basics.ts';

interface FlavorRow {
  readonly id: string;
  readonly name: string;
  readonly vcpus: number;
  readonly ram_mib: number;
  readonly disk_gib: number;
  readonly ephemeral_gib: number;
  readonly swap_mib: number;
  readonly rxtx_factor: number;
  readonly is_public: number;
  readonly disabled: number;
  readonly description: string | null;
  readonly extra_specs: string;
}

const flavorOf = (row: FlavorRow): Flavor => ({
  id: row.id,
  name: row.name,
  vcpus: row.vcpus,
  ramMib: row.ram_mib,
  diskGib: row.disk_gib,
  ephemeralGib: row.ephemeral_gib,
  swapMib: row.swap_mib,
  rxtxFactor: row.rxtx_factor,
  isPublic: row.is_public === 1,
  disabled: row.disabled === 1,
  description: row.description,
  extraSpecs: JSON.parse(row.extra_specs) as Record<string, string>,
});

/** @throws {Error} SQLITE_CONSTRAINT where id or name are taken; look first. */
export function insertFlavor(db: Db, flavor: Flavor, at: number): void {
  const { extraSpecs, ...rest } = flavor;
  statement<[Readonly<Record<string, SqlValue>>]>(
    db,
    `INSERT INTO flavor (id, name, vcpus, ram_mib, disk_gib, ephemeral_gib, swap_mib, rxtx_factor, is_public, disabled,
       description, extra_specs, created_at, updated_at)
     VALUES (@id, @name, @vcpus, @ramMib, @diskGib, @ephemeralGib, @swapMib, @rxtxFactor, @isPublic, @disabled,
       @description, @specs, @at, @at)`,
  ).run({ ...rest, specs: JSON.stringify(extraSpecs), at });
}

export function findFlavor(db: Db, id: string): Flavor | undefined {
  const row = statement<[string], FlavorRow>(db, 'SELECT * FROM flavor WHERE id = ?').get(id);
  return row === undefined ? undefined : flavorOf(row);
}

export function findFlavorByName(db: Db, name: string): Flavor | undefined {
  const row = statement<[string], FlavorRow>(db, 'SELECT * FROM flavor WHERE name = ?').get(name);
  return row === undefined ? undefined : flavorOf(row);
}

export function deleteFlavor(db: Db, id: string): void {
  statement<[string]>(db, 'DELETE FROM flavor WHERE id = ?').run(id);
}

export function setFlavorDescription(db: Db, id: string, description: string | null, at: number): void {
  statement<[string | null, number, string]>(
    db,
    'UPDATE flavor SET description = ?, updated_at = ? WHERE id = ?',
  ).run(description, at, id);
}

export function setExtraSpecs(
  db: Db,
  id: string,
  extraSpecs: Readonly<Record<string, string>>,
  at: number,
): void {
  statement<[string, number, string]>(
    db,
    'UPDATE flavor SET extra_specs = ?, updated_at = ? WHERE id = ?',
  ).run(JSON.stringify(extraSpecs), at, id);
}

/** The API's sort keys and their columns. */
export const FLAVOR_SORT_COLUMNS = {
  created_at: 'created_at',
  description: 'description',
  disabled: 'disabled',
  ephemeral_gb: 'ephemeral_gib',
  flavorid: 'id',
  id: 'seq',
  is_public: 'is_public',
  memory_mb: 'ram_mib',
  name: 'name',
  root_gb: 'disk_gib',
  rxtx_factor: 'rxtx_factor',
  swap: 'swap_mib',
  updated_at: 'updated_at',
  vcpus: 'vcpus',
} as const;

export type FlavorSortKey = keyof typeof FLAVOR_SORT_COLUMNS;

export interface FlavorFilter {
  /** Public ones, and those to which this project has access; null: of all that match `isPublic`. */
  readonly visibleTo: string | null;
  /** Only where visibleTo is null; null: both. */
  readonly isPublic: boolean | null;
  readonly minRamMib: number;
  readonly minDiskGib: number;
  readonly sortKey: FlavorSortKey;
  readonly descending: boolean;
  /** The id after which the page begins. */
  readonly marker?: string;
  readonly limit: number;
}

export function listFlavors(db: Db, filter: FlavorFilter): readonly Flavor[] {
  const column = FLAVOR_SORT_COLUMNS[filter.sortKey];
  const [direction, beyond] = filter.descending ? ['DESC', '<'] : ['ASC', '>'];
  const visible =
    filter.visibleTo === null
      ? '(@isPublic IS NULL OR is_public = @isPublic)'
      : '(is_public = 1 OR id IN (SELECT flavor_id FROM flavor_access WHERE project_id = @visibleTo))';
  // Null descriptions sort as ''. The text has few forms: the keys of the table above, two directions, two scopes.
  const value = `coalesce(${column}, '')`;
  const after =
    filter.marker === undefined
      ? ''
      : `AND (${value}, seq) ${beyond} (SELECT ${value}, seq FROM flavor WHERE id = @marker)`;
  return statement<[Readonly<Record<string, SqlValue>>], FlavorRow>(
    db,
    `SELECT * FROM flavor WHERE ${visible} AND ram_mib >= @minRamMib AND disk_gib >= @minDiskGib ${after}
     ORDER BY ${value} ${direction}, seq ${direction} LIMIT @limit`,
  )
    .all({
      isPublic: filter.isPublic,
      minRamMib: filter.minRamMib,
      minDiskGib: filter.minDiskGib,
      limit: filter.limit,
      ...(filter.visibleTo === null ? {} : { visibleTo: filter.visibleTo }),
      ...(filter.marker === undefined ? {} : { marker: filter.marker }),
    })
    .map(flavorOf);
}

/** Projects that may use a flavor that is not public. */
export function listFlavorAccess(db: Db, flavorId: string): readonly string[] {
  return statement<[string], { project_id: string }>(
    db,
    'SELECT project_id FROM flavor_access WHERE flavor_id = ? ORDER BY project_id',
  )
    .all(flavorId)
    .map(({ project_id }) => project_id);
}

export function hasFlavorAccess(db: Db, flavorId: string, projectId: string): boolean {
  return (
    statement<[string, string], { one: number }>(
      db,
      'SELECT 1 AS one FROM flavor_access WHERE flavor_id = ? AND project_id = ?',
    ).get(flavorId, projectId) !== undefined
  );
}

/** False when it was there already. */
export function addFlavorAccess(db: Db, flavorId: string, projectId: string): boolean {
  return (
    statement<[string, string]>(
      db,
      'INSERT INTO flavor_access (flavor_id, project_id) VALUES (?, ?) ON CONFLICT DO NOTHING',
    ).run(flavorId, projectId).changes === 1
  );
}

/** False when it was not there. */
export function removeFlavorAccess(db: Db, flavorId: string, projectId: string): boolean {
  return (
    statement<[string, string]>(db, 'DELETE FROM flavor_access WHERE flavor_id = ? AND project_id = ?').run(
      flavorId,
      projectId,
    ).changes === 1
  );
}
