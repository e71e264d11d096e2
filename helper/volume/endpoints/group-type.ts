import { badRequest } from '../../errors/error.ts';
import { type Caller, callerOf, endpoint, type Endpoint, mv } from '../../http/index.ts';
import type { GroupTypes } from '../app/group-type.ts';
import { nextLinks } from '../app/list-query.ts';
import { AnyQuery } from '../schemas/common.ts';
import {
  GroupSpecShown,
  GroupSpecsCreate,
  GroupSpecsShown,
  GroupSpecUpdate,
  GroupTypeCreate,
  GroupTypeList,
  GroupTypeShown,
  GroupTypeUpdate,
} from '../schemas/group.ts';
import type { GroupType } from '../store/group-type.ts';

const min = mv('3.11');

const view = (caller: Caller, type: GroupType) => ({
  id: type.id,
  name: type.name,
  description: type.description,
  is_public: type.is_public === 1,
  ...(caller.may('group:access_group_types_specs') ? { group_specs: type.group_specs } : {}),
});

/** /group_types and their group_specs (api-ref: "Group types", "Group type specs"). */
export const groupTypeEndpoints = (types: GroupTypes): readonly Endpoint[] => [
  endpoint({
    id: 'group_types:list',
    method: 'GET',
    path: '/group_types',
    policy: 'group:group_types:get_all',
    min,
    query: AnyQuery,
    response: GroupTypeList,
    ok: 200,
    handler: (context) => {
      const caller = callerOf(context);
      const { rows } = types.list(caller, context.query);
      const links = nextLinks(caller, context.query, 'group_types', rows);
      return {
        group_types: rows.map((one) => view(caller, one)),
        ...(links === undefined ? {} : { group_type_links: links }),
      };
    },
  }),
  endpoint({
    id: 'group_types:create',
    method: 'POST',
    path: '/group_types',
    policy: 'group:group_types:create',
    min,
    body: GroupTypeCreate,
    response: GroupTypeShown,
    ok: 202,
    handler: (context) => ({
      group_type: view(callerOf(context), types.create(context.body.group_type)),
    }),
  }),
  endpoint({
    id: 'group_types:show',
    method: 'GET',
    path: '/group_types/{group_type_id}',
    policy: 'group:group_types:get',
    min,
    response: GroupTypeShown,
    ok: 200,
    target: ({ auth, params }) =>
      params.group_type_id === 'default' ? types.default() : types.get(auth, params.group_type_id),
    handler: (context) => ({ group_type: view(callerOf(context), context.target) }),
  }),
  endpoint({
    id: 'group_types:update',
    method: 'PUT',
    path: '/group_types/{group_type_id}',
    policy: 'group:group_types:update',
    min,
    body: GroupTypeUpdate,
    response: GroupTypeShown,
    ok: 200,
    handler: (context) => ({
      group_type: view(
        callerOf(context),
        types.update(context.params.group_type_id, context.body.group_type),
      ),
    }),
  }),
  endpoint({
    id: 'group_types:delete',
    method: 'DELETE',
    path: '/group_types/{group_type_id}',
    policy: 'group:group_types:delete',
    min,
    response: 'none',
    ok: 202,
    handler: ({ params }) => types.delete(params.group_type_id),
  }),
  endpoint({
    id: 'group_types:group_specs:list',
    method: 'GET',
    path: '/group_types/{group_type_id}/group_specs',
    policy: 'group:group_types_specs:get_all',
    min,
    response: GroupSpecsShown,
    ok: 200,
    handler: ({ params }) => ({ group_specs: types.specs(params.group_type_id) }),
  }),
  endpoint({
    id: 'group_types:group_specs:create',
    method: 'POST',
    path: '/group_types/{group_type_id}/group_specs',
    policy: 'group:group_types_specs:create',
    min,
    body: GroupSpecsCreate,
    response: GroupSpecsShown,
    ok: 202,
    handler: ({ params, body }) => {
      types.setSpecs(params.group_type_id, body.group_specs);
      return body;
    },
  }),
  endpoint({
    id: 'group_types:group_specs:show',
    method: 'GET',
    path: '/group_types/{group_type_id}/group_specs/{key}',
    policy: 'group:group_types_specs:get',
    min,
    response: GroupSpecShown,
    ok: 200,
    handler: ({ params }) => ({ [params.key]: types.spec(params.group_type_id, params.key) }),
  }),
  endpoint({
    id: 'group_types:group_specs:update',
    method: 'PUT',
    path: '/group_types/{group_type_id}/group_specs/{key}',
    policy: 'group:group_types_specs:update',
    min,
    body: GroupSpecUpdate,
    response: GroupSpecShown,
    ok: 200,
    handler: ({ params, body }) => {
      if (!Object.hasOwn(body, params.key)) throw badRequest('Request body and URI mismatch');
      types.setSpecs(params.group_type_id, body);
      return body;
    },
  }),
  endpoint({
    id: 'group_types:group_specs:delete',
    method: 'DELETE',
    path: '/group_types/{group_type_id}/group_specs/{key}',
    policy: 'group:group_types_specs:delete',
    min,
    response: 'none',
    ok: 202,
    handler: ({ params }) => types.removeSpec(params.group_type_id, params.key),
  }),
];
