import { onDestroy } from 'svelte';
import type { ChangeKind } from '../../helper/contract/change.ts';
import { onEvent } from '../shell/events.ts';
import { problemOf, type Problem } from './errors.ts';

/** Changes come in crowds: they are looked at together, this long after the first. */
const GATHER_MS = 120;

/**
 * An answer that is kept current: it is asked for again when something of the given kinds changes. For what is no list
 * of resources (those are Collections). Reactive; make it by {@link useLive}.
 */
export class Live<T> {
  value: T | undefined = $state.raw(undefined);
  phase: 'loading' | 'ready' | 'failed' = $state('loading');
  /** Why it could not be read (again). */
  problem: Problem | undefined = $state.raw(undefined);
  readonly #read: () => Promise<T>;
  readonly #stop: () => void;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #asked = 0;

  constructor(kinds: readonly ChangeKind[], read: () => Promise<T>) {
    this.#read = read;
    this.#stop = onEvent((event) => {
      if (event.type === 'connected' || event.type === 'lagged') this.#schedule();
      else if (event.type === 'changed' && kinds.includes(event.kind)) this.#schedule();
    });
    void this.reload();
  }

  async reload(): Promise<void> {
    const asked = (this.#asked += 1);
    try {
      const value = await this.#read();
      // An answer that was overtaken says nothing new.
      if (asked !== this.#asked) return;
      this.value = value;
      this.phase = 'ready';
      this.problem = undefined;
    } catch (error) {
      if (asked !== this.#asked) return;
      this.problem = problemOf(error);
      if (this.phase !== 'ready') this.phase = 'failed';
    }
  }

  close(): void {
    this.#stop();
    clearTimeout(this.#timer);
  }

  #schedule(): void {
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      void this.reload();
    }, GATHER_MS);
  }
}

/** An answer for as long as this component is there. Call it while the component is being made. */
export function useLive<T>(kinds: readonly ChangeKind[], read: () => Promise<T>): Live<T> {
  const live = new Live(kinds, read);
  onDestroy(() => live.close());
  return live;
}
