import type { IncomingMessage } from 'node:http';
import { forbidden } from '../errors/error.ts';

/** Names by which the listener may be addressed, without ports. */
export interface OriginRules {
  /** Beside localhost, 127.0.0.1 and [::1]. */
  readonly hostNames: readonly string[];
  /** Full origins of pages that may call, beside pages of the listener itself. */
  readonly origins: readonly string[];
}

const LOOPBACK = new Set(['localhost', '127.0.0.1', '[::1]']);

/** `host[:port]` without its port. */
const hostName = (host: string): string => host.replace(/:\d+$/, '').toLowerCase();

/**
 * Loopback is not trust: a page in the user's browser can reach it too. A foreign Host (DNS rebinding) or Origin
 * (cross-site request) is refused before anything else is looked at (S35, S51).
 * @returns `http://host:port` as the caller addressed us.
 * @throws {CloudError} forbidden
 */
export function checkOrigin(request: IncomingMessage, rules: OriginRules): string {
  const host = request.headers.host ?? '';
  const known = (name: string): boolean => LOOPBACK.has(name) || rules.hostNames.includes(name);
  if (!/^[\w.[\]:-]{1,255}$/.test(host) || !known(hostName(host))) {
    throw forbidden(
      `The Host header names '${host.slice(0, 80)}', which is not a name of this cloud; reach it as 127.0.0.1 or add the name to listener.hostNames in its configuration.`,
    );
  }
  const origin = request.headers.origin;
  if (origin !== undefined && !allowedOrigin(origin, host, rules)) {
    throw forbidden(`Requests from pages of '${origin.slice(0, 80)}' are not accepted.`);
  }
  return `http://${host}`;
}

function allowedOrigin(origin: string, host: string, rules: OriginRules): boolean {
  return origin.toLowerCase() === `http://${host.toLowerCase()}` || rules.origins.includes(origin);
}
