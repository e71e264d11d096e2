import type { Service } from '../http/index.ts';

const V3 = {
  id: 'v3.14',
  status: 'stable',
  updated: '2020-04-07T00:00:00Z',
  'media-types': [{ base: 'application/json', type: 'application/vnd.openstack.identity-v3+json' }],
} as const;

const version = (origin: string): object => ({
  ...V3,
  links: [{ rel: 'self', href: `${origin}/identity/v3/` }],
});

/** Version documents; 300 where clients choose, as upstream answers. */
export const discovery: Service['discovery'] = {
  '': (origin) => ({ status: 300, body: { versions: { values: [version(origin)] } } }),
  '/v3': (origin) => ({ status: 200, body: { version: version(origin) } }),
};
