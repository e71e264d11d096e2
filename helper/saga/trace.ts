import type {
  Operation,
  OperationError,
  OperationState,
  OperationStep,
  OperationSummary,
  PlannedStep,
} from '../contract/operation.ts';
import type { TraceEntry } from '../contract/trace.ts';
import type { Db } from '../db/open.ts';
import { statement, type SqlValue } from '../db/statement.ts';
import type { Resource } from './define.ts';

interface SummaryRow {
  readonly seq: number;
  readonly id: string;
  readonly name: string;
  readonly title: string;
  readonly service: string;
  readonly resource_type: string;
  readonly resource_id: string;
  readonly state: OperationState;
  readonly cancel_requested: number;
  readonly request_id: string | null;
  readonly project_id: string | null;
  readonly user_id: string | null;
  readonly created_at: number;
  readonly started_at: number | null;
  readonly finished_at: number | null;
  readonly steps_done: number;
  readonly step_count: number;
  readonly error: string | null;
  readonly stuck_error: string | null;
}

const summaryColumns = `saga.seq, saga.id, saga.name, saga_plan.title, saga_plan.service, resource_type, resource_id, state,
  cancel_requested, request_id, project_id, user_id, created_at, started_at, finished_at, steps_done,
  saga_plan.step_count, error, stuck_error`;

export interface OperationFilter {
  readonly projectId?: string;
  readonly resource?: Resource;
  readonly state?: OperationState;
  readonly requestId?: string;
  /** At most so many; 1 to 1000. */
  readonly limit: number;
  /** The id of the last operation of the page before. */
  readonly marker?: string;
}

/** Operations, newest first. An unknown marker gives an empty page. */
export function listOperations(db: Db, filter: OperationFilter): OperationSummary[] {
  const conditions: string[] = [];
  const parameters: Record<string, SqlValue> = { limit: Math.min(Math.max(filter.limit, 1), 1000) };
  const where = (condition: string, values: Record<string, SqlValue>): void => {
    conditions.push(condition);
    Object.assign(parameters, values);
  };
  if (filter.projectId !== undefined) where('project_id = @projectId', { projectId: filter.projectId });
  if (filter.state !== undefined) where('state = @state', { state: filter.state });
  if (filter.requestId !== undefined) where('request_id = @requestId', { requestId: filter.requestId });
  if (filter.resource !== undefined)
    where('resource_type = @type AND resource_id = @resource', {
      type: filter.resource.type,
      resource: filter.resource.id,
    });
  if (filter.marker !== undefined)
    where('seq < (SELECT seq FROM saga WHERE id = @marker)', { marker: filter.marker });
  const condition = conditions.length === 0 ? '' : `WHERE ${conditions.join(' AND ')}`;
  return statement<[Record<string, SqlValue>], SummaryRow>(
    db,
    `SELECT ${summaryColumns} FROM saga JOIN saga_plan ON saga_plan.id = saga.plan ${condition}
     ORDER BY seq DESC LIMIT @limit`,
  )
    .all(parameters)
    .map(summary);
}

/** One operation without its steps; undefined when there is none of this id. */
export function getOperationSummary(db: Db, id: string): OperationSummary | undefined {
  const row = findRow(db, id);
  return row === undefined ? undefined : summary(row);
}

/** One operation with all that was recorded; undefined when there is none of this id. */
export function getOperation(db: Db, id: string): Operation | undefined {
  const row = findRow(db, id);
  if (row === undefined) return undefined;
  return { ...summary(row), plan: JSON.parse(row.steps) as PlannedStep[], steps: stepsOf(db, row.seq) };
}

function findRow(db: Db, id: string): (SummaryRow & { readonly steps: string }) | undefined {
  return statement<[string], SummaryRow & { readonly steps: string }>(
    db,
    `SELECT ${summaryColumns}, saga_plan.steps FROM saga JOIN saga_plan ON saga_plan.id = saga.plan WHERE saga.id = ?`,
  ).get(id);
}

function summary(row: SummaryRow): OperationSummary {
  const error = row.stuck_error ?? row.error;
  return {
    id: row.id,
    name: row.name,
    title: row.title,
    service: row.service,
    resource: { type: row.resource_type, id: row.resource_id },
    state: row.state,
    cancelRequested: row.cancel_requested === 1,
    requestId: row.request_id,
    projectId: row.project_id,
    userId: row.user_id,
    createdAt: row.created_at,
    startedAt: row.started_at,
    finishedAt: row.finished_at,
    stepsDone: row.steps_done,
    stepsTotal: row.step_count,
    error: error === null ? null : (JSON.parse(error) as OperationError),
  };
}

interface StepRow {
  readonly step: string;
  readonly number: string | null;
  readonly service: string;
  readonly direction: OperationStep['direction'];
  readonly attempt: number;
  readonly started_at: number;
  readonly duration_ms: number | null;
  readonly outcome: OperationStep['outcome'];
  readonly reason: string | null;
  readonly entries: string | null;
}

function stepsOf(db: Db, seq: number): OperationStep[] {
  return statement<[number], StepRow>(
    db,
    `SELECT step, number, service, direction, attempt, started_at, duration_ms, outcome, reason, entries
     FROM trace WHERE saga = ? ORDER BY id`,
  )
    .all(seq)
    .map((row) => ({
      name: row.step,
      number: row.number === null ? null : (JSON.parse(row.number) as OperationStep['number']),
      service: row.service,
      direction: row.direction,
      attempt: row.attempt,
      startedAt: row.started_at,
      durationMs: row.duration_ms,
      outcome: row.outcome,
      reason: row.reason,
      entries: row.entries === null ? [] : (JSON.parse(row.entries) as TraceEntry[]),
    }));
}
