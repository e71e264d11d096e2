import type { Db } from '../db/open.ts';
import type { SqlParameters } from '../db/statement.ts';
import type { OperationError } from '../contract/operation.ts';
import type { Secret } from '../secret.ts';

/**
 * What an input may be made of: plain data that reads back from JSON as it was. Anything with methods (Date, Map)
 * and any {@link Secret} is refused by the compiler, and again when it is written: inputs are kept in the journal, so
 * a secret belongs into its own table, and the input carries its id.
 */
export type Serializable<T> = T extends string | number | boolean | null | undefined
  ? T
  : T extends Secret | bigint | symbol | ((...parameters: never) => unknown)
    ? never
    : { readonly [Key in keyof T]: Serializable<T[Key]> };

/** Makes the compiler refuse a definition whose input is not plain data. */
export type PlainInput<Input> =
  Input extends Serializable<Input> ? unknown : { readonly inputMustBePlainData: never };

/** What an operation works on, by its type ('server', 'router', ...) and UUID. */
export interface Resource {
  readonly type: string;
  readonly id: string;
}

/** What every action and undo gets. Everything that it does is recorded in the step's trace. */
export interface StepContext<Services> {
  readonly db: Db;
  /** The bundle that was given to engine.register() with the saga: host interfaces, stores. */
  readonly services: Services;
  readonly operationId: string;
  readonly requestId: string | null;
  readonly projectId: string | null;
  readonly userId: string | null;
  readonly stepName: string;
  /** 1 for the first try; an attempt that a restart interrupted counts. */
  readonly attempt: number;
  /** Milliseconds since the epoch, by the engine's clock. */
  now(): number;
  /**
   * Runs one SQL statement and records it with the size of its result: for reads that belong into the record.
   * (Changes record themselves, however they are made.)
   */
  sql<Row = never>(text: string, ...parameters: SqlParameters): Row[];
  /** Puts a remark into the record: a decision, a value that was chosen. Never a secret. */
  note(text: string, data?: unknown): void;
}

/** What a host step gets in addition. */
export interface HostContext<Services> extends StepContext<Services> {
  /** Aborts when the operation is cancelled or the step's time is over. Pass it on to commands and RPC. */
  readonly signal: AbortSignal;
  /** Tells listeners how far the step is (0..1). Not kept. */
  progress(fraction: number, text: string): void;
}

/** For `undo`: there is nothing to take back, and why. */
export interface NoUndo {
  readonly reason: string;
}

/** Marks a step that needs no undo. The reason is for the reader: 'only reads', 'the row is removed by step x'. */
export function none(reason: string): NoUndo {
  return { reason };
}

interface StepHead<Input, Services> {
  /** Unique in its saga; it is the step's identity in the journal. In words: 'claim resources'. */
  readonly name: string;
  /** The step's number (or first and last number) in CREATE-FLOW.md, if it is one of those. */
  readonly number?: number | readonly [number, number];
  /** The service that does it, if it is not the saga's own. */
  readonly service?: string;
  /** True: the step is not needed for this input. Asked right before the step; a string is the reason, recorded. */
  readonly skip?: (ctx: StepContext<Services>, input: Input) => boolean | string;
}

/**
 * A step that only changes the database. Its effect, its record and 'succeeded' are one transaction: it happens
 * exactly once, or not at all. Action and undo are synchronous and must not touch the host.
 */
export interface SqlStep<Input, Services> extends StepHead<Input, Services> {
  readonly kind: 'sql';
  action(ctx: StepContext<Services>, input: Input): void;
  readonly undo: NoUndo | ((ctx: StepContext<Services>, input: Input) => void);
}

/**
 * A step that works on the host. It runs at least once: action and undo ensure a state (look first, deterministic
 * names), because a restart may run either again, and undo may meet an action that never began or got half-way.
 */
export interface HostStep<Input, Services> extends StepHead<Input, Services> {
  readonly kind: 'host';
  action(ctx: HostContext<Services>, input: Input): Promise<void>;
  readonly undo: NoUndo | ((ctx: HostContext<Services>, input: Input) => Promise<void>);
  /** The class of work of which the engine runs only so many at once: 'disk', 'domain-start', 'image'. */
  readonly concurrency?: string;
  /** How often to try in all when the error is retryable, with a growing pause; 3 by default. */
  readonly attempts?: number;
  /** Milliseconds after which the signal aborts; by default the host functions' own limits are trusted. */
  readonly timeoutMs?: number;
}

export type Step<Input, Services> = SqlStep<Input, Services> | HostStep<Input, Services>;

export interface SagaDefinition<Input, Services> {
  /** noun-verb, as 'server-create'. The name is the saga's identity in the journal: never reuse one. */
  readonly name: string;
  /** For people: 'Create server'. */
  readonly title: string;
  /** The service that owns it: 'compute'. */
  readonly service: string;
  /** Raise it when an older input can no longer be run; operations under way are then unwound. 1 by default. */
  readonly version?: number;
  resource(input: Input): Resource;
  /**
   * Keys that no other operation may hold at the same time, as 'server:<id>'. Taken all at once, first come first
   * served, and held until the operation has ended (a stuck one keeps them), also over restarts.
   */
  locks(input: Input): readonly string[];
  /** False: cancel() does nothing to it. For deletes, which only go forward. True by default. */
  readonly cancellable?: boolean;
  /** The table of contents. */
  readonly steps: readonly Step<Input, Services>[];
  /** SQL only, in the transaction that makes the operation 'succeeded' (the last step's own). */
  onFinished?(ctx: StepContext<Services>, input: Input): void;
  /** SQL only, in the transaction that makes the unwound operation 'failed': server → ERROR with a fault. */
  onFailed?(ctx: StepContext<Services>, input: Input, error: OperationError): void;
  /** SQL only, in the transaction that makes the unwound operation 'cancelled'. */
  onCancelled?(ctx: StepContext<Services>, input: Input): void;
}

/** A checked definition; make one with {@link defineSaga}. */
export type Saga<Input, Services> = SagaDefinition<Input, Services> & { readonly version: number };

/** One step; gives its functions' parameters their types inside defineSaga's `steps`. */
export function step<Input, Services>(definition: Step<Input, Services>): Step<Input, Services> {
  return definition;
}

/**
 * Defines an operation that survives restarts.
 *
 * @throws {Error} when the definition cannot work: no steps, two steps of one name, a bad name.
 */
export function defineSaga<Input, Services>(
  definition: SagaDefinition<Input, Services> & PlainInput<Input>,
): Saga<Input, Services> {
  const { name, steps } = definition;
  if (!/^[a-z][a-z0-9]*(-[a-z0-9]+)+$/.test(name))
    throw new Error(`saga '${name}': the name is not noun-verb`);
  if (steps.length === 0) throw new Error(`saga '${name}' has no steps`);
  const seen = new Set<string>();
  for (const { name: stepName } of steps) {
    if (seen.has(stepName)) throw new Error(`saga '${name}' has two steps named '${stepName}'`);
    seen.add(stepName);
  }
  return { ...definition, version: definition.version ?? 1 };
}
