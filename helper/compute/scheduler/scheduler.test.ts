import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { closeDatabase, type Db, memoryDatabase, statement } from '../../db/index.ts';
import { NoValidHost, type RequestSpec } from '../basics.ts';
import { addAggregateHost, insertAggregate } from '../store/aggregate.ts';
import { findService, setClaim, updateService, upsertHost, upsertService } from '../store/host.ts';
import type { GroupPolicy } from '../schemas/server-group.ts';
import { insertServerGroup } from '../store/server-group.ts';
import { meets } from './extra-specs.ts';
import { hostState, type HostState } from './host-state.ts';
import { InvalidQuery, satisfies } from './json-filter.ts';
import { FilterScheduler } from './scheduler.ts';
import { DEFAULT_MULTIPLIERS, type Multipliers } from './weighers.ts';

const ALLOCATION = { cpuRatio: 4, ramRatio: 1, diskRatio: 1, reservedMemoryMib: 0 };

let db: Db;
const scheduler = (multipliers: Partial<Multipliers> = {}): FilterScheduler =>
  new FilterScheduler({
    zone: 'nova',
    allocation: ALLOCATION,
    multipliers: { ...DEFAULT_MULTIPLIERS, ...multipliers },
  });

function addHost(name: string, more: { vcpus?: number; memory_mib?: number; disk_gib?: number } = {}): void {
  upsertService(db, { uuid: `s-${name}`, host: name, binary: 'nova-compute', up: true, at: 1 });
  upsertHost(db, {
    uuid: `h-${name}`,
    host: name,
    node: `${name}.example`,
    hypervisor_type: 'QEMU',
    hypervisor_version: 7_002_000,
    accelerator: 'qemu',
    cpu_arch: 'x86_64',
    cpu_model: 'EPYC',
    vcpus: 4,
    memory_mib: 8192,
    disk_gib: 100,
    disk_free_gib: more.disk_gib ?? 100,
    updated_at: 1,
    ...more,
  });
}

function addAggregate(name: string, metadata: Readonly<Record<string, string>>, ...hosts: string[]): void {
  const id = insertAggregate(db, { uuid: `a-${name}`, name, metadata }, 1);
  for (const host of hosts) addAggregateHost(db, id, host);
}

type Changes = Partial<Omit<RequestSpec, 'flavor'>> & { readonly flavor?: Partial<RequestSpec['flavor']> };

function spec({ flavor = {}, ...more }: Changes = {}): RequestSpec {
  return {
    serverId: 's',
    projectId: 'p',
    flavor: { id: '1', name: 'f', vcpus: 1, ramMib: 512, diskGib: 10, extraSpecs: {}, ...flavor },
    image: null,
    availabilityZone: null,
    forceHost: null,
    forceNode: null,
    forceHostFiltered: false,
    hints: {},
    ...more,
  };
}

const image = (properties: Readonly<Record<string, string>>, minRamMib = 0, minDiskGib = 0) => ({
  image: { id: 'i', minRamMib, minDiskGib, properties },
});

/** The hosts that passed, best first. */
const passing = (changes: Changes): readonly string[] => {
  try {
    return scheduler()
      .select(db, spec(changes))
      .weights.map(({ host }) => host);
  } catch (error) {
    if (error instanceof NoValidHost) return [];
    throw error;
  }
};

beforeEach(() => {
  db = memoryDatabase();
  addHost('a');
  addHost('b', { memory_mib: 4096 });
  addHost('c', { vcpus: 8, memory_mib: 16_384, disk_gib: 50 });
});
afterEach(() => closeDatabase(db));

