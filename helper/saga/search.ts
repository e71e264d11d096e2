import { setImmediate as yieldToOthers } from 'node:timers/promises';
import type { FoundOperation, FoundStep, OperationSearchAnswer } from '../contract/operation.ts';
import type { TraceEntry } from '../contract/trace.ts';
import type { Db } from '../db/open.ts';
import { statement, type SqlValue } from '../db/statement.ts';
import { getOperationSummary } from './trace.ts';

export type { FoundOperation };

export interface OperationSearch {
  /** Each must occur in the operation: in its summary, or in what any of its steps did. Upper and lower case are one. */
  readonly words: readonly string[];
  readonly projectId?: string;
  /** At most so many operations; 1 to 1000. */
  readonly limit: number;
  /** The id of an operation: those before it are looked at. */
  readonly marker?: string;
  readonly signal?: AbortSignal;
}

/** Operations looked at between two pauses, so that other requests wait for milliseconds only. */
const BATCH = 40;
/** A search ends after this, and says where it can be taken up. */
const LIMIT_MS = 4000;
/** More words than a person types. */
const MOST_WORDS = 8;
const LINE = 160;

/**
 * Looks through all that was recorded, newest operation first, in small portions. There is no index of the texts: it
 * would be larger than they are, and be written with every step.
 */
export async function searchOperations(db: Db, search: OperationSearch): Promise<OperationSearchAnswer> {
  const words = search.words.slice(0, MOST_WORDS).map((word) => word.toLowerCase());
  const operations: FoundOperation[] = [];
  const deadline = performance.now() + LIMIT_MS;
  let before = search.marker === undefined ? undefined : seqOf(db, search.marker);
  let last: string | null = null;
  for (;;) {
    const rows = batch(db, words, { ...search, before });
    for (const row of rows) {
      last = row.id;
      before = row.seq;
      const summary = row.matches === 1 ? getOperationSummary(db, row.id) : undefined;
      if (summary === undefined) continue;
      operations.push({ ...summary, found: row.inSummary === 1 ? null : foundIn(db, row.seq, words) });
      if (operations.length >= search.limit) return { operations, next: last };
    }
    if (rows.length < BATCH) return { operations, next: null };
    if (performance.now() > deadline || search.signal?.aborted === true) return { operations, next: last };
    await yieldToOthers();
  }
}

function seqOf(db: Db, id: string): number {
  return (
    statement<[string], { seq: number }>(db, 'SELECT seq FROM saga WHERE id = ?').get(id)?.seq ??
    Number.MAX_SAFE_INTEGER
  );
}

interface Row {
  readonly id: string;
  readonly seq: number;
  readonly matches: number;
  readonly inSummary: number;
}

const SUMMARY = `lower(saga.id || ' ' || saga.name || ' ' || saga_plan.title || ' ' || saga_plan.service || ' ' ||
  resource_type || ' ' || resource_id || ' ' || coalesce(request_id, '') || ' ' || coalesce(error, ''))`;

/** The next few operations, each with whether all words are in it. */
function batch(
  db: Db,
  words: readonly string[],
  { projectId, before }: { readonly projectId?: string; readonly before?: number | undefined },
): readonly Row[] {
  const parameters: Record<string, SqlValue> = { limit: BATCH };
  words.forEach((word, at) => {
    parameters[`word${at}`] = word;
    // As it is written inside JSON's strings.
    parameters[`json${at}`] = JSON.stringify(word).slice(1, -1);
  });
  const inSummary = words.map((_, at) => `instr(${SUMMARY}, @word${at}) > 0`);
  const inOne = inSummary.map(
    (head, at) => `(${head} OR EXISTS (SELECT 1 FROM trace WHERE trace.saga = saga.seq AND
       (instr(lower(step || ' ' || coalesce(reason, '')), @word${at}) > 0 OR instr(lower(entries), @json${at}) > 0)))`,
  );
  const conditions: string[] = [];
  if (projectId !== undefined) {
    conditions.push('project_id = @projectId');
    parameters['projectId'] = projectId;
  }
  if (before !== undefined) {
    conditions.push('seq < @before');
    parameters['before'] = before;
  }
  const all = (terms: readonly string[]): string => (terms.length === 0 ? '1' : terms.join(' AND '));
  return statement<[Record<string, SqlValue>], Row>(
    db,
    `SELECT saga.id, seq, ${all(inOne)} AS matches, ${all(inSummary)} AS inSummary
     FROM saga JOIN saga_plan ON saga_plan.id = saga.plan WHERE ${all(conditions)} ORDER BY seq DESC LIMIT @limit`,
  ).all(parameters);
}

/** The step with most of the words in it (the first of several), and its line with most of them. */
function foundIn(db: Db, seq: number, words: readonly string[]): FoundStep | null {
  const rows = statement<
    [number],
    { step: string; number: string | null; reason: string | null; entries: string | null }
  >(db, 'SELECT step, number, reason, entries FROM trace WHERE saga = ? ORDER BY id').iterate(seq);
  let best: FoundStep | null = null;
  let most = 0;
  for (const { step, number, reason, entries } of rows) {
    const recorded = entries === null ? [] : (JSON.parse(entries) as TraceEntry[]).map(textOf);
    const text = [step, reason ?? '', ...recorded].join('\n');
    const has = count(text, words);
    if (has <= most) continue;
    most = has;
    best = {
      step,
      number: number === null ? null : (JSON.parse(number) as FoundStep['number']),
      text: bestLine(text, words),
    };
  }
  return best;
}

/** How many of the words are in the text. */
function count(text: string, words: readonly string[]): number {
  const lower = text.toLowerCase();
  return words.filter((word) => lower.includes(word)).length;
}

/** Everything that a person can read in an entry. */
function textOf(entry: TraceEntry): string {
  switch (entry.kind) {
    case 'command':
      return [entry.argv.join(' '), entry.stdin, entry.output]
        .filter((text) => text !== undefined)
        .join('\n');
    case 'rpc':
      return `${entry.procedure} ${entry.detail} ${entry.error ?? ''}`;
    case 'xml':
      return entry.text;
    case 'file':
      return `${entry.path}\n${entry.text ?? ''}`;
    case 'sql':
      return `${entry.statement} ${entry.parameters ?? ''}`;
    case 'note':
      return `${entry.text} ${entry.data === undefined ? '' : JSON.stringify(entry.data)}`;
  }
}

/** The line with most of the words, cut around the first of them. */
function bestLine(text: string, words: readonly string[]): string {
  let line = '';
  let most = 0;
  for (const one of text.split('\n')) {
    const has = count(one, words);
    if (has > most) [line, most] = [one, has];
  }
  const lower = line.toLowerCase();
  const at = Math.min(...words.map((word) => lower.indexOf(word)).filter((one) => one >= 0));
  const from = Math.max(0, at - LINE / 4);
  return `${from > 0 ? '…' : ''}${line.slice(from, from + LINE).trim()}${line.length > from + LINE ? '…' : ''}`;
}
