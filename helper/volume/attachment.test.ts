import { afterEach, beforeEach, expect, test } from 'vitest';
import { VolumeWorld } from './test-world.ts';

let world: VolumeWorld;
beforeEach(async () => {
  world = await new VolumeWorld().start();
});
afterEach(() => world.stop());

const SERVER = '66666666-6666-4666-8666-666666666666';

/** A volume in use, by what its owner says of it: that a server has it as its first disk. */
async function claimed(): Promise<{ volume: string; attachment: string }> {
  const volume = await world.create({});
  const made = await world.call('alice', 'POST', '/attachments', {
    attachment: { volume_uuid: volume, instance_uuid: SERVER, connector: { mountpoint: '/dev/vda' } },
  });
  const attachment = String(made.body['attachment']?.['id']);
  const complete = await world.call('alice', 'POST', `/attachments/${attachment}/action`, {
    'os-complete': {},
  });
  expect(complete.status).toBe(204);
  expect(await world.show(volume)).toMatchObject({ status: 'in-use' });
  return { volume, attachment };
}

test('what a server has is let go through compute only (S45)', async () => {
  const { volume, attachment } = await claimed();
  world.guests.serverOf = (_db, id) => (id === attachment ? SERVER : undefined);
  const path = `/attachments/${attachment}`;
  for (const caller of ['alice', 'admin']) {
    expect((await world.call(caller, 'DELETE', path)).status).toBe(409);
    const connector = { connector: { mountpoint: '/dev/vdz' } };
    expect((await world.call(caller, 'PUT', path, { attachment: connector })).status).toBe(409);
    expect((await world.call(caller, 'POST', `${path}/action`, { 'os-complete': {} })).status).toBe(409);
    for (const name of ['os-detach', 'os-begin_detaching', 'os-roll_detaching'])
      expect((await world.action(volume, { [name]: null }, caller)).status).toBe(409);
  }
  expect((await world.action(volume, { 'os-force_detach': {} }, 'admin')).status).toBe(409);
  const reset = { 'os-reset_status': { status: 'available', attach_status: 'detached' } };
  expect((await world.action(volume, reset, 'admin')).status).toBe(409);
  expect(await world.show(volume)).toMatchObject({
    status: 'in-use',
    attachments: [{ server_id: SERVER, device: '/dev/vda' }],
  });
});

test("a client that says another's server has its volume gets at nothing of that server (S45)", async () => {
  const reached: string[] = [];
  const reach =
    <T>(what: string, answer: T) =>
    (): T => {
      reached.push(what);
      return answer;
    };
  world.guests.copyAttached = reach('copy', Promise.resolve(true));
  world.guests.copyAttachedTogether = reach('copy together', Promise.resolve([]));
  world.guests.growAttached = reach('grow', Promise.resolve(true));
  world.guests.whilePaused = reach('pause', Promise.resolve());
  world.guests.mirrorAttached = reach('mirror', Promise.resolve(true));
  world.guests.turnAttached = reach('turn', Promise.resolve());
  world.guests.beginAction = reach('log', undefined);
  const { volume } = await claimed();
  const upload = { image_name: 'theirs', force: true, disk_format: 'qcow2', container_format: 'bare' };
  for (const action of [
    { 'os-volume_upload_image': upload },
    { 'os-extend': { new_size: 2 } },
    { 'os-retype': { new_type: '__DEFAULT__', migration_policy: 'on-demand' } },
  ]) {
    await world.action(volume, action);
    await world.settle();
  }
  for (const [path, body] of [
    ['/snapshots', { snapshot: { volume_id: volume, force: true } }],
    ['/backups', { backup: { volume_id: volume, force: true } }],
    ['/volumes', { volume: { source_volid: volume } }],
  ] as const) {
    expect([path, (await world.call('alice', 'POST', path, body)).status]).toEqual([path, 202]);
    await world.settle();
  }
  expect(world.images.filled).toHaveLength(1);
  expect(reached).toEqual([]);
});
