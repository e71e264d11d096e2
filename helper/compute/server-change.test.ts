import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { IMAGE_ID } from './test-doubles.ts';
import { TestWorld } from './test-world.ts';

let world: TestWorld;
beforeEach(async () => {
  world = await TestWorld.create();
});
afterEach(() => world.dispose());

type Server = Record<string, unknown>;
const show = async (id: string, version?: string): Promise<Server> =>
  ((await world.call('member', 'GET', `/v2.1/servers/${id}`, undefined, version)).body as { server: Server })
    .server;
const act = (id: string, body: object, version?: string, token: string | undefined = 'member') =>
  world.call(token, 'POST', `/v2.1/servers/${id}/action`, body, version);
const active = async (more: object = {}): Promise<string> => {
  const id = await world.create(more);
  await world.quiet();
  return id;
};
const OTHER_IMAGE = '77777777-7777-4777-8777-777777777777';

describe('who may', () => {
  test.each([
    { suspend: null },
    { resume: null },
    { rebuild: { imageRef: IMAGE_ID } },
    { resize: { flavorRef: '2' } },
    { confirmResize: null },
    { revertResize: null },
    { createImage: { name: 'x' } },
    { createBackup: { name: 'x', backup_type: 'daily', rotation: 1 } },
  ])('%j: members of the project', async (body) => {
    const id = await active();
    expect((await world.call(undefined, 'POST', `/v2.1/servers/${id}/action`, body)).status).toBe(401);
    expect((await act(id, body, undefined, 'other')).status).toBe(404);
    expect((await act(id, body, undefined, 'reader')).status).toBe(403);
  });
});

test('an access address shows in its canonical form', async () => {
  const id = await active({ accessIPv6: '0000:0000:0000:0000:0000:babe:220.12.22.2' });
  expect(await show(id)).toMatchObject({ accessIPv6: '::babe:dc0c:1602' });
});

test('suspend and resume', async () => {
  const id = await active();
  expect((await act(id, { suspend: null })).status).toBe(202);
  await world.quiet();
  expect(await show(id)).toMatchObject({ status: 'SUSPENDED', 'OS-EXT-STS:power_state': 4 });
  expect((await act(id, { suspend: null })).status).toBe(409);
  expect((await act(id, { resume: null })).status).toBe(202);
  await world.quiet();
  expect(await show(id)).toMatchObject({ status: 'ACTIVE', 'OS-EXT-STS:power_state': 1 });
});

