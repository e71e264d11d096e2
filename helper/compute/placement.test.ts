/** What placement knows of hosts and servers, and what the scheduler asks of it. */
import { randomUUID } from 'node:crypto';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { statement } from '../db/index.ts';
import { BasicsWorld } from './basics-test-world.ts';
import { NoValidHost, type RequestSpec } from './basics.ts';
import { placementDemand } from './scheduler/placement-demand.ts';

let world: BasicsWorld;
beforeEach(async () => {
  world = await BasicsWorld.create();
});
afterEach(() => world.dispose());

type Row = Readonly<Record<string, string | number>>;
const all = (sql: string): readonly Row[] => statement<[], Row>(world.db, sql).all();
const hostUuid = (): string => String(all('SELECT uuid FROM compute_host')[0]?.['uuid']);
const allocations = (): Readonly<Record<string, number>> => {
  const found: Record<string, number> = {};
  for (const row of all('SELECT resource_class, used FROM placement_allocation'))
    found[String(row['resource_class'])] = Number(row['used']);
  return found;
};
const traits = (): readonly string[] =>
  all('SELECT trait FROM placement_provider_trait').map(({ trait }) => String(trait));

test('hosts with their ratios, aggregates and state', async () => {
  expect(all('SELECT uuid, name FROM placement_provider')).toEqual([{ uuid: hostUuid(), name: 'desk' }]);
  expect(all('SELECT resource_class, total, reserved, allocation_ratio FROM placement_inventory')).toEqual([
    { resource_class: 'DISK_GB', total: 200, reserved: 0, allocation_ratio: 1 },
    { resource_class: 'MEMORY_MB', total: 8192, reserved: 512, allocation_ratio: 1.5 },
    { resource_class: 'VCPU', total: 4, reserved: 0, allocation_ratio: 16 },
  ]);
  expect(traits()).toContain('COMPUTE_NODE');
  const target = { host: 'desk', binary: 'nova-compute' };
  await world.call('admin', 'PUT', '/os-services/disable', target);
  expect(traits()).toContain('COMPUTE_STATUS_DISABLED');
  await world.call('admin', 'PUT', '/os-services/enable', target);
  expect(traits()).not.toContain('COMPUTE_STATUS_DISABLED');
  const made = await world.call('admin', 'POST', '/os-aggregates', { aggregate: { name: 'a' } }, '2.41');
  const aggregate = made.body['aggregate'] as { id: number; uuid: string };
  const act = (body: object) => world.call('admin', 'POST', `/os-aggregates/${aggregate.id}/action`, body);
  await act({ add_host: { host: 'desk' } });
  expect(all('SELECT aggregate_uuid FROM placement_provider_aggregate')).toEqual([
    { aggregate_uuid: aggregate.uuid },
  ]);
  await act({ remove_host: { host: 'desk' } });
  expect(all('SELECT * FROM placement_provider_aggregate')).toEqual([]);
});

test('claims of servers, told again at the start; the provider goes with the service', async () => {
  const id = randomUUID();
  world.insertServer(id);
  world.basics.claims.claim(world.db, id, 'desk', { vcpus: 2, ramMib: 512, diskGib: 0 });
  expect(allocations()).toEqual({ VCPU: 2, MEMORY_MB: 512 });
  statement(world.db, 'DELETE FROM placement_allocation').run();
  await world.basics.start();
  expect(allocations()).toEqual({ VCPU: 2, MEMORY_MB: 512 });
  world.basics.claims.release(world.db, id);
  expect(allocations()).toEqual({});
  statement(world.db, 'DELETE FROM server').run();
  const service = all("SELECT id FROM compute_service WHERE binary = 'nova-compute'")[0];
  expect((await world.call('admin', 'DELETE', `/os-services/${service?.['id']}`)).status).toBe(204);
  expect(all('SELECT * FROM placement_provider')).toEqual([]);
});

const spec = (extraSpecs: Readonly<Record<string, string>>): RequestSpec => ({
  serverId: randomUUID(),
  projectId: 'p1',
  flavor: { id: '1', name: 'f', vcpus: 1, ramMib: 512, diskGib: 1, extraSpecs },
  image: null,
  availabilityZone: null,
  forceHost: null,
  forceNode: null,
  forceHostFiltered: false,
  hints: {},
});

test("flavors' traits and resources are asked of the host", () => {
  const { db, basics } = world;
  const select = (specs: Readonly<Record<string, string>>) => () =>
    basics.scheduler.select(db, spec(specs)).host;
  expect(select({ 'trait:COMPUTE_NODE': 'required' })()).toBe('desk');
  expect(select({ 'trait:COMPUTE_NODE': 'forbidden' })).toThrow('PlacementFilter');
  expect(select({ 'trait:CUSTOM_GOLD': 'required' })).toThrow('the host does not have the trait CUSTOM_GOLD');
  expect(select({ 'resources:CUSTOM_GAS': '1' })).toThrow('the host has no CUSTOM_GAS');
  statement<[string]>(db, "INSERT INTO placement_inventory VALUES (?, 'CUSTOM_GAS', 2, 0, 1, 2, 1, 1.0)").run(
    hostUuid(),
  );
  expect(select({ 'resources:CUSTOM_GAS': '2' })()).toBe('desk');
  expect(select({ 'resources:CUSTOM_GAS': '3' })).toThrow('3 CUSTOM_GAS wanted, 2 free');
  const [first, second] = [randomUUID(), randomUUID()];
  for (const id of [first, second]) {
    world.insertServer(id);
    statement<[string]>(
      db,
      `UPDATE server SET extra_specs = '{"resources:CUSTOM_GAS":"2"}' WHERE id = ?`,
    ).run(id);
  }
  const claim = (id: string) => () =>
    basics.claims.claim(db, id, 'desk', { vcpus: 1, ramMib: 1, diskGib: 0 });
  claim(first)();
  expect(allocations()).toMatchObject({ CUSTOM_GAS: 2 });
  claim(first)();
  expect(claim(second)).toThrow(NoValidHost);
});

test('extra specs in placement words', () => {
  const claim = { vcpus: 2, ramMib: 64, diskGib: 1 };
  expect(
    placementDemand(
      claim,
      {
        'resources:VCPU': '0',
        'resources1:CUSTOM_A': '1',
        'resources_X:CUSTOM_A': '2',
        'trait1:CUSTOM_T': 'required',
        'hw:boot_menu': 'true',
      },
      { 'trait:CUSTOM_U': 'forbidden', 'resources:CUSTOM_A': '9' },
    ),
  ).toEqual({
    resources: { VCPU: 0, MEMORY_MB: 64, DISK_GB: 1, CUSTOM_A: 3 },
    required: ['CUSTOM_T'],
    forbidden: ['CUSTOM_U'],
  });
});
