import type { ShellEvent } from '../../main/contract/shell.ts';
import { openStream } from './shell.ts';

const listeners = new Set<(event: ShellEvent) => void>();
const RETRY_MS = 500;
let running = false;

/** Calls `listener` with everything that happens from now on. @returns how to stop. */
export function onEvent(listener: (event: ShellEvent) => void): () => void {
  listeners.add(listener);
  if (!running) {
    running = true;
    follow();
  }
  return () => {
    listeners.delete(listener);
  };
}

/** One stream for the whole page, opened again when it breaks off; what was missed is told as 'connected'. */
function follow(): void {
  openStream(
    'events',
    {},
    {
      onMessage: (event) => {
        for (const listener of listeners) listener(event);
      },
      onEnd: () => {
        setTimeout(() => {
          follow();
          for (const listener of listeners) listener({ type: 'connected' });
        }, RETRY_MS);
      },
    },
  );
}
