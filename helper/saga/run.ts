import type { OperationError } from '../contract/operation.ts';
import { withRecorder } from '../host/record.ts';
import {
  type Attempt,
  CancelledError,
  pause,
  StepAbandonedError,
  takeTurns,
  withTimeLimit,
  type AnyStep,
  type RunEnvironment,
  type Subject,
} from './attempt.ts';
import type { HostStep, NoUndo } from './define.ts';
import { EngineStoppedError, type SagaRow } from './journal.ts';
import { RunBase, type Failed } from './run-base.ts';
import { describeError } from './serialize.ts';
import { finalStep, nothing, refusePromise, whySkipped, type AnySqlStep } from './step-rules.ts';

/** How often a restart may interrupt one step before the operation is unwound. */
const interruptionBudget = 3;

type AnyHostStep = HostStep<unknown, unknown>;
type EndState = 'succeeded' | 'failed' | 'cancelled';

/** How going forward ended. */
type Forward =
  | { readonly kind: 'next' | 'finished' }
  | { readonly kind: 'cancelled'; readonly recordAttempt?: () => void }
  | Failed;

/** One open operation, and the code that moves it on. All its state is also in the journal. */
export class OperationRun extends RunBase {
  /** What became of each step; absent: not done, perhaps begun. */
  readonly #steps = new Map<string, 'succeeded' | 'skipped' | 'undone'>();
  /** A host step that may have begun without having succeeded. */
  #inDoubt: string | null = null;
  #error: OperationError | null;
  #cancelled: boolean;
  /** Aborts when the operation is cancelled, never while it unwinds. */
  readonly #cancel = new AbortController();
  /** The running attempt's. */
  #current: AbortController | null = null;

