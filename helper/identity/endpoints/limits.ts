import { Reply, endpoint, type Endpoint, type RequestContext } from '../../http/index.ts';
import { missing, present } from '../app/attributes.ts';
import type { IdentityContext } from '../app/context.ts';
import {
  changeLimit,
  changeRegisteredLimit,
  createLimits,
  createRegisteredLimits,
  limitView,
  registeredLimitView,
  removeRegisteredLimit,
} from '../app/limits.ts';
import {
  LimitCreate,
  LimitList,
  LimitModel,
  LimitOne,
  LimitQuery,
  LimitUpdate,
  RegisteredLimitCreate,
  RegisteredLimitList,
  RegisteredLimitOne,
  RegisteredLimitUpdate,
} from '../schemas/limit.ts';
import {
  deleteLimit,
  findLimit,
  findRegisteredLimit,
  listLimits,
  listRegisteredLimits,
} from '../store/limit.ts';
import { listAnswer, listLinks } from './list.ts';

/** Unified limits: what projects may have, kept here for the services. */
export function limitEndpoints(identity: IdentityContext): readonly Endpoint[] {
  return [...registeredEndpoints(identity), ...ownEndpoints(identity)];
}

function registeredEndpoints(identity: IdentityContext): readonly Endpoint[] {
  const { db } = identity;
  const one = '/registered_limits/{registered_limit_id}';
  return [
    endpoint({
      id: 'registered-limits:list',
      method: 'GET',
      path: '/registered_limits',
      policy: 'identity:list_registered_limits',
      query: LimitQuery,
      response: RegisteredLimitList,
      ok: 200,
      handler: (context) =>
        listAnswer(
          context,
          'registered_limits',
          (page) => listRegisteredLimits(db, context.query, page),
          (rows) => rows.map((row) => registeredLimitView(context.base, row)),
        ),
    }),
    endpoint({
      id: 'registered-limits:create',
      method: 'POST',
      path: '/registered_limits',
      policy: 'identity:create_registered_limits',
      body: RegisteredLimitCreate,
      response: RegisteredLimitList,
      ok: 201,
      handler: (context) => ({
        registered_limits: createRegisteredLimits(identity, context.body.registered_limits).map((row) =>
          registeredLimitView(context.base, row),
        ),
        links: listLinks(context),
      }),
    }),
    endpoint({
      id: 'registered-limits:show',
      method: 'GET',
      path: one,
      policy: 'identity:get_registered_limit',
      response: RegisteredLimitOne,
      ok: 200,
      handler: ({ params: { registered_limit_id: id }, base }) => ({
        registered_limit: registeredLimitView(
          base,
          present(findRegisteredLimit(db, id), 'registered_limit', id),
        ),
      }),
    }),
    endpoint({
      id: 'registered-limits:update',
      method: 'PATCH',
      path: one,
      policy: 'identity:update_registered_limit',
      body: RegisteredLimitUpdate,
      response: RegisteredLimitOne,
      ok: 200,
      handler: ({ params, body, base }) => ({
        registered_limit: registeredLimitView(
          base,
          changeRegisteredLimit(identity, params.registered_limit_id, body.registered_limit),
        ),
      }),
    }),
    endpoint({
      id: 'registered-limits:delete',
      method: 'DELETE',
      path: one,
      policy: 'identity:delete_registered_limit',
      ok: 204,
      handler: ({ params }) => removeRegisteredLimit(identity, params.registered_limit_id),
    }),
  ];
}

function ownEndpoints(identity: IdentityContext): readonly Endpoint[] {
  const { db } = identity;
  // Whose it is not does not learn that it is there.
  const target = ({ params, may }: Pick<RequestContext<{ limit_id: string }>, 'params' | 'may'>) => {
    const limit = findLimit(db, params.limit_id);
    const owner = { project_id: limit?.project_id ?? null, domain_id: limit?.domain_id ?? null };
    if (limit === undefined || !may('identity:get_limit', owner)) throw missing('limit', params.limit_id);
    return { ...owner, limit };
  };
  return [
    endpoint({
      id: 'limits:model',
      method: 'GET',
      path: '/limits/model',
      policy: 'identity:get_limit_model',
      response: LimitModel,
      ok: 200,
      handler: () =>
        new Reply({
          body: {
            model: {
              name: 'flat',
              description:
                'Limit enforcement and validation does not take project hierarchy into consideration.',
            },
          },
        }),
    }),
    endpoint({
      id: 'limits:list',
      method: 'GET',
      path: '/limits',
      policy: 'identity:list_limits',
      query: LimitQuery,
      response: LimitList,
      ok: 200,
      handler: (context) => {
        const { auth, query } = context;
        // Who is no administrator sees those of its own scope.
        const own = auth.roles.has('admin')
          ? {}
          : auth.projectId === undefined
            ? { domain_id: auth.domainId ?? '' }
            : { project_id: auth.projectId };
        return listAnswer(
          context,
          'limits',
          (page) => listLimits(db, { ...query, ...own }, page),
          (rows) => rows.map((row) => limitView(context.base, row)),
        );
      },
    }),
    endpoint({
      id: 'limits:create',
      method: 'POST',
      path: '/limits',
      policy: 'identity:create_limits',
      body: LimitCreate,
      response: LimitList,
      ok: 201,
      handler: (context) => ({
        limits: createLimits(identity, context.body.limits).map((row) => limitView(context.base, row)),
        links: listLinks(context),
      }),
    }),
    endpoint({
      id: 'limits:show',
      method: 'GET',
      path: '/limits/{limit_id}',
      policy: 'identity:get_limit',
      response: LimitOne,
      ok: 200,
      target,
      handler: ({ target, base }) => ({ limit: limitView(base, target.limit) }),
    }),
    endpoint({
      id: 'limits:update',
      method: 'PATCH',
      path: '/limits/{limit_id}',
      policy: 'identity:update_limit',
      body: LimitUpdate,
      response: LimitOne,
      ok: 200,
      target,
      handler: ({ params, body, base }) => ({
        limit: limitView(base, changeLimit(identity, params.limit_id, body.limit)),
      }),
    }),
    endpoint({
      id: 'limits:delete',
      method: 'DELETE',
      path: '/limits/{limit_id}',
      policy: 'identity:delete_limit',
      ok: 204,
      target,
      handler: ({ params }) => deleteLimit(db, params.limit_id),
    }),
  ];
}
