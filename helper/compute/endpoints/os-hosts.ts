import { Type } from 'typebox';
import { notFound, notImplemented } from '../../errors/error.ts';
import { endpoint, mv, type Endpoint } from '../../http/index.ts';
import type { HostApp } from '../app/os-hosts.ts';
import { strict } from '../schemas/common.ts';

/** Up to here; then hypervisors and services say it. */
const OLD = { max: mv('2.42') } as const;

const Query = Type.Object({ zone: Type.Optional(Type.String()) }, { additionalProperties: true });
const Listed = strict({
  hosts: Type.Array(strict({ host_name: Type.String(), service: Type.String(), zone: Type.String() })),
});
const Shown = strict({
  host: Type.Array(
    strict({
      resource: strict({
        host: Type.String(),
        project: Type.String(),
        cpu: Type.Integer(),
        memory_mb: Type.Integer(),
        disk_gb: Type.Integer(),
      }),
    }),
  ),
});
const Switch = Type.Optional(Type.String({ pattern: '^([eE]nable|[dD]isable|ENABLE|DISABLE)$' }));
const Update = Type.Object(
  { status: Switch, maintenance_mode: Switch },
  { additionalProperties: false, minProperties: 1 },
);
const Updated = strict({ host: Type.String(), status: Type.String() });

const NO_MAINTENANCE =
  'The requested functionality is not supported: maintenance mode moves all servers away, and this cloud has a single host.';
const NO_POWER =
  'The requested functionality is not supported: the host of this cloud is the machine that it runs on; switch it there.';

/** /os-hosts (api-ref, "Hosts"): the old view of compute hosts. */
export const oldHostEndpoints = (hosts: HostApp): readonly Endpoint[] => [
  endpoint({
    ...OLD,
    id: 'os-hosts:list',
    method: 'GET',
    path: '/os-hosts',
    policy: 'os_compute_api:os-hosts:list',
    query: Query,
    response: Listed,
    ok: 200,
    handler: ({ query }) => hosts.list(query.zone),
  }),
  endpoint({
    ...OLD,
    id: 'os-hosts:show',
    method: 'GET',
    path: '/os-hosts/{host_name}',
    policy: 'os_compute_api:os-hosts:show',
    response: Shown,
    ok: 200,
    handler: ({ params }) => hosts.show(params.host_name),
  }),
  endpoint({
    ...OLD,
    id: 'os-hosts:update',
    method: 'PUT',
    path: '/os-hosts/{host_name}',
    policy: 'os_compute_api:os-hosts:update',
    body: Update,
    response: Updated,
    ok: 200,
    handler: ({ params, body }) => {
      if (!hosts.exists(params.host_name)) throw unknownHost(params.host_name);
      if (body.maintenance_mode !== undefined) throw notImplemented(NO_MAINTENANCE);
      return hosts.setStatus(params.host_name, /^enable$/i.test(body.status ?? ''));
    },
  }),
  ...(['reboot', 'shutdown', 'startup'] as const).map((action) =>
    endpoint({
      ...OLD,
      id: `os-hosts:${action}`,
      method: 'GET',
      path: `/os-hosts/{host_name}/${action}`,
      policy: `os_compute_api:os-hosts:${action === 'startup' ? 'start' : action}`,
      response: 'failure',
      ok: 501,
      handler: ({ params }: { readonly params: { readonly host_name: string } }) => {
        if (!hosts.exists(params.host_name)) throw unknownHost(params.host_name);
        throw notImplemented(NO_POWER);
      },
    }),
  ),
];

const unknownHost = (name: string): Error => notFound(`Compute host ${name} could not be found.`);