describe('filters', () => {
  test('availability zone', () => {
    addAggregate('east', { availability_zone: 'east' }, 'b');
    expect(passing({ availabilityZone: 'east' })).toEqual(['b']);
    expect(passing({ availabilityZone: 'nova' })).not.toContain('b');
    expect(passing({ availabilityZone: 'moon' })).toEqual([]);
    expect(passing({})).toHaveLength(3);
  });

  test('a forced host bypasses the filters, a requested one (2.74) does not', () => {
    const flavor = { ramMib: 99_999 };
    expect(passing({ forceHost: 'b', flavor })).toEqual(['b']);
    expect(passing({ forceNode: 'b.example', flavor })).toEqual(['b']);
    expect(passing({ forceHost: 'b', forceHostFiltered: true, flavor })).toEqual([]);
    expect(passing({ forceHost: 'b', forceHostFiltered: true })).toEqual(['b']);
    expect(passing({ forceHost: 'nowhere' })).toEqual([]);
  });

  test('compute: disabled, down, and excluded hosts', () => {
    const id = (host: string): number => findService(db, host, 'nova-compute')?.id ?? 0;
    updateService(db, id('a'), { disabled: true, disabledReason: 'rest' }, 1);
    updateService(db, id('b'), { forcedDown: true }, 1);
    expect(passing({})).toEqual(['c']);
    const error = (() => {
      try {
        return scheduler().select(db, spec(), ['c']);
      } catch (thrown) {
        return thrown;
      }
    })();
    expect(error).toBeInstanceOf(NoValidHost);
    expect((error as NoValidHost).message).toMatch(
      /^No valid host was found. There are not enough hosts available./,
    );
    expect((error as NoValidHost).verdicts.filter(({ passed }) => !passed)).toEqual([
      { host: 'a', filter: 'ComputeFilter', passed: false, reason: 'the host is disabled: rest' },
      expect.objectContaining({ host: 'b', filter: 'ComputeFilter' }),
      expect.objectContaining({ host: 'c', filter: 'RetryFilter' }),
    ]);
  });

  test('memory, disk and cores, with what is claimed and the ratios', () => {
    expect(passing({ flavor: { ramMib: 5000 } })).toEqual(expect.not.arrayContaining(['b']));
    setClaim(db, 's1', 'c', { vcpus: 30, ramMib: 16_000, diskGib: 45 });
    expect(passing({ flavor: { ramMib: 5000 } })).toEqual(['a']);
    expect(passing({ flavor: { diskGib: 6 } })).not.toContain('c');
    expect(passing({ flavor: { vcpus: 3, ramMib: 100, diskGib: 1 } })).not.toContain('c');
    // A server may not overcommit against itself.
    expect(passing({ flavor: { vcpus: 5 } })).toEqual([]);
  });

  test('what is really free on the disk counts too', () => {
    upsertHost(db, { ...rowOf('a'), disk_free_gib: 5 });
    expect(passing({})).not.toContain('a');
    expect(passing({ flavor: { diskGib: 5 } })).toContain('a');
  });

  test('image: hypervisor, architecture, least memory and disk', () => {
    expect(passing(image({ img_hv_type: 'xen' }))).toEqual([]);
    expect(passing(image({ hypervisor_type: 'qemu', architecture: 'amd64' }))).toHaveLength(3);
    expect(passing(image({ hw_architecture: 'aarch64' }))).toEqual([]);
    expect(passing(image({}, 1024))).toEqual([]);
    expect(passing(image({}, 0, 20))).toEqual([]);
    expect(passing({ ...image({}, 0, 20), flavor: { diskGib: 0 } })).toHaveLength(3);
  });

  test('capabilities and aggregates by extra specs', () => {
    addAggregate('fast', { ssd: 'true,nvme', rank: '5' }, 'a', 'c');
    const specs = (extraSpecs: Readonly<Record<string, string>>) => passing({ flavor: { extraSpecs } });
    expect(specs({ 'capabilities:hypervisor_type': '<or> KVM <or> QEMU' })).toHaveLength(3);
    expect(specs({ 'capabilities:vcpus_total': '>= 8' })).toEqual(['c']);
    expect(specs({ 'capabilities:bogus': '1' })).toEqual([]);
    expect(specs({ 'aggregate_instance_extra_specs:ssd': 'nvme' })).toEqual(
      expect.not.arrayContaining(['b']),
    );
    expect(specs({ ssd: 'true', rank: '>= 4' })).toHaveLength(2);
    expect(specs({ rank: '>= 6' })).toEqual([]);
    expect(specs({ 'hw:cpu_policy': 'shared', 'quota:cpu_shares': '5' })).toHaveLength(3);
  });

  test('hints: query, same_host, different_host', () => {
    const query = (text: string) => passing({ hints: { query: text } });
    expect(query('[">=", "$free_ram_mb", 8192]')).toEqual(expect.not.arrayContaining(['b']));
    expect(query('["and", [">", "$vcpus_total", 4], ["<", "$vcpus_used", 1]]')).toEqual(['c']);
    expect(query('["oops"]')).toEqual([]);
    expect(passing({ hints: { query: ['["=", "$host", "b"]'] } })).toEqual(['b']);
    statement(
      db,
      `INSERT INTO server (id, project_id, user_id, name, hostname, vm_state, flavor_id, flavor_name, vcpus, ram_mib,
         disk_gib, ephemeral_gib, swap_mib, reservation_id, request_spec, host, created_at, updated_at)
       VALUES ('s1', 'p', 'u', 'n', 'n', 'active', '1', 'f', 1, 1, 1, 0, 0, 'r', '{}', 'b', 1, 1)`,
    ).run();
    expect(passing({ hints: { same_host: 's1' } })).toEqual(['b']);
    expect(passing({ hints: { same_host: ['unknown'] } })).toEqual([]);
    expect(passing({ hints: { different_host: ['s1'] } })).not.toContain('b');
    const near = (address: string, cidr?: string) =>
      passing({ hints: { build_near_host_ip: address, ...(cidr === undefined ? {} : { cidr }) } }).length;
    expect([near('127.0.0.9'), near('127.0.1.1'), near('127.0.1.1', '/16'), near('::1', '/0')]).toEqual([
      3, 0, 3, 0,
    ]);
  });
});

