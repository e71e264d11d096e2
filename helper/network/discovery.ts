import type { Service } from '../http/index.ts';

const ROOT = '/networking/v2.0';

/** Resources of the version document, in neutron's order. */
const RESOURCES = ['subnet', 'network', 'port'];

/** Version documents as neutron answers them: the list at the root, the resources below the version. */
export const networkDiscovery: Service['discovery'] = {
  '': (origin) => ({
    status: 200,
    body: {
      versions: [{ id: 'v2.0', status: 'CURRENT', links: [{ rel: 'self', href: `${origin}${ROOT}/` }] }],
    },
  }),
  '/v2.0': (origin) => ({
    status: 200,
    body: {
      resources: RESOURCES.map((name) => ({
        links: [{ rel: 'self', href: `${origin}${ROOT}/${name}s` }],
        name,
        collection: `${name}s`,
      })),
    },
  }),
};
