import { badRequest, notFound } from '../../errors/error.ts';
import type { Operation, OperationStep } from '../../contract/operation.ts';
import { type AuthContext, type Caller, isAdmin, mv } from '../../http/index.ts';
import { getOperation } from '../../saga/index.ts';
import type { ComputeDeps } from '../deps.ts';
import {
  findServerAction,
  listServerActions,
  type ActionPage,
  type ServerActionRow,
} from '../store/server-action.ts';
import { findServer, findServerEver } from '../store/server.ts';
import type { ServerTarget } from './server.ts';
import { hostId, plainTime } from './server-view.ts';

/** What was done to a server: rows of our own, and the events from the operation's record. */
export class InstanceActionApp {
  readonly #deps: ComputeDeps;

  constructor(deps: ComputeDeps) {
    this.#deps = deps;
  }

  /** As ServerApp.target; from 2.21 deleted servers count too. */
  target(auth: AuthContext, id: string, version: number): ServerTarget {
    const { db } = this.#deps;
    const row = version >= mv('2.21') ? findServerEver(db, id) : findServer(db, id);
    if (row === undefined || (row.project_id !== auth.projectId && !isAdmin(auth)))
      throw notFound(`Instance ${id} could not be found.`);
    return { project_id: row.project_id, user_id: row.user_id, row };
  }

  /** @throws {CloudError} badRequest for an unknown marker. */
  list(target: ServerTarget, page: ActionPage): readonly ServerActionRow[] {
    const rows = listServerActions(this.#deps.db, target.row.id, page);
    if (rows === undefined) throw badRequest(`marker [${page.marker}] not found`);
    return rows;
  }

  /** One action in the list's form. */
  body(caller: Caller, row: ServerActionRow): Record<string, unknown> {
    return {
      action: row.action,
      instance_uuid: row.server_id,
      message: row.message,
      project_id: row.project_id,
      request_id: row.request_id,
      start_time: plainTime(row.started_at),
      user_id: row.user_id,
      ...(caller.version >= mv('2.58') ? { updated_at: plainTime(row.updated_at) } : {}),
    };
  }

  /** One action with its events. @throws {CloudError} notFound */
  show(caller: Caller, target: ServerTarget, requestId: string): object {
    const row = findServerAction(this.#deps.db, target.row.id, requestId);
    if (row === undefined) throw notFound(`Action ${requestId} not found`);
    const body = this.body(caller, row);
    const events = caller.may('os_compute_api:os-instance-actions:events', target);
    if (!events && caller.version < mv('2.51')) return body;
    const operation = row.operation_id === null ? undefined : getOperation(this.#deps.db, row.operation_id);
    const steps = [...(operation?.steps ?? []), ...whole(row.action, operation)];
    return { ...body, events: steps.map((step) => this.#event(caller, target, step, events)) };
  }

  #event(caller: Caller, target: ServerTarget, step: OperationStep, traceback: boolean): object {
    const { version } = caller;
    const details = caller.may('os_compute_api:os-instance-actions:events:details', target);
    const end = step.durationMs === null ? null : step.startedAt + step.durationMs;
    const { host } = target.row;
    return {
      event: `${step.service}_${step.name.replaceAll(' ', '_')}${step.direction === 'undo' ? '_undo' : ''}`,
      start_time: plainTime(step.startedAt),
      finish_time: end === null && step.direction !== 'event' ? null : plainTime(end ?? step.startedAt),
      result: RESULTS[step.outcome],
      ...(traceback ? { traceback: step.outcome === 'failed' ? step.reason : null } : {}),
      ...(version >= mv('2.62')
        ? { hostId: hostId(target.project_id, host), ...(traceback ? { host } : {}) }
        : {}),
      ...(version >= mv('2.84') && details
        ? { details: step.outcome === 'failed' ? step.reason : null }
        : {}),
    };
  }
}

/** Actions whose end clients wait for by nova's name of it: 'compute_detach_interface'. */
const WAITED_FOR = ['attach_interface', 'detach_interface', 'attach_volume', 'detach_volume'];

/** The operation as a whole, once it has ended: all is released then. */
function whole(action: string, operation: Operation | undefined): readonly OperationStep[] {
  if (operation?.finishedAt == null || !WAITED_FOR.includes(action)) return [];
  const startedAt = operation.startedAt ?? operation.createdAt;
  return [
    {
      name: action,
      number: null,
      service: 'compute',
      direction: 'action',
      attempt: 1,
      startedAt,
      durationMs: operation.finishedAt - startedAt,
      outcome: operation.state === 'succeeded' ? 'succeeded' : 'failed',
      reason: operation.error?.message ?? null,
      entries: [],
    },
  ];
}

const RESULTS: Readonly<Record<OperationStep['outcome'], string | null>> = {
  running: null,
  succeeded: 'Success',
  skipped: 'Success',
  failed: 'Error',
  interrupted: 'Error',
};
