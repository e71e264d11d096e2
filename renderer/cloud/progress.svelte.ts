import { SvelteMap } from 'svelte/reactivity';
import { onEvent } from '../shell/events.ts';

/** What a running operation said of itself last. */
export interface Progress {
  readonly operationId: string;
  /** 0..1 */
  readonly fraction: number;
  readonly text: string;
}

const running = new SvelteMap<string, Progress>();
let listening = false;

/**
 * How far the operation on a resource is, for those that tell: copies of disks. Reactive; undefined while nothing was
 * heard, which a page that has just been opened has not.
 */
export function progressOf(resourceId: string): Progress | undefined {
  listen();
  return running.get(resourceId);
}

function listen(): void {
  if (listening) return;
  listening = true;
  onEvent((event) => {
    if (event.type === 'connected' || event.type === 'lagged') running.clear();
    else if (event.type === 'progress')
      running.set(event.resource.id, {
        operationId: event.operationId,
        fraction: event.fraction,
        text: event.text,
      });
    else if (['finished', 'failed', 'cancelled', 'stuck', 'unwinding'].includes(event.type))
      running.delete((event as { readonly resource: { readonly id: string } }).resource.id);
  });
}
