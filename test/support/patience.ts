import { setTimeout as delay } from 'node:timers/promises';

/** For how long an operation and a recovery may take, on a busy machine. */
export const PATIENCE_MS = 180_000;

/** Asks until `probe` answers something. @throws with `what` when it does not in time. */
export async function eventually<T>(
  what: string,
  probe: () => Promise<T | undefined>,
  timeoutMs = PATIENCE_MS,
): Promise<T> {
  const deadline = Date.now() + timeoutMs;
  for (;;) {
    const found = await probe();
    if (found !== undefined) return found;
    if (Date.now() > deadline) throw new Error(`not within ${timeoutMs / 1000} s: ${what}`);
    await delay(100);
  }
}
