import { Type } from 'typebox';
import { endpoint, type Endpoint } from '../../http/index.ts';
import { check } from '../../http/schema.ts';
import type { Metadefs } from '../app/metadef.ts';
import { objectView, prefixFor, propertiesView, propertyView, tagView } from '../app/metadef-view.ts';
import {
  MetadefName,
  ObjectList,
  ObjectView,
  ObjectWrite,
  PropertyList,
  PropertyView,
  PropertyWrite,
  TagList,
  TagView,
  TagWrite,
  TagsWrite,
} from '../schemas/metadef.ts';
import type { ItemRow } from '../store/metadef.ts';

const NAMESPACE = '/metadefs/namespaces/{namespace}' as const;
const ForResourceType = Type.Object(
  { resource_type: Type.Optional(Type.String()) },
  { additionalProperties: true },
);

/** What lists of one kind of item have besides the items. */
const listOf = (namespace: string, plural: string) => ({
  first: `/v2/metadefs/namespaces/${encodeURIComponent(namespace)}/${plural}`,
  schema: `/v2/schemas/metadefs/${plural}`,
});

/** Objects, properties and tags of namespaces (api-ref: image/v2-metadefs). */
export const metadefItemEndpoints = (metadefs: Metadefs): readonly Endpoint[] => [
  ...objectEndpoints(metadefs),
  ...propertyEndpoints(metadefs),
  ...tagEndpoints(metadefs),
];

const objectEndpoints = (metadefs: Metadefs): readonly Endpoint[] => {
  const target = ({ auth, params }: TargetOf) => metadefs.get(auth, params.namespace);
  return [
    endpoint({
      id: 'metadef-objects:list',
      method: 'GET',
      path: `${NAMESPACE}/objects`,
      policy: 'get_metadef_objects',
      response: ObjectList,
      ok: 200,
      target,
      handler: ({ auth, params: { namespace } }) => ({
        objects: metadefs.items(auth, namespace, 'object').map((item) => objectView(namespace, item)),
        ...listOf(namespace, 'objects'),
      }),
    }),
    endpoint({
      id: 'metadef-objects:create',
      method: 'POST',
      path: `${NAMESPACE}/objects`,
      policy: 'add_metadef_object',
      body: ObjectWrite,
      response: ObjectView,
      ok: 201,
      target,
      handler: ({ auth, params: { namespace }, body }) =>
        objectView(namespace, metadefs.addItem(auth, namespace, 'object', body)),
    }),
    endpoint({
      id: 'metadef-objects:show',
      method: 'GET',
      path: `${NAMESPACE}/objects/{name}`,
      policy: 'get_metadef_object',
      response: ObjectView,
      ok: 200,
      target,
      handler: ({ auth, params: { namespace, name } }) =>
        objectView(namespace, metadefs.item(auth, namespace, 'object', name)),
    }),
    endpoint({
      id: 'metadef-objects:update',
      method: 'PUT',
      path: `${NAMESPACE}/objects/{name}`,
      policy: 'modify_metadef_object',
      body: ObjectWrite,
      response: ObjectView,
      ok: 200,
      target,
      handler: ({ auth, params: { namespace, name }, body }) =>
        objectView(namespace, metadefs.replaceItem(auth, namespace, 'object', name, body)),
    }),
    ...removals(metadefs, 'object', 'objects', 'delete_metadef_object'),
  ];
};

const propertyEndpoints = (metadefs: Metadefs): readonly Endpoint[] => {
  const target = ({ auth, params }: TargetOf) => metadefs.get(auth, params.namespace);
  return [
    endpoint({
      id: 'metadef-properties:list',
      method: 'GET',
      path: `${NAMESPACE}/properties`,
      policy: 'get_metadef_properties',
      response: PropertyList,
      ok: 200,
      target,
      handler: ({ auth, params: { namespace } }) => ({
        properties: propertiesView(metadefs.items(auth, namespace, 'property')),
      }),
    }),
    endpoint({
      id: 'metadef-properties:create',
      method: 'POST',
      path: `${NAMESPACE}/properties`,
      policy: 'add_metadef_property',
      body: PropertyWrite,
      response: PropertyView,
      ok: 201,
      target,
      handler: ({ auth, params: { namespace }, body }) =>
        propertyView(metadefs.addItem(auth, namespace, 'property', body)),
    }),
    endpoint({
      id: 'metadef-properties:show',
      method: 'GET',
      path: `${NAMESPACE}/properties/{name}`,
      policy: 'get_metadef_property',
      query: ForResourceType,
      response: PropertyView,
      ok: 200,
      target,
      handler: ({ auth, params: { namespace, name }, query }) => {
        // With a type of resource the name comes as it is there: with the prefix.
        const prefix = prefixFor(metadefs.associations(auth, namespace), query.resource_type);
        const bare = name.startsWith(prefix) ? name.slice(prefix.length) : name;
        return propertyView(metadefs.item(auth, namespace, 'property', bare), prefix);
      },
    }),
    endpoint({
      id: 'metadef-properties:update',
      method: 'PUT',
      path: `${NAMESPACE}/properties/{name}`,
      policy: 'modify_metadef_property',
      body: PropertyWrite,
      response: PropertyView,
      ok: 200,
      target,
      handler: ({ auth, params: { namespace, name }, body }) =>
        propertyView(metadefs.replaceItem(auth, namespace, 'property', name, body)),
    }),
    ...removals(metadefs, 'property', 'properties', 'remove_metadef_property'),
  ];
};

