import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { IMAGE_ID } from './test-doubles.ts';
import { TestWorld } from './test-world.ts';

const VOLUME = '77777777-7777-4777-8777-777777777777';
const SNAPSHOT = '88888888-8888-4888-8888-888888888888';

let world: TestWorld;
beforeEach(async () => {
  world = await TestWorld.create();
});
afterEach(() => world.dispose());

type Body = Readonly<Record<string, unknown>>;
const bodyOf = (answer: { readonly body: unknown }) =>
  answer.body as Record<string, { [key: string]: unknown }>;
const post = (server: Body, version = '2.67', token = 'member') =>
  world.call(
    token,
    'POST',
    '/v2.1/servers',
    { server: { name: 'web', flavorRef: '1', networks: 'none', ...server } },
    version,
  );
const boot = async (mapping: readonly Body[], more: Body = {}): Promise<string> => {
  const answer = await post({ block_device_mapping_v2: mapping, ...more });
  expect(answer).toMatchObject({ status: 202 });
  await world.quiet();
  return String(bodyOf(answer)['server']?.['id']);
};
const show = async (id: string, version = '2.79') =>
  bodyOf(await world.call('admin', 'GET', `/v2.1/servers/${id}`, undefined, version))['server'] ?? {};
const act = (id: string, action: Body, version = '2.79', token = 'member') =>
  world.call(token, 'POST', `/v2.1/servers/${id}/action`, action, version);
const disks = (id: string) => world.domains.specs.get(id)?.disks ?? [];
const made = () =>
  world.volumes.made.ids().map((id) => JSON.parse(world.volumes.made.get(id) ?? '{}') as Body);

const existing = { source_type: 'volume', destination_type: 'volume', uuid: VOLUME, boot_index: 0 };
const ofImage = {
  source_type: 'image',
  destination_type: 'volume',
  uuid: IMAGE_ID,
  boot_index: 0,
  volume_size: 2,
};

describe('a request is refused', () => {
  test.each<[string, Body, number, string]>([
    [
      'both forms',
      { block_device_mapping: [{ volume_id: VOLUME }], block_device_mapping_v2: [existing] },
      400,
      'Using different block_device_mapping syntaxes',
    ],
    ['nothing at all', {}, 400, 'Missing imageRef attribute'],
    [
      'an unknown volume',
      { block_device_mapping_v2: [{ ...existing, uuid: SNAPSHOT }] },
      400,
      `failed to get volume ${SNAPSHOT}.`,
    ],
    [
      'an unknown snapshot',
      { block_device_mapping_v2: [{ ...existing, source_type: 'snapshot' }] },
      400,
      `failed to get snapshot ${VOLUME}.`,
    ],
    [
      'an unknown image',
      { block_device_mapping_v2: [{ ...ofImage, uuid: VOLUME }] },
      400,
      `failed to get image ${VOLUME}.`,
    ],
    [
      'an image without a size',
      { block_device_mapping_v2: [{ ...ofImage, volume_size: undefined }] },
      400,
      'need to have a non-zero size specified',
    ],
    [
      'a blank volume without a size',
      { block_device_mapping_v2: [existing, { source_type: 'blank', destination_type: 'volume' }] },
      400,
      'need to have non-zero size',
    ],
    [
      'an unknown type',
      { block_device_mapping_v2: [{ ...ofImage, volume_type: 'slow' }] },
      400,
      'Volume type slow could not be found.',
    ],
    [
      'a volume that is not bootable',
      { block_device_mapping_v2: [{ ...existing, uuid: IMAGE_ID }] },
      400,
      `Block Device ${IMAGE_ID} is not bootable.`,
    ],
    [
      'a volume that is too small',
      { block_device_mapping_v2: [{ ...ofImage, uuid: SNAPSHOT, volume_size: 1 }] },
      400,
      'Volume is smaller than the minimum size specified in image metadata.',
    ],
  ])('%s', async (_name, server, status, text) => {
    world.volumes.known.set(VOLUME, {});
    world.volumes.known.set(IMAGE_ID, { bootable: false });
    world.images.add({ id: SNAPSHOT, minDisk: 2 });
    const answer = await post(server);
    expect(answer.status).toBe(status);
    expect(Object.values(bodyOf(answer))[0]?.['message']).toContain(text);
  });

  test('a volume that others use, and nothing is left', async () => {
    world.volumes.taken.add(VOLUME);
    expect((await post({ block_device_mapping_v2: [existing] })).status).toBe(400);
    expect(world.db.prepare('SELECT count(*) FROM server').pluck().get()).toBe(0);
  });
});

