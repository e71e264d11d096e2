import { randomUUID } from 'node:crypto';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { ensureExternalNetwork, ensureFlavors, make, type Named } from '../main/demo/ensure.ts';
import { ensureImage, ensureNetwork, ensureSecurityGroup } from '../main/demo/project.ts';
import { DEMO } from '../main/demo/plan.ts';
import type { OpenStackClient } from '../main/openstack-client.ts';
import { ensureTinyGuest } from '../resources/guest/build.ts';
import {
  greetsBySsh,
  killEmulator,
  loseToReboot,
  restartLibvirtd,
  virsh,
} from './support/behind-the-back.ts';
import { run } from './support/cli.ts';
import { expectHostMatchesDatabase } from './support/host-matches-database.ts';
import { CrashCloud, delay, eventually, type Crash } from './support/crash-cloud.ts';
import { NOTHING } from './support/instance.ts';
import type { KillOrder } from './support/kill-order.ts';

const cloud = new CrashCloud('crash', 'linux', expectHostMatchesDatabase);
const { instance } = cloud;
let externalId = '';
let networkId = '';
let imageId = '';
let flavorId = '';
/** The server that lives through all tests from the third on. */
let serverId = '';
/** Its floating IP, from where it answers. */
let address = '';

const after = (nth: number): KillOrder => ({ phase: 'after', nth });
const before = (nth: number): KillOrder => ({ phase: 'before', nth });
/** In the middle of what a step does on the host. */
const within = (step: string, delayMs: number): KillOrder => ({ phase: 'after', nth: 1, step, delayMs });

/** No operation of these has that many writes: that it never ends without a kill is a failure too. */
const MOST_WRITES = 40;

/** Calls `round` with n = 1, 2, ... until it says that the operation was not killed. @returns the kills. */
async function untilUnharmed(round: (n: number) => Promise<boolean>): Promise<number> {
  for (let n = 1; n <= MOST_WRITES; n++) if (!(await round(n))) return n - 1;
  throw new Error(`killed at each of ${MOST_WRITES} writes`);
}

/** All are taken up and brought to their end: nothing in them fails but the process. */
function expectSucceeded(crash: Crash, order: KillOrder): void {
  const unasked = order.phase === 'before' && order.nth === 1 && order.step === undefined;
  const succeeded: unknown = expect.objectContaining({ state: 'succeeded', error: null });
  expect(crash.operation).toEqual(unasked ? undefined : succeeded);
}

const serverBody = (name: string) => ({
  name,
  imageRef: imageId,
  flavorRef: flavorId,
  networks: [{ uuid: networkId }],
  security_groups: [{ name: DEMO.securityGroup }],
});

async function createServer(name: string, order: KillOrder): Promise<{ id?: string; crash: Crash }> {
  const crash = await cloud.crash('server-create', order, (admin) =>
    make(admin, 'compute', '/servers', 'server', serverBody(name)),
  );
  expectSucceeded(crash, order);
  expect(crash.told.servers.filter((one) => one.id !== serverId)).toHaveLength(
    crash.operation === undefined ? 0 : 1,
  );
  const server = crash.told.servers.find((one) => one.id !== serverId);
  if (server === undefined) return { crash };
  expect(server.status).toBe('ACTIVE');
  return { id: server.id, crash };
}

async function deleteServer(id: string, order: KillOrder): Promise<Crash> {
  const crash = await cloud.crash('server-delete', order, (admin) =>
    admin.delete('compute', `/servers/${id}`),
  );
  expectSucceeded(crash, order);
  const left = crash.told.servers.filter((one) => one.id !== serverId).map((one) => one.id);
  expect(left).toEqual(crash.operation === undefined ? [id] : []);
  return crash;
}

async function removeServer(id: string): Promise<void> {
  await (await cloud.admin()).delete('compute', `/servers/${id}`);
  await cloud.settled();
}

const portOf = async (admin: OpenStackClient, id: string): Promise<string> => {
  const { ports } = (await admin.get('network', `/ports?device_id=${id}`)) as { ports: Named[] };
  return ports[0]?.id ?? '';
};

beforeAll(async () => {
  const guest = await ensureTinyGuest();
  await cloud.start();
  const admin = await cloud.admin();
  externalId = (await ensureExternalNetwork(admin, await instance.client.external())).network.id;
  await ensureFlavors(admin);
  const { flavors } = (await admin.get('compute', '/flavors')) as { flavors: Named[] };
  flavorId = flavors.find((one) => one.name === DEMO.flavor)?.id ?? '';
  imageId = (await ensureImage(admin, guest, () => undefined)).resource.id;
  networkId = (await ensureNetwork(admin, externalId)).resource.id;
  await ensureSecurityGroup(admin);
  await cloud.settled();
  await cloud.compared();
});

