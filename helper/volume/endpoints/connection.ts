import { callerOf, endpoint, type Endpoint } from '../../http/index.ts';
import type { Connections } from '../app/connection.ts';
import type { Volumes } from '../app/volume.ts';
import { Connection, InitializeConnection, TerminateConnection } from '../schemas/attachment.ts';

/** os-initialize_connection and os-terminate_connection: how a host reaches a volume, before there were attachments. */
export const connectionEndpoints = (volumes: Volumes, connections: Connections): readonly Endpoint[] => [
  endpoint({
    id: 'volumes:os-initialize_connection',
    method: 'POST',
    path: '/volumes/{volume_id}/action',
    action: 'os-initialize_connection',
    policy: 'volume_extension:volume_actions:initialize_connection',
    body: InitializeConnection,
    response: Connection,
    ok: 200,
    target: ({ auth, params }) => volumes.get(auth, params.volume_id),
    handler: async (context) => ({
      connection_info: await connections.initialize(
        callerOf(context),
        context.params.volume_id,
        context.body['os-initialize_connection'].connector,
      ),
    }),
  }),
  endpoint({
    id: 'volumes:os-terminate_connection',
    method: 'POST',
    path: '/volumes/{volume_id}/action',
    action: 'os-terminate_connection',
    policy: 'volume_extension:volume_actions:terminate_connection',
    body: TerminateConnection,
    response: 'none',
    ok: 202,
    target: ({ auth, params }) => volumes.get(auth, params.volume_id),
    handler: (context) =>
      connections.terminate(
        callerOf(context),
        context.params.volume_id,
        context.body['os-terminate_connection'].connector,
      ),
  }),
];
