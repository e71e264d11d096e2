import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import { make } from '../main/demo/ensure.ts';
import type { Json } from '../main/openstack-client.ts';
import { ensureTinyGuest } from '../resources/guest/build.ts';
import { GuestCloud } from './support/guest-cloud.ts';
import { NOTHING, TestInstance } from './support/instance.ts';
import { complaints, sshTo } from './support/person.ts';

describe('volumes in a real guest', () => {
  const instance = new TestInstance('volume');
  let cloud: GuestCloud;
  let endpoint: string;
  let id: string;
  let address: string;
  /** A flavor without a disk of its own. */
  let diskless: string;

  /** Block storage, by the latest microversion. */
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
  async function becomes(kind: 'volume' | 'snapshot', thing: string, status: string): Promise<void> {
    await vi.waitFor(
      async () => {
        const one = (await volume('GET', `/${kind}s/${thing}`))[kind] as { status: string };
        expect(['error', status]).toContain(one.status);
        const why = one.status === status ? [] : (await volume('GET', '/messages'))['messages'];
        expect({ status: one.status, why }).toEqual({ status, why: [] });
      },
      { timeout: 120_000, interval: 200 },
    );
  }
  async function makeVolume(more: Json): Promise<string> {
    const made = (await volume('POST', '/volumes', { volume: more }))['volume'] as { id: string };
    await becomes('volume', made.id, 'available');
    return made.id;
  }
  const attachments = () => `/servers/${id}/os-volume_attachments`;
  async function attach(volumeId: string): Promise<void> {
    await cloud.client.post('compute', attachments(), { volumeAttachment: { volumeId } });
    await becomes('volume', volumeId, 'in-use');
  }
  async function detach(volumeId: string): Promise<void> {
    await cloud.client.delete('compute', `${attachments()}/${volumeId}`);
    await becomes('volume', volumeId, 'available');
  }
  const inGuest = (command: string): Promise<string> =>
    vi.waitFor(
      async () => {
        await rm(join(instance.directory, 'user', 'known_hosts'), { force: true });
        const ran = await sshTo(instance, address, 'root', command);
        expect(ran).toMatchObject({ code: 0 });
        return ran.stdout;
      },
      { timeout: 180_000, interval: 500 },
    );
  /** A disk that comes while a kernel looks for its first one may be the first. */
  const isUp = (): Promise<string> => inGuest('true');
  const guestSees = (expected: string): Promise<void> =>
    vi.waitFor(
      async () => expect(await inGuest('cat /sys/block/vdb/size 2>/dev/null || echo none')).toBe(expected),
      {
        timeout: 120_000,
      },
    );
  const SECTORS = 1024 ** 3 / 512;
  const first = 'dd if=/dev/vdb bs=512 count=1 2>/dev/null | tr -d "\\000"';

  beforeAll(async () => {
    await instance.start();
    endpoint = (await instance.client.status()).endpoint;
    cloud = await GuestCloud.make(instance, await ensureTinyGuest(), { vcpus: 1, ram: 128, disk: 1 });
    ({ id: diskless } = await make(cloud.client, 'compute', '/flavors', 'flavor', {
      name: 'diskless',
      vcpus: 1,
      ram: 128,
      disk: 0,
    }));
    ({ id } = await cloud.boot('web'));
    await cloud.built(id);
    address = await cloud.floatingIp(id);
    await isUp();
  });
  afterEach(({ task }) => {
    if (task.result?.state === 'fail') process.stderr.write(`${complaints(instance)}\n`);
  });
  afterAll(async () => {
    expect(await instance.remove()).toEqual(NOTHING);
  });

  test('an encrypted volume: the guest writes plain text, the disk holds LUKS, and another guest reads it back', async () => {
    const reader = await cloud.boot('reader');
    const { id: typeId } = (await volume('POST', '/types', { volume_type: { name: 'luks' } }))[
      'volume_type'
    ] as { id: string };
    const encryption = {
      provider: 'luks',
      control_location: 'front-end',
      cipher: 'aes-xts-plain64',
      key_size: 256,
    };
    await volume('POST', `/types/${typeId}/encryption`, { encryption });
    const data = await makeVolume({ size: 1, volume_type: 'luks' });
    await attach(data);
    await guestSees(`${SECTORS}\n`);
    expect(await inGuest(first)).toBe('');
    expect((await instance.inventory()).secrets).toHaveLength(1);
    const text = 'what only the guest may read';
    await inGuest(`for i in $(seq 100); do echo ${text}; done >/dev/vdb; sync`);
    const snapshot = (await volume('POST', '/snapshots', { snapshot: { volume_id: data } }))['snapshot'] as {
      id: string;
    };
    await becomes('snapshot', snapshot.id, 'available');
    await volume('POST', `/volumes/${data}/action`, { 'os-extend': { new_size: 2 } });
    await becomes('volume', data, 'in-use');
    await guestSees(`${2 * SECTORS}\n`);
    await detach(data);
    await guestSees('none\n');
    expect((await instance.inventory()).secrets).toEqual([]);
    for (const name of [`volume-${data}`, `snapshot-${snapshot.id}`]) {
      const bytes = await readFile(join(instance.directory, 'state', 'volumes', 'file', name));
      expect([bytes.includes('LUKS\xba\xbe', 0, 'latin1'), bytes.includes(text)]).toEqual([true, false]);
    }

    const web = { id, address };
    ({ id } = await cloud.built(reader.id));
    address = await cloud.floatingIp(id);
    await isUp();
    const read = `head -c ${text.length} /dev/vdb`;
    await attach(data);
    await guestSees(`${2 * SECTORS}\n`);
    expect(await inGuest(read)).toBe(text);
    await detach(data);
    const copy = await makeVolume({ snapshot_id: snapshot.id });
    await attach(copy);
    await guestSees(`${SECTORS}\n`);
    expect(await inGuest(read)).toBe(text);
    await cloud.delete(id);
    await becomes('volume', copy, 'available');
    expect((await instance.inventory()).secrets).toEqual([]);
    ({ id, address } = web);
  });

  test('a volume is swapped while the guest writes to it; its successor is one of two guests', async () => {
    const web = { id, address };
    const { id: otherId } = await cloud.boot('other');
    await volume('POST', '/types', {
      volume_type: { name: 'shared', extra_specs: { multiattach: '<is> True' } },
    });
    const old = await makeVolume({ size: 1, volume_type: 'shared' });
    const next = await makeVolume({ size: 2, volume_type: 'shared' });
    await attach(old);
    await guestSees(`${SECTORS}\n`);
    await inGuest('echo before >/dev/vdb; sync');
    // A number that grows, until the file that stops it is there.
    const counter =
      'n=0; while [ ! -e /tmp/stop ]; do n=$((n+1)); echo $n | dd of=/dev/vdb bs=512 seek=8 conv=notrunc,fsync 2>/dev/null; echo $n >/tmp/n; done; touch /tmp/stopped';
    await inGuest(`(${counter}) >/dev/null 2>&1 </dev/null & true`);
    await cloud.client.put('compute', `${attachments()}/${old}`, { volumeAttachment: { volumeId: next } });
    await becomes('volume', old, 'available');
    await becomes('volume', next, 'in-use');
    await guestSees(`${2 * SECTORS}\n`);
    const written = await inGuest(
      'touch /tmp/stop; while [ ! -e /tmp/stopped ]; do sleep 1; done; sync; cat /tmp/n',
    );
    expect(Number(written)).toBeGreaterThan(1);
    await cloud.built(otherId);
    ({ id, address } = { id: otherId, address: await cloud.floatingIp(otherId) });
    await isUp();
    await attach(next);
    await guestSees(`${2 * SECTORS}\n`);
    expect(await inGuest(first)).toBe('before\n');
    const count = 'dd if=/dev/vdb bs=512 skip=8 count=1 2>/dev/null | tr -d "\\000"';
    expect(await inGuest(count)).toMatch(new RegExp(`^${written.trim()}\n`));
    await inGuest('echo from the other >/dev/vdb; sync');
    await cloud.delete(otherId);
    await becomes('volume', next, 'in-use');
    ({ id, address } = web);
    expect(await inGuest(`echo 3 >/proc/sys/vm/drop_caches; ${first}`)).toMatch(/^from the other\n/);
    await detach(next);
    await guestSees('none\n');
  });

  test('a volume is plugged in, grown and copied while the guest writes to it, and its copy has what was written', async () => {
    const type = (await volume('POST', '/types', { volume_type: { name: 'slow' } }))['volume_type'] as {
      id: string;
    };
    const qos = (
      await volume('POST', '/qos-specs', {
        qos_specs: { name: 'slow', consumer: 'front-end', total_iops_sec: '2000' },
      })
    )['qos_specs'] as { id: string };
    await volume('GET', `/qos-specs/${qos.id}/associate?vol_type_id=${type.id}`);
    const data = await makeVolume({ size: 1, volume_type: 'slow' });
    await attach(data);
    await guestSees(`${SECTORS}\n`);
    // A new volume reads zeros (S46).
    expect(await inGuest(first)).toBe('');
    expect(await inGuest('cat /sys/block/vdb/serial')).toContain(data.slice(0, 20));
    await inGuest('echo written >/dev/vdb; sync');
    const snapshot = (await volume('POST', '/snapshots', { snapshot: { volume_id: data } }))['snapshot'] as {
      id: string;
    };
    await becomes('snapshot', snapshot.id, 'available');
    await volume('POST', `/volumes/${data}/action`, { 'os-extend': { new_size: 2 } });
    await becomes('volume', data, 'in-use');
    await guestSees(`${2 * SECTORS}\n`);
    await detach(data);
    await guestSees('none\n');
    const copy = await makeVolume({ snapshot_id: snapshot.id });
    await attach(copy);
    await guestSees(`${SECTORS}\n`);
    expect(await inGuest(first)).toBe('written\n');
    await cloud.delete(id);
    await becomes('volume', copy, 'available');
  });

  test('a server boots from a volume made of an image; deleted, another boots from it, and has what was written', async () => {
    const root = { source_type: 'image', destination_type: 'volume', uuid: cloud.imageId, boot_index: 0 };
    const disks = { imageRef: '', flavorRef: diskless };
    const made = await cloud.boot('first', {
      ...disks,
      block_device_mapping_v2: [
        { ...root, volume_size: 1 },
        { source_type: 'blank', destination_type: 'volume', volume_size: 1, delete_on_termination: true },
      ],
    });
    expect(await cloud.built(made.id)).toMatchObject({ status: 'ACTIVE', image: '' });
    const attached = (await cloud.show(made.id))['os-extended-volumes:volumes_attached'] as { id: string }[];
    const [boot, data] = attached.map((one) => one.id);
    address = await cloud.floatingIp(made.id);
    expect(await inGuest('cat /sys/block/vda/serial')).toContain(boot?.slice(0, 20));
    expect(await inGuest('cat /sys/block/vdb/size')).toBe(`${SECTORS}\n`);
    await inGuest('echo kept >/root/kept; sync');
    await cloud.delete(made.id);
    await becomes('volume', boot ?? '', 'available');
    await vi.waitFor(
      async () =>
        expect((await volume('GET', '/volumes'))['volumes']).not.toContainEqual(
          expect.objectContaining({ id: data }),
        ),
      {
        timeout: 120_000,
      },
    );
    const again = await cloud.boot('second', {
      ...disks,
      block_device_mapping_v2: [
        { source_type: 'volume', destination_type: 'volume', uuid: boot, boot_index: 0 },
      ],
    });
    expect(await cloud.built(again.id)).toMatchObject({ status: 'ACTIVE' });
    address = await cloud.floatingIp(again.id);
    expect(await inGuest('cat /root/kept')).toBe('kept\n');
    await cloud.delete(again.id);
  });
});
