import { array, assert, constantFrom, nat, property, uniqueArray } from 'fast-check';
import { afterEach, describe, expect, it } from 'vitest';
import type { OperationEvent } from '../contract/operation.ts';
import { closeDatabase, type Db, memoryDatabase, statement, transaction } from '../db/index.ts';
import { record } from '../host/record.ts';
import { defineSaga, none, step, type Saga } from './define.ts';
import { SagaEngine } from './engine.ts';
import { OperationEvents } from './events.ts';
import { Subscription } from './subscription.ts';
import { prune } from './housekeeping.ts';
import { KeyedLocks } from './locks.ts';
import { StepRecorder } from './recorder.ts';
import { describeError, serializeInput } from './serialize.ts';
import { getOperation, listOperations } from './trace.ts';

const databases: Db[] = [];

afterEach(() => {
  for (const db of databases.splice(0)) closeDatabase(db);
});

function memory(): Db {
  const db = memoryDatabase();
  databases.push(db);
  return db;
}

interface Thing {
  readonly id: string;
}

function sqlSaga(name: string, action: (db: Db) => void = () => undefined): Saga<Thing, null> {
  return defineSaga<Thing, null>({
    name,
    title: name,
    service: 'sample',
    resource: ({ id }) => ({ type: 'thing', id }),
    locks: ({ id }) => [`thing:${id}`],
    steps: [
      step({
        kind: 'sql',
        name: 'work',
        action: ({ db }) => {
          action(db);
        },
        undo: none('nothing was made'),
      }),
    ],
  });
}

describe('keyed locks', () => {
  it('are never held twice, are given in order, and never wait for ever', () => {
    const keys = uniqueArray(constantFrom('a', 'b', 'c', 'd'), { maxLength: 4 });
    assert(
      property(array(keys, { maxLength: 20 }), array(nat(19)), (requests, releases) => {
        const locks = new KeyedLocks();
        const granted = new Set<number>();
        const order: number[] = [];
        const left = new Set(requests.keys());
        for (const [ticket, wanted] of requests.entries())
          locks.request(ticket, wanted, () => {
            granted.add(ticket);
            order.push(ticket);
            const held = [...granted].flatMap((holder) => requests[holder] ?? []);
            expect(new Set(held).size).toBe(held.length);
          });
        const release = (ticket: number): void => {
          granted.delete(ticket);
          left.delete(ticket);
          locks.release(ticket);
        };
        for (const ticket of releases) if (granted.has(ticket)) release(ticket);
        while (left.size > 0) {
          const holder = [...granted][0];
          if (holder === undefined) throw new Error('deadlock');
          release(holder);
        }
        expect(locks.idle).toBe(true);
        // Of two tickets that want the same key, the earlier had it first.
        const share = (one: number, other: number): boolean =>
          requests[one]?.some((key) => requests[other]?.includes(key)) ?? false;
        const overtaken = order.flatMap((ticket, at) =>
          order.slice(at + 1).filter((later) => later < ticket && share(ticket, later)),
        );
        expect(overtaken).toEqual([]);
      }),
    );
  });
});

describe('the live stream', () => {
  const event = (id: string): OperationEvent => ({
    type: 'started',
    at: 0,
    operationId: id,
    name: 'thing-create',
    resource: { type: 'thing', id },
    projectId: null,
  });

  it('filters, bounds its memory with a lagged mark, and ends', async () => {
    const events = new OperationEvents();
    const stop = new AbortController();
    const listen = (push: (one: OperationEvent) => void): (() => void) =>
      events.on((one) => {
        if (one.resource.id === 'a') push(one);
      });
    const stream = new Subscription(listen, 2, stop.signal);
    for (let count = 0; count < 5; count += 1) events.emit(event('a'));
    events.emit(event('b'));
    expect((await stream.next()).value).toEqual({ type: 'lagged', dropped: 3 });
    expect((await stream.next()).value).toEqual(event('a'));
    expect((await stream.next()).value).toEqual(event('a'));
    const next = stream.next();
    stop.abort();
    expect(await next).toEqual({ done: true, value: undefined });
    expect(events.listenerCount).toBe(0);
  });

  it('wakes a reader that waits, and forgets one that leaves', async () => {
    const events = new OperationEvents();
    const seen: string[] = [];
    const reader = (async () => {
      for await (const next of new Subscription<OperationEvent>((push) => events.on(push), 10)) {
        if (next.type !== 'lagged') seen.push(next.operationId);
        if (seen.length === 2) break;
      }
    })();
    events.emit(event('a'));
    await Promise.resolve();
    events.emit(event('b'));
    await reader;
    expect([seen, events.listenerCount]).toEqual([['a', 'b'], 0]);
  });
});

