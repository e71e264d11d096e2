import type { LaggedEvent, OperationEvent } from '../contract/operation.ts';
import type { Resource } from './define.ts';
import { Subscription } from './subscription.ts';

/** Which events a subscriber wants; what is absent is not looked at. */
export interface EventFilter {
  readonly operationId?: string;
  readonly resource?: Resource;
  readonly projectId?: string;
}

/** The live stream of all operations. Events are sent after what they tell was committed. */
export class OperationEvents {
  readonly #listeners = new Set<(event: OperationEvent) => void>();

  /** Calls `listener` with each event, synchronously, so it must be quick. @returns how to stop. */
  on(listener: (event: OperationEvent) => void): () => void {
    this.#listeners.add(listener);
    return () => {
      this.#listeners.delete(listener);
    };
  }

  emit(event: OperationEvent): void {
    for (const listener of this.#listeners)
      try {
        listener(event);
      } catch (error) {
        // What the event tells has happened: a listener must not be able to undo it.
        process.emitWarning(error instanceof Error ? error : new Error(String(error)));
      }
  }

  /** How many listen; for tests and diagnosis. */
  get listenerCount(): number {
    return this.#listeners.size;
  }

  /**
   * Events as an iterable, from now on. A consumer that is slower than the events holds at most `limit` of them:
   * the oldest are dropped, and a 'lagged' event says how many. Ends when the loop is left or `signal` aborts.
   */
  subscribe(
    filter: EventFilter,
    options: { readonly limit: number; readonly signal?: AbortSignal },
  ): AsyncIterableIterator<OperationEvent | LaggedEvent> {
    const listen = (push: (event: OperationEvent) => void): (() => void) =>
      this.on((event) => {
        if (matches(event, filter)) push(event);
      });
    return new Subscription(listen, options.limit, options.signal);
  }
}

function matches(event: OperationEvent, filter: EventFilter): boolean {
  const { operationId, resource, projectId } = filter;
  if (operationId !== undefined && event.operationId !== operationId) return false;
  if (projectId !== undefined && event.projectId !== projectId) return false;
  if (resource === undefined) return true;
  return event.resource.type === resource.type && event.resource.id === resource.id;
}
