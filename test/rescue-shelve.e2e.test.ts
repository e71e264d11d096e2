import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import { ensureTinyGuest } from '../resources/guest/build.ts';
import type { Json } from '../main/openstack-client.ts';
import { GuestCloud } from './support/guest-cloud.ts';
import { NOTHING, TestInstance } from './support/instance.ts';
import { complaints, sshTo } from './support/person.ts';

interface Attached {
  readonly port_id: string;
  readonly mac_addr: string;
}

describe('a real guest that is changed, rescued and shelved', () => {
  const instance = new TestInstance('rescue');
  let cloud: GuestCloud;
  let id: string;
  let address: string;

  /** Runs a command in the guest as root, as soon as it lets somebody in. */
  const inGuest = (command: string): Promise<string> =>
    vi.waitFor(
      async () => {
        // Each disk makes a host key of its own.
        await rm(join(instance.directory, 'user', 'known_hosts'), { force: true });
        const ran = await sshTo(instance, address, 'root', command);
        expect(ran).toMatchObject({ code: 0 });
        return ran.stdout;
      },
      { timeout: 180_000, interval: 500 },
    );
  const act = (body: Json): Promise<Json> => cloud.client.post('compute', `/servers/${id}/action`, body);
  const becomes = (status: string): Promise<void> =>
    vi.waitFor(async () => expect((await cloud.show(id)).status).toBe(status), {
      timeout: 120_000,
      interval: 200,
    });
  const macs = (): Promise<string> => inGuest('cat /sys/class/net/*/address');

  beforeAll(async () => {
    await instance.start();
    cloud = await GuestCloud.make(instance, await ensureTinyGuest(), { vcpus: 1, ram: 128, disk: 1 });
    ({ id } = await cloud.boot('web'));
    await cloud.built(id);
    address = await cloud.floatingIp(id);
    await inGuest('echo kept >/root/note; sync');
  });
  afterEach(({ task }) => {
    if (task.result?.state === 'fail') process.stderr.write(`${complaints(instance)}\n`);
  });
  afterAll(async () => {
    expect(await instance.remove()).toEqual(NOTHING);
  });

  test('a card comes into the running guest, and goes again with its port', async () => {
    const answer = await cloud.client.post('compute', `/servers/${id}/os-interface`, {
      interfaceAttachment: { net_id: cloud.networkId },
    });
    const attached = answer['interfaceAttachment'] as Attached;
    // The guest's kernel finds it a moment later.
    await vi.waitFor(async () => expect(await macs()).toContain(attached.mac_addr), { timeout: 120_000 });
    expect((await instance.inventory()).taps).toHaveLength(2);
    await cloud.client.delete('compute', `/servers/${id}/os-interface/${attached.port_id}`);
    await vi.waitFor(async () => expect(await macs()).not.toContain(attached.mac_addr), { timeout: 120_000 });
    await vi.waitFor(
      async () => {
        expect((await instance.inventory()).taps).toHaveLength(1);
        const { ports } = await cloud.client.get('network', `/ports?id=${attached.port_id}`);
        expect(ports).toEqual([]);
      },
      { timeout: 120_000 },
    );
  });

  test('in rescue it has its own disk beside another, and then boots from its own again', async () => {
    const { adminPass } = await act({ rescue: { adminPass: 'secret' } });
    expect(adminPass).toBe('secret');
    await becomes('RESCUE');
    expect(await inGuest('test ! -e /root/note && mount -t ext4 /dev/vdb2 /mnt && cat /mnt/root/note')).toBe(
      'kept\n',
    );
    await inGuest('echo mended >>/mnt/root/note; umount /mnt');
    await act({ unrescue: null });
    await becomes('ACTIVE');
    expect(await inGuest('cat /root/note; test ! -e /dev/vdb')).toBe('kept\nmended\n');
  });

  test('shelved it leaves nothing but its image and its ports, and comes back with its disk', async () => {
    await act({ shelve: null });
    await becomes('SHELVED_OFFLOADED');
    expect(await instance.inventory()).toMatchObject({ domains: [], taps: [] });
    await act({ unshelve: null });
    await becomes('ACTIVE');
    expect(await inGuest('cat /root/note')).toBe('kept\nmended\n');
    const { images } = (await cloud.client.get('image', '/images?name=web-shelved')) as { images: unknown[] };
    expect(images).toEqual([]);
  });
});
