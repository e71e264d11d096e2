import { randomUUID } from 'node:crypto';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { make } from '../main/demo/ensure.ts';
import { greetsBySsh, loseToReboot, virsh } from './support/behind-the-back.ts';
import { run } from './support/cli.ts';
import { CrashCloud } from './support/crash-cloud.ts';
import { eventually } from './support/patience.ts';
import { CrashProject, FOLLOWED_MS } from './support/crash-project.ts';
import { expectHostMatchesDatabase } from './support/host-matches-database.ts';
import { NOTHING } from './support/instance.ts';

const cloud = new CrashCloud('behind', 'linux', expectHostMatchesDatabase);
const { instance } = cloud;
let project: CrashProject;
/** The server that lives through all tests. */
let serverId = '';
/** Its floating IP, from where it answers. */
let address = '';

beforeAll(async () => {
  project = await CrashProject.start(cloud);
  serverId = await project.boot('web');
});

afterAll(async () => {
  const left = await instance.remove();
  expect(left).toEqual(NOTHING);
});

const expectAnswer = (): Promise<true> =>
  eventually(
    `the guest greets at ${address}`,
    async () => ((await greetsBySsh(address)) ? true : undefined),
    300_000,
  );

const dnsmasqPids = async (): Promise<readonly number[]> => {
  const { dnsmasq } = await instance.inventory();
  return dnsmasq.filter((one) => one.networkId === project.networkId).map((one) => one.pid);
};

describe('what happens behind the helper’s back', () => {
  test('guests’ traffic goes on while the helper is dead, and while it comes back (R29)', async () => {
    const made = await make(await cloud.admin(), 'network', '/floatingips', 'floatingip', {
      floating_network_id: project.externalId,
      port_id: await project.portOf(serverId),
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
    expect(await project.statusSoon(serverId, 'SHUTOFF')).toBe('SHUTOFF');
    await cloud.compared();
    await virsh('start', serverId);
    expect(await project.statusSoon(serverId, 'ACTIVE')).toBe('ACTIVE');
    await instance.kill();
    await virsh('destroy', serverId);
    await cloud.start();
    expect(await project.statusSoon(serverId, 'SHUTOFF')).toBe('SHUTOFF');
    await project.act(serverId, { 'os-start': null });
    expect(await project.statusSoon(serverId, 'ACTIVE')).toBe('ACTIVE');
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
    const pidPath = join(instance.directory, 'state', 'networks', project.networkId, 'pid');
    const [first = 0, ...more] = await dnsmasqPids();
    expect(more).toEqual([]);
    process.kill(first, 'SIGKILL');
    // The helper sees it by itself.
    await expect.poll(dnsmasqPids, { timeout: 120_000, interval: 200 }).toHaveLength(1);
    const [second = 0] = await dnsmasqPids();
    process.kill(second, 'SIGKILL');
    // So does whoever needs it before that.
    const needing = await project.boot('needs-dhcp');
    await cloud.compared();
    await project.remove(needing);
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
    await vi.waitFor(() => cloud.compared(), { timeout: 120_000, interval: 500 });
    expect(await project.statusOf(serverId)).toBe('ACTIVE');
    await expectAnswer();
  });
});