describe('the record of a step', () => {
  it('is bounded', () => {
    const recorder = new StepRecorder(() => undefined);
    recorder.add({ kind: 'xml', name: 'domain', text: 'x'.repeat(70_000) });
    recorder.add({ kind: 'note', text: 'odd', data: 1n });
    for (let count = 0; count < 600; count += 1) recorder.add({ kind: 'note', text: 'n' });
    expect(recorder.entries[0]).toMatchObject({
      kind: 'note',
      text: expect.stringContaining('too long') as string,
    });
    expect(recorder.entries).toHaveLength(501);
    expect(recorder.entries.at(-1)).toEqual({ kind: 'note', text: '102 more entries were left out' });
    expect(JSON.parse(recorder.json ?? '')).toHaveLength(501);
  });
});

describe('inputs and errors', () => {
  it('must read back from JSON as they were', () => {
    expect(serializeInput({ a: [1, null, { b: 'x' }], c: undefined })).toBe('{"a":[1,null,{"b":"x"}]}');
    expect(() => serializeInput({ at: new Date() })).toThrow('input.at is a Date');
    expect(() => serializeInput({ n: [Number.NaN] })).toThrow('input.n[0] (a number) cannot be kept');
  });

  it('are described with code, causes and a bound', () => {
    const error = new Error('outer', { cause: Object.assign(new Error('inner'), { code: 'X' }) });
    expect(describeError(error, 's')).toEqual({ code: 'Error', message: 'outer: inner', step: 's' });
    expect(describeError(Object.assign(new TypeError('t'), { code: 'NoValidHost' })).code).toBe(
      'NoValidHost',
    );
    expect(describeError('x'.repeat(5000)).message).toHaveLength(4097);
  });
});

describe('reading operations', () => {
  it('pages through them, newest first, by project, resource and state', async () => {
    const db = memory();
    const engine = new SagaEngine({ db });
    const saga = sqlSaga('thing-touch');
    engine.register(saga, null);
    engine.start();
    const ids: string[] = [];
    for (let count = 0; count < 5; count += 1) {
      const projectId = count % 2 === 0 ? 'even' : 'odd';
      const id = transaction(db, () => engine.enqueue(saga, { id: `t${count}` }, { projectId }));
      await engine.wait(id);
      ids.unshift(id);
    }
    const all = { limit: 2 };
    const first = listOperations(db, all).map(({ id }) => id);
    const second = listOperations(db, { ...all, marker: first[1] ?? '' }).map(({ id }) => id);
    expect([...first, ...second]).toEqual(ids.slice(0, 4));
    expect(listOperations(db, { projectId: 'odd', limit: 9 })).toHaveLength(2);
    expect(listOperations(db, { resource: { type: 'thing', id: 't3' }, limit: 9 })).toHaveLength(1);
    expect(listOperations(db, { state: 'failed', limit: 9 })).toHaveLength(0);
    await engine.stop();
  });
});

