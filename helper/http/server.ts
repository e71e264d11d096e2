import { randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { performance } from 'node:perf_hooks';
import { pipeline as pipeStream } from 'node:stream/promises';
import { deskcloudDialect, type Dialect } from '../errors/dialects.ts';
import { CloudError, asCloudError, notFound } from '../errors/error.ts';
import type { RawRoute, Reply, Service, UpgradeRoute } from './endpoint.ts';
import type { Logger } from './log.ts';
import { formatMicroversion, type Microversion } from './microversion.ts';
import { checkOrigin, type OriginRules } from './origin.ts';
import { handle, type Handled, type PipelineOptions } from './pipeline.ts';
import { Router, type Match } from './router.ts';

export interface HttpServerOptions extends PipelineOptions {
  readonly services: readonly Service[];
  readonly rawRoutes?: readonly RawRoute[];
  readonly upgrades?: readonly UpgradeRoute[];
  readonly origins: OriginRules;
  readonly logger: Logger;
  /** False on the desktop's Unix socket, where there is neither Host nor browser. */
  readonly checkOrigins?: boolean;
}

/**
 * The listener of all APIs: routes to a service's operation, runs the pipeline, writes answer or error in the service's
 * own format. The caller lets it listen.
 */
export function createHttpServer(options: HttpServerOptions): Server {
  const router = new Router(options.services, options.rawRoutes);
  const server = createServer(
    { keepAliveTimeout: 30_000, requestTimeout: 0, headersTimeout: 20_000 },
    (request, response) => {
      void new Exchange(request, response, router, options).run();
    },
  );
  server.on('upgrade', (request, socket, head) => {
    socket.on('error', () => socket.destroy());
    const path = (request.url ?? '/').split('?', 1)[0];
    const route = options.upgrades?.find((one) => one.path === path);
    try {
      checkOrigin(request, options.origins);
      if (route === undefined) throw notFound('There is nothing to upgrade to here.');
      route.handle(request, socket, head);
    } catch (error) {
      const { status } = deskcloudDialect(asCloudError(error));
      socket.end(`HTTP/1.1 ${status} Refused\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`);
    }
  });
  return server;
}

/** One request and its answer. */
class Exchange {
  readonly #request: IncomingMessage;
  readonly #response: ServerResponse;
  readonly #router: Router;
  readonly #options: HttpServerOptions;
  readonly #requestId = `req-${randomUUID()}`;
  readonly #started = performance.now();
  readonly #path: string;
  readonly #search: string;
  #service: Service | undefined;
  /** What the log shows of the path: not a token that is in it (S21). */
  #shown: string;

  constructor(
    request: IncomingMessage,
    response: ServerResponse,
    router: Router,
    options: HttpServerOptions,
  ) {
    this.#request = request;
    this.#response = response;
    this.#router = router;
    this.#options = options;
    const url = request.url ?? '/';
    const mark = url.indexOf('?');
    this.#path = mark === -1 ? url : url.slice(0, mark);
    this.#search = mark === -1 ? '' : url.slice(mark + 1);
    this.#shown = this.#path;
  }

  async run(): Promise<void> {
    let handled: Handled | undefined;
    let failure: CloudError | undefined;
    try {
      handled = await this.#dispatch();
      if (handled !== undefined) await this.#write(handled);
    } catch (error) {
      failure = asCloudError(error);
      this.#writeError(failure);
    }
    this.#log(handled, failure);
  }

  async #dispatch(): Promise<Handled | undefined> {
    const origin =
      this.#options.checkOrigins === false
        ? `http://${this.#request.headers.host ?? 'localhost'}`
        : checkOrigin(this.#request, this.#options.origins);
    const match = this.#router.match(this.#request.method ?? 'GET', this.#path);
    switch (match.kind) {
      case 'endpoint':
        return await this.#endpoint(match, origin);
      case 'discovery': {
        this.#service = match.service;
        const document = match.service.discovery[match.document]?.(origin);
        this.#writeJson(document?.status ?? 200, document?.body, {});
        return undefined;
      }
      case 'raw':
        match.route.handle(this.#request, this.#response, match.params);
        return undefined;
      case 'method':
        this.#service = match.service;
        throw new CloudError(
          'methodNotAllowed',
          `The method ${this.#request.method} is not allowed for this resource.`,
          {
            headers: { allow: match.allow.join(', ') },
          },
        );
      case 'none':
        this.#service = match.service;
        throw notFound('The resource could not be found.');
    }
  }

  #endpoint(match: Extract<Match, { kind: 'endpoint' }>, origin: string): Promise<Handled> {
    this.#service = match.service;
    const pattern = match.candidates[0]?.path ?? '';
    if (pattern.includes('token}')) this.#shown = `${match.service.prefix}${match.service.root}${pattern}`;
    const abort = new AbortController();
    this.#response.on('close', () => {
      if (!this.#response.writableFinished) abort.abort();
    });
    return handle(
      {
        request: this.#request,
        requestId: this.#requestId,
        service: match.service,
        candidates: match.candidates,
        params: match.params,
        path: this.#path,
        search: this.#search,
        origin,
        signal: abort.signal,
      },
      this.#options,
    );
  }

  async #write(handled: Handled): Promise<void> {
    const { reply } = handled;
    const status = reply.status ?? handled.ok;
    const headers = { ...versionHeaders(this.#service, handled.version), ...reply.headers };
    if (reply.stream === undefined) {
      this.#writeJson(status, reply.body, headers);
      return;
    }
    this.#head(status, headers);
    if (this.#request.method === 'HEAD') {
      reply.stream.destroy();
      this.#response.end();
      return;
    }
    try {
      await pipeStream(reply.stream, this.#response);
    } catch (error) {
      // The head is out: all that is left is to cut the line, so that the caller does not take a part for the whole.
      this.#response.destroy();
      if ((error as NodeJS.ErrnoException).code !== 'ERR_STREAM_PREMATURE_CLOSE') throw error;
    }
  }

  #writeJson(status: number, body: Reply['body'], headers: Readonly<Record<string, string>>): void {
    if (body === undefined || status === 204 || status === 205 || status === 304) {
      this.#head(status, status === 204 || status === 304 ? headers : { ...headers, 'content-length': '0' });
      this.#response.end();
      return;
    }
    const bytes = Buffer.from(JSON.stringify(body));
    const full = {
      'content-type': 'application/json',
      'content-length': String(bytes.length),
      ...headers,
    };
    this.#head(status, full);
    this.#response.end(this.#request.method === 'HEAD' ? undefined : bytes);
  }

  #head(status: number, headers: Readonly<Record<string, string>>): void {
    const ids = Object.fromEntries(
      (this.#service?.requestIdHeaders ?? []).map((name) => [name, this.#requestId]),
    );
    this.#response.writeHead(status, { 'x-openstack-request-id': this.#requestId, ...ids, ...headers });
  }

  #writeError(error: CloudError): void {
    if (this.#response.headersSent) {
      this.#response.destroy();
      return;
    }
    const dialect: Dialect = this.#service?.dialect ?? deskcloudDialect;
    const { status, body } = dialect(error);
    const extra: Record<string, string> = { ...error.headers };
    if (status === 401) extra['www-authenticate'] = 'Keystone uri="/identity/v3"';
    // What is left of a request's body is not read to its end: the connection cannot be used again.
    if (!this.#request.complete) extra['connection'] = 'close';
    this.#writeJson(status, body, extra);
  }

  #log(handled: Handled | undefined, failure: CloudError | undefined): void {
    const status = this.#response.statusCode;
    const entry = {
      requestId: this.#requestId,
      method: this.#request.method,
      path: this.#shown,
      status,
      ms: Math.round((performance.now() - this.#started) * 100) / 100,
      operation: handled?.operation,
      projectId: handled?.auth?.projectId,
      userId: handled?.auth?.userId,
    };
    if (failure === undefined) this.#options.logger.info(entry, 'request');
    else if (status >= 500)
      this.#options.logger.error({ ...entry, err: failure.cause ?? failure }, failure.message);
    else this.#options.logger.info({ ...entry, error: failure.message }, 'request refused');
  }
}

function versionHeaders(service: Service | undefined, version: Microversion): Record<string, string> {
  const range = service?.microversions;
  if (range === undefined) return {};
  const text = formatMicroversion(version);
  const legacy = range.legacyHeader;
  return {
    'openstack-api-version': `${range.type} ${text}`,
    ...(legacy === undefined ? {} : { [legacy.toLowerCase()]: text }),
    vary: ['OpenStack-API-Version', ...(legacy === undefined ? [] : [legacy])].join(', '),
  };
}