const tagEndpoints = (metadefs: Metadefs): readonly Endpoint[] => {
  const target = ({ auth, params }: TargetOf) => metadefs.get(auth, params.namespace);
  const listed = (namespace: string, items: readonly ItemRow[]) => ({
    tags: items.map(({ name }) => ({ name })),
    ...listOf(namespace, 'tags'),
  });
  return [
    endpoint({
      id: 'metadef-tags:list',
      method: 'GET',
      path: `${NAMESPACE}/tags`,
      policy: 'get_metadef_tags',
      response: TagList,
      ok: 200,
      target,
      handler: ({ auth, params: { namespace } }) => listed(namespace, metadefs.items(auth, namespace, 'tag')),
    }),
    endpoint({
      id: 'metadef-tags:create-all',
      method: 'POST',
      path: `${NAMESPACE}/tags`,
      policy: 'add_metadef_tags',
      body: TagsWrite,
      response: TagList,
      ok: 201,
      target,
      handler: ({ auth, params: { namespace }, body, header }) => {
        const append = header('x-openstack-append')?.toLowerCase() === 'true';
        return listed(namespace, metadefs.setTags(auth, namespace, body.tags, append));
      },
    }),
    endpoint({
      id: 'metadef-tags:create',
      method: 'POST',
      path: `${NAMESPACE}/tags/{name}`,
      policy: 'add_metadef_tag',
      response: TagView,
      ok: 201,
      target,
      handler: ({ auth, params: { namespace, name } }) => {
        check(MetadefName, name, 'name');
        return tagView(metadefs.addTag(auth, namespace, name));
      },
    }),
    endpoint({
      id: 'metadef-tags:show',
      method: 'GET',
      path: `${NAMESPACE}/tags/{name}`,
      policy: 'get_metadef_tag',
      response: TagView,
      ok: 200,
      target,
      handler: ({ auth, params: { namespace, name } }) =>
        tagView(metadefs.item(auth, namespace, 'tag', name)),
    }),
    endpoint({
      id: 'metadef-tags:update',
      method: 'PUT',
      path: `${NAMESPACE}/tags/{name}`,
      policy: 'modify_metadef_tag',
      body: TagWrite,
      response: TagView,
      ok: 200,
      target,
      handler: ({ auth, params: { namespace, name }, body }) =>
        tagView(metadefs.replaceItem(auth, namespace, 'tag', name, body)),
    }),
    ...removals(metadefs, 'tag', 'tags', 'delete_metadef_tag'),
  ];
};

interface TargetOf {
  readonly auth: Parameters<Metadefs['get']>[0];
  readonly params: { readonly namespace: string };
}

/** Removing one item, and all of its kind. */
function removals(
  metadefs: Metadefs,
  kind: ItemRow['kind'],
  plural: 'objects' | 'properties' | 'tags',
  policy: string,
): readonly Endpoint[] {
  return [
    endpoint({
      id: `metadef-${plural}:delete`,
      method: 'DELETE',
      path: `${NAMESPACE}/${plural}/{name}`,
      policy,
      ok: 204,
      target: ({ auth, params }) => metadefs.get(auth, params.namespace),
      handler: ({ auth, params }) => metadefs.removeItem(auth, params.namespace, kind, params.name),
    }),
    endpoint({
      id: `metadef-${plural}:delete-all`,
      method: 'DELETE',
      path: `${NAMESPACE}/${plural}`,
      policy: kind === 'tag' ? 'delete_metadef_tags' : 'delete_metadef_namespace',
      ok: 204,
      target: ({ auth, params }) => metadefs.get(auth, params.namespace),
      handler: ({ auth, params }) => metadefs.removeItems(auth, params.namespace, kind),
    }),
  ];
}
