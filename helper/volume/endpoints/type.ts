import { badRequest, notFound } from '../../errors/error.ts';
import { type Caller, callerOf, endpoint, type Endpoint, mv } from '../../http/index.ts';
import { nextLinks } from '../app/list-query.ts';
import type { Types } from '../app/type.ts';
import { AnyQuery } from '../schemas/common.ts';
import {
  AccessList,
  AddAccess,
  DefaultTypeList,
  DefaultTypeSet,
  DefaultTypeShown,
  ExtraSpec,
  ExtraSpecs,
  ExtraSpecsShown,
  RemoveAccess,
  TypeCreate,
  TypeList,
  TypeShown,
  TypeUpdate,
} from '../schemas/type.ts';
import type { VolumeType } from '../store/type.ts';

/** Extra specs that everybody may see (cinder's USER_VISIBLE_EXTRA_SPECS). */
const PLAIN_SPECS = new Set(['RESKEY:availability_zones', 'multiattach', 'replication_enabled', 'cacheable']);

function visibleSpecs(caller: Caller, specs: Readonly<Record<string, string>>): Record<string, string> {
  if (caller.may('volume_extension:types_extra_specs:read_sensitive')) return { ...specs };
  return Object.fromEntries(Object.entries(specs).filter(([key]) => PLAIN_SPECS.has(key)));
}

const typeView = (caller: Caller, type: VolumeType) => ({
  id: type.id,
  name: type.name,
  description: type.description,
  is_public: type.is_public === 1,
  extra_specs: visibleSpecs(caller, type.extra_specs),
  'os-volume-type-access:is_public': type.is_public === 1,
  ...(caller.may('volume_extension:access_types_qos_specs_id') ? { qos_specs_id: type.qos_specs_id } : {}),
});

/** /types (api-ref: "Volume types"). */
export const typeEndpoints = (types: Types): readonly Endpoint[] => [
  endpoint({
    id: 'types:list',
    method: 'GET',
    path: '/types',
    policy: 'volume_extension:type_get_all',
    query: AnyQuery,
    response: TypeList,
    ok: 200,
    handler: (context) => {
      const caller = callerOf(context);
      const { rows } = types.list(caller, context.query);
      const links = nextLinks(caller, context.query, 'types', rows);
      return {
        volume_types: rows.map((one) => typeView(caller, one)),
        ...(links === undefined ? {} : { volume_type_links: links }),
      };
    },
  }),
  endpoint({
    id: 'types:create',
    method: 'POST',
    path: '/types',
    policy: 'volume_extension:type_create',
    body: TypeCreate,
    response: TypeShown,
    ok: 200,
    handler: (context) => {
      const { volume_type } = context.body;
      const { qos_specs_id: _qos, ...view } = typeView(callerOf(context), types.create(volume_type));
      return { volume_type: view };
    },
  }),
  endpoint({
    id: 'types:show',
    method: 'GET',
    path: '/types/{type_id}',
    policy: 'volume_extension:type_get',
    response: TypeShown,
    ok: 200,
    target: ({ auth, params }) =>
      params.type_id === 'default' ? types.defaultFor(auth.projectId ?? '') : types.get(auth, params.type_id),
    handler: (context) => ({ volume_type: typeView(callerOf(context), context.target) }),
  }),
  endpoint({
    id: 'types:update',
    method: 'PUT',
    path: '/types/{type_id}',
    policy: 'volume_extension:type_update',
    body: TypeUpdate,
    response: TypeShown,
    ok: 200,
    handler: (context) => {
      const { volume_type } = context.body;
      const {
        qos_specs_id: _qos,
        'os-volume-type-access:is_public': _public,
        ...view
      } = typeView(callerOf(context), types.update(context.params.type_id, volume_type));
      return { volume_type: view };
    },
  }),
  endpoint({
    id: 'types:delete',
    method: 'DELETE',
    path: '/types/{type_id}',
    policy: 'volume_extension:type_delete',
    response: 'none',
    ok: 202,
    handler: ({ params }) => types.delete(params.type_id),
  }),
  endpoint({
    id: 'types:access',
    method: 'GET',
    path: '/types/{type_id}/os-volume-type-access',
    policy: 'volume_extension:volume_type_access:get_all_for_type',
    response: AccessList,
    ok: 200,
    handler: ({ params }) => ({
      volume_type_access: types
        .access(params.type_id)
        .map((project_id) => ({ volume_type_id: params.type_id, project_id })),
    }),
  }),
  endpoint({
    id: 'types:addProjectAccess',
    method: 'POST',
    path: '/types/{type_id}/action',
    action: 'addProjectAccess',
    policy: 'volume_extension:volume_type_access:addProjectAccess',
    body: AddAccess,
    response: 'none',
    ok: 202,
    handler: ({ params, body }) => types.addAccess(params.type_id, body.addProjectAccess.project),
  }),
  endpoint({
    id: 'types:removeProjectAccess',
    method: 'POST',
    path: '/types/{type_id}/action',
    action: 'removeProjectAccess',
    policy: 'volume_extension:volume_type_access:removeProjectAccess',
    body: RemoveAccess,
    response: 'none',
    ok: 202,
    handler: ({ params, body }) => types.removeAccess(params.type_id, body.removeProjectAccess.project),
  }),
  ...extraSpecEndpoints(types),
  ...defaultTypeEndpoints(types),
];

