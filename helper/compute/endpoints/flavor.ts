import { conflict, notFound } from '../../errors/error.ts';
import { callerOf, endpoint, type Endpoint, mv } from '../../http/index.ts';
import { flavorDetail, flavorSummary, type FlavorApp } from '../app/flavor.ts';
import {
  AddTenantAccess,
  FlavorAccessAnswer,
  FlavorAnswer,
  FlavorCreate,
  FlavorDetailList,
  FlavorList,
  FlavorQuery,
  FlavorUpdate,
  RemoveTenantAccess,
  type FlavorQueryValues,
  type NewFlavorRequest,
} from '../schemas/flavor.ts';

/** /flavors and the access to those that are not public (api-ref, "Flavors", "Flavors access"). */
export const flavorEndpoints = (flavors: FlavorApp): readonly Endpoint[] => [
  endpoint({
    id: 'flavors:index',
    method: 'GET',
    path: '/flavors',
    policy: 'os_compute_api:flavors',
    query: FlavorQuery,
    response: FlavorList,
    ok: 200,
    handler: (context) => {
      const caller = callerOf(context);
      const view = flavorSummary.bind(undefined, caller);
      return flavors.list(caller, context.query as FlavorQueryValues, '/flavors', view);
    },
  }),
  endpoint({
    id: 'flavors:detail',
    method: 'GET',
    path: '/flavors/detail',
    policy: 'os_compute_api:flavors',
    query: FlavorQuery,
    response: FlavorDetailList,
    ok: 200,
    handler: (context) => {
      const caller = callerOf(context);
      const view = flavorDetail.bind(undefined, caller);
      return flavors.list(caller, context.query as FlavorQueryValues, '/flavors/detail', view);
    },
  }),
  endpoint({
    id: 'flavors:create',
    method: 'POST',
    path: '/flavors',
    policy: 'os_compute_api:os-flavor-manage:create',
    body: FlavorCreate,
    response: FlavorAnswer,
    ok: 200,
    handler: (context) => {
      const flavor = flavors.create((context.body as { flavor: NewFlavorRequest }).flavor);
      return { flavor: flavorDetail(callerOf(context), flavor) };
    },
  }),
  endpoint({
    id: 'flavors:show',
    method: 'GET',
    path: '/flavors/{flavor_id}',
    policy: 'os_compute_api:flavors',
    response: FlavorAnswer,
    ok: 200,
    handler: (context) => ({
      flavor: flavorDetail(callerOf(context), flavors.visible(context.auth, context.params.flavor_id)),
    }),
  }),
  endpoint({
    id: 'flavors:update',
    method: 'PUT',
    path: '/flavors/{flavor_id}',
    policy: 'os_compute_api:os-flavor-manage:update',
    min: mv('2.55'),
    body: FlavorUpdate,
    response: FlavorAnswer,
    ok: 200,
    handler: (context) => {
      const flavor = flavors.describe(context.params.flavor_id, context.body.flavor.description);
      return { flavor: flavorDetail(callerOf(context), flavor) };
    },
  }),
  endpoint({
    id: 'flavors:delete',
    method: 'DELETE',
    path: '/flavors/{flavor_id}',
    policy: 'os_compute_api:os-flavor-manage:delete',
    response: 'none',
    ok: 202,
    handler: ({ params }) => flavors.remove(params.flavor_id),
  }),
  endpoint({
    id: 'flavor-access:index',
    method: 'GET',
    path: '/flavors/{flavor_id}/os-flavor-access',
    policy: 'os_compute_api:os-flavor-access',
    response: FlavorAccessAnswer,
    ok: 200,
    handler: ({ auth, params }) => {
      const flavor = flavors.visible(auth, params.flavor_id);
      if (flavor.isPublic) throw notFound('Access list not available for public flavors.');
      return flavors.access(flavor.id);
    },
  }),
  endpoint({
    id: 'flavor-access:add',
    method: 'POST',
    path: '/flavors/{flavor_id}/action',
    action: 'addTenantAccess',
    policy: 'os_compute_api:os-flavor-access:add_tenant_access',
    body: AddTenantAccess,
    response: FlavorAccessAnswer,
    ok: 200,
    handler: (context) => {
      const flavor = flavors.visible(context.auth, context.params.flavor_id);
      return flavors.grant(callerOf(context), flavor, context.body.addTenantAccess.tenant);
    },
  }),
  endpoint({
    id: 'flavor-access:remove',
    method: 'POST',
    path: '/flavors/{flavor_id}/action',
    action: 'removeTenantAccess',
    policy: 'os_compute_api:os-flavor-access:remove_tenant_access',
    body: RemoveTenantAccess,
    response: FlavorAccessAnswer,
    ok: 200,
    handler: (context) => {
      const flavor = flavors.visible(context.auth, context.params.flavor_id);
      if (flavor.isPublic && context.version >= mv('2.7')) {
        throw conflict('Can not remove access from a public flavor.');
      }
      return flavors.revoke(flavor, context.body.removeTenantAccess.tenant);
    },
  }),
];
