import {
  callerOf,
  endpoint,
  type Endpoint,
  nextLink,
  pageOf,
  Reply,
  type RequestContext,
} from '../../http/index.ts';
import { filterOf, orderOf, type ListQuery } from '../app/server-filter.ts';
import { basicServer, serverBody } from '../app/server-view.ts';
import type { ServerActions } from '../app/server-action.ts';
import type { ServerCreator } from '../app/server-create.ts';
import type { ServerApp } from '../app/server.ts';
import { ServerCreate, ServerCreated, type ServerCreateBody } from '../schemas/server-create.ts';
import {
  ServerShown,
  ServerUpdate,
  ServerUpdated,
  ServersDetailed,
  ServersListed,
  ServersQuery,
  type ServerUpdateBody,
} from '../schemas/server.ts';
import { compilePattern } from '../store/name-pattern.ts';
import type { ListedServer } from '../store/server-list.ts';

const MAX_PAGE = 1000;

/** Servers: create, list, show, update, delete (api-ref, "Servers"). */
export const serverEndpoints = (
  servers: ServerApp,
  creator: ServerCreator,
  actions: ServerActions,
): readonly Endpoint[] => {
  const list = (context: RequestContext, kind: 'index' | 'detail'): object => {
    const caller = callerOf(context);
    const query = context.query as ListQuery;
    const { filter, none, ip } = filterOf(caller, query, context.queryAll, kind);
    const page = pageOf(query, { max: MAX_PAGE, zeroIsEmpty: true });
    const order = orderOf(caller, context.queryAll);
    const ids =
      ip === undefined ? undefined : servers.idsByAddress(filter, ip.version, compilePattern(ip.pattern));
    const rows: readonly ListedServer[] =
      none || page.limit === 0
        ? []
        : servers.list(ids === undefined ? filter : { ...filter, ids }, order, page);
    const view = servers.viewContext(caller);
    const extras = kind === 'detail' ? servers.extras(rows) : undefined;
    const last = rows.length === page.limit ? rows.at(-1) : undefined;
    const path = kind === 'detail' ? '/servers/detail' : '/servers';
    return {
      servers: rows.map((row) =>
        extras === undefined ? basicServer(view, row) : serverBody(view, row, extras, 'show'),
      ),
      ...(last === undefined
        ? {}
        : {
            servers_links: [{ rel: 'next', href: nextLink(context.base, path, repeated(context), last.id) }],
          }),
    };
  };

  return [
    endpoint({
      id: 'servers:create',
      method: 'POST',
      path: '/servers',
      policy: 'os_compute_api:servers:create',
      // 64 KiB of user data, five files of 10 KiB, 128 metadata items.
      bodyLimit: 1024 * 1024,
      body: ServerCreate,
      response: ServerCreated,
      ok: 202,
      handler: (context) => {
        const { body, serverId } = creator.create(callerOf(context), context.body as ServerCreateBody);
        return new Reply({ body, headers: { location: `${context.base}/servers/${serverId}` } });
      },
    }),
    endpoint({
      id: 'servers:index',
      method: 'GET',
      path: '/servers',
      policy: 'os_compute_api:servers:index',
      query: ServersQuery,
      response: ServersListed,
      ok: 200,
      handler: (context) => list(context, 'index'),
    }),
    endpoint({
      id: 'servers:detail',
      method: 'GET',
      path: '/servers/detail',
      policy: 'os_compute_api:servers:detail',
      query: ServersQuery,
      response: ServersDetailed,
      ok: 200,
      handler: (context) => list(context, 'detail'),
    }),
    endpoint({
      id: 'servers:show',
      method: 'GET',
      path: '/servers/{server_id}',
      policy: 'os_compute_api:servers:show',
      response: ServerShown,
      ok: 200,
      target: ({ auth, params }) => servers.target(auth, params.server_id),
      handler: (context) => servers.show(callerOf(context), context.target),
    }),
    endpoint({
      id: 'servers:update',
      method: 'PUT',
      path: '/servers/{server_id}',
      policy: 'os_compute_api:servers:update',
      body: ServerUpdate,
      response: ServerUpdated,
      ok: 200,
      target: ({ auth, params }) => servers.target(auth, params.server_id),
      handler: (context) =>
        servers.update(callerOf(context), context.target, (context.body as ServerUpdateBody).server),
    }),
    endpoint({
      id: 'servers:delete',
      method: 'DELETE',
      path: '/servers/{server_id}',
      policy: 'os_compute_api:servers:delete',
      ok: 204,
      target: ({ auth, params }) => servers.target(auth, params.server_id),
      handler: (context) => {
        actions.delete(callerOf(context), context.target);
      },
    }),
  ];
};

/** The query with keys that were given more than once, for the next page's link. */
const repeated = (context: RequestContext): Record<string, unknown> =>
  Object.fromEntries(Object.keys(context.query as object).map((key) => [key, [...context.queryAll(key)]]));