afterAll(async () => {
  const left = await instance.remove();
  expect(left).toEqual(NOTHING);
});

describe('SIGKILL of the helper, then a restart: done, and the host is as the database says (R1, R9, R10)', () => {
  test('in the creation and the deletion of a server, after every write to the journal', async ({
    annotate,
  }) => {
    let deleteWrites = 0;
    let deleting = true;
    const createWrites = await untilUnharmed(async (n) => {
      const { id, crash } = await createServer(`crash-${n}`, after(n));
      if (id === undefined) throw new Error('the server is not there');
      if (!deleting) await removeServer(id);
      else if ((await deleteServer(id, after(n))).killed) deleteWrites = n;
      else deleting = false;
      return crash.killed;
    });
    await annotate(`server-create: ${createWrites} kills; server-delete: ${deleteWrites}`);
    // Each host step has two writes, each SQL step one.
    expect(createWrites).toBeGreaterThanOrEqual(15);
    expect(deleteWrites).toBeGreaterThanOrEqual(8);
  });

  test('before a write, and in the middle of a step', async () => {
    const orders = [
      before(1),
      before(2),
      within('create disk', 5),
      within('plug network', 20),
      within('start domain', 60),
    ];
    const deletions = [before(1), before(5), within('destroy domain', 300), within('unplug network', 15)];
    for (const [index, order] of orders.entries()) {
      let { id } = await createServer(`crash-mid-${index}`, order);
      const deletion = deletions[index];
      if (id !== undefined && deletion !== undefined) {
        const { operation } = await deleteServer(id, deletion);
        if (operation !== undefined) id = undefined;
      }
      if (id !== undefined) await removeServer(id);
    }
    expect((await cloud.compared()).servers).toEqual([]);
  });

  test('and again while it recovers', async () => {
    const crash = await cloud.crash(
      'server-create',
      within('plug network', 10),
      (admin) => make(admin, 'compute', '/servers', 'server', serverBody('crash-twice')),
      async () => {
        for (const n of [1, 2]) {
          await instance.startKilling('after', n).catch(() => undefined);
          await instance.ended();
        }
      },
    );
    expect(crash.operation).toMatchObject({ state: 'succeeded' });
    serverId = crash.told.servers[0]?.id ?? '';
    expect(crash.told.servers).toMatchObject([{ status: 'ACTIVE' }]);
  });

  test('in making a router with a gateway, its interface, taking both away', async ({ annotate }) => {
    const admin = await cloud.admin();
    const network = await make(admin, 'network', '/networks', 'network', { name: 'behind' });
    const subnet = await make(admin, 'network', '/subnets', 'subnet', {
      network_id: network.id,
      ip_version: 4,
      cidr: '10.77.0.0/24',
    });
    await cloud.settled();
    const counts = { create: 0, add: 0, remove: 0, delete: 0 };
    await untilUnharmed(async (n) => {
      const order = after(n);
      const step = async (
        key: keyof typeof counts,
        name: string,
        ask: (admin: OpenStackClient) => Promise<unknown>,
      ): Promise<Crash> => {
        const crash = await cloud.crash(name, order, ask);
        expectSucceeded(crash, order);
        if (crash.killed) counts[key] = n;
        return crash;
      };
      const created = await step('create', 'router-update', (asking) =>
        make(asking, 'network', '/routers', 'router', {
          name: `crash-${n}`,
          external_gateway_info: { network_id: externalId },
        }),
      );
      const id = created.operation?.resource.id ?? '';
      const what = { subnet_id: subnet.id };
      await step('add', 'router-update', (asking) =>
        asking.put('network', `/routers/${id}/add_router_interface`, what),
      );
      await step('remove', 'router-update', (asking) =>
        asking.put('network', `/routers/${id}/remove_router_interface`, what),
      );
      const deleted = await step('delete', 'router-delete', (asking) =>
        asking.delete('network', `/routers/${id}`),
      );
      expect(deleted.told.routers.map((one) => one.id)).not.toContain(id);
      return created.killed;
    });
    await annotate(`router: ${JSON.stringify(counts)} kills`);
    expect(Math.min(...Object.values(counts))).toBeGreaterThanOrEqual(4);
    // R21: a network that is deleted while the helper dies leaves no namespace, directory, or number.
    const removed = await cloud.crash('network-remove', within('devices removed', 10), (asking) =>
      asking.delete('network', `/networks/${network.id}`),
    );
    expect(removed.told.networks.map((one) => one.id)).not.toContain(network.id);
  });

  test('in leading a floating IP to a port, taking it off and deleting it (R16)', async ({ annotate }) => {
    const portId = await portOf(await cloud.admin(), serverId);
    const counts = { associate: 0, disassociate: 0, delete: 0 };
    await untilUnharmed(async (n) => {
      const order = after(n);
      const made = await make(await cloud.admin(), 'network', '/floatingips', 'floatingip', {
        floating_network_id: externalId,
      });
      await cloud.settled();
      const path = `/floatingips/${made.id}`;
      const step = async (
        key: keyof typeof counts,
        ask: (admin: OpenStackClient) => Promise<unknown>,
      ): Promise<Crash> => {
        const crash = await cloud.crash(`floating-ip-${key}`, order, ask);
        expectSucceeded(crash, order);
        if (crash.killed) counts[key] = n;
        return crash;
      };
      const lead = (asking: OpenStackClient) =>
        asking.put('network', path, { floatingip: { port_id: portId } });
      const associated = await step('associate', lead);
      expect(associated.told.floatingIps).toMatchObject([{ id: made.id, port_id: portId, status: 'ACTIVE' }]);
      const off = await step('disassociate', (asking) =>
        asking.put('network', path, { floatingip: { port_id: null } }),
      );
      expect(off.told.floatingIps).toMatchObject([{ id: made.id, port_id: null, status: 'DOWN' }]);
      await lead(await cloud.admin());
      await cloud.settled();
      const deleted = await step('delete', (asking) => asking.delete('network', path));
      expect(deleted.told.floatingIps).toEqual([]);
      return associated.killed;
    });
    await annotate(`floating IP: ${JSON.stringify(counts)} kills`);
    expect(Math.min(...Object.values(counts))).toBeGreaterThanOrEqual(6);
  });
});

