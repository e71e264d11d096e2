import type { Component } from 'svelte';

/** One page of the window: where it is, and how it is loaded. */
export interface Route {
  /** '/servers/:id'; a named part matches one part of the path. */
  readonly path: string;
  /** The page; named parts are its properties. */
  readonly load: () => Promise<{ default: Component<Record<string, string>> }>;
}

export interface Match<R extends Route> {
  readonly route: R;
  readonly parameters: Readonly<Record<string, string>>;
}

let here: URL = $state.raw(new URL(location.href));

addEventListener('popstate', () => {
  here = new URL(location.href);
});

/** The address now; reactive. */
export const path = (): string => here.pathname;
export const query = (): URLSearchParams => here.searchParams;

/** Goes to a page of the window, as '/servers?status=ERROR'. */
export function go(to: string, { replace = false }: { replace?: boolean } = {}): void {
  const next = new URL(to, location.origin);
  if (next.href === here.href) return;
  if (replace) history.replaceState(null, '', next);
  else history.pushState(null, '', next);
  here = next;
}

/** Changes parts of the query and leaves the rest; what is empty is taken out. No step of the way back. */
export function setQuery(changes: Readonly<Record<string, string | undefined>>): void {
  const next = new URL(here);
  for (const [key, value] of Object.entries(changes)) {
    if (value === undefined || value === '') next.searchParams.delete(key);
    else next.searchParams.set(key, value);
  }
  go(`${next.pathname}${next.search}`, { replace: true });
}

/** The first route that fits; undefined when none does. */
export function matchRoute<R extends Route>(routes: readonly R[], pathname: string): Match<R> | undefined {
  const parts = pathname.split('/').filter((part) => part !== '');
  for (const route of routes) {
    const wanted = route.path.split('/').filter((part) => part !== '');
    if (wanted.length !== parts.length) continue;
    const parameters: Record<string, string> = {};
    const fits = wanted.every((name, at) => {
      const part = parts[at] ?? '';
      if (!name.startsWith(':')) return name === part;
      parameters[name.slice(1)] = decodeURIComponent(part);
      return true;
    });
    if (fits) return { route, parameters };
  }
  return undefined;
}

/** Lets ordinary links within the window change the page without loading it anew. */
export function followLinks(event: MouseEvent): void {
  if (event.defaultPrevented || event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey)
    return;
  const link = (event.target as Element | null)?.closest('a');
  if (link == null || link.origin !== location.origin || link.target !== '' || link.hasAttribute('download'))
    return;
  event.preventDefault();
  go(`${link.pathname}${link.search}`);
}
