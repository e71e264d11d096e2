import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import { make } from '../main/demo/ensure.ts';
import { ensureDebianGuest } from '../helper/test-support/debian-guest/build.ts';
import { GuestCloud, type ServerBody } from './support/guest-cloud.ts';
import { hasOpenJournal } from './support/ext4.ts';
import { NOTHING, TestInstance } from './support/instance.ts';
import { complaints, sshTo } from './support/person.ts';
import { RawApi } from './support/raw-api.ts';

const base64 = (text: string): string => Buffer.from(text).toString('base64');

const CLOUD_CONFIG = `#cloud-config
runcmd:
  - [sh, -c, 'echo "cloud-config of $(hostname)" > /var/tmp/user-data']
`;
const SCRIPT = `#!/bin/sh
echo "script of $(hostname)" > /var/tmp/user-data
`;

/** What a guest is asked, one line each; the last is what is left of the disk when the root does not fill it. */
const QUESTIONS = [
  'hostname',
  'id -un',
  'cloud-id',
  'sudo -n cat /run/cloud-init/result.json | tr -d "\\n "; echo',
  'cat /var/tmp/user-data',
  'df --output=size -BM / | tail -n 1',
  'cut -d " " -f 3 ~/.ssh/authorized_keys',
].join('; ');

/** The image demands that its guests are quiesced by their agent, of which one has none that runs. */
const AGENT = { hw_qemu_guest_agent: 'yes', os_require_quiesce: 'yes', os_admin_user: 'root' };
/** Where the image's root file system begins. */
const ROOT_AT = 64 * 2 ** 20;

/** Two full guests boot at the same time on two cores, by software emulation. */
const BOOT_MS = 500_000;

