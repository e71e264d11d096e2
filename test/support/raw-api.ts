import type { OpenStackClient, ServiceName } from '../../main/openstack-client.ts';
import type { TestInstance } from './instance.ts';

const ROOTS: Readonly<Record<ServiceName, string>> = {
  identity: '/identity/v3',
  compute: '/compute/v2.1',
  image: '/image/v2',
  network: '/networking/v2.0',
  volume: '/volume/v3',
};

/** An answer as it is on the wire, whether success or not. */
export interface RawAnswer {
  readonly status: number;
  readonly body: unknown;
  /** The message in the service's own error format; undefined for anything else. */
  readonly message: string | undefined;
  readonly requestId: string | null;
}

/** Requests whose errors are looked at, not thrown. */
export class RawApi {
  readonly #origin: string;
  readonly #client: OpenStackClient;

  private constructor(origin: string, client: OpenStackClient) {
    this.#origin = origin;
    this.#client = client;
  }

  static async of(instance: TestInstance, client: OpenStackClient): Promise<RawApi> {
    return new RawApi((await instance.client.status()).endpoint, client);
  }

  /** @param body sent as it is when it is text, else as JSON. */
  async call(
    method: string,
    service: ServiceName,
    path: string,
    body?: unknown,
    headers: Readonly<Record<string, string>> = {},
  ): Promise<RawAnswer> {
    const response = await fetch(`${this.#origin}${ROOTS[service]}${path}`, {
      method,
      headers: {
        'x-auth-token': this.#client.token,
        'content-type': 'application/json',
        ...(service === 'compute' ? { 'openstack-api-version': 'compute 2.60' } : {}),
        ...headers,
      },
      ...(body === undefined
        ? {}
        : { body: typeof body === 'string' || body instanceof Uint8Array ? body : JSON.stringify(body) }),
    });
    const text = await response.text();
    const parsed: unknown = text === '' ? undefined : JSON.parse(text);
    return {
      status: response.status,
      body: parsed,
      message: messageOf(service, response.status, parsed),
      requestId: response.headers.get('x-openstack-request-id'),
    };
  }
}

/** As the service's clients read it: each has its own place for the message. */
function messageOf(service: ServiceName, status: number, body: unknown): string | undefined {
  if (status < 400 || typeof body !== 'object' || body === null) return undefined;
  const text = (value: unknown): string | undefined =>
    typeof (value as { message?: unknown } | undefined)?.message === 'string'
      ? (value as { message: string }).message
      : undefined;
  switch (service) {
    case 'identity':
      return text((body as { error?: unknown }).error);
    case 'image':
      return text(body);
    case 'network':
      return text((body as { NeutronError?: unknown }).NeutronError);
    case 'volume':
    case 'compute': {
      const [fault, ...others] = Object.values(body) as { code?: number }[];
      return others.length === 0 && fault?.code === status ? text(fault) : undefined;
    }
  }
}
