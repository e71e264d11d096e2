/** Quotas, services, hypervisors, zones, aggregates, claims. */
import { randomUUID } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { transaction } from '../db/index.ts';
import { DomainHostError } from '../host/domain/index.ts';
import { BasicsWorld } from './basics-test-world.ts';
import { NoValidHost } from './basics.ts';

let world: BasicsWorld;
const call: BasicsWorld['call'] = (...request) => world.call(...request);

beforeEach(async () => {
  world = await BasicsWorld.create();
});
afterEach(() => world.dispose());

const SPEC = {
  serverId: 's',
  projectId: 'p1',
  flavor: { id: '1', name: 'f', vcpus: 1, ramMib: 512, diskGib: 1, extraSpecs: {} },
  image: null,
  availabilityZone: null,
  forceHost: null,
  forceNode: null,
  forceHostFiltered: false,
  hints: {},
};

describe('quotas', () => {
  test('are shown with what is used, changed, and set back', async () => {
    world.insertServer('s1');
    expect((await call('member', 'GET', '/os-quota-sets/p1')).body['quota_set']).toMatchObject({
      id: 'p1',
      cores: 20,
      fixed_ips: -1,
    });
    expect((await call('member', 'GET', '/os-quota-sets/p2')).status).toBe(403);
    expect((await call('member', 'GET', '/os-quota-sets/p1/detail', undefined, '2.57')).body).toEqual({
      quota_set: {
        id: 'p1',
        instances: { limit: 10, in_use: 1, reserved: 0 },
        cores: { limit: 20, in_use: 2, reserved: 0 },
        ram: { limit: 51_200, in_use: 1024, reserved: 0 },
        metadata_items: { limit: 128, in_use: 0, reserved: 0 },
        key_pairs: { limit: 100, in_use: 0, reserved: 0 },
        server_groups: { limit: 10, in_use: 0, reserved: 0 },
        server_group_members: { limit: 10, in_use: 0, reserved: 0 },
      },
    });
    const put = (quota: object, version?: string, token = 'admin') =>
      call(token, 'PUT', '/os-quota-sets/p1', { quota_set: quota }, version);
    expect((await put({ cores: 5 }, '2.1', 'member')).status).toBe(403);
    expect((await put({ cores: 5, ram: '-1' })).body['quota_set']).toMatchObject({ cores: 5, ram: -1 });
    expect((await put({ cores: 1 })).status).toBe(400);
    expect((await put({ cores: 1, force: true })).status).toBe(200);
    expect((await put({ floating_ips: 3 }, '2.36')).status).toBe(400);
    expect((await put({ injected_files: 3 }, '2.57')).status).toBe(400);
    expect((await put({ cores: -2 })).status).toBe(400);
    expect((await call('admin', 'DELETE', '/os-quota-sets/p1')).status).toBe(202);
    expect((await call('member', 'GET', '/os-quota-sets/p1')).body['quota_set']).toMatchObject({ cores: 20 });
  });

  test("one user's limits within the project's", async () => {
    world.insertServer('s1');
    const path = '/os-quota-sets/p1?user_id=u';
    const put = (quota: object) => call('admin', 'PUT', path, { quota_set: quota });
    expect((await put({ cores: 21 })).status).toBe(400);
    expect((await put({ cores: 1 })).status).toBe(400);
    expect((await put({ cores: 3 })).body['quota_set']).toMatchObject({ cores: 3, instances: 10 });
    expect((await call('member', 'GET', path)).body['quota_set']).toMatchObject({ cores: 3 });
    expect(
      (await call('member', 'GET', '/os-quota-sets/p1/detail?user_id=u')).body['quota_set'],
    ).toMatchObject({ cores: { limit: 3, in_use: 2 } });
    expect((await call('member', 'GET', '/os-quota-sets/p1')).body['quota_set']).toMatchObject({ cores: 20 });
    const { quotas } = world.basics;
    const demand = { instances: 1, cores: 2, ramMib: 1 };
    const check = (user?: string) => () => quotas.checkServers(world.db, 'p1', demand, user);
    expect(check('u')).toThrow('Quota exceeded for cores: Requested 2, but already used 2 of 3 cores');
    expect(check('somebody')).not.toThrow();
    expect(check()).not.toThrow();
    expect((await call('admin', 'DELETE', path)).status).toBe(202);
    expect(check('u')).not.toThrow();
  });

  test('the default class changes the defaults of all projects', async () => {
    const body = { quota_class_set: { instances: 3 } };
    expect((await call('admin', 'PUT', '/os-quota-class-sets/default', body, '2.50')).body).toMatchObject({
      quota_class_set: { instances: 3, server_groups: 10 },
    });
    expect(
      (await call('admin', 'GET', '/os-quota-class-sets/default')).body['quota_class_set'],
    ).not.toHaveProperty('server_groups');
    expect((await call('member', 'GET', '/os-quota-sets/p1/defaults')).body['quota_set']).toMatchObject({
      instances: 3,
    });
    expect(world.basics.quotas.limit(world.db, 'p1', 'instances')).toBe(3);
  });

  test('S40: counted where the rows are inserted, so 50 creates on a quota of 10 make 10', () => {
    const demand = { instances: 1, cores: 1, ramMib: 1024 };
    let refused = 0;
    for (let index = 0; index < 50; index += 1) {
      try {
        transaction(world.db, () => {
          world.basics.quotas.checkServers(world.db, 'p1', demand);
          world.insertServer(`s${index}`, 'p1', { vcpus: 1 });
        });
      } catch {
        refused += 1;
      }
    }
    expect(refused).toBe(40);
    expect(() =>
      world.basics.quotas.checkServers(world.db, 'p1', { instances: 1, cores: 20, ramMib: 1 }),
    ).toThrow(
      'Quota exceeded for cores, instances: Requested 20, 1, but already used 10, 10 of 20, 10 cores, instances',
    );
    expect(() => world.basics.quotas.checkServers(world.db, 'p2', demand)).not.toThrow();
  });

  test('limits', async () => {
    world.insertServer('s1');
    const limits = async (version: string, path = '/limits', token = 'member') =>
      (await call(token, 'GET', path, undefined, version)).body['limits'] as Record<string, object>;
    expect((await limits('2.1'))['absolute']).toMatchObject({ totalCoresUsed: 2, maxImageMeta: 128 });
    expect(Object.keys((await limits('2.57'))['absolute'] ?? {})).toHaveLength(11);
    expect((await call('member', 'GET', '/limits?tenant_id=p2')).status).toBe(403);
    expect((await limits('2.1', '/limits?tenant_id=p1', 'admin'))['absolute']).toMatchObject({
      totalInstancesUsed: 1,
    });
  });
});

