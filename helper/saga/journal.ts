import { randomUUID } from 'node:crypto';
import type { OperationError, OperationState, PlannedStep, StepDirection } from '../contract/operation.ts';
import type { StepOutcome } from '../contract/operation.ts';
import type { Db } from '../db/open.ts';
import { statement } from '../db/statement.ts';
import { afterCommit, transaction } from '../db/transaction.ts';

/** An open operation as the engine reads it. */
export interface SagaRow {
  readonly seq: number;
  readonly id: string;
  readonly name: string;
  readonly version: number;
  readonly resource_type: string;
  readonly resource_id: string;
  readonly request_id: string | null;
  readonly project_id: string | null;
  readonly user_id: string | null;
  readonly input: string;
  readonly locks: string;
  readonly state: OperationState;
  readonly cancel_requested: number;
  readonly error: string | null;
}

const sagaColumns =
  'seq, id, name, version, resource_type, resource_id, request_id, project_id, user_id, input, locks, state, cancel_requested, error';

export type JournalWriteType =
  | 'queued'
  | 'started'
  | 'begun'
  | 'attempt-failed'
  | 'succeeded'
  | 'skipped'
  | 'cancel'
  | 'unwinding'
  | 'undone'
  | 'stuck'
  | 'retry'
  | 'ended';

/** One write of the journal, told right before its commit and right after it. */
export interface JournalWrite {
  readonly phase: 'before' | 'after';
  readonly type: JournalWriteType;
  readonly operationId: string;
  readonly step: string | null;
}

/**
 * Sees every write of the journal; for tests that kill the process there. When it throws, the engine is dead, as
 * if its process had been killed.
 */
export type JournalObserver = (write: JournalWrite) => void;

/** The engine was stopped (or killed, in a test): what was under way is left to the next start. */
export class EngineStoppedError extends Error {
  override readonly name = 'EngineStoppedError';

  constructor() {
    super('the saga engine was stopped');
  }
}

export interface TraceStart {
  readonly step: string;
  readonly number: PlannedStep['number'];
  readonly service: string;
  readonly direction: StepDirection;
  readonly attempt: number;
  readonly startedAt: number;
}

export interface TraceEnd {
  readonly durationMs: number | null;
  readonly outcome: StepOutcome;
  readonly reason: string | null;
  /** TraceEntry[] as JSON. */
  readonly entries: string | null;
}

/** All writes of the engine. Each public write is one transaction, or joins the caller's. */
export class Journal {
  readonly db: Db;
  readonly #now: () => number;
  readonly #observer: JournalObserver | undefined;
  #closed = false;

  constructor(db: Db, now: () => number, observer: JournalObserver | undefined) {
    this.db = db;
    this.#now = now;
    this.#observer = observer;
  }

  /** From here on every write throws {@link EngineStoppedError}. */
  close(): void {
    this.#closed = true;
  }

  get closed(): boolean {
    return this.#closed;
  }

