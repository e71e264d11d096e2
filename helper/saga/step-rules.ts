import type { AnyStep, Attempt } from './attempt.ts';
import type { SqlStep } from './define.ts';

export type AnySqlStep = SqlStep<unknown, unknown>;

/** Why the step is not needed, or null. */
export function whySkipped(step: AnyStep, attempt: Attempt, input: unknown): string | null {
  const skip = step.skip?.(attempt.context, input) ?? false;
  if (skip === false) return null;
  return skip === true ? 'not needed' : skip;
}

/** @throws {TypeError} when what only changes the database gave a promise, which nobody waits for. */
export function refusePromise(step: AnyStep, result: unknown): void {
  if (!(result instanceof Promise)) return;
  result.catch(() => undefined);
  throw new TypeError(`step '${step.name}' only changes the database and must not return a promise`);
}

/** For a failure that had no attempt that could be recorded. */
export function nothing(): void {
  // Nor is there anything to do.
}

/** The step that onFailed and onCancelled see in their context. */
export const finalStep: AnySqlStep = { kind: 'sql', name: 'end', action: nothing, undo: nothing };