const statusOf = async (): Promise<string> =>
  ((await (await cloud.admin()).get('compute', `/servers/${serverId}`))['server'] as { status: string })
    .status;

/** The loop follows events, so that a state is right at once; "one interval" of others is a minute. */
const FOLLOWED_MS = 10_000;

/** The server's status, once it is this one or has had its time. */
async function statusSoon(status: string, timeoutMs = FOLLOWED_MS): Promise<string> {
  const deadline = Date.now() + timeoutMs;
  while ((await statusOf()) !== status && Date.now() < deadline) await delay(50);
  await cloud.settled();
  return await statusOf();
}

async function act(action: object): Promise<void> {
  await (await cloud.admin()).post('compute', `/servers/${serverId}/action`, action);
  await cloud.settled();
}

const expectAnswer = (): Promise<true> =>
  eventually(
    `the guest greets at ${address}`,
    async () => ((await greetsBySsh(address)) ? true : undefined),
    120_000,
  );

const dnsmasqPids = async (): Promise<readonly number[]> => {
  const { dnsmasq } = await instance.inventory();
  return dnsmasq.filter((one) => one.networkId === networkId).map((one) => one.pid);
};

describe('what happens behind the helper’s back', () => {
  test('guests’ traffic goes on while the helper is dead, and while it comes back (R29)', async () => {
    const made = await make(await cloud.admin(), 'network', '/floatingips', 'floatingip', {
      floating_network_id: externalId,
      port_id: await portOf(await cloud.admin(), serverId),
    });
    address = made['floating_ip_address'] as string;
    await expectAnswer();
    const pinging = run(['ping', '-q', '-i', '0.2', '-c', '25', '-W', '5', address]);
    await delay(500);
    await instance.kill();
    await delay(500);
    await cloud.start();
    expect((await pinging).stdout).toContain('25 packets transmitted, 25 received');
  });

  test('a server’s state follows its domain, also when the helper was not there (R13)', async () => {
    await virsh('destroy', serverId);
    expect(await statusSoon('SHUTOFF')).toBe('SHUTOFF');
    await cloud.compared();
    await virsh('start', serverId);
    expect(await statusSoon('ACTIVE')).toBe('ACTIVE');
    await instance.kill();
    await virsh('destroy', serverId);
    await cloud.start();
    expect(await statusSoon('SHUTOFF')).toBe('SHUTOFF');
    await act({ 'os-start': null });
    expect(await statusSoon('ACTIVE')).toBe('ACTIVE');
    await cloud.compared();
  });

  test('a domain of ours without a server goes, another’s stays (R14)', async () => {
    const model = await virsh('dumpxml', '--inactive', serverId);
    const define = async (owner: string): Promise<string> => {
      const id = randomUUID();
      const xml = model
        .replace(/<name>[^<]*</, `<name>${owner}-stray-${id.slice(0, 8)}<`)
        .replace(/(<(?:\w+:)?owner>)[^<]*</, `$1${owner}<`)
        .replaceAll(serverId, id);
      const path = join(instance.directory, `${id}.xml`);
      writeFileSync(path, xml);
      await virsh('define', path);
      rmSync(path);
      return id;
    };
    const there = async (id: string): Promise<boolean> =>
      (await virsh('list', '--all', '--uuid')).split('\n').includes(id);
    const gone = async (id: string): Promise<true | undefined> => ((await there(id)) ? undefined : true);
    const other = await define(`${instance.owner}x`);
    try {
      const seen = await define(instance.owner);
      await eventually('the stray domain goes', () => gone(seen), FOLLOWED_MS);
      await instance.kill();
      const unseen = await define(instance.owner);
      await cloud.start();
      await eventually('the stray domain goes', () => gone(unseen), FOLLOWED_MS);
      expect(await there(other)).toBe(true);
    } finally {
      await virsh('undefine', other);
    }
    await cloud.compared();
  });

  test('a DHCP server that died is there again, once, whatever its pid file says (R20)', async () => {
    const pidPath = join(instance.directory, 'state', 'networks', networkId, 'pid');
    const [first = 0, ...more] = await dnsmasqPids();
    expect(more).toEqual([]);
    process.kill(first, 'SIGKILL');
    // The helper sees it by itself.
    await expect.poll(dnsmasqPids, { timeout: 20_000, interval: 500 }).toHaveLength(1);
    const [second = 0] = await dnsmasqPids();
    process.kill(second, 'SIGKILL');
    // So does whoever needs it before that.
    const server = await make(await cloud.admin(), 'compute', '/servers', 'server', serverBody('needs-dhcp'));
    await cloud.settled();
    await cloud.compared();
    await removeServer(server.id);
    for (const text of ['stale', '', `${process.pid}\n`, undefined]) {
      await instance.kill();
      const [pid = 0] = await dnsmasqPids();
      // The last time it runs on, and only its file is lost.
      if (text === undefined) rmSync(pidPath);
      else process.kill(pid, 'SIGKILL');
      if (text !== undefined && text !== 'stale') writeFileSync(pidPath, text);
      await cloud.start();
      const now = await dnsmasqPids();
      expect(now).toHaveLength(1);
      expect(Number(readFileSync(pidPath, 'utf8'))).toBe(now[0]);
    }
    await cloud.compared();
  });

  test('the cloud comes back after a reboot of the host, and the guest answers again (R31)', async () => {
    await instance.kill();
    await loseToReboot(instance);
    const { domains, ...rest } = await instance.inventory();
    expect({ ...rest, domains: [] }).toEqual(NOTHING);
    expect(domains).toHaveLength(1);
    await cloud.start();
    // The helper answers before the last guest runs again.
    await vi.waitFor(() => cloud.compared(), { timeout: 30_000, interval: 500 });
    expect(await statusOf()).toBe('ACTIVE');
    await expectAnswer();
  });

  // Other programs' guests need the machine's libvirtd too.
  const alone = process.env['CI'] === 'true' || process.env['DESKCLOUD_TEST_RESTART_LIBVIRTD'] === '1';
  test.runIf(alone)(
    'libvirtd’s restart is lived through, and what happened meanwhile is seen (R30)',
    async () => {
      const [domain = ''] = (await instance.inventory()).domains;
      await restartLibvirtd(() => delay(500));
      await act({ reboot: { type: 'HARD' } });
      expect(await statusSoon('ACTIVE')).toBe('ACTIVE');
      await restartLibvirtd(async () => {
        killEmulator(domain);
        await delay(500);
      });
      expect(await statusSoon('SHUTOFF', 30_000)).toBe('SHUTOFF');
      await act({ 'os-start': null });
      expect(await statusSoon('ACTIVE')).toBe('ACTIVE');
      await cloud.compared();
    },
  );
});
