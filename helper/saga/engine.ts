import type { OperationState, OperationSummary, PlannedStep } from '../contract/operation.ts';
import type { Db } from '../db/open.ts';
import { afterCommit, inTransaction, transaction } from '../db/transaction.ts';
import { recording, withRecorder } from '../host/record.ts';
import { currentOrigin } from '../origin.ts';
import { emitOperation, type AnySaga, type EngineLogger, type RunEnvironment } from './attempt.ts';
import { ConcurrencyClasses, defaultConcurrency, type ConcurrencyLimits } from './concurrency.ts';
import type { Resource, Saga } from './define.ts';
import { OperationEvents } from './events.ts';
import { appendForeignEvent, storyOf, type ForeignEvent } from './foreign-event.ts';
import { prune, type RetentionLimits } from './housekeeping.ts';
import {
  EngineStoppedError,
  Journal,
  newOperationId,
  type JournalObserver,
  type SagaRow,
} from './journal.ts';
import { KeyedLocks } from './locks.ts';
import { OperationRun } from './run.ts';
import { serializeInput } from './serialize.ts';
import { getOperationSummary } from './trace.ts';

export interface EngineOptions {
  readonly db: Db;
  /** Milliseconds since the epoch; the system's clock by default. */
  readonly clock?: () => number;
  /** Limits of concurrency classes, over the defaults: disk 2, domain-start 10, image 2, host (all others) 32. */
  readonly concurrency?: ConcurrencyLimits;
  /** Which errors of host actions another attempt may cure; by default those with `retryable: true`. */
  readonly retryable?: (error: unknown) => boolean;
  /** Milliseconds to wait after the n-th failed attempt; by default 100, 200, 400, ... up to 10 s. */
  readonly retryDelay?: (attempt: number) => number;
  /** Milliseconds which an action has to end after its time limit aborted it; 10 000 by default. */
  readonly graceMs?: number;
  readonly retention?: Partial<RetentionLimits>;
  readonly logger?: EngineLogger;
  readonly journal?: JournalObserver;
}

/** Whose operation it is; by default that of the request in which it is queued. */
export interface EnqueueOptions {
  readonly requestId?: string | null;
  readonly projectId?: string | null;
  readonly userId?: string | null;
  /** Cancels what is under way or waiting for this resource, and retries what is stuck; for deletes. */
  readonly cancels?: Resource;
}

interface Registered {
  readonly saga: AnySaga;
  readonly services: unknown;
  readonly plan: readonly PlannedStep[];
}

/** Runs operations: takes them from the database, moves them on, and takes up after a restart what was open. */
export class SagaEngine {
  readonly events = new OperationEvents();
  readonly #db: Db;
  readonly #journal: Journal;
  readonly #environment: RunEnvironment;
  readonly #retention: Partial<RetentionLimits>;
  readonly #sagas = new Map<string, Registered>();
  readonly #locks = new KeyedLocks();
  /** Open operations that this process has taken up, by id; null: its saga is not registered. */
  readonly #live = new Map<string, { readonly row: SagaRow; readonly run: OperationRun | null }>();
  readonly #driving = new Set<Promise<void>>();
  readonly #waiting = new Map<string, Set<() => void>>();
  readonly #stopping = new AbortController();
  #started = false;

