import { Type } from 'typebox';
import { Reply, endpoint, nextLink, pageOf, type Endpoint } from '../../http/index.ts';
import type { Metadefs } from '../app/metadef.ts';
import { associationView, namespaceView, prefixFor, resourceTypeView } from '../app/metadef-view.ts';
import {
  AssociationList,
  AssociationView,
  AssociationWrite,
  NamespaceCreate,
  NamespaceList,
  NamespaceUpdate,
  NamespaceView,
  ResourceTypeList,
} from '../schemas/metadef.ts';

const NAMESPACE = '/metadefs/namespaces/{namespace}' as const;

/** Namespaces and their resource types (api-ref: image/v2-metadefs). */
export const metadefNamespaceEndpoints = (metadefs: Metadefs): readonly Endpoint[] => [
  endpoint({
    id: 'metadef-namespaces:list',
    method: 'GET',
    path: '/metadefs/namespaces',
    policy: 'get_metadef_namespaces',
    query: Type.Record(Type.String(), Type.String()),
    response: NamespaceList,
    ok: 200,
    handler: ({ auth, query }) => {
      const page = pageOf(query, { max: 1000, zeroIsEmpty: true });
      const { namespaces, next } = metadefs.list(auth, query, page);
      return {
        namespaces: namespaces.map(({ row, associations }) => namespaceView(row, { associations })),
        first: '/v2/metadefs/namespaces',
        ...(next === undefined ? {} : { next: nextLink('', '/v2/metadefs/namespaces', query, next) }),
        schema: '/v2/schemas/metadefs/namespaces',
      };
    },
  }),
  endpoint({
    id: 'metadef-namespaces:create',
    method: 'POST',
    path: '/metadefs/namespaces',
    policy: 'add_metadef_namespace',
    body: NamespaceCreate,
    response: NamespaceView,
    ok: 201,
    handler: ({ auth, body, base }) => {
      const row = metadefs.create(auth, body);
      const location = `${base}/metadefs/namespaces/${encodeURIComponent(row.namespace)}`;
      return new Reply({ body: namespaceView(row, metadefs.content(row)), headers: { location } });
    },
  }),
  endpoint({
    id: 'metadef-namespaces:show',
    method: 'GET',
    path: NAMESPACE,
    policy: 'get_metadef_namespace',
    query: Type.Object({ resource_type: Type.Optional(Type.String()) }, { additionalProperties: true }),
    response: NamespaceView,
    ok: 200,
    target: ({ auth, params }) => metadefs.get(auth, params.namespace),
    handler: ({ target, query }) => {
      const content = metadefs.content(target);
      return namespaceView(target, content, prefixFor(content.associations, query.resource_type));
    },
  }),
  endpoint({
    id: 'metadef-namespaces:update',
    method: 'PUT',
    path: NAMESPACE,
    policy: 'modify_metadef_namespace',
    body: NamespaceUpdate,
    response: NamespaceView,
    ok: 200,
    target: ({ auth, params }) => metadefs.get(auth, params.namespace),
    handler: ({ auth, params, body }) => namespaceView(metadefs.update(auth, params.namespace, body)),
  }),
  endpoint({
    id: 'metadef-namespaces:delete',
    method: 'DELETE',
    path: NAMESPACE,
    policy: 'delete_metadef_namespace',
    ok: 204,
    target: ({ auth, params }) => metadefs.get(auth, params.namespace),
    handler: ({ auth, params }) => metadefs.delete(auth, params.namespace),
  }),
  endpoint({
    id: 'metadef-resource-types:list',
    method: 'GET',
    path: '/metadefs/resource_types',
    policy: 'list_metadef_resource_types',
    response: ResourceTypeList,
    ok: 200,
    handler: () => ({ resource_types: metadefs.resourceTypes().map(resourceTypeView) }),
  }),
  endpoint({
    id: 'metadef-associations:list',
    method: 'GET',
    path: `${NAMESPACE}/resource_types`,
    policy: 'get_metadef_resource_type',
    response: AssociationList,
    ok: 200,
    target: ({ auth, params }) => metadefs.get(auth, params.namespace),
    handler: ({ auth, params }) => ({
      resource_type_associations: metadefs.associations(auth, params.namespace).map(associationView),
    }),
  }),
  endpoint({
    id: 'metadef-associations:create',
    method: 'POST',
    path: `${NAMESPACE}/resource_types`,
    policy: 'add_metadef_resource_type_association',
    body: AssociationWrite,
    response: AssociationView,
    ok: 201,
    target: ({ auth, params }) => metadefs.get(auth, params.namespace),
    handler: ({ auth, params, body }) => associationView(metadefs.associate(auth, params.namespace, body)),
  }),
  endpoint({
    id: 'metadef-associations:delete',
    method: 'DELETE',
    path: `${NAMESPACE}/resource_types/{resource_type}`,
    policy: 'remove_metadef_resource_type_association',
    ok: 204,
    target: ({ auth, params }) => metadefs.get(auth, params.namespace),
    handler: ({ auth, params }) => metadefs.dissociate(auth, params.namespace, params.resource_type),
  }),
];