describe('hosts', () => {
  test('services are listed, disabled and enabled, and the scheduler obeys', async () => {
    expect((await call('member', 'GET', '/os-services')).status).toBe(403);
    const { services } = (await call('admin', 'GET', '/os-services', undefined, '2.53')).body as unknown as {
      services: { id: string; binary: string; zone: string; state: string }[];
    };
    expect(services.map(({ binary, zone }) => `${binary} ${zone}`)).toEqual([
      'nova-scheduler internal',
      'nova-conductor internal',
      'nova-compute nova',
    ]);
    const compute = services[2]?.id ?? '';
    const disabled = { status: 'disabled', disabled_reason: 'new disk' };
    expect((await call('admin', 'PUT', `/os-services/${compute}`, disabled, '2.53')).body).toMatchObject({
      service: { status: 'disabled', disabled_reason: 'new disk', forced_down: false },
    });
    expect((await call('admin', 'PUT', `/os-services/${services[0]?.id}`, disabled, '2.53')).status).toBe(
      400,
    );
    expect(() => world.basics.scheduler.select(world.db, SPEC)).toThrow(
      /ComputeFilter: the host is disabled: new disk/,
    );
    expect(world.basics.services.hostStatus(world.db, 'desk')).toBe('MAINTENANCE');
    const target = { host: 'desk', binary: 'nova-compute' };
    expect((await call('admin', 'PUT', '/os-services/enable', target)).body).toEqual({
      service: { ...target, status: 'enabled' },
    });
    expect(world.basics.scheduler.select(world.db, SPEC).host).toBe('desk');
    const down = { ...target, forced_down: true };
    expect((await call('admin', 'PUT', '/os-services/force-down', down, '2.11')).status).toBe(200);
    expect(world.basics.services.hostStatus(world.db, 'desk')).toBe('DOWN');
    expect((await call('admin', 'PUT', '/os-services/disable', { ...target, host: 'x' })).status).toBe(404);
    world.basics.claims.claim(world.db, 's1', 'desk', { vcpus: 1, ramMib: 1, diskGib: 1 });
    expect((await call('admin', 'DELETE', `/os-services/${compute}`, undefined, '2.53')).status).toBe(409);
  });

  test('a hypervisor that does not answer makes the host down, until it comes back', async () => {
    world.hypervisorFails = new DomainHostError('unavailable', 'libvirtd is not running');
    world.domains.resync();
    await expect.poll(() => world.basics.services.hostStatus(world.db, 'desk')).toBe('DOWN');
    expect(() => world.basics.scheduler.select(world.db, SPEC)).toThrow(/is libvirtd running/);
    world.hypervisorFails = undefined;
    world.domains.resync();
    await expect.poll(() => world.basics.services.hostStatus(world.db, 'desk')).toBe('UP');
  });

  test('hypervisors by version', async () => {
    world.insertServer('11111111-0000-4000-8000-000000000001', 'p1', { host: 'desk' });
    world.basics.claims.claim(world.db, '11111111-0000-4000-8000-000000000001', 'desk', {
      vcpus: 2,
      ramMib: 1024,
      diskGib: 20,
    });
    const get = (path: string, version: string) => call('admin', 'GET', path, undefined, version);
    const [old] = (await get('/os-hypervisors/detail', '2.1')).body['hypervisors'] as Record<
      string,
      unknown
    >[];
    expect(old).toMatchObject({
      id: 1,
      vcpus: 4,
      vcpus_used: 2,
      memory_mb: 8192,
      memory_mb_used: 1536,
      local_gb: 200,
      local_gb_used: 20,
      running_vms: 1,
      cpu_info: expect.stringContaining('x86_64') as string,
    });
    world.freeBytes = 50 * 1024 ** 3;
    expect((await get('/os-hypervisors/statistics', '2.87')).body['hypervisor_statistics']).toMatchObject({
      count: 1,
      local_gb: 200,
      disk_available_least: 50,
    });
    expect((await get('/os-hypervisors/statistics', '2.88')).status).toBe(404);
    const { body } = await get('/os-hypervisors?with_servers=true', '2.53');
    const [listed] = body['hypervisors'] as { id: string; servers: { name: string }[] }[];
    expect(listed?.servers).toEqual([
      { uuid: '11111111-0000-4000-8000-000000000001', name: 'instance-00000001' },
    ]);
    const shown = await get(`/os-hypervisors/${listed?.id}`, '2.88');
    expect(shown.body['hypervisor']).toHaveProperty('uptime');
    expect(shown.body['hypervisor']).not.toHaveProperty('vcpus');
    expect((await get(`/os-hypervisors/${listed?.id}/uptime`, '2.53')).status).toBe(200);
    expect((await get('/os-hypervisors/nobody', '2.53')).status).toBe(400);
    expect((await get('/os-hypervisors/nobody', '2.52')).status).toBe(404);
    expect((await get(`/os-hypervisors/${randomUUID()}`, '2.53')).status).toBe(404);
    expect((await get('/os-hypervisors/des/servers', '2.1')).status).toBe(200);
    expect((await get('/os-hypervisors/zzz/search', '2.1')).status).toBe(404);
    expect((await get('/os-hypervisors?hypervisor_hostname_pattern=de', '2.53')).status).toBe(200);
    expect((await call('member', 'GET', '/os-hypervisors')).status).toBe(403);
  });

  test('aggregates make zones, and a host is in one of them', async () => {
    const create = (name: string, zone?: string) =>
      call('admin', 'POST', '/os-aggregates', { aggregate: { name, availability_zone: zone } });
    expect((await create('fast', 'east')).body['aggregate']).toMatchObject({
      id: 1,
      availability_zone: 'east',
    });
    expect((await create('fast')).status).toBe(409);
    await create('slow', 'west');
    const act = (id: number, body: object) => call('admin', 'POST', `/os-aggregates/${id}/action`, body);
    expect((await act(1, { add_host: { host: 'nowhere' } })).status).toBe(404);
    expect((await act(1, { add_host: { host: 'desk' } })).body['aggregate']).toMatchObject({
      hosts: ['desk'],
    });
    expect((await act(2, { add_host: { host: 'desk' } })).status).toBe(409);
    expect(world.basics.zones.zoneOf(world.db, 'desk')).toBe('east');
    expect([
      world.basics.zones.exists(world.db, 'east'),
      world.basics.zones.exists(world.db, 'nova'),
    ]).toEqual([true, false]);
    expect((await call('member', 'GET', '/os-availability-zone')).body).toEqual({
      availabilityZoneInfo: [{ zoneName: 'east', zoneState: { available: true }, hosts: null }],
    });
    expect((await call('member', 'GET', '/os-availability-zone/detail')).status).toBe(403);
    expect(
      (await call('admin', 'GET', '/os-availability-zone/detail')).body['availabilityZoneInfo'],
    ).toHaveLength(2);
    const set = { set_metadata: { metadata: { ssd: 'true' } } };
    expect((await act(1, set)).body['aggregate']).toMatchObject({
      metadata: { availability_zone: 'east', ssd: 'true' },
    });
    expect((await call('admin', 'DELETE', '/os-aggregates/1')).status).toBe(400);
    expect((await act(1, { remove_host: { host: 'desk' } })).status).toBe(200);
    expect((await call('admin', 'DELETE', '/os-aggregates/1')).status).toBe(200);
    expect((await call('admin', 'GET', '/os-aggregates/1')).status).toBe(404);
    expect((await call('member', 'GET', '/os-aggregates')).status).toBe(403);
  });

  test('claims are replaced and released, and never more than the host has', () => {
    const half = { vcpus: 2, ramMib: 6000, diskGib: 10 };
    world.basics.claims.claim(world.db, 's1', 'desk', half);
    world.basics.claims.claim(world.db, 's1', 'desk', half);
    expect(() => world.basics.claims.claim(world.db, 's2', 'desk', half)).toThrow(NoValidHost);
    expect(() => world.basics.claims.claim(world.db, 's1', 'desk', { ...half, ramMib: 99_999 })).toThrow(
      NoValidHost,
    );
    world.basics.claims.release(world.db, 's1');
    world.basics.claims.release(world.db, 's1');
    world.basics.claims.claim(world.db, 's2', 'desk', half);
  });
});