  constructor(options: EngineOptions) {
    const now = options.clock ?? Date.now;
    this.#db = options.db;
    this.#journal = new Journal(options.db, now, options.journal);
    this.#retention = options.retention ?? {};
    this.#environment = {
      db: options.db,
      journal: this.#journal,
      events: this.events,
      classes: new ConcurrencyClasses({ ...defaultConcurrency, ...options.concurrency }),
      logger: options.logger ?? { warn: () => undefined, error: () => undefined },
      now,
      retryable: options.retryable ?? isMarkedRetryable,
      retryDelay: options.retryDelay ?? ((attempt) => Math.min(100 * 2 ** (attempt - 1), 10_000)),
      graceMs: options.graceMs ?? 10_000,
      stopping: this.#stopping.signal,
    };
  }

  /** Makes a saga known, with what its steps find in `ctx.services`. All of them, before {@link start}. */
  register<Input, Services>(saga: Saga<Input, Services>, services: Services): void {
    if (this.#started)
      throw new Error(`saga '${saga.name}' is registered too late: what was open is taken up`);
    if (this.#sagas.has(saga.name)) throw new Error(`saga '${saga.name}' is registered twice`);
    for (const step of saga.steps)
      if (step.kind === 'host' && !this.#environment.classes.has(step.concurrency ?? 'host'))
        throw new Error(`saga '${saga.name}': there is no concurrency class '${String(step.concurrency)}'`);
    const plan = saga.steps.map((step) => ({
      name: step.name,
      number: step.number ?? null,
      service: step.service ?? saga.service,
      kind: step.kind,
    }));
    this.#sagas.set(saga.name, { saga: saga as unknown as AnySaga, services, plan });
  }

  /**
   * Queues an operation, in the transaction of the caller that writes what it is about. It begins after the commit.
   *
   * @returns the operation's id, a UUID.
   * @throws {TypeError} when the input holds a secret or anything that JSON cannot keep.
   */
  enqueue<Input, Services>(saga: Saga<Input, Services>, input: Input, options: EnqueueOptions = {}): string {
    if (!inTransaction(this.#db))
      throw new Error(`saga '${saga.name}' must be queued in the transaction that writes its resource`);
    const registered = this.#sagas.get(saga.name);
    if (registered === undefined) throw new Error(`saga '${saga.name}' is not registered`);
    const text = serializeInput(input);
    const id = newOperationId();
    const origin = currentOrigin();
    const { cancels } = options;
    if (cancels !== undefined) this.cancel(cancels);
    const row = this.#journal.write({ type: 'queued', operationId: id }, () =>
      this.#journal.insert({
        id,
        plan: this.#journal.planId({
          name: saga.name,
          title: saga.title,
          service: saga.service,
          version: saga.version,
          steps: [...registered.plan],
        }),
        name: saga.name,
        version: saga.version,
        resource: saga.resource(input),
        requestId: options.requestId ?? origin?.requestId ?? null,
        projectId: options.projectId ?? origin?.projectId ?? null,
        userId: options.userId ?? origin?.userId ?? null,
        input: text,
        locks: JSON.stringify([...new Set(saga.locks(input))].sort()),
      }),
    );
    afterCommit(this.#db, () => {
      emitOperation(this.#environment, row, { type: 'queued' });
      if (this.#started && !this.#stopping.signal.aborted) this.#admit(row, false);
    });
    return id;
  }

  /**
   * Takes up all open operations: first those that hold locks, then those that wait, in their old order; then new
   * ones begin as they come. Synchronous up to here, so none can end while it looks.
   */
  start(): void {
    if (this.#started) throw new Error('the saga engine was started before');
    this.#started = true;
    const open = this.#journal.open();
    const held = open.filter((row) => row.state !== 'queued');
    for (const row of held) {
      transaction(this.#db, () => this.#journal.markInterrupted(row.seq), { durable: false });
      this.#admit(row, true);
    }
    for (const row of open) if (row.state === 'queued') this.#admit(row, true);
    this.#prune();
  }

  /**
   * Begins no step any more, waits up to `limitMs` for running actions, and aborts the rest. What is not finished
   * goes on at the next start.
   */
  async stop(limitMs = 5000): Promise<void> {
    this.#stopping.abort(new EngineStoppedError());
    let timer: NodeJS.Timeout | undefined;
    const limit = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, limitMs);
    });
    await Promise.race([Promise.all(this.#driving), limit]);
    clearTimeout(timer);
    this.#journal.close();
    for (const { run } of this.#live.values()) run?.abandon();
    for (const wakers of this.#waiting.values()) for (const wake of wakers) wake();
  }

  /**
   * Waits until the operation has ended or is stuck.
   *
   * @throws the signal's reason; {@link EngineStoppedError}; an error for an unknown id.
   */
  async wait(
    operationId: string,
    options: { readonly signal?: AbortSignal } = {},
  ): Promise<OperationSummary> {
    for (;;) {
      const summary = getOperationSummary(this.#db, operationId);
      if (summary === undefined) throw new Error(`there is no operation ${operationId}`);
      if (summary.finishedAt !== null || summary.state === 'stuck') return summary;
      if (this.#journal.closed) throw new EngineStoppedError();
      await this.#nextChange(operationId, options.signal);
    }
  }

  /**
   * Asks operations to unwind: one by its id, or all that are open for a resource. Those that wait are cancelled
   * when their turn comes; those that are stuck try their unwinding again; unwinding ones and sagas that are not
   * cancellable go on as they were. Joins the caller's transaction.
   *
   * @returns the ids of the operations that will take notice.
   */
  cancel(target: Resource | string): string[] {
    return transaction(this.#db, () => {
      const ids = typeof target === 'string' ? [target] : this.#journal.openOf(target);
      return ids.filter((id) => this.#cancelOne(id));
    });
  }

  /**
   * Lets a stuck operation try its unwinding again. Joins the caller's transaction.
   *
   * @throws {Error} when it is not stuck.
   */
  retry(operationId: string): void {
    const row = this.#journal.find(operationId);
    if (row?.state !== 'stuck') throw new Error(`operation ${operationId} is not stuck`);
    if (!this.#sagas.has(row.name)) throw new Error(`this version of Deskcloud has no saga '${row.name}'`);
    this.#retry(row);
  }

  /**
   * Lets every stuck operation try its unwinding again: what stood in the way may be gone (libvirt has come back). Joins
   * the caller's transaction.
   *
   * @returns how many there were.
   */
  retryStuck(): number {
    return transaction(this.#db, () => {
      const stuck = [...this.#live.values()].filter(({ run }) => run?.state === 'stuck');
      for (const { row } of stuck) this.retry(row.id);
      return stuck.length;
    });
  }

  /**
   * Adds something that happened outside the saga (the request's own work, a DHCP lease, a metadata request) to the
   * story of an operation, by its id, or of the resource ({@link storyOf}). At most 500 for one operation;
   * without such an operation it is dropped. Joins the caller's transaction.
   */
  appendEvent(target: Resource | string, event: ForeignEvent): void {
    appendForeignEvent(this.#environment, target, event);
  }

  /** The operation in which {@link appendEvent} tells a resource's story: the newest that created or started it. */
  storyOf(resource: Resource): string | undefined {
    return storyOf(this.#db, resource);
  }

  #cancelOne(id: string): boolean {
    const row = this.#journal.find(id);
    if (row === undefined || row.finished_at !== null || row.state === 'unwinding') return false;
    const registered = this.#sagas.get(row.name);
    if (registered === undefined) return false;
    if (row.state === 'stuck') {
      this.#retry(row);
      return true;
    }
    if (registered.saga.cancellable === false) return false;
    if (row.cancel_requested === 0)
      this.#journal.write({ type: 'cancel', operationId: id }, () => this.#journal.cancelRequested(row.seq));
    afterCommit(this.#db, () => this.#live.get(id)?.run?.cancel());
    return true;
  }

  #retry(row: SagaRow): void {
    this.#journal.write({ type: 'retry', operationId: row.id }, () => this.#journal.retried(row.seq));
    afterCommit(this.#db, () => {
      const run = this.#live.get(row.id)?.run;
      if (run?.state !== 'stuck') return;
      run.retry();
      this.#drive(run);
    });
  }

  /** Lets an operation stand for its locks; it runs when it has them. Each operation is admitted once. */
  #admit(row: SagaRow, recovered: boolean): void {
    if (this.#live.has(row.id)) return;
    const registered = this.#sagas.get(row.name);
    const run = registered === undefined ? null : new OperationRun(this.#environment, row, registered);
    this.#live.set(row.id, { row, run });
    if (run === null) this.#orphaned(row);
    else if (recovered) run.recover();
    this.#locks.request(row.seq, JSON.parse(row.locks) as string[], () => {
      if (run !== null && run.state !== 'stuck') this.#drive(run);
    });
  }

  /** Stuck, and visible, until a version that knows its saga is started and it is retried. */
  #orphaned(row: SagaRow): void {
    const message = `this version of Deskcloud has no saga '${row.name}'`;
    this.#environment.logger.error({ operationId: row.id }, `operation ${row.id} is stuck: ${message}`);
    if (row.state === 'stuck') return;
    this.#journal.write({ type: 'stuck', operationId: row.id }, () => {
      this.#journal.stuck(row.seq, { code: 'UnknownSaga', message });
    });
  }

  #drive(run: OperationRun): void {
    // Whoever queued or released it may be a step that records: what this operation does is not that step's.
    const begin = (): Promise<void> => this.#driven(run);
    const driving = (recording() ? withRecorder(ignoreEntry, begin) : begin()).finally(() => {
      this.#driving.delete(driving);
    });
    this.#driving.add(driving);
  }

  async #driven(run: OperationRun): Promise<void> {
    try {
      await run.drive();
    } catch (error) {
      this.#environment.logger.error({ operationId: run.row.id, err: error }, 'the saga engine has a bug');
    }
    if (!this.#journal.closed) this.#settled(run);
  }

  #settled(run: OperationRun): void {
    const { id, seq } = run.row;
    if (isEnded(run.state)) {
      this.#live.delete(id);
      this.#locks.release(seq);
      this.#prune();
    }
    const wakers = this.#waiting.get(id);
    this.#waiting.delete(id);
    for (const wake of wakers ?? []) wake();
  }

  async #nextChange(operationId: string, signal: AbortSignal | undefined): Promise<void> {
    signal?.throwIfAborted();
    let wakers = this.#waiting.get(operationId);
    if (wakers === undefined) {
      wakers = new Set();
      this.#waiting.set(operationId, wakers);
    }
    const mine = wakers;
    await new Promise<void>((resolve, reject) => {
      const onAbort = (): void => {
        mine.delete(wake);
        reject(signal?.reason as Error);
      };
      const wake = (): void => {
        signal?.removeEventListener('abort', onAbort);
        resolve();
      };
      mine.add(wake);
      signal?.addEventListener('abort', onAbort, { once: true });
    });
  }

  #prune(): void {
    try {
      prune(this.#db, this.#environment.now(), this.#retention);
    } catch (error) {
      this.#environment.logger.warn({ err: error }, 'old operations could not be pruned');
    }
  }
}

function ignoreEntry(): void {
  // The operation's own steps have recorders of their own.
}

function isEnded(state: OperationState): boolean {
  return state === 'succeeded' || state === 'failed' || state === 'cancelled';
}

function isMarkedRetryable(error: unknown): boolean {
  return error instanceof Error && 'retryable' in error && error.retryable === true;
}
