import { onDestroy } from 'svelte';
import type {
  Operation,
  OperationEvent,
  OperationSearchAnswer,
  OperationState,
  OperationSummary,
} from '../../helper/contract/operation.ts';
import { onEvent } from '../shell/events.ts';
import { Api } from './api.ts';
import { problemOf, type Problem } from './errors.ts';

/** Deskcloud's own API knows no projects on this way. */
const api = new Api(null);
const GATHER_MS = 80;

/** Which operations are wanted; as the API's query. */
export interface OperationQuery {
  readonly resource_type?: string;
  readonly resource_id?: string;
  readonly request_id?: string;
  readonly state?: string;
  readonly limit?: string;
}

/** How many of the newest are read when there are new ones. */
const NEWEST = 50;
const MOST = 1000;

/** What the end of an operation, or another turn of it, makes of its state. */
const STATE_AFTER: Partial<Record<OperationEvent['type'], OperationState>> = {
  started: 'running',
  unwinding: 'unwinding',
  finished: 'succeeded',
  failed: 'failed',
  cancelled: 'cancelled',
  stuck: 'stuck',
};

/** The latest operations of the cloud, live. Reactive; make it by {@link useOperations}. */
export class Operations {
  items: readonly OperationSummary[] = $state.raw([]);
  phase: 'loading' | 'ready' | 'failed' = $state('loading');
  problem: Problem | undefined = $state.raw(undefined);
  /** There are older ones, which {@link older} reads. */
  hasOlder = $state(false);
  readonly #query: OperationQuery;
  readonly #limit: number;
  readonly #stop: () => void;
  readonly #changed = new Map<string, (one: OperationSummary) => OperationSummary>();
  #timer: ReturnType<typeof setTimeout> | undefined;
  #wanted: 'all' | 'newest' | 'nothing' = 'nothing';

  constructor(query: OperationQuery) {
    this.#query = query;
    this.#limit = Number(query.limit ?? MOST);
    this.#stop = onEvent((event) => {
      if (event.type === 'connected' || event.type === 'lagged') this.#schedule('all', 0);
      else if ('operationId' in event) this.#take(event);
    });
    this.#schedule('all', 0);
  }

  close(): void {
    this.#stop();
    clearTimeout(this.#timer);
  }

  reload(): void {
    this.#schedule('all', 0);
  }

  /** Reads the next older ones. @throws {ApiError} */
  async older(): Promise<void> {
    const { operations } = await this.#page({ marker: this.items.at(-1)?.id ?? '' });
    const known = new Set(this.items.map((one) => one.id));
    this.items = [...this.items, ...operations.filter((one) => !known.has(one.id))];
    this.hasOlder = operations.length === this.#limit;
  }

  /** What the event itself tells is shown at once; of operations that are not shown yet the newest are asked for. */
  #take(event: OperationEvent): void {
    const { state, resource_id: wanted } = this.#query;
    if (wanted !== undefined && event.resource.id !== wanted) return;
    const after = STATE_AFTER[event.type];
    if (event.type === 'queued' || (after !== undefined && state !== undefined)) {
      this.#schedule(state === undefined ? 'newest' : 'all', GATHER_MS);
    } else if (after !== undefined) {
      const error = 'error' in event ? event.error : undefined;
      const ended = ['succeeded', 'failed', 'cancelled'].includes(after);
      this.#change(event.operationId, (one) => ({
        ...one,
        state: after,
        ...(after === 'running' ? { startedAt: event.at } : {}),
        ...(ended ? { finishedAt: event.at } : {}),
        ...(error === undefined ? {} : { error }),
      }));
    } else if (event.type === 'step-finished' && event.step.outcome !== 'failed') {
      const { direction } = event.step;
      const difference = direction === 'action' ? 1 : direction === 'undo' ? -1 : 0;
      this.#change(event.operationId, (one) => ({
        ...one,
        stepsDone: Math.min(one.stepsTotal, Math.max(0, one.stepsDone + difference)),
      }));
    }
  }

  #change(id: string, change: (one: OperationSummary) => OperationSummary): void {
    const before = this.#changed.get(id);
    this.#changed.set(id, before === undefined ? change : (one) => change(before(one)));
    this.#schedule('nothing', GATHER_MS);
  }

  #schedule(what: 'all' | 'newest' | 'nothing', ms: number): void {
    if (what === 'all' || this.#wanted === 'nothing') this.#wanted = what;
    if (this.#timer !== undefined && ms > 0) return;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      void this.#catchUp();
    }, ms);
  }

  async #catchUp(): Promise<void> {
    const wanted = this.#wanted;
    this.#wanted = 'nothing';
    if (this.#changed.size > 0) {
      const changed = new Map(this.#changed);
      this.#changed.clear();
      this.items = this.items.map((one) => changed.get(one.id)?.(one) ?? one);
    }
    if (wanted === 'nothing') return;
    try {
      const newest = wanted === 'newest' && this.#limit > NEWEST;
      const { operations } = await this.#page(newest ? { limit: String(NEWEST) } : {});
      if (newest && this.#joins(operations)) {
        const ids = new Set(operations.map((one) => one.id));
        this.items = [...operations, ...this.items.filter((one) => !ids.has(one.id))];
      } else if (newest) {
        this.#schedule('all', 0);
      } else {
        this.items = operations;
        this.hasOlder = operations.length === this.#limit;
      }
      this.phase = 'ready';
      this.problem = undefined;
    } catch (error) {
      this.problem = problemOf(error);
      if (this.phase !== 'ready') this.phase = 'failed';
    }
  }

  /** Nothing is missing between what was read and what is shown. */
  #joins(operations: readonly OperationSummary[]): boolean {
    if (operations.length < NEWEST) return true;
    const known = new Set(this.items.map((one) => one.id));
    return operations.some((one) => known.has(one.id));
  }

  #page(more: Readonly<Record<string, string>>): Promise<{ operations: OperationSummary[] }> {
    const search = new URLSearchParams({ limit: String(this.#limit), ...this.#query, ...more });
    return api.get('deskcloud', `/operations?${search}`);
  }
}

/** Operations for as long as this component is there. */
export function useOperations(query: OperationQuery = {}): Operations {
  const operations = new Operations(query);
  onDestroy(() => operations.close());
  return operations;
}

/** An operation with all its steps. @throws {ApiError} */
export const readOperation = async (id: string): Promise<Operation> =>
  (await api.get<{ operation: Operation }>('deskcloud', `/operations/${id}`)).operation;

/** Tries the undo of a stuck operation again. @throws {ApiError} */
export const retryOperation = (id: string): Promise<unknown> =>
  api.post('deskcloud', `/operations/${id}/retry`);

/** Operations in whose records all words are. @throws {ApiError} */
export const searchOperations = (
  text: string,
  marker: string | null,
  signal: AbortSignal,
): Promise<OperationSearchAnswer> =>
  api.get(
    'deskcloud',
    `/operations/search?${new URLSearchParams({ q: text, ...(marker === null ? {} : { marker }) })}`,
    { signal },
  );