describe('rebuild', () => {
  test('gives another image, name and metadata; the id and addresses stay', async () => {
    const id = await active();
    const before = await show(id);
    world.images.add({ id: OTHER_IMAGE, properties: { hw_disk_bus: 'scsi' } });
    const answer = await act(id, {
      rebuild: { imageRef: OTHER_IMAGE, name: 'new', metadata: { a: 'b' }, adminPass: 'secret' },
    });
    expect(answer.status).toBe(202);
    expect(answer.headers.get('location')).toContain(`/servers/${id}`);
    expect(answer.body).toMatchObject({
      server: { id, name: 'new', status: 'REBUILD', adminPass: 'secret', image: { id: OTHER_IMAGE } },
    });
    await world.quiet();
    expect(await show(id)).toMatchObject({
      status: 'ACTIVE',
      metadata: { a: 'b' },
      addresses: before['addresses'],
    });
    expect(world.domains.specs.get(id)?.disks[0]).toMatchObject({ target: 'sda' });
    expect(await world.inventory()).toMatchObject({ leases: [id] });
  });

  test.each(['2.1', '2.19', '2.54', '2.57', '2.63', '2.71', '2.73', '2.75', '2.93'])(
    'answers as %s has it',
    async (version) => {
      const id = await active();
      expect((await act(id, { rebuild: { imageRef: IMAGE_ID } }, version)).status).toBe(202);
      await world.quiet();
      expect((await show(id))['status']).toBe('ACTIVE');
    },
  );

  test('injected files have limits', async () => {
    const id = await active();
    const rebuild = (count: number, path: string, contents: string) =>
      act(id, {
        rebuild: {
          imageRef: IMAGE_ID,
          personality: Array.from({ length: count }, () => ({ path, contents })),
        },
      });
    for (const [answer, message] of [
      [await rebuild(6, '/a', 'aGk='), 'Personality file limit exceeded'],
      [await rebuild(1, `/${'a'.repeat(10_240)}`, 'aGk='), 'Personality file path too long'],
      [await rebuild(1, '/a', Buffer.alloc(10_241).toString('base64')), 'Personality file content too long'],
    ] as const)
      expect(answer).toMatchObject({ status: 403, body: { forbidden: { message } } });
    expect((await rebuild(5, '/a', 'aGk=')).status).toBe(202);
    await world.quiet();
    // Only a config drive brings them to the guest.
    expect((await show(id))['config_drive']).toBe('True');
    expect(world.domains.specs.get(id)?.disks.map(({ device }) => device)).toEqual(['disk', 'cdrom']);
    const other = await active({ personality: [{ path: '/a', contents: 'aGk=' }] });
    expect((await show(other))['config_drive']).toBe('True');
  });

  test('leaves a stopped server stopped, and refuses what cannot be', async () => {
    const id = await active();
    await act(id, { 'os-stop': null });
    await world.quiet();
    expect((await act(id, { rebuild: { imageRef: OTHER_IMAGE } })).status).toBe(400);
    expect((await act(id, { rebuild: { imageRef: IMAGE_ID, key_name: 'k' } }, '2.53')).status).toBe(400);
    expect((await act(id, { rebuild: { imageRef: IMAGE_ID, personality: [] } }, '2.57')).status).toBe(400);
    expect((await act(id, { rebuild: { imageRef: IMAGE_ID } })).status).toBe(202);
    await world.quiet();
    expect((await show(id))['status']).toBe('SHUTOFF');
    expect(world.domains.states.get(id)).toBe('shutdown');
  });

  test('S39: the filters look again at another image; the server goes on as it was', async () => {
    const id = await active();
    world.images.add({ id: OTHER_IMAGE });
    world.basics.noHost = true;
    await act(id, { rebuild: { imageRef: OTHER_IMAGE } });
    await world.quiet();
    expect(await show(id)).toMatchObject({ status: 'ERROR', image: { id: IMAGE_ID } });
    expect(world.domains.states.get(id)).toBe('running');
    expect(await world.inventory()).toMatchObject({ leases: [id], claims: [id] });
  });
});

describe('resize', () => {
  const resize = (id: string, flavorRef: string) => act(id, { resize: { flavorRef } });

  test('sets diskConfig where it is given', async () => {
    const id = await active();
    await act(id, { resize: { flavorRef: '2', 'OS-DCF:diskConfig': 'AUTO' } });
    await world.quiet();
    expect((await show(id))['OS-DCF:diskConfig']).toBe('AUTO');
  });

  test('and confirm', async () => {
    const id = await active();
    expect((await resize(id, '2')).status).toBe(202);
    expect((await show(id))['status']).toBe('RESIZE');
    await world.quiet();
    expect(await show(id, '2.47')).toMatchObject({
      status: 'VERIFY_RESIZE',
      flavor: { original_name: 'm1.swap', swap: 64 },
    });
    expect((await world.inventory()) as { files: string[] }).toMatchObject({
      files: expect.arrayContaining([`state/instances/${id}/disk.old`]) as string[],
    });
    expect((await act(id, { confirmResize: null })).status).toBe(204);
    expect((await show(id))['status']).toBe('ACTIVE');
    expect((await act(id, { revertResize: null })).status).toBe(409);
    await world.quiet();
    const { files } = (await world.inventory()) as { files: string[] };
    expect(files.filter((name) => name.endsWith('.old'))).toEqual([]);
  });

  test('and revert, of a stopped server too', async () => {
    const id = await active();
    await act(id, { 'os-stop': null });
    await world.quiet();
    await resize(id, '2');
    await world.quiet();
    expect((await show(id))['status']).toBe('VERIFY_RESIZE');
    expect((await act(id, { revertResize: null })).status).toBe(202);
    await world.quiet();
    expect(await show(id)).toMatchObject({ status: 'SHUTOFF', flavor: { id: '1' } });
    const { files } = (await world.inventory()) as { files: string[] };
    expect(files.filter((name) => /old|eph|swap/.test(name))).toEqual([]);
  });

  test('refuses the same, a smaller and an unknown flavor, and what is over quota', async () => {
    const id = await active();
    for (const flavor of ['1', '0', 'none'])
      expect([flavor, (await resize(id, flavor)).status]).toEqual([flavor, 400]);
    expect((await act(id, { resize: { flavorRef: '' } })).status).toBe(400);
    world.basics.quota.ramMib = 128;
    world.basics.quota.cores = 0;
    expect((await resize(id, '2')).status).toBe(403);
  });

  test('R25: deleted before it is confirmed, no file is left', async () => {
    const id = await active();
    await resize(id, '2');
    await world.quiet();
    await world.call('member', 'DELETE', `/v2.1/servers/${id}`);
    await world.quiet();
    expect(await world.inventory()).toMatchObject({ files: [], claims: [], domains: [], leases: [] });
  });

  test('without a host leaves the server as it was', async () => {
    const id = await active();
    world.basics.noHost = true;
    await resize(id, '2');
    await world.quiet();
    expect(await show(id)).toMatchObject({ status: 'ACTIVE', flavor: { id: '1' } });
    expect(await world.inventory()).toMatchObject({ claims: [id] });
  });
});

