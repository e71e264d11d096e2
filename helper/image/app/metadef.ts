import { transaction, type Db } from '../../db/index.ts';
import { badRequest, conflict, forbidden, notFound } from '../../errors/error.ts';
import type { AuthContext, Page } from '../../http/index.ts';
import type { AssociationBody, NamespaceBody, NamespaceUpdateBody } from '../schemas/metadef.ts';
import {
  associationsOf,
  deleteAssociation,
  deleteItem,
  deleteItems,
  deleteNamespace,
  ensureResourceType,
  findItem,
  findNamespace,
  insertAssociation,
  insertItem,
  insertNamespace,
  listItems,
  listNamespaces,
  listResourceTypes,
  updateNamespace,
  type AssociationRow,
  type ItemKind,
  type ItemRow,
  type NamespaceFilter,
  type NamespaceRow,
  type ResourceTypeRow,
} from '../store/metadef.ts';

/** A namespace, with its owner under the name that policies ask for. */
export interface Namespace extends NamespaceRow {
  readonly project_id: string;
  readonly [attribute: string]: unknown;
}

/** What a namespace holds. */
export interface NamespaceContent {
  readonly associations: readonly AssociationRow[];
  readonly items: readonly ItemRow[];
}

interface Named {
  readonly name: string;
}

const SORT_KEYS = ['namespace', 'created_at', 'updated_at'] as const;
const KINDS = ['object', 'property', 'tag'] as const satisfies readonly ItemKind[];

/** Metadata definitions: which properties there are for which resources, and what they mean. */
export class Metadefs {
  readonly #db: Db;
  readonly #now: () => number;

  constructor(options: { readonly db: Db; readonly now: () => number }) {
    this.#db = options.db;
    this.#now = options.now;
  }

