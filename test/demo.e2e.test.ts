import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { sshArguments } from '../main/demo/ssh.ts';
import type { Operation } from '../helper/contract/operation.ts';
import { deskcloud, openstack, openstackIn, run } from './support/cli.ts';
import { NOTHING, TestInstance } from './support/instance.ts';

const instance = new TestInstance('demo');
let floatingIp = '';

const ssh = (command: string) =>
  run([
    'ssh',
    '-o',
    'BatchMode=yes',
    ...sshArguments({
      address: floatingIp,
      user: 'deskcloud',
      keyPath: join(instance.directory, 'user', 'demo_ed25519'),
      knownHostsPath: join(instance.directory, 'user', 'known_hosts'),
    }),
    command,
  ]);

const parsed = (text: string): unknown => JSON.parse(text);

beforeAll(async () => {
  const first = await deskcloud(instance, 'demo', '--yes');
  expect(first.stderr).toBe('');
  expect(first.code).toBe(0);
  floatingIp = /floating IP ([\d.]+) /.exec(first.stdout)?.[1] ?? '';
});

afterAll(async () => {
  const left = await instance.remove();
  expect(left).toEqual(NOTHING);
});

describe('the demo cloud', () => {
  test('has a guest that answers SSH through its floating IP and knows who it is', async () => {
    const who = await ssh('hostname; cat /proc/sys/kernel/ostype');
    expect(who.stdout).toMatch(/^demo-server/);
    expect(who.stdout).toContain('Linux');
  });

  test('has a volume with a file system in the guest, which survives the server', async () => {
    const visited = async (count: string): Promise<void> =>
      await expect
        .poll(async () => (await ssh('grep -c "was here" /data/visitors')).stdout.trim(), {
          timeout: 120_000,
          interval: 500,
        })
        .toBe(count);
    await visited('1');
    expect((await ssh('grep " /data " /proc/mounts')).stdout).toMatch(/^\/dev\/vd\w+ \/data ext4 /);
    expect((await ssh('echo kept >/data/note && sync')).code).toBe(0);

    const gone = await openstackIn('deskcloud-demo', instance, 'server', 'delete', '--wait', 'demo-server');
    expect(gone.code).toBe(0);
    const again = await deskcloud(instance, 'demo', '--yes');
    expect(again.code).toBe(0);
    floatingIp = /floating IP ([\d.]+) /.exec(again.stdout)?.[1] ?? '';
    await visited('2');
    expect((await ssh('cat /data/note')).stdout.trim()).toBe('kept');
  });

  test('lets its guest reach the host’s side and resolve names', async () => {
    const ping = await ssh(`ping -c 1 -w 10 198.18.${instance.subnet}.1`);
    expect(ping.stdout).toContain('1 packets received');
  });

  test('is found again by a second run, which says so', async () => {
    const started = Date.now();
    const second = await deskcloud(instance, 'demo', '--yes');
    expect(second.code).toBe(0);
    expect(second.stdout).toContain('was there already');
    expect(second.stdout).toContain(floatingIp);
    // "Takes seconds": far below what a boot alone takes, with room for a busy machine.
    expect(Date.now() - started).toBeLessThan(90_000);
  });

  test('shows every step with what was really done', async () => {
    const { stdout, code } = await deskcloud(instance, 'trace', 'demo-server', '--json');
    expect(code).toBe(0);
    const create = (parsed(stdout) as Operation[]).find((operation) => operation.name === 'server-create');
    const numbers = create?.steps.flatMap((step) =>
      typeof step.number === 'number' ? [step.number] : (step.number ?? []),
    );
    for (const number of [11, 14, 17, 27, 31, 32, 33, 36, 37, 38, 39]) expect(numbers).toContain(number);
    const entries = create?.steps.flatMap((step) => step.entries) ?? [];
    for (const kind of ['command', 'rpc', 'xml', 'sql'])
      expect(entries.map((entry) => entry.kind)).toContain(kind);
    const text = (await deskcloud(instance, 'trace', 'demo-server')).stdout;
    expect(text).toContain('<domain type=');
    expect(text).toContain('$ ip ');
  });

  test('answers OpenStack’s own client', async () => {
    const token = await openstack(instance, 'token', 'issue', '-f', 'json');
    expect(token.stderr).toBe('');
    expect(parsed(token.stdout)).toHaveProperty('id');
    const servers = await openstackIn('deskcloud-demo', instance, 'server', 'list', '-f', 'json');
    expect(servers.stderr).toBe('');
    expect(parsed(servers.stdout)).toEqual([
      expect.objectContaining({ Name: 'demo-server', Status: 'ACTIVE' }),
    ]);
  });

  test('prints what the client needs', async () => {
    const { stdout } = await deskcloud(instance, 'env');
    expect(stdout).toMatch(/^export OS_AUTH_URL='http:\/\/127\.0\.0\.1:\d+\/identity\/v3'$/m);
    expect(stdout).toMatch(/^export OS_PASSWORD='.+'$/m);
  });

  test('goes down and comes up again as it was', async () => {
    expect((await deskcloud(instance, 'down')).code).toBe(0);
    const inventory = await instance.inventory();
    expect({ ...inventory, domains: [] }).toEqual(NOTHING);
    expect((await deskcloud(instance, 'up')).code).toBe(0);
    await expect
      .poll(async () => (await ssh('cat /data/note')).stdout.trim(), { timeout: 120_000, interval: 1000 })
      .toBe('kept');
  });

  test('goes away with --down and leaves nothing', async () => {
    expect((await deskcloud(instance, 'demo', '--down')).code).toBe(0);
    expect(await instance.inventory()).toEqual(NOTHING);
  });
});
