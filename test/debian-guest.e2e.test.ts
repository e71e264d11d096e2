import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { ensureDebianGuest } from '../helper/test-support/debian-guest/build.ts';
import { GuestCloud, type ServerBody } from './support/guest-cloud.ts';
import { NOTHING, TestInstance } from './support/instance.ts';
import { complaints, sshTo } from './support/person.ts';

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

/** Two full guests boot at the same time on two cores, by software emulation. */
const BOOT_MS = 500_000;

describe('a full Debian with cloud-init', () => {
  const instance = new TestInstance('debian');
  let cloud: GuestCloud;
  let user = '';
  let servers: readonly ServerBody[] = [];

  beforeAll(async () => {
    await instance.start();
    const guest = await ensureDebianGuest();
    user = guest.user;
    cloud = await GuestCloud.make(instance, guest, { vcpus: 1, ram: 512, disk: 4 });
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
});
