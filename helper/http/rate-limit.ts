import { isIPv6 } from 'node:net';
import { CloudError } from '../errors/error.ts';
import type { AuthContext } from './auth.ts';

/** A token bucket: `burst` requests at once, and `perSecond` more each second. */
export interface Rate {
  readonly perSecond: number;
  readonly burst: number;
}

/** False has no limit. */
export interface RateLimits {
  /** All requests of a project, or of a user whose token has no project. */
  readonly project: Rate | false;
  /** Requests without a token to what needs none (logins), by the client's address. */
  readonly login: Rate | false;
}

export interface RateLimiterOptions {
  readonly limits: RateLimits;
  /** Who is never limited: the desktop's own user. */
  readonly exempt: (auth: AuthContext) => boolean;
  /** Milliseconds that only grow; the process's own clock by default. */
  readonly now?: () => number;
  /** How many projects and addresses are remembered, each. */
  readonly capacity?: number;
}

interface Bucket {
  tokens: number;
  at: number;
}

/** The buckets of one kind. The one that was not asked for the longest is forgotten first: it is full, or nearly. */
class Buckets {
  readonly #rate: Rate;
  readonly #now: () => number;
  readonly #capacity: number;
  readonly #buckets = new Map<string, Bucket>();

  constructor(rate: Rate, now: () => number, capacity: number) {
    this.#rate = rate;
    this.#now = now;
    this.#capacity = capacity;
  }

  get size(): number {
    return this.#buckets.size;
  }

  /** Takes one of `key`. @returns whole requests that are left. @throws {CloudError} rateLimited */
  take(key: string, whose: string): number {
    const { perSecond, burst } = this.#rate;
    const at = this.#now();
    const bucket = this.#buckets.get(key) ?? { tokens: burst, at };
    bucket.tokens = Math.min(burst, bucket.tokens + ((at - bucket.at) / 1000) * perSecond);
    bucket.at = at;
    // A Map keeps the order of insertion, so the first is the one that was asked for the longest ago.
    this.#buckets.delete(key);
    this.#buckets.set(key, bucket);
    if (this.#buckets.size > this.#capacity) {
      const [oldest = ''] = this.#buckets.keys();
      this.#buckets.delete(oldest);
    }
    if (bucket.tokens < 1) {
      const seconds = Math.max(1, Math.ceil((1 - bucket.tokens) / perSecond));
      throw new CloudError(
        'rateLimited',
        `This request was rate-limited: ${whose} may make ${perSecond} requests a second (${burst} at once). Retry after ${seconds} s.`,
        { headers: { 'retry-after': String(seconds) } },
      );
    }
    bucket.tokens -= 1;
    return Math.floor(bucket.tokens);
  }
}

/**
 * Bounds how fast a project may ask (CREATE-FLOW step 3). It comes right after the token is known, since the token says
 * which project it is; who has no token is known by the address alone.
 */
export class RateLimiter {
  readonly #options: RateLimiterOptions;
  readonly #projects: Buckets | undefined;
  readonly #addresses: Buckets | undefined;

  constructor(options: RateLimiterOptions) {
    this.#options = options;
    const { limits, now = () => performance.now(), capacity = 10_000 } = options;
    this.#projects = limits.project === false ? undefined : new Buckets(limits.project, now, capacity);
    this.#addresses = limits.login === false ? undefined : new Buckets(limits.login, now, capacity);
  }

  /** Buckets that are held, for tests of the bound. */
  get size(): number {
    return (this.#projects?.size ?? 0) + (this.#addresses?.size ?? 0);
  }

  /**
   * Counts a request of a known caller.
   * @returns what the limit said, for the operation's record.
   * @throws {CloudError} rateLimited, with Retry-After in seconds.
   */
  admit(auth: AuthContext): string {
    if (auth.desktop === true || this.#options.exempt(auth)) return "no limit for the desktop's own user";
    if (this.#projects === undefined || this.#options.limits.project === false) return 'no limit is set';
    const { projectId, userId } = auth;
    const whose = projectId === undefined ? `user ${userId}` : `project ${projectId}`;
    const left = this.#projects.take(whose, whose);
    const { perSecond, burst } = this.#options.limits.project;
    return `within the limit of ${whose}: ${left} of ${burst} requests left, ${perSecond} more each second`;
  }

  /**
   * Counts a request without a token.
   * @param address the client's; undefined on the desktop's socket.
   * @throws {CloudError} rateLimited, with Retry-After in seconds.
   */
  admitLogin(address: string | undefined): void {
    if (address === undefined) return;
    this.#addresses?.take(networkOf(address), `the address ${address}`);
  }
}

/** Who has one IPv6 address has its whole /64 (RFC 6177): it counts as one client. */
function networkOf(address: string): string {
  if (!isIPv6(address) || address.startsWith('::')) return address;
  const [head = ''] = address.split('::');
  const groups = head.split(':');
  return `${Array.from({ length: 4 }, (_, index) => groups[index] ?? '0').join(':')}::/64`;
}
