import Database from 'better-sqlite3';
import type { OperationState, StepDirection } from '../contract/operation.ts';
import { afterCommit } from '../db/transaction.ts';
import {
  Attempt,
  emitOperation,
  pause,
  type AnyStep,
  type EventBody,
  type RunEnvironment,
  type Subject,
} from './attempt.ts';
import { EngineStoppedError, type Journal, type JournalWriteType, type SagaRow } from './journal.ts';
import { describeError } from './serialize.ts';

export interface Failed {
  readonly kind: 'failed';
  readonly error: unknown;
  readonly step?: string;
  /** Writes the failed attempt's record; called in the transaction that says what follows from it. */
  readonly recordAttempt: () => void;
}

/** What an open operation stands on: its row, its counted attempts, and writing to the journal. */
export abstract class RunBase {
  readonly row: SagaRow;
  state: OperationState;
  protected readonly environment: RunEnvironment;
  protected readonly subject: Subject;
  /** Attempts so far, by direction and step. */
  readonly #attempts = new Map<string, { failed: number; interrupted: number; all: number }>();

  constructor(environment: RunEnvironment, row: SagaRow, registered: Pick<Subject, 'saga' | 'services'>) {
    this.row = row;
    this.state = row.state;
    this.environment = environment;
    this.subject = { row, ...registered, input: JSON.parse(row.input) as unknown };
  }

  protected failed(step: AnyStep, attempt: Attempt, error: unknown, traceId: number | null): Failed {
    const end = attempt.end('failed', describeError(error).message);
    const recordAttempt = (): void => {
      if (traceId === null) this.journal.trace(this.row.seq, attempt.start, end);
      else this.journal.traceEnd(traceId, end);
      afterCommit(this.environment.db, () => {
        attempt.emitEnded(end);
      });
    };
    return { kind: 'failed', error, step: step.name, recordAttempt };
  }

  protected attempt(step: AnyStep, direction: StepDirection, signal: AbortSignal, live: boolean): Attempt {
    const counts = this.counts(direction, step.name);
    counts.all += 1;
    return new Attempt(this.environment, this.subject, step, {
      direction,
      attempt: counts.all,
      signal,
      live,
    });
  }

  protected counts(
    direction: StepDirection,
    step: string,
  ): { failed: number; interrupted: number; all: number } {
    const key = `${direction} ${step}`;
    let counts = this.#attempts.get(key);
    if (counts === undefined) {
      counts = { failed: 0, interrupted: 0, all: 0 };
      this.#attempts.set(key, counts);
    }
    return counts;
  }

  /**
   * Writes to the journal. When the database cannot be written (disk full, I/O error) it waits and tries again:
   * without a journal nothing may go on, and nothing is lost by waiting.
   */
  protected async write<T>(
    type: JournalWriteType,
    step: string | undefined,
    work: () => T,
    durable = true,
  ): Promise<T> {
    const head = { type, operationId: this.row.id, ...(step === undefined ? {} : { step }) };
    for (let tries = 1; ; tries += 1)
      try {
        return this.journal.write(head, work, { durable });
      } catch (error) {
        if (!cannotBeWritten(error)) throw error;
        const { logger, stopping } = this.environment;
        logger.error(
          { operationId: this.row.id, err: error },
          `the database cannot be written (${describeError(error).message}); operations wait until it can. Free some disk space`,
        );
        await pause(this.environment.retryDelay(tries + 3), stopping);
        this.leaveIfStopping();
      }
  }

  protected get journal(): Journal {
    return this.environment.journal;
  }

  protected leaveIfStopping(): void {
    if (this.environment.stopping.aborted) throw new EngineStoppedError();
  }

  protected emit(body: EventBody): void {
    emitOperation(this.environment, this.row, body);
  }
}

function cannotBeWritten(error: unknown): boolean {
  if (!(error instanceof Database.SqliteError)) return false;
  return ['SQLITE_FULL', 'SQLITE_IOERR', 'SQLITE_BUSY'].some((code) => error.code.startsWith(code));
}
