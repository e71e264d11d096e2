/** Usage, old proxies, events, passwords, tokens, migrations: the small resources beside servers. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { statement } from '../db/index.ts';
import { IMAGE_ID, NETWORK_ID } from './test-doubles.ts';
import { TestWorld } from './test-world.ts';

let world: TestWorld;
beforeEach(async () => {
  world = await TestWorld.create();
});
afterEach(() => world.dispose());

const call = (token: string | undefined, method: string, path: string, body?: unknown, version?: string) =>
  world.call(token, method, `/v2.1${path}`, body, version);

async function server(): Promise<string> {
  const id = await world.create();
  await world.quiet();
  return id;
}

describe('usage', () => {
  const day = 86_400_000;
  const time = (at: number): string => new Date(at).toISOString().slice(0, 19);
  const period = () => `start=${time(Date.now() - day)}&end=${time(Date.now() + day)}`;

  test('counts servers for the time in which they ran, also forgotten ones', async () => {
    const first = await server();
    const second = await server();
    const now = Date.now();
    const set = statement<[number, string]>(world.db, 'UPDATE server SET launched_at = ? WHERE id = ?');
    set.run(now - day / 2, first);
    set.run(now - day / 4, second);
    const list = await call('admin', 'GET', `/os-simple-tenant-usage?${period()}&detailed=1`);
    expect(list.body).toMatchObject({
      tenant_usages: [{ tenant_id: 'p1', server_usages: [{ ended_at: null }, { state: 'active' }] }],
    });
    const usages = list.body as { tenant_usages: [{ total_hours: number }] };
    const hours = usages.tenant_usages[0].total_hours;
    expect(hours).toBeGreaterThan(17.9);
    expect(hours).toBeLessThan(18.1);
    await call('member', 'DELETE', `/servers/${first}`);
    await world.quiet();
    statement(world.db, 'DELETE FROM server WHERE deleted_at IS NOT NULL').run();
    const shown = await call('reader', 'GET', `/os-simple-tenant-usage/p1?${period()}`, undefined, '2.93');
    const { tenant_usage: usage } = shown.body as {
      tenant_usage: { total_hours: number; server_usages: { instance_id: string; state: string }[] };
    };
    expect(usage.total_hours).toBeCloseTo(hours, 1);
    expect(usage.server_usages.find(({ instance_id }) => instance_id === first)?.state).toBe('terminated');
  });

  test('pages from 2.40 on; says no to bad times, and to whom it does not concern', async () => {
    await server();
    await server();
    const get = (query: string, version?: string) =>
      call('admin', 'GET', `/os-simple-tenant-usage/p1?${period()}&${query}`, undefined, version);
    const page = (await get('limit=1', '2.40')).body as {
      tenant_usage: { server_usages: { instance_id: string }[] };
      tenant_usage_links: { href: string }[];
    };
    expect(page.tenant_usage.server_usages).toHaveLength(1);
    const marker = new URL(page.tenant_usage_links[0]?.href ?? '').searchParams.get('marker');
    expect(marker).toBe(page.tenant_usage.server_usages[0]?.instance_id);
    const next = await get(`limit=1&marker=${marker}`, '2.40');
    expect((next.body as typeof page).tenant_usage.server_usages[0]?.instance_id).not.toBe(marker);
    expect((await get('marker=nobody', '2.40')).status).toBe(400);
    expect((await get('limit=1')).body).not.toHaveProperty('tenant_usage_links');
    expect((await get('what=1', '2.75')).status).toBe(400);
    for (const query of ['start=yesterday', 'start=2030-01-01T00:00:00&end=2020-01-01T00:00:00'])
      expect((await call('admin', 'GET', `/os-simple-tenant-usage?${query}`)).status).toBe(400);
    expect((await call('member', 'GET', '/os-simple-tenant-usage')).status).toBe(403);
    expect((await call('admin', 'GET', '/os-simple-tenant-usage/')).status).toBe(404);
    expect((await call('other', 'GET', '/os-simple-tenant-usage/p1')).status).toBe(403);
    expect((await call('other', 'GET', '/os-simple-tenant-usage/p2')).body).toEqual({ tenant_usage: {} });
    expect((await call(undefined, 'GET', '/os-simple-tenant-usage/p1')).status).toBe(401);
  });

  test('the audit of the last month', async () => {
    const path = '/os-instance_usage_audit_log';
    statement(
      world.db,
      `INSERT INTO compute_service (uuid, host, binary, up, updated_at)
       VALUES ('a', 'desk', 'nova-compute', 1, 1)`,
    ).run();
    const id = await server();
    statement<[number, string]>(world.db, 'UPDATE server SET launched_at = ? WHERE id = ?').run(
      Date.UTC(2024, 0, 20),
      id,
    );
    expect((await call('admin', 'GET', `${path}/2024-02-10%2012:00:00`)).body).toMatchObject({
      instance_usage_audit_log: {
        period_beginning: '2024-01-01 00:00:00',
        period_ending: '2024-02-01 00:00:00',
        total_instances: 1,
        log: { desk: { state: 'DONE', instances: 1 } },
      },
    });
    const before = await call('admin', 'GET', `${path}/2024-01-10%2012:00:00.5`);
    expect(before.body).toMatchObject({ instance_usage_audit_log: { total_instances: 0 } });
    expect((await call('admin', 'GET', path)).status).toBe(200);
    expect((await call('admin', 'GET', `${path}/soon`)).status).toBe(400);
    expect((await call('member', 'GET', path)).status).toBe(403);
    expect((await call(undefined, 'GET', path)).status).toBe(401);
  });
});

test('external events are answered one by one', async () => {
  const id = await server();
  const nobody = '12345678-1234-4234-8234-123456789012';
  const post = (events: object[], version?: string, token = 'admin') =>
    call(token, 'POST', '/os-server-external-events', { events }, version);
  const known = { server_uuid: id, name: 'network-changed', tag: 'port' };
  expect(await post([known])).toMatchObject({
    status: 200,
    body: { events: [{ ...known, status: 'completed', code: 200 }] },
  });
  const mixed = await post(
    [known, { server_uuid: nobody, name: 'network-changed' }, { server_uuid: id, name: 'power-update' }],
    '2.76',
  );
  expect(mixed.status).toBe(207);
  expect((mixed.body as { events: { code: number }[] }).events.map(({ code }) => code)).toEqual([
    200, 404, 400,
  ]);
  expect((await post([{ server_uuid: id, name: 'power-update', tag: 'POWER_OFF' }], '2.75')).status).toBe(
    400,
  );
  expect((await post([])).status).toBe(400);
  expect((await post([known], undefined, 'member')).status).toBe(403);
});

test('topology, password and console tokens of a server', async () => {
  const id = await server();
  const topology = `/servers/${id}/topology`;
  expect((await call('member', 'GET', topology, undefined, '2.77')).status).toBe(404);
  expect((await call('reader', 'GET', topology, undefined, '2.78')).body).toEqual({
    nodes: [],
    pagesize_kb: null,
  });
  const path = `/servers/${id}/os-server-password`;
  expect((await call('reader', 'GET', path)).body).toEqual({ password: '' });
  expect(world.compute.face.storeGuestPassword(world.db, id, 'abc')).toBe(true);
  expect(world.compute.face.storeGuestPassword(world.db, id, 'def')).toBe(false);
  expect((await call('reader', 'GET', path)).body).toEqual({ password: 'abc' });
  expect((await call('reader', 'DELETE', path)).status).toBe(403);
  expect((await call('other', 'GET', path)).status).toBe(404);
  expect((await call('member', 'DELETE', path)).status).toBe(204);
  expect((await call('reader', 'GET', path)).body).toEqual({ password: '' });
  await call('member', 'POST', `/servers/${id}/action`, { 'os-getVNCConsole': { type: 'novnc' } });
  const inject = (who: string) => call(who, 'POST', `/servers/${id}/action`, { injectNetworkInfo: null });
  expect((await inject('member')).status).toBe(403);
  expect((await inject('admin')).status).toBe(202);
  const token = (version: string, name = id, who = 'admin') =>
    call(who, 'GET', `/os-console-auth-tokens/${name}`, undefined, version);
  expect((await token('2.31')).body).toMatchObject({ console: { instance_uuid: id, host: 'desk' } });
  expect((await token('2.30')).status).toBe(401);
  expect((await token('2.31', 'none')).status).toBe(404);
  expect((await token('2.31', id, 'member')).status).toBe(403);
});

describe('moves and migrations', () => {
  test('bodies by microversion, and hosts that are named', async () => {
    const id = await server();
    statement(
      world.db,
      `INSERT INTO compute_service (uuid, host, binary, up, updated_at)
       VALUES ('a', 'desk', 'nova-compute', 1, 1)`,
    ).run();
    statement(
      world.db,
      `INSERT INTO compute_host (uuid, host, node, hypervisor_type, hypervisor_version, accelerator, cpu_arch,
         cpu_model, vcpus, memory_mib, disk_gib, disk_free_gib, updated_at)
       VALUES ('b', 'desk', 'desk', 'QEMU', 7, 'kvm', 'x86_64', 'm', 4, 4096, 10, 10, 1)`,
    ).run();
    const act = async (body: object, version: string) => {
      const answer = await call('admin', 'POST', `/servers/${id}/action`, body, version);
      const text = JSON.stringify(answer.body);
      return `${answer.status} ${/single|could not be found|current host|same one|not found|still in use|Invalid input|required/.exec(text)?.[0]}`;
    };
    expect(await act({ migrate: null }, '2.1')).toBe('400 single');
    expect(await act({ migrate: { host: 'nowhere' } }, '2.56')).toBe('400 could not be found');
    expect(await act({ migrate: { host: 'desk' } }, '2.56')).toBe('400 current host');
    const live = { host: null, block_migration: false };
    expect(await act({ 'os-migrateLive': live }, '2.1')).toBe('400 Invalid input');
    expect(await act({ 'os-migrateLive': { ...live, disk_over_commit: false } }, '2.1')).toBe('400 single');
    expect(await act({ 'os-migrateLive': { ...live, force: true } }, '2.29')).toBe('400 Invalid input');
    expect(await act({ 'os-migrateLive': { ...live, host: 'nowhere' } }, '2.30')).toBe(
      '400 could not be found',
    );
    expect(await act({ 'os-migrateLive': { ...live, force: false } }, '2.68')).toBe('400 Invalid input');
    expect(await act({ evacuate: {} }, '2.1')).toBe('400 Invalid input');
    expect(await act({ evacuate: { host: 'desk' } }, '2.14')).toBe('400 same one');
    expect(await act({ evacuate: { host: 'nowhere' } }, '2.14')).toBe('404 not found');
    expect(await act({ evacuate: {} }, '2.93')).toBe('400 still in use');
  });

  test('none is ever under way', async () => {
    const id = await server();
    const path = `/servers/${id}/migrations/1`;
    expect((await call('admin', 'GET', path, undefined, '2.23')).status).toBe(404);
    expect((await call('admin', 'DELETE', path, undefined, '2.24')).status).toBe(409);
    const force = { force_complete: null };
    expect((await call('admin', 'POST', `${path}/action`, force, '2.22')).status).toBe(409);
    for (const [method, way] of [
      ['GET', path],
      ['DELETE', path],
    ] as const) {
      expect((await call('member', method, way, undefined, '2.24')).status).toBe(403);
      expect((await call('other', method, way, undefined, '2.24')).status).toBe(404);
      expect((await call(undefined, method, way, undefined, '2.24')).status).toBe(401);
    }
    const bad = await call('admin', 'GET', '/os-migrations?changes-since=soon', undefined, '2.59');
    expect(bad.status).toBe(400);
    const order = 'changes-since=2024-02-01T00:00:00Z&changes-before=2024-01-01T00:00:00Z';
    expect((await call('admin', 'GET', `/os-migrations?${order}`, undefined, '2.66')).status).toBe(400);
    expect((await call('admin', 'GET', '/os-migrations?user_id=u', undefined, '2.66')).status).toBe(400);
    expect((await call('admin', 'GET', '/os-migrations?user_id=u', undefined, '2.80')).status).toBe(200);
  });
});

describe('old proxies of the network', () => {
  test('floating IPs', async () => {
    const id = await server();
    const path = '/os-floating-ips';
    expect((await call('reader', 'POST', path, {})).status).toBe(403);
    expect((await call('member', 'POST', path, { pool: 'nowhere' })).status).toBe(404);
    const made = (await call('member', 'POST', path, { pool: 'public' })).body as {
      floating_ip: { id: string; ip: string };
    };
    const { floating_ip: one } = made;
    expect((await call('reader', 'GET', path)).body).toEqual({
      floating_ips: [{ ...one, pool: 'public', fixed_ip: null, instance_id: null }],
    });
    const act = (body: object, version?: string) =>
      call('member', 'POST', `/servers/${id}/action`, body, version);
    expect((await act({ addFloatingIp: { address: one.ip } }, '2.44')).status).toBe(400);
    expect((await act({ addFloatingIp: { address: one.ip } }, '2.43')).status).toBe(202);
    expect((await call('reader', 'GET', `${path}/${one.id}`)).body).toMatchObject({
      floating_ip: { instance_id: id },
    });
    expect((await act({ removeFloatingIp: { address: one.ip } })).status).toBe(202);
    expect((await act({ removeFloatingIp: { address: one.ip } })).status).toBe(409);
    expect((await act({ addFixedIp: { networkId: NETWORK_ID } })).status).toBe(202);
    expect((await act({ removeFixedIp: { address: '10.9.9.9' } })).status).toBe(400);
    expect((await call('member', 'DELETE', `${path}/${one.id}`)).status).toBe(202);
    expect((await call('member', 'GET', `${path}/${one.id}`)).status).toBe(404);
    expect((await call('member', 'GET', path, undefined, '2.36')).status).toBe(404);
    expect((await call('reader', 'GET', '/os-floating-ip-pools')).body).toEqual({
      floating_ip_pools: [{ name: 'public' }],
    });
  });

  test('networks', async () => {
    const own = (await call('member', 'GET', `/os-networks/${NETWORK_ID}`)).body as {
      network: Record<string, unknown>;
    };
    expect(own.network).toMatchObject({ id: NETWORK_ID, label: 'private', cidr: null });
    expect(own.network).not.toHaveProperty('vlan');
    expect((await call('admin', 'GET', '/os-networks')).body).toMatchObject({ networks: [{ vlan: null }] });
    expect((await call('reader', 'GET', '/os-tenant-networks')).body).toEqual({
      networks: [{ id: NETWORK_ID, cidr: 'None', label: 'private' }],
    });
    expect((await call('reader', 'GET', '/os-tenant-networks/none')).status).toBe(404);
    expect((await call('nobody', 'GET', '/os-networks')).status).toBe(403);
    expect((await call('reader', 'GET', '/os-networks', undefined, '2.36')).status).toBe(404);
  });
});

test.each([
  ['GET', '/os-agents'],
  ['POST', '/os-cells/sync_instances'],
  ['POST', '/os-certificates'],
  ['GET', '/os-cloudpipe'],
  ['GET', '/os-fixed-ips/10.0.0.1'],
  ['GET', '/os-floating-ip-dns'],
  ['GET', '/os-floating-ips-bulk'],
  ['GET', '/os-fping'],
  ['POST', '/os-networks'],
  ['DELETE', '/os-tenant-networks/x'],
  ['GET', '/os-security-group-default-rules'],
  ['GET', '/servers/x/os-virtual-interfaces'],
  ['GET', '/servers/x/consoles'],
])('%s %s is gone', async (method, path) => {
  for (const version of ['2.1', '2.93'])
    expect((await call('member', method, path, method === 'POST' ? {} : undefined, version)).status).toBe(
      410,
    );
  expect((await call(undefined, method, path)).status).toBe(401);
});

test('bare metal, assisted snapshots and extensions', async () => {
  expect((await call('admin', 'GET', '/os-baremetal-nodes')).status).toBe(501);
  expect((await call('admin', 'DELETE', '/os-baremetal-nodes/x')).status).toBe(400);
  expect((await call('admin', 'GET', '/os-baremetal-nodes', undefined, '2.36')).status).toBe(404);
  expect((await call('member', 'GET', '/os-baremetal-nodes')).status).toBe(403);
  expect((await call('admin', 'POST', '/os-assisted-volume-snapshots', {})).status).toBe(404);
  expect((await call('member', 'POST', '/os-assisted-volume-snapshots', {})).status).toBe(403);
  const { extensions } = (await call('nobody', 'GET', '/extensions')).body as { extensions: object[] };
  expect(extensions.length).toBeGreaterThan(90);
  expect((await call('nobody', 'GET', '/extensions/os-consoles')).status).toBe(200);
  expect((await call('nobody', 'GET', '/extensions/none')).status).toBe(404);
});

test("images are brought to an aggregate's hosts", async () => {
  const insert = statement(
    world.db,
    "INSERT INTO aggregate (id, uuid, name, created_at) VALUES (7, 'u', 'a', 1)",
  );
  insert.run();
  statement(world.db, "INSERT INTO aggregate_host VALUES (7, 'desk')").run();
  const post = (id: string, cache: object[], version = '2.81', token = 'admin') =>
    call(token, 'POST', `/os-aggregates/${id}/images`, { cache }, version);
  const one = { id: IMAGE_ID };
  expect((await post('7', [one])).status).toBe(202);
  await world.quiet();
  const saga = statement<[], { state: string }>(
    world.db,
    "SELECT state FROM saga WHERE name = 'image-precache'",
  ).get();
  expect(saga?.state).toBe('succeeded');
  expect((await post('7', [one, one])).status).toBe(400);
  expect((await post('8', [one])).status).toBe(404);
  expect((await post('x', [one])).status).toBe(400);
  expect((await post('7', [one], '2.80')).status).toBe(404);
  expect((await post('7', [one], '2.81', 'member')).status).toBe(403);
});

test('servers are found at their old place, too', async () => {
  const id = await server();
  expect((await call('reader', 'GET', '/os-volumes_boot')).body).toMatchObject({ servers: [{ id }] });
  expect((await call('reader', 'GET', `/os-volumes_boot/${id}`)).body).toMatchObject({ server: { id } });
  expect((await call('other', 'GET', `/os-volumes_boot/${id}`)).status).toBe(404);
  expect((await call(undefined, 'GET', '/os-volumes_boot')).status).toBe(401);
});

test('old microversions choose among images', async () => {
  const snapshot = '22222222-aaaa-4222-8222-222222222222';
  world.images.add({
    id: snapshot,
    name: 'snap',
    properties: { image_type: 'snapshot', instance_uuid: 's1' },
  });
  const names = async (query: string, path = '/images') => {
    const answer = await call('reader', 'GET', `${path}?${query}`);
    return (answer.body as { images?: { id: string }[] }).images?.map(({ id }) => id) ?? answer.status;
  };
  expect(await names('name=snap')).toEqual([snapshot]);
  expect(await names('type=snapshot', '/images/detail')).toEqual([snapshot]);
  expect(await names('server=http://cloud/v2.1/servers/s1')).toEqual([snapshot]);
  expect(await names('property-image_type=snapshot')).toEqual([snapshot]);
  expect(await names('status=SAVING')).toEqual([]);
  expect(await names('minRam=999999')).toEqual([]);
  expect(await names('changes-since=2999-01-01T00:00:00Z')).toEqual([]);
  expect(await names('changes-since=soon')).toBe(400);
  expect(await names('status=active&limit=1')).toHaveLength(1);
  expect(await names('nothing=1')).toHaveLength(2);
});
