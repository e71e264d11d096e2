import { Type } from 'typebox';
import type { DeviceQuestion, NetworkDevices } from '../../contract/devices.ts';
import { badRequest, notFound } from '../../errors/error.ts';
import type { DeviceHost } from '../../host/net/devices/interface.ts';
import { endpoint, type Endpoint } from '../../http/index.ts';
import { Devices, Looks, Watched } from '../schemas.ts';
import { LEASE_MS, type TrafficFeed } from '../traffic.ts';

const Name = Type.String({ minLength: 1, maxLength: 128 });

/** A question as the query of an address asks it. */
function asked(kind: DeviceQuestion['kind'], name: string, namespace: string | null): DeviceQuestion {
  switch (kind) {
    case 'filter':
      return { kind, portId: name };
    case 'namespace':
      return { kind, name };
    case 'device':
    case 'table':
      return { kind, name, namespace };
  }
}

// All of it may be left out here, so that who may not look is told that first.
const Query = Type.Object({
  kind: Type.Optional(
    Type.Union([
      Type.Literal('device'),
      Type.Literal('namespace'),
      Type.Literal('filter'),
      Type.Literal('table'),
    ]),
  ),
  /** The device's, the namespace's, the table's; of a filter, the port's id. */
  name: Type.Optional(Name),
  /** Where the device or table is; left out for the host itself. */
  namespace: Type.Optional(Name),
});

/** The network's devices as they are on the host; for the administrator, who alone has the host. */
export const deviceEndpoints = (
  devices: DeviceHost,
  kind: NetworkDevices['host'],
  traffic: TrafficFeed,
): readonly Endpoint[] => [
  endpoint({
    id: 'network_devices:list',
    method: 'GET',
    path: '/network/devices',
    policy: 'deskcloud:devices',
    response: Devices,
    ok: 200,
    handler: async () => ({ host: kind, ...(await devices.report()) }),
  }),
  endpoint({
    id: 'network_devices:look',
    method: 'GET',
    path: '/network/look',
    policy: 'deskcloud:devices',
    query: Query,
    response: Looks,
    ok: 200,
    handler: async ({ query: { kind: what, name, namespace = null } }) => {
      if (what === undefined || name === undefined)
        throw badRequest('What to look at is missing: the query needs kind and name.');
      try {
        const looks = await devices.look(asked(what, name, namespace));
        if (looks.length === 0) throw notFound(`This cloud has no ${what} '${name}' on the host.`);
        return { looks };
      } catch (error) {
        if (error instanceof TypeError) throw badRequest(error.message);
        throw error;
      }
    },
  }),
  endpoint({
    id: 'network_devices:watch',
    method: 'POST',
    path: '/network/traffic',
    policy: 'deskcloud:devices',
    response: Watched,
    ok: 200,
    handler: () => {
      traffic.watch();
      return { seconds: LEASE_MS / 1000 };
    },
  }),
];
