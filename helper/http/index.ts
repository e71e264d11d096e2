/** The HTTP layer's public face: what services and the composition root use. */
export type { AuthContext, Authenticator } from './auth.ts';
export { callerOf, isAdmin, requirePolicy, type Caller } from './caller.ts';
export {
  Reply,
  endpoint,
  type Absence,
  type Endpoint,
  type Method,
  type RawRoute,
  type RequestContext,
  type ResponseSpec,
  type SchemaSpec,
  type Service,
  type UpgradeRoute,
  type VersionedSchema,
} from './endpoint.ts';
export { createLogger, silentLogger, type Logger } from './log.ts';
export {
  formatMicroversion,
  mv,
  parseMicroversion,
  type Microversion,
  type MicroversionRange,
} from './microversion.ts';
export type { OriginRules } from './origin.ts';
export { naturalOf, nextLink, pageOf, type Page } from './paging.ts';
export * from './policy.ts';
export { SELECTABLE } from './response.ts';
export { RateLimiter, type RateLimits } from './rate-limit.ts';
export { createHttpServer, type HttpServerOptions } from './server.ts';
