import { formatMicroversion, mv, type MicroversionRange, type Service } from '../http/index.ts';

export const MICROVERSIONS: MicroversionRange = { min: mv('1.0'), max: mv('1.39'), type: 'placement' };

/** Placement has one version document, at its root. */
export const discovery: Service['discovery'] = {
  '': () => ({
    status: 200,
    body: {
      versions: [
        {
          id: 'v1.0',
          status: 'CURRENT',
          max_version: formatMicroversion(MICROVERSIONS.max),
          min_version: formatMicroversion(MICROVERSIONS.min),
          links: [{ rel: 'self', href: '' }],
        },
      ],
    },
  }),
};
