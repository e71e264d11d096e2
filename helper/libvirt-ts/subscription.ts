/**
 * One consumer of events, with a bounded queue of its own. Delivery never waits for the consumer, so a slow one
 * delays neither replies nor other consumers.
 */

export interface SubscribeOptions {
  /** Events kept for a consumer that does not keep up; when full, the oldest is dropped. Default 1000. */
  readonly queueLimit?: number;
  /** Events were dropped since the consumer last took one: what it knows is stale, and it must read state again. */
  readonly onLost?: () => void;
}

export type Listener<E> = (event: E) => void | Promise<void>;

const DEFAULT_QUEUE_LIMIT = 1000;

export class Subscription<E> implements AsyncIterable<E> {
  readonly #queueLimit: number;
  readonly #onLost: (() => void) | undefined;
  readonly #onClose: () => void;
  readonly #queue: E[] = [];
  readonly #takers: ((result: IteratorResult<E, undefined>) => void)[] = [];
  #lost = 0;
  #lostSinceTaken = false;
  #closed = false;

  constructor(options: SubscribeOptions, onClose: () => void) {
    this.#queueLimit = options.queueLimit ?? DEFAULT_QUEUE_LIMIT;
    this.#onLost = options.onLost;
    this.#onClose = onClose;
  }

  /** How many events were dropped since the start. */
  get lost(): number {
    return this.#lost;
  }

  get closed(): boolean {
    return this.#closed;
  }

  /** Called by the connection: never blocks. */
  deliver(event: E): void {
    if (this.#closed) return;
    const taker = this.#takers.shift();
    if (taker !== undefined) return taker({ value: event, done: false });
    this.#queue.push(event);
    if (this.#queue.length <= this.#queueLimit) return;
    this.#queue.shift();
    this.#lost += 1;
    if (this.#lostSinceTaken) return;
    this.#lostSinceTaken = true;
    this.#onLost?.();
  }

  /** The next event; done once the subscription is closed. */
  next(): Promise<IteratorResult<E, undefined>> {
    const [event] = this.#queue;
    if (event !== undefined) {
      this.#queue.shift();
      this.#lostSinceTaken = false;
      return Promise.resolve({ value: event, done: false });
    }
    if (this.#closed) return Promise.resolve({ value: undefined, done: true });
    return new Promise((resolve) => this.#takers.push(resolve));
  }

  /** Ends the subscription: what is queued is discarded, who waits for an event is told that there is none. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#queue.length = 0;
    for (const taker of this.#takers.splice(0)) taker({ value: undefined, done: true });
    this.#onClose();
  }

  [Symbol.asyncIterator](): AsyncIterator<E, undefined> {
    return {
      next: () => this.next(),
      return: () => {
        this.close();
        return Promise.resolve({ value: undefined, done: true });
      },
    };
  }
}

/** Feeds a listener, one event after the other: the next one comes when the listener's promise is settled. */
export async function feed<E>(
  subscription: Subscription<E>,
  listener: Listener<E>,
  onError: (error: unknown) => void,
): Promise<void> {
  for await (const event of subscription) {
    try {
      await listener(event);
    } catch (error) {
      onError(error);
    }
  }
}
