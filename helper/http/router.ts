import findMyWay from 'find-my-way';
import type { Endpoint, Method, RawRoute, Service } from './endpoint.ts';

/** What a method and path lead to. */
export type Match =
  | {
      readonly kind: 'endpoint';
      readonly service: Service;
      readonly candidates: readonly Endpoint[];
      readonly params: Readonly<Record<string, string | undefined>>;
    }
  | { readonly kind: 'discovery'; readonly service: Service; readonly document: string }
  | {
      readonly kind: 'raw';
      readonly route: RawRoute;
      readonly params: Readonly<Record<string, string | undefined>>;
    }
  | { readonly kind: 'method'; readonly service: Service; readonly allow: readonly string[] }
  | { readonly kind: 'none'; readonly service: Service | undefined };

type Store =
  | { readonly kind: 'endpoint'; readonly service: Service; readonly candidates: readonly Endpoint[] }
  | { readonly kind: 'raw'; readonly route: RawRoute };

const METHODS: readonly Method[] = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE'];

/** The parameter in which the project of a path is handed on. */
export const PATH_PROJECT = 'path_project';

const noop = (): void => undefined;

/** Finds the operation for a method and path over all services' endpoint tables. */
export class Router {
  readonly #services: readonly Service[];
  readonly #routes = findMyWay({
    // Ids and names with encoded characters (also %2F) stay one segment.
    // '/images/' is an image without an id, not the list; clients rely on its 404.
    ignoreTrailingSlash: false,
    maxParamLength: 1024,
    caseSensitive: true,
  });

  constructor(services: readonly Service[], rawRoutes: readonly RawRoute[] = []) {
    this.#services = services;
    for (const service of services) {
      this.#add(service);
      if (service.legacyRoot !== undefined) this.#add(withoutMicroversions(service, service.legacyRoot));
    }
    for (const route of rawRoutes)
      this.#routes.on(route.method, route.path, noop, { kind: 'raw', route } satisfies Store);
  }

  #add(service: Service): void {
    const byRoute = new Map<string, Endpoint[]>();
    const ids = new Set<string>();
    for (const endpoint of service.endpoints) {
      if (ids.has(endpoint.id))
        throw new Error(`${service.name} declares the operation ${endpoint.id} twice`);
      ids.add(endpoint.id);
      const key = `${endpoint.method} ${endpoint.path}`;
      byRoute.set(key, [...(byRoute.get(key) ?? []), endpoint]);
    }
    for (const candidates of byRoute.values()) {
      const { method, path } = candidates[0] as Endpoint;
      const pattern = `${service.prefix}${service.root}${path.replaceAll(/\{(\w+)\}/g, ':$1')}`;
      this.#routes.on(method, pattern, noop, { kind: 'endpoint', service, candidates } satisfies Store);
    }
  }

  /** `path` is the request's path without its query. */
  match(method: string, path: string): Match {
    const known = METHODS.find((one) => one === method);
    const found = known && (this.#find(known, path) ?? this.#findBelowProject(known, path));
    if (found) return found;
    const service = this.#services.find((one) => path === one.prefix || path.startsWith(`${one.prefix}/`));
    if (service === undefined) return { kind: 'none', service };
    const document = discoveryPath(service, path);
    if (document !== undefined && (method === 'GET' || method === 'HEAD'))
      return { kind: 'discovery', service, document };
    const allow = METHODS.filter((one) => this.#routes.find(one, path) !== null);
    return allow.length > 0 ? { kind: 'method', service, allow } : { kind: 'none', service };
  }

  /** As {@link #find}, of services whose paths may begin with the caller's project. */
  #findBelowProject(method: Method, path: string): Match | undefined {
    const service = this.#services.find(
      (one) => one.projectInPath === true && path.startsWith(`${one.prefix}${one.root}/`),
    );
    if (service === undefined) return undefined;
    const start = `${service.prefix}${service.root}`;
    const [, project, rest] = /^\/([0-9a-f]{32})(\/.*)$/.exec(path.slice(start.length)) ?? [];
    const found = rest === undefined ? undefined : this.#find(method, `${start}${rest}`);
    if (found?.kind !== 'endpoint' || project === undefined) return undefined;
    return { ...found, params: { ...found.params, [PATH_PROJECT]: project } };
  }

  #find(method: Method, path: string): Match | undefined {
    const direct = this.#routes.find(method, path);
    // HEAD is GET without its body wherever a table does not say more.
    const found = direct ?? (method === 'HEAD' ? this.#routes.find('GET', path) : null);
    if (found === null) return undefined;
    return { ...(found.store as Store), params: found.params };
  }
}

/** The same operations below an older root, where there is nothing but the first microversion. */
function withoutMicroversions(service: Service, root: string): Service {
  const { microversions, ...rest } = service;
  return { ...rest, root, ...(microversions === undefined ? {} : { version: microversions.min }) };
}

/**
 * Version documents are found with a trailing slash, and (for what a project id was appended to) below the version
 * root, since clients ask wherever the catalog points (API-GOTCHAS 3).
 */
function discoveryPath(service: Service, path: string): string | undefined {
  const below = path.slice(service.prefix.length).replace(/\/+$/, '');
  if (below in service.discovery) return below;
  const withProject = /^(\/v[\d.]+)\/[0-9a-f]{32}$/.exec(below)?.[1];
  return withProject !== undefined && withProject in service.discovery ? withProject : undefined;
}
