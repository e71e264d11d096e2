import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Duplex, Readable } from 'node:stream';
import type { Static, TSchema } from 'typebox';
import type { Dialect } from '../errors/dialects.ts';
import type { AuthContext, Authenticator } from './auth.ts';
import type { Microversion, MicroversionRange } from './microversion.ts';
import type { PolicyRules, PolicyTarget } from './policy.ts';

export type Method = 'GET' | 'HEAD' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';

/** A schema from one microversion on, up to the next entry of its list. */
export interface VersionedSchema {
  readonly from: Microversion;
  readonly schema: TSchema;
}

/** One schema for all microversions, or a list in rising order of `from`. */
export type SchemaSpec = TSchema | readonly VersionedSchema[];

/**
 * What an answer of success consists of: JSON by a schema; 'none': no body; 'stream': bytes of the caller's own; or
 * 'failure': there is no success here, `ok` says with which error everybody is answered. Before the first entry of a
 * list by microversions there is no body.
 */
export type ResponseSpec = SchemaSpec | 'none' | 'stream' | 'failure';

type StaticOf<S> = S extends TSchema
  ? Static<S>
  : S extends readonly { schema: infer T }[]
    ? T extends TSchema
      ? Static<T>
      : never
    : undefined;

/** Names in braces of a path: `'/servers/{server_id}'` gives `{ server_id: string }`. */
export type PathParams<P extends string> = P extends `${string}{${infer Name}}${infer Rest}`
  ? { readonly [K in Name]: string } & PathParams<Rest>
  : unknown;

/** What a handler knows of the request, all of it checked. */
export interface RequestContext<Params = unknown, Body = unknown, Query = unknown, Target = unknown> {
  /** `req-<uuid>`, in every answer, log line and operation. */
  readonly requestId: string;
  readonly method: Method;
  /** Path as asked for, without the query. */
  readonly path: string;
  readonly params: Params;
  readonly body: Body;
  readonly query: Query;
  /** All values of a query key in their order, for keys that may be given more than once. */
  readonly queryAll: (key: string) => readonly string[];
  readonly header: (name: string) => string | undefined;
  /** Microversion in force; 0 for services without microversions. */
  readonly version: Microversion;
  /** The caller. Present but for endpoints whose policy is 'public'; use {@link authOf} of handlers. */
  readonly auth: AuthContext;
  readonly target: Target;
  /** `http://host:port`, scheme and host as the request came with them; for links. */
  readonly origin: string;
  /** origin plus the service's prefix and version root, as `http://127.0.0.1:9696/networking/v2.0`. */
  readonly base: string;
  /** Aborted when the caller goes away. */
  readonly signal: AbortSignal;
  /** The raw body, of endpoints with `body: 'stream'`. */
  readonly stream: Readable;
  /** Checks one more rule of the service: for attributes with a rule of their own. */
  readonly may: (rule: string, target?: PolicyTarget) => boolean;
}

/** An answer that is more than a JSON body with the endpoint's usual status. */
export class Reply {
  readonly status: number | undefined;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: unknown;
  readonly stream: Readable | undefined;

  constructor(options: {
    status?: number;
    headers?: Readonly<Record<string, string>>;
    body?: unknown;
    stream?: Readable;
  }) {
    this.status = options.status;
    this.headers = options.headers ?? {};
    this.body = options.body;
    this.stream = options.stream;
  }
}

/** One operation of an API, as its record in an endpoint table. */
export interface Endpoint {
  /** Unique within the service: 'servers:create'. */
  readonly id: string;
  readonly method: Method;
  /** Below the service's version root, with names in braces: '/servers/{server_id}'. */
  readonly path: string;
  /** Key of the body of an action ('os-start'), for several operations on one POST path. */
  readonly action?: string;
  /** Upstream's rule name, or 'public' for what needs no token. */
  readonly policy: string;
  /** Microversions that have this operation; outside of them it is 404. */
  readonly min?: Microversion;
  readonly max?: Microversion;
  /** Body schema; 'stream' for raw bodies; none when the body is ignored. */
  readonly body?: SchemaSpec | 'stream';
  /** Largest accepted JSON body in bytes; 1 MiB by default. */
  readonly bodyLimit?: number;
  readonly query?: SchemaSpec;
  /** What is answered, checked in tests (`validateResponses`). Left out it is 'none', which goes with 204 alone. */
  readonly response?: ResponseSpec;
  /** Status of success. */
  readonly ok: number;
  /**
   * Loads what the path names, before policy is asked. Throws notFound for what the caller may not know of. The
   * policy sees the result as its target.
   */
  readonly target?: (context: RequestContext) => PolicyTarget;
  readonly handler: (context: RequestContext) => unknown;
}

