import { lookup as systemLookup, type LookupAddress } from 'node:dns';
import { request as httpRequest, type IncomingMessage } from 'node:http';
import { request as httpsRequest } from 'node:https';
import type { LookupFunction } from 'node:net';
import { networkInterfaces } from 'node:os';
import ipaddr from 'ipaddr.js';
import { record } from '../record.ts';
import { DownloadError } from './interface.ts';
import { shown } from './request.ts';

const MAX_REDIRECTS = 5;
const STALL_MS = 30_000;

/** An answer with a file that somebody outside named. */
export interface WebAnswer {
  /** Bytes of the file, where the server says so. */
  readonly total: number | undefined;
  readonly body: AsyncIterable<Uint8Array>;
  /** Ends the connection, if it still is there. */
  close(): void;
}

/** Fetches what users name, and nothing that only this machine can reach (SECURITY-CASES S9). */
export interface WebSource {
  /** Refuses what can be told from the address alone; asks no network. @throws {DownloadError} badUrl */
  check(url: string): void;
  /** @throws {DownloadError} */
  open(url: string, signal: AbortSignal): Promise<WebAnswer>;
}

export interface GuardedWebOptions {
  /** All addresses of a name. */
  readonly lookup: (name: string) => Promise<readonly LookupAddress[]>;
  /** Whether this host may be spoken to. */
  readonly allows: (address: string) => boolean;
  readonly ports: ReadonlySet<number>;
  /** Origins ('http://nas.lan:8080') that the machine's owner lets users fetch from, wherever they are. */
  readonly trusted: readonly string[];
}

/**
 * Connects to public addresses only. A name is resolved once a hop; what it resolved to is checked, and the connection
 * is made to just that address, so that a name that changes its mind (DNS rebinding) is of no use. Redirects are hops.
 */
export class GuardedWebSource implements WebSource {
  readonly #options: GuardedWebOptions;
  readonly #trusted: ReadonlySet<string>;

  constructor(options: Partial<GuardedWebOptions> = {}) {
    this.#options = {
      lookup: lookupAll,
      allows: isForeign,
      ports: new Set([80, 443]),
      trusted: [],
      ...options,
    };
    this.#trusted = new Set(this.#options.trusted.map((one) => URL.parse(one)?.origin ?? one));
  }

  check(url: string): void {
    this.#parse(url);
  }

  async open(url: string, signal: AbortSignal): Promise<WebAnswer> {
    let current = this.#parse(url);
    for (let hops = 0; hops <= MAX_REDIRECTS; hops += 1) {
      const address = await this.#resolve(current);
      signal.throwIfAborted();
      const response = await get(current, address, signal);
      record({
        kind: 'note',
        text: `GET ${shown(current.href)} at ${address.address}: ${response.statusCode}`,
      });
      const status = response.statusCode ?? 0;
      const { location } = response.headers;
      if (status >= 300 && status < 400 && location !== undefined) {
        response.destroy();
        const next = URL.parse(location, current.href);
        if (next === null) throw refused(`${shown(current.href)} leads to no address.`);
        current = this.#parse(next.href);
        continue;
      }
      if (status !== 200) {
        response.destroy();
        throw new DownloadError(
          status === 404 || status === 410 ? 'notFound' : 'refused',
          `${shown(current.href)} cannot be downloaded: the server answered ${status}.`,
        );
      }
      const length = response.headers['content-length'];
      return {
        total: length === undefined ? undefined : Number(length),
        body: bodyOf(current.href, response),
        close: () => response.destroy(),
      };
    }
    throw new DownloadError(
      'tooManyRedirects',
      `${shown(url)} leads from one address to the next, more than ${MAX_REDIRECTS} times.`,
    );
  }

  #parse(url: string): URL {
    const parsed = URL.parse(url);
    if (parsed === null || (parsed.protocol !== 'http:' && parsed.protocol !== 'https:')) {
      throw refused(`${shown(url)} is no http or https address.`);
    }
    if (parsed.username !== '' || parsed.password !== '') {
      throw refused(`The address ${shown(url)} must not hold a user name or a password.`);
    }
    if (this.#trusted.has(parsed.origin)) return parsed;
    const port = parsed.port === '' ? (parsed.protocol === 'http:' ? 80 : 443) : Number(parsed.port);
    if (!this.#options.ports.has(port)) {
      throw refused(`${shown(url)} is at port ${port}; images are fetched from ports 80 and 443 only.`);
    }
    const literal = literalOf(parsed);
    if (literal !== undefined) this.#assertAllowed(parsed, literal);
    return parsed;
  }

  async #resolve(url: URL): Promise<LookupAddress> {
    const literal = literalOf(url);
    if (literal !== undefined) return { address: literal, family: literal.includes(':') ? 6 : 4 };
    const found = await this.#options.lookup(url.hostname).catch((error: unknown) => {
      throw new DownloadError(
        'unreachable',
        `${shown(url.href)} cannot be reached: its name has no address.`,
        {
          cause: error,
        },
      );
    });
    // One forbidden address among good ones is an attempt, not an accident.
    for (const { address } of found) this.#assertAllowed(url, address);
    const first = found.find(({ family }) => family === 4) ?? found[0];
    if (first === undefined) {
      throw new DownloadError(
        'unreachable',
        `${shown(url.href)} cannot be reached: its name has no address.`,
      );
    }
    return first;
  }

  #assertAllowed(url: URL, address: string): void {
    if (this.#trusted.has(url.origin) || this.#options.allows(address)) return;
    throw refused(
      `${shown(url.href)} is inside this machine or a private network; images are fetched from public addresses only. ` +
        `Upload the file instead ('openstack image create --file'), or let the machine's owner add '${url.origin}' to image.importOrigins of Deskcloud's settings.`,
    );
  }
}

