import { callerOf, endpoint, type Endpoint, mv } from '../../http/index.ts';
import { badRequest } from '../../errors/error.ts';
import type { ServerActions } from '../app/server-action.ts';
import type { ServerApp } from '../app/server.ts';
import {
  ConsoleOutput,
  GetConsoleOutput,
  Lock,
  OsStart,
  OsStop,
  Pause,
  Reboot,
  ResetState,
  Resume,
  Suspend,
  Unlock,
  Unpause,
  type LockBody,
} from '../schemas/server-action.ts';

const ACTION = {
  method: 'POST',
  path: '/servers/{server_id}/action',
  response: 'none',
  ok: 202,
} as const;

/** POST /servers/{id}/action (api-ref, "Servers - run an action"). Consoles are in remote-console.ts. */
export const serverActionEndpoints = (servers: ServerApp, actions: ServerActions): readonly Endpoint[] => [
  endpoint({
    ...ACTION,
    id: 'servers:start',
    action: 'os-start',
    policy: 'os_compute_api:servers:start',
    body: OsStart,
    target: ({ auth, params }) => servers.target(auth, params.server_id),
    handler: (context) => {
      actions.start(callerOf(context), context.target);
    },
  }),
  endpoint({
    ...ACTION,
    id: 'servers:stop',
    action: 'os-stop',
    policy: 'os_compute_api:servers:stop',
    body: OsStop,
    target: ({ auth, params }) => servers.target(auth, params.server_id),
    handler: (context) => {
      actions.stop(callerOf(context), context.target);
    },
  }),
  endpoint({
    ...ACTION,
    id: 'servers:reboot',
    action: 'reboot',
    policy: 'os_compute_api:servers:reboot',
    body: Reboot,
    target: ({ auth, params }) => servers.target(auth, params.server_id),
    handler: (context) => {
      const hard = context.body.reboot.type.toUpperCase() === 'HARD';
      actions.reboot(callerOf(context), context.target, hard);
    },
  }),
  endpoint({
    ...ACTION,
    id: 'os-pause-server:pause',
    action: 'pause',
    policy: 'os_compute_api:os-pause-server:pause',
    body: Pause,
    target: ({ auth, params }) => servers.target(auth, params.server_id),
    handler: (context) => {
      actions.pause(callerOf(context), context.target);
    },
  }),
  endpoint({
    ...ACTION,
    id: 'os-pause-server:unpause',
    action: 'unpause',
    policy: 'os_compute_api:os-pause-server:unpause',
    body: Unpause,
    target: ({ auth, params }) => servers.target(auth, params.server_id),
    handler: (context) => {
      actions.unpause(callerOf(context), context.target);
    },
  }),
  endpoint({
    ...ACTION,
    id: 'os-suspend-server:suspend',
    action: 'suspend',
    policy: 'os_compute_api:os-suspend-server:suspend',
    body: Suspend,
    target: ({ auth, params }) => servers.target(auth, params.server_id),
    handler: (context) => {
      actions.suspend(callerOf(context), context.target);
    },
  }),
  endpoint({
    ...ACTION,
    id: 'os-suspend-server:resume',
    action: 'resume',
    policy: 'os_compute_api:os-suspend-server:resume',
    body: Resume,
    target: ({ auth, params }) => servers.target(auth, params.server_id),
    handler: (context) => {
      actions.resume(callerOf(context), context.target);
    },
  }),
  endpoint({
    ...ACTION,
    id: 'os-lock-server:lock',
    action: 'lock',
    policy: 'os_compute_api:os-lock-server:lock',
    body: Lock,
    target: ({ auth, params }) => servers.target(auth, params.server_id),
    handler: (context) => {
      const { lock } = context.body as LockBody;
      const reason = context.version >= mv('2.73') ? (lock?.locked_reason ?? null) : null;
      actions.lock(callerOf(context), context.target, reason);
    },
  }),
  endpoint({
    ...ACTION,
    id: 'os-lock-server:unlock',
    action: 'unlock',
    policy: 'os_compute_api:os-lock-server:unlock',
    body: Unlock,
    target: ({ auth, params }) => servers.target(auth, params.server_id),
    handler: (context) => {
      actions.unlock(callerOf(context), context.target);
    },
  }),
  endpoint({
    ...ACTION,
    id: 'os-admin-actions:reset_state',
    action: 'os-resetState',
    policy: 'os_compute_api:os-admin-actions:reset_state',
    body: ResetState,
    target: ({ auth, params }) => servers.target(auth, params.server_id),
    handler: (context) => {
      const { state } = context.body['os-resetState'];
      if (state !== 'active' && state !== 'error') throw badRequest('Invalid state');
      actions.resetState(context.target, state);
    },
  }),
  endpoint({
    ...ACTION,
    id: 'os-console-output',
    action: 'os-getConsoleOutput',
    policy: 'os_compute_api:os-console-output',
    body: GetConsoleOutput,
    response: ConsoleOutput,
    ok: 200,
    target: ({ auth, params }) => servers.target(auth, params.server_id),
    handler: async (context) => {
      const length = context.body['os-getConsoleOutput']?.length ?? undefined;
      const lines = length === undefined ? undefined : Number(length);
      return { output: await actions.consoleOutput(context.target, lines) };
    },
  }),
];
