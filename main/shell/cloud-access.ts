import type { ApiAnswer, ApiRequest, ApiService, CloudUser, Project } from '../contract/shell.ts';
import type { DesktopCredentials } from '../../helper/contract/status.ts';
import type { HelperClient } from '../helper-client.ts';

/** Path prefixes of the services on the listener, with their versions. */
const ROOTS: Readonly<Record<Exclude<ApiService, 'deskcloud'>, string>> = {
  identity: '/identity/v3',
  compute: '/compute/v2.1',
  image: '/image/v2',
  network: '/networking/v2.0',
  volume: '/volume/v3',
  placement: '/placement',
};

/** The microversions that the window is written for. */
const MICROVERSIONS: Partial<Record<ApiService, string>> = {
  compute: 'compute 2.93',
  volume: 'volume 3.70',
  placement: 'placement 1.39',
};

/**
 * Of Deskcloud's own API, what the page has calls of its own for, or no business with: so written that no other
 * spelling of a path (an escape, a dot segment) means the same.
 */
const FOR_PAGES = /^\/(?!(credentials|events|stop)([/?]|$))[a-z-]+(\/[A-Za-z0-9_-]+)*(\?[^#]*)?$/;

/** What a call is made of; headers are a plain object, so that the token can be put beside them. */
export type PlainRequest = Omit<RequestInit, 'headers'> & {
  readonly headers?: Readonly<Record<string, string>>;
  /** Of a body that is a stream. */
  readonly duplex?: 'half';
};

interface Token {
  readonly value: string;
  /** Milliseconds since the epoch. */
  readonly expiresAt: number;
  readonly user: CloudUser;
}

/** Tokens are taken anew this long before they end. */
const MARGIN_MS = 5 * 60_000;

/** The cloud's APIs as the desktop's user: keeps a token for each project, taken with the helper's credentials. */
export class CloudAccess {
  readonly #helper: HelperClient;
  readonly #tokens = new Map<string, Promise<Token>>();
  #credentials: Promise<DesktopCredentials> | undefined;

  constructor(helper: HelperClient) {
    this.#helper = helper;
  }

  /** The administrator's way in, asked for once. @throws {HelperError} when the helper does not run. */
  credentials(): Promise<DesktopCredentials> {
    this.#credentials ??= this.#helper.credentials().catch((error: unknown) => {
      this.#credentials = undefined;
      throw error;
    });
    return this.#credentials;
  }

  /** `http://127.0.0.1:9760`. */
  async origin(): Promise<string> {
    return new URL((await this.credentials()).authUrl).origin;
  }

  /** After a restart of the helper nothing of before is relied on. */
  forget(): void {
    this.#tokens.clear();
    this.#credentials = undefined;
  }

  /** One call; a token that was revoked is taken anew once. @throws {Error} when nothing answers. */
  async api(request: ApiRequest, signal: AbortSignal): Promise<ApiAnswer> {
    if (request.service === 'deskcloud') {
      if (!FOR_PAGES.test(request.path)) throw new Error(`'${request.path}' is not for pages.`);
      return await this.#helper.exchange(request.method, request.path, request.body);
    }
    const version = request.microversion;
    const microversion =
      version === undefined
        ? MICROVERSIONS[request.service]
        : MICROVERSIONS[request.service]?.replace(/ .*/, ` ${version}`);
    const response = await this.fetch(request.projectId, request.service, request.path, {
      method: request.method,
      signal,
      headers: {
        ...(microversion === undefined ? {} : { 'openstack-api-version': microversion }),
        ...(request.body === undefined ? {} : { 'content-type': request.contentType ?? 'application/json' }),
      },
      ...(request.body === undefined ? {} : { body: JSON.stringify(request.body) }),
    });
    return {
      status: response.status,
      requestId: requestIdOf(response.headers),
      body: bodyOf(await response.text()),
    };
  }

  /** As `fetch`, with the project's token. @throws {Error} for a path that leads out of the service. */
  async fetch(
    projectId: string | null,
    service: Exclude<ApiService, 'deskcloud'>,
    path: string,
    init: PlainRequest,
  ): Promise<Response> {
    const origin = await this.origin();
    const url = new URL(`${origin}${ROOTS[service]}${path}`);
    if (url.origin !== origin || !url.pathname.startsWith(`${ROOTS[service]}/`) || url.hash !== '')
      throw new Error(`'${path.slice(0, 80)}' is no path of ${service}.`);
    const send = async (): Promise<Response> =>
      await fetch(url, {
        ...init,
        redirect: 'error',
        headers: { ...init.headers, 'x-auth-token': await this.token(projectId) },
      });
    const response = await send();
    // A body that is a stream can be sent only once.
    if (response.status !== 401 || init.body instanceof ReadableStream) return response;
    this.#tokens.delete(projectId ?? '');
    return await send();
  }

  /** @throws {Error} with the identity service's words when the project cannot be entered. */
  async token(projectId: string | null): Promise<string> {
    return (await this.#token(projectId)).value;
  }

  /** As whom all of this happens. */
  async user(): Promise<CloudUser> {
    return (await this.#token(null)).user;
  }

  async #token(projectId: string | null): Promise<Token> {
    const key = projectId ?? '';
    let token = this.#tokens.get(key);
    if (token !== undefined) {
      const known = await token.catch(() => undefined);
      if (known !== undefined && known.expiresAt - MARGIN_MS > Date.now()) return known;
    }
    token = this.#login(projectId);
    this.#tokens.set(key, token);
    token.catch(() => this.#tokens.delete(key));
    return await token;
  }

  /** The projects in which the desktop's user has a role. */
  async projects(signal: AbortSignal): Promise<readonly Project[]> {
    const response = await this.fetch(null, 'identity', '/auth/projects', { signal });
    const body = (await response.json()) as {
      projects?: { id: string; name: string; domain_id: string; enabled: boolean }[];
    };
    if (body.projects === undefined) throw new Error(messageOf(body));
    return body.projects.map(({ id, name, domain_id: domainId, enabled }) => ({
      id,
      name,
      domainId,
      enabled,
    }));
  }

  async #login(projectId: string | null): Promise<Token> {
    const credentials = await this.credentials();
    const scope =
      projectId === null
        ? { name: credentials.projectName, domain: { name: credentials.projectDomainName } }
        : { id: projectId };
    const response = await fetch(`${credentials.authUrl}/auth/tokens?nocatalog`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({
        auth: {
          identity: {
            methods: ['password'],
            password: {
              user: {
                name: credentials.username,
                domain: { name: credentials.userDomainName },
                password: credentials.password,
              },
            },
          },
          scope: { project: scope },
        },
      }),
    });
    const body = (await response.json()) as {
      token?: { expires_at: string; user: { id: string; name: string; domain: { id: string } } };
    };
    const value = response.headers.get('x-subject-token');
    if (response.status === 401) this.#credentials = undefined;
    if (body.token === undefined || value === null)
      throw new Error(
        `The project ${projectId ?? credentials.projectName} cannot be entered: ${messageOf(body)}`,
      );
    const { id, name, domain } = body.token.user;
    return {
      value,
      expiresAt: Date.parse(body.token.expires_at),
      user: { id, name, domainId: domain.id },
    };
  }
}

const requestIdOf = (headers: Headers): string | null =>
  headers.get('x-openstack-request-id') ?? headers.get('x-compute-request-id');

function bodyOf(text: string): unknown {
  if (text === '') return null;
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return text;
  }
}

/** The message of any service's error body. */
export function messageOf(body: unknown): string {
  if (typeof body === 'object' && body !== null) {
    for (const value of [body, ...(Object.values(body) as unknown[])]) {
      const message = (value as { message?: unknown } | null)?.message;
      if (typeof message === 'string') return message;
    }
  }
  return JSON.stringify(body);
}
