import { randomUUID } from 'node:crypto';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { PlainGuest } from '../../helper/test-support/debian-guest/plain-qemu.ts';
import { ensureTinyGuest, TINY_GUEST_USER, type TinyGuest } from './build.ts';

const BOOT_MS = 240_000;
let image: TinyGuest;
let guest: PlainGuest | undefined;

beforeAll(async () => {
  image = await ensureTinyGuest();
}, 300_000);

afterEach(async () => {
  await guest?.dispose();
});

describe('the tiny guest under software emulation', () => {
  it('is small', () => {
    expect(image.size).toBeLessThan(40 * 1024 * 1024);
  });

  it('takes its identity from a config drive, keeps it, and obeys the power button', async () => {
    guest = await PlainGuest.create(image.path, 2);
    const metadata = await guest.writeMetadata({
      uuid: randomUUID(),
      hostname: 'demo.novalocal',
      userData: '#!/bin/sh\necho "user data on $(hostname)"\necho run >>/root/runs\nexit 3\n',
    });
    const configDrive = await guest.makeConfigDrive(metadata);
    await guest.start({ memoryMiB: image.minRamMiB, configDrive });
    const complete = await guest.waitForConsole(/boot complete ([\d.]+)s/, BOOT_MS);
    expect(Number(complete[1])).toBeLessThan(60);
    for (const line of [
      'root grown to 2016 MiB',
      'dhcp eth0 10.0.2.15',
      'metadata config drive /dev/vdb',
      'hostname demo',
      'key installed 1',
      'ssh ready',
      'user-data exit 3',
    ]) {
      expect(guest.console).toContain(`deskcloud-guest: ${line}\r\n`);
    }
    expect(guest.console).toContain('user data on demo');
    const blocks = await guest.ssh(
      TINY_GUEST_USER,
      "df -m / | awk 'END { print $2 }'; echo kept >note; sync",
    );
    expect(Number(blocks)).toBeGreaterThan(1800);
    expect(await guest.ssh(TINY_GUEST_USER, 'ping -c 1 127.0.0.1')).toContain('1 packets received');
    const hostKey = await guest.ssh('root', 'cat /etc/dropbear/host_key | sha256sum');
    await guest.powerButton();
    expect(guest.console).toContain('deskcloud-guest: shutdown power button');
    expect(guest.console).toContain('deskcloud-guest: stopped');

    await guest.start({ memoryMiB: image.minRamMiB, configDrive });
    await guest.waitForConsole(/boot complete/, BOOT_MS);
    expect(await guest.ssh(TINY_GUEST_USER, 'cat note')).toBe('kept\n');
    expect(await guest.ssh('root', 'cat /root/runs')).toBe('run\n');
    expect(await guest.ssh('root', 'cat /etc/dropbear/host_key | sha256sum')).toBe(hostKey);
  }, 180_000);

  it('takes its identity from the metadata service, and a new one when its disk becomes a new instance', async () => {
    guest = await PlainGuest.create(image.path, 1);
    await guest.start({
      memoryMiB: image.minRamMiB,
      metadata: await guest.writeMetadata({
        uuid: randomUUID(),
        hostname: 'first',
        userData: '#cloud-config\n',
      }),
    });
    await guest.waitForConsole(/boot complete/, BOOT_MS);
    expect(guest.console).toContain('deskcloud-guest: metadata service openstack');
    expect(guest.console).toContain('user-data ignored: only scripts');
    expect(await guest.ssh(TINY_GUEST_USER, 'hostname')).toBe('first\n');
    const hostKey = await guest.ssh('root', 'cat /etc/dropbear/host_key | sha256sum');
    const second = { uuid: randomUUID(), hostname: 'second', userData: '#!/bin/bash\necho by sh\n' };
    const metadata = await guest.writeMetadata(second);
    await guest.powerButton();

    await guest.start({ memoryMiB: image.minRamMiB, metadata });
    await guest.waitForConsole(/boot complete/, BOOT_MS);
    expect(guest.console).toContain('user-data exit 0');
    expect(await guest.ssh(TINY_GUEST_USER, 'hostname')).toBe('second\n');
    expect(await guest.ssh('root', 'cat /etc/dropbear/host_key | sha256sum')).not.toBe(hostKey);
  }, 180_000);

  it("takes its identity from EC2's layout where there is no other", async () => {
    guest = await PlainGuest.create(image.path, 1);
    const metadata = await guest.writeEc2Metadata({ uuid: 'i-00000001', hostname: 'ec2-demo.example' });
    await guest.start({ memoryMiB: image.minRamMiB, metadata });
    await guest.waitForConsole(/boot complete/, BOOT_MS);
    expect(guest.console).toContain('deskcloud-guest: metadata service ec2');
    expect(await guest.ssh(TINY_GUEST_USER, 'hostname')).toBe('ec2-demo\n');
  }, 120_000);
});