test('a server boots from a volume that is there, on a flavor without a disk', async () => {
  const id = await boot(
    [
      existing,
      {
        source_type: 'blank',
        destination_type: 'volume',
        volume_size: 3,
        tag: 'data',
        delete_on_termination: true,
      },
    ],
    { flavorRef: '0' },
  );
  expect(await show(id)).toMatchObject({
    status: 'ACTIVE',
    image: '',
    'OS-EXT-SRV-ATTR:root_device_name': '/dev/vda',
    'os-extended-volumes:volumes_attached': [
      { id: VOLUME, delete_on_termination: false },
      { delete_on_termination: true },
    ],
  });
  expect(disks(id)).toMatchObject([
    { target: 'vda', source: { path: `/volumes/${VOLUME}` }, bootIndex: 1 },
    { target: 'vdb' },
  ]);
  expect(world.volumes.attachments.values().map(({ state }) => state)).toEqual(['attached', 'attached']);
  expect(made()).toEqual([{ name: `${id}-blank-vol`, sizeGib: 3, type: null, source: { kind: 'blank' } }]);
  const [, data] = (await show(id))['os-extended-volumes:volumes_attached'] as { id: string }[];
  expect(
    (await world.call('member', 'DELETE', `/v2.1/servers/${id}/os-volume_attachments/${VOLUME}`)).body,
  ).toMatchObject({
    badRequest: { message: 'Cannot detach a root device volume' },
  });
  await world.call('member', 'DELETE', `/v2.1/servers/${id}`);
  await world.quiet();
  expect(world.volumes.terminated).toEqual([data?.id]);
  expect(world.volumes.busy.size).toBe(0);
});

test('root disk, ephemeral disks, swap and volumes have their names in this order, each on its bus', async () => {
  const id = await boot(
    [
      { ...existing, boot_index: 1, disk_bus: 'scsi' },
      { source_type: 'blank', destination_type: 'local', guest_format: 'swap', volume_size: 32 },
      { source_type: 'blank', destination_type: 'local', volume_size: 1, device_type: 'cdrom' },
      { source_type: 'image', destination_type: 'local', uuid: IMAGE_ID, boot_index: 0, tag: 'root' },
    ],
    { flavorRef: '2', imageRef: IMAGE_ID },
  );
  expect(
    disks(id).map(({ target, bus, source, bootIndex }) => [
      target,
      bus,
      source.kind === 'file' && source.path.split('/').at(-1),
      bootIndex,
    ]),
  ).toEqual([
    ['vda', 'virtio', 'disk', 1],
    ['sda', 'sata', 'disk.eph0', undefined],
    ['vdb', 'virtio', 'disk.swap', undefined],
    ['sdb', 'scsi', VOLUME, 2],
  ]);
  expect(world.compute.face.metadataOf(world.db, id)?.disks).toMatchObject({ tagged: [{ tag: 'root' }] });
});

test('a volume that cannot be made leaves the server in ERROR, with why, and nothing else', async () => {
  world.volumes.outcome = 'error';
  const id = await boot([
    { ...ofImage, delete_on_termination: true },
    { ...existing, boot_index: 1 },
  ]);
  expect(await show(id)).toMatchObject({
    status: 'ERROR',
    fault: {
      message: expect.stringMatching(/did not finish being created.* its status is error\./) as string,
    },
    'os-extended-volumes:volumes_attached': [],
  });
  expect(world.volumes.made.ids()).toEqual([]);
  expect(world.volumes.busy.size).toBe(0);
});

