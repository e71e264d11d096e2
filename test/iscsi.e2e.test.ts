import { readFileSync, readdirSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import type { Json } from '../main/openstack-client.ts';
import { ensureTinyGuest } from '../resources/guest/build.ts';
import { GuestCloud } from './support/guest-cloud.ts';
import { NOTHING, TestInstance } from './support/instance.ts';
import { complaints, sshTo } from './support/person.ts';

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

const settings = {
  listener: { port: await freePort() },
  volume: {
    backends: [{ name: 'shared', format: 'raw', export: 'iscsi' }],
    iscsiPort: await freePort(),
  },
};

describe('volumes over iSCSI in real guests', () => {
  const instance = new TestInstance('iscsi', 'linux', settings);
  let cloud: GuestCloud;
  let endpoint: string;
  const servers: { id: string; address: string }[] = [];

  async function volume(method: string, path: string, body?: Json): Promise<Json> {
    const response = await fetch(`${endpoint}/volume/v3${path}`, {
      method,
      headers: {
        'x-auth-token': cloud.client.token,
        'content-type': 'application/json',
        'openstack-api-version': 'volume 3.70',
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    if (response.status >= 300) throw new Error(`${method} ${path}: ${response.status} ${text}`);
    return text === '' ? {} : (JSON.parse(text) as Json);
  }
  const becomes = (id: string, status: string): Promise<void> =>
    vi.waitFor(
      async () => expect((await volume('GET', `/volumes/${id}`))['volume']).toMatchObject({ status }),
      { timeout: 120_000, interval: 100 },
    );
  const inGuest = ({ address }: { address: string }, command: string): Promise<string> =>
    vi.waitFor(
      async () => {
        await rm(join(instance.directory, 'user', 'known_hosts'), { force: true });
        const ran = await sshTo(instance, address, 'root', command);
        expect(ran).toMatchObject({ code: 0 });
        return ran.stdout;
      },
      { timeout: 180_000, interval: 300 },
    );
  const sectors = (server: { address: string }, expected: string): Promise<void> =>
    vi.waitFor(
      async () =>
        expect(await inGuest(server, 'cat /sys/block/vdb/size 2>/dev/null || echo none')).toBe(
          `${expected}\n`,
        ),
      { timeout: 120_000 },
    );
  const attachments = (server: { id: string }) => `/servers/${server.id}/os-volume_attachments`;
  const targets = async () => (await instance.inventory()).exports;
  /** All that was recorded of the operations of one kind. */
  const traced = async (name: string): Promise<string> => {
    const found = (await instance.client.operations({ limit: '200' })).filter((one) => one.name === name);
    return JSON.stringify(await Promise.all(found.map(({ id }) => instance.client.operation(id))));
  };

  const passwordOf = (volumeId: string): string => {
    const db = new DatabaseSync(join(instance.directory, 'state', 'deskcloud.db'), { readOnly: true });
    const row = db.prepare('SELECT chap_password AS p FROM volume_export WHERE volume_id = ?').get(volumeId);
    db.close();
    return String(row?.['p']);
  };

  beforeAll(async () => {
    await instance.start();
    endpoint = (await instance.client.status()).endpoint;
    cloud = await GuestCloud.make(instance, await ensureTinyGuest(), { vcpus: 1, ram: 128, disk: 1 });
    for (const name of ['one', 'two']) {
      const { id } = await cloud.boot(name);
      await cloud.built(id);
      servers.push({ id, address: await cloud.floatingIp(id) });
    }
    for (const server of servers) await inGuest(server, 'true');
  });
  afterEach(({ task }) => {
    if (task.result?.state === 'fail') process.stderr.write(`${complaints(instance)}\n`);
  });
  afterAll(async () => {
    expect(await instance.remove()).toEqual(NOTHING);
  });

  test('what one guest wrote another reads, over a target that is there only as long as it is needed', async () => {
    const [one, two] = servers as [(typeof servers)[0], (typeof servers)[0]];
    const made = await volume('POST', '/volumes', { volume: { size: 1 } });
    const { id } = made['volume'] as { id: string };
    await becomes(id, 'available');
    expect(await targets()).toEqual([]);
    await cloud.client.post('compute', attachments(one), { volumeAttachment: { volumeId: id } });
    await becomes(id, 'in-use');
    expect(await targets()).toEqual(['tgtd', `iqn.2010-10.org.openstack:volume-${id}`]);
    await sectors(one, String(1024 ** 3 / 512));
    await inGuest(one, 'echo over-iscsi >/dev/vdb; sync');

    // The daemon dies, and so does the helper: the guest's writes wait, and go on.
    const password = passwordOf(id);
    const tgtd = processes().find(({ line }) => line.includes('tgtd') && line.includes(instance.directory));
    process.kill(tgtd?.pid ?? 0, 'SIGKILL');
    await instance.kill();
    await instance.start();
    await instance.ready();
    expect(await targets()).toHaveLength(2);
    await inGuest(one, 'echo again | dd of=/dev/vdb bs=512 seek=1 conv=sync 2>/dev/null; sync');

    // The guest sees that it grows.
    await volume('POST', `/volumes/${id}/action`, { 'os-extend': { new_size: 2 } });
    await becomes(id, 'in-use');
    await sectors(one, String((2 * 1024 ** 3) / 512));

    // The password is in no command line, log, XML or record.
    for (const { line } of processes()) expect(line).not.toContain(password);
    expect(instance.log()).not.toContain(password);
    const attached = await traced('server-attach-volume');
    expect(attached).not.toContain(password);
    // Steps 45 to 49 of the flow, with what was really done.
    const created = await traced('volume-create');
    expect(created).toContain('"number":45');
    for (const word of [
      'tgt target new',
      'tgt logicalunit new',
      'tgt account new',
      'tgt target bind',
      "protocol='iscsi'",
    ])
      expect(attached).toContain(word);

    await cloud.client.delete('compute', `${attachments(one)}/${id}`);
    await becomes(id, 'available');
    expect(await targets()).toEqual([]);
    await sectors(one, 'none');
    await cloud.client.post('compute', attachments(two), { volumeAttachment: { volumeId: id } });
    await becomes(id, 'in-use');
    await sectors(two, String((2 * 1024 ** 3) / 512));
    expect(await inGuest(two, 'dd if=/dev/vdb bs=512 count=2 2>/dev/null | tr -d "\\000"')).toBe(
      'over-iscsi\nagain\n',
    );
    await cloud.delete(two.id);
    await becomes(id, 'available');
    await vi.waitFor(async () => expect(await targets()).toEqual([]), { timeout: 120_000 });
  });
});

function processes(): { pid: number; line: string }[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => {
      try {
        const line = readFileSync(`/proc/${name}/cmdline`, 'utf8').replaceAll('\0', ' ');
        return [{ pid: Number(name), line }];
      } catch {
        return [];
      }
    });
}
