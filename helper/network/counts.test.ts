import { afterEach, beforeEach, expect, test } from 'vitest';
import { makeFakeWorld, resourcesOf, type NetworkWorld } from './test-support.ts';

let world: NetworkWorld;
beforeEach(async () => {
  world = await makeFakeWorld({ vniRange: [1, 100] });
});
afterEach(() => world.close());

const { makeNetwork, makeSubnet, makePort } = resourcesOf(() => world);

/** What the triggers keep, and what there is. */
function counts(): { readonly kept: unknown[]; readonly counted: unknown[] } {
  const { db } = world;
  const tables = db
    .prepare<[], { tbl_name: string }>(
      "SELECT tbl_name FROM sqlite_master WHERE type = 'trigger' AND name = tbl_name || '_counted' ORDER BY 1",
    )
    .all()
    .map((row) => row.tbl_name);
  expect(tables).toHaveLength(15);
  const text = tables
    .map((name) => `SELECT project_id, '${name}' AS resource, count(*) AS n FROM ${name} GROUP BY project_id`)
    .join(' UNION ALL ');
  return {
    kept: db.prepare('SELECT project_id, resource, n FROM network_count ORDER BY 1, 2').all(),
    counted: db.prepare(`${text} ORDER BY 1, 2`).all(),
  };
}

test('what quotas count is what there is, also after a cascade and a change of owner', async () => {
  const network = await makeNetwork('a');
  await makeSubnet(network);
  const port = await makePort(network);
  await makeNetwork('a');
  const filled = counts();
  expect(filled.kept).toEqual(filled.counted);
  expect(filled.kept).toContainEqual({ project_id: 'a', resource: 'network', n: 2 });
  expect(filled.kept).toContainEqual({ project_id: 'a', resource: 'security_group_rule', n: 4 });

  world.db.exec("UPDATE network SET project_id = 'b' WHERE project_id = 'a'");
  const moved = counts();
  expect(moved.kept).toEqual(moved.counted);
  expect(moved.kept).toContainEqual({ project_id: 'b', resource: 'network', n: 2 });

  await world.ok('admin', 'DELETE', `/ports/${port.id}`);
  // Its rules go with it.
  world.db.exec('DELETE FROM security_group');
  const emptied = counts();
  expect(emptied.kept).toEqual(emptied.counted);
  expect(emptied.kept).not.toContainEqual(expect.objectContaining({ resource: 'security_group_rule' }));
});
