import { expect, test } from 'vitest';
import { closeDatabase, memoryDatabase, transaction } from '../db/index.ts';
import { record } from '../host/record.ts';
import { defineSaga, none, step } from './define.ts';
import { SagaEngine } from './engine.ts';
import { searchOperations } from './search.ts';

const saga = defineSaga<{ readonly id: string }, null>({
  name: 'thing-create',
  title: 'Create thing',
  service: 'sample',
  resource: ({ id }) => ({ type: 'thing', id }),
  locks: ({ id }) => [`thing:${id}`],
  steps: [
    step({
      kind: 'host',
      name: 'make device',
      number: 33,
      action: (_ctx, { id }) => {
        record({
          kind: 'command',
          argv: ['ip', 'link', 'add', `brq-${id}`],
          stdin: 'first line\nset "quoted" up',
          exitCode: 0,
          durationMs: 1,
        });
        return Promise.resolve();
      },
      undo: none('a sample'),
    }),
  ],
});

test('finds operations by words of their summary and of what their steps did, newest first, in pages', async () => {
  const db = memoryDatabase();
  const engine = new SagaEngine({ db });
  engine.register(saga, null);
  engine.start();
  const ids: string[] = [];
  for (let n = 0; n < 100; n += 1)
    ids.push(transaction(db, () => engine.enqueue(saga, { id: `t${n}` }, { projectId: n < 50 ? 'p' : 'q' })));
  for (const id of ids) await engine.wait(id);
  const search = async (text: string, more: { marker?: string; projectId?: string; limit?: number } = {}) =>
    await searchOperations(db, { words: text.split(' '), limit: 200, ...more });

  // Across summary and record, in any case.
  const one = await search('BRQ-t7 create');
  expect(one.operations.map(({ resource, found }) => [resource.id, found])).toEqual(
    [79, 78, 77, 76, 75, 74, 73, 72, 71, 70, 7].map((n) => [
      `t${n}`,
      { step: 'make device', number: 33, text: `ip link add brq-t${n}` },
    ]),
  );
  expect(one.next).toBeNull();
  // What JSON writes otherwise; the line alone is shown.
  expect((await search('"quoted"', { limit: 1 })).operations[0]?.found?.text).toBe('set "quoted" up');
  expect((await search('nowhere')).operations).toEqual([]);
  expect((await search('thing-create', { projectId: 'p' })).operations).toHaveLength(50);
  expect((await search('t99')).operations[0]).toMatchObject({ resource: { id: 't99' }, found: null });

  const first = await search('brq', { limit: 60 });
  const rest = await search('brq', { limit: 60, marker: first.next ?? '' });
  expect([...first.operations, ...rest.operations].map(({ resource }) => resource.id)).toEqual(
    ids.map((_, n) => `t${99 - n}`),
  );
  await engine.stop();
  closeDatabase(db);
});
