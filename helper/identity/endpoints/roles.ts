import { notFound } from '../../errors/error.ts';
import { Reply, endpoint, type Endpoint } from '../../http/index.ts';
import { present } from '../app/attributes.ts';
import type { IdentityContext } from '../app/context.ts';
import { changeRole, createRole, implyRole, removeRole, roleRef, roleView } from '../app/roles.ts';
import {
  InferenceList,
  InferenceOfRole,
  InferenceOne,
  RoleCreate,
  RoleList,
  RoleOne,
  RoleUpdate,
} from '../schemas/role.ts';
import { findRole, implies, listImplied, listInferences, listRoles, removeImplied } from '../store/role.ts';
import { ListQuery, listAnswer, listLinks } from './list.ts';

/** Roles, and which of them imply others. */
export function roleEndpoints(identity: IdentityContext): readonly Endpoint[] {
  const { db } = identity;
  const role = (id: string) => present(findRole(db, id), 'role', id);
  const pair = (base: string, priorId: string, impliedId: string): object => ({
    role_inference: { prior_role: roleRef(base, role(priorId)), implies: roleRef(base, role(impliedId)) },
    links: { self: `${base}/roles/${priorId}/implies/${impliedId}` },
  });
  const missingPair = (priorId: string, impliedId: string) =>
    notFound(`${priorId} does not imply ${impliedId}.`);
  return [
    endpoint({
      id: 'roles:list',
      method: 'GET',
      path: '/roles',
      policy: 'identity:list_roles',
      query: ListQuery,
      response: RoleList,
      ok: 200,
      handler: (context) =>
        listAnswer(
          context,
          'roles',
          (page) => listRoles(db, { name: context.query.name, domainId: context.query.domain_id }, page),
          (rows) => rows.map((row) => roleView(context.base, row)),
        ),
    }),
    endpoint({
      id: 'roles:create',
      method: 'POST',
      path: '/roles',
      policy: 'identity:create_role',
      body: RoleCreate,
      response: RoleOne,
      ok: 201,
      handler: ({ body, base }) => ({ role: roleView(base, createRole(identity, body.role)) }),
    }),
    endpoint({
      id: 'roles:show',
      method: 'GET',
      path: '/roles/{role_id}',
      policy: 'identity:get_role',
      response: RoleOne,
      ok: 200,
      handler: ({ params, base }) => ({ role: roleView(base, role(params.role_id)) }),
    }),
    endpoint({
      id: 'roles:update',
      method: 'PATCH',
      path: '/roles/{role_id}',
      policy: 'identity:update_role',
      body: RoleUpdate,
      response: RoleOne,
      ok: 200,
      handler: ({ params, body, base }) => ({
        role: roleView(base, changeRole(identity, params.role_id, body.role)),
      }),
    }),
    endpoint({
      id: 'roles:delete',
      method: 'DELETE',
      path: '/roles/{role_id}',
      policy: 'identity:delete_role',
      ok: 204,
      handler: ({ params }) => removeRole(identity, params.role_id),
    }),
    endpoint({
      id: 'roles:implied',
      method: 'GET',
      path: '/roles/{role_id}/implies',
      policy: 'identity:list_implied_roles',
      response: InferenceOfRole,
      ok: 200,
      handler: ({ params, base, path, origin }) => ({
        role_inference: {
          prior_role: roleRef(base, role(params.role_id)),
          implies: listImplied(db, params.role_id).map((row) => roleRef(base, row)),
        },
        links: { self: `${origin}${path}` },
      }),
    }),
    endpoint({
      id: 'roles:imply',
      method: 'PUT',
      path: '/roles/{role_id}/implies/{implied_role_id}',
      policy: 'identity:create_implied_role',
      response: InferenceOne,
      ok: 201,
      handler: ({ params, base }) => {
        implyRole(identity, params.role_id, params.implied_role_id);
        return pair(base, params.role_id, params.implied_role_id);
      },
    }),
    endpoint({
      id: 'roles:implication',
      method: 'GET',
      path: '/roles/{role_id}/implies/{implied_role_id}',
      policy: 'identity:get_implied_role',
      response: InferenceOne,
      ok: 200,
      handler: ({ params, base }) => {
        if (!implies(db, params.role_id, params.implied_role_id))
          throw missingPair(params.role_id, params.implied_role_id);
        return pair(base, params.role_id, params.implied_role_id);
      },
    }),
    endpoint({
      id: 'roles:check-implication',
      method: 'HEAD',
      path: '/roles/{role_id}/implies/{implied_role_id}',
      policy: 'identity:check_implied_role',
      ok: 204,
      handler: ({ params }) => {
        if (!implies(db, params.role_id, params.implied_role_id))
          throw missingPair(params.role_id, params.implied_role_id);
      },
    }),
    endpoint({
      id: 'roles:no-longer-imply',
      method: 'DELETE',
      path: '/roles/{role_id}/implies/{implied_role_id}',
      policy: 'identity:delete_implied_role',
      ok: 204,
      handler: ({ params }) => {
        if (!removeImplied(db, params.role_id, params.implied_role_id))
          throw missingPair(params.role_id, params.implied_role_id);
      },
    }),
    endpoint({
      id: 'roles:inferences',
      method: 'GET',
      path: '/role_inferences',
      policy: 'identity:list_role_inference_rules',
      response: InferenceList,
      ok: 200,
      handler: (context) => {
        const byPrior = Map.groupBy(listInferences(db), (rule) => rule.prior_id);
        const inferences = [...byPrior].map(([id, rules]) => ({
          prior_role: roleRef(context.base, { id, name: rules[0]?.prior_name ?? '' }),
          implies: rules.map((rule) =>
            roleRef(context.base, { id: rule.implied_id, name: rule.implied_name }),
          ),
        }));
        return new Reply({ body: { role_inferences: inferences, links: listLinks(context) } });
      },
    }),
  ];
}
