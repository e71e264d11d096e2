import { afterEach, beforeEach, expect, test } from 'vitest';
import { VolumeWorld } from './test-world.ts';

let world: VolumeWorld;
beforeEach(async () => {
  world = await new VolumeWorld().start();
});
afterEach(() => world.stop());

/** What triggers keep, and what there is. */
function counts() {
  const { db } = world;
  const count = (table: string, size: string, where = '') =>
    `SELECT project_id, '${table}' AS resource, count(*) AS n, sum(${size}) AS gib FROM ${table} ${where} GROUP BY 1`;
  const counts = db
    .prepare(
      `${count('volume', 'size', 'WHERE consumes_quota = 1')}
       UNION ALL ${count('volume_snapshot', 'volume_size', 'WHERE consumes_quota = 1')}
       UNION ALL ${count('volume_backup', 'size')} ORDER BY 1, 2`,
    )
    .all();
  const pairs = db
    .prepare(
      `SELECT project_id, key, value, count(*) AS n FROM volume_metadata JOIN volume ON id = volume_id
        GROUP BY 1, 2, 3 ORDER BY 1, 2, 3`,
    )
    .all();
  return {
    kept: {
      counts: db.prepare('SELECT * FROM volume_count ORDER BY 1, 2').all(),
      pairs: db.prepare('SELECT * FROM volume_metadata_count ORDER BY 1, 2, 3').all(),
    },
    there: { counts, pairs },
  };
}

/** What a caller's summary and limits say, after the triggers' numbers were compared with the rows. */
async function told(token: string) {
  const { kept, there } = counts();
  expect(kept).toEqual(there);
  const summary = (await world.call(token, 'GET', '/volumes/summary')).body['volume-summary'];
  const { absolute } = (await world.call(token, 'GET', '/limits')).body['limits'] as {
    absolute: Record<string, number>;
  };
  return {
    metadata: summary?.['metadata'],
    used: [
      absolute['totalVolumesUsed'],
      absolute['totalSnapshotsUsed'],
      absolute['totalGigabytesUsed'],
      absolute['totalBackupsUsed'],
    ],
  };
}

test('what quotas and the summary count is what there is, through changes, a new owner and the end', async () => {
  const first = await world.create({ size: 2, metadata: { of: 'a', constructor: 'x' } });
  const second = await world.create({ metadata: { of: 'a' } });
  await world.call('alice', 'POST', '/snapshots', { snapshot: { volume_id: first } });
  await world.call('alice', 'POST', '/backups', { backup: { volume_id: second } });
  await world.settle();
  expect(await told('alice')).toEqual({ metadata: { of: ['a'], constructor: ['x'] }, used: [2, 1, 5, 1] });
  const everyone = await world.call('admin', 'GET', '/volumes/summary?all_tenants=1');
  expect(everyone.body['volume-summary']).toMatchObject({ total_count: 2, metadata: { of: ['a'] } });

  await world.action(second, { 'os-extend': { new_size: 3 } });
  await world.call('alice', 'PUT', `/volumes/${second}/metadata/of`, { meta: { of: 'b' } });
  await world.settle();
  expect(await told('alice')).toEqual({
    metadata: { of: ['a', 'b'], constructor: ['x'] },
    used: [2, 1, 7, 1],
  });
  const some = await world.call('alice', 'GET', '/volumes/summary?size=3');
  expect(some.body['volume-summary']).toEqual({ total_count: 1, total_size: 3, metadata: { of: ['b'] } });

  const offer = await world.call('alice', 'POST', '/volume-transfers', { transfer: { volume_id: second } });
  const { id, auth_key } = offer.body['transfer'] as { id: string; auth_key: string };
  await world.call('bob', 'POST', `/volume-transfers/${id}/accept`, { accept: { auth_key } });
  expect(await told('bob')).toEqual({ metadata: { of: ['b'] }, used: [1, 0, 3, 0] });
  expect(await told('alice')).toEqual({
    metadata: { of: ['a'], constructor: ['x'] },
    used: [1, 1, 4, 1],
  });

  await world.call('alice', 'DELETE', `/volumes/${first}?cascade=true`);
  await world.settle();
  expect(await told('alice')).toEqual({ metadata: {}, used: [0, 0, 0, 1] });
});

test('a pair that is named like what every object has is not there unless it was set', async () => {
  const id = await world.create();
  expect((await world.call('alice', 'GET', `/volumes/${id}/metadata/constructor`)).status).toBe(404);
});
