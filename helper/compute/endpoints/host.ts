import { callerOf, endpoint, type Endpoint, mv } from '../../http/index.ts';
import type { ComputeHosts } from '../app/host.ts';
import type { HypervisorApp, HypervisorQueryValues } from '../app/hypervisor.ts';
import type { ServiceApp } from '../app/service.ts';
import type { ZoneApp } from '../app/zone.ts';
import {
  HypervisorAnswer,
  HypervisorDetailList,
  HypervisorList,
  HypervisorQuery,
  HypervisorServers,
  HypervisorShowQuery,
  HypervisorStatistics,
  HypervisorUptime,
  ServiceAction,
  ServiceActionDone,
  ServiceList,
  ServiceQuery,
  ServiceUpdate,
  ServiceUpdated,
  Zones,
} from '../schemas/host.ts';

const LAST_SEARCH = mv('2.52');
const LAST_STATISTICS = mv('2.87');

/** /os-services, /os-availability-zone (api-ref). */
export const serviceEndpoints = (services: ServiceApp, zones: ZoneApp): readonly Endpoint[] => [
  endpoint({
    id: 'os-services:list',
    method: 'GET',
    path: '/os-services',
    policy: 'os_compute_api:os-services:list',
    query: ServiceQuery,
    response: ServiceList,
    ok: 200,
    handler: (context) =>
      services.list(callerOf(context), context.query as { host?: string; binary?: string }),
  }),
  endpoint({
    id: 'os-services:act',
    method: 'PUT',
    path: '/os-services/{service_id}',
    policy: 'os_compute_api:os-services:update',
    max: LAST_SEARCH,
    body: ServiceAction,
    response: ServiceActionDone,
    ok: 200,
    handler: (context) => services.act(callerOf(context), context.params.service_id, context.body),
  }),
  endpoint({
    id: 'os-services:update',
    method: 'PUT',
    path: '/os-services/{service_id}',
    policy: 'os_compute_api:os-services:update',
    min: mv('2.53'),
    body: ServiceUpdate,
    response: ServiceUpdated,
    ok: 200,
    handler: (context) => services.update(callerOf(context), context.params.service_id, context.body),
  }),
  endpoint({
    id: 'os-services:delete',
    method: 'DELETE',
    path: '/os-services/{service_id}',
    policy: 'os_compute_api:os-services:delete',
    ok: 204,
    handler: (context) => services.remove(callerOf(context), context.params.service_id),
  }),
  endpoint({
    id: 'os-availability-zone:list',
    method: 'GET',
    path: '/os-availability-zone',
    policy: 'os_compute_api:os-availability-zone:list',
    response: Zones,
    ok: 200,
    handler: () => zones.list(),
  }),
  endpoint({
    id: 'os-availability-zone:detail',
    method: 'GET',
    path: '/os-availability-zone/detail',
    policy: 'os_compute_api:os-availability-zone:detail',
    response: Zones,
    ok: 200,
    handler: () => zones.detail(),
  }),
];

/** /os-hypervisors (api-ref). What the host has is read again before it is shown. */
export const hypervisorEndpoints = (hypervisors: HypervisorApp, hosts: ComputeHosts): readonly Endpoint[] => [
  endpoint({
    id: 'os-hypervisors:list',
    method: 'GET',
    path: '/os-hypervisors',
    policy: 'os_compute_api:os-hypervisors:list',
    query: HypervisorQuery,
    response: HypervisorList,
    ok: 200,
    handler: (context) =>
      hypervisors.list(callerOf(context), context.query as HypervisorQueryValues, '/os-hypervisors', false),
  }),
  endpoint({
    id: 'os-hypervisors:detail',
    method: 'GET',
    path: '/os-hypervisors/detail',
    policy: 'os_compute_api:os-hypervisors:list-detail',
    query: HypervisorQuery,
    response: HypervisorDetailList,
    ok: 200,
    handler: async (context) => {
      await hosts.lookAgain();
      const query = context.query as HypervisorQueryValues;
      return hypervisors.list(callerOf(context), query, '/os-hypervisors/detail', true);
    },
  }),
  endpoint({
    id: 'os-hypervisors:statistics',
    method: 'GET',
    path: '/os-hypervisors/statistics',
    policy: 'os_compute_api:os-hypervisors:statistics',
    max: LAST_STATISTICS,
    response: HypervisorStatistics,
    ok: 200,
    handler: async () => {
      await hosts.lookAgain();
      return hypervisors.statistics();
    },
  }),
  endpoint({
    id: 'os-hypervisors:show',
    method: 'GET',
    path: '/os-hypervisors/{hypervisor_id}',
    policy: 'os_compute_api:os-hypervisors:show',
    query: HypervisorShowQuery,
    response: HypervisorAnswer,
    ok: 200,
    handler: async (context) => {
      await hosts.lookAgain();
      const { with_servers } = context.query as HypervisorQueryValues;
      return hypervisors.show(callerOf(context), context.params.hypervisor_id, with_servers);
    },
  }),
  endpoint({
    id: 'os-hypervisors:uptime',
    method: 'GET',
    path: '/os-hypervisors/{hypervisor_id}/uptime',
    policy: 'os_compute_api:os-hypervisors:uptime',
    max: LAST_STATISTICS,
    response: HypervisorUptime,
    ok: 200,
    handler: (context) => hypervisors.uptime(callerOf(context), context.params.hypervisor_id),
  }),
  endpoint({
    id: 'os-hypervisors:search',
    method: 'GET',
    path: '/os-hypervisors/{pattern}/search',
    policy: 'os_compute_api:os-hypervisors:search',
    max: LAST_SEARCH,
    response: HypervisorServers,
    ok: 200,
    handler: (context) => hypervisors.search(callerOf(context), context.params.pattern, false),
  }),
  endpoint({
    id: 'os-hypervisors:servers',
    method: 'GET',
    path: '/os-hypervisors/{pattern}/servers',
    policy: 'os_compute_api:os-hypervisors:servers',
    max: LAST_SEARCH,
    response: HypervisorServers,
    ok: 200,
    handler: (context) => hypervisors.search(callerOf(context), context.params.pattern, true),
  }),
];
