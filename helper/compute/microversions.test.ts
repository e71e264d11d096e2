/**
 * The walk through nova's rest_api_version_history.rst: what each microversion from 2.2 to 2.93 changes, and that it is
 * changed there and not one before.
 */
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Endpoint, Microversion } from '../http/index.ts';
import { mismatch, schemaAt } from '../http/schema.ts';
import { BasicsWorld } from './basics-test-world.ts';
import { TestWorld } from './test-world.ts';

let servers: TestWorld;
let basics: BasicsWorld;
beforeAll(async () => {
  servers = await TestWorld.create();
  basics = await BasicsWorld.create();
  await servers.create();
  await servers.quiet();
  const flavor = { name: 'public', id: 'public', ram: 1, vcpus: 1, disk: 0 };
  expect((await basics.call('admin', 'POST', '/flavors', { flavor })).status).toBe(200);
});
afterAll(async () => {
  await servers.dispose();
  await basics.dispose();
});

/** True for what is so at a microversion. */
type Fact = (version: Microversion) => boolean | Promise<boolean>;

const at = (id: string): Endpoint => {
  const all = [...servers.compute.service.endpoints, ...basics.basics.endpoints];
  const found = all.find((one) => one.id === id);
  if (found === undefined) throw new Error(`there is no operation ${id}`);
  return found;
};

/** The operation is there. */
const there =
  (id: string): Fact =>
  (version) =>
    version >= (at(id).min ?? 0) && version <= (at(id).max ?? Infinity);
const not =
  (fact: Fact): Fact =>
  async (version) =>
    !(await fact(version));
/** The body (or the query) is of the form that the operation takes. */
const takes =
  (id: string, sample: unknown, part: 'body' | 'query' = 'body'): Fact =>
  (version) => {
    const spec = at(id)[part];
    const schema = spec === undefined || spec === 'stream' ? undefined : schemaAt(spec, version);
    return schema !== undefined && mismatch(schema, sample) === undefined;
  };
/** Answers have the attribute: 'server.locked', 'services.[].forced_down'. */
const shows =
  (id: string, path: string): Fact =>
  (version) => {
    const { response } = at(id);
    const schema =
      response === undefined || typeof response === 'string' ? undefined : schemaAt(response, version);
    return has(schema, path.split('.'));
  };

interface Shape {
  readonly properties?: Readonly<Record<string, Shape>>;
  readonly items?: Shape;
  readonly anyOf?: readonly Shape[];
}

function has(schema: unknown, [first, ...rest]: readonly string[]): boolean {
  if (first === undefined) return schema !== undefined;
  const shape = (schema ?? {}) as Shape;
  if (shape.anyOf?.some((one) => has(one, [first, ...rest])) === true) return true;
  return has(first === '[]' ? shape.items : shape.properties?.[first], rest) && shape !== undefined;
}

const text = (version: Microversion): string => `2.${version % 1000}`;
/** The status of a request. */
const status =
  (
    world: 'servers' | 'basics',
    method: string,
    path: string,
    wanted: number,
    body?: unknown,
    who = 'member',
  ): Fact =>
  async (version) => {
    const answer =
      world === 'servers'
        ? await servers.call(who, method, `/v2.1${path}`, body, text(version))
        : await basics.call(who, method, path, body, text(version));
    return answer.status === wanted;
  };

/** A filter that fits no server is obeyed, and not ignored. */
const filters =
  (query: string): Fact =>
  async (version) => {
    const answer = await servers.call('member', 'GET', `/v2.1/servers?${query}`, undefined, text(version));
    return (answer.body as { servers: readonly object[] }).servers.length === 0;
  };
const publicAccess: Fact = async (version) => {
  const body = { addTenantAccess: { tenant: `for-${version}` } };
  return (await basics.call('admin', 'POST', '/flavors/public/action', body, text(version))).status === 409;
};

const UUID = '12345678-1234-4234-8234-123456789012';
const create = (more: object) => ({ server: { name: 'x', imageRef: UUID, flavorRef: '1', ...more } });
const networks = 'none';
const event = (name: string) => ({ events: [{ server_uuid: UUID, name }] });
const live = { host: null, block_migration: false };
const group = (policy: string) => ({ server_group: { name: 'g', policies: [policy] } });
const remote = { remote_console: { protocol: 'mks', type: 'webmks' } };