test('a volume that was there and is to go with a server goes with it also when that was never built', async () => {
  world.basics.noHost = true;
  const id = await boot([{ ...existing, delete_on_termination: true }]);
  expect(await show(id)).toMatchObject({ status: 'ERROR' });
  expect(world.volumes.terminated).toEqual([]);
  await world.call('member', 'DELETE', `/v2.1/servers/${id}`);
  await world.quiet();
  expect(world.volumes.terminated).toEqual([VOLUME]);
});

test('what is done to a server that boots from a volume', async () => {
  const id = await boot([existing], { flavorRef: '0' });
  const message = async (answer: ReturnType<typeof act>) =>
    Object.values(bodyOf(await answer))[0]?.['message'];
  expect(
    await message(act(id, { createBackup: { name: 'b', backup_type: 'daily', rotation: 1 } })),
  ).toContain('Backup is not supported for volume-backed instances.');
  expect(await message(act(id, { rescue: {} }, '2.86'))).toContain('Cannot rescue a volume-backed instance');
  expect(await message(act(id, { rescue: {} }, '2.87'))).toContain('cannot be rescued');
  expect(await message(act(id, { rebuild: { imageRef: IMAGE_ID } }, '2.92'))).toContain(
    'Unable to rebuild with a different image for a volume-backed server.',
  );
  world.volumes.outcome = 'in-use';
  expect((await act(id, { rebuild: { imageRef: IMAGE_ID } }, '2.93')).status).toBe(202);
  await world.quiet();
  expect(world.volumes.reimaged).toEqual([IMAGE_ID]);
  expect(await show(id)).toMatchObject({ status: 'ACTIVE', image: '' });

  world.images.add({ id: SNAPSHOT, properties: { hw_rescue_device: 'disk' } });
  expect((await act(id, { rescue: { rescue_image_ref: SNAPSHOT } }, '2.87')).status).toBe(200);
  await world.quiet();
  expect(disks(id)).toMatchObject([
    { target: 'vda', source: { path: `/volumes/${VOLUME}` } },
    { target: 'vdb', bootIndex: 1 },
  ]);
  expect(disks(id)[0]).not.toHaveProperty('bootIndex');
  await act(id, { unrescue: null });
  await world.quiet();

  expect((await act(id, { shelve: null })).status).toBe(202);
  await world.quiet();
  expect(await show(id)).toMatchObject({ status: 'SHELVED_OFFLOADED' });
  expect([...world.images.images.keys()]).toEqual([IMAGE_ID, SNAPSHOT]);
  expect((await act(id, { unshelve: null })).status).toBe(202);
  await world.quiet();
  expect(await show(id)).toMatchObject({ status: 'ACTIVE' });

  expect((await act(id, { resize: { flavorRef: '1' } })).status).toBe(202);
  await world.quiet();
  expect(await show(id)).toMatchObject({ status: 'VERIFY_RESIZE' });
  expect(disks(id)).toMatchObject([{ source: { path: `/volumes/${VOLUME}` } }]);
});

test('an image of such a server is made of snapshots, and a server of that image boots from volumes of them', async () => {
  const id = await boot([existing]);
  const answer = await act(id, { createImage: { name: 'whole' } });
  expect(answer.status).toBe(202);
  const { image_id: imageId } = answer.body as { image_id: string };
  const image = world.images.images.get(imageId);
  expect(image).toMatchObject({
    status: 'active',
    properties: { bdm_v2: 'True', root_device_name: '/dev/vda' },
  });
  expect(JSON.parse(image?.properties['block_device_mapping'] ?? '')).toMatchObject([
    { source_type: 'snapshot', destination_type: 'volume', boot_index: 0, volume_size: 1 },
  ]);
  const copy = await boot([], { imageRef: imageId });
  expect(await show(copy)).toMatchObject({ status: 'ACTIVE', image: { id: imageId } });
  const [snapshot] = world.volumes.snapshots.keys();
  expect(made()).toMatchObject([{ sizeGib: 1, source: { kind: 'snapshot', id: snapshot } }]);
  expect(disks(copy)).toMatchObject([{ target: 'vda', bootIndex: 1 }]);
});