describe('createImage', () => {
  test('tells the image in Location before 2.45, in the body since', async () => {
    const id = await active();
    const old = await act(id, { createImage: { name: 'snap ☃', metadata: { image_type: 'test' } } }, '2.44');
    expect([old.status, old.body]).toEqual([202, undefined]);
    const imageId = old.headers.get('location')?.split('/').at(-1) ?? '';
    expect((await act(id, { createImage: { name: 'second' } })).status).toBe(409);
    await world.quiet();
    expect(world.images.images.get(imageId)).toMatchObject({
      name: 'snap ☃',
      status: 'active',
      minDisk: 1,
      properties: { image_type: 'test', instance_uuid: id, base_image_ref: IMAGE_ID },
    });
    const answer = await act(id, { createImage: { name: 'new' } }, '2.45');
    expect(answer.headers.get('location')).toBeNull();
    expect(answer.body).toHaveProperty('image_id');
    await world.quiet();
    expect(await show(id)).toMatchObject({ status: 'ACTIVE', 'OS-EXT-STS:task_state': null });
    const { files } = (await world.inventory()) as { files: string[] };
    expect(files.filter((name) => name.includes('snapshot'))).toEqual([]);
  });

  test('of a stopped server; what fails leaves no image and the server as it was', async () => {
    const id = await active();
    await act(id, { 'os-stop': null });
    await world.quiet();
    world.images.broken = true;
    await act(id, { createImage: { name: 'x' } });
    await world.quiet();
    expect([...world.images.images.keys()]).toEqual([IMAGE_ID]);
    expect(await show(id)).toMatchObject({ status: 'SHUTOFF', 'OS-EXT-STS:task_state': null });
  });

  test('backups rotate', async () => {
    const id = await active();
    for (const name of ['one', 'two', 'three']) {
      const backup = { name, backup_type: 'daily', rotation: '2' };
      expect((await act(id, { createBackup: backup })).status).toBe(202);
      await world.quiet();
    }
    const names = [...world.images.images.values()].map(({ name }) => name);
    expect(names).toEqual(['tiny', 'two', 'three']);
  });

  test('old microversions show images themselves', async () => {
    const get = (path: string, version = '2.35') =>
      world.call('reader', 'GET', `/v2.1/images${path}`, undefined, version);
    expect((await get(`/${IMAGE_ID}`)).body).toMatchObject({ image: { status: 'ACTIVE', progress: 100 } });
    expect((await get('/detail')).status).toBe(200);
    expect((await get('')).body).toMatchObject({ images: [{ id: IMAGE_ID }] });
    expect((await get('', '2.36')).status).toBe(404);
    expect((await world.call(undefined, 'GET', '/v2.1/images')).status).toBe(401);
    expect((await world.call('nobody', 'GET', '/v2.1/images')).status).toBe(403);
  });
});
