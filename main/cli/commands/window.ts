import { openDeskcloud } from '../../open.ts';
import type { Instance } from '../../launch.ts';
import { routeOfLink } from '../../shell/deep-link.ts';

/** Opens the window, or brings it forward. */
export async function start(
  instance: Instance,
  options: { browser?: boolean; windowPort?: string },
): Promise<void> {
  await openDeskcloud({
    instance,
    browser: options.browser === true,
    windowPort: Number(options.windowPort ?? '0'),
    route: undefined,
  });
}

/** Shows the page of a deep link. @throws {Error} for what is no such link. */
export async function openLink(instance: Instance, link: string): Promise<void> {
  const route = routeOfLink(link);
  if (route === undefined)
    throw new Error(`'${link}' is no link of Deskcloud's; one looks like deskcloud://server/<id>.`);
  await openDeskcloud({ instance, browser: false, windowPort: 0, route });
}
