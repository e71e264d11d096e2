import { type CloudError, badRequest, gone, notFound, notImplemented } from '../../errors/error.ts';
import { endpoint, mv, type Endpoint, type Method } from '../../http/index.ts';

/**
 * What nova once had and has taken out: 410 at any microversion, as in Zed. A client that still asks is told so, and
 * does not take it for a missing resource.
 */
const REMOVED: readonly (readonly [path: string, ...methods: Method[]])[] = [
  ['/os-agents', 'GET', 'POST'],
  ['/os-agents/{id}', 'PUT', 'DELETE'],
  ['/os-cells', 'GET', 'POST'],
  ['/os-cells/capacities', 'GET'],
  ['/os-cells/detail', 'GET'],
  ['/os-cells/info', 'GET'],
  ['/os-cells/sync_instances', 'POST'],
  ['/os-cells/{id}', 'GET', 'PUT', 'DELETE'],
  ['/os-cells/{id}/capacities', 'GET'],
  ['/os-certificates', 'POST'],
  ['/os-certificates/{id}', 'GET'],
  ['/os-cloudpipe', 'GET', 'POST'],
  ['/os-cloudpipe/{id}', 'PUT'],
  ['/os-fixed-ips/{id}', 'GET'],
  ['/os-fixed-ips/{id}/action', 'POST'],
  ['/os-floating-ip-dns', 'GET'],
  ['/os-floating-ip-dns/{id}', 'PUT', 'DELETE'],
  ['/os-floating-ip-dns/{domain}/entries/{id}', 'GET', 'PUT', 'DELETE'],
  ['/os-floating-ips-bulk', 'GET', 'POST'],
  ['/os-floating-ips-bulk/{id}', 'GET', 'PUT'],
  ['/os-fping', 'GET'],
  ['/os-fping/{id}', 'GET'],
  ['/os-networks', 'POST'],
  ['/os-networks/add', 'POST'],
  ['/os-networks/{id}', 'DELETE'],
  ['/os-networks/{id}/action', 'POST'],
  ['/os-security-group-default-rules', 'GET', 'POST'],
  ['/os-security-group-default-rules/{id}', 'GET', 'DELETE'],
  ['/os-tenant-networks', 'POST'],
  ['/os-tenant-networks/{id}', 'DELETE'],
  ['/servers/{server_id}/consoles', 'GET', 'POST'],
  ['/servers/{server_id}/consoles/{id}', 'GET', 'DELETE'],
  ['/servers/{server_id}/os-virtual-interfaces', 'GET'],
];

/** Upstream asks no rule here: what is gone is gone for everybody with a token. */
const POLICY = 'os_compute_api:removed';

const removed = (): never => {
  throw gone('This resource is no longer available. No forwarding address is given.');
};

/** The proxy of the bare-metal service ends as the other proxies do. */
const OLD = { max: mv('2.35') } as const;

const ironic = (command: string) => (): never => {
  throw badRequest(
    `Command Not supported. Please use Ironic command ${command} to perform this action. (There is no bare-metal service in this cloud.)`,
  );
};

const noBareMetal = (): never => {
  throw notImplemented('The requested functionality is not supported: this cloud has no bare-metal service.');
};

export const goneEndpoints = (): readonly Endpoint[] => [
  ...REMOVED.flatMap(([path, ...methods]) =>
    methods.map((method) =>
      endpoint({
        id: `removed:${method} ${path}`,
        method,
        path,
        policy: POLICY,
        response: 'failure',
        ok: 410,
        handler: removed,
      }),
    ),
  ),
  endpoint({
    id: 'os-admin-actions:reset_network',
    method: 'POST',
    path: '/servers/{server_id}/action',
    action: 'resetNetwork',
    policy: POLICY,
    response: 'failure',
    ok: 410,
    handler: removed,
  }),
  endpoint({
    ...OLD,
    id: 'os-baremetal-nodes:list',
    method: 'GET',
    path: '/os-baremetal-nodes',
    policy: 'os_compute_api:os-baremetal-nodes:list',
    response: 'failure',
    ok: 501,
    handler: noBareMetal,
  }),
  endpoint({
    ...OLD,
    id: 'os-baremetal-nodes:show',
    method: 'GET',
    path: '/os-baremetal-nodes/{id}',
    policy: 'os_compute_api:os-baremetal-nodes:show',
    response: 'failure',
    ok: 501,
    handler: noBareMetal,
  }),
  endpoint({
    ...OLD,
    id: 'os-baremetal-nodes:create',
    method: 'POST',
    path: '/os-baremetal-nodes',
    policy: POLICY,
    response: 'failure',
    ok: 400,
    handler: ironic('node-create'),
  }),
  endpoint({
    ...OLD,
    id: 'os-baremetal-nodes:delete',
    method: 'DELETE',
    path: '/os-baremetal-nodes/{id}',
    policy: POLICY,
    response: 'failure',
    ok: 400,
    handler: ironic('node-delete'),
  }),
  endpoint({
    ...OLD,
    id: 'os-baremetal-nodes:action',
    method: 'POST',
    path: '/os-baremetal-nodes/{id}/action',
    policy: POLICY,
    response: 'failure',
    ok: 400,
    handler: ironic('port-create or port-delete'),
  }),
  ...assistedSnapshots(),
];

/**
 * /os-assisted-volume-snapshots is for volumes that are files of the compute host (NFS, GlusterFS). There are none of
 * these here, so that none can be found.
 */
const assistedSnapshots = (): readonly Endpoint[] => {
  const unknown = (): CloudError =>
    notFound(
      'The volume could not be found among the volumes of servers. Only volumes that are files of the compute host (NFS) have assisted snapshots, and this cloud has none of these.',
    );
  return [
    endpoint({
      id: 'os-assisted-volume-snapshots:create',
      method: 'POST',
      path: '/os-assisted-volume-snapshots',
      policy: 'os_compute_api:os-assisted-volume-snapshots:create',
      response: 'failure',
      ok: 404,
      handler: () => {
        throw unknown();
      },
    }),
    endpoint({
      id: 'os-assisted-volume-snapshots:delete',
      method: 'DELETE',
      path: '/os-assisted-volume-snapshots/{snapshot_id}',
      policy: 'os_compute_api:os-assisted-volume-snapshots:delete',
      response: 'failure',
      ok: 404,
      handler: () => {
        throw unknown();
      },
    }),
  ];
};
