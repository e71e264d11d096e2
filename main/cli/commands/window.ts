import { openDeskcloud } from '../../open.ts';
import type { Instance } from '../../launch.ts';
import { routeOfLink } from '../../shell/deep-link.ts';

/**
 * Opens the window, or brings it forward.
 * @param link a deep link: the page to show.
 * @throws {Error} for what is no such link.
 */
export async function start(
  instance: Instance,
  link: string | undefined,
  options: { browser?: boolean; windowPort?: number },
): Promise<void> {
  const route = link === undefined ? undefined : routeOfLink(link);
  if (link !== undefined && route === undefined)
    throw new Error(`'${link}' is no link of Deskcloud's; one looks like deskcloud://server/<id>.`);
  await openDeskcloud({
    instance,
    browser: options.browser === true,
    windowPort: options.windowPort ?? 0,
    route,
  });
}
