import type { Operation, OperationStep, PlannedStep } from '../../../helper/contract/operation.ts';
import type { TraceEntry } from '../../../helper/contract/trace.ts';

/** A row of the timeline: an attempt, an undo, an event; or a step that is still to come. */
export interface TimelineRow {
  readonly key: string;
  readonly name: string;
  readonly number: OperationStep['number'];
  readonly service: string;
  /** Undefined while it is only planned. */
  readonly step: OperationStep | undefined;
  /** Where its bar begins and how long it is; shares of the whole time. */
  readonly from: number;
  readonly share: number;
}

export interface Timeline {
  /** Before the operation was queued: the request's own steps. */
  readonly request: readonly TimelineRow[];
  readonly work: readonly TimelineRow[];
  /** What the guest and people did since; told after `began`. */
  readonly guest: readonly TimelineRow[];
  /** Milliseconds since the epoch. */
  readonly began: number;
  readonly lengthMs: number;
}

/** Numbers from here on are the guest's own steps (CREATE-FLOW.md). */
const GUEST_FROM = 38;

const isGuest = ({ direction, number }: OperationStep): boolean =>
  direction === 'event' && typeof number === 'number' && number >= GUEST_FROM;

/** An operation laid out over time. @param now of an operation that runs still. */
export function timelineOf(operation: Operation, now: number): Timeline {
  const { steps, plan, state } = operation;
  const began = operation.startedAt ?? operation.createdAt;
  const end = Math.max(
    operation.finishedAt ?? (state === 'stuck' ? 0 : now),
    ...steps
      .filter((one) => !isGuest(one))
      .map(
        (one) => one.startedAt + (one.durationMs ?? (one.outcome === 'running' ? now - one.startedAt : 0)),
      ),
  );
  const lengthMs = Math.max(1, end - began);
  const firstWork = steps.findIndex((one) => one.direction !== 'event');
  const row = (step: OperationStep, at: number): TimelineRow => {
    const took = step.durationMs ?? (step.outcome === 'running' ? Math.max(0, now - step.startedAt) : 0);
    const from = Math.min(1, Math.max(0, (step.startedAt - began) / lengthMs));
    return {
      key: `${at}`,
      name: step.name,
      number: step.number,
      service: step.service,
      step,
      from,
      share: Math.min(1 - from, took / lengthMs),
    };
  };
  const request: TimelineRow[] = [];
  const work: TimelineRow[] = [];
  const guest: TimelineRow[] = [];
  steps.forEach((step, at) => {
    const before = step.direction === 'event' && (firstWork === -1 || at < firstWork);
    (isGuest(step) ? guest : before ? request : work).push(row(step, at));
  });
  const begun = new Set(steps.filter((one) => one.direction === 'action').map((one) => one.name));
  const ahead = ['queued', 'running'].includes(state) ? plan.filter((one) => !begun.has(one.name)) : [];
  for (const { name, number, service } of ahead)
    work.push({ key: name, name, number, service, step: undefined, from: 1, share: 0 });
  return { request, work, guest, began, lengthMs };
}

export const numberText = (number: OperationStep['number']): string =>
  number === null ? '' : typeof number === 'number' ? `${number}` : `${number[0]}–${number[1]}`;

export type EntryKind = TraceEntry['kind'];
export const ENTRY_KINDS: readonly EntryKind[] = ['command', 'rpc', 'xml', 'sql', 'file', 'note'];

/** A word as a shell would want it. */
const shellWord = (text: string): string =>
  /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", String.raw`'\''`)}'`;

export const commandText = (argv: readonly string[]): string => argv.map(shellWord).join(' ');

/** Everything that a person can read in an entry, as it is shown. */
export function entryText(entry: TraceEntry): string {
  switch (entry.kind) {
    case 'command':
      return [commandText(entry.argv), entry.stdin, entry.output]
        .filter((text) => text !== undefined)
        .join('\n');
    case 'rpc':
      return `${entry.procedure}(${entry.detail}) ${entry.error ?? ''}`;
    case 'xml':
      return `${entry.name}\n${entry.text}`;
    case 'file':
      return `${entry.action} ${entry.path}\n${entry.text ?? ''}`;
    case 'sql':
      return `${entry.statement}\n${entry.parameters ?? ''}`;
    case 'note':
      return `${entry.text}${entry.data === undefined ? '' : `\n${JSON.stringify(entry.data, null, 2)}`}`;
  }
}

/** What a person chose to see of an operation. */
export interface Choice {
  /** Each must occur in the row. */
  readonly words: readonly string[];
  /** Empty: all. */
  readonly kinds: ReadonlySet<EntryKind>;
  readonly onlyTrouble: boolean;
}

export const wordsOf = (text: string): readonly string[] =>
  text
    .toLowerCase()
    .split(/\s+/)
    .filter((word) => word !== '');

/** The entries of a step that are to be shown; of one whose own name has all the words, all. */
export function chosenEntries(step: OperationStep, { words, kinds }: Choice): readonly TraceEntry[] {
  const ofKind = step.entries.filter((one) => kinds.size === 0 || kinds.has(one.kind));
  const own = `${step.name} ${step.service} ${step.reason ?? ''} ${numberText(step.number)}`.toLowerCase();
  const left = words.filter((word) => !own.includes(word));
  if (left.length === 0) return ofKind;
  return ofKind.filter((one) => {
    const text = entryText(one).toLowerCase();
    return left.every((word) => text.includes(word));
  });
}

export function isShown(row: TimelineRow, choice: Choice): boolean {
  const { step } = row;
  const { words, kinds, onlyTrouble } = choice;
  if (step === undefined) return !onlyTrouble && kinds.size === 0 && words.length === 0;
  if (onlyTrouble && step.outcome !== 'failed' && step.outcome !== 'interrupted') return false;
  if (words.length === 0 && kinds.size === 0) return true;
  const own = `${step.name} ${step.service} ${step.reason ?? ''} ${numberText(step.number)}`.toLowerCase();
  const named = words.length > 0 && kinds.size === 0 && words.every((word) => own.includes(word));
  return named || chosenEntries(step, choice).length > 0;
}

export type NumberState = 'done' | 'running' | 'failed' | 'skipped' | 'ahead' | 'elsewhere';

const BY_OUTCOME: Readonly<Record<OperationStep['outcome'], NumberState>> = {
  running: 'running',
  succeeded: 'done',
  failed: 'failed',
  skipped: 'skipped',
  interrupted: 'failed',
};

const covers = (number: PlannedStep['number'], n: number): boolean =>
  number !== null && (typeof number === 'number' ? number === n : n >= number[0] && n <= number[1]);

/** How each of the 50 numbered steps stands, by what is planned and what has happened. */
export function numberStates(
  plan: readonly PlannedStep[],
  steps: readonly Pick<OperationStep, 'number' | 'outcome' | 'direction'>[],
): readonly NumberState[] {
  return Array.from({ length: 50 }, (_, at) => {
    const last = steps.findLast((one) => one.direction !== 'undo' && covers(one.number, at + 1));
    if (last !== undefined) return BY_OUTCOME[last.outcome];
    return plan.some((one) => covers(one.number, at + 1)) ? 'ahead' : 'elsewhere';
  });
}
