import type { DesktopCredentials } from '../helper/contract/status.ts';

/** An answer of a service that was no success. */
export class OpenStackError extends Error {
  override readonly name = 'OpenStackError';
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

export type Json = Record<string, unknown>;

/** Which API: the path prefix on the listener, with its version. */
const ROOTS = {
  identity: '/identity/v3',
  compute: '/compute/v2.1',
  image: '/image/v2',
  network: '/networking/v2.0',
  volume: '/volume/v3',
} as const;

export type ServiceName = keyof typeof ROOTS;

/** A logged-in user of the cloud, over the public APIs: what Deskcloud's own tools do, any client can do. */
export class OpenStackClient {
  readonly #origin: string;
  /** For callers that measure or stream on their own. */
  readonly token: string;
  readonly projectId: string;
  readonly userId: string;

  private constructor(origin: string, token: string, projectId: string, userId: string) {
    this.#origin = origin;
    this.token = token;
    this.projectId = projectId;
    this.userId = userId;
  }

  /** @throws {OpenStackError} when the password is wrong or the cloud does not answer. */
  static async login(credentials: DesktopCredentials): Promise<OpenStackClient> {
    const origin = new URL(credentials.authUrl).origin;
    const domain = { name: credentials.userDomainName };
    const response = await fetch(`${origin}${ROOTS.identity}/auth/tokens?nocatalog`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({
        auth: {
          identity: {
            methods: ['password'],
            password: { user: { name: credentials.username, domain, password: credentials.password } },
          },
          scope: {
            project: { name: credentials.projectName, domain: { name: credentials.projectDomainName } },
          },
        },
      }),
    });
    const body = (await response.json()) as { token?: { project: { id: string }; user: { id: string } } };
    const token = response.headers.get('x-subject-token');
    if (body.token === undefined || token === null)
      throw new OpenStackError(response.status, messageIn(body));
    return new OpenStackClient(origin, token, body.token.project.id, body.token.user.id);
  }

  get(service: ServiceName, path: string): Promise<Json> {
    return this.#call('GET', service, path);
  }

  post(service: ServiceName, path: string, body: unknown): Promise<Json> {
    return this.#call('POST', service, path, body);
  }

  put(service: ServiceName, path: string, body?: unknown): Promise<Json> {
    return this.#call('PUT', service, path, body);
  }

  /** Deletes; what is not there is fine. */
  async delete(service: ServiceName, path: string): Promise<void> {
    try {
      await this.#call('DELETE', service, path);
    } catch (error) {
      if (!(error instanceof OpenStackError) || error.status !== 404) throw error;
    }
  }

  /** Uploads an image's bytes from a stream of known length. */
  async upload(imageId: string, stream: ReadableStream<Uint8Array>, size: number): Promise<void> {
    const response = await fetch(`${this.#origin}${ROOTS.image}/images/${imageId}/file`, {
      method: 'PUT',
      headers: {
        'x-auth-token': this.token,
        'content-type': 'application/octet-stream',
        'content-length': String(size),
      },
      body: stream,
      duplex: 'half',
    });
    if (!response.ok) throw new OpenStackError(response.status, messageIn(await response.json()));
  }

  async #call(method: string, service: ServiceName, path: string, body?: unknown): Promise<Json> {
    const response = await fetch(`${this.#origin}${ROOTS[service]}${path}`, {
      method,
      headers: {
        'x-auth-token': this.token,
        ...(service === 'compute' ? { 'openstack-api-version': 'compute 2.60' } : {}),
        ...(service === 'volume' ? { 'openstack-api-version': 'volume 3.70' } : {}),
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    const parsed = (text === '' ? {} : JSON.parse(text)) as Json;
    if (!response.ok)
      throw new OpenStackError(response.status, `${method} ${service} ${path}: ${messageIn(parsed)}`);
    return parsed;
  }
}

/** The message in any service's error body. */
function messageIn(body: unknown): string {
  if (typeof body === 'object' && body !== null) {
    const own = (body as { message?: unknown }).message;
    if (typeof own === 'string') return own;
    for (const value of Object.values(body)) {
      const inner = (value as { message?: unknown } | null)?.message;
      if (typeof inner === 'string') return inner;
    }
  }
  return JSON.stringify(body);
}
