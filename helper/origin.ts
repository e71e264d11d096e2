import { AsyncLocalStorage } from 'node:async_hooks';

/** On whose behalf something is done: noted with each operation that a request begins, however deep inside. */
export interface Origin {
  readonly requestId: string;
  readonly projectId: string | null;
  readonly userId: string | null;
  /** What the rate limit said of the request, in words. */
  readonly rateLimit: string;
}

const current = new AsyncLocalStorage<Origin>();

/** Runs `work` on behalf of a request. */
export function withOrigin<T>(origin: Origin, work: () => T): T {
  return current.run(origin, work);
}

/** Undefined outside of requests: at start, in reconcile loops. */
export function currentOrigin(): Origin | undefined {
  return current.getStore();
}
