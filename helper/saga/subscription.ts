import type { LaggedEvent } from '../contract/operation.ts';

/**
 * Events as an iterable, from now on. A consumer that is slower than the events holds at most `limit` of them: the
 * oldest are dropped, and a 'lagged' event says how many. Ends when the loop is left or `signal` aborts.
 */
export class Subscription<T> implements AsyncIterableIterator<T | LaggedEvent> {
  readonly #queue: T[] = [];
  readonly #limit: number;
  readonly #stop: () => void;
  #dropped = 0;
  #ended = false;
  #wake: (() => void) | null = null;

  /** @param listen calls what it is given with each event, and returns how to stop that. */
  constructor(listen: (push: (event: T) => void) => () => void, limit: number, signal?: AbortSignal) {
    this.#limit = limit;
    const unlisten = listen((event) => this.#push(event));
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

  async next(): Promise<IteratorResult<T | LaggedEvent>> {
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

  return(): Promise<IteratorResult<T | LaggedEvent>> {
    this.#queue.length = 0;
    this.#dropped = 0;
    this.#end();
    return Promise.resolve({ done: true, value: undefined });
  }

  #push(event: T): void {
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
