import { statement, type Db, type SqlValue } from '../../db/index.ts';

/** A namespace of metadata definitions. */
export interface NamespaceRow {
  readonly id: number;
  readonly namespace: string;
  readonly display_name: string | null;
  readonly description: string | null;
  readonly visibility: 'public' | 'private';
  readonly protected: number;
  readonly owner_id: string;
  readonly created_at: number;
  readonly updated_at: number;
}

export type ItemKind = 'object' | 'property' | 'tag';

/** An object, property or tag of a namespace; `body` is JSON without the name. */
export interface ItemRow {
  readonly namespace_id: number;
  readonly kind: ItemKind;
  readonly name: string;
  readonly body: string;
  readonly created_at: number;
  readonly updated_at: number;
}

/** That a namespace is meant for a type of resource. */
export interface AssociationRow {
  readonly namespace_id: number;
  readonly resource_type: string;
  readonly prefix: string | null;
  readonly properties_target: string | null;
  readonly created_at: number;
  readonly updated_at: number;
}

export interface ResourceTypeRow {
  readonly name: string;
  readonly created_at: number;
  readonly updated_at: number;
}

type Named = Record<string, SqlValue>;

export function findNamespace(db: Db, namespace: string): NamespaceRow | undefined {
  const text = 'SELECT * FROM metadef_namespace WHERE namespace = ?';
  return statement<[string], NamespaceRow>(db, text).get(namespace);
}

export function insertNamespace(db: Db, row: Omit<NamespaceRow, 'id'>): number {
  const text = `INSERT INTO metadef_namespace
      (namespace, display_name, description, visibility, protected, owner_id, created_at, updated_at)
    VALUES (@namespace, @display_name, @description, @visibility, @protected, @owner_id, @created_at, @updated_at)`;
  return statement<[Named]>(db, text).run({ ...row }).lastInsertRowid;
}

export function updateNamespace(db: Db, row: NamespaceRow): void {
  const text = `UPDATE metadef_namespace SET namespace = @namespace, display_name = @display_name,
      description = @description, visibility = @visibility, protected = @protected, owner_id = @owner_id,
      updated_at = @updated_at WHERE id = @id`;
  const { created_at: _created, ...values } = row;
  statement<[Named]>(db, text).run(values);
}

/** With all that is in it. */
export function deleteNamespace(db: Db, id: number): void {
  statement<[number]>(db, 'DELETE FROM metadef_namespace WHERE id = ?').run(id);
}

export interface NamespaceFilter {
  /** Null for all; otherwise public ones and this project's. */
  readonly seenBy: string | null;
  readonly visibility: string | null;
  /** JSON list of types, of which one must be associated. */
  readonly resourceTypes: string | null;
  readonly sort: 'namespace' | 'created_at' | 'updated_at';
  readonly descending: boolean;
}

/**
 * A page of namespaces. What a project sees is two lists with their own indexes, public ones and its own, which SQLite
 * merges; only the default order has indexes.
 */
export function listNamespaces(
  db: Db,
  filter: NamespaceFilter,
  page: { readonly limit: number; readonly after: NamespaceRow | undefined },
): readonly NamespaceRow[] {
  const { sort, descending, ...values } = filter;
  const { after } = page;
  const direction = descending ? 'DESC' : 'ASC';
  const of = (whose: string): string => `SELECT * FROM metadef_namespace AS n
    WHERE ${whose} AND (@visibility IS NULL OR visibility = @visibility)
      AND (@resourceTypes IS NULL OR EXISTS (SELECT 1 FROM metadef_association a
        WHERE a.namespace_id = n.id AND a.resource_type IN (SELECT value FROM json_each(@resourceTypes))))
      AND (@after IS NULL OR (${sort}, namespace) ${descending ? '<' : '>'} (@value, @after))`;
  const seen =
    filter.seenBy === null
      ? of('@seenBy IS NULL')
      : `${of("visibility = 'public'")} UNION ALL ${of("owner_id = @seenBy AND visibility = 'private'")}`;
  const text = `${seen} ORDER BY ${sort} ${direction}, namespace ${direction} LIMIT @limit`;
  return statement<[Named], NamespaceRow>(db, text).all({
    ...values,
    after: after?.namespace ?? null,
    value: after?.[sort] ?? null,
    limit: page.limit,
  });
}

export function findItem(db: Db, id: number, kind: ItemKind, name: string): ItemRow | undefined {
  const text = 'SELECT * FROM metadef_item WHERE namespace_id = ? AND kind = ? AND name = ?';
  return statement<[number, string, string], ItemRow>(db, text).get(id, kind, name);
}

/** Items of a namespace by name, of one kind. */
export function listItems(db: Db, id: number, kind: ItemKind): readonly ItemRow[] {
  const text = 'SELECT * FROM metadef_item WHERE namespace_id = ? AND kind = ? ORDER BY name';
  return statement<[number, string], ItemRow>(db, text).all(id, kind);
}

export function insertItem(db: Db, row: ItemRow): void {
  const text = `INSERT INTO metadef_item (namespace_id, kind, name, body, created_at, updated_at)
    VALUES (@namespace_id, @kind, @name, @body, @created_at, @updated_at)`;
  statement<[Named]>(db, text).run({ ...row });
}

/** False when there is none of that name. */
export function deleteItem(db: Db, id: number, kind: ItemKind, name: string): boolean {
  const text = 'DELETE FROM metadef_item WHERE namespace_id = ? AND kind = ? AND name = ?';
  return statement<[number, string, string]>(db, text).run(id, kind, name).changes === 1;
}

export function deleteItems(db: Db, id: number, kind: ItemKind): void {
  statement<[number, string]>(db, 'DELETE FROM metadef_item WHERE namespace_id = ? AND kind = ?').run(
    id,
    kind,
  );
}

export function listResourceTypes(db: Db): readonly ResourceTypeRow[] {
  const text = 'SELECT name, created_at, updated_at FROM metadef_resource_type ORDER BY name';
  return statement<[], ResourceTypeRow>(db, text).all();
}

/** Types of resources come into being by being named. */
export function ensureResourceType(db: Db, name: string, now: number): void {
  const text = `INSERT INTO metadef_resource_type (name, protected, created_at, updated_at) VALUES (?, 0, ?, ?)
    ON CONFLICT DO NOTHING`;
  statement<[string, number, number]>(db, text).run(name, now, now);
}

/** Associations of several namespaces. */
export function associationsOf(db: Db, ids: readonly number[]): readonly AssociationRow[] {
  const text = `SELECT * FROM metadef_association WHERE namespace_id IN (SELECT value FROM json_each(?))
    ORDER BY resource_type`;
  return statement<[string], AssociationRow>(db, text).all(JSON.stringify(ids));
}

export function insertAssociation(db: Db, row: AssociationRow): void {
  const text = `INSERT INTO metadef_association
      (namespace_id, resource_type, prefix, properties_target, created_at, updated_at)
    VALUES (@namespace_id, @resource_type, @prefix, @properties_target, @created_at, @updated_at)`;
  statement<[Named]>(db, text).run({ ...row });
}

/** False when there is none. */
export function deleteAssociation(db: Db, id: number, resourceType: string): boolean {
  const text = 'DELETE FROM metadef_association WHERE namespace_id = ? AND resource_type = ?';
  return statement<[number, string]>(db, text).run(id, resourceType).changes === 1;
}
