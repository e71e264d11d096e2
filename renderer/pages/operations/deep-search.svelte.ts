import type { FoundOperation } from '../../../helper/contract/operation.ts';
import { searchOperations } from '../../cloud/operations.svelte.ts';
import { problemOf, type Problem } from '../../cloud/errors.ts';

/** Shorter words are in every record. */
const LEAST = 3;
const PAUSE_MS = 350;

/** The search in everything that was recorded, which the helper does. Reactive. */
export class DeepSearch {
  found: ReadonlyMap<string, FoundOperation> = $state.raw(new Map<string, FoundOperation>());
  busy = $state(false);
  /** Where the search can be taken up; null at its end. */
  next: string | null = $state(null);
  problem: Problem | undefined = $state.raw(undefined);
  #text = '';
  #timer: ReturnType<typeof setTimeout> | undefined;
  #running: AbortController | undefined;

  /** Looks for another text, a moment after the last change. */
  look(text: string): void {
    this.close();
    this.#text = text.trim();
    this.found = new Map();
    this.next = null;
    this.problem = undefined;
    this.busy = this.#text.length >= LEAST;
    if (this.busy) this.#timer = setTimeout(() => void this.#go(null), PAUSE_MS);
  }

  /** Further back. */
  more(): void {
    if (!this.busy && this.next !== null) void this.#go(this.next);
  }

  close(): void {
    clearTimeout(this.#timer);
    this.#running?.abort();
    this.busy = false;
  }

  async #go(marker: string | null): Promise<void> {
    const running = new AbortController();
    this.#running = running;
    this.busy = true;
    try {
      const { operations, next } = await searchOperations(this.#text, marker, running.signal);
      this.found = new Map([...this.found, ...operations.map((one) => [one.id, one] as const)]);
      this.next = next;
    } catch (error) {
      if (!running.signal.aborted) this.problem = problemOf(error);
    } finally {
      if (this.#running === running) this.busy = false;
    }
  }
}
