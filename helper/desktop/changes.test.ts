import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { ChangeEvent } from '../contract/change.ts';
import { closeDatabase, type Db, memoryDatabase, statement, transaction } from '../db/index.ts';
import { ChangeFeed } from './changes.ts';

let db: Db;
let heard: ChangeEvent[];
let stop: () => void;
beforeEach(() => {
  db = memoryDatabase();
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

test('a domain is no project; what a person was given and what a project may have are told by whose it is', async () => {
  transaction(db, () => {
    const project = 'INSERT INTO identity_project (id, name, domain_id, is_domain, created_at) VALUES';
    statement(db, `${project} ('d', 'd', NULL, 1, 0), ('p', 'p', 'd', 0, 0)`).run();
    statement(db, "INSERT INTO identity_role (id, name) VALUES ('r', 'member')").run();
    statement(
      db,
      "INSERT INTO identity_assignment (actor_id, actor_kind, target_kind, target_id, role_id) VALUES ('u', 'user', 'project', 'p', 'r')",
    ).run();
    statement(
      db,
      "INSERT INTO network_quota (project_id, resource, hard_limit) VALUES ('p', 'port', 5)",
    ).run();
  });
  await vi.waitFor(() => expect(heard).toHaveLength(5));
  expect(heard.map(({ kind, id, projectId }) => [kind, id, projectId])).toEqual([
    ['domain', 'd', null],
    ['project', 'p', 'p'],
    ['role', 'r', null],
    ['assignment', 'u', null],
    ['quota', 'p', 'p'],
  ]);
  heard.length = 0;
  // Back to the default is a change of the quota, not its end.
  statement(db, "DELETE FROM network_quota WHERE project_id = 'p'").run();
  await vi.waitFor(() => expect(heard).toMatchObject([{ kind: 'quota', id: 'p', deleted: false }]));
});
