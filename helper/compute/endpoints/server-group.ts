import { callerOf, endpoint, type Endpoint } from '../../http/index.ts';
import type { ServerGroupApp } from '../app/server-group.ts';
import {
  ServerGroupAnswer,
  ServerGroupCreate,
  ServerGroupList,
  ServerGroupQuery,
  type ServerGroupPage,
  type ServerGroupRequest,
} from '../schemas/server-group.ts';

/** /os-server-groups (api-ref, "Server groups"). */
export const serverGroupEndpoints = (groups: ServerGroupApp): readonly Endpoint[] => [
  endpoint({
    id: 'os-server-groups:index',
    method: 'GET',
    path: '/os-server-groups',
    policy: 'os_compute_api:os-server-groups:index',
    query: ServerGroupQuery,
    response: ServerGroupList,
    ok: 200,
    handler: (context) => groups.list(callerOf(context), context.query as ServerGroupPage),
  }),
  endpoint({
    id: 'os-server-groups:create',
    method: 'POST',
    path: '/os-server-groups',
    policy: 'os_compute_api:os-server-groups:create',
    body: ServerGroupCreate,
    response: ServerGroupAnswer,
    ok: 200,
    handler: (context) => {
      const { server_group } = context.body as { server_group: ServerGroupRequest };
      return groups.create(callerOf(context), server_group);
    },
  }),
  endpoint({
    id: 'os-server-groups:show',
    method: 'GET',
    path: '/os-server-groups/{id}',
    policy: 'os_compute_api:os-server-groups:show',
    response: ServerGroupAnswer,
    ok: 200,
    target: ({ params }) => groups.target(params.id),
    handler: (context) => groups.show(callerOf(context), context.target),
  }),
  endpoint({
    id: 'os-server-groups:delete',
    method: 'DELETE',
    path: '/os-server-groups/{id}',
    policy: 'os_compute_api:os-server-groups:delete',
    ok: 204,
    target: ({ params }) => groups.target(params.id),
    handler: ({ target }) => {
      groups.remove(target);
    },
  }),
];
