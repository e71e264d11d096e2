import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { serverPower } from './index.ts';
import { upsertHost, upsertService } from './store/host.ts';
import { IMAGE_ID } from './test-doubles.ts';
import { TestWorld } from './test-world.ts';

let world: TestWorld;
beforeEach(async () => {
  world = await TestWorld.create();
});
afterEach(() => world.dispose());

const RESCUE_IMAGE = '77777777-7777-4777-8777-777777777777';

type Server = Record<string, unknown>;
const show = async (id: string, version?: string): Promise<Server> =>
  ((await world.call('admin', 'GET', `/v2.1/servers/${id}`, undefined, version)).body as { server: Server })
    .server;
const act = (id: string, body: object, version?: string, token: string | undefined = 'member') =>
  world.call(token, 'POST', `/v2.1/servers/${id}/action`, body, version);
const active = async (more: object = {}): Promise<string> => {
  const id = await world.create(more);
  await world.quiet();
  return id;
};
/** Acts, and waits for the end of it. */
const done = async (id: string, body: object, version?: string, token = 'member') => {
  const answer = await act(id, body, version, token);
  expect(answer.status).toBeLessThan(203);
  await world.quiet();
  return answer.body;
};
const disks = (id: string) =>
  world.domains.specs
    .get(id)
    ?.disks.map(({ target, bus, device, source, bootIndex }) =>
      [target, bus, device, source.kind === 'file' && source.path.split('/').at(-1), bootIndex ?? '-'].join(
        ' ',
      ),
    );

describe('who may', () => {
  test.each([{ rescue: null }, { unrescue: null }, { shelve: null }, { unshelve: null }])(
    '%j: members of the project',
    async (body) => {
      const id = await active();
      expect((await world.call(undefined, 'POST', `/v2.1/servers/${id}/action`, body)).status).toBe(401);
      expect((await act(id, body, undefined, 'other')).status).toBe(404);
      expect((await act(id, body, undefined, 'reader')).status).toBe(403);
    },
  );

  test('shelveOffload: administrators', async () => {
    const id = await active();
    const body = { shelveOffload: null };
    expect((await world.call(undefined, 'POST', `/v2.1/servers/${id}/action`, body)).status).toBe(401);
    expect((await act(id, body, undefined, 'other')).status).toBe(404);
    expect((await act(id, body)).status).toBe(403);
    expect((await act(id, body, undefined, 'admin')).status).toBe(409);
  });
});

