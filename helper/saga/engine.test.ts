import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { OperationEvent } from '../contract/operation.ts';
import { closeDatabase, type Db, memoryDatabase, statement, transaction } from '../db/index.ts';
import { Secret } from '../secret.ts';
import { defineSaga, none, step, type Saga } from './define.ts';
import { SagaEngine, type EngineOptions, type EnqueueOptions } from './engine.ts';
import {
  createSampleTables,
  sampleCreate,
  sampleDelete,
  SampleHost,
  sampleInput,
  type SampleInput,
  type SampleServices,
} from './sample-world.ts';
import { getOperation, listOperations } from './trace.ts';

let directory: string;
let db: Db;
let host: SampleHost;
const engines: SagaEngine[] = [];

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'deskcloud-saga-'));
  db = memoryDatabase();
  createSampleTables(db);
  host = new SampleHost(join(directory, 'devices'));
});

afterEach(async () => {
  for (const engine of engines.splice(0)) await engine.stop(0);
  closeDatabase(db);
  rmSync(directory, { recursive: true });
});

function makeEngine(options: Partial<EngineOptions> = {}): SagaEngine {
  const engine = new SagaEngine({ db, retryDelay: () => 1, graceMs: 5, ...options });
  engine.register(sampleCreate, { host });
  engine.register(sampleDelete, { host });
  engines.push(engine);
  return engine;
}

function startedEngine(options: Partial<EngineOptions> = {}): SagaEngine {
  const engine = makeEngine(options);
  engine.start();
  return engine;
}

function create(engine: SagaEngine, options: EnqueueOptions = {}, input = sampleInput): string {
  return transaction(db, () => {
    statement<[string]>(db, "INSERT INTO thing (id, status) VALUES (?, 'BUILD')").run(input.id);
    return engine.enqueue(sampleCreate, input, { projectId: 'p1', requestId: 'req-1', ...options });
  });
}

function statusOf(id = sampleInput.id): string | undefined {
  return statement<[string], { status: string }>(db, 'SELECT status FROM thing WHERE id = ?').get(id)?.status;
}

/** A saga of one host step that does `work`, holding the sample's lock. */
function one(
  name: string,
  work: (ctx: { signal: AbortSignal; attempt: number }) => Promise<void>,
  more: { attempts?: number; timeoutMs?: number; concurrency?: string; undo?: () => Promise<void> } = {},
): Saga<SampleInput, SampleServices> {
  const { undo = none('nothing was made'), ...limits } = more;
  return defineSaga<SampleInput, SampleServices>({
    name,
    title: name,
    service: 'sample',
    resource: ({ id }) => ({ type: 'thing', id }),
    locks: ({ id }) => [`thing:${id}`],
    steps: [step({ kind: 'host', name: 'work', ...limits, action: async (ctx) => work(ctx), undo })],
  });
}

function deferred(): { promise: Promise<void>; resolve: () => void } {
  const { promise, resolve } = Promise.withResolvers<void>();
  return { promise, resolve };
}

