import { expect } from 'vitest';
import type { Crash } from './crash-cloud.ts';
import type { KillOrder } from './kill-order.ts';

export const after = (nth: number): KillOrder => ({ phase: 'after', nth });
export const before = (nth: number): KillOrder => ({ phase: 'before', nth });
/** In the middle of what a step does on the host. */
export const within = (step: string, delayMs: number): KillOrder => ({
  phase: 'after',
  nth: 1,
  step,
  delayMs,
});

/** No operation has that many writes: that it never ends without a kill is a failure too. */
const MOST_WRITES = 40;

/** Calls `round` with n = 1, 2, ... until it says that the operation was not killed. @returns the kills. */
export async function untilUnharmed(round: (n: number) => Promise<boolean>): Promise<number> {
  for (let n = 1; n <= MOST_WRITES; n++) if (!(await round(n))) return n - 1;
  throw new Error(`killed at each of ${MOST_WRITES} writes`);
}

/** All are taken up and brought to their end: nothing in them fails but the process. */
export function expectSucceeded(crash: Crash, order: KillOrder): void {
  const unasked = order.phase === 'before' && order.nth === 1 && order.step === undefined;
  const succeeded: unknown = expect.objectContaining({ state: 'succeeded', error: null });
  expect(crash.operation).toEqual(unasked ? undefined : succeeded);
}
