import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { ChangeEvent } from '../contract/change.ts';
import { closeDatabase, openDatabase, statement, transaction, type Db } from '../db/index.ts';
import { ChangeFeed } from './changes.ts';

let db: Db;
let heard: ChangeEvent[];
let stop: () => void;
beforeEach(() => {
  db = openDatabase({ path: ':memory:' });
  heard = [];
  stop = new ChangeFeed(db).on((event) => heard.push(event));
});
afterEach(() => closeDatabase(db));

const flavor = (id: string): void => {
  statement(
    db,
    `INSERT INTO flavor (id, name, vcpus, ram_mib, disk_gib, ephemeral_gib, swap_mib, rxtx_factor, is_public, created_at, updated_at)
     VALUES ('${id}', '${id}', 1, 1, 1, 0, 0, 1, 1, 0, 0)`,
  ).run();
};

test('a thing is told once a transaction, with whether it is gone', async () => {
  transaction(db, () => {
    flavor('a');
    statement(db, "UPDATE flavor SET vcpus = 2 WHERE id = 'a'").run();
    statement(db, "INSERT INTO flavor_access (flavor_id, project_id) VALUES ('a', 'p')").run();
    expect(heard).toEqual([]);
  });
  await vi.waitFor(() => expect(heard).toHaveLength(1));
  expect(heard[0]).toEqual({ type: 'changed', kind: 'flavor', id: 'a', projectId: null, deleted: false });

  heard.length = 0;
  statement(db, "DELETE FROM flavor_access WHERE flavor_id = 'a'").run();
  await vi.waitFor(() => expect(heard).toMatchObject([{ id: 'a', deleted: false }]));
  heard.length = 0;
  statement(db, "DELETE FROM flavor WHERE id = 'a'").run();
  await vi.waitFor(() => expect(heard).toMatchObject([{ id: 'a', deleted: true }]));
});

test('who does not listen any more hears nothing, and writes go on', async () => {
  stop();
  flavor('b');
  await new Promise((resolve) => setImmediate(resolve));
  expect(heard).toEqual([]);
});
