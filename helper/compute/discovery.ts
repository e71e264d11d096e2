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

const V2_1 = { id: 'v2.1', status: 'CURRENT', ...range, updated: '2013-07-23T11:33:21Z' };
/** The same operations as in 2.1, without microversions. */
const V2_0 = {
  id: 'v2.0',
  status: 'SUPPORTED',
  version: '',
  min_version: '',
  updated: '2011-01-21T11:33:21Z',
};

const self = (origin: string, root: string) => ({ rel: 'self', href: `${origin}/compute/${root}/` });

const described = (head: typeof V2_0, root: string, media: string) => (origin: string) => ({
  status: 200,
  body: {
    version: {
      ...head,
      links: [
        self(origin, root),
        { rel: 'describedby', type: 'text/html', href: 'http://docs.openstack.org/' },
      ],
      'media-types': [
        { base: 'application/json', type: `application/vnd.openstack.compute+json;version=${media}` },
      ],
    },
  },
});

/** nova's version documents (api-ref, "API Versions"). */
export const discovery: Service['discovery'] = {
  '': (origin) => ({
    status: 200,
    body: {
      versions: [
        { ...V2_0, links: [self(origin, 'v2')] },
        { ...V2_1, links: [self(origin, 'v2.1')] },
      ],
    },
  }),
  '/v2': described(V2_0, 'v2', '2'),
  '/v2.1': described(V2_1, 'v2.1', '2.1'),
};