describe('a full Debian with cloud-init', () => {
  const instance = new TestInstance('debian');
  let cloud: GuestCloud;
  let api: RawApi;
  let user = '';
  let servers: readonly ServerBody[] = [];

  beforeAll(async () => {
    await instance.start();
    const guest = await ensureDebianGuest();
    user = guest.user;
    cloud = await GuestCloud.make(instance, guest, { vcpus: 1, ram: 512, disk: 4 });
    api = await RawApi.of(instance, cloud.client);
    const patch = Object.entries(AGENT).map(([name, value]) => ({ op: 'add', path: `/${name}`, value }));
    const type = { 'content-type': 'application/openstack-images-v2.1-json-patch' };
    expect(await api.call('PATCH', 'image', `/images/${cloud.imageId}`, patch, type)).toMatchObject({
      status: 200,
    });
    servers = await Promise.all([
      cloud.boot('by-service', { user_data: base64(CLOUD_CONFIG) }),
      cloud.boot('by-drive', { user_data: base64(SCRIPT), config_drive: true }),
    ]);
  });
  afterEach(async ({ task }) => {
    if (task.result?.state !== 'fail') return;
    const logs = await Promise.all(servers.map(({ id }) => cloud.consoleLog(id, 40)));
    process.stderr.write(`${complaints(instance)}\n${logs.join('\n---\n')}\n`);
  });
  afterAll(async () => {
    expect(await instance.remove()).toEqual(NOTHING);
  });

  const answers = async (id: string): Promise<string[]> => {
    expect(await cloud.built(id)).toMatchObject({ status: 'ACTIVE' });
    const address = await cloud.floatingIp(id);
    const ready = () => sshTo(instance, address, user, 'cloud-init status --wait > /dev/null; echo ready');
    await expect
      .poll(async () => (await ready()).stdout, { timeout: BOOT_MS, interval: 2000 })
      .toContain('ready');
    return (await sshTo(instance, address, user, QUESTIONS)).stdout.trim().split('\n');
  };

  test('takes key, name, user data and disk from the metadata service and from a config drive', async () => {
    const [service = [], drive = []] = await Promise.all(servers.map(({ id }) => answers(id)));
    expect(service.slice(0, 5)).toEqual([
      'by-service',
      'debian',
      'openstack',
      expect.stringMatching(/"datasource":"DataSourceOpenStackLocal.*"errors":\[\]/) as string,
      'cloud-config of by-service',
    ]);
    expect(drive.slice(0, 5)).toEqual([
      'by-drive',
      'debian',
      expect.stringMatching(/configdrive|openstack/) as string,
      expect.stringMatching(/"datasource":"DataSourceConfigDrive.*"errors":\[\]/) as string,
      'script of by-drive',
    ]);
    for (const [, , , , , size, key] of [service, drive]) {
      // The image has 2 GiB, the flavor's disk 4.
      expect(Number.parseInt(size ?? '', 10)).toBeGreaterThan(3500);
      expect(key).toBe('test');
    }
  });

  const inGuest = async (index: 0 | 1, command: string): Promise<string> => {
    const address = await cloud.floatingIp(servers[index]!.id);
    return await vi.waitFor(
      async () => {
        const { code, stdout, stderr } = await sshTo(instance, address, user, command);
        // On a busy machine the guest may be too slow for SSH itself.
        expect({ command, code, stderr }).not.toMatchObject({ code: 255 });
        if (code !== 0) throw new Error(`${command}: ${code} ${stderr}`);
        return stdout.trim();
      },
      { timeout: 120_000, interval: 500 },
    );
  };
  const becomes = (service: 'volume' | 'image', path: string, kind: string, status: string): Promise<void> =>
    vi.waitFor(
      async () => {
        const answer = await cloud.client.get(service, path);
        expect(service === 'image' ? answer : answer[kind]).toMatchObject({ status });
      },
      { timeout: 120_000, interval: 300 },
    );
  const createImage = (index: 0 | 1, name: string) =>
    cloud.client.post('compute', `/servers/${servers[index]!.id}/action`, { createImage: { name } });
  const changePassword = (index: 0 | 1, adminPass: string) =>
    api.call('POST', 'compute', `/servers/${servers[index]!.id}/action`, { changePassword: { adminPass } });

  test("a new password for the administrator is set by the guest's agent, and opens the account", async () => {
    await inGuest(0, 'until systemctl is-active --quiet qemu-guest-agent; do sleep 1; done');
    const password = 'of 2 "words" and $HOME';
    const login = `echo '${password}' | su - root -c 'id -un' 2>&1 || true`;
    expect(await inGuest(0, login)).not.toContain('root');
    expect(await changePassword(0, password)).toMatchObject({ status: 202 });
    expect(await inGuest(0, login)).toMatch(/root$/);
  });

  test("snapshots and images are made while the agent holds the guest's file systems frozen", async () => {
    const { client } = cloud;
    const { id: volume } = await make(client, 'volume', '/volumes', 'volume', { size: 1 });
    await becomes('volume', `/volumes/${volume}`, 'volume', 'available');
    const attachments = `/servers/${servers[0]!.id}/os-volume_attachments`;
    await client.post('compute', attachments, { volumeAttachment: { volumeId: volume } });
    await becomes('volume', `/volumes/${volume}`, 'volume', 'in-use');
    await inGuest(
      0,
      'until [ -b /dev/vdb ]; do sleep 1; done; { mountpoint -q /mnt || { sudo mkfs.ext4 -q /dev/vdb && sudo mount /dev/vdb /mnt; }; } && sudo sh -c "echo kept >/mnt/file; sync; : >/run/fsfreeze"',
    );
    const stored = join(instance.directory, 'state', 'images', 'data');
    const before = await readdir(stored);
    const request = { volume_id: volume, name: 'quiet', force: true };
    // Both at a time: the agent can freeze once.
    const [{ id: snapshot }] = await Promise.all([
      make(client, 'volume', '/snapshots', 'snapshot', request),
      createImage(0, 'quiet'),
    ]);
    await becomes('volume', `/snapshots/${snapshot}`, 'snapshot', 'available');
    const { images } = (await client.get('image', '/images?name=quiet')) as { images: { id: string }[] };
    await becomes('image', `/images/${images[0]!.id}`, 'image', 'active');
    const heard = (await inGuest(0, 'cat /run/fsfreeze')).split('\n');
    // Before each, what an attempt that died may have left frozen is thawed.
    expect(heard).toEqual(['thaw', 'freeze', 'thaw', 'thaw', 'freeze', 'thaw']);
    const volumes = join(instance.directory, 'state', 'volumes', 'file');
    expect(await hasOpenJournal(join(volumes, `volume-${volume}`), 0)).toBe(true);
    expect(await hasOpenJournal(join(volumes, `snapshot-${snapshot}`), 0)).toBe(false);
    const [image = '', ...others] = (await readdir(stored)).filter((name) => !before.includes(name));
    expect(others).toEqual([]);
    expect(await hasOpenJournal(join(stored, image), ROOT_AT)).toBe(false);
  });

  test('a guest whose agent does not run is not copied, nor given a password, and it is said why', async () => {
    await inGuest(1, 'sudo systemctl stop qemu-guest-agent');
    const refused = await changePassword(1, 'never set');
    expect(refused).toMatchObject({
      status: 409,
      message: expect.stringMatching(/agent does not answer. Is qemu-guest-agent running/) as string,
    });
    await createImage(1, 'never');
    const actions = `/servers/${servers[1]!.id}/os-instance-actions`;
    const action = await vi.waitFor(
      async () => {
        const { instanceActions } = (await cloud.client.get('compute', actions)) as {
          instanceActions: { action: string; message: string | null; request_id: string }[];
        };
        const found = instanceActions.find((one) => one.action === 'createImage');
        expect(found?.message).toBe('Error');
        return found!;
      },
      { timeout: 120_000, interval: 300 },
    );
    const told = await cloud.client.get('compute', `${actions}/${action.request_id}`);
    expect(JSON.stringify(told)).toMatch(
      /could not be quiesced.*os_require_quiesce.*agent is not connected\. .*a running qemu-guest-agent/,
    );
    expect((await cloud.client.get('image', '/images?name=never'))['images']).toEqual([]);
  });
});
