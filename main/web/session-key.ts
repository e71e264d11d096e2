import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';

const digest = (text: string): Buffer => createHash('sha256').update(text).digest();

/** Same length and content, in a time that does not tell where they differ. */
const same = (a: string, b: string): boolean => timingSafeEqual(digest(a), digest(b));

/**
 * Who may use the listener: whoever opens the one-time address first gets the session's cookie, and nobody after.
 */
export class SessionKey {
  readonly #cookie = randomBytes(32).toString('base64url');
  #token: string | undefined;

  /** A token for one opening of the window; an older one that was not used opens nothing any more. */
  newToken(): string {
    this.#token = randomBytes(32).toString('base64url');
    return this.#token;
  }

  /** Uses the token up. @returns the value of Set-Cookie, or undefined when the token is not the right one. */
  redeem(token: string): string | undefined {
    if (this.#token === undefined || !same(token, this.#token)) return undefined;
    this.#token = undefined;
    // No Max-Age: it ends with the browser, and is worth nothing once this process has ended.
    return `session=${this.#cookie}; Path=/; HttpOnly; SameSite=Strict`;
  }

  /** Whether a request's Cookie header has the session's cookie. */
  opens(header: string | undefined): boolean {
    return (header ?? '').split(';').some((pair) => {
      const [name, value] = pair.trim().split('=', 2);
      return name === 'session' && value !== undefined && same(value, this.#cookie);
    });
  }
}
