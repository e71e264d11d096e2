import type { OperationSummary } from '../contract/operation.ts';
import { statement, transaction, type Db } from '../db/index.ts';
import type { HostContext, HostStep, Saga, SqlStep, Step, StepContext } from './define.ts';
import { SagaEngine } from './engine.ts';
import type { JournalObserver } from './journal.ts';
import { getOperationSummary } from './trace.ts';

/** Everything that one standard test needs; made anew for each. */
export interface SagaWorld<Input, Services> {
  /** With all tables, and the resource's row as the request's transaction leaves it (status BUILD, ...). */
  readonly db: Db;
  /** With fakes whose state outlives an engine, as devices outlive the helper. */
  readonly services: Services;
  readonly input: Input;
  /** What there is on the (pretend) host: plain data that toEqual can compare. */
  inventory(): Promise<unknown>;
  dispose(): Promise<void>;
}

export interface StandardTestOptions<Input, Services> {
  readonly saga: Saga<Input, Services>;
  makeWorld(): Promise<SagaWorld<Input, Services>>;
  /** What may differ in the tables: 'table', 'table.column' or '*.column', as 'server.status', '*.updated_at'. */
  readonly ignore?: readonly string[];
  /** True for deletes: a failure leaves what was done, and queueing it again must get to the end. */
  readonly forwardOnly?: boolean;
  /** More assertions after a failure: the server is in ERROR and has a fault. */
  checkFailed?(world: SagaWorld<Input, Services>): void;
}

/** Host and tables at one moment. */
export interface Snapshot {
  readonly inventory: unknown;
  readonly tables: Record<string, string[]>;
}

const ownTables = new Set(['saga', 'saga_event', 'saga_plan', 'trace', 'migration']);

/** What can be compared before and after: the host's inventory, and all rows of all tables but the engine's. */
export async function snapshot<Input, Services>(
  world: SagaWorld<Input, Services>,
  ignore: readonly string[] = [],
): Promise<Snapshot> {
  const tables: Record<string, string[]> = {};
  const names = statement<[], { name: string }>(
    world.db,
    "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%' ORDER BY name",
  ).all();
  for (const { name } of names) {
    if (ownTables.has(name) || ignore.includes(name)) continue;
    const rows = world.db.prepare<[], Record<string, unknown>>(`SELECT * FROM "${name}"`).all();
    tables[name] = rows.map((row) => rowText(name, row, ignore)).sort();
  }
  return { inventory: structuredClone(await world.inventory()), tables };
}

function rowText(table: string, row: Record<string, unknown>, ignore: readonly string[]): string {
  return JSON.stringify(
    Object.fromEntries(
      Object.entries(row).filter(
        ([column]) => !ignore.includes(`${table}.${column}`) && !ignore.includes(`*.${column}`),
      ),
    ),
  );
}

/** A test made it. */
export class InjectedFault extends Error {
  override readonly name = 'InjectedFault';
  readonly code = 'InjectedFault';
}

/** The saga with one step exchanged. */
export function withStep<Input, Services>(
  saga: Saga<Input, Services>,
  index: number,
  change: (step: Step<Input, Services>) => Step<Input, Services>,
): Saga<Input, Services> {
  return { ...saga, steps: saga.steps.map((step, at) => (at === index ? change(step) : step)) };
}

/** The step with a fault before its action's effect, or after it (taken back at once, when it is SQL). */
export function failing<Input, Services>(
  step: Step<Input, Services>,
  when: 'before' | 'after',
): Step<Input, Services> {
  // A fault comes also where the step would be skipped.
  const { skip, ...always } = step;
  const isNeeded = (ctx: StepContext<Services>, input: Input): boolean =>
    when === 'after' && (skip?.(ctx, input) ?? false) === false;
  if (always.kind === 'sql')
    return withAction(always, (ctx, input) => {
      if (isNeeded(ctx, input)) always.action(ctx, input);
      throw new InjectedFault('injected');
    });
  return withHostAction(always, async (ctx, input) => {
    if (isNeeded(ctx, input)) await always.action(ctx, input);
    throw new InjectedFault('injected');
  });
}

function withAction<Input, Services>(
  step: SqlStep<Input, Services>,
  action: (ctx: StepContext<Services>, input: Input) => void,
): SqlStep<Input, Services> {
  return { ...step, action };
}

/** The host step with another action. */
export function withHostAction<Input, Services>(
  step: HostStep<Input, Services>,
  action: (ctx: HostContext<Services>, input: Input) => Promise<void>,
): HostStep<Input, Services> {
  return { ...step, action };
}

