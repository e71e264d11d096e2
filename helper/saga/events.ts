import type { OperationEvent } from '../contract/operation.ts';

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
}