describe('rescue', () => {
  test('boots from a disk of its own image, and back', async () => {
    const id = await active({ config_drive: true });
    const own = disks(id);
    const answer = await act(id, { rescue: { adminPass: 'secret' } });
    expect(answer).toMatchObject({ status: 200, body: { adminPass: 'secret' } });
    await world.quiet();
    expect(await show(id)).toMatchObject({ status: 'RESCUE', 'OS-EXT-STS:power_state': 1 });
    expect(disks(id)).toEqual([
      'vda virtio disk disk.rescue 1',
      'vdb virtio disk disk -',
      'sda sata cdrom disk.config.rescue -',
    ]);
    expect(await world.inventory()).toMatchObject({ leases: [id, `${id}/rescue`] });
    expect(world.db.prepare('SELECT admin_password FROM server').pluck().get()).toBeNull();
    for (const refused of [
      { rescue: null },
      { reboot: { type: 'HARD' } },
      { rebuild: { imageRef: IMAGE_ID } },
    ])
      expect((await act(id, refused)).status).toBe(409);
    await done(id, { unrescue: null });
    expect((await show(id))['status']).toBe('ACTIVE');
    expect(disks(id)).toEqual(own);
    expect(await world.inventory()).toMatchObject({ leases: [id] });
    expect((await act(id, { unrescue: null })).status).toBe(409);
    const actions = await world.call('member', 'GET', `/v2.1/servers/${id}/os-instance-actions`);
    expect(actions.body).toMatchObject({
      instanceActions: [{ action: 'unrescue' }, { action: 'rescue' }, {}],
    });
  });

  test('of a stopped server, from another image on its bus; a password is made; deleting leaves nothing', async () => {
    world.images.add({ id: RESCUE_IMAGE, properties: { hw_disk_bus: 'scsi' } });
    const before = await world.inventory();
    const id = await active();
    await done(id, { 'os-stop': null });
    const body = await done(id, { rescue: { rescue_image_ref: RESCUE_IMAGE } });
    expect((body as { adminPass: string }).adminPass).toHaveLength(12);
    expect(disks(id)).toEqual(['sda scsi disk disk.rescue 1', 'sdb scsi disk disk -']);
    expect((await world.call('member', 'DELETE', `/v2.1/servers/${id}`)).status).toBe(204);
    await world.quiet();
    expect(await world.inventory()).toEqual(before);
  });

  test.each<[Record<string, string>, string]>([
    [{ hw_rescue_device: 'disk' }, 'vdd virtio disk disk.rescue 1'],
    [{ hw_rescue_bus: 'scsi' }, 'sdb scsi disk disk.rescue 1'],
    [{ hw_rescue_bus: 'usb', hw_rescue_device: 'disk' }, 'sdb usb disk disk.rescue 1'],
    [{ hw_rescue_device: 'cdrom' }, 'sdb sata cdrom disk.rescue 1'],
    [{ hw_rescue_device: 'cdrom', hw_rescue_bus: 'ide' }, 'hda ide cdrom disk.rescue 1'],
  ])('with %j the other disks stay in their places', async (properties, rescue) => {
    world.images.add({ id: RESCUE_IMAGE, properties });
    const id = await active({ flavorRef: '2', config_drive: true });
    await done(id, { rescue: { rescue_image_ref: RESCUE_IMAGE } });
    expect(disks(id)).toEqual([
      'vda virtio disk disk -',
      'vdb virtio disk disk.eph0 -',
      'vdc virtio disk disk.swap -',
      'sda sata cdrom disk.config.rescue -',
      rescue,
    ]);
  });

  test.each<[object, object, string]>([
    [{}, { rescue_image_ref: '12345678-0000-4000-8000-000000000000' }, 'is not supported'],
    [{ hw_rescue_device: 'floppy' }, { rescue_image_ref: RESCUE_IMAGE }, "device 'floppy' is not supported"],
    [{ hw_rescue_bus: 'fdc' }, { rescue_image_ref: RESCUE_IMAGE }, "bus 'fdc' is not supported"],
    [
      { hw_rescue_device: 'cdrom', hw_rescue_bus: 'virtio' },
      { rescue_image_ref: RESCUE_IMAGE },
      'for a cdrom',
    ],
    [{}, { rescue_image_ref: 'x' }, ''],
    [{}, { other: 1 }, ''],
  ])('an image with %j, asked for by %j, is refused', async (properties, rescue, message) => {
    world.images.add({ id: RESCUE_IMAGE, properties: properties as Record<string, string> });
    const id = await active();
    const answer = await act(id, { rescue });
    expect(answer.status).toBe(400);
    expect(JSON.stringify(answer.body)).toContain(message);
  });

  test('comes back into rescue after a reboot of the host (R31)', async () => {
    const id = await active();
    await done(id, { rescue: null });
    const inRescue = disks(id);
    world.domains.states.set(id, 'shutdown');
    const power = serverPower(world.deps);
    expect(power.observeAll(new Map([[id, 'shutdown']]), true).get(id)).toBe('recovery');
    await world.quiet();
    expect((await show(id))['status']).toBe('RESCUE');
    expect(world.domains.states.get(id)).toBe('running');
    expect(disks(id)).toEqual(inRescue);
  });

  test('that fails leaves the server as it was', async () => {
    const id = await active();
    const before = await world.inventory();
    const start = world.domains.start.bind(world.domains);
    let failed = false;
    world.domains.start = (uuid) => {
      if (failed) return start(uuid);
      failed = true;
      return Promise.reject(new Error('no'));
    };
    await done(id, { rescue: null });
    expect(await show(id)).toMatchObject({ status: 'ACTIVE', 'OS-EXT-STS:task_state': null });
    expect(await world.inventory()).toEqual(before);
    expect(disks(id)).toEqual(['vda virtio disk disk 1']);
  });
});

const images = () => [...world.images.images.values()].map(({ name, status }) => `${name} ${status}`);