const rowOf = (name: string) => ({
  uuid: 'x',
  host: name,
  node: `${name}.example`,
  hypervisor_type: 'QEMU',
  hypervisor_version: 1,
  accelerator: 'qemu',
  cpu_arch: 'x86_64',
  cpu_model: '',
  vcpus: 4,
  memory_mib: 8192,
  disk_gib: 5,
  disk_free_gib: 5,
  updated_at: 1,
});

describe('weighers', () => {
  test('prefer free memory, disk and processors; multipliers turn that round or switch it off', () => {
    const select = (multipliers: Partial<Multipliers>) => scheduler(multipliers).select(db, spec());
    const only = { ram: 0, disk: 0, cpu: 0, ioOps: 0 };
    expect(select({ ...only, ram: 1 }).host).toBe('c');
    expect(select({ ...only, ram: -1 }).host).toBe('b');
    expect(select({ ...only, disk: -1 }).host).toBe('c');
    expect(select({ ...only, cpu: 1 })).toMatchObject({ host: 'c', node: 'c.example' });
    const { weights } = select({});
    expect(weights[0]?.weights).toMatchObject({
      RAMWeigher: 1,
      DiskWeigher: 0,
      CPUWeigher: 1,
      IoOpsWeigher: 0,
    });
    expect(weights.map(({ total }) => total)).toEqual(
      weights.map(({ total }) => total).sort((x, y) => y - x),
    );
  });

  test('one after the other, servers spread over equal hosts', () => {
    for (const host of ['b', 'c']) upsertHost(db, { ...rowOf(host), disk_gib: 100, disk_free_gib: 100 });
    const chosen = Array.from({ length: 3 }, (_, index) => {
      const { host } = scheduler({ disk: 0 }).select(db, spec());
      setClaim(db, `n${index}`, host, { vcpus: 1, ramMib: 512, diskGib: 10 });
      return host;
    });
    expect(new Set(chosen).size).toBeGreaterThan(1);
  });
});