const extraSpecEndpoints = (types: Types): readonly Endpoint[] => [
  endpoint({
    id: 'types:extra_specs:list',
    method: 'GET',
    path: '/types/{type_id}/extra_specs',
    policy: 'volume_extension:types_extra_specs:index',
    response: ExtraSpecsShown,
    ok: 200,
    handler: (context) => ({
      extra_specs: visibleSpecs(
        callerOf(context),
        types.get(context.auth, context.params.type_id).extra_specs,
      ),
    }),
  }),
  endpoint({
    id: 'types:extra_specs:create',
    method: 'POST',
    path: '/types/{type_id}/extra_specs',
    policy: 'volume_extension:types_extra_specs:create',
    body: ExtraSpecs,
    response: ExtraSpecsShown,
    ok: 200,
    handler: ({ params, body }) => {
      types.setExtraSpecs(params.type_id, body.extra_specs);
      return { extra_specs: body.extra_specs };
    },
  }),
  endpoint({
    id: 'types:extra_specs:show',
    method: 'GET',
    path: '/types/{type_id}/extra_specs/{key}',
    policy: 'volume_extension:types_extra_specs:show',
    response: ExtraSpec,
    ok: 200,
    handler: (context) => {
      const { type_id, key } = context.params;
      const value = visibleSpecs(callerOf(context), types.get(context.auth, type_id).extra_specs)[key];
      if (value === undefined)
        throw notFound(`Volume Type ${type_id} has no extra specs with key ${key.slice(0, 80)}.`);
      return { [key]: value };
    },
  }),
  endpoint({
    id: 'types:extra_specs:update',
    method: 'PUT',
    path: '/types/{type_id}/extra_specs/{key}',
    policy: 'volume_extension:types_extra_specs:update',
    body: ExtraSpec,
    response: ExtraSpec,
    ok: 200,
    handler: ({ params, body }) => {
      if (!Object.hasOwn(body, params.key)) throw badRequest('Request body and URI mismatch');
      types.setExtraSpecs(params.type_id, body);
      return body;
    },
  }),
  endpoint({
    id: 'types:extra_specs:delete',
    method: 'DELETE',
    path: '/types/{type_id}/extra_specs/{key}',
    policy: 'volume_extension:types_extra_specs:delete',
    response: 'none',
    ok: 202,
    handler: ({ params }) => types.removeExtraSpec(params.type_id, params.key),
  }),
];

const defaultTypeEndpoints = (types: Types): readonly Endpoint[] => [
  endpoint({
    id: 'default-types:list',
    method: 'GET',
    path: '/default-types',
    policy: 'volume_extension:default_get_all',
    min: mv('3.62'),
    response: DefaultTypeList,
    ok: 200,
    handler: () => ({ default_types: types.defaults() }),
  }),
  endpoint({
    id: 'default-types:show',
    method: 'GET',
    path: '/default-types/{project_id}',
    policy: 'volume_extension:default_get',
    min: mv('3.62'),
    response: DefaultTypeShown,
    ok: 200,
    handler: ({ params }) => ({ default_type: types.defaultOf(params.project_id) }),
  }),
  endpoint({
    id: 'default-types:set',
    method: 'PUT',
    path: '/default-types/{project_id}',
    policy: 'volume_extension:default_set_or_update',
    min: mv('3.62'),
    body: DefaultTypeSet,
    response: DefaultTypeShown,
    ok: 200,
    handler: (context) => ({
      default_type: types.setDefault(
        callerOf(context),
        context.params.project_id,
        context.body.default_type.volume_type,
      ),
    }),
  }),
  endpoint({
    id: 'default-types:unset',
    method: 'DELETE',
    path: '/default-types/{project_id}',
    policy: 'volume_extension:default_unset',
    min: mv('3.62'),
    ok: 204,
    handler: ({ params }) => types.unsetDefault(params.project_id),
  }),
];
