import type { Operation, OperationEvent, OperationStep } from '../../helper/contract/operation.ts';
import { onEvent } from '../shell/events.ts';
import { problemOf, type Problem } from './errors.ts';
import { readOperation } from './operations.svelte.ts';

const GATHER_MS = 150;

/** One operation as it happens: read once, then kept current by the events, and read again when it has ended. Reactive. */
export class LiveOperation {
  readonly id: string;
  operation: Operation | undefined = $state.raw(undefined);
  problem: Problem | undefined = $state.raw(undefined);
  /** What the running step said of itself last. */
  progress: { readonly fraction: number; readonly text: string } | undefined = $state.raw(undefined);
  readonly #stop: () => void;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(id: string) {
    this.id = id;
    this.#stop = onEvent((event) => {
      if (event.type === 'connected' || event.type === 'lagged') this.#soon(0);
      else if ('operationId' in event && event.operationId === id) this.#take(event);
    });
    void this.read();
  }

  close(): void {
    this.#stop();
    clearTimeout(this.#timer);
  }

  readonly read = async (): Promise<void> => {
    try {
      const read = await readOperation(this.id);
      this.operation = { ...read, steps: withLiveEntries(read.steps, this.operation?.steps ?? []) };
      this.problem = undefined;
    } catch (error) {
      this.problem = problemOf(error);
    }
  };

  #soon(ms: number): void {
    if (ms === 0) clearTimeout(this.#timer);
    else if (this.#timer !== undefined) return;
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      void this.read();
    }, ms);
  }

  #take(event: OperationEvent): void {
    if (event.type === 'progress') {
      this.progress = { fraction: event.fraction, text: event.text };
      return;
    }
    const now = this.operation;
    // What changes more than its steps is read anew.
    if (now === undefined || !('step' in event)) {
      this.#soon(GATHER_MS);
      return;
    }
    this.operation = { ...now, steps: stepsAfter(now.steps, event) };
    if (event.type === 'step-finished') {
      this.progress = undefined;
      if (event.step.direction !== 'event') this.#soon(GATHER_MS);
    }
  }
}

type StepEvent = Extract<OperationEvent, { type: 'step-started' | 'entry' | 'step-finished' }>;

/** The steps with what an event tells. */
export function stepsAfter(steps: readonly OperationStep[], event: StepEvent): readonly OperationStep[] {
  if (event.type === 'step-started') {
    const { step: name, number, service, direction, attempt, at: startedAt } = event;
    const begun = {
      name,
      number,
      service,
      direction,
      attempt,
      startedAt,
      durationMs: null,
      outcome: 'running',
      reason: null,
      entries: [],
    } as const;
    return runningAt(steps, name) === -1 ? [...steps, begun] : steps;
  }
  if (event.type === 'entry') {
    const at = runningAt(steps, event.step);
    const running = steps[at];
    return running === undefined
      ? steps
      : steps.with(at, { ...running, entries: [...running.entries, event.entry] });
  }
  const at = event.step.direction === 'event' ? -1 : runningAt(steps, event.step.name);
  if (at !== -1) return steps.with(at, event.step);
  return steps.some((one) => isSame(one, event.step)) ? steps : [...steps, event.step];
}

const runningAt = (steps: readonly OperationStep[], name: string): number =>
  steps.findLastIndex((one) => one.name === name && one.outcome === 'running');

const isSame = (a: OperationStep, b: OperationStep): boolean =>
  a.name === b.name && a.direction === b.direction && a.attempt === b.attempt && a.startedAt === b.startedAt;

/** A running step's records are stored when it ends; until then they are known by the events alone. */
const withLiveEntries = (
  read: readonly OperationStep[],
  known: readonly OperationStep[],
): readonly OperationStep[] =>
  read.map((step) =>
    step.outcome === 'running' && step.entries.length === 0
      ? { ...step, entries: known.find((one) => isSame(one, step))?.entries ?? [] }
      : step,
  );
