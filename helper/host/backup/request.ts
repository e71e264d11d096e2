import { request as httpRequest, type IncomingMessage } from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https';
import { Readable } from 'node:stream';

/** How long a server may say nothing. */
const SILENCE_MS = 60_000;

export interface RequestOptions {
  /** PEM certificates that are trusted in place of the system's; undefined for the system's. */
  readonly ca: string | undefined;
}

type Fetch = typeof fetch;

/**
 * A `fetch` for one service: with certificates of its own, no redirects (a signed request is for one place), and an
 * end when the server stays silent.
 */
export function requester({ ca }: RequestOptions): Fetch {
  const secure = new HttpsAgent({ keepAlive: true, maxSockets: 8, ...(ca === undefined ? {} : { ca }) });
  return async (input, init = {}) => {
    const url = new URL(input instanceof Request ? input.url : input);
    const body = bytesOf(init.body);
    const answer = await new Promise<IncomingMessage>((resolve, reject) => {
      const options = {
        method: init.method ?? 'GET',
        headers: {
          ...Object.fromEntries(new Headers(init.headers)),
          ...(body === undefined ? {} : { 'content-length': String(body.length) }),
        },
        timeout: SILENCE_MS,
        ...(init.signal == null ? {} : { signal: init.signal }),
      };
      const made =
        url.protocol === 'https:'
          ? httpsRequest(url, { ...options, agent: secure }, resolve)
          : httpRequest(url, options, resolve);
      made.on('error', reject);
      made.on('timeout', () =>
        made.destroy(Object.assign(new Error('no answer in time'), { code: 'ETIMEDOUT' })),
      );
      made.end(body);
    });
    const status = answer.statusCode ?? 500;
    const empty = status === 204 || status === 304 || init.method === 'HEAD';
    if (empty) answer.resume();
    return new Response(empty ? null : (Readable.toWeb(answer) as ReadableStream<Uint8Array>), {
      status,
      headers: Object.entries(answer.headersDistinct).flatMap(([name, values]) =>
        (values ?? []).map((value): [string, string] => [name, value]),
      ),
    });
  };
}

function bytesOf(body: RequestInit['body']): Buffer | undefined {
  if (body === undefined || body === null || body === '') return undefined;
  if (typeof body === 'string') return Buffer.from(body);
  if (body instanceof Uint8Array) return Buffer.from(body.buffer, body.byteOffset, body.byteLength);
  throw new TypeError('Only texts and bytes are sent.');
}