describe('housekeeping', () => {
  it('removes old records, then old operations, and never an open one', async () => {
    const db = memory();
    const engine = new SagaEngine({ db, clock: () => 1000 });
    const saga = sqlSaga('thing-touch');
    engine.register(saga, null);
    const open = transaction(db, () => engine.enqueue(saga, { id: 'open' }));
    engine.start();
    await engine.wait(open);
    await engine.stop();
    db.exec("UPDATE saga SET finished_at = NULL, state = 'stuck'");
    const second = new SagaEngine({ db, clock: () => 1000 });
    second.register(saga, null);
    second.start();
    const done = transaction(db, () => second.enqueue(saga, { id: 'done' }));
    await second.wait(done);
    const day = 86_400_000;
    prune(db, 31 * day, {});
    expect(getOperation(db, done)?.steps).toEqual([]);
    expect(getOperation(db, open)?.steps).toHaveLength(1);
    prune(db, 181 * day, {});
    expect(getOperation(db, done)).toBeUndefined();
    expect(getOperation(db, open)?.state).toBe('stuck');
    expect(
      statement<[], { n: number }>(db, 'SELECT count(*) AS n FROM saga_event WHERE saga = 2').get()?.n,
    ).toBe(0);
    await second.stop();
  });

  it('keeps a bounded number of records', async () => {
    const db = memory();
    const engine = new SagaEngine({ db, retention: { traceRows: 10 } });
    const saga = sqlSaga('thing-touch');
    engine.register(saga, null);
    engine.start();
    for (let count = 0; count < 30; count += 1)
      await engine.wait(transaction(db, () => engine.enqueue(saga, { id: 'x' })));
    await engine.stop();
    expect(statement<[], { n: number }>(db, 'SELECT count(*) AS n FROM trace').get()?.n).toBe(10);
  });
});

describe('an operation', () => {
  it('waits while the disk is full, and goes on when there is space again', async () => {
    const db = memory();
    db.exec('CREATE TABLE blob (a)');
    const waits = Promise.withResolvers<string>();
    const engine = new SagaEngine({
      db,
      retryDelay: () => 1,
      logger: {
        warn: () => undefined,
        error: (_detail, message) => {
          waits.resolve(message);
        },
      },
    });
    const saga = sqlSaga('thing-grow', (db) => {
      statement(db, 'INSERT INTO blob (a) VALUES (randomblob(1000000))').run();
    });
    engine.register(saga, null);
    engine.start();
    const id = transaction(db, () => engine.enqueue(saga, { id: 'x' }));
    db.pragma(`max_page_count = ${Number(db.pragma('page_count', { simple: true })) + 5}`);
    expect(await waits.promise).toMatch(/the database cannot be written .* Free some disk space/);
    db.pragma('max_page_count = 100000');
    expect((await engine.wait(id)).state).toBe('succeeded');
    expect(statement<[], { n: number }>(db, 'SELECT count(*) AS n FROM blob').get()?.n).toBe(1);
    await engine.stop();
  });

  it("that a step queues does not get into that step's record", async () => {
    const db = memory();
    const engine = new SagaEngine({ db });
    const inner = sqlSaga('thing-inner', () => {
      record({ kind: 'note', text: 'of the inner one' });
    });
    let innerId = '';
    const outer = sqlSaga('thing-outer', () => {
      innerId = engine.enqueue(inner, { id: 'inner' });
    });
    engine.register(inner, null);
    engine.register(outer, null);
    engine.start();
    const id = transaction(db, () => engine.enqueue(outer, { id: 'outer' }));
    await engine.wait(id);
    await engine.wait(innerId);
    expect(getOperation(db, innerId)?.steps[0]?.entries).toEqual([
      { kind: 'note', text: 'of the inner one' },
    ]);
    expect(JSON.stringify(getOperation(db, id))).not.toContain('of the inner one');
    await engine.stop();
  });

  it('left by stop() is taken up by the next engine', async () => {
    const db = memory();
    const engine = new SagaEngine({ db });
    const begun = Promise.withResolvers<void>();
    let rounds = 0;
    const saga = defineSaga<Thing, null>({
      ...sqlSaga('thing-long'),
      steps: [
        step({
          kind: 'host',
          name: 'long',
          action: ({ signal }) => {
            rounds += 1;
            begun.resolve();
            if (rounds === 2) return Promise.resolve();
            return new Promise((_resolve, reject) => {
              signal.addEventListener('abort', () => {
                reject(new Error('aborted'));
              });
            });
          },
          undo: none('nothing is made'),
        }),
      ],
    });
    engine.register(saga, null);
    engine.start();
    const id = transaction(db, () => engine.enqueue(saga, { id: 'x' }));
    await begun.promise;
    const stopped = engine.stop(1);
    await expect(engine.wait(id)).rejects.toThrow('was stopped');
    await stopped;
    const next = new SagaEngine({ db });
    next.register(saga, null);
    next.start();
    expect((await next.wait(id)).state).toBe('succeeded');
    expect(getOperation(db, id)?.steps.map(({ outcome }) => outcome)).toEqual(['interrupted', 'succeeded']);
    await next.stop();
  });
});

