import { Type } from 'typebox';
import { notFound } from '../../errors/error.ts';
import { endpoint, type Endpoint } from '../../http/index.ts';
import { availabilities, availability } from '../app/availability.ts';
import { listItems } from '../app/listing-memory.ts';
import type { NetworkContext } from '../app/context.ts';
import type { Extension as ExtensionEntry } from '../app/extension.ts';
import { listed, wrapped } from '../schemas/common.ts';
import { Availability, Extension, ServiceProvider, Zone } from '../schemas/misc.ts';

/**
 * Neutron's router plug-in lists a provider a kind of router, in this order and none the default; neutron-fwaas the one
 * that it is configured with.
 */
const SERVICE_PROVIDERS = [
  ...['dvrha', 'dvr', 'ha', 'single_node'].map((name) => ({
    service_type: 'L3_ROUTER_NAT',
    name,
    default: false,
  })),
  { service_type: 'FIREWALL_V2', name: 'fwaas_db', default: true },
];

/** Extensions, availability zones, service providers, use of addresses. */
export function miscEndpoints(
  context: NetworkContext,
  extensions: readonly ExtensionEntry[],
): readonly Endpoint[] {
  const { db, config } = context;
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
      id: 'availability_zones:list',
      method: 'GET',
      path: '/availability_zones',
      policy: 'get_availability_zone',
      response: listed('availability_zones', Zone),
      ok: 200,
      handler: (request) => listItems('availability_zones', zones, request, 'name'),
    }),
    endpoint({
      id: 'service_providers:list',
      method: 'GET',
      path: '/service-providers',
      policy: 'get_service_provider',
      response: listed('service_providers', ServiceProvider),
      ok: 200,
      handler: (request) => listItems('service_providers', SERVICE_PROVIDERS, request, 'name'),
    }),
    endpoint({
      id: 'network_ip_availabilities:list',
      method: 'GET',
      path: '/network-ip-availabilities',
      policy: 'get_network_ip_availability:list',
      response: listed('network_ip_availabilities', Availability),
      ok: 200,
      handler: (request) => availabilities(db, request),
    }),
    endpoint({
      id: 'network_ip_availabilities:show',
      method: 'GET',
      path: '/network-ip-availabilities/{network_id}',
      policy: 'get_network_ip_availability',
      response: wrapped('network_ip_availability', Availability),
      ok: 200,
      handler: ({ params }) => ({ network_ip_availability: availability(db, params.network_id) }),
    }),
  ];
}
