import { formatMicroversion, mv, type MicroversionRange, type Service } from '../http/index.ts';

/** All up to Zed's, for the operations that exist; what does not is in absent.ts. */
export const MICROVERSIONS: MicroversionRange = { min: mv('3.0'), max: mv('3.70'), type: 'volume' };

const document = (status: number) => (origin: string) => ({
  status,
  body: {
    versions: [
      {
        id: 'v3.0',
        status: 'CURRENT',
        version: formatMicroversion(MICROVERSIONS.max),
        min_version: formatMicroversion(MICROVERSIONS.min),
        updated: '2022-08-31T00:00:00Z',
        links: [
          { rel: 'describedby', type: 'text/html', href: 'https://docs.openstack.org/' },
          { rel: 'self', href: `${origin}/volume/v3/` },
        ],
        'media-types': [
          { base: 'application/json', type: 'application/vnd.openstack.volume+json;version=3' },
        ],
      },
    ],
  },
});

/** cinder's version documents (api-ref, "API versions"). */
export const discovery: Service['discovery'] = { '': document(300), '/v3': document(200) };
