import { callerOf, endpoint, type Endpoint, mv } from '../../http/index.ts';
import type { RescueRequest, ServerRescues } from '../app/server-rescue.ts';
import type { ServerShelves, UnshelveRequest } from '../app/server-shelve.ts';
import type { ServerApp } from '../app/server.ts';
import { Rescue, Rescued, Shelve, ShelveOffload, Unrescue, Unshelve } from '../schemas/server-rescue.ts';

const ACTION = {
  method: 'POST',
  path: '/servers/{server_id}/action',
  response: 'none',
  ok: 202,
} as const;

/** rescue, unrescue, shelve, shelveOffload, unshelve (api-ref, "Servers - run an action"). */
export const serverRescueEndpoints = (
  servers: ServerApp,
  rescues: ServerRescues,
  shelves: ServerShelves,
): readonly Endpoint[] => [
  endpoint({
    ...ACTION,
    id: 'os-rescue',
    action: 'rescue',
    policy: 'os_compute_api:os-rescue',
    body: Rescue,
    response: Rescued,
    ok: 200,
    target: ({ auth, params }) => servers.target(auth, params.server_id),
    handler: (context) => {
      const { rescue } = context.body as { readonly rescue: RescueRequest | null };
      return { adminPass: rescues.rescue(callerOf(context), context.target, rescue ?? {}) };
    },
  }),
  endpoint({
    ...ACTION,
    id: 'os-rescue:unrescue',
    action: 'unrescue',
    policy: 'os_compute_api:os-unrescue',
    body: Unrescue,
    target: ({ auth, params }) => servers.target(auth, params.server_id),
    handler: (context) => {
      rescues.unrescue(callerOf(context), context.target);
    },
  }),
  endpoint({
    ...ACTION,
    id: 'os-shelve:shelve',
    action: 'shelve',
    policy: 'os_compute_api:os-shelve:shelve',
    body: Shelve,
    target: ({ auth, params }) => servers.target(auth, params.server_id),
    handler: (context) => {
      shelves.shelve(callerOf(context), context.target);
    },
  }),
  endpoint({
    ...ACTION,
    id: 'os-shelve:shelve_offload',
    action: 'shelveOffload',
    policy: 'os_compute_api:os-shelve:shelve_offload',
    body: ShelveOffload,
    target: ({ auth, params }) => servers.target(auth, params.server_id),
    handler: (context) => {
      shelves.offload(callerOf(context), context.target);
    },
  }),
  endpoint({
    ...ACTION,
    id: 'os-shelve:unshelve',
    action: 'unshelve',
    policy: 'os_compute_api:os-shelve:unshelve',
    body: Unshelve,
    target: ({ auth, params }) => servers.target(auth, params.server_id),
    handler: (context) => {
      const { unshelve } = context.body as { readonly unshelve: UnshelveRequest | null };
      const place = context.version >= mv('2.77') ? (unshelve ?? {}) : {};
      shelves.unshelve(callerOf(context), context.target, place);
    },
  }),
];
