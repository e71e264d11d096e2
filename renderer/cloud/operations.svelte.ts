import { onDestroy } from 'svelte';
import type { Operation, OperationEvent, OperationSummary } from '../../helper/contract/operation.ts';
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

const ENDS: ReadonlySet<OperationEvent['type']> = new Set(['finished', 'failed', 'cancelled', 'stuck']);

/** The latest operations of the cloud, live. Reactive; make it by {@link useOperations}. */
export class Operations {
  items: readonly OperationSummary[] = $state.raw([]);
  phase: 'loading' | 'ready' | 'failed' = $state('loading');
  problem: Problem | undefined = $state.raw(undefined);
  readonly #query: OperationQuery;
  readonly #stop: () => void;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(query: OperationQuery) {
    this.#query = query;
    this.#stop = onEvent((event) => {
      if (event.type === 'connected' || event.type === 'lagged') this.#schedule(0);
      else if (!('operationId' in event)) return;
      else if (event.type === 'step-finished' && event.step.direction === 'action')
        this.#counted(event.operationId);
      else if (
        event.type === 'queued' ||
        event.type === 'started' ||
        event.type === 'unwinding' ||
        ENDS.has(event.type)
      ) {
        const { resource_id: wanted } = this.#query;
        if (wanted === undefined || event.resource.id === wanted) this.#schedule(GATHER_MS);
      }
    });
    this.#schedule(0);
  }

  close(): void {
    this.#stop();
    clearTimeout(this.#timer);
  }

  reload(): void {
    this.#schedule(0);
  }

  #counted(id: string): void {
    this.items = this.items.map((one) =>
      one.id === id && one.stepsDone < one.stepsTotal ? { ...one, stepsDone: one.stepsDone + 1 } : one,
    );
  }

  #schedule(ms: number): void {
    if (this.#timer !== undefined && ms > 0) return;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      void this.#read();
    }, ms);
  }

  async #read(): Promise<void> {
    try {
      const search = new URLSearchParams({ limit: '500', ...this.#query });
      const body = await api.get<{ operations: OperationSummary[] }>('deskcloud', `/operations?${search}`);
      this.items = body.operations;
      this.phase = 'ready';
      this.problem = undefined;
    } catch (error) {
      this.problem = problemOf(error);
      if (this.phase !== 'ready') this.phase = 'failed';
    }
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