const refused = (message: string): DownloadError => new DownloadError('badUrl', message);

/** The address in a URL that has one in place of a name; URL has already undone every odd notation of IPv4. */
function literalOf(url: URL): string | undefined {
  const host = url.hostname.replace(/^\[(.*)\]$/, '$1');
  return ipaddr.isValid(host) ? host : undefined;
}

const lookupAll = (name: string): Promise<readonly LookupAddress[]> =>
  new Promise((resolve, reject) => {
    systemLookup(name, { all: true }, (error, addresses) => (error ? reject(error) : resolve(addresses)));
  });

/** True for addresses of the public internet that are not this machine's own. */
export function isForeign(address: string): boolean {
  if (!ipaddr.isValid(address)) return false;
  const parsed = ipaddr.process(address);
  if (parsed.range() !== 'unicast') return false;
  // Only 2000::/3 is given out; what else counts as unicast (::7f00:1) is IPv4 in disguise, or nothing.
  if (parsed.kind() === 'ipv6' && ((parsed as ipaddr.IPv6).parts[0] ?? 0) >> 13 !== 1) return false;
  const own = Object.values(networkInterfaces()).flatMap((one) => one ?? []);
  return !own.some((one) => ipaddr.process(one.address).toString() === parsed.toString());
}

function get(url: URL, address: LookupAddress, signal: AbortSignal): Promise<IncomingMessage> {
  const lookup: LookupFunction = (_name, options, callback) => {
    if (options.all === true) callback(null, [address]);
    else callback(null, address.address, address.family);
  };
  return new Promise((resolve, reject) => {
    const request = (url.protocol === 'https:' ? httpsRequest : httpRequest)(url, {
      // A connection of its own: one from a pool could lead anywhere.
      agent: false,
      lookup,
      signal,
      timeout: STALL_MS,
      headers: { 'accept-encoding': 'identity', 'user-agent': 'deskcloud' },
    });
    request.on('timeout', () => request.destroy(new Error(`nothing came for ${STALL_MS / 1000} seconds`)));
    request.on('response', resolve);
    request.on('error', (error) => reject(failure(url.href, error)));
    request.end();
  });
}

async function* bodyOf(url: string, response: IncomingMessage): AsyncGenerator<Uint8Array> {
  try {
    for await (const chunk of response as AsyncIterable<Buffer>) yield chunk;
  } catch (error) {
    throw failure(url, error);
  } finally {
    response.destroy();
  }
}

function failure(url: string, error: unknown): unknown {
  if ((error as Error).name === 'AbortError') {
    return new DownloadError('aborted', `The download of ${shown(url)} was stopped.`, { cause: error });
  }
  return new DownloadError('unreachable', `${shown(url)} cannot be fetched: ${(error as Error).message}.`, {
    cause: error,
  });
}
