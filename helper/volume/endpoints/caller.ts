import type { RequestContext } from '../../http/index.ts';
import type { Caller } from '../app/context.ts';

/** Of a request, what the app functions need. */
export const callerOf = (context: RequestContext): Caller => ({
  auth: context.auth,
  requestId: context.requestId,
  version: context.version,
  origin: context.origin,
  base: context.base,
  may: context.may,
});

/** `?cascade=true`. */
export const flag = (query: Readonly<Record<string, string>>, key: string): boolean =>
  /^(t|true|1|on|y|yes)$/i.test(query[key] ?? '');
