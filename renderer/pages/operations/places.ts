import { matchRoute } from '../../app/router.svelte.ts';
import { routes } from '../../app/routes.ts';

/** Where a type of resource has its page: of one, or else of all. */
const PLACES: Readonly<Record<string, readonly string[]>> = {
  server: ['/servers'],
  network: ['/networks'],
  router: ['/routers'],
  image: ['/images'],
  volume: ['/volumes'],
  'volume-snapshot': ['/volume-snapshots'],
  'volume-backup': ['/backups'],
  floatingip: ['/floating-ips'],
  security_group: ['/security-groups'],
};

/** The page of a resource; undefined where the window has none. */
export function placeOf({ type, id }: { readonly type: string; readonly id: string }): string | undefined {
  const candidates = (PLACES[type] ?? []).flatMap((list) => [`${list}/${id}`, list]);
  return candidates.find((path) => matchRoute(routes, path) !== undefined);
}
