import { callerOf, endpoint, type Endpoint, mv, type RequestContext } from '../../http/index.ts';
import { badRequest } from '../../errors/error.ts';
import { consoleTypeOf, type ServerActions } from '../app/server-action.ts';
import type { ServerApp, ServerTarget } from '../app/server.ts';
import {
  Console,
  GetSerialConsole,
  GetSpiceConsole,
  GetVncConsole,
  RemoteConsole,
  RemoteConsoleCreate,
} from '../schemas/server-action.ts';

const ACTION = { method: 'POST', path: '/servers/{server_id}/action', ok: 200 } as const;
const POLICY = 'os_compute_api:os-remote-consoles';

/** Which protocol a console of a type speaks. */
const PROTOCOLS: Readonly<Record<string, string>> = { novnc: 'vnc', serial: 'serial' };

/** Consoles (api-ref, "Server consoles"): actions until 2.5, a resource from 2.6 on. */
export const remoteConsoleEndpoints = (servers: ServerApp, actions: ServerActions): readonly Endpoint[] => {
  const open = (context: RequestContext<unknown, unknown, unknown, ServerTarget>, type: string) => ({
    console: { type, url: actions.console(callerOf(context), context.target, consoleTypeOf(type)) },
  });
  return [
    endpoint({
      ...ACTION,
      id: 'os-remote-consoles:vnc',
      action: 'os-getVNCConsole',
      policy: POLICY,
      max: mv('2.5'),
      body: GetVncConsole,
      response: Console,
      target: ({ auth, params }) => servers.target(auth, params.server_id),
      handler: (context) => open(context, context.body['os-getVNCConsole'].type),
    }),
    endpoint({
      ...ACTION,
      id: 'os-remote-consoles:serial',
      action: 'os-getSerialConsole',
      policy: POLICY,
      max: mv('2.5'),
      body: GetSerialConsole,
      response: Console,
      target: ({ auth, params }) => servers.target(auth, params.server_id),
      handler: (context) => open(context, context.body['os-getSerialConsole'].type),
    }),
    endpoint({
      ...ACTION,
      id: 'os-remote-consoles:spice',
      action: 'os-getSPICEConsole',
      policy: POLICY,
      max: mv('2.5'),
      body: GetSpiceConsole,
      response: Console,
      target: ({ auth, params }) => servers.target(auth, params.server_id),
      handler: (context) => open(context, context.body['os-getSPICEConsole'].type),
    }),
    endpoint({
      id: 'os-remote-consoles:create',
      method: 'POST',
      path: '/servers/{server_id}/remote-consoles',
      policy: POLICY,
      min: mv('2.6'),
      body: RemoteConsoleCreate,
      response: RemoteConsole,
      ok: 200,
      target: ({ auth, params }) => servers.target(auth, params.server_id),
      handler: (context) => {
        const { remote_console: asked } = context.body as {
          readonly remote_console: { readonly protocol: string; readonly type: string };
        };
        const type = consoleTypeOf(asked.type);
        if (PROTOCOLS[type] !== asked.protocol)
          throw badRequest(`Console type ${type} does not go with protocol ${asked.protocol}.`);
        const url = actions.console(callerOf(context), context.target, type);
        return { remote_console: { protocol: asked.protocol, type, url } };
      },
    }),
  ];
};
