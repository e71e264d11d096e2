import { endpoint, type Endpoint } from '../../http/index.ts';
import { bodiesOf, checkRevision } from '../app/caller.ts';
import { pick } from '../app/listing.ts';
import type { RouterApp } from '../app/router.ts';
import type { RouterInterfaces } from '../app/router-interface.ts';
import { listed, oneOrMany, wrapped } from '../schemas/common.ts';
import {
  ExtraRoutes,
  InterfaceRequest,
  InterfaceShown,
  RouterCreate,
  RouterShown,
  RouterUpdate,
} from '../schemas/router.ts';
import { oneOrManyShown } from './shown.ts';

/** https://docs.openstack.org/api-ref/network/v2/#routers-routers */
export const routerEndpoints = (routers: RouterApp, interfaces: RouterInterfaces): readonly Endpoint[] => {
  const targetOf = (context: Parameters<RouterApp['load']>[0] & { params: { router_id: string } }) => {
    const row = routers.load(context, context.params.router_id);
    return { row, project_id: row.project_id };
  };
  return [
    endpoint({
      id: 'routers:list',
      method: 'GET',
      path: '/routers',
      policy: 'get_router',
      response: listed('routers', RouterShown),
      ok: 200,
      handler: (context) => routers.list(context),
    }),
    endpoint({
      id: 'routers:create',
      method: 'POST',
      path: '/routers',
      policy: 'create_router',
      body: oneOrMany('router', 'routers', RouterCreate),
      response: oneOrManyShown('router', 'routers', RouterShown),
      ok: 201,
      handler: (context) => {
        const { many, bodies } = bodiesOf(context.body.router, context.body.routers);
        const views = routers.views(context, routers.create(context, bodies));
        return many ? { routers: views } : { router: views[0] };
      },
    }),
    endpoint({
      id: 'routers:show',
      method: 'GET',
      path: '/routers/{router_id}',
      policy: 'get_router',
      response: wrapped('router', RouterShown),
      ok: 200,
      target: targetOf,
      handler: (context) => {
        const [view = {}] = routers.views(context, [context.target.row]);
        return { router: pick(view, context) };
      },
    }),
    endpoint({
      id: 'routers:update',
      method: 'PUT',
      path: '/routers/{router_id}',
      policy: 'update_router',
      body: wrapped('router', RouterUpdate),
      response: wrapped('router', RouterShown),
      ok: 200,
      target: targetOf,
      handler: (context) => {
        checkRevision(context, context.target.row);
        const row = routers.update(context, context.target.row, context.body.router);
        return { router: routers.views(context, [row])[0] };
      },
    }),
    endpoint({
      id: 'routers:delete',
      method: 'DELETE',
      path: '/routers/{router_id}',
      policy: 'delete_router',
      ok: 204,
      target: targetOf,
      handler: (context) => {
        checkRevision(context, context.target.row);
        routers.delete(context, context.target.row);
      },
    }),
    endpoint({
      id: 'routers:add_router_interface',
      method: 'PUT',
      path: '/routers/{router_id}/add_router_interface',
      policy: 'add_router_interface',
      body: InterfaceRequest,
      response: InterfaceShown,
      ok: 200,
      target: targetOf,
      handler: (context) => interfaces.add(context, context.target.row, context.body),
    }),
    endpoint({
      id: 'routers:remove_router_interface',
      method: 'PUT',
      path: '/routers/{router_id}/remove_router_interface',
      policy: 'remove_router_interface',
      body: InterfaceRequest,
      response: InterfaceShown,
      ok: 200,
      target: targetOf,
      handler: (context) => interfaces.remove(context, context.target.row, context.body),
    }),
    ...(['add', 'remove'] as const).map((how) =>
      endpoint({
        id: `routers:${how}_extraroutes`,
        method: 'PUT',
        path: `/routers/{router_id}/${how}_extraroutes` as '/routers/{router_id}/add_extraroutes',
        policy: `${how}_extraroutes`,
        body: wrapped('router', ExtraRoutes),
        response: wrapped('router', RouterShown),
        ok: 200,
        target: targetOf,
        handler: (context) => {
          const row = routers.changeRoutes(context, context.target.row, how, context.body.router.routes);
          return { router: routers.views(context, [row])[0] };
        },
      }),
    ),
  ];
};
