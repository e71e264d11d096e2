import { setTimeout, clearTimeout } from 'node:timers';
import { DownloadError } from './interface.ts';

const MAX_REDIRECTS = 10;

export interface RequestOptions {
  readonly signal: AbortSignal | undefined;
  /** Milliseconds without a byte after which the connection counts as broken. */
  readonly stallMs: number;
  /** Refuse a redirect from https to http. */
  readonly keepHttps: boolean;
  /** Ask for the bytes from here on, if the server's file still has this validator. */
  readonly resume?: { readonly from: number; readonly validator: string };
}

/** A successful answer. */
export interface Answer {
  /** The first byte of the body within the file. */
  readonly resumedFrom: number;
  /** Bytes of the whole file, where the server says so. */
  readonly total: number | undefined;
  /** What a later request can go on with (RFC 9110, 8.8): a strong ETag or else Last-Modified. */
  readonly validator: string | undefined;
  /** @throws {Interrupted} when the connection breaks or nothing comes for too long. */
  readonly body: AsyncIterable<Uint8Array>;
  /** Ends the connection, if it still is there. */
  close(): void;
}

/** A failure that may pass by itself. */
export class Interrupted extends Error {
  override readonly name = 'Interrupted';
  readonly unreachable: boolean;

  constructor(message: string, options: { readonly cause?: unknown; readonly unreachable?: boolean } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.unreachable = options.unreachable ?? false;
  }

  /** What a person is told when it did not pass. */
  final(url: string): DownloadError {
    return this.unreachable
      ? unreachable(url, this)
      : new DownloadError(
          'interrupted',
          `The download of ${shown(url)} broke again and again (${this.message}). What has come is kept: start it again to go on from there.`,
          { cause: this },
        );
  }
}

/** A URL as a message may show it: without user name, password and query. */
export function shown(url: string): string {
  const parsed = URL.parse(url);
  return parsed === null ? 'the given address' : `${parsed.origin}${parsed.pathname}`;
}

/**
 * Sends a GET request and follows redirects, until there is an answer with the file.
 *
 * @throws {DownloadError} when trying again would not help, {@link Interrupted} when it might.
 */
export async function request(url: string, options: RequestOptions): Promise<Answer> {
  let current = httpUrl(url);
  for (let hops = 0; hops <= MAX_REDIRECTS; hops += 1) {
    const watch = new Watch(options.stallMs, options.signal);
    let response: Response;
    try {
      response = await fetch(current, {
        redirect: 'manual',
        headers: headersFor(options),
        signal: watch.signal,
      });
    } catch (error) {
      watch.close();
      throw connectionFailure(current.href, error);
    }
    const location = response.headers.get('location');
    if (response.status >= 300 && response.status < 400 && response.status !== 304 && location !== null) {
      watch.close();
      const next = httpUrl(new URL(location, current).href);
      if (options.keepHttps && current.protocol === 'https:' && next.protocol !== 'https:') {
        throw new DownloadError(
          'badUrl',
          `${shown(current.href)} leads from https to http (${shown(next.href)}); nothing would vouch for what comes from there.`,
        );
      }
      current = next;
      continue;
    }
    try {
      return answerOf(current.href, response, options, watch);
    } catch (error) {
      watch.close();
      throw error;
    }
  }
  throw new DownloadError(
    'tooManyRedirects',
    `${shown(url)} leads from one address to the next, more than ${MAX_REDIRECTS} times. The server is set up wrongly; try another mirror.`,
  );
}

function headersFor(options: RequestOptions): Record<string, string> {
  // Compressed on the way, byte positions would not be those of the file.
  const headers: Record<string, string> = { 'accept-encoding': 'identity', 'user-agent': 'deskcloud' };
  if (options.resume !== undefined) {
    headers['range'] = `bytes=${options.resume.from}-`;
    headers['if-range'] = options.resume.validator;
  }
  return headers;
}

