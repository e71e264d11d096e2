import type { Endpoint, Service } from '../../helper/http/index.ts';
import { formatMicroversion } from '../../helper/http/index.ts';
import { schemaAt } from '../../helper/http/schema.ts';
import { EXAMPLES as PLAIN } from './examples.ts';
import { FURTHER_EXAMPLES } from './further-examples.ts';
import { mutate, mutateText, oddSegment } from './mutate.ts';
import { PLACES, QUERIES } from './places.ts';
import { kindOfName, kindOfSegment, type Pool } from './pool.ts';
import type { Random } from './random.ts';
import { Values } from './values.ts';
import type { WireRequest } from './wire.ts';
import type { CallerName, World } from './world.ts';

const EXAMPLES = { ...PLAIN, ...FURTHER_EXAMPLES };

/** A request with what it was meant for. */
export interface Attempt {
  readonly service: Service;
  readonly endpoint: Endpoint;
  readonly request: WireRequest;
  readonly caller: CallerName;
  readonly version: number;
}

/** Hashing a password takes many milliseconds: these are asked less often. */
const SLOW = /^(tokens:create|users:(create|update|password)|application-credentials:create|ec2:login)$/;

/** What takes the thing that its body names for good: that is never one that was there before the run. */
const TAKES = new Set(['network subnetpools:onboard_network_subnets']);

const QUERY_KEYS = [
  'limit',
  'marker',
  'sort_key',
  'sort_dir',
  'sort',
  'name',
  'fields',
  'all_tenants',
  'status',
  'project_id',
  'tags',
  'not-tags-any',
  'page_reverse',
  'enabled',
  'changes-since',
  'id',
  'ip',
  'visibility',
] as const;

const QUERY_VALUES = [
  '1',
  '0',
  '-1',
  'x',
  'name',
  'asc',
  'desc',
  'true',
  'id',
  'name:asc',
  '',
  '999999999999',
  '漢',
] as const;

const ODD_HEADERS: readonly Readonly<Record<string, string>>[] = [
  { 'content-type': 'text/plain' },
  { 'content-type': 'application/xml' },
  { accept: 'text/html' },
  { 'x-auth-token': 'x'.repeat(4000) },
  { 'x-subject-token': 'none' },
  { origin: 'http://evil.example.invalid' },
  { 'openstack-api-version': 'compute 2.9999' },
  { 'openstack-api-version': 'compute x' },
  { 'x-openstack-nova-api-version': '99.1' },
  { 'x-forwarded-for': '127.0.0.1', 'x-user-id': 'admin', 'x-roles': 'admin' },
  { range: 'bytes=5-1' },
  { 'if-match': 'revision_number=0' },
  { 'x-openstack-image-size': '-1' },
];

/** Makes requests out of the endpoint tables. */
export class Requests {
  readonly #world: World;
  readonly #pool: Pool;
  readonly #random: Random;
  readonly #values: Values;
  /** What makes things that others can name. */
  readonly #makers: readonly { readonly service: Service; readonly endpoint: Endpoint }[];
  readonly #all: readonly { readonly service: Service; readonly endpoint: Endpoint }[];

