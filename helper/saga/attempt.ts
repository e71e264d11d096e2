import { setImmediate as yieldToOthers, setTimeout as delay } from 'node:timers/promises';
import type { OperationEvent, OperationStep, StepDirection } from '../contract/operation.ts';
import type { Db } from '../db/open.ts';
import { sqlEntry, statement, type SqlParameters } from '../db/statement.ts';
import type { ConcurrencyClasses } from './concurrency.ts';
import type { HostContext, Saga, Step } from './define.ts';
import type { OperationEvents } from './events.ts';
import type { Journal, SagaRow, TraceEnd, TraceStart } from './journal.ts';
import { StepRecorder } from './recorder.ts';

/** Where the engine reports what is wrong with itself; pino's logger fits. */
export interface EngineLogger {
  warn(detail: object, message: string): void;
  error(detail: object, message: string): void;
}

/** What all operations of an engine share. */
export interface RunEnvironment {
  readonly db: Db;
  readonly journal: Journal;
  readonly events: OperationEvents;
  readonly classes: ConcurrencyClasses;
  readonly logger: EngineLogger;
  now(): number;
  /** Whether another attempt at a host action may cure this error. */
  retryable(error: unknown): boolean;
  /** Milliseconds to wait after the attempt of this number. */
  retryDelay(attempt: number): number;
  /** How long an action may take to end after its time limit aborted it. */
  readonly graceMs: number;
  /** Aborts when the engine stops: waits end at once, running actions go on until the limit of stop(). */
  readonly stopping: AbortSignal;
}

/** The operation was cancelled; the reason of a step's aborted signal. */
export class CancelledError extends Error {
  override readonly name = 'CancelledError';
  readonly code = 'Cancelled';

  constructor() {
    super('the operation was cancelled');
  }
}

/** A step took longer than its timeoutMs; the reason of its aborted signal. */
export class StepTimeoutError extends Error {
  override readonly name: string = 'StepTimeoutError';
}

/** A step went on although its time was over and its signal aborted: nobody knows what it will still do. */
export class StepAbandonedError extends StepTimeoutError {
  override readonly name = 'StepAbandonedError';
}

export type AnySaga = Saga<unknown, unknown>;
export type AnyStep = Step<unknown, unknown>;

/** The operation as its steps see it. */
export interface Subject {
  readonly row: SagaRow;
  readonly saga: AnySaga;
  readonly services: unknown;
  readonly input: unknown;
}

/** One attempt at a step's action or undo: its context, what it recorded, when it began. */
export class Attempt {
  readonly recorder: StepRecorder;
  readonly start: TraceStart;
  readonly context: HostContext<unknown>;
  readonly #environment: RunEnvironment;
  readonly #subject: Subject;
  readonly #begun = performance.now();

  /** `live`: entries are sent to listeners as they come (host), not with the commit (SQL). */
  constructor(
    environment: RunEnvironment,
    subject: Subject,
    step: AnyStep,
    options: { direction: StepDirection; attempt: number; signal: AbortSignal; live: boolean },
  ) {
    this.#environment = environment;
    this.#subject = subject;
    this.start = {
      step: step.name,
      number: step.number ?? null,
      service: step.service ?? subject.saga.service,
      direction: options.direction,
      attempt: options.attempt,
      startedAt: environment.now(),
    };
    this.recorder = new StepRecorder((entry) => {
      if (options.live) this.#emit({ type: 'entry', step: step.name, entry });
    });
    this.context = this.#makeContext(options.signal);
  }

  end(outcome: TraceEnd['outcome'], reason: string | null = null): TraceEnd {
    // Microseconds are enough, and keep the row short.
    const durationMs = Math.round((performance.now() - this.#begun) * 1000) / 1000;
    return { durationMs, outcome, reason, entries: this.recorder.json };
  }

  emitStarted(): void {
    const { step, number, service, direction, attempt } = this.start;
    this.#emit({ type: 'step-started', step, number, service, direction, attempt });
  }

  emitEnded(end: TraceEnd): void {
    const { step: name, ...start } = this.start;
    const step: OperationStep = {
      name,
      ...start,
      durationMs: end.durationMs,
      outcome: end.outcome,
      reason: end.reason,
      entries: this.recorder.entries,
    };
    this.#emit({ type: 'step-finished', step });
  }

  #emit(event: EventBody): void {
    emitOperation(this.#environment, this.#subject.row, event);
  }

  #makeContext(signal: AbortSignal): HostContext<unknown> {
    const environment = this.#environment;
    const { row, services } = this.#subject;
    const { db } = environment;
    return {
      db,
      services,
      operationId: row.id,
      requestId: row.request_id,
      projectId: row.project_id,
      userId: row.user_id,
      stepName: this.start.step,
      attempt: this.start.attempt,
      signal,
      now: () => environment.now(),
      sql: <Row>(text: string, ...parameters: SqlParameters): Row[] => {
        const prepared = statement<SqlParameters, Row>(db, text);
        const rows = prepared.all(...parameters);
        if (!prepared.writes) this.recorder.add(sqlEntry(text, parameters, rows.length));
        return rows;
      },
      note: (text, data) => {
        this.recorder.add(data === undefined ? { kind: 'note', text } : { kind: 'note', text, data });
      },
      progress: (fraction, text) => {
        this.#emit({ type: 'progress', step: this.start.step, fraction, text });
      },
    };
  }
}

type WithoutHead<Event> = Event extends OperationEvent
  ? Omit<Event, 'at' | 'operationId' | 'name' | 'resource' | 'projectId'>
  : never;
export type EventBody = WithoutHead<OperationEvent>;

/** Sends an event about the operation of `row`. */
export function emitOperation(
  environment: Pick<RunEnvironment, 'events' | 'now'>,
  row: SagaRow,
  body: EventBody,
): void {
  environment.events.emit({
    ...body,
    at: environment.now(),
    operationId: row.id,
    name: row.name,
    resource: { type: row.resource_type, id: row.resource_id },
    projectId: row.project_id,
  });
}

/**
 * Runs a host action with its time limit. When the time is over the signal aborts; an action that then still does
 * not end is abandoned.
 *
 * @throws {StepTimeoutError} {@link StepAbandonedError}, or what the action throws.
 */
export async function withTimeLimit(
  work: () => Promise<void>,
  limits: { timeoutMs: number | undefined; graceMs: number },
  controller: AbortController,
): Promise<void> {
  const { timeoutMs, graceMs } = limits;
  if (timeoutMs === undefined) {
    await work();
    return;
  }
  let timer: NodeJS.Timeout | undefined;
  const limit = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => {
      controller.abort(new StepTimeoutError(`it did not end within ${timeoutMs} ms`));
      timer = setTimeout(() => {
        reject(new StepAbandonedError(`it did not end within ${timeoutMs} ms and ignored being aborted`));
      }, graceMs);
    }, timeoutMs);
  });
  try {
    await Promise.race([work(), limit]);
  } catch (error) {
    const reason: unknown = controller.signal.reason;
    throw reason instanceof StepTimeoutError && !(error instanceof StepAbandonedError) ? reason : error;
  } finally {
    clearTimeout(timer);
  }
}

/** Waits, but not longer than until one of the signals aborts. */
export async function pause(ms: number, ...signals: AbortSignal[]): Promise<void> {
  try {
    await delay(ms, undefined, { signal: AbortSignal.any(signals) });
  } catch {
    // Whoever aborted is asked next.
  }
}

/** Lets requests and other operations have a turn: the database is synchronous. */
export async function takeTurns(): Promise<void> {
  await yieldToOthers();
}