describe('shelve', () => {
  test('leaves the host at once, keeps the ports, and comes back from the image', async () => {
    const id = await active({ flavorRef: '2', config_drive: true });
    const before = await world.inventory();
    const { addresses } = await show(id);
    await done(id, { shelve: null });
    expect(await show(id, '2.16')).toMatchObject({
      status: 'SHELVED_OFFLOADED',
      'OS-EXT-STS:power_state': 4,
      'OS-EXT-SRV-ATTR:host': null,
      host_status: '',
      hostId: '',
      addresses,
    });
    expect(images()).toEqual(['tiny active', 'web-shelved active']);
    expect(await world.inventory()).toMatchObject({
      domains: [],
      plugged: [],
      leases: [],
      claims: [],
      files: [],
    });
    await done(id, { unshelve: null });
    expect(await show(id)).toMatchObject({ status: 'ACTIVE', 'OS-EXT-SRV-ATTR:host': 'desk', addresses });
    expect(images()).toEqual(['tiny active']);
    expect(await world.inventory()).toEqual(before);
  });

  test('of a suspended and of a stopped server; deleting it deletes its image', async () => {
    for (const body of [{ suspend: null }, { 'os-stop': null }, { pause: null }]) {
      const id = await active();
      await done(id, body);
      await done(id, { shelve: null });
      expect((await show(id))['status']).toBe('SHELVED_OFFLOADED');
      await world.call('member', 'DELETE', `/v2.1/servers/${id}`);
      await world.quiet();
      expect(images()).toEqual(['tiny active']);
    }
  });

  test('that cannot be stored leaves the server as it was', async () => {
    const id = await active();
    const before = await world.inventory();
    world.images.broken = true;
    await done(id, { shelve: null });
    expect((await show(id))['status']).toBe('ACTIVE');
    expect(images()).toEqual(['tiny active']);
    expect(await world.inventory()).toEqual(before);
  });

  test('an unshelve without a host leaves it shelved', async () => {
    const id = await active();
    await done(id, { shelve: null });
    world.basics.noHost = true;
    await done(id, { unshelve: null });
    expect((await show(id))['status']).toBe('SHELVED_OFFLOADED');
    expect(images()).toContain('web-shelved active');
    world.basics.noHost = false;
    await done(id, { unshelve: null });
    expect((await show(id))['status']).toBe('ACTIVE');
  });

  test('stays on its host for as long as is configured', async () => {
    await world.dispose();
    world = await TestWorld.create({ config: { shelvedOffloadSeconds: 3600 } });
    const id = await active();
    await done(id, { shelve: null });
    expect(await show(id)).toMatchObject({ status: 'SHELVED', 'OS-EXT-SRV-ATTR:host': 'desk' });
    expect(await world.inventory()).toMatchObject({ domains: [`${id} shutdown`], claims: [id] });
    await done(id, { unshelve: null });
    expect((await show(id))['status']).toBe('ACTIVE');
    expect(images()).toEqual(['tiny active']);
    await done(id, { shelve: null });
    expect((await act(id, { unshelve: { availability_zone: 'nova' } }, '2.77')).status).toBe(409);
    await done(id, { shelveOffload: null }, undefined, 'admin');
    expect((await show(id))['status']).toBe('SHELVED_OFFLOADED');
    await done(id, { unshelve: null });
    // Long ago: its time is over when the service starts.
    await done(id, { shelve: null });
    world.db.prepare('UPDATE server SET shelved_at = 1').run();
    world.compute.start();
    await expect.poll(async () => (await show(id))['status']).toBe('SHELVED_OFFLOADED');
    world.compute.stop();
    await world.quiet();
  });
});

describe('where to unshelve', () => {
  beforeEach(() => {
    const at = 1;
    upsertService(world.db, { uuid: 's', host: 'desk', binary: 'nova-compute', up: true, at });
    upsertHost(world.db, {
      uuid: 'h',
      host: 'desk',
      node: 'desk.local',
      hypervisor_type: 'QEMU',
      hypervisor_version: 1,
      accelerator: 'qemu',
      cpu_arch: 'x86_64',
      cpu_model: 'x',
      vcpus: 4,
      memory_mib: 8192,
      disk_gib: 100,
      disk_free_gib: 100,
      updated_at: at,
    });
  });

  test.each<[string, unknown, number, string]>([
    ['2.76', { availability_zone: 'mars' }, 202, 'member'],
    ['2.77', { availability_zone: 'nova' }, 202, 'member'],
    ['2.77', { availability_zone: 'mars' }, 400, 'member'],
    ['2.77', { availability_zone: null }, 400, 'member'],
    ['2.77', {}, 400, 'member'],
    ['2.77', { host: 'desk' }, 400, 'admin'],
    ['2.91', { availability_zone: null }, 202, 'member'],
    ['2.91', { host: 'desk' }, 403, 'member'],
    ['2.91', { host: 'elsewhere' }, 400, 'admin'],
    ['2.91', { host: 'desk' }, 202, 'admin'],
    ['2.91', { availability_zone: 'nova', host: 'desk' }, 202, 'admin'],
    ['2.91', {}, 400, 'member'],
  ])('in %s by %j: %i', async (version, unshelve, status, token) => {
    const id = await active();
    await done(id, { shelve: null });
    expect((await act(id, { unshelve }, version, token)).status).toBe(status);
    await world.quiet();
    expect((await show(id))['status']).toBe(status === 202 ? 'ACTIVE' : 'SHELVED_OFFLOADED');
  });
});
