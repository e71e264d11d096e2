import type { IncomingMessage } from 'node:http';
import { Readable } from 'node:stream';
import {
  CloudError,
  badRequest,
  forbidden,
  notFound,
  tooLarge,
  unauthorized,
  unsupportedMediaType,
} from '../errors/error.ts';
import { withOrigin } from '../origin.ts';
import type { AuthContext, Authenticator } from './auth.ts';
import { Reply, type Endpoint, type Method, type RequestContext, type Service } from './endpoint.ts';
import { negotiate, type Microversion } from './microversion.ts';
import type { PolicyTarget } from './policy.ts';
import { PATH_PROJECT } from './router.ts';
import type { RateLimiter } from './rate-limit.ts';
import { responseProblem } from './response.ts';
import { check, schemaAt } from './schema.ts';

const JSON_LIMIT = 1024 * 1024;
/** Levels of arrays and objects in a body. */
const DEEPEST = 64;

/** One request on its way through the pipeline. */
export interface Incoming {
  readonly request: IncomingMessage;
  readonly requestId: string;
  readonly service: Service;
  /** The operations on this method and path; several when they are actions or differ by microversion. */
  readonly candidates: readonly Endpoint[];
  readonly params: Readonly<Record<string, string | undefined>>;
  readonly path: string;
  readonly search: string;
  readonly origin: string;
  readonly signal: AbortSignal;
}

/** What the pipeline did, for the answer and the log. */
export interface Handled {
  readonly reply: Reply;
  readonly ok: number;
  readonly version: Microversion;
  readonly operation: string;
  readonly auth: AuthContext | undefined;
}

export interface PipelineOptions {
  readonly authenticate: Authenticator;
  /** How fast callers may ask; without it there is no limit. */
  readonly limiter?: RateLimiter;
  /** Checks each answer against its schema and fails the request when they differ; for tests. */
  readonly validateResponses: boolean;
}

/**
 * Token, rate limit, microversion, body, schema, target, policy, handler: in this order, so that a caller without a token learns
 * nothing, and a handler sees only what was checked.
 */
export async function handle(incoming: Incoming, options: PipelineOptions): Promise<Handled> {
  const { request, service } = incoming;
  const header = (name: string): string | undefined => {
    const value = request.headers[name.toLowerCase()];
    return Array.isArray(value) ? value[0] : value;
  };
  const auth = callerOf(incoming, header, options);
  const isPublic = incoming.candidates.every((endpoint) => endpoint.policy === 'public');
  if (auth === undefined && !isPublic)
    throw unauthorized('The request you have made requires authentication.');
  const pathProject = incoming.params[PATH_PROJECT];
  if (pathProject !== undefined && auth !== undefined && pathProject !== auth.projectId)
    throw badRequest('Malformed request url');
  const rateLimit = auth === undefined ? undefined : options.limiter?.admit(auth);
  if (auth === undefined) options.limiter?.admitLogin(request.socket.remoteAddress);
  const version =
    service.microversions === undefined ? (service.version ?? 0) : negotiate(service.microversions, header);
  const live = incoming.candidates.filter((e) => version >= (e.min ?? 0) && version <= (e.max ?? Infinity));
  if (live.length === 0) throw notFound('The resource could not be found.');

  const first = live[0] as Endpoint;
  const streaming = first.body === 'stream';
  const body =
    streaming || first.body === undefined
      ? undefined
      : await readJson(request, first.bodyLimit ?? JSON_LIMIT);
  const endpoint = chooseAction(live, body);
  if (endpoint.body !== undefined && endpoint.body !== 'stream') {
    const schema = schemaAt(endpoint.body, version);
    if (schema !== undefined) check(schema, body, 'body');
  }
  const search = new URLSearchParams(incoming.search);
  const query = Object.fromEntries(search);
  if (endpoint.query !== undefined) {
    const schema = schemaAt(endpoint.query, version);
    if (schema !== undefined) check(schema, query, 'query');
  }

  let target: PolicyTarget = {};
  const may = (rule: string, of: PolicyTarget = target): boolean =>
    auth !== undefined && (service.rules[rule]?.(auth, of) ?? false);
  const context: RequestContext = {
    requestId: incoming.requestId,
    method: request.method as Method,
    path: incoming.path,
    params: incoming.params,
    body,
    query,
    queryAll: (key) => search.getAll(key),
    header,
    version,
    // Public endpoints must not look at it; all others have it, see above.
    auth: auth as AuthContext,
    target: undefined,
    origin: incoming.origin,
    base: `${incoming.origin}${service.prefix}${service.root}${pathProject === undefined ? '' : `/${pathProject}`}`,
    signal: incoming.signal,
    stream: streaming ? request : Readable.from([]),
    may,
  };
  if (endpoint.target !== undefined) target = endpoint.target(context);
  if (endpoint.policy !== 'public' && !may(endpoint.policy, target)) {
    throw forbidden(`Policy doesn't allow ${endpoint.policy} to be performed.`);
  }
  const checked = { ...context, target: endpoint.target === undefined ? undefined : target };
  const caller = {
    requestId: incoming.requestId,
    projectId: auth?.projectId ?? null,
    userId: auth?.userId ?? null,
    rateLimit: rateLimit ?? 'no limit is set',
  };
  const result = await withOrigin(caller, () => endpoint.handler(checked));
  const reply = result instanceof Reply ? result : new Reply({ body: result });
  if (options.validateResponses) validateReply(endpoint, version, search.has('fields'), reply);
  return { reply, ok: endpoint.ok, version, operation: `${service.name}:${endpoint.id}`, auth };
}

