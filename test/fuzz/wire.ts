import { Agent, request, type IncomingHttpHeaders } from 'node:http';

/** A request as it goes over the wire: nothing is made prettier. */
export interface WireRequest {
  readonly method: string;
  /** With the query. */
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string | Buffer;
}

export interface WireAnswer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
  /** The body where it is JSON. */
  readonly json: unknown;
}

const LIMIT_MS = 60_000;

/** A client without opinions, on connections that stay. */
export class Wire {
  readonly #origin: URL;
  readonly #agent: Agent;

  constructor(origin: string, connections: number) {
    this.#origin = new URL(origin);
    this.#agent = new Agent({ keepAlive: true, maxSockets: connections });
  }

  close(): void {
    this.#agent.destroy();
  }

  /** @throws {Error} when no answer comes: the helper is gone, or hangs for a minute. */
  async send(sent: WireRequest): Promise<WireAnswer> {
    try {
      return await this.#once(sent, this.#agent);
    } catch (error) {
      // A kept connection may be one that the server has closed in the meantime.
      if (!['EPIPE', 'ECONNRESET'].includes((error as NodeJS.ErrnoException).code ?? '')) throw error;
      return await this.#once(sent, false);
    }
  }

  #once({ method, path, headers, body }: WireRequest, agent: Agent | false): Promise<WireAnswer> {
    const { hostname, port } = this.#origin;
    const length = body === undefined ? {} : { 'content-length': String(Buffer.byteLength(body)) };
    const options = {
      hostname,
      port,
      method,
      path,
      agent,
      headers: { ...headers, ...length },
      timeout: LIMIT_MS,
    };
    return new Promise((resolve, reject) => {
      const outgoing = request(options, (response) => {
        const { statusCode: status = 0, headers: answered } = response;
        const type = answered['content-type'] ?? '';
        if (type.includes('event-stream')) {
          resolve({ status, headers: answered, text: '', json: undefined });
          response.destroy();
          return;
        }
        const chunks: Buffer[] = [];
        // An image's data can be longer than any text, and nobody reads it.
        const isData = type === 'application/octet-stream';
        response.on('data', (chunk: Buffer) => {
          if (!isData) chunks.push(chunk);
        });
        response.on('error', reject);
        response.on('end', () => {
          const text = Buffer.concat(chunks).toString('utf8');
          const json = type.includes('json') && text !== '' ? parsed(text) : undefined;
          resolve({ status, headers: answered, text, json });
        });
      });
      outgoing.on('timeout', () =>
        outgoing.destroy(new Error(`${method} ${path}: no answer within a minute`)),
      );
      outgoing.on('error', reject);
      outgoing.end(body);
    });
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}
