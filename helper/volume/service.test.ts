import { afterEach, beforeEach, expect, test } from 'vitest';
import { VolumeWorld } from './test-world.ts';

let world: VolumeWorld;
beforeEach(async () => {
  world = await new VolumeWorld().start();
});
afterEach(() => world.stop());

const put = (path: string, body: object, token = 'admin', version = '3.70') =>
  world.call(token, 'PUT', path, body, version);

test('nothing replicates, so nothing fails over; there are no clusters', async () => {
  const host = 'here@file-raw';
  const why = async (body: object): Promise<unknown> =>
    (await put('/os-services/failover_host', body)).body['badRequest']?.['message'];
  expect(await why({ host })).toContain('replication_status in service must be');
  expect(await why({ host: 'elsewhere' })).toContain('No service found with host=elsewhere');
  expect(await why({ cluster: 'c' })).toContain('No service found with cluster=c');
  for (const body of [{}, { host, cluster: 'c' }]) expect(await why(body)).toContain('One and only one');
  expect((await put('/os-services/failover', { host })).status).toBe(400);
  expect((await put('/os-services/failover', { host }, 'admin', '3.25')).status).toBe(404);
  expect((await put('/os-services/failover', { host }, 'alice')).status).toBe(403);
  expect((await put('/clusters/disable', { name: 'c' })).status).toBe(404);
});

test('pools show all that filters and weighers look at', async () => {
  const { body } = await world.call('admin', 'GET', '/scheduler-stats/get_pools?detail=true');
  const [pool] = body['pools'] as unknown as { capabilities: object }[];
  expect(pool?.capabilities).toMatchObject({
    volume_backend_name: 'file-qcow2',
    total_volumes: 0,
    allocated_capacity_gb: 0,
    consistent_group_snapshot_enabled: true,
    filter_function: null,
    goodness_function: '0',
    backend_state: 'up',
  });
});
