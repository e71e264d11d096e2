import { forbidden } from '../../errors/error.ts';
import type { AuthContext, Microversion, PolicyTarget } from '../../http/index.ts';

/** What of a request the app functions need. */
export interface Caller {
  readonly auth: AuthContext;
  readonly requestId: string;
  readonly version: Microversion;
  /** `http://host:port` of the request. */
  readonly origin: string;
  readonly base: string;
  readonly may: (rule: string, target?: PolicyTarget) => boolean;
}

export const isAdmin = (auth: AuthContext): boolean => auth.roles.has('admin');

/** @throws {CloudError} forbidden when the caller may not. */
export function requirePolicy(caller: Caller, rule: string): void {
  if (!caller.may(rule)) throw forbidden(`Policy doesn't allow ${rule} to be performed.`);
}
