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

type Routes = findMyWay.Instance<findMyWay.HTTPVersion.V1>;

const noRoutes = (): Routes =>
  findMyWay({
    // Ids and names with encoded characters (also %2F) stay one segment.
    // '/images/' is an image without an id, not the list; clients rely on its 404.
    ignoreTrailingSlash: false,
    maxParamLength: 1024,
    caseSensitive: true,
  });

/** Finds the operation for a method and path over all services' endpoint tables. */
export class Router {
  readonly #services: readonly Service[];
  readonly #raw = noRoutes();
  /** Of each service that was asked for something: all of them would keep the start waiting. */
  readonly #routes = new Map<Service, Routes>();

  constructor(services: readonly Service[], rawRoutes: readonly RawRoute[] = []) {
    this.#services = services;
    for (const { name, endpoints } of services) {
      const ids = new Set<string>();
      for (const { id } of endpoints) {
        if (ids.has(id)) throw new Error(`${name} declares the operation ${id} twice`);
        ids.add(id);
      }
    }
    for (const route of rawRoutes)
      this.#raw.on(route.method, route.path, noop, { kind: 'raw', route } satisfies Store);
  }

  #routesOf(service: Service): Routes {
    const known = this.#routes.get(service);
    if (known !== undefined) return known;
    const routes = noRoutes();
    addTo(routes, service);
    if (service.legacyRoot !== undefined) addTo(routes, withoutMicroversions(service, service.legacyRoot));
    this.#routes.set(service, routes);
    return routes;
  }

  /** `path` is the request's path without its query. */
  match(method: string, path: string): Match {
    const known = METHODS.find((one) => one === method);
    const found = known && (this.#find(known, path) ?? this.#findBelowProject(known, path));
    if (found) return found;
    const service = this.#serviceAt(path);
    if (service === undefined) return { kind: 'none', service };
    const document = discoveryPath(service, path);
    if (document !== undefined && (method === 'GET' || method === 'HEAD'))
      return { kind: 'discovery', service, document };
    const routes = this.#routesOf(service);
    const allow = METHODS.filter((one) => routes.find(one, path) !== null);
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
    const service = this.#serviceAt(path);
    const found =
      (service && findIn(this.#routesOf(service), method, path)) ?? findIn(this.#raw, method, path);
    return found === null ? undefined : { ...(found.store as Store), params: found.params };
  }

  #serviceAt(path: string): Service | undefined {
    return this.#services.find((one) => path === one.prefix || path.startsWith(`${one.prefix}/`));
  }
}

/** HEAD is GET without its body wherever a table does not say more. */
const findIn = (routes: Routes, method: Method, path: string) =>
  routes.find(method, path) ?? (method === 'HEAD' ? routes.find('GET', path) : null);

function addTo(routes: Routes, service: Service): void {
  const byRoute = Map.groupBy(service.endpoints, ({ method, path }) => `${method} ${path}`);
  for (const candidates of byRoute.values()) {
    const { method, path } = candidates[0] as Endpoint;
    const pattern = `${service.prefix}${service.root}${path.replaceAll(/\{(\w+)\}/g, ':$1')}`;
    routes.on(method, pattern, noop, { kind: 'endpoint', service, candidates } satisfies Store);
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
