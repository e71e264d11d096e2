import type { ServerAction, TaskState } from '../../contract/server-actions.ts';
import { transaction } from '../../db/index.ts';
import { conflict, notFound } from '../../errors/error.ts';
import type { Caller } from '../../http/index.ts';
import type { Saga } from '../../saga/index.ts';
import type { ComputeDeps } from '../deps.ts';
import type { ServerInput } from '../sagas/server-common.ts';
import type { ServerServices } from '../sagas/services.ts';
import { insertServerAction } from '../store/server-action.ts';
import type { ServerRow } from '../store/server-row.ts';
import { findServer, setTask } from '../store/server.ts';
import { requireLegal } from './server-state.ts';

/** @throws {CloudError} notFound */
export function freshServer(deps: ComputeDeps, id: string): ServerRow {
  const row = findServer(deps.db, id);
  if (row === undefined) throw notFound(`Instance ${id} could not be found.`);
  return row;
}

/** In whose name something is done. */
export const whoOf = (caller: Caller, row: ServerRow) => ({
  requestId: caller.requestId,
  projectId: caller.auth.projectId ?? row.project_id,
  userId: caller.auth.userId,
});

/** What can be done to a server that is on no host: shelved away, or never built. */
const WITHOUT_HOST: ReadonlySet<ServerAction> = new Set(['unshelve', 'attach_volume', 'detach_volume']);

export interface ActionBegin<Input extends ServerInput> {
  readonly action: ServerAction;
  /** Name in the list of actions, if not the same. */
  readonly name?: string;
  readonly task: TaskState | null;
  readonly saga: Saga<Input, ServerServices>;
  /** In the transaction, after the check of states: changes what is to change at once, and says the operation's input. */
  readonly input: (row: ServerRow, at: number) => Input;
  /** In the same transaction, when the operation is queued. */
  readonly queued?: (row: ServerRow, operationId: string, at: number) => void;
}

/**
 * Checks that the action is legal, notes the task and queues the operation, all in one transaction.
 * @throws {CloudError} conflict, notFound, and what `input` throws.
 */
export function beginAction<Input extends ServerInput>(
  deps: ComputeDeps,
  caller: Caller,
  serverId: string,
  what: ActionBegin<Input>,
): void {
  const { db, sagas, clock } = deps;
  transaction(db, () => {
    const row = freshServer(deps, serverId);
    requireLegal(what.action, row, caller.auth);
    if (!WITHOUT_HOST.has(what.action)) requireHost(row);
    const at = clock();
    const input = what.input(row, at);
    setTask(db, row.id, what.task, at);
    const who = whoOf(caller, row);
    const operationId = sagas.enqueue(what.saga, input, who);
    insertServerAction(db, {
      serverId: row.id,
      action: what.name ?? what.action,
      ...who,
      operationId,
      at,
    });
    what.queued?.(row, operationId, at);
  });
}

/**
 * nova's check of the instance's host: os-resetState gives a server that was shelved away the state of one that runs,
 * and an action would then make it a domain that no deletion looks for.
 * @throws {CloudError} conflict
 */
export function requireHost({ id, host }: ServerRow): void {
  if (host === null) throw conflict(`Instance ${id} is not ready`);
}
