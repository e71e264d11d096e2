import { notFound } from '../../errors/error.ts';
import { callerOf, endpoint, type Endpoint, mv } from '../../http/index.ts';
import type { Services } from '../app/service.ts';
import { RESOURCE_FILTERS } from '../app/resource-filters.ts';
import { EXTENSIONS } from '../extensions.ts';
import { AnyQuery } from '../schemas/common.ts';
import {
  Capabilities,
  Cleaned,
  Cleanup,
  ClusterList,
  ClusterSwitch,
  ExtensionList,
  ExtensionShown,
  HostList,
  HostShown,
  PoolList,
  ResourceFilters,
  ServiceDisable,
  ServiceFailover,
  ServiceFreeze,
  ServiceList,
  ServiceSwitch,
  ServiceSwitched,
  ZoneList,
} from '../schemas/service.ts';

const UPDATE = 'volume_extension:services:update';

/** Services, hosts, pools, zones, extensions, clusters: how volumes are kept. */
export const serviceEndpoints = (services: Services): readonly Endpoint[] => [
  endpoint({
    id: 'os-services:list',
    method: 'GET',
    path: '/os-services',
    policy: 'volume_extension:services:index',
    query: AnyQuery,
    response: ServiceList,
    ok: 200,
    handler: (context) => services.list(callerOf(context), context.query),
  }),
  ...(['enable', 'disable', 'disable-log-reason'] as const).map((verb) =>
    endpoint({
      id: `os-services:${verb}`,
      method: 'PUT',
      path: `/os-services/${verb}`,
      policy: UPDATE,
      body: verb === 'disable-log-reason' ? ServiceDisable : ServiceSwitch,
      response: ServiceSwitched,
      ok: 200,
      handler: ({ body }) => {
        const reason = body.disabled_reason ?? null;
        const answer = services.switch(body, verb !== 'enable', reason);
        return verb === 'disable-log-reason' ? { ...answer, disabled_reason: reason } : answer;
      },
    }),
  ),
  ...(['freeze', 'thaw'] as const).map((verb) =>
    endpoint({
      id: `os-services:${verb}`,
      method: 'PUT',
      path: `/os-services/${verb}`,
      policy: verb === 'freeze' ? 'volume:freeze_host' : 'volume:thaw_host',
      body: ServiceFreeze,
      response: 'none',
      ok: 200,
      handler: ({ body }) => services.freeze(body.host, verb === 'freeze'),
    }),
  ),
  ...(['failover_host', 'failover'] as const).map((verb) =>
    endpoint({
      id: `os-services:${verb}`,
      method: 'PUT',
      path: `/os-services/${verb}`,
      policy: 'volume:failover_host',
      min: mv(verb === 'failover' ? '3.26' : '3.0'),
      body: ServiceFailover,
      response: 'failure',
      ok: 400,
      handler: ({ body }) => services.refuseFailover(body.host, body.cluster),
    }),
  ),
  endpoint({
    id: 'os-hosts:list',
    method: 'GET',
    path: '/os-hosts',
    policy: 'volume_extension:hosts',
    query: AnyQuery,
    response: HostList,
    ok: 200,
    handler: ({ query }) => services.hosts(query),
  }),
  endpoint({
    id: 'os-hosts:show',
    method: 'GET',
    path: '/os-hosts/{host_name}',
    policy: 'volume_extension:hosts',
    response: HostShown,
    ok: 200,
    handler: ({ params }) => services.host(params.host_name),
  }),
  endpoint({
    id: 'scheduler-stats:get_pools',
    method: 'GET',
    path: '/scheduler-stats/get_pools',
    policy: 'scheduler_extension:scheduler_stats:get_pools',
    query: AnyQuery,
    response: PoolList,
    ok: 200,
    handler: (context) => services.pools(callerOf(context), context.query),
  }),
  endpoint({
    id: 'capabilities:show',
    method: 'GET',
    path: '/capabilities/{host_name}',
    policy: 'volume_extension:capabilities',
    response: Capabilities,
    ok: 200,
    handler: ({ params }) => services.capabilities(params.host_name),
  }),
  endpoint({
    id: 'os-availability-zone:list',
    method: 'GET',
    path: '/os-availability-zone',
    policy: 'volume:availability_zone_list',
    response: ZoneList,
    ok: 200,
    handler: () => services.zones(),
  }),
  endpoint({
    id: 'extensions:list',
    method: 'GET',
    path: '/extensions',
    policy: 'volume:extensions',
    response: ExtensionList,
    ok: 200,
    handler: () => ({ extensions: EXTENSIONS }),
  }),
  endpoint({
    id: 'extensions:show',
    method: 'GET',
    path: '/extensions/{alias}',
    policy: 'volume:extensions',
    response: ExtensionShown,
    ok: 200,
    handler: ({ params }) => {
      const extension = EXTENSIONS.find(({ alias }) => alias === params.alias);
      if (extension === undefined) throw notFound('The resource could not be found.');
      return { extension };
    },
  }),
  endpoint({
    id: 'resource_filters:list',
    method: 'GET',
    path: '/resource_filters',
    policy: 'volume:resource_filters',
    min: mv('3.33'),
    query: AnyQuery,
    response: ResourceFilters,
    ok: 200,
    handler: ({ query }) => ({
      resource_filters: Object.entries(RESOURCE_FILTERS)
        .filter(([resource]) => query['resource'] === undefined || query['resource'] === resource)
        .map(([resource, filters]) => ({ resource, filters })),
    }),
  }),
  ...(['/clusters', '/clusters/detail'] as const).map((path) =>
    endpoint({
      id: path === '/clusters' ? 'clusters:list' : 'clusters:detail',
      method: 'GET',
      path,
      policy: 'clusters:get_all',
      min: mv('3.7'),
      query: AnyQuery,
      response: ClusterList,
      ok: 200,
      // One process keeps all volumes: there is never a cluster of services.
      handler: () => ({ clusters: [] }),
    }),
  ),
  endpoint({
    id: 'clusters:show',
    method: 'GET',
    path: '/clusters/{name}',
    policy: 'clusters:get',
    min: mv('3.7'),
    response: 'failure',
    ok: 200,
    handler: ({ params }) => {
      throw notFound(`Cluster ${params.name.slice(0, 80)} could not be found.`);
    },
  }),
  ...(['enable', 'disable'] as const).map((verb) =>
    endpoint({
      id: `clusters:${verb}`,
      method: 'PUT',
      path: `/clusters/${verb}`,
      policy: 'clusters:update',
      min: mv('3.7'),
      body: ClusterSwitch,
      response: 'failure',
      ok: 404,
      handler: ({ body }) => {
        throw notFound(`Cluster ${body.name.slice(0, 80)} could not be found.`);
      },
    }),
  ),
  endpoint({
    id: 'workers:cleanup',
    method: 'POST',
    path: '/workers/cleanup',
    policy: 'workers:cleanup',
    min: mv('3.24'),
    body: Cleanup,
    response: Cleaned,
    ok: 202,
    // What a dead process left is taken up again when the helper starts; there is no other service to do it.
    handler: () => ({ cleaning: [], unavailable: [] }),
  }),
];
