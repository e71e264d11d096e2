import type { DomainHint } from './interface.ts';

/** A guest that is still booting does not hear the button: it is pressed again, as nova does. */
const PRESS_AGAIN_MS = 10_000;

/** The guest whose button is pressed. */
export interface Stoppable {
  readonly uuid: string;
  readonly watch: (listener: (hint: DomainHint) => void) => () => void;
  readonly isRunning: () => Promise<boolean>;
  /** False when it has stopped already. */
  readonly press: () => Promise<boolean>;
}

/** @returns whether it stopped in time. @throws the signal's reason. */
export async function stopByButton(
  { uuid, watch, isRunning, press }: Stoppable,
  timeoutMs: number,
  signal?: AbortSignal,
): Promise<boolean> {
  signal?.throwIfAborted();
  const stopped = Promise.withResolvers<boolean>();
  // An abort may come before anybody awaits it.
  stopped.promise.catch(() => undefined);
  const look = (): void => {
    // Events may have been lost: the state decides.
    isRunning().then(
      (running) => running || stopped.resolve(true),
      () => undefined,
    );
  };
  const unwatch = watch((hint) => {
    if (hint.event === 'resync') look();
    else if (hint.uuid === uuid && (hint.event === 'stopped' || hint.event === 'crashed')) {
      stopped.resolve(true);
    }
  });
  const timer = setTimeout(() => stopped.resolve(false), timeoutMs);
  const again = setInterval(() => void press().catch(() => undefined), PRESS_AGAIN_MS);
  const aborted = (): void => stopped.reject(signal?.reason);
  signal?.addEventListener('abort', aborted);
  try {
    if (!(await press())) return true;
    return await stopped.promise;
  } finally {
    clearTimeout(timer);
    clearInterval(again);
    signal?.removeEventListener('abort', aborted);
    unwatch();
  }
}
