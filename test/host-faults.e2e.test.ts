import { randomFillSync } from 'node:crypto';
import { existsSync, mkdtempSync } from 'node:fs';
import { mkdir, readdir, rm, statfs, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { make } from '../main/demo/ensure.ts';
import type { Json } from '../main/openstack-client.ts';
import { ensureTinyGuest } from '../resources/guest/build.ts';
import { GuestCloud } from './support/guest-cloud.ts';
import { commands, NOTHING, TestInstance } from './support/instance.ts';
import { complaints } from './support/person.ts';
import { RawApi } from './support/raw-api.ts';

const MIB = 2 ** 20;

/** Runs the helper where the host looks different: in a mount namespace of its own, made by a shell script. */
const under = (script: string): string[] => [
  'unshare',
  '--mount',
  '/bin/sh',
  '-ec',
  `${script}\nexec "$@"`,
  'sh',
];

describe('a host that lacks something', () => {
  const instance = new TestInstance('faults');
  const scratch = join(instance.directory, 'scratch');
  /** A small disk, on which state and log are as they are on one disk of a usual machine. */
  const disk = mkdtempSync(join(tmpdir(), 'deskcloud-faults-disk-'));
  const state = join(instance.directory, 'state');
  const filler = join(disk, 'filler');
  let cloud: GuestCloud;

  beforeAll(async () => {
    await mkdir(scratch);
    await commands.run(['mount', '-t', 'tmpfs', '-o', 'size=1300m,mode=711', 'tmpfs', disk]);
    for (const name of ['state', 'log']) {
      await mkdir(join(disk, name), { mode: 0o711 });
      await symlink(join(disk, name), join(instance.directory, name));
    }
    await instance.start();
    cloud = await GuestCloud.make(instance, await ensureTinyGuest(), { vcpus: 1, ram: 128, disk: 1 });
  });
  afterEach(async ({ task }) => {
    if (task.result?.state === 'fail') process.stderr.write(`${complaints(instance)}\n`);
    expect(await instance.client.status()).toMatchObject({ stuckOperations: 0 });
  });
  afterAll(async () => {
    await rm(filler, { force: true });
    const left = await instance.remove();
    await commands.run(['umount', disk]);
    await rm(disk, { recursive: true });
    expect(left).toEqual(NOTHING);
  });

  /** Leaves so many bytes free in the state directory. */
  async function fill(leave: number): Promise<void> {
    await rm(filler, { force: true });
    const { bavail, bsize } = await statfs(state);
    await commands.run(['fallocate', '--length', String(bavail * bsize - leave), filler]);
  }

  /** The server's fault: for the owner, and all of it for an administrator. */
  async function faultOf(id: string): Promise<string> {
    const server = await cloud.built(id);
    expect(server).toMatchObject({ status: 'ERROR', fault: { code: 500 } });
    return JSON.stringify(server.fault);
  }

  async function leavesNothing(id: string): Promise<void> {
    const { domains, taps } = await instance.inventory();
    expect([domains, taps]).toEqual([[], []]);
    expect(existsSync(join(state, 'instances', id))).toBe(false);
    const ports = await cloud.client.get('network', `/ports?device_id=${id}`);
    expect(ports['ports']).toEqual([]);
  }

  async function restart(wrapper: readonly string[] = []): Promise<RawApi> {
    await instance.stop();
    await instance.startUnder(wrapper);
    if (wrapper.length === 0) await instance.ready();
    cloud = cloud.as(await instance.admin());
    return RawApi.of(instance, cloud.client);
  }

  test('a full disk refuses an image and a server, and takes them when there is room', async () => {
    const api = await RawApi.of(instance, cloud.client);
    const image = await cloud.client.post('image', '/images', {
      name: 'big',
      disk_format: 'raw',
      container_format: 'bare',
    });
    const path = `/images/${String(image['id'])}`;
    const bytes = randomFillSync(Buffer.alloc(16 * MIB));
    const type = { 'content-type': 'application/octet-stream' };
    await fill(4 * MIB);
    const answer = await api.call('PUT', 'image', `${path}/file`, bytes, type);
    expect([answer.status, answer.message]).toEqual([413, expect.stringMatching(/disk|space/i) as string]);
    expect(await cloud.client.get('image', path)).toMatchObject({ status: 'queued' });
    expect(await readdir(join(state, 'images', 'incoming'))).toEqual([]);

    await fill(0);
    // Who has no room even for the question says so at once; else the server does.
    const asked = await api.call('POST', 'compute', '/servers', {
      server: { name: 'full', imageRef: cloud.imageId, flavorRef: cloud.flavorId, networks: 'none' },
    });
    const { server } = (asked.body ?? {}) as { server?: { id: string } };
    const message = server === undefined ? asked.message : await faultOf(server.id);
    expect([[202, 503].includes(asked.status), message]).toEqual([
      true,
      expect.stringMatching(/is full.*Free space/) as string,
    ]);
    if (server !== undefined) {
      await cloud.delete(server.id);
      await leavesNothing(server.id);
    }
    expect((await instance.client.status()).servers).toBe(0);
    await rm(filler);

    expect((await api.call('PUT', 'image', `${path}/file`, bytes, type)).status).toBe(204);
    await cloud.client.delete('image', path);
    const cured = await cloud.boot('room');
    expect((await cloud.built(cured.id)).status).toBe('ACTIVE');
    await cloud.delete(cured.id);
  });

  test('a full disk refuses a volume and a snapshot in words, and takes them when there is room (R8)', async () => {
    const api = await RawApi.of(instance, cloud.client);
    const volume = async (method: string, path: string, body?: object): Promise<Json> => {
      const version = { 'openstack-api-version': 'volume 3.70' };
      return (await api.call(method, 'volume', path, body, version)).body as Json;
    };
    const settled = async (kind: 'volume' | 'snapshot', id: string, status: string): Promise<void> => {
      const found = async (): Promise<unknown> =>
        ((await volume('GET', `/${kind}s/${id}`))[kind] as Json)['status'];
      await expect.poll(found, { timeout: 120_000 }).toBe(status);
    };
    const make = async (kind: 'volume' | 'snapshot', more: object, status: string): Promise<string> => {
      const { id } = (await volume('POST', `/${kind}s`, { [kind]: more }))[kind] as { id: string };
      await settled(kind, id, status);
      return id;
    };
    const told = async (id: string): Promise<string> => {
      const { messages } = (await volume('GET', '/messages')) as { messages: Json[] };
      return messages
        .filter((one) => one['resource_uuid'] === id)
        .map((one) => String(one['user_message']))
        .join();
    };
    const files = async (): Promise<string[]> => (await readdir(join(state, 'volumes', 'file'))).sort();
    const id = await make('volume', { size: 1, imageRef: cloud.imageId }, 'available');
    await fill(MIB);
    const refused = await make('volume', { size: 1 }, 'error');
    expect(await told(refused)).toMatch(/CapacityFilter/);
    const half = await make('snapshot', { volume_id: id }, 'error');
    expect(await told(half)).toMatch(/is full.*Free space/);
    expect((await volume('GET', `/volumes/${id}`))['volume']).toMatchObject({ status: 'available' });
    expect(await files()).toEqual([`volume-${id}`]);
    await rm(filler);

    const whole = await make('snapshot', { volume_id: id }, 'available');
    expect(await files()).toEqual([`snapshot-${whole}`, `volume-${id}`]);
    await volume('DELETE', `/snapshots/${half}`);
    await volume('DELETE', `/volumes/${refused}`);
    await volume('DELETE', `/snapshots/${whole}`);
    await expect.poll(files, { timeout: 120_000 }).toEqual([`volume-${id}`]);
    await volume('DELETE', `/volumes/${id}`);
    await expect.poll(files, { timeout: 120_000 }).toEqual([]);
  });

  test('without libvirtd a server says so, and the status too', async () => {
    await restart(under('mount -t tmpfs tmpfs /run/libvirt'));
    const status = await instance.client.status();
    expect(status.hypervisor).toBeNull();
    expect(status.hypervisorProblem).toMatch(/libvirtd is not running.*systemctl start libvirtd/);
    const { id } = await cloud.boot('no-libvirtd');
    // A create that came before the host was seen to be down, and one that came after.
    expect(await faultOf(id)).toMatch(
      /libvirtd is not running.*systemctl start libvirtd|is libvirtd running/,
    );
    await instance.ready();
    const { id: later } = await cloud.boot('no-libvirtd-later');
    expect(await faultOf(later)).toMatch(
      /the host is down: its hypervisor does not answer .is libvirtd running/,
    );
    for (const one of [id, later]) {
      await cloud.delete(one);
      await leavesNothing(one);
    }
    await restart();
    expect((await instance.client.status()).hypervisor).not.toBeNull();
  });

  test('without dnsmasq a server on a new network says what to install', async () => {
    await restart(
      under(
        [
          `mount -t tmpfs tmpfs ${scratch}`,
          `mkdir ${scratch}/upper ${scratch}/work`,
          `mount -t overlay -o lowerdir=/usr/sbin,upperdir=${scratch}/upper,workdir=${scratch}/work overlay /usr/sbin`,
          'rm /usr/sbin/dnsmasq',
        ].join('\n'),
      ),
    );
    const network = await make(cloud.client, 'network', '/networks', 'network', { name: 'later' });
    await cloud.client.post('network', '/subnets', {
      subnet: { network_id: network.id, ip_version: 4, cidr: '10.8.0.0/24' },
    });
    const { id } = await cloud.boot('no-dnsmasq', { networks: [{ uuid: network.id }] });
    expect(await faultOf(id)).toMatch(/dnsmasq is not installed.*deskcloud check/);
    await cloud.delete(id);
    await leavesNothing(id);

    await restart();
    const cured = await cloud.boot('with-dnsmasq', { networks: [{ uuid: network.id }] });
    expect((await cloud.built(cured.id)).status).toBe('ACTIVE');
    await cloud.delete(cured.id);
  });
});