interface EndpointSpec<
  P extends string,
  B extends SchemaSpec | 'stream' | undefined,
  Q extends SchemaSpec | undefined,
  T extends object | undefined,
> {
  id: string;
  method: Method;
  path: P;
  action?: string;
  policy: string;
  min?: Microversion;
  max?: Microversion;
  body?: B;
  bodyLimit?: number;
  query?: Q;
  target?: (context: RequestContext<PathParams<P>, StaticOf<B>, StaticOf<Q>, undefined>) => T;
  handler: (context: RequestContext<PathParams<P>, StaticOf<B>, StaticOf<Q>, T>) => unknown;
}

/** Whoever answers something says what. */
type Answer = { ok: 204; response?: never } | { ok: number; response: ResponseSpec };

/**
 * Declares one operation. The types of `params`, `body`, `query` and `target` in the handler follow from path and
 * schemas. The handler returns the JSON body (or a {@link Reply}, or a promise of either; undefined for no body) and
 * throws a CloudError otherwise.
 */
export function endpoint<
  const P extends string,
  const B extends SchemaSpec | 'stream' | undefined = undefined,
  const Q extends SchemaSpec | undefined = undefined,
  T extends object | undefined = undefined,
>(spec: EndpointSpec<P, B, Q, T> & Answer): Endpoint {
  // The pipeline checks params, body, query and target against exactly what the types were inferred from.
  return spec as unknown as Endpoint;
}

/** A part of the upstream API that is not there, for helper/API.md. */
export interface Absence {
  readonly what: string;
  /** 'GET /tasks' is one operation; '/tasks' every method of this path and of those below it. */
  readonly paths: readonly string[];
  readonly why: string;
}

/** One OpenStack API: its place, its words, its operations. */
export interface Service {
  /** Folder name: 'compute'. */
  readonly name: string;
  /** '/compute'. */
  readonly prefix: string;
  /** Version root below the prefix: '/v2.1'. */
  readonly root: string;
  /** The caller's project may be in paths, behind the root: '/v3/{project_id}/volumes'. */
  readonly projectInPath?: boolean;
  /** An older root, at which the same operations answer as in the first microversion: '/v2'. */
  readonly legacyRoot?: string;
  readonly dialect: Dialect;
  readonly rules: PolicyRules;
  readonly microversions?: MicroversionRange;
  /** The version that a service without microversions has; 0 by default. */
  readonly version?: Microversion;
  readonly endpoints: readonly Endpoint[];
  /** What upstream has beside them. */
  readonly absent?: readonly Absence[];
  /**
   * Version documents: exact path below the prefix ('', '/v2.1') to status and body. Answered without a token, also
   * with a trailing slash.
   */
  readonly discovery: Readonly<Record<string, (origin: string) => { status: number; body: unknown }>>;
  /** Further names of the request id header: 'x-compute-request-id'. */
  readonly requestIdHeaders?: readonly string[];
  /** Finds the caller of a request that has no token, as the desktop's socket does. */
  readonly authenticate?: Authenticator;
}

/** Accepts a WebSocket (or other upgrade) on a path; used by consoles. */
export interface UpgradeRoute {
  readonly path: string;
  readonly handle: (request: IncomingMessage, socket: Duplex, head: Buffer) => void;
}

/** A page or file outside the APIs (the noVNC page); gets the raw request. */
export interface RawRoute {
  readonly method: Method;
  readonly path: string;
  readonly handle: (
    request: IncomingMessage,
    response: ServerResponse,
    params: Readonly<Record<string, string | undefined>>,
  ) => void;
}
