import { createHash, randomBytes } from 'node:crypto';

/** What a console shows: the screen by VNC, or the serial line. */
export type ConsoleKind = 'novnc' | 'serial';

/** Which console a token opens. */
export interface ConsoleGrant {
  readonly serverId: string;
  readonly kind: ConsoleKind;
  /** The guest's Unix socket; chosen by Deskcloud, never by a caller. */
  readonly socketPath: string;
}

/** How long a token waits to be used. */
export const TOKEN_LIFETIME_MS = 10 * 60_000;
/** So that asking for consoles again and again cannot take all memory. */
const MAX_TOKENS = 10_000;

/**
 * One-time tokens for consoles, kept in memory as their digests: a restart ends them all. A token opens the console
 * that it was made for, once, and dies with its server (S34).
 */
export class ConsoleTokens {
  readonly #grants = new Map<string, ConsoleGrant & { readonly expiresAt: number }>();
  readonly #now: () => number;

  constructor(now: () => number) {
    this.#now = now;
  }

  issue(grant: ConsoleGrant): string {
    this.#forgetOld();
    const token = randomBytes(32).toString('base64url');
    this.#grants.set(digest(token), { ...grant, expiresAt: this.#now() + TOKEN_LIFETIME_MS });
    return token;
  }

  /** The console of a token, which is used up by this. Undefined when it is unknown, used or too old. */
  redeem(token: string): ConsoleGrant | undefined {
    const key = digest(token);
    const grant = this.#grants.get(key);
    this.#grants.delete(key);
    return grant !== undefined && grant.expiresAt > this.#now() ? grant : undefined;
  }

  /** The server whose console a token opens; the token stays what it is. */
  serverOf(token: string): string | undefined {
    const grant = this.#grants.get(digest(token));
    return grant !== undefined && grant.expiresAt > this.#now() ? grant.serverId : undefined;
  }

  /** Ends all tokens of a server that is deleted. */
  revoke(serverId: string): void {
    for (const [key, grant] of this.#grants) if (grant.serverId === serverId) this.#grants.delete(key);
  }

  /** Entries are in the order of their issue and live equally long, so the old ones are in front. */
  #forgetOld(): void {
    for (const [key, grant] of this.#grants) {
      if (grant.expiresAt > this.#now() && this.#grants.size < MAX_TOKENS) return;
      this.#grants.delete(key);
    }
  }
}

const digest = (token: string): string => createHash('sha256').update(token).digest('base64');
