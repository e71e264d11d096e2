import { Type } from 'typebox';
import { notFound, unauthorized } from '../../errors/error.ts';
import { endpoint, mv, type Endpoint } from '../../http/index.ts';
import { requireLegal } from '../app/server-state.ts';
import type { ServerApp } from '../app/server.ts';
import type { ComputeDeps } from '../deps.ts';
import { nullable, strict } from '../schemas/common.ts';
import { clearGuestPassword, guestPassword } from '../store/guest-password.ts';

const Topology = strict({
  nodes: Type.Array(Type.Never(), { maxItems: 0 }),
  pagesize_kb: Type.Null(),
});

/** Small facts of a server: its topology, the password that its guest left, what a console's token opens. */
export const serverFactEndpoints = (
  { db, consoles, config }: ComputeDeps,
  servers: ServerApp,
): readonly Endpoint[] => [
  endpoint({
    id: 'server-topology:index',
    min: mv('2.78'),
    method: 'GET',
    path: '/servers/{server_id}/topology',
    policy: 'compute:server:topology:index',
    response: Topology,
    ok: 200,
    target: ({ auth, params }) => servers.target(auth, params.server_id),
    // Guests here have no NUMA nodes of their own and no huge pages, which upstream shows so.
    handler: () => ({ nodes: [], pagesize_kb: null }),
  }),
  endpoint({
    id: 'os-server-password:show',
    method: 'GET',
    path: '/servers/{server_id}/os-server-password',
    policy: 'os_compute_api:os-server-password:show',
    response: strict({ password: Type.String() }),
    ok: 200,
    target: ({ auth, params }) => servers.target(auth, params.server_id),
    handler: ({ target }) => ({ password: guestPassword(db, target.row.id) ?? '' }),
  }),
  endpoint({
    id: 'os-server-password:clear',
    method: 'DELETE',
    path: '/servers/{server_id}/os-server-password',
    policy: 'os_compute_api:os-server-password:clear',
    ok: 204,
    target: ({ auth, params }) => servers.target(auth, params.server_id),
    handler: ({ target }) => clearGuestPassword(db, target.row.id),
  }),
  endpoint({
    id: 'os-admin-actions:inject_network_info',
    method: 'POST',
    path: '/servers/{server_id}/action',
    action: 'injectNetworkInfo',
    policy: 'os_compute_api:os-admin-actions:inject_network_info',
    response: 'none',
    ok: 202,
    body: strict({ injectNetworkInfo: Type.Unknown() }),
    target: ({ auth, params }) => servers.target(auth, params.server_id),
    // The metadata service makes its answers of the rows as they are, so there is nothing to bring up to date.
    handler: ({ auth, target }) => requireLegal('injectNetworkInfo', target.row, auth),
  }),
  endpoint({
    id: 'os-console-auth-tokens:show',
    method: 'GET',
    path: '/os-console-auth-tokens/{console_token}',
    policy: 'os_compute_api:os-console-auth-tokens',
    response: strict({
      console: strict({
        instance_uuid: Type.String(),
        host: Type.String(),
        port: nullable(Type.Integer()),
        internal_access_path: nullable(Type.String()),
      }),
    }),
    ok: 200,
    handler: ({ params, version }) => {
      const serverId = consoles.serverOf(params.console_token);
      if (serverId === undefined) throw notFound('Token not found');
      // Before 2.31 only RDP consoles are told, and there are none.
      if (version < mv('2.31')) throw unauthorized('The requested console type details are not accessible');
      // Consoles here are sockets of the host, which only Deskcloud's own proxy may open.
      return {
        console: { instance_uuid: serverId, host: config.hostName, port: null, internal_access_path: null },
      };
    },
  }),
];