  constructor(environment: RunEnvironment, row: SagaRow, registered: Pick<Subject, 'saga' | 'services'>) {
    super(environment, row, registered);
    this.#error = row.error === null ? null : (JSON.parse(row.error) as OperationError);
    this.#cancelled = row.cancel_requested === 1;
    if (this.#cancelled) this.#cancel.abort(new CancelledError());
  }

  /** Reads what an earlier process did. */
  recover(): void {
    const { journal } = this.environment;
    for (const { type, step } of journal.stepEvents(this.row.seq)) this.#steps.set(step, type);
    for (const { step, direction, outcome, count } of journal.attempts(this.row.seq)) {
      const counts = this.counts(direction, step);
      counts.all += count;
      if (outcome === 'failed') counts.failed += count;
      if (outcome === 'interrupted') counts.interrupted += count;
    }
    // The step in doubt is the first to be undone: once anything is undone, none is in doubt any more.
    if ([...this.#steps.values()].includes('undone')) return;
    const next = this.subject.saga.steps.find(({ name }) => !this.#steps.has(name));
    if (next?.kind === 'host') this.#inDoubt = next.name;
  }

  /** Asks it to unwind; the running step's signal aborts. The request is already in the journal. */
  cancel(): void {
    if (this.state !== 'queued' && this.state !== 'running') return;
    this.#cancelled = true;
    this.#cancel.abort(new CancelledError());
    this.#current?.abort(new CancelledError());
  }

  /** After 'stuck': unwinds again when driven. The journal has it already. */
  retry(): void {
    this.state = 'unwinding';
  }

  /** Aborts what still runs when the engine stops. */
  abandon(): void {
    this.#current?.abort(new EngineStoppedError());
  }

  /** Goes on until it has ended, is stuck, or the engine stops. */
  async drive(): Promise<void> {
    await takeTurns();
    try {
      if (this.state === 'queued') await this.#begin();
      if (this.state === 'running') {
        const end = await this.#forward();
        if (end.kind === 'finished') return;
        await this.#beginUnwinding(end);
        if (end.kind === 'failed' && end.error instanceof StepAbandonedError) {
          await this.#becomeStuck(end.error, end.step);
          return;
        }
      }
      await this.#unwind();
    } catch (error) {
      if (error instanceof EngineStoppedError) return;
      await this.#becomeStuck(error);
    }
  }

  async #begin(): Promise<void> {
    await this.write('started', undefined, () => this.journal.started(this.row.seq), false);
    this.state = 'running';
    this.emit({ type: 'started' });
  }

  async #forward(): Promise<Forward> {
    if (this.row.version !== this.subject.saga.version)
      return {
        kind: 'failed',
        recordAttempt: nothing,
        error: new Error(
          `it was begun by version ${this.row.version} of ${this.row.name}, and this is ${this.subject.saga.version}`,
        ),
      };
    const { steps } = this.subject.saga;
    for (const step of steps) {
      if (this.#steps.has(step.name)) continue;
      if (this.#cancelled) return { kind: 'cancelled' };
      this.leaveIfStopping();
      const last = step === steps.at(-1);
      const end = step.kind === 'sql' ? await this.#sqlStep(step, last) : await this.#hostStep(step, last);
      if (end.kind !== 'next') return end;
    }
    // Only when the definition lost its last steps while this operation was open.
    await this.write('ended', undefined, () => this.journal.ended(this.row.seq, 'succeeded'));
    this.#ended('succeeded');
    return { kind: 'finished' };
  }

  async #sqlStep(step: AnySqlStep, last: boolean): Promise<Forward> {
    const attempt = this.attempt(step, 'action', this.#cancel.signal, false);
    const { context } = attempt;
    try {
      const end = await this.write('succeeded', step.name, () => {
        const skipped = whySkipped(step, attempt, this.subject.input);
        if (skipped === null)
          withRecorder(attempt.recorder.add, () => {
            refusePromise(step, step.action(context, this.subject.input));
          });
        const outcome = skipped === null ? 'succeeded' : 'skipped';
        const end = attempt.end(outcome, skipped);
        this.journal.trace(this.row.seq, attempt.start, end);
        this.#stepDone(step, outcome, last, attempt);
        return { ...end, outcome } as const;
      });
      this.#afterStep(step, end.outcome, last, () => {
        attempt.emitStarted();
        for (const entry of attempt.recorder.entries) this.emit({ type: 'entry', step: step.name, entry });
        attempt.emitEnded(end);
      });
      await takeTurns();
      return { kind: last ? 'finished' : 'next' };
    } catch (error) {
      if (error instanceof EngineStoppedError) throw error;
      return this.failed(step, attempt, error, null);
    }
  }

  async #hostStep(step: AnyHostStep, last: boolean): Promise<Forward> {
    const counts = this.counts('action', step.name);
    if (counts.interrupted >= interruptionBudget)
      return {
        kind: 'failed',
        step: step.name,
        recordAttempt: nothing,
        error: new Error(`the helper ended ${counts.interrupted} times while it ran`),
      };
    for (;;) {
      const result = await this.#hostAttempt(step, 'action', last);
      if (result.kind !== 'failed') return result;
      if (this.#cancelled) return { kind: 'cancelled', recordAttempt: result.recordAttempt };
      counts.failed += 1;
      const retry = counts.failed < (step.attempts ?? 3) && this.environment.retryable(result.error);
      if (!retry || result.error instanceof StepAbandonedError) return result;
      await this.write('attempt-failed', step.name, () => result.recordAttempt(), false);
      await pause(this.environment.retryDelay(counts.failed), this.#cancel.signal, this.environment.stopping);
      this.leaveIfStopping();
    }
  }

  /** One attempt at a host step's action or undo, journalled when it succeeds. */
  async #hostAttempt(step: AnyHostStep, direction: 'action' | 'undo', last: boolean): Promise<Forward> {
    const { classes, stopping, graceMs } = this.environment;
    const controller = new AbortController();
    const forward = direction === 'action';
    const wait = forward ? AbortSignal.any([this.#cancel.signal, stopping]) : stopping;
    const waitBegun = performance.now();
    const className = step.concurrency ?? 'host';
    const leave = await classes.enter(className, wait).catch(() => null);
    if (leave === null) {
      this.leaveIfStopping();
      return { kind: 'cancelled' };
    }
    let traceId: number | null = null;
    const attempt = this.attempt(step, direction, controller.signal, true);
    const waited = Math.round(performance.now() - waitBegun);
    if (waited > 0) attempt.context.note(`waited ${waited} ms for a place in class '${className}'`);
    try {
      const skipped = forward ? whySkipped(step, attempt, this.subject.input) : null;
      if (skipped === null) {
        traceId = await this.write(
          'begun',
          step.name,
          () =>
            this.journal.trace(this.row.seq, attempt.start, {
              ...attempt.end('running'),
              durationMs: null,
            }),
          false,
        );
        if (forward) this.#inDoubt = step.name;
        this.#current = controller;
        if (forward && this.#cancel.signal.aborted) controller.abort(this.#cancel.signal.reason);
        attempt.emitStarted();
        const work = forward ? step.action.bind(step) : (step.undo as Exclude<AnyHostStep['undo'], NoUndo>);
        await withTimeLimit(
          () => withRecorder(attempt.recorder.add, async () => work(attempt.context, this.subject.input)),
          { timeoutMs: step.timeoutMs, graceMs },
          controller,
        );
      }
      const outcome = skipped === null ? 'succeeded' : 'skipped';
      const end = attempt.end(outcome, skipped);
      const type = !forward ? 'undone' : outcome;
      await this.write(type, step.name, () => {
        if (traceId === null) this.journal.trace(this.row.seq, attempt.start, end);
        else this.journal.traceEnd(traceId, end);
        if (forward) this.#stepDone(step, outcome, last, attempt);
        else this.#stepUndone(step);
      });
      if (forward)
        this.#afterStep(step, outcome, last, () => {
          attempt.emitEnded(end);
        });
      else attempt.emitEnded(end);
      return { kind: last && forward ? 'finished' : 'next' };
    } catch (error) {
      if (error instanceof EngineStoppedError || this.journal.closed) throw new EngineStoppedError();
      return this.failed(step, attempt, error, traceId);
    } finally {
      this.#current = null;
      leave();
    }
  }

  async #beginUnwinding(end: Forward): Promise<void> {
    const cancelled = end.kind !== 'failed';
    const error = cancelled ? null : describeError(end.error, end.step);
    await this.write('unwinding', undefined, () => {
      if ('recordAttempt' in end) end.recordAttempt?.();
      this.journal.unwinding(this.row.seq, error);
    });
    this.#error = error;
    this.state = 'unwinding';
    this.emit({ type: 'unwinding' });
  }

  async #unwind(): Promise<void> {
    const { steps } = this.subject.saga;
    const known = new Set(steps.map((step) => step.name));
    const unknown = [...this.#steps].find(([name, became]) => became === 'succeeded' && !known.has(name));
    if (unknown !== undefined)
      throw new Error(`step '${unknown[0]}' was done, and this version cannot undo it`);
    for (const step of steps.toReversed()) {
      this.leaveIfStopping();
      const became = this.#steps.get(step.name);
      const needed = became === 'succeeded' || (became === undefined && this.#inDoubt === step.name);
      if (!needed || typeof step.undo !== 'function') continue;
      const failure = step.kind === 'sql' ? await this.#undoSql(step) : await this.#undoHost(step);
      if (failure === null) {
        this.#steps.set(step.name, 'undone');
        continue;
      }
      await this.#becomeStuck(failure.error, step.name, failure.recordAttempt);
      return;
    }
    await this.#end();
  }

  async #undoSql(step: AnySqlStep): Promise<Failed | null> {
    const attempt = this.attempt(step, 'undo', this.environment.stopping, false);
    const undo = step.undo as Exclude<AnySqlStep['undo'], NoUndo>;
    try {
      const end = await this.write('undone', step.name, () => {
        withRecorder(attempt.recorder.add, () => {
          refusePromise(step, undo(attempt.context, this.subject.input));
        });
        const end = attempt.end('succeeded');
        this.journal.trace(this.row.seq, attempt.start, end);
        this.#stepUndone(step);
        return end;
      });
      attempt.emitStarted();
      attempt.emitEnded(end);
      await takeTurns();
      return null;
    } catch (error) {
      if (error instanceof EngineStoppedError) throw error;
      return this.failed(step, attempt, error, null);
    }
  }

  /** Tries again after any error: an undo that fails costs more than a wait. */
  async #undoHost(step: AnyHostStep): Promise<Failed | null> {
    for (let tries = 1; ; tries += 1) {
      const result = await this.#hostAttempt(step, 'undo', false);
      if (result.kind !== 'failed') return null;
      if (tries >= (step.attempts ?? 3) || result.error instanceof StepAbandonedError) return result;
      await this.write('attempt-failed', step.name, () => result.recordAttempt(), false);
      await pause(this.environment.retryDelay(tries), this.environment.stopping);
      this.leaveIfStopping();
    }
  }

  async #end(): Promise<void> {
    const state = this.#error === null ? 'cancelled' : 'failed';
    await this.write('ended', undefined, () => {
      const { saga, input } = this.subject;
      const { context } = this.attempt(finalStep, 'undo', this.environment.stopping, false);
      if (this.#error === null) refusePromise(finalStep, saga.onCancelled?.(context, input));
      else refusePromise(finalStep, saga.onFailed?.(context, input, this.#error));
      this.journal.ended(this.row.seq, state);
    });
    this.#ended(state);
  }

  async #becomeStuck(error: unknown, step?: string, recordAttempt?: () => void): Promise<void> {
    const described = describeError(error, step);
    if (this.state !== 'unwinding') this.#error ??= described;
    this.environment.logger.error(
      { operationId: this.row.id, saga: this.row.name, requestId: this.row.request_id, err: error },
      `operation is stuck${step === undefined ? '' : ` in '${step}'`}: ${described.message}`,
    );
    try {
      await this.write('stuck', step, () => {
        recordAttempt?.();
        this.journal.stuck(this.row.seq, described);
      });
    } catch (stopped) {
      if (stopped instanceof EngineStoppedError) return;
      throw stopped;
    }
    this.state = 'stuck';
    this.emit({ type: 'stuck', error: described });
  }

  /** In the transaction of the step's success: its event, and the operation's end when it was the last. */
  #stepDone(step: AnyStep, outcome: 'succeeded' | 'skipped', last: boolean, attempt: Attempt): void {
    const { seq } = this.row;
    this.journal.event(seq, outcome, step.name);
    this.journal.stepsDone(seq, 1);
    if (!last) return;
    refusePromise(step, this.subject.saga.onFinished?.(attempt.context, this.subject.input));
    this.journal.ended(seq, 'succeeded');
  }

  #stepUndone(step: AnyStep): void {
    this.journal.event(this.row.seq, 'undone', step.name);
    if (this.#steps.get(step.name) === 'succeeded') this.journal.stepsDone(this.row.seq, -1);
  }

  /** After the commit of a step's success. */
  #afterStep(step: AnyStep, outcome: 'succeeded' | 'skipped', last: boolean, emit: () => void): void {
    this.#steps.set(step.name, outcome);
    this.#inDoubt = null;
    emit();
    if (last) this.#ended('succeeded');
  }

  #ended(state: EndState): void {
    this.state = state;
    const error = this.#error;
    this.emit({ type: state === 'succeeded' ? 'finished' : state, error });
  }
}
