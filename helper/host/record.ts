import { AsyncLocalStorage } from 'node:async_hooks';
import type { TraceEntry } from '../contract/trace.ts';

/** Receives what is done on behalf of one step of an operation. */
export type Recorder = (entry: TraceEntry) => void;

const current = new AsyncLocalStorage<Recorder>();

/** Runs `work`; everything that {@link record}s inside it, also after awaits, goes to `recorder`. */
export function withRecorder<T>(recorder: Recorder, work: () => T): T {
  return current.run(recorder, work);
}

/** Notes what was just done. Outside an operation (reconcile loops, set-up) it goes nowhere. */
export function record(entry: TraceEntry): void {
  current.getStore()?.(entry);
}

/** True while an operation listens, so that costly descriptions can be left out when none does. */
export function recording(): boolean {
  return current.getStore() !== undefined;
}