/** From this microversion on so, and not before; or why there is nothing to look at. */
const WALK: readonly (readonly [version: number, what: string, fact: Fact | string])[] = [
  [2, 'type of key pairs', takes('os-keypairs:create', { keypair: { name: 'k', type: 'ssh' } })],
  [3, 'more attributes of servers', shows('servers:show', 'server.OS-EXT-SRV-ATTR:reservation_id')],
  [4, 'reserved fixed IPs', 'os-fixed-ips answers 410 upstream too'],
  [5, 'ip6 as a filter for all', filters('ip6=nowhere')],
  [6, 'remote consoles as a resource', there('os-remote-consoles:create')],
  [6, '... and no action any more', not(there('os-remote-consoles:vnc'))],
  [7, 'no access to public flavors', publicAccess],
  [8, 'webmks consoles', takes('os-remote-consoles:create', remote)],
  [9, 'locked', shows('servers:show', 'server.locked')],
  [10, "others' key pairs", takes('os-keypairs:create', { keypair: { name: 'k', user_id: 'u' } })],
  [11, 'forced_down', shows('os-services:list', 'services.[].forced_down')],
  [12, 'net_id of virtual interfaces', 'os-virtual-interfaces answers 410 upstream too'],
  [13, 'owners of server groups', shows('os-server-groups:show', 'server_group.project_id')],
  [14, 'evacuate without onSharedStorage', takes('os-evacuate', { evacuate: {} })],
  [15, 'soft affinity', takes('os-server-groups:create', group('soft-affinity'))],
  [16, 'host_status', shows('servers:show', 'server.host_status')],
  [17, 'crash dumps', there('servers:trigger_crash_dump')],
  [18, 'no project in paths', 'a signal: paths have none at any microversion'],
  [19, 'description', takes('servers:create', create({ description: 'd' }))],
  [20, 'volumes of shelved servers', 'no volumes yet'],
  [21, 'actions of deleted servers', 'server-actions.test.ts'],
  [22, 'forcing a live migration to its end', there('servers:migrations:force_complete')],
  [23, 'migrations of a server', there('servers:migrations:show')],
  [23, '... and their type', shows('os-migrations:index', 'migrations.[].migration_type')],
  [24, 'ending a live migration', there('servers:migrations:delete')],
  [
    25,
    "block_migration 'auto'",
    takes('os-migrate-server:migrate_live', { 'os-migrateLive': { ...live, block_migration: 'auto' } }),
  ],
  [26, 'tags', there('os-server-tags:index')],
  [27, 'the new header', 'a signal: both headers are taken at any microversion'],
  [28, 'cpu_info as an object', shows('os-hypervisors:show', 'hypervisor.cpu_info.arch')],
  [29, 'evacuate by force', takes('os-evacuate', { evacuate: { host: 'h', force: true } })],
  [
    30,
    'live migration by force',
    takes('os-migrate-server:migrate_live', { 'os-migrateLive': { ...live, force: true } }),
  ],
  [31, 'console tokens of all kinds', 'rest.test.ts'],
  [32, 'tags of cards', takes('servers:create', create({ networks: [{ uuid: UUID, tag: 't' }] }))],
  [33, 'pages of hypervisors', status('basics', 'GET', '/os-hypervisors?limit=x', 400, undefined, 'admin')],
  [34, 'checks of live migrations in the background', 'a single host says no at once'],
  [35, 'pages of key pairs', status('basics', 'GET', '/os-keypairs?limit=x', 400)],
  [36, 'no proxies of other services', not(there('images:index'))],
  [36, '... nor of floating IPs', not(there('os-floating-ips:list'))],
  [36, '... nor quotas of networks', not(shows('os-quota-sets:show', 'quota_set.floating_ips'))],
  [37, 'automatic networks', takes('servers:create', create({ networks: 'auto' }))],
  [38, 'no unknown status', status('servers', 'GET', '/servers?status=nothing', 400)],
  [39, 'no metadata of images', not(there('image-metadata:index'))],
  [39, '... and no maxImageMeta', not(shows('limits:index', 'limits.absolute.maxImageMeta'))],
  [40, 'pages of usage', status('servers', 'GET', '/os-simple-tenant-usage/p1?marker=x', 400)],
  [41, 'uuid of aggregates', shows('os-aggregates:show', 'aggregate.uuid')],
  [42, 'tags of cards again', takes('servers:create', create({ networks: [{ uuid: UUID, tag: 't' }] }))],
  [43, 'no hosts', not(there('os-hosts:list'))],
  [44, 'no addresses by actions', not(there('os-multinic:add'))],
  [44, '... nor floating IPs', not(there('os-floating-ips:add'))],
  [45, 'image_id of createImage', 'server-change.test.ts'],
  [46, 'x-openstack-request-id', 'a signal: it is in all answers'],
  [47, 'flavor within servers', shows('servers:show', 'server.flavor.original_name')],
  [48, 'diagnostics of one form', shows('os-server-diagnostics', 'state')],
  [
    49,
    'tags of attached interfaces',
    takes('os-attach-interfaces:create', { interfaceAttachment: { net_id: UUID, tag: 't' } }),
  ],
  [50, 'server groups in quota classes', shows('os-quota-class-sets:show', 'quota_class_set.server_groups')],
  [51, 'volume-extended', takes('os-server-external-events:create', event('volume-extended'))],
  [52, 'tags of new servers', takes('servers:create', create({ networks, tags: ['t'] }))],
  [53, 'services by uuid', there('os-services:update')],
  [53, 'hypervisors by pattern, with servers', not(there('os-hypervisors:search'))],
  [54, 'key pair at rebuild', takes('servers:rebuild', { rebuild: { imageRef: UUID, key_name: 'k' } })],
  [55, 'description of flavors', there('flavors:update')],
  [56, 'host of a migration', not(takes('os-migrate-server:migrate', { migrate: { nothing: 1 } }))],
  [57, 'no personality', not(takes('servers:create', create({ networks, personality: [] })))],
  [57, '... nor its limits', not(shows('limits:index', 'limits.absolute.maxPersonality'))],
  [58, 'pages of actions', 'server-actions.test.ts'],
  [59, 'uuid of migrations', shows('os-migrations:index', 'migrations.[].uuid')],
  [59, '... and no unknown filter', not(takes('os-migrations:index', { x: '1' }, 'query'))],
  [60, 'volumes of several servers', 'no volumes yet'],
  [61, 'extra specs of flavors', shows('flavors:show', 'flavor.extra_specs')],
  [62, 'host of actions', shows('os-instance-actions:show', 'instanceAction.events.[].hostId')],
  [63, 'trusted certificates', shows('servers:show', 'server.trusted_image_certificates')],
  [64, 'policy and rules of server groups', shows('os-server-groups:show', 'server_group.policy')],
  [65, 'ending queued live migrations', 'there are none'],
  [66, 'changes-before', takes('os-migrations:index', { 'changes-before': '2024-01-01T00:00:00Z' }, 'query')],
  [67, 'volume_type', 'no volumes yet'],
  [68, 'no force', not(takes('os-evacuate', { evacuate: { host: 'h', force: true } }))],
  [69, 'parts of a cloud that are down', 'all is one process'],
  [70, 'tags of interfaces', shows('os-attach-interfaces:show', 'interfaceAttachment.tag')],
  [71, 'server_groups', shows('servers:show', 'server.server_groups')],
  [72, 'ports with resource requests', 'the network service has no minimum bandwidth'],
  [73, 'reason of a lock', shows('servers:show', 'server.locked_reason')],
  [74, 'host of a new server', takes('servers:create', create({ networks, host: 'h' }))],
  [75, 'no unknown parameters', not(takes('flavors:index', { x: '1' }, 'query'))],
  [76, 'power-update', takes('os-server-external-events:create', event('power-update'))],
  [77, 'zone at unshelve', 'tests of shelving'],
  [78, 'topology', there('server-topology:index')],
  [79, 'delete_on_termination of attached volumes', 'no volumes yet'],
  [80, 'owners of migrations', shows('os-migrations:index', 'migrations.[].project_id')],
  [81, 'images cached ahead', there('os-aggregates:images')],
  [
    82,
    'accelerator-request-bound',
    takes('os-server-external-events:create', event('accelerator-request-bound')),
  ],
  [83, 'more filters for all', filters('key_name=nobody')],
  [84, 'details of failed events', shows('os-instance-actions:show', 'instanceAction.events.[].details')],
  [85, 'changes of attached volumes', 'no volumes yet'],
  [
    86,
    'checks of extra specs',
    status('basics', 'POST', '/flavors/none/os-extra_specs', 400, { extra_specs: { 'hw:x': '1' } }, 'admin'),
  ],
  [87, 'rescue of servers on volumes', 'no volumes yet'],
  [88, 'no statistics of hypervisors', not(there('os-hypervisors:statistics'))],
  [88, '... nor their usage', not(shows('os-hypervisors:show', 'hypervisor.vcpus'))],
  [89, 'ids of attachments of volumes', 'no volumes yet'],
  [90, 'hostname', takes('servers:create', create({ networks, hostname: 'web' }))],
  [91, 'host at unshelve', 'tests of shelving'],
  [92, 'no generated key pairs', not(takes('os-keypairs:create', { keypair: { name: 'k' } }))],
  [93, 'rebuild of servers on volumes', takes('os-server-external-events:create', event('volume-reimaged'))],
];

test.each(WALK.filter(([, , fact]) => typeof fact !== 'string'))('2.%i: %s', async (minor, _what, fact) => {
  const version = 2000 + minor;
  const check = fact as Fact;
  expect([await check(version - 1), await check(version)]).toEqual([false, true]);
});

test('no microversion is left out', () => {
  const seen = new Set(WALK.map(([minor]) => minor));
  expect(Array.from({ length: 92 }, (_, i) => i + 2).filter((minor) => !seen.has(minor))).toEqual([]);
});