function answerOf(url: string, response: Response, options: RequestOptions, watch: Watch): Answer {
  const { status, headers } = response;
  if (status === 416) throw new RangeRefused();
  if (status !== 200 && !(status === 206 && options.resume !== undefined)) throw statusFailure(url, response);
  const validator = strongEtag(headers.get('etag')) ?? headers.get('last-modified') ?? undefined;
  const range = /^bytes (\d+)-\d+\/(\d+|\*)$/.exec(headers.get('content-range') ?? '');
  if (status === 206 && range === null) throw new Interrupted('the server sent a part and did not say which');
  const length = headers.get('content-length');
  const whole = status === 206 ? range?.[2] : (length ?? undefined);
  return {
    resumedFrom: status === 206 ? Number(range?.[1]) : 0,
    total: whole === undefined || !/^\d+$/.test(whole) ? undefined : Number(whole),
    validator,
    body: watched(url, response.body, watch),
    close: () => watch.close(),
  };
}

/** The server has no bytes from where we want to go on; what is there cannot be a part of its file. */
export class RangeRefused extends Error {
  override readonly name = 'RangeRefused';
}

async function* watched(
  url: string,
  body: ReadableStream<Uint8Array> | null,
  watch: Watch,
): AsyncGenerator<Uint8Array> {
  if (body === null) return;
  try {
    for await (const chunk of body) {
      watch.pause();
      yield chunk;
      watch.resume();
    }
  } catch (error) {
    throw connectionFailure(url, error);
  } finally {
    watch.close();
  }
}

/** Aborts a connection on which nothing comes for too long; the receiver's own time does not count. */
class Watch {
  readonly signal: AbortSignal;
  readonly #controller = new AbortController();
  readonly #stallMs: number;
  #timer: NodeJS.Timeout | undefined;

  constructor(stallMs: number, outer: AbortSignal | undefined) {
    this.#stallMs = stallMs;
    this.signal =
      outer === undefined ? this.#controller.signal : AbortSignal.any([this.#controller.signal, outer]);
    this.resume();
  }

  pause(): void {
    clearTimeout(this.#timer);
  }

  resume(): void {
    this.#timer = setTimeout(() => {
      this.#controller.abort(new Interrupted(`nothing came for ${this.#stallMs / 1000} seconds`));
    }, this.#stallMs);
  }

  /** Also ends the connection, which otherwise would stay open with its unread answer. */
  close(): void {
    this.pause();
    this.#controller.abort();
  }
}

function httpUrl(url: string): URL {
  const parsed = URL.parse(url);
  if (parsed === null || (parsed.protocol !== 'http:' && parsed.protocol !== 'https:')) {
    throw new DownloadError('badUrl', `${shown(url)} is no http or https address.`);
  }
  if (parsed.username !== '' || parsed.password !== '') {
    throw new DownloadError('badUrl', `The address ${shown(url)} must not hold a user name or a password.`);
  }
  return parsed;
}

/** Only a strong validator promises the same bytes (RFC 9110, 13.1.5). */
function strongEtag(etag: string | null): string | undefined {
  return etag === null || etag.startsWith('W/') ? undefined : etag;
}

function statusFailure(url: string, response: Response): Error {
  const { status } = response;
  if (status === 404 || status === 410) {
    return new DownloadError(
      'notFound',
      `There is no file at ${shown(url)} (answer ${status}). The vendor may have replaced it by a newer version.`,
    );
  }
  const text = `the server answered ${status} ${response.statusText}`.trim();
  if (status === 408 || status === 425 || status === 429 || status >= 500) return new Interrupted(text);
  return new DownloadError('refused', `${shown(url)} cannot be downloaded: ${text}.`);
}

const NO_NETWORK = new Set(['ENOTFOUND', 'ENETUNREACH', 'EHOSTUNREACH', 'ENETDOWN']);
const NO_ANSWER = new Set(['ECONNREFUSED', 'EAI_AGAIN', 'ETIMEDOUT', 'UND_ERR_CONNECT_TIMEOUT']);

function connectionFailure(url: string, error: unknown): Error {
  if (error instanceof Interrupted || error instanceof DownloadError) return error;
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  const code = (cause as NodeJS.ErrnoException).code ?? '';
  const text = cause instanceof Error ? cause.message : String(cause);
  if (NO_NETWORK.has(code)) return unreachable(url, error);
  return new Interrupted(text, { cause: error, unreachable: NO_ANSWER.has(code) });
}

function unreachable(url: string, cause: unknown): DownloadError {
  return new DownloadError(
    'unreachable',
    `${shown(url)} cannot be reached: no answer from there. Check this machine's internet connection and proxy; without internet, use the built-in guest or upload an image file that you have ('openstack image create --file').`,
    { cause },
  );
}
