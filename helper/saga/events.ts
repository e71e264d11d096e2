import type { LaggedEvent, OperationEvent } from '../contract/operation.ts';
import type { Resource } from './define.ts';

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
    return new Subscription(this, filter, options.limit, options.signal);
  }
}

class Subscription implements AsyncIterableIterator<OperationEvent | LaggedEvent> {
  readonly #queue: OperationEvent[] = [];
  readonly #limit: number;
  readonly #stop: () => void;
  #dropped = 0;
  #ended = false;
  #wake: (() => void) | null = null;

  constructor(events: OperationEvents, filter: EventFilter, limit: number, signal?: AbortSignal) {
    this.#limit = limit;
    const unlisten = events.on((event) => {
      if (matches(event, filter)) this.#push(event);
    });
    const end = (): void => {
      this.#end();
    };
    this.#stop = () => {
      unlisten();
      signal?.removeEventListener('abort', end);
    };
    if (signal?.aborted === true) this.#end();
    else signal?.addEventListener('abort', end, { once: true });
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  async next(): Promise<IteratorResult<OperationEvent | LaggedEvent>> {
    while (this.#queue.length === 0 && !this.#ended)
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    if (this.#dropped > 0) {
      const dropped = this.#dropped;
      this.#dropped = 0;
      return { done: false, value: { type: 'lagged', dropped } };
    }
    const event = this.#queue.shift();
    return event === undefined ? { done: true, value: undefined } : { done: false, value: event };
  }

  return(): Promise<IteratorResult<OperationEvent | LaggedEvent>> {
    this.#queue.length = 0;
    this.#dropped = 0;
    this.#end();
    return Promise.resolve({ done: true, value: undefined });
  }

  #push(event: OperationEvent): void {
    this.#queue.push(event);
    if (this.#queue.length > this.#limit) {
      this.#queue.shift();
      this.#dropped += 1;
    }
    this.#notify();
  }

  #end(): void {
    this.#ended = true;
    this.#stop();
    this.#notify();
  }

  #notify(): void {
    const wake = this.#wake;
    this.#wake = null;
    wake?.();
  }
}

function matches(event: OperationEvent, filter: EventFilter): boolean {
  const { operationId, resource, projectId } = filter;
  if (operationId !== undefined && event.operationId !== operationId) return false;
  if (projectId !== undefined && event.projectId !== projectId) return false;
  if (resource === undefined) return true;
  return event.resource.type === resource.type && event.resource.id === resource.id;
}
