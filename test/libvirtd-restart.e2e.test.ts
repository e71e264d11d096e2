/** What ends the machine's libvirtd: nothing else may run beside it. */
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { killEmulator, restartLibvirtd } from './support/behind-the-back.ts';
import { CrashCloud } from './support/crash-cloud.ts';
import { CrashProject } from './support/crash-project.ts';
import { expectHostMatchesDatabase } from './support/host-matches-database.ts';
import { NOTHING } from './support/instance.ts';

// Other programs' guests need the machine's libvirtd too.
const alone = process.env['CI'] === 'true' || process.env['DESKCLOUD_TEST_RESTART_LIBVIRTD'] === '1';

describe.runIf(alone)('libvirtd', () => {
  let cloud: CrashCloud;
  let project: CrashProject;
  let serverId = '';

  beforeAll(async () => {
    cloud = new CrashCloud('libvirtd', 'linux', expectHostMatchesDatabase);
    project = await CrashProject.start(cloud);
    serverId = await project.boot('web');
  });

  afterAll(async () => {
    const left = await cloud.instance.remove();
    expect(left).toEqual(NOTHING);
  });

  test('its restart is lived through, and what happened meanwhile is seen (R30)', async () => {
    const [domain = ''] = (await cloud.instance.inventory()).domains;
    await restartLibvirtd(() => delay(500));
    await project.act(serverId, { reboot: { type: 'HARD' } });
    expect(await project.statusSoon(serverId, 'ACTIVE')).toBe('ACTIVE');
    await restartLibvirtd(async () => {
      killEmulator(domain);
      await delay(500);
    });
    expect(await project.statusSoon(serverId, 'SHUTOFF', 90_000)).toBe('SHUTOFF');
    await project.act(serverId, { 'os-start': null });
    expect(await project.statusSoon(serverId, 'ACTIVE')).toBe('ACTIVE');
    await cloud.compared();
  });
});