function callerOf(
  incoming: Incoming,
  header: (name: string) => string | undefined,
  options: PipelineOptions,
): AuthContext | undefined {
  const request = { method: incoming.request.method ?? 'GET', path: incoming.path };
  const token = header('x-auth-token');
  if (token !== undefined && token !== '') {
    const auth = options.authenticate(token, request);
    if (auth !== undefined) return auth;
  }
  return incoming.service.authenticate?.(token ?? '', request);
}

/** Of several actions on one path the body's only key says which is meant. */
function chooseAction(live: readonly Endpoint[], body: unknown): Endpoint {
  const first = live[0] as Endpoint;
  if (first.action === undefined) return first;
  if (body === null || typeof body !== 'object' || Array.isArray(body))
    throw badRequest('Malformed request body');
  const keys = Object.keys(body);
  if (keys.length === 0) throw badRequest('Malformed request body');
  if (keys.length > 1) throw badRequest('Multiple actions or unexpected keys in the request body');
  const found = live.find((endpoint) => endpoint.action === keys[0]);
  if (found === undefined) throw badRequest(`There is no such action: ${keys[0]?.slice(0, 80)}`);
  return found;
}

/**
 * Reads a whole JSON body.
 * @throws {CloudError} tooLarge, unsupportedMediaType, or badRequest when it is no JSON.
 */
async function readJson(request: IncomingMessage, limit: number): Promise<unknown> {
  const length = Number(request.headers['content-length'] ?? 0);
  if (length > limit) throw tooLarge(`Request is too large: at most ${limit} bytes are accepted here.`);
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > limit) throw tooLarge(`Request is too large: at most ${limit} bytes are accepted here.`);
    chunks.push(chunk);
  }
  if (size === 0) throw badRequest('The request has no body; a JSON object was expected.');
  const type = request.headers['content-type'];
  if (type !== undefined && !/^application\/([\w.+-]+\+)?(json|[\w.-]*json[\w.-]*)\b/i.test(type)) {
    throw unsupportedMediaType(
      `Unsupported Content-Type ${type.slice(0, 80)}; application/json is expected.`,
    );
  }
  const whole = Buffer.concat(chunks, size);
  if (isDeep(whole))
    throw badRequest(`Malformed request body: it is nested more than ${DEEPEST} levels deep.`);
  try {
    return JSON.parse(whole.toString('utf8')) as unknown;
  } catch (error) {
    throw badRequest('Malformed request body: it is not valid JSON.', { cause: error });
  }
}

/** Whether text of JSON is nested more deeply than any API has a use for: what walks it would run out of stack. */
function isDeep(text: Buffer): boolean {
  if (text.length <= 2 * DEEPEST) return false;
  let depth = 0;
  let inString = false;
  for (let at = 0; at < text.length; at++) {
    const byte = text[at];
    if (inString) {
      if (byte === 0x5c) at += 1;
      else if (byte === 0x22) inString = false;
    } else if (byte === 0x22) inString = true;
    else if (byte === 0x5b || byte === 0x7b) {
      depth += 1;
      if (depth > DEEPEST) return true;
    } else if (byte === 0x5d || byte === 0x7d) depth -= 1;
  }
  return false;
}

function validateReply(endpoint: Endpoint, version: Microversion, selected: boolean, reply: Reply): void {
  const { response = 'none' } = endpoint;
  // Other answers than the declared one (304, 300, 416 of a stream) have their own bodies.
  if (reply.status !== undefined && reply.status >= 300) return;
  const problem = responseProblem(response, {
    version,
    selected,
    body: reply.body === undefined ? undefined : (JSON.parse(JSON.stringify(reply.body)) as unknown),
    streamed: reply.stream !== undefined,
  });
  if (problem !== undefined)
    throw new CloudError('internal', `The answer of ${endpoint.id} is not as it is declared: ${problem}`);
}
