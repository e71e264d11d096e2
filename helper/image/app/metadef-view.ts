import type { AssociationRow, ItemRow, NamespaceRow, ResourceTypeRow } from '../store/metadef.ts';
import type { NamespaceContent } from './metadef.ts';
import { time } from './view.ts';

const stamps = (row: { readonly created_at: number; readonly updated_at: number }) => ({
  created_at: time(row.created_at),
  updated_at: time(row.updated_at),
});

const bodyOf = (item: ItemRow): object => JSON.parse(item.body) as object;
const pathOf = (namespace: string): string => `/v2/metadefs/namespaces/${encodeURIComponent(namespace)}`;

export const associationView = (row: AssociationRow) => ({
  name: row.resource_type,
  ...(row.prefix === null ? {} : { prefix: row.prefix }),
  ...(row.properties_target === null ? {} : { properties_target: row.properties_target }),
  ...stamps(row),
});

export const resourceTypeView = (row: ResourceTypeRow) => ({ name: row.name, ...stamps(row) });

export const objectView = (namespace: string, item: ItemRow) => ({
  name: item.name,
  ...bodyOf(item),
  ...stamps(item),
  self: `${pathOf(namespace)}/objects/${encodeURIComponent(item.name)}`,
  schema: '/v2/schemas/metadefs/object',
});

export const propertyView = (item: ItemRow, prefix = '') => ({
  name: `${prefix}${item.name}`,
  ...bodyOf(item),
});

/** Properties by name; where a resource type was asked for, under the prefix that they have there. */
export const propertiesView = (items: readonly ItemRow[], prefix = ''): Record<string, object> =>
  Object.fromEntries(items.map((item) => [`${prefix}${item.name}`, bodyOf(item)]));

export const tagView = (item: ItemRow) => ({ name: item.name, ...stamps(item) });

/** A namespace with what is in it, as far as there is any. */
export function namespaceView(row: NamespaceRow, content: Partial<NamespaceContent> = {}, prefix = '') {
  const { associations = [], items = [] } = content;
  const of = (kind: ItemRow['kind']) => items.filter((item) => item.kind === kind);
  const [objects, properties, tags] = [of('object'), of('property'), of('tag')];
  return {
    namespace: row.namespace,
    display_name: row.display_name,
    description: row.description,
    visibility: row.visibility,
    protected: row.protected === 1,
    owner: row.owner_id,
    ...stamps(row),
    self: pathOf(row.namespace),
    schema: '/v2/schemas/metadefs/namespace',
    ...(associations.length === 0 ? {} : { resource_type_associations: associations.map(associationView) }),
    ...(objects.length === 0 ? {} : { objects: objects.map((item) => objectView(row.namespace, item)) }),
    ...(properties.length === 0 ? {} : { properties: propertiesView(properties, prefix) }),
    ...(tags.length === 0 ? {} : { tags: tags.map(({ name }) => ({ name })) }),
  };
}

/** The prefix that a namespace's properties have on a type of resource. */
export const prefixFor = (
  associations: readonly AssociationRow[],
  resourceType: string | undefined,
): string => associations.find((one) => one.resource_type === resourceType)?.prefix ?? '';
