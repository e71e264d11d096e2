import type { OperationStep } from '../contract/operation.ts';
import type { TraceEntry } from '../contract/trace.ts';
import type { Db } from '../db/open.ts';
import { statement } from '../db/statement.ts';
import { afterCommit, transaction } from '../db/transaction.ts';
import { emitOperation, type RunEnvironment } from './attempt.ts';
import type { Resource } from './define.ts';
import type { SagaRow } from './journal.ts';

/** Something that happened outside any saga and belongs into an operation's story. */
export interface ForeignEvent {
  /** What happened: 'DHCP lease given'. */
  readonly name: string;
  /** The step's number in CREATE-FLOW.md, if it is one of those. */
  readonly number?: OperationStep['number'];
  readonly service: string;
  /** The details, for people. Never a secret. */
  readonly text: string;
  /** How long it took, if it was more than a moment. */
  readonly durationMs?: number;
  /** What was done, if it recorded itself; shown after the text. */
  readonly entries?: readonly TraceEntry[];
}

const mostEvents = 500;

/** Adds `event` to an operation, or to the one that tells a resource's story ({@link storyOf}). */
export function appendForeignEvent(
  environment: Pick<RunEnvironment, 'db' | 'journal' | 'events' | 'now'>,
  target: Resource | string,
  event: ForeignEvent,
): void {
  const { db, journal } = environment;
  const row = typeof target === 'string' ? journal.find(target) : newestStory(db, target);
  if (row === undefined) return;
  const { count } = statement<[number], { count: number }>(
    db,
    "SELECT count(*) AS count FROM trace WHERE saga = ? AND direction = 'event'",
  ).get(row.seq) ?? { count: 0 };
  if (count >= mostEvents) return;
  const { name, text, service, number = null } = event;
  const step: OperationStep = {
    name,
    number,
    service,
    direction: 'event',
    attempt: count + 1,
    startedAt: environment.now(),
    durationMs: event.durationMs ?? null,
    outcome: 'succeeded',
    reason: null,
    entries: [{ kind: 'note', text }, ...(event.entries ?? [])],
  };
  transaction(
    db,
    () => {
      journal.trace(row.seq, { ...step, step: name }, { ...step, entries: JSON.stringify(step.entries) });
      afterCommit(db, () => {
        emitOperation(environment, row, { type: 'step-finished', step });
      });
    },
    { durable: false },
  );
}

/** The operation in which is told what happens to a resource outside: the id of the newest that made or started it. */
export const storyOf = (db: Db, resource: Resource): string | undefined => newestStory(db, resource)?.id;

/** Made it (by its saga's name, noun-create), or has the step that starts a guest (CREATE-FLOW.md, 37). */
function newestStory(db: Db, resource: Resource): SagaRow | undefined {
  return statement<[string, string], SagaRow>(
    db,
    `SELECT saga.* FROM saga JOIN saga_plan ON saga_plan.id = saga.plan
     WHERE resource_type = ? AND resource_id = ?
       AND (saga.name LIKE '%-create' OR saga_plan.steps LIKE '%"number":37,%')
     ORDER BY seq DESC LIMIT 1`,
  ).get(resource.type, resource.id);
}
