/** What may follow `deskcloud://`, and where in the window it leads. */
const PLACES: Readonly<Record<string, string>> = {
  server: '/servers',
  operation: '/operations',
  image: '/images',
  network: '/networks',
  router: '/routers',
};

/**
 * The route of a deep link: 'deskcloud://server/<id>' is '/servers/<id>'. Links come from anywhere, so what is not
 * exactly such a link leads nowhere.
 * @returns undefined for what is no such link.
 */
export function routeOfLink(link: string): string | undefined {
  const found = /^deskcloud:\/\/([a-z]+)\/([A-Za-z0-9-]{1,64})\/?$/.exec(link);
  const [, noun = '', id = ''] = found ?? [];
  const place = Object.hasOwn(PLACES, noun) ? PLACES[noun] : undefined;
  return place === undefined ? undefined : `${place}/${id}`;
}

/** The first of a program's words that is a deep link, as its route. */
export const routeIn = (words: readonly string[]): string | undefined =>
  words.map(routeOfLink).find((route) => route !== undefined);