  constructor(world: World, pool: Pool, random: Random) {
    this.#world = world;
    this.#pool = pool;
    this.#random = random;
    this.#values = new Values(random, pool);
    this.#all = world.services.flatMap((service) =>
      service.endpoints.map((endpoint) => ({ service, endpoint })),
    );
    this.#makers = this.#all.filter(({ service, endpoint }) => `${service.name} ${endpoint.id}` in EXAMPLES);
  }

  next(): Attempt {
    const random = this.#random;
    let chosen = random.pick(this.#all);
    if (random.chance(0.2)) chosen = random.pick(this.#makers);
    while (SLOW.test(chosen.endpoint.id) && !random.chance(0.1)) chosen = random.pick(this.#all);
    return this.#attempt(chosen.service, chosen.endpoint);
  }

  #attempt(service: Service, endpoint: Endpoint): Attempt {
    const random = this.#random;
    const caller = random.pick([
      'admin',
      'admin',
      'admin',
      'member',
      'member',
      'reader',
      'stranger',
      'nobody',
    ] as const);
    const version = this.#version(service, endpoint);
    const wild = random.chance(0.3);
    const { body, type } = this.#body(service, endpoint, version, wild);
    const request: WireRequest = {
      method: endpoint.method,
      path: `${service.prefix}${service.root}${this.#path(service.name, endpoint, wild, caller)}${this.#query(service.name, endpoint, version, wild)}`,
      headers: {
        host: '127.0.0.1',
        ...(caller === 'nobody' ? {} : { 'x-auth-token': this.#world.callers[caller].token }),
        ...(type === undefined ? {} : { 'content-type': type }),
        ...(service.microversions === undefined || version === 0
          ? {}
          : { 'openstack-api-version': `${service.microversions.type} ${formatMicroversion(version)}` }),
        ...(/^tokens:(show|check|revoke)$/.test(endpoint.id)
          ? { 'x-subject-token': this.#pool.pick(random, 'token', false) ?? 'none' }
          : {}),
        ...(wild && random.chance(0.2) ? random.pick(ODD_HEADERS) : {}),
      },
      ...(body === undefined ? {} : { body }),
    };
    return { service, endpoint, request, caller, version };
  }

  #version({ microversions }: Service, { min = 0, max = Infinity }: Endpoint): number {
    if (microversions === undefined) return 0;
    const random = this.#random;
    const low = Math.max(min, microversions.min);
    const high = Math.min(max, microversions.max);
    return random.chance(0.4) ? high : low + random.below(high - low + 1);
  }

  #path(service: string, { id, method, path }: Endpoint, wild: boolean, caller: CallerName): string {
    const random = this.#random;
    const place = wild
      ? undefined
      : PLACES[`${service} ${id}`]?.(
          (kind) => this.#pool.pick(random, kind, true),
          random,
          caller === 'nobody' ? undefined : this.#world.callers[caller],
        );
    const known = wild || random.chance(0.3) ? undefined : this.#pool.path(random, service, path);
    const rest = path
      .split('/')
      .slice(known?.parts ?? 0)
      .join('/');
    const filled = this.#fill(rest, method, wild, place);
    return known === undefined ? filled : rest === '' ? known.path : `${known.path}/${filled}`;
  }

  #fill(
    path: string,
    method: string,
    wild: boolean,
    place: Readonly<Record<string, string | undefined>> = {},
  ): string {
    const random = this.#random;
    const kept = method === 'GET' || method === 'HEAD';
    let before = '';
    return path
      .split('/')
      .map((segment) => {
        const name = /^\{(\w+)\}$/.exec(segment)?.[1];
        if (name === undefined) {
          before = segment;
          return segment;
        }
        const placed = place[name];
        if (placed !== undefined) return encodeURIComponent(placed);
        const odd = wild && random.chance(0.25) ? oddSegment(random) : undefined;
        // Whoever disables the default domain ends all tokens.
        if (odd !== undefined && (kept || !this.#pool.isKeptId(odd))) return encodeOdd(odd);
        const kinds = [kindOfSegment(before), kindOfName(name)].filter((kind) => kind !== undefined);
        const known = kinds.map((kind) => this.#pool.pick(random, kind, kept)).find((id) => id !== undefined);
        return encodeURIComponent(
          known ?? random.pick(['fuzz', 'identity', 'key1', random.uuid(), random.hex(32)]),
        );
      })
      .join('/');
  }

  #query(service: string, endpoint: Endpoint, version: number, wild: boolean): string {
    const random = this.#random;
    const schema = endpoint.query === undefined ? undefined : schemaAt(endpoint.query, version);
    const parameters = new URLSearchParams();
    if (schema !== undefined && random.chance(0.5)) {
      for (const [key, value] of Object.entries(this.#values.of(schema) as object))
        parameters.append(key, String(value));
    }
    if (wild || (schema === undefined && endpoint.method === 'GET' && random.chance(0.3)))
      for (let count = random.below(3); count > 0; count--) {
        const key = random.pick(QUERY_KEYS);
        const kind = kindOfName(key);
        parameters.append(
          key,
          (kind === undefined ? undefined : this.#pool.pick(random, kind, true)) ?? random.pick(QUERY_VALUES),
        );
      }
    const needed =
      QUERIES[`${service} ${endpoint.id}`]?.((kind) => this.#pool.pick(random, kind, true)) ?? {};
    for (const [key, value] of wild ? [] : Object.entries(needed))
      if (value !== undefined) parameters.set(key, value);
    const text = parameters.toString();
    if (wild && random.chance(0.05)) return `?${text}&%ZZ=%&&=&[]=1`;
    return text === '' ? '' : `?${text}`;
  }

  #body(
    service: Service,
    endpoint: Endpoint,
    version: number,
    wild: boolean,
  ): { readonly body?: string | Buffer; readonly type?: string } {
    const random = this.#random;
    if (endpoint.body === 'stream')
      return { body: random.hex(random.pick([0, 16, 4096])), type: 'application/octet-stream' };
    const schema = endpoint.body === undefined ? undefined : schemaAt(endpoint.body, version);
    if (schema === undefined) {
      // What expects no body gets one now and then.
      return wild && endpoint.method !== 'GET' && random.chance(0.3)
        ? { body: '{}', type: 'application/json' }
        : {};
    }
    const example = EXAMPLES[`${service.name} ${endpoint.id}`];
    const value =
      example !== undefined && (random.chance(0.6) || `${service.name} ${endpoint.id}` in PLACES)
        ? example(random, (kind) => this.#pool.pick(random, kind, true), this.#world)
        : this.#values.of(schema, '', !TAKES.has(`${service.name} ${endpoint.id}`));
    const type =
      endpoint.method === 'PATCH' && service.name === 'image'
        ? 'application/openstack-images-v2.1-json-patch'
        : 'application/json';
    const text = JSON.stringify(wild && random.chance(0.7) ? mutate(random, value) : value) ?? '';
    return { body: wild && random.chance(0.1) ? mutateText(random, text) : text, type };
  }
}

/** As it is where HTTP allows it, so that the server's own decoding is tried, too. */
function encodeOdd(text: string): string {
  if (text === '%' || text === '..') return text;
  return text.isWellFormed() ? encodeURIComponent(text) : 'x';
}
