import { Type } from 'typebox';
import { notFound } from '../../errors/error.ts';
import { endpoint, type Endpoint } from '../../http/index.ts';
import { agents } from '../app/agent.ts';
import { availability } from '../app/availability.ts';
import type { NetworkContext } from '../app/context.ts';
import type { Extension as ExtensionEntry } from '../app/extension.ts';
import { wrapped } from '../schemas/common.ts';
import { Agent, Availability, Extension, Zone } from '../schemas/misc.ts';

/** Extensions, agents, availability zones, service providers, use of addresses. */
export function miscEndpoints(
  context: NetworkContext,
  extensions: readonly ExtensionEntry[],
): readonly Endpoint[] {
  const { db, config, clock } = context;
  const startedAt = clock();
  const zones = ['network', 'router'].map((resource) => ({
    name: config.availabilityZone,
    resource,
    state: 'available',
  }));
  return [
    endpoint({
      id: 'extensions:list',
      method: 'GET',
      path: '/extensions',
      policy: 'get_extension',
      response: wrapped('extensions', Type.Array(Extension)),
      ok: 200,
      handler: () => ({ extensions }),
    }),
    endpoint({
      id: 'extensions:show',
      method: 'GET',
      path: '/extensions/{alias}',
      policy: 'get_extension',
      response: wrapped('extension', Extension),
      ok: 200,
      handler: ({ params }) => {
        const extension = extensions.find((one) => one.alias === params.alias);
        if (extension === undefined)
          throw notFound(`Extension with alias ${params.alias} does not exist`, {
            type: 'ExtensionNotFound',
          });
        return { extension };
      },
    }),
    endpoint({
      id: 'agents:list',
      method: 'GET',
      path: '/agents',
      policy: 'get_agent',
      response: wrapped('agents', Type.Array(Agent)),
      ok: 200,
      handler: ({ query }) => {
        const wanted = Object.entries<string>(query ?? {});
        const matches = (agent: object): boolean =>
          wanted.every(
            ([name, value]) =>
              !(name in agent) ||
              String((agent as Record<string, unknown>)[name]).toLowerCase() === value.toLowerCase(),
          );
        return { agents: agents(config, startedAt, clock()).filter(matches) };
      },
    }),
    endpoint({
      id: 'agents:show',
      method: 'GET',
      path: '/agents/{agent_id}',
      policy: 'get_agent',
      response: wrapped('agent', Agent),
      ok: 200,
      handler: ({ params }) => {
        const agent = agents(config, startedAt, clock()).find((one) => one.id === params.agent_id);
        if (agent === undefined)
          throw notFound(`Agent ${params.agent_id} could not be found.`, { type: 'AgentNotFound' });
        return { agent };
      },
    }),
    endpoint({
      id: 'availability_zones:list',
      method: 'GET',
      path: '/availability_zones',
      policy: 'get_availability_zone',
      response: wrapped('availability_zones', Type.Array(Zone)),
      ok: 200,
      handler: ({ queryAll }) => {
        const [resource] = queryAll('resource');
        return {
          availability_zones: zones.filter((zone) => resource === undefined || zone.resource === resource),
        };
      },
    }),
    endpoint({
      id: 'service_providers:list',
      method: 'GET',
      path: '/service-providers',
      policy: 'get_service_provider',
      response: wrapped('service_providers', Type.Array(Type.Unknown())),
      ok: 200,
      handler: () => ({ service_providers: [] }),
    }),
    endpoint({
      id: 'network_ip_availabilities:list',
      method: 'GET',
      path: '/network-ip-availabilities',
      policy: 'get_network_ip_availability',
      response: wrapped('network_ip_availabilities', Type.Array(Availability)),
      ok: 200,
      handler: ({ queryAll }) => {
        const [networkId] = queryAll('network_id');
        const [name] = queryAll('network_name');
        const [version] = queryAll('ip_version');
        const [projectId] = [...queryAll('project_id'), ...queryAll('tenant_id')];
        return {
          network_ip_availabilities: availability(db, version).filter(
            (one) =>
              (networkId ?? one.network_id) === one.network_id &&
              (name ?? one.network_name) === one.network_name &&
              (projectId ?? one.project_id) === one.project_id,
          ),
        };
      },
    }),
    endpoint({
      id: 'network_ip_availabilities:show',
      method: 'GET',
      path: '/network-ip-availabilities/{network_id}',
      policy: 'get_network_ip_availability',
      response: wrapped('network_ip_availability', Availability),
      ok: 200,
      handler: ({ params }) => {
        const found = availability(db, undefined).find((one) => one.network_id === params.network_id);
        if (found === undefined) {
          throw notFound(`Network ${params.network_id} could not be found.`, { type: 'NetworkNotFound' });
        }
        return { network_ip_availability: found };
      },
    }),
  ];
}