describe('events from elsewhere', () => {
  it('are added to the operation that created the resource, up to a bound', async () => {
    const db = memory();
    const engine = new SagaEngine({ db });
    const saga = sqlSaga('thing-create');
    engine.register(saga, null);
    engine.start();
    const id = transaction(db, () => engine.enqueue(saga, { id: 'x' }));
    await engine.wait(id);
    const event = { name: 'DHCP lease given', number: 38, service: 'network', text: '10.0.0.5' };
    for (let count = 0; count < 510; count += 1) engine.appendEvent({ type: 'thing', id: 'x' }, event);
    engine.appendEvent({ type: 'thing', id: 'unknown' }, event);
    const steps = getOperation(db, id)?.steps.filter(({ direction }) => direction === 'event') ?? [];
    expect(steps).toHaveLength(500);
    expect(steps[0]).toMatchObject({ name: 'DHCP lease given', number: 38, service: 'network' });
    await engine.stop();
  });

  it('are told by the operation that started the guest last', async () => {
    const db = memory();
    const engine = new SagaEngine({ db });
    const boots: Saga<Thing, null> = { ...sqlSaga('thing-reboot') };
    const [work] = boots.steps;
    const reboot = { ...boots, steps: [{ ...work!, number: 37 }] };
    const others = ['thing-create', 'thing-pause'].map((name) => sqlSaga(name));
    for (const saga of [...others, reboot]) engine.register(saga, null);
    const enqueue = (saga: Saga<Thing, null>): string =>
      transaction(db, () => engine.enqueue(saga, { id: 'x' }));
    expect(engine.storyOf({ type: 'thing', id: 'x' })).toBeUndefined();
    const [made] = others.map(enqueue);
    expect(engine.storyOf({ type: 'thing', id: 'x' })).toBe(made);
    expect(engine.storyOf({ type: 'thing', id: 'y' })).toBeUndefined();
    const started = enqueue(reboot);
    expect(engine.storyOf({ type: 'thing', id: 'x' })).toBe(started);
    await engine.stop();
  });

  it('can join the transaction that queues the operation, with what was recorded and how long it took', () => {
    const db = memory();
    const engine = new SagaEngine({ db });
    const saga = sqlSaga('thing-touch');
    engine.register(saga, null);
    const id = transaction(db, () => {
      const id = engine.enqueue(saga, { id: 'x' });
      const entries = [{ kind: 'sql', statement: 'SELECT 1' }] as const;
      engine.appendEvent(id, {
        name: 'quota',
        number: 6,
        service: 'compute',
        text: 'ok',
        durationMs: 2,
        entries,
      });
      return id;
    });
    expect(getOperation(db, id)?.steps).toMatchObject([
      {
        name: 'quota',
        number: 6,
        direction: 'event',
        durationMs: 2,
        entries: [{ text: 'ok' }, { kind: 'sql' }],
      },
    ]);
  });
});
