import { closeSync, openSync, readSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { readLuksHeader } from '../host/disk/luks-writer.ts';
import { readQcow2Header } from '../host/disk/qcow2-writer.ts';
import { callers, IMAGE_ID, VolumeWorld } from './test-world.ts';

let world: VolumeWorld;
beforeEach(async () => {
  world = await new VolumeWorld().start();
});
afterEach(() => world.stop());

const LUKS = { provider: 'luks', control_location: 'front-end', cipher: 'aes-xts-plain64', key_size: 256 };

/** A type whose volumes are encrypted, on the back end of this format. */
async function encryptedType(name: string, format = 'qcow2', encryption: object = LUKS): Promise<string> {
  const extra_specs = { volume_backend_name: `file-${format}` };
  const made = await world.call('admin', 'POST', '/types', { volume_type: { name, extra_specs } });
  const { id } = made.body['volume_type'] as { id: string };
  expect((await world.call('admin', 'POST', `/types/${id}/encryption`, { encryption })).status).toBe(200);
  return id;
}

const keys = (): { id: string; passphrase: string; project_id: string }[] =>
  world.db
    .prepare<[], { id: string; passphrase: string; project_id: string }>(
      'SELECT id, passphrase, project_id FROM volume_key ORDER BY created_at, id',
    )
    .all();

const keyOf = async (id: string): Promise<unknown> => (await world.show(id))['encryption_key_id'];

function headOf(path: string): Buffer {
  const head = Buffer.alloc(4096);
  const file = openSync(path, 'r');
  readSync(file, head);
  closeSync(file);
  return head;
}

function isLocked(format: string, name: string): boolean {
  const head = headOf(join(world.root, `file-${format}`, name));
  return format === 'raw' ? readLuksHeader(head) !== undefined : readQcow2Header(head)?.encrypted === true;
}

test.each(['qcow2', 'raw'])(
  'volumes in %s are encrypted, with their snapshots and copies',
  async (format) => {
    await encryptedType('secret', format);
    const id = await world.create({ volume_type: 'secret' });
    expect(await world.show(id)).toMatchObject({ status: 'available', encrypted: true });
    expect(await world.show(id, 'alice', '3.63')).not.toHaveProperty('encryption_key_id');
    expect(keys()).toMatchObject([{ id: await keyOf(id), project_id: 'p-alice' }]);
    expect((await world.call('alice', 'GET', `/volumes/${id}/encryption`)).body).toEqual({
      ...LUKS,
      encryption_key_id: await keyOf(id),
    });
    expect((await world.action(id, { 'os-extend': { new_size: 2 } })).status).toBe(202);
    await world.settle();
    const asked = await world.call('alice', 'POST', '/snapshots', { snapshot: { volume_id: id } });
    const { id: snapshotId } = asked.body['snapshot'] as { id: string };
    await world.settle();
    // A snapshot has its volume's key, a volume one of its own that opens the same.
    expect(keys()).toHaveLength(1);
    const ofSnapshot = await world.create({ snapshot_id: snapshotId, size: 2 });
    const ofVolume = await world.create({ source_volid: id, size: 3 });
    const ofImage = await world.create({ imageRef: IMAGE_ID, volume_type: 'secret' });
    for (const name of [
      `snapshot-${snapshotId}`,
      `volume-${ofVolume}`,
      `volume-${ofSnapshot}`,
      `volume-${ofImage}`,
    ])
      expect([name, isLocked(format, name)]).toEqual([name, true]);
    expect(new Set(keys().map((one) => one.passphrase)).size).toBe(2);
    expect(keys()).toHaveLength(4);
    expect((await world.action(id, { revert: { snapshot_id: snapshotId } })).status).toBe(202);
    await world.settle();
    expect(isLocked(format, `volume-${id}`)).toBe(true);

    for (const one of [ofSnapshot, ofVolume, ofImage]) await world.call('alice', 'DELETE', `/volumes/${one}`);
    await world.settle();
    expect(keys()).toMatchObject([{ id: await keyOf(id) }]);
    await world.call('alice', 'DELETE', `/volumes/${id}?cascade=true`);
    await world.settle();
    expect([keys(), world.stored()]).toEqual([[], []]);
  },
);

test('a volume without encryption has no key', async () => {
  const id = await world.create();
  expect(await world.show(id)).toMatchObject({ encrypted: false });
  expect((await world.call('alice', 'GET', `/volumes/${id}/encryption`)).body).toEqual({
    encryption_key_id: null,
  });
});

test('what QEMU cannot do is refused with what it can', async () => {
  const made = await world.call('admin', 'POST', '/types', { volume_type: { name: 'other' } });
  const { id } = made.body['volume_type'] as { id: string };
  const message: unknown = expect.stringMatching(/provider 'luks'.*front-end.*aes-xts-plain64.*128 or 256/);
  const refused = { status: 400, body: { badRequest: { message } } };
  for (const change of [
    { provider: 'luks2' },
    { provider: 'plain' },
    { control_location: 'back-end' },
    { cipher: 'serpent-xts-plain64' },
    { key_size: 512 },
  ]) {
    const encryption = { ...LUKS, ...change };
    expect(await world.call('admin', 'POST', `/types/${id}/encryption`, { encryption })).toMatchObject(
      refused,
    );
  }
  await encryptedType('later');
  const { volume_types: types } = (await world.call('admin', 'GET', '/types')).body as unknown as {
    volume_types: { id: string; name: string }[];
  };
  const later = types.find((one) => one.name === 'later')?.id ?? '';
  const encryption = { provider: 'SomeProvider' };
  expect((await world.call('admin', 'PUT', `/types/${later}/encryption/x`, { encryption })).status).toBe(200);
  const volume = { size: 1, volume_type: 'later' };
  expect(await world.call('alice', 'POST', '/volumes', { volume })).toMatchObject(refused);
  expect(keys()).toEqual([]);
});

test('a copy may not change how a volume is encrypted; nothing plain comes out of it', async () => {
  await encryptedType('secret');
  const plain = await world.create();
  const locked = await world.create({ volume_type: 'secret' });
  const copy = { size: 1, source_volid: locked, volume_type: '__DEFAULT__' };
  expect((await world.call('alice', 'POST', '/volumes', { volume: copy })).status).toBe(400);
  const other = { size: 1, source_volid: plain, volume_type: 'secret' };
  expect((await world.call('alice', 'POST', '/volumes', { volume: other })).status).toBe(400);
  const upload = { 'os-volume_upload_image': { image_name: 'i', disk_format: 'qcow2' } };
  expect((await world.action(locked, upload)).status).toBe(400);
  expect(keys()).toHaveLength(1);
});

test.each(['qcow2', 'raw'])(
  'an upload keeps the ciphertext, with a copy of the key that goes with the image (%s)',
  async (format) => {
    await encryptedType('secret', format);
    const id = await world.create({ volume_type: 'secret' });
    const asked = await world.action(id, { 'os-volume_upload_image': { image_name: 'i' } });
    await world.settle();
    const imageId = String(asked.body['os-volume_upload_image']?.['image_id']);
    const [image] = [...world.images.uploaded.values()];
    const [first, copy] = keys();
    expect(image).toMatchObject({
      id: imageId,
      diskFormat: 'raw',
      properties: {
        cinder_encryption_key_id: [first, copy].find((one) => one?.id !== first?.id)?.id,
        cinder_encryption_key_deletion_policy: 'on_image_deletion',
      },
    });
    expect(copy?.passphrase).toBe(first?.passphrase);
    expect(readLuksHeader(headOf(join(world.root, imageId)))).toBeDefined();
    await world.call('alice', 'DELETE', `/volumes/${id}`);
    await world.settle();
    expect(keys()).toMatchObject([{ id: image?.properties['cinder_encryption_key_id'] }]);

    // As large as the volume was: LUKS's header does not count.
    const again = await world.create({ imageRef: imageId, volume_type: 'secret' });
    expect(await world.show(again)).toMatchObject({ status: 'available', encrypted: true, size: 1 });
    expect((await world.show(again))['volume_image_metadata']).not.toHaveProperty('cinder_encryption_key_id');
    expect(isLocked(format, `volume-${again}`)).toBe(true);
    expect(new Set(keys().map(({ passphrase }) => passphrase)).size).toBe(1);
    const other = await world.create({ volume_type: 'secret' });
    expect((await world.action(other, { 'os-reimage': { image_id: imageId } }, 'admin')).status).toBe(400);
    expect((await world.action(other, { 'os-reimage': { image_id: imageId } })).status).toBe(202);
    await world.settle();
    expect(await world.show(other)).toMatchObject({ status: 'available' });

    const plain = { size: 1, imageRef: imageId, volume_type: '__DEFAULT__' };
    const refused = await world.call('alice', 'POST', '/volumes', { volume: plain });
    expect([refused.status, JSON.stringify(refused.body)]).toEqual([
      400,
      expect.stringContaining('has no encryption'),
    ]);
    const foreign = await world.call('bob', 'POST', '/volumes', {
      volume: { ...plain, volume_type: 'secret' },
    });
    expect([foreign.status, JSON.stringify(foreign.body)]).toEqual([
      400,
      expect.stringContaining('another project'),
    ]);
    // A property that names the key of a volume opens nothing.
    const forged = { cinder_encryption_key_id: String(await keyOf(again)) };
    world.images.uploaded.set(imageId, { ...image!, properties: forged });
    expect(
      (await world.call('alice', 'POST', '/volumes', { volume: { ...plain, volume_type: 'secret' } })).status,
    ).toBe(400);

    const row = `INSERT INTO image (id, status, visibility, min_disk, min_ram, protected, os_hidden, created_at, updated_at)
      VALUES (?, 'active', 'private', 0, 0, 0, 0, 1, 1)`;
    world.db.prepare(row).run(imageId);
    world.db.prepare('DELETE FROM image WHERE id = ?').run(imageId);
    expect(keys().map((one) => one.id)).not.toContain(copy?.id);
  },
);

test.each(['qcow2', 'raw'])(
  'a retype encrypts what is on the same back end, or another one, and opens it again (%s)',
  async (format) => {
    await encryptedType('secret', format);
    const plain = { volume_type: { name: 'plain', extra_specs: { volume_backend_name: 'file-qcow2' } } };
    await world.call('admin', 'POST', '/types', plain);
    const id = await world.create({ volume_type: 'plain' });
    const retype = async (type: string, policy = 'on-demand'): Promise<number> => {
      const answer = await world.action(id, { 'os-retype': { new_type: type, migration_policy: policy } });
      await world.settle();
      return answer.status;
    };
    expect(await retype('secret', 'never')).toBe(400);
    const { snapshot } = (await world.call('alice', 'POST', '/snapshots', { snapshot: { volume_id: id } }))
      .body as { snapshot: { id: string } };
    await world.settle();
    expect(await retype('secret')).toBe(400);
    await world.call('alice', 'DELETE', `/snapshots/${snapshot.id}`);
    await world.settle();
    expect(await retype('secret')).toBe(202);
    expect(await world.show(id)).toMatchObject({
      status: 'available',
      encrypted: true,
      volume_type: 'secret',
    });
    expect(world.stored()).toEqual([`file-${format}/volume-${id}`]);
    expect([isLocked(format, `volume-${id}`), keys().length]).toEqual([true, 1]);
    expect(await retype('plain')).toBe(202);
    expect(await world.show(id)).toMatchObject({ status: 'available', encrypted: false });
    expect([world.stored(), keys()]).toEqual([[`file-qcow2/volume-${id}`], []]);
    expect(isLocked('qcow2', `volume-${id}`)).toBe(false);
  },
);

test('a transfer takes the key along, from 3.70 on and with the snapshots', async () => {
  await encryptedType('secret');
  const id = await world.create({ volume_type: 'secret' });
  const offer = (version: string, more: object = {}) =>
    world.call('alice', 'POST', '/volume-transfers', { transfer: { volume_id: id, ...more } }, version);
  expect((await offer('3.69')).status).toBe(400);
  expect((await offer('3.70', { no_snapshots: true })).status).toBe(400);
  const { transfer } = (await offer('3.70')).body as unknown as {
    transfer: { id: string; auth_key: string };
  };
  const accept = { accept: { auth_key: transfer.auth_key } };
  expect((await world.call('bob', 'POST', `/volume-transfers/${transfer.id}/accept`, accept)).status).toBe(
    202,
  );
  expect(keys()).toMatchObject([{ project_id: 'p-bob' }]);
});

test('attachments name the secret that the hypervisor must have (S21: the API never shows it)', async () => {
  await encryptedType('secret');
  const id = await world.create({ volume_type: 'secret' });
  const attachmentId = 'a1b2c3d4-0000-4000-8000-0000000000cc';
  world.volume.face.reserve(callers['alice']!, { id: attachmentId, volumeId: id, serverId: 'a-server' });
  expect(world.volume.face.disk(attachmentId).encryption).toEqual({ secretId: attachmentId });
  const [secret] = world.volume.face.secrets(attachmentId);
  expect(secret?.value.reveal()).toBe(keys()[0]?.passphrase);
  expect(world.volume.face.allSecrets()).toMatchObject([{ id: attachmentId, settled: false }]);
  const shown = JSON.stringify([await world.show(id, 'admin'), world.db.prepare('SELECT * FROM saga').all()]);
  expect(shown).not.toContain(keys()[0]?.passphrase);
  world.volume.face.release(attachmentId);
  expect(world.volume.face.secrets(attachmentId)).toEqual([]);
});