describe('server groups', () => {
  const GROUP = 'g';
  const grouped = { hints: { group: GROUP } };
  beforeEach(() => {
    for (const host of ['g1', 'g2', 'g3']) addHost(host, { memory_mib: 8192 });
    statement(db, "DELETE FROM compute_host WHERE host NOT LIKE 'g_'").run();
  });
  const member = (id: string, host: string): void => {
    statement<[string, string]>(
      db,
      `INSERT INTO server (id, project_id, user_id, name, hostname, vm_state, flavor_id, flavor_name, vcpus, ram_mib,
         disk_gib, ephemeral_gib, swap_mib, reservation_id, request_spec, group_id, host, created_at, updated_at)
       VALUES (?, 'p', 'u', 'n', 'n', 'active', '1', 'f', 1, 512, 1, 0, 0, 'r-1', '{}', 'g', ?, 1, 1)`,
    ).run(id, host);
  };
  const policy = (name: GroupPolicy, most: number | null = null): void =>
    insertServerGroup(
      db,
      { id: GROUP, project_id: 'p', user_id: 'u', name: 'n', policy: name, max_per_host: most },
      1,
    );

  test('affinity keeps them together, once there is one', () => {
    policy('affinity');
    expect(passing(grouped)).toHaveLength(3);
    member('m1', 'g2');
    expect(passing(grouped)).toEqual(['g2']);
  });

  test('anti-affinity keeps them apart, up to max_server_per_host, also on a host that was named', () => {
    policy('anti-affinity');
    member('m1', 'g2');
    // The server itself, when it is scheduled again.
    member('s', 'g1');
    expect([...passing(grouped)].sort()).toEqual(['g1', 'g3']);
    expect(passing({ ...grouped, forceHost: 'g2' })).toEqual([]);
    expect(passing({ ...grouped, forceHost: 'g1' })).toEqual(['g1']);
    statement(db, 'UPDATE server_group SET max_per_host = 2').run();
    expect(passing(grouped)).toHaveLength(3);
    statement(db, 'DELETE FROM server_group').run();
    expect(passing(grouped)).toHaveLength(3);
  });

  test('soft policies only prefer', () => {
    policy('soft-affinity');
    member('m1', 'g3');
    expect(passing(grouped)[0]).toBe('g3');
    statement(db, "UPDATE server_group SET policy = 'soft-anti-affinity'").run();
    expect(passing(grouped)).toHaveLength(3);
    expect(passing(grouped)[2]).toBe('g3');
  });
});

test('no host at all says what is missing', () => {
  statement(db, 'DELETE FROM compute_host').run();
  expect(() => scheduler().select(db, spec())).toThrow(/No compute host has registered/);
});

describe('the query language', () => {
  const host: HostState = hostState(
    { ...rowOf('a'), ...usage(), id: 1, disk_gib: 100, disk_free_gib: 60 },
    [],
    ALLOCATION,
    'nova',
  );
  function usage() {
    return {
      service_id: 1,
      service_uuid: 'x',
      disabled: 0,
      disabled_reason: null,
      forced_down: 0,
      up: 1,
      claims: 2,
      vcpus_used: 2,
      ram_used: 1192,
      disk_used: 10,
      busy: 0,
    };
  }
  const cases: readonly (readonly [unknown, boolean])[] = [
    [['=', '$vcpus_used', 2], true],
    [['=', '$vcpus_used', 2, 2], true],
    [['<', '$free_ram_mb', 7001], true],
    [['>', '$free_ram_mb', 7000], false],
    [['>=', '$free_disk_mb', 60 * 1024], true],
    [['<=', '$total_usable_ram_mb', 8192], true],
    [['in', '$vcpus_total', 2, 4, 8], true],
    [['in', '$vcpus_total', 3], false],
    [['not', ['=', '$vcpus_used', 2]], false],
    [['or', ['=', 1, 2], ['=', 2, 2]], true],
    [['and', ['=', 1, 2], ['=', 2, 2]], false],
    [['=', '$unknown', 1], false],
    [['<', 'text', 5], false],
    [[], true],
  ];
  test.each(cases)('%j is %s', (query, expected) => {
    expect(satisfies(query, host)).toBe(expected);
    expect(satisfies(JSON.stringify(query), host)).toBe(expected);
  });

  test('refuses what it cannot read, also what is meant to harm', () => {
    const deep = Array.from({ length: 100 }).reduce<unknown>((inner) => ['not', inner], ['=', 1, 1]);
    const wide = ['or', ...Array.from({ length: 5000 }, () => 1)];
    for (const bad of ['{', '5', {}, ['constructor', 1], [['='], 1], ['$vcpus_used'], deep, wide]) {
      expect(() => satisfies(bad, host)).toThrow(InvalidQuery);
    }
  });
});

test.each([
  ['8', '>= 4', true],
  ['8', '<= 4', false],
  ['8', '= 4', true],
  ['8', '== 8', true],
  ['abc', '<in> b', true],
  ['abc', '<or> x <or> abc', true],
  ['abc', '<or> x', false],
  ['a', 's== a', true],
  ['a', 's!= a', false],
  ['x', 'x', true],
])('%s meets %s: %s', (value, requirement, expected) => {
  expect(meets(value, requirement)).toBe(expected);
});
