import type { TraceEntry } from './trace.ts';

/**
 * Where an operation stands. queued: waits for its locks. unwinding: undoes its steps. stuck: an undo failed; it
 * holds its locks and waits for a retry. The last three of the list never change again.
 */
export const OPERATION_STATES = [
  'queued',
  'running',
  'unwinding',
  'stuck',
  'succeeded',
  'failed',
  'cancelled',
] as const;
export type OperationState = (typeof OPERATION_STATES)[number];

/** Why an operation failed or is stuck. The text is for operators; it may name paths and commands. */
export interface OperationError {
  /** The error's `code`, or else its class name. */
  readonly code: string;
  readonly message: string;
  /** The step that failed; absent when it was none of them. */
  readonly step?: string;
}

/** An operation without its steps. Times are milliseconds since the epoch. */
export interface OperationSummary {
  /** UUID. */
  readonly id: string;
  /** The saga's name, as 'server-create'. */
  readonly name: string;
  readonly title: string;
  readonly service: string;
  readonly resource: { readonly type: string; readonly id: string };
  readonly state: OperationState;
  readonly cancelRequested: boolean;
  readonly requestId: string | null;
  readonly projectId: string | null;
  readonly userId: string | null;
  readonly createdAt: number;
  readonly startedAt: number | null;
  readonly finishedAt: number | null;
  readonly stepsDone: number;
  readonly stepsTotal: number;
  readonly error: OperationError | null;
}

/** An operation that a search found. */
export interface FoundOperation extends OperationSummary {
  /** Where the search's words are in its records; null when they are all in the summary. */
  readonly found: FoundStep | null;
}

export interface FoundStep {
  readonly step: string;
  readonly number: OperationStep['number'];
  /** A line of the record with one of the words in it. */
  readonly text: string;
}

/** GET /deskcloud/v1/operations/search, newest first. */
export interface OperationSearchAnswer {
  readonly operations: readonly FoundOperation[];
  /** The operation up to which was looked; the marker with which the search goes on. Null when all were looked at. */
  readonly next: string | null;
}

export type StepDirection = 'action' | 'undo' | 'event';
export type StepOutcome = 'running' | 'succeeded' | 'failed' | 'skipped' | 'interrupted';

/** One attempt at a step or its undo, or something that happened elsewhere and belongs to the story ('event'). */
export interface OperationStep {
  readonly name: string;
  /** The step's number, or first and last number, in the flow of creating an instance. */
  readonly number: number | readonly [number, number] | null;
  readonly service: string;
  readonly direction: StepDirection;
  readonly attempt: number;
  /** Milliseconds since the epoch. */
  readonly startedAt: number;
  /** Null while it runs, and when a restart interrupted it. */
  readonly durationMs: number | null;
  readonly outcome: StepOutcome;
  /** Why it failed or was skipped. */
  readonly reason: string | null;
  /** What was really done, in order; empty once the trace was pruned. */
  readonly entries: readonly TraceEntry[];
}

/** A step of the saga as it was planned, done or not. */
export interface PlannedStep {
  readonly name: string;
  readonly number: number | readonly [number, number] | null;
  readonly service: string;
  readonly kind: 'sql' | 'host';
}

/** An operation with everything that is known about it. */
export interface Operation extends OperationSummary {
  readonly plan: readonly PlannedStep[];
  /** Attempts, undos and events in the order in which they began. */
  readonly steps: readonly OperationStep[];
}

/** What a listener of the live stream gets. */
export type OperationEvent =
  | ({ readonly type: 'queued' | 'started' | 'unwinding' } & OperationEventHead)
  | ({
      readonly type: 'step-started';
      readonly step: string;
      readonly number: OperationStep['number'];
      readonly service: string;
      readonly direction: StepDirection;
      readonly attempt: number;
    } & OperationEventHead)
  | ({
      readonly type: 'progress';
      readonly step: string;
      /** 0..1 */
      readonly fraction: number;
      readonly text: string;
    } & OperationEventHead)
  | ({ readonly type: 'entry'; readonly step: string; readonly entry: TraceEntry } & OperationEventHead)
  | ({ readonly type: 'step-finished'; readonly step: OperationStep } & OperationEventHead)
  | ({
      /** The operation has ended, or is stuck until somebody retries it. */
      readonly type: 'finished' | 'failed' | 'cancelled' | 'stuck';
      readonly error: OperationError | null;
    } & OperationEventHead);

export interface OperationEventHead {
  /** Milliseconds since the epoch. */
  readonly at: number;
  readonly operationId: string;
  readonly name: string;
  readonly resource: { readonly type: string; readonly id: string };
  readonly projectId: string | null;
}

/** In a bounded stream: the listener was too slow, and so many events were left out here. */
export interface LaggedEvent {
  readonly type: 'lagged';
  readonly dropped: number;
}