  /** Runs `work` in a transaction, between the two calls of the observer. */
  write<T>(
    head: { type: JournalWriteType; operationId: string; step?: string },
    work: () => T,
    options: { durable: boolean } = { durable: true },
  ): T {
    if (this.#closed) throw new EngineStoppedError();
    const told = { type: head.type, operationId: head.operationId, step: head.step ?? null };
    const result = transaction(
      this.db,
      () => {
        const result = work();
        this.#observe({ phase: 'before', ...told });
        afterCommit(this.db, () => {
          if (!this.#closed) this.#observe({ phase: 'after', ...told });
        });
        return result;
      },
      options,
    );
    // The observer may just have killed the engine (a hook's error does not get here).
    if (this.closed) throw new EngineStoppedError();
    return result;
  }

  #observe(write: JournalWrite): void {
    try {
      this.#observer?.(write);
    } catch {
      this.#closed = true;
      if (write.phase === 'before') throw new EngineStoppedError();
    }
  }

  planId(plan: {
    name: string;
    title: string;
    service: string;
    version: number;
    steps: PlannedStep[];
  }): number {
    const steps = JSON.stringify(plan.steps);
    const key = [plan.name, plan.version, plan.title, plan.service, steps] as const;
    const find = statement<readonly [string, number, string, string, string], { id: number }>(
      this.db,
      'SELECT id FROM saga_plan WHERE name = ? AND version = ? AND title = ? AND service = ? AND steps = ?',
    );
    return (
      find.get(...key)?.id ??
      statement<readonly [string, number, string, string, string, number]>(
        this.db,
        'INSERT INTO saga_plan (name, version, title, service, steps, step_count) VALUES (?, ?, ?, ?, ?, ?)',
      ).run(...key, plan.steps.length).lastInsertRowid
    );
  }

  /** @returns the new operation's row. Must be called within write(). */
  insert(saga: {
    id: string;
    plan: number;
    name: string;
    version: number;
    resource: { type: string; id: string };
    requestId: string | null;
    projectId: string | null;
    userId: string | null;
    input: string;
    locks: string;
  }): SagaRow {
    const { lastInsertRowid: seq } = statement<
      [
        string,
        number,
        string,
        number,
        string,
        string,
        string | null,
        string | null,
        string | null,
        string,
        string,
        number,
      ]
    >(
      this.db,
      `INSERT INTO saga (id, plan, name, version, resource_type, resource_id, request_id, project_id, user_id, input,
       locks, created_at, state) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 'queued')`,
    ).run(
      saga.id,
      saga.plan,
      saga.name,
      saga.version,
      saga.resource.type,
      saga.resource.id,
      saga.requestId,
      saga.projectId,
      saga.userId,
      saga.input,
      saga.locks,
      this.#now(),
    );
    this.event(seq, 'queued');
    return {
      seq,
      id: saga.id,
      name: saga.name,
      version: saga.version,
      resource_type: saga.resource.type,
      resource_id: saga.resource.id,
      request_id: saga.requestId,
      project_id: saga.projectId,
      user_id: saga.userId,
      input: saga.input,
      locks: saga.locks,
      state: 'queued',
      cancel_requested: 0,
      error: null,
    };
  }

  event(
    seq: number,
    type:
      | 'queued'
      | 'started'
      | 'succeeded'
      | 'skipped'
      | 'cancel'
      | 'unwinding'
      | 'undone'
      | 'stuck'
      | 'retry'
      | 'ended',
    step: string | null = null,
  ): void {
    statement<[number, number, string, string | null]>(
      this.db,
      'INSERT INTO saga_event (saga, at, type, step) VALUES (?, ?, ?, ?)',
    ).run(seq, this.#now(), type, step);
  }

  started(seq: number): void {
    statement<[number, number]>(
      this.db,
      "UPDATE saga SET state = 'running', started_at = ? WHERE seq = ?",
    ).run(this.#now(), seq);
    this.event(seq, 'started');
  }

  stepsDone(seq: number, difference: 1 | -1): void {
    statement<[number, number]>(this.db, 'UPDATE saga SET steps_done = steps_done + ? WHERE seq = ?').run(
      difference,
      seq,
    );
  }

  cancelRequested(seq: number): void {
    statement<[number]>(this.db, 'UPDATE saga SET cancel_requested = 1 WHERE seq = ?').run(seq);
    this.event(seq, 'cancel');
  }

  /** `error` is null when it unwinds because it was cancelled. */
  unwinding(seq: number, error: OperationError | null): void {
    statement<[string | null, number]>(
      this.db,
      "UPDATE saga SET state = 'unwinding', error = coalesce(error, ?), stuck_error = NULL WHERE seq = ?",
    ).run(error === null ? null : JSON.stringify(error), seq);
    this.event(seq, 'unwinding');
  }

  stuck(seq: number, error: OperationError): void {
    statement<[{ error: string; seq: number }]>(
      this.db,
      `UPDATE saga SET error = CASE WHEN state IN ('queued', 'running') THEN @error ELSE error END,
       state = 'stuck', stuck_error = @error WHERE seq = @seq`,
    ).run({ error: JSON.stringify(error), seq });
    this.event(seq, 'stuck', error.step ?? null);
  }

  retried(seq: number): void {
    statement<[number]>(
      this.db,
      "UPDATE saga SET state = 'unwinding', stuck_error = NULL WHERE seq = ? AND state = 'stuck'",
    ).run(seq);
    this.event(seq, 'retry');
  }

  ended(seq: number, state: 'succeeded' | 'failed' | 'cancelled'): void {
    statement<[string, number, number]>(
      this.db,
      'UPDATE saga SET state = ?, finished_at = ? WHERE seq = ?',
    ).run(state, this.#now(), seq);
    this.event(seq, 'ended');
  }

  /** @returns the row's id, for {@link traceEnd}. */
  trace(seq: number, start: TraceStart, end: TraceEnd): number {
    return statement<
      [
        number,
        string,
        string | null,
        string,
        string,
        number,
        number,
        number | null,
        string,
        string | null,
        string | null,
      ]
    >(
      this.db,
      `INSERT INTO trace (saga, step, number, service, direction, attempt, started_at, duration_ms, outcome, reason,
       entries) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    ).run(
      seq,
      start.step,
      start.number === null ? null : JSON.stringify(start.number),
      start.service,
      start.direction,
      start.attempt,
      start.startedAt,
      end.durationMs,
      end.outcome,
      end.reason,
      end.entries,
    ).lastInsertRowid;
  }

  traceEnd(id: number, end: TraceEnd): void {
    statement<[number | null, string, string | null, string | null, number]>(
      this.db,
      'UPDATE trace SET duration_ms = ?, outcome = ?, reason = ?, entries = ? WHERE id = ?',
    ).run(end.durationMs, end.outcome, end.reason, end.entries, id);
  }

  /** Attempts that no process is working on any more. */
  markInterrupted(seq: number): void {
    statement<[number]>(
      this.db,
      "UPDATE trace SET outcome = 'interrupted' WHERE saga = ? AND outcome = 'running'",
    ).run(seq);
  }

  open(): SagaRow[] {
    return statement<[], SagaRow>(
      this.db,
      `SELECT ${sagaColumns} FROM saga WHERE finished_at IS NULL ORDER BY seq`,
    ).all();
  }

  find(id: string): (SagaRow & { readonly finished_at: number | null }) | undefined {
    return statement<[string], SagaRow & { finished_at: number | null }>(
      this.db,
      `SELECT ${sagaColumns}, finished_at FROM saga WHERE id = ?`,
    ).get(id);
  }

  openOf(resource: { readonly type: string; readonly id: string }): string[] {
    return statement<[string, string], { id: string }>(
      this.db,
      'SELECT id FROM saga WHERE resource_type = ? AND resource_id = ? AND finished_at IS NULL ORDER BY seq',
    )
      .all(resource.type, resource.id)
      .map((row) => row.id);
  }

  /** What became of each step so far, the latest event last. */
  stepEvents(seq: number): { type: 'succeeded' | 'skipped' | 'undone'; step: string }[] {
    return statement<[number], { type: 'succeeded' | 'skipped' | 'undone'; step: string }>(
      this.db,
      "SELECT type, step FROM saga_event WHERE saga = ? AND type IN ('succeeded', 'skipped', 'undone') ORDER BY id",
    ).all(seq);
  }

  attempts(seq: number): { step: string; direction: StepDirection; outcome: StepOutcome; count: number }[] {
    return statement<
      [number],
      { step: string; direction: StepDirection; outcome: StepOutcome; count: number }
    >(
      this.db,
      `SELECT step, direction, outcome, count(*) AS count FROM trace WHERE saga = ? AND direction <> 'event'
       GROUP BY step, direction, outcome`,
    ).all(seq);
  }
}

export function newOperationId(): string {
  return randomUUID();
}