  /** @throws {CloudError} notFound, for private ones of others too. */
  get(auth: AuthContext, name: string): Namespace {
    const row = findNamespace(this.#db, name);
    const visible =
      row !== undefined &&
      (auth.roles.has('admin') || row.visibility === 'public' || row.owner_id === auth.projectId);
    if (!visible) throw notFound(`Metadata definition namespace ${name.slice(0, 80)} was not found.`);
    return { ...row, project_id: row.owner_id };
  }

  list(
    auth: AuthContext,
    query: Readonly<Record<string, string>>,
    page: Page,
  ): {
    readonly namespaces: readonly {
      readonly row: NamespaceRow;
      readonly associations: readonly AssociationRow[];
    }[];
    readonly next?: string;
  } {
    const after = page.marker === undefined ? undefined : findNamespace(this.#db, page.marker);
    if (page.marker !== undefined && after === undefined)
      throw badRequest('Invalid marker: no namespace has this name.');
    const found = listNamespaces(this.#db, filterOf(auth, query), { limit: page.limit + 1, after });
    const rows = found.slice(0, page.limit);
    const associations = Map.groupBy(
      associationsOf(
        this.#db,
        rows.map((row) => row.id),
      ),
      (one) => one.namespace_id,
    );
    const namespaces = rows.map((row) => ({ row, associations: associations.get(row.id) ?? [] }));
    const last = rows.at(-1);
    return found.length > page.limit && last !== undefined
      ? { namespaces, next: last.namespace }
      : { namespaces };
  }

  content(namespace: NamespaceRow): NamespaceContent {
    return {
      associations: associationsOf(this.#db, [namespace.id]),
      items: KINDS.flatMap((kind) => listItems(this.#db, namespace.id, kind)),
    };
  }

  create(auth: AuthContext, body: NamespaceBody): NamespaceRow {
    const now = this.#now();
    return transaction(this.#db, () => {
      if (findNamespace(this.#db, body.namespace) !== undefined) throw taken(body.namespace);
      const row = {
        namespace: body.namespace,
        ...settingsOf(body),
        owner_id: body.owner ?? auth.projectId ?? '',
        created_at: now,
        updated_at: now,
      };
      const created: NamespaceRow = { ...row, id: insertNamespace(this.#db, row) };
      for (const one of body.resource_type_associations ?? []) this.#associate(created, one);
      for (const [name, one] of Object.entries(body.properties ?? {}))
        this.#insert(created, 'property', { ...one, name });
      for (const one of body.objects ?? []) this.#insert(created, 'object', one);
      for (const one of body.tags ?? []) this.#insert(created, 'tag', one);
      return created;
    });
  }

  update(auth: AuthContext, name: string, body: NamespaceUpdateBody): NamespaceRow {
    return transaction(this.#db, () => {
      const before = this.get(auth, name);
      if (body.namespace !== name && findNamespace(this.#db, body.namespace) !== undefined)
        throw taken(body.namespace);
      const { id, owner_id, created_at } = before;
      const after: NamespaceRow = {
        id,
        namespace: body.namespace,
        ...settingsOf(body),
        owner_id: body.owner ?? owner_id,
        created_at,
        updated_at: this.#now(),
      };
      updateNamespace(this.#db, after);
      return after;
    });
  }

  delete(auth: AuthContext, name: string): void {
    transaction(this.#db, () => {
      const { id, protected: isProtected } = this.get(auth, name);
      if (isProtected === 1) {
        throw forbidden(`Namespace ${name} is protected and cannot be deleted.`);
      }
      deleteNamespace(this.#db, id);
    });
  }

  item(auth: AuthContext, namespace: string, kind: ItemKind, name: string): ItemRow {
    const { id } = this.get(auth, namespace);
    const found = findItem(this.#db, id, kind, name);
    if (found === undefined) {
      throw notFound(
        `The metadata definition ${kind} with name=${name.slice(0, 80)} was not found in namespace=${namespace}.`,
      );
    }
    return found;
  }

  items(auth: AuthContext, namespace: string, kind: ItemKind): readonly ItemRow[] {
    return listItems(this.#db, this.get(auth, namespace).id, kind);
  }

  addItem(auth: AuthContext, namespace: string, kind: ItemKind, body: Named): ItemRow {
    return transaction(this.#db, () => this.#insert(this.get(auth, namespace), kind, body));
  }

  replaceItem(auth: AuthContext, namespace: string, kind: ItemKind, name: string, body: Named): ItemRow {
    return transaction(this.#db, () => {
      const before = this.item(auth, namespace, kind, name);
      deleteItem(this.#db, before.namespace_id, kind, name);
      return this.#insert(this.get(auth, namespace), kind, body, before.created_at);
    });
  }

  removeItem(auth: AuthContext, namespace: string, kind: ItemKind, name: string): void {
    transaction(this.#db, () => {
      const { namespace_id: id } = this.item(auth, namespace, kind, name);
      deleteItem(this.#db, id, kind, name);
    });
  }

  removeItems(auth: AuthContext, namespace: string, kind: ItemKind): void {
    deleteItems(this.#db, this.get(auth, namespace).id, kind);
  }

  addTag(auth: AuthContext, namespace: string, name: string): ItemRow {
    if (name.length > 80) throw badRequest('The name of a tag has at most 80 characters.');
    return this.addItem(auth, namespace, 'tag', { name });
  }

  /** Sets all tags of a namespace, or adds these to them. */
  setTags(auth: AuthContext, namespace: string, tags: readonly Named[], append: boolean): readonly ItemRow[] {
    return transaction(this.#db, () => {
      const of = this.get(auth, namespace);
      if (!append) deleteItems(this.#db, of.id, 'tag');
      return tags.map((tag) => this.#insert(of, 'tag', tag));
    });
  }

  resourceTypes(): readonly ResourceTypeRow[] {
    return listResourceTypes(this.#db);
  }

  associations(auth: AuthContext, namespace: string): readonly AssociationRow[] {
    return associationsOf(this.#db, [this.get(auth, namespace).id]);
  }

  associate(auth: AuthContext, namespace: string, body: AssociationBody): AssociationRow {
    return transaction(this.#db, () => this.#associate(this.get(auth, namespace), body));
  }

  dissociate(auth: AuthContext, namespace: string, resourceType: string): void {
    if (!deleteAssociation(this.#db, this.get(auth, namespace).id, resourceType)) {
      throw notFound(
        `The metadata definition resource-type association of resource-type=${resourceType.slice(0, 80)} to ` +
          `namespace=${namespace} was not found.`,
      );
    }
  }

  #associate(namespace: NamespaceRow, body: AssociationBody): AssociationRow {
    const now = this.#now();
    if (associationsOf(this.#db, [namespace.id]).some((one) => one.resource_type === body.name)) {
      throw conflict(
        `The metadata definition resource-type association of resource-type=${body.name} to ` +
          `namespace=${namespace.namespace} already exists.`,
      );
    }
    ensureResourceType(this.#db, body.name, now);
    const row: AssociationRow = {
      namespace_id: namespace.id,
      resource_type: body.name,
      prefix: body.prefix ?? null,
      properties_target: body.properties_target ?? null,
      created_at: now,
      updated_at: now,
    };
    insertAssociation(this.#db, row);
    return row;
  }

  #insert(namespace: NamespaceRow, kind: ItemKind, { name, ...body }: Named, createdAt?: number): ItemRow {
    if (findItem(this.#db, namespace.id, kind, name) !== undefined) {
      throw conflict(
        `A metadata definition ${kind} with name=${name} already exists in namespace=${namespace.namespace}.`,
      );
    }
    const now = this.#now();
    const row: ItemRow = {
      namespace_id: namespace.id,
      kind,
      name,
      body: JSON.stringify(body),
      created_at: createdAt ?? now,
      updated_at: now,
    };
    insertItem(this.#db, row);
    return row;
  }
}

const taken = (namespace: string) =>
  conflict(`The metadata definition namespace=${namespace} already exists.`);

const settingsOf = (body: NamespaceUpdateBody) => ({
  display_name: body.display_name ?? null,
  description: body.description ?? null,
  visibility: body.visibility ?? 'private',
  protected: body.protected === true ? 1 : 0,
});

function filterOf(auth: AuthContext, query: Readonly<Record<string, string>>): NamespaceFilter {
  const {
    visibility,
    resource_types: types,
    sort_key: key = 'created_at',
    sort_dir: direction = 'desc',
  } = query;
  const sort = SORT_KEYS.find((one) => one === key);
  if (sort === undefined) throw badRequest(`Invalid sort key: ${key.slice(0, 80)}`);
  if (direction !== 'asc' && direction !== 'desc')
    throw badRequest(`Invalid sort direction: ${direction.slice(0, 80)}`);
  if (visibility !== undefined && visibility !== 'public' && visibility !== 'private') {
    throw badRequest(`Invalid visibility value: ${visibility.slice(0, 80)}`);
  }
  return {
    seenBy: auth.roles.has('admin') ? null : (auth.projectId ?? ''),
    visibility: visibility ?? null,
    resourceTypes: types === undefined ? null : JSON.stringify(types.split(',')),
    sort,
    descending: direction === 'desc',
  };
}
