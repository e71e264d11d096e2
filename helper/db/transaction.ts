import type { Db } from './open.ts';

interface TransactionState {
  depth: number;
  /** Callbacks of the transaction that is open, in the order in which they were given. */
  hooks: (() => void)[];
}

const states = new WeakMap<Db, TransactionState>();

function stateOf(db: Db): TransactionState {
  let state = states.get(db);
  if (state === undefined) {
    state = { depth: 0, hooks: [] };
    states.set(db, state);
  }
  return state;
}

export interface TransactionOptions {
  /**
   * False: the commit does not wait for the disk. It survives a killed process and is in order with all other
   * commits, but a power failure may lose it when no durable commit followed. For marks that only people look at.
   * True by default. An inner transaction has the durability of the outer one.
   */
  readonly durable?: boolean;
}

/**
 * Runs `work` in one immediate transaction: all of its writes or none. A call inside another one joins it: what
 * it wrote is committed with the outer one, and taken back alone when only the inner one throws.
 *
 * `work` must be synchronous: a promise is refused (and everything rolled back), since other requests would get
 * into the open transaction during an await.
 */
export function transaction<T>(db: Db, work: () => T, options: TransactionOptions = {}): T {
  const state = stateOf(db);
  return state.depth === 0 ? outermost(db, state, work, options) : nested(db, state, work);
}

function outermost<T>(db: Db, state: TransactionState, work: () => T, options: TransactionOptions): T {
  const lazy = options.durable === false;
  if (lazy) db.pragma('synchronous = NORMAL');
  try {
    db.exec('BEGIN IMMEDIATE');
    state.depth = 1;
    state.hooks = [];
    let result: T;
    try {
      result = refusePromise(work());
      if (!db.inTransaction) throw new Error('an inner error ended the transaction, and was caught');
      db.exec('COMMIT');
    } catch (error) {
      state.hooks = [];
      // SQLite ends the transaction by itself on some errors (disk full, I/O).
      if (db.inTransaction) db.exec('ROLLBACK');
      throw error;
    } finally {
      state.depth = 0;
    }
    const hooks = state.hooks;
    state.hooks = [];
    for (const hook of hooks) runHook(hook);
    return result;
  } finally {
    if (lazy) db.pragma('synchronous = FULL');
  }
}

function nested<T>(db: Db, state: TransactionState, work: () => T): T {
  const savepoint = `nested_${state.depth}`;
  const hooksBefore = state.hooks.length;
  db.exec(`SAVEPOINT ${savepoint}`);
  state.depth += 1;
  try {
    const result = refusePromise(work());
    db.exec(`RELEASE ${savepoint}`);
    return result;
  } catch (error) {
    state.hooks.length = hooksBefore;
    if (db.inTransaction) db.exec(`ROLLBACK TO ${savepoint}; RELEASE ${savepoint}`);
    throw error;
  } finally {
    state.depth -= 1;
  }
}

function refusePromise<T>(result: T): T {
  if (typeof result === 'object' && result !== null && 'then' in result) {
    if (result instanceof Promise) result.catch(() => undefined);
    throw new TypeError('a database transaction must be synchronous, but its function returned a promise');
  }
  return result;
}

function runHook(hook: () => void): void {
  try {
    hook();
  } catch (error) {
    // The data is committed: the caller of the transaction must not see this as its failure.
    process.emitWarning(error instanceof Error ? error : new Error(String(error)));
  }
}

/** True while a {@link transaction} is open on `db`. */
export function inTransaction(db: Db): boolean {
  return stateOf(db).depth > 0;
}

/**
 * Runs `hook` once the outermost transaction has committed, and never when it is rolled back. Outside a
 * transaction it runs at once. Hooks run in the order given; for waking queues and telling listeners.
 */
export function afterCommit(db: Db, hook: () => void): void {
  const state = stateOf(db);
  if (state.depth > 0) state.hooks.push(hook);
  else hook();
}