/** The step with `first` called before its undo. */
export function beforeUndo<Input, Services>(
  step: Step<Input, Services>,
  first: () => void,
): Step<Input, Services> {
  if (step.kind === 'sql') {
    const { undo } = step;
    if (typeof undo !== 'function') return step;
    const changed: SqlStep<Input, Services>['undo'] = (ctx, input) => {
      first();
      undo(ctx, input);
    };
    return { ...step, undo: changed };
  }
  const { undo } = step;
  if (typeof undo !== 'function') return step;
  const changed: HostStep<Input, Services>['undo'] = async (ctx, input) => {
    first();
    await undo(ctx, input);
  };
  return { ...step, undo: changed };
}

/** The saga whose last step fails after its effect, so that everything before it is unwound. */
export function failingAtTheEnd<Input, Services>(saga: Saga<Input, Services>): Saga<Input, Services> {
  return withStep(saga, saga.steps.length - 1, (step) => failing(step, 'after'));
}

/** Every host action and undo of the saga runs twice, as after a kill between effect and journal. */
export function doubled<Input, Services>(saga: Saga<Input, Services>): Saga<Input, Services> {
  const steps = saga.steps.map((step): Step<Input, Services> => {
    if (step.kind === 'sql') return step;
    const { undo } = step;
    const twice = withHostAction(step, async (ctx, input) => {
      await step.action(ctx, input);
      await step.action(ctx, input);
    });
    if (typeof undo !== 'function') return twice;
    const undoTwice: HostStep<Input, Services>['undo'] = async (ctx, input) => {
      await undo(ctx, input);
      await undo(ctx, input);
    };
    return { ...twice, undo: undoTwice };
  });
  return { ...saga, steps };
}

/** A standing clock, so that the tables of two runs can be compared. */
const standingClock = (): number => 1_767_225_600_000;

export function makeEngine<Input, Services>(
  world: SagaWorld<Input, Services>,
  saga: Saga<Input, Services>,
  journal?: JournalObserver,
): SagaEngine {
  const engine = new SagaEngine({
    db: world.db,
    clock: standingClock,
    retryDelay: () => 0,
    ...(journal === undefined ? {} : { journal }),
  });
  engine.register(saga, world.services);
  return engine;
}

/** Queues the world's operation and waits for its end. */
export async function runOnce<Input, Services>(
  world: SagaWorld<Input, Services>,
  saga: Saga<Input, Services>,
): Promise<OperationSummary> {
  const engine = makeEngine(world, saga);
  engine.start();
  const id = transaction(world.db, () => engine.enqueue(saga, world.input));
  const ended = await engine.wait(id);
  await engine.stop();
  return ended;
}

/**
 * Runs the operation in an engine that is killed at the n-th moment around a journal write, and then in a second
 * engine until it has ended.
 *
 * @returns how it ended; 'not queued' when the kill came before that was committed; 'not killed' when there is no
 * n-th moment.
 */
export async function killAndRecover<Input, Services>(
  world: SagaWorld<Input, Services>,
  saga: Saga<Input, Services>,
  n: number,
): Promise<OperationSummary | 'not queued' | 'not killed'> {
  let moments = 0;
  let id: string | null = null;
  const killed = Promise.withResolvers<'killed'>();
  const first = makeEngine(world, saga, () => {
    moments += 1;
    if (moments !== n) return;
    killed.resolve('killed');
    throw new Error('killed');
  });
  first.start();
  try {
    id = transaction(world.db, () => first.enqueue(saga, world.input));
  } catch (error) {
    if (moments !== n) throw error;
    return 'not queued';
  }
  await Promise.race([first.wait(id).catch(() => undefined), killed.promise]);
  await first.stop();
  if (moments < n) return 'not killed';
  const second = makeEngine(world, saga);
  second.start();
  const ended = await second.wait(id);
  await second.stop();
  return ended;
}

/**
 * Runs the operation in engines of which each is killed at the `each`-th moment around a journal write, until one
 * gets to the end. Needs at least four: less and no engine gets over a host step.
 */
export async function killAgainAndAgain<Input, Services>(
  world: SagaWorld<Input, Services>,
  saga: Saga<Input, Services>,
  each: number,
): Promise<OperationSummary> {
  const id = transaction(world.db, () => makeEngine(world, saga).enqueue(saga, world.input));
  for (let lives = 0; lives < 1000; lives += 1) {
    let moments = 0;
    const killed = Promise.withResolvers<'killed'>();
    const engine = makeEngine(world, saga, () => {
      moments += 1;
      if (moments < each) return;
      killed.resolve('killed');
      throw new Error('killed');
    });
    engine.start();
    await Promise.race([engine.wait(id).catch(() => undefined), killed.promise]);
    await engine.stop();
    const summary = getOperationSummary(world.db, id);
    if (summary !== undefined && summary.finishedAt !== null) return summary;
  }
  throw new Error('a thousand engines did not get it to its end');
}