describe('an operation', () => {
  it('runs its steps in order and records what they did', async () => {
    const engine = startedEngine();
    const id = create(engine);
    const ended = await engine.wait(id);
    expect(ended).toMatchObject({ state: 'succeeded', stepsDone: 6, stepsTotal: 6, projectId: 'p1' });
    expect(statusOf()).toBe('ACTIVE');
    expect(Object.keys(host.inventory())).toEqual(['brq-77', 'disk-5b1f', 'tap-5b1f']);
    const operation = getOperation(db, id);
    expect(operation?.steps.map(({ name, outcome, number }) => [name, outcome, number])).toEqual([
      ['claim resources', 'succeeded', 17],
      ['make disk', 'succeeded', [27, 28]],
      ['config drive', 'skipped', 29],
      ['ensure bridge', 'succeeded', 33],
      ['plug tap', 'succeeded', [34, 36]],
      ['thing is active', 'succeeded', null],
    ]);
    expect(operation?.steps[0]?.entries).toEqual([
      {
        kind: 'sql',
        statement: 'INSERT INTO claim (thing, size) VALUES (?, 10)',
        parameters: JSON.stringify(sampleInput.id),
        rows: 1,
      },
    ]);
    expect(operation?.steps[1]?.entries[0]).toMatchObject({
      kind: 'file',
      text: `disk of ${sampleInput.id}`,
    });
    expect(operation?.steps[2]?.reason).toBe('not asked for');
    expect(operation?.plan[1]).toEqual({
      name: 'make disk',
      number: [27, 28],
      service: 'sample',
      kind: 'host',
    });
  });

  it('must be queued inside a transaction, and is not when that rolls back', () => {
    const engine = startedEngine();
    expect(() => engine.enqueue(sampleCreate, sampleInput)).toThrow('in the transaction');
    expect(() =>
      transaction(db, () => {
        engine.enqueue(sampleCreate, sampleInput);
        throw new Error('quota');
      }),
    ).toThrow('quota');
    expect(listOperations(db, { limit: 10 })).toEqual([]);
  });

  it('refuses a secret in its input', () => {
    const engine = startedEngine();
    const input = { ...sampleInput, tap: new Secret('geheim') as unknown as string };
    expect(() => transaction(db, () => engine.enqueue(sampleCreate, input))).toThrow('input.tap is a secret');
  });

  it('tells listeners after each commit', async () => {
    const engine = startedEngine();
    const seen: OperationEvent['type'][] = [];
    engine.events.on((event) => {
      expect(db.inTransaction).toBe(false);
      seen.push(event.type);
    });
    await engine.wait(create(engine));
    expect(seen.slice(0, 2)).toEqual(['queued', 'started']);
    expect(seen.at(-1)).toBe('finished');
    expect(seen.filter((type) => type === 'step-finished')).toHaveLength(6);
  });
});

describe('a failing step', () => {
  it('unwinds, undoing itself and what was before it', async () => {
    host.hook = (what) => {
      if (what === 'after ensure tap-5b1f') throw new Error('no more taps');
    };
    const engine = startedEngine();
    const ended = await engine.wait(create(engine));
    expect(ended).toMatchObject({
      state: 'failed',
      stepsDone: 2,
      error: { message: 'no more taps', step: 'plug tap' },
    });
    expect(statusOf()).toBe('ERROR');
    // The bridge is not undone, as its step says.
    expect(Object.keys(host.inventory())).toEqual(['brq-77']);
    expect(statement<[], { n: number }>(db, 'SELECT count(*) AS n FROM claim').get()?.n).toBe(0);
  });

  it('is tried again when the error is retryable', async () => {
    const engine = makeEngine();
    const attempts: number[] = [];
    const saga = one('thing-try', ({ attempt }) => {
      attempts.push(attempt);
      return attempt < 3
        ? Promise.reject(Object.assign(new Error('busy'), { retryable: true }))
        : Promise.resolve();
    });
    engine.register(saga, { host });
    engine.start();
    const id = transaction(db, () => engine.enqueue(saga, sampleInput));
    expect((await engine.wait(id)).state).toBe('succeeded');
    expect(attempts).toEqual([1, 2, 3]);
    expect(getOperation(db, id)?.steps.map(({ outcome }) => outcome)).toEqual([
      'failed',
      'failed',
      'succeeded',
    ]);
  });

  it('that ignores its time limit makes the operation stuck', async () => {
    const engine = makeEngine();
    const end = deferred();
    const saga = one('thing-hang', () => end.promise, { timeoutMs: 5 });
    engine.register(saga, { host });
    engine.start();
    const id = transaction(db, () => engine.enqueue(saga, sampleInput));
    expect(await engine.wait(id)).toMatchObject({ state: 'stuck', error: { code: 'StepAbandonedError' } });
    end.resolve();
    engine.retry(id);
    expect((await engine.wait(id)).state).toBe('failed');
  });

  it('that obeys its time limit fails', async () => {
    const engine = makeEngine();
    const saga = one(
      'thing-slow',
      ({ signal }) =>
        new Promise((_resolve, reject) => {
          signal.addEventListener('abort', () => {
            reject(new Error('killed'));
          });
        }),
      { timeoutMs: 5 },
    );
    engine.register(saga, { host });
    engine.start();
    const id = transaction(db, () => engine.enqueue(saga, sampleInput));
    expect(await engine.wait(id)).toMatchObject({ state: 'failed', error: { code: 'StepTimeoutError' } });
  });
});

