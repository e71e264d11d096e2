import { statement, type Db } from '../../db/index.ts';

/** Names that somebody added: CUSTOM_ traits and resource classes. */
type Kind = 'trait' | 'resource_class';

export const customNames = (db: Db, kind: Kind): readonly string[] =>
  statement<[], { name: string }>(db, `SELECT name FROM placement_${kind} ORDER BY name`)
    .all()
    .map(({ name }) => name);

export const hasCustomName = (db: Db, kind: Kind, name: string): boolean =>
  statement<[string], { one: number }>(db, `SELECT 1 AS one FROM placement_${kind} WHERE name = ?`).get(
    name,
  ) !== undefined;

/** False when it was there already. */
export const addCustomName = (db: Db, kind: Kind, name: string, at: number): boolean =>
  statement<[string, number]>(
    db,
    `INSERT INTO placement_${kind} (name, created_at) VALUES (?, ?) ON CONFLICT DO NOTHING`,
  ).run(name, at).changes === 1;

export const deleteCustomName = (db: Db, kind: Kind, name: string): boolean =>
  statement<[string]>(db, `DELETE FROM placement_${kind} WHERE name = ?`).run(name).changes === 1;

/** Also in inventories. */
export function renameClass(db: Db, from: string, to: string): void {
  for (const table of ['placement_inventory', 'placement_allocation'])
    statement<[string, string]>(db, `UPDATE ${table} SET resource_class = ? WHERE resource_class = ?`).run(
      to,
      from,
    );
  statement<[string, string]>(db, 'UPDATE placement_resource_class SET name = ? WHERE name = ?').run(
    to,
    from,
  );
}

export const classInUse = (db: Db, name: string): boolean =>
  statement<[string], { one: number }>(
    db,
    'SELECT 1 AS one FROM placement_inventory WHERE resource_class = ? LIMIT 1',
  ).get(name) !== undefined;

export const traitInUse = (db: Db, name: string): boolean =>
  statement<[string], { one: number }>(
    db,
    'SELECT 1 AS one FROM placement_provider_trait WHERE trait = ? LIMIT 1',
  ).get(name) !== undefined;

export const usedTraits = (db: Db): readonly string[] =>
  statement<[], { trait: string }>(db, 'SELECT DISTINCT trait FROM placement_provider_trait ORDER BY trait')
    .all()
    .map(({ trait }) => trait);

export const traitsOf = (db: Db, uuid: string): readonly string[] =>
  statement<[string], { trait: string }>(
    db,
    'SELECT trait FROM placement_provider_trait WHERE provider_uuid = ? ORDER BY trait',
  )
    .all(uuid)
    .map(({ trait }) => trait);

export const allTraits = (db: Db): readonly { readonly provider_uuid: string; readonly trait: string }[] =>
  statement<[], { provider_uuid: string; trait: string }>(
    db,
    'SELECT provider_uuid, trait FROM placement_provider_trait ORDER BY trait',
  ).all();

export function setTraits(db: Db, uuid: string, traits: readonly string[]): void {
  statement<[string]>(db, 'DELETE FROM placement_provider_trait WHERE provider_uuid = ?').run(uuid);
  statement<[string, string]>(
    db,
    'INSERT INTO placement_provider_trait SELECT ?, value FROM json_each(?)',
  ).run(uuid, JSON.stringify(traits));
}
