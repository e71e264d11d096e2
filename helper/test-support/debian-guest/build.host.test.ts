import { randomUUID } from 'node:crypto';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { ensureDebianGuest, type DebianGuest } from './build.ts';
import { PlainGuest } from './plain-qemu.ts';

const BOOT_MS = 300_000;
let image: DebianGuest;
let guest: PlainGuest | undefined;

beforeAll(async () => {
  image = await ensureDebianGuest();
}, 900_000);

afterEach(async () => {
  await guest?.dispose();
});

const INSTANCE = {
  uuid: randomUUID(),
  hostname: 'debian-demo',
  userData: '#!/bin/sh\necho "user data on $(hostname)" >/var/tmp/user-data\n',
};

/** What cloud-init made of the guest; where it had it from comes first. */
async function finished(guest: PlainGuest): Promise<string[]> {
  await guest.waitForConsole(/Cloud-init .* finished at .* Up ([\d.]+) seconds/, BOOT_MS);
  const shown = await guest.ssh(
    image.user,
    "cloud-id; hostname; cat /var/tmp/user-data; df --output=size -BM / | awk 'END { print ($1 > 3500) }'",
  );
  await guest.powerButton();
  return shown.trimEnd().split('\n');
}

const SET_UP = ['debian-demo', 'user data on debian-demo', '1'];

describe('the full Debian guest under software emulation', () => {
  it('is set up by cloud-init from a config drive', async () => {
    guest = await PlainGuest.create(image.path, 4);
    const configDrive = await guest.makeConfigDrive(await guest.writeMetadata(INSTANCE));
    await guest.start({ memoryMiB: image.minRamMiB, configDrive });
    expect(await finished(guest)).toEqual(['configdrive', ...SET_UP]);
  }, 420_000);

  it('is set up by cloud-init from the metadata service', async () => {
    guest = await PlainGuest.create(image.path, 4);
    await guest.start({ memoryMiB: image.minRamMiB, metadata: await guest.writeMetadata(INSTANCE) });
    expect(await finished(guest)).toEqual(['openstack', ...SET_UP]);
  }, 420_000);
});
