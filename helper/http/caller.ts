import { forbidden } from '../errors/error.ts';
import type { AuthContext } from './auth.ts';
import type { RequestContext } from './endpoint.ts';
import type { Microversion } from './microversion.ts';
import type { PolicyTarget } from './policy.ts';

/** What of a request the app functions of a service need. */
export interface Caller {
  readonly auth: AuthContext;
  readonly requestId: string;
  readonly version: Microversion;
  /** `http://host:port` of the request. */
  readonly origin: string;
  /** Origin, prefix, version root, and the project where the request's path has it. */
  readonly base: string;
  readonly may: (rule: string, target?: PolicyTarget) => boolean;
}

export const callerOf = (context: RequestContext): Caller => ({
  auth: context.auth,
  requestId: context.requestId,
  version: context.version,
  origin: context.origin,
  base: context.base,
  may: context.may,
});

export const isAdmin = (auth: AuthContext): boolean => auth.roles.has('admin');

/** @throws {CloudError} forbidden when the caller may not. */
export function requirePolicy(caller: Caller, rule: string, target?: PolicyTarget): void {
  if (!caller.may(rule, target)) throw forbidden(`Policy doesn't allow ${rule} to be performed.`);
}