describe('a failing undo', () => {
  it('leaves a stuck operation that keeps its locks until a retry cures it', async () => {
    let broken = true;
    host.hook = (what) => {
      if (what === 'before ensure tap-5b1f') throw new Error('no more taps');
      if (broken && what === 'before remove disk-5b1f') throw new Error('disk busy');
    };
    const engine = startedEngine();
    const id = create(engine);
    expect(await engine.wait(id)).toMatchObject({ state: 'stuck', error: { message: 'disk busy' } });
    // The delete waits: it retries the stuck operation, in vain.
    const remove = transaction(db, () =>
      engine.enqueue(sampleDelete, sampleInput, { cancels: { type: 'thing', id: sampleInput.id } }),
    );
    expect((await engine.wait(id)).state).toBe('stuck');
    expect(getOperation(db, remove)?.state).toBe('queued');
    broken = false;
    engine.retry(id);
    expect(await engine.wait(id)).toMatchObject({ state: 'failed', error: { message: 'no more taps' } });
    expect((await engine.wait(remove)).state).toBe('succeeded');
    expect(statusOf()).toBeUndefined();
    expect(() => {
      engine.retry(id);
    }).toThrow('is not stuck');
  });

  it('is tried again with all others when what stood in the way is gone', async () => {
    let broken = true;
    host.hook = (what) => {
      if (what.startsWith('before ensure tap-')) throw new Error('no more taps');
      if (broken && what.startsWith('before remove disk-')) throw new Error('libvirt is gone');
    };
    const engine = startedEngine();
    expect(engine.retryStuck()).toBe(0);
    const id = create(engine);
    expect((await engine.wait(id)).state).toBe('stuck');
    broken = false;
    expect(engine.retryStuck()).toBe(1);
    expect((await engine.wait(id)).state).toBe('failed');
    expect(engine.retryStuck()).toBe(0);
  });
});

describe('cancelling', () => {
  it('aborts the running step and unwinds, and the delete then runs', async () => {
    const engine = makeEngine();
    const begun = deferred();
    const saga = one('thing-wait', ({ signal }) => {
      begun.resolve();
      return new Promise((_resolve, reject) => {
        signal.addEventListener('abort', () => {
          reject(signal.reason as Error);
        });
      });
    });
    engine.register(saga, { host });
    engine.start();
    const waiting = transaction(db, () => engine.enqueue(saga, sampleInput));
    await begun.promise;
    const remove = transaction(db, () =>
      engine.enqueue(sampleDelete, sampleInput, { cancels: { type: 'thing', id: sampleInput.id } }),
    );
    expect(await engine.wait(waiting)).toMatchObject({ state: 'cancelled', error: null });
    expect((await engine.wait(remove)).state).toBe('succeeded');
  });

  it('leaves alone what is not cancellable or has ended', async () => {
    const engine = startedEngine();
    const id = create(engine);
    await engine.wait(id);
    expect(engine.cancel(id)).toEqual([]);
    const remove = transaction(db, () => engine.enqueue(sampleDelete, sampleInput));
    expect(engine.cancel({ type: 'thing', id: sampleInput.id })).toEqual([]);
    expect((await engine.wait(remove)).state).toBe('succeeded');
  });

  it('of an operation that still waits takes effect without running anything', async () => {
    const engine = makeEngine();
    const end = deferred();
    let ran = 0;
    const first = one('thing-first', () => end.promise);
    const second = one('thing-second', () => {
      ran += 1;
      return Promise.resolve();
    });
    engine.register(first, { host });
    engine.register(second, { host });
    engine.start();
    transaction(db, () => engine.enqueue(first, sampleInput));
    const id = transaction(db, () => engine.enqueue(second, sampleInput));
    expect(engine.cancel(id)).toEqual([id]);
    end.resolve();
    expect((await engine.wait(id)).state).toBe('cancelled');
    expect(ran).toBe(0);
  });
});

