import { formatMicroversion, mv, type MicroversionRange, type Service } from '../http/index.ts';

/** What of the compute API is there: everything up to 2.93 for the operations that exist. */
export const MICROVERSIONS: MicroversionRange = {
  min: mv('2.1'),
  max: mv('2.93'),
  type: 'compute',
  legacyHeader: 'X-OpenStack-Nova-API-Version',
};

const range = {
  version: formatMicroversion(MICROVERSIONS.max),
  min_version: formatMicroversion(MICROVERSIONS.min),
};

const head = { id: 'v2.1', status: 'CURRENT', ...range, updated: '2013-07-23T11:33:21Z' };

/** nova's version documents (api-ref, "API Versions"). */
export const discovery: Service['discovery'] = {
  '': (origin) => ({
    status: 200,
    body: { versions: [{ ...head, links: [{ rel: 'self', href: `${origin}/compute/v2.1/` }] }] },
  }),
  '/v2.1': (origin) => ({
    status: 200,
    body: {
      version: {
        ...head,
        links: [
          { rel: 'self', href: `${origin}/compute/v2.1/` },
          { rel: 'describedby', type: 'text/html', href: 'http://docs.openstack.org/' },
        ],
        'media-types': [
          {
            base: 'application/json',
            type: 'application/vnd.openstack.compute+json;version=2.1',
          },
        ],
      },
    },
  }),
};
