import { afterEach, beforeEach, expect, test } from 'vitest';
import { TestWorld } from './test-world.ts';

const VOLUME = '77777777-7777-4777-8777-777777777777';
const OTHER = '77777777-7777-4777-8777-777777777778';

let world: TestWorld;
let serverId: string;
beforeEach(async () => {
  world = await TestWorld.create();
  serverId = await world.create();
  await world.quiet();
});
afterEach(() => world.dispose());

const path = (volumeId = ''): string =>
  `/v2.1/servers/${serverId}/os-volume_attachments${volumeId === '' ? '' : `/${volumeId}`}`;
const ask = async (token: string, method: string, at: string, body?: unknown, version?: string) => {
  const answer = await world.call(token, method, at, body, version);
  return { status: answer.status, body: (answer.body ?? {}) as Record<string, unknown> };
};
const attach = (volumeId = VOLUME, more: object = {}) =>
  ask('member', 'POST', path(), { volumeAttachment: { volumeId, ...more } });

test('a volume becomes a disk of the running guest, and stays with its definition', async () => {
  const answer = await attach();
  expect(answer).toMatchObject({
    status: 200,
    body: { volumeAttachment: { volumeId: VOLUME, serverId, device: '/dev/vdb' } },
  });
  await world.quiet();
  expect([...world.domains.pluggedDisks]).toEqual([['vdb', `/volumes/${VOLUME}`]]);
  expect(world.domains.specs.get(serverId)?.disks.at(-1)).toMatchObject({
    target: 'vdb',
    bus: 'virtio',
    serial: VOLUME,
    source: { kind: 'file', path: `/volumes/${VOLUME}` },
    // What its type's QoS specs say, and libvirt knows.
    limits: { total_iops_sec: 100 },
  });
  expect([...world.volumes.attachments.values()]).toEqual([{ volumeId: VOLUME, state: 'attached' }]);
  expect((await attach(OTHER)).body).toMatchObject({ volumeAttachment: { device: '/dev/vdc' } });
  expect((await attach()).status).toBe(400);
  await world.quiet();
  expect((await ask('member', 'GET', path())).body['volumeAttachments']).toHaveLength(2);
  expect((await ask('member', 'GET', `/v2.1/servers/${serverId}`)).body).toMatchObject({
    server: { 'os-extended-volumes:volumes_attached': [{ id: VOLUME }, { id: OTHER }] },
  });
  const detaching = await world.call('member', 'DELETE', path(VOLUME));
  expect(detaching.status).toBe(202);
  await world.quiet();
  // By this name of nova's clients wait for the end.
  const action = `/v2.1/servers/${serverId}/os-instance-actions/${detaching.headers.get('x-openstack-request-id')}`;
  const { instanceAction } = (await ask('admin', 'GET', action)).body;
  expect((instanceAction as { events: object[] }).events.at(-1)).toMatchObject({
    event: 'compute_detach_volume',
    result: 'Success',
  });
  expect([...world.domains.pluggedDisks.keys()]).toEqual(['vdc']);
  expect((await ask('member', 'GET', path(VOLUME))).status).toBe(404);
  expect(world.volumes.busy).toEqual(new Set([OTHER]));
});

test('a volume that is not free is refused, and nothing is left of the request', async () => {
  world.volumes.taken.add(VOLUME);
  expect((await attach()).status).toBe(400);
  expect((await ask('member', 'GET', path())).body['volumeAttachments']).toEqual([]);
});

test('a guest that cannot take the disk leaves server and volume apart', async () => {
  world.domains.attachDisk = () => Promise.reject(new Error('no'));
  expect((await attach()).status).toBe(200);
  await world.quiet();
  expect((await ask('member', 'GET', path())).body['volumeAttachments']).toEqual([]);
  expect(world.volumes.busy.size).toBe(0);
});

test('a deleted server gives its volumes back, and takes those along that are to go with it', async () => {
  await attach(VOLUME);
  await attach(OTHER);
  await world.quiet();
  const body = { volumeAttachment: { volumeId: OTHER, delete_on_termination: true } };
  expect((await ask('member', 'PUT', path(OTHER), body, '2.85')).status).toBe(202);
  expect((await ask('member', 'DELETE', `/v2.1/servers/${serverId}`)).status).toBe(204);
  await world.quiet();
  expect(world.volumes.busy.size).toBe(0);
  expect(world.volumes.terminated).toEqual([OTHER]);
});

test('what attachments are called by microversion', async () => {
  await attach();
  await world.quiet();
  const keys = async (version: string): Promise<string[]> => {
    const answer = await ask('member', 'GET', path(VOLUME), undefined, version);
    return Object.keys((answer.body as { volumeAttachment: object }).volumeAttachment).sort();
  };
  expect(await keys('2.1')).toEqual(['device', 'id', 'serverId', 'volumeId']);
  expect(await keys('2.79')).toEqual([
    'delete_on_termination',
    'device',
    'id',
    'serverId',
    'tag',
    'volumeId',
  ]);
  expect(await keys('2.89')).toEqual([
    'attachment_id',
    'bdm_uuid',
    'delete_on_termination',
    'device',
    'serverId',
    'tag',
    'volumeId',
  ]);
});