describe('starting', () => {
  it('takes up what an earlier engine left, each operation once (R5)', async () => {
    const earlier = makeEngine();
    create(earlier);
    let ensured = 0;
    host.hook = (what) => {
      if (what === 'after ensure disk-5b1f') ensured += 1;
    };
    const engine = startedEngine();
    const [operation] = listOperations(db, { limit: 1 });
    expect((await engine.wait(operation?.id ?? '')).state).toBe('succeeded');
    const later = startedEngine();
    expect((await later.wait(operation?.id ?? '')).state).toBe('succeeded');
    expect(ensured).toBe(1);
  });

  it('unwinds what another version began', async () => {
    const earlier = makeEngine();
    const id = create(earlier);
    const engine = new SagaEngine({ db });
    engines.push(engine);
    engine.register({ ...sampleCreate, version: 2 }, { host });
    engine.start();
    expect((await engine.wait(id)).state).toBe('failed');
    expect(statusOf()).toBe('ERROR');
  });

  it('shows an operation of an unknown saga as stuck, and a version that knows it can unwind it', async () => {
    const id = create(makeEngine());
    const engine = new SagaEngine({ db });
    engines.push(engine);
    engine.start();
    expect(await engine.wait(id)).toMatchObject({ state: 'stuck', error: { code: 'UnknownSaga' } });
    expect(() => {
      engine.retry(id);
    }).toThrow("no saga 'thing-create'");
    const later = startedEngine();
    later.retry(id);
    expect((await later.wait(id)).state).toBe('failed');
  });

  it('unwinds a step that interrupted the helper again and again', async () => {
    const hang = one('thing-crash', () => new Promise(() => undefined), {
      undo: async () => host.remove('x'),
    });
    const first = makeEngine();
    first.register(hang, { host });
    const id = transaction(db, () => first.enqueue(hang, sampleInput));
    for (let round = 0; round < 3; round += 1) {
      const engine = makeEngine();
      engine.register(hang, { host });
      const begun = deferred();
      engine.events.on(({ type }) => {
        if (type === 'step-started') begun.resolve();
      });
      engine.start();
      await begun.promise;
      await engine.stop(0);
    }
    const engine = makeEngine();
    engine.register(hang, { host });
    engine.start();
    expect(await engine.wait(id)).toMatchObject({
      state: 'failed',
      error: { message: 'the helper ended 3 times while it ran' },
    });
  });

  it('is quick with 10,000 finished operations', async () => {
    const engine = startedEngine();
    await engine.wait(create(engine));
    await engine.stop();
    db.exec(`WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 10000)
      INSERT INTO saga (id, plan, name, version, resource_type, resource_id, input, locks, state, created_at, finished_at)
      SELECT 'id-' || i, plan, name, version, resource_type, 'r' || i, input, locks, state, created_at, finished_at
      FROM saga, n WHERE saga.seq = 1`);
    // Processor time: others may be on the machine.
    const before = process.cpuUsage();
    startedEngine();
    const { user, system } = process.cpuUsage(before);
    expect((user + system) / 1000).toBeLessThan(100);
  });
});

describe('concurrency', () => {
  it('runs so many of a class at once as it may, and all others wait', async () => {
    const engine = makeEngine({ concurrency: { disk: 2 } });
    let running = 0;
    let most = 0;
    const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
    const saga = one(
      'thing-copy',
      async () => {
        running += 1;
        most = Math.max(most, running);
        await turn();
        running -= 1;
      },
      { concurrency: 'disk' },
    );
    engine.register(saga, { host });
    engine.start();
    const ids = transaction(db, () =>
      Array.from({ length: 8 }, (_, index) => engine.enqueue(saga, { ...sampleInput, id: `t${index}` })),
    );
    for (const id of ids) expect((await engine.wait(id)).state).toBe('succeeded');
    expect(most).toBe(2);
  });

  it('refuses a class that does not exist', () => {
    const saga = one('thing-odd', () => Promise.resolve(), { concurrency: 'moon' });
    expect(() => {
      makeEngine().register(saga, { host });
    }).toThrow("no concurrency class 'moon'");
  });
});
