import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { transaction } from '../db/index.ts';
import { emptyVdi, ImageWorld } from './test-world.ts';

let world: ImageWorld;

beforeEach(async () => {
  world = await new ImageWorld().start();
});

afterEach(() => world.stop());

interface CacheBody {
  readonly cached_images: readonly { image_id: string; hits: number; size: number; last_accessed: number }[];
  readonly queued_images: readonly string[];
}

const state = async (): Promise<CacheBody> =>
  (await world.call('admin', 'GET', '/cache')).body as unknown as CacheBody;
const cachedIds = async () => (await state()).cached_images.map((one) => one.image_id);
const bases = () => world.stored().filter((name) => name.endsWith('.qcow2'));

async function upload(data: Buffer, more: object = {}): Promise<string> {
  const id = await world.create('alice', more);
  expect((await world.call('alice', 'PUT', `/images/${id}/file`, data)).status).toBe(204);
  return id;
}
const uploadVdi = (mark?: number) => upload(emptyVdi(mark), { disk_format: 'vdi' });
const queue = async (id: string) => {
  expect((await world.call('admin', 'PUT', `/cache/${id}`)).status).toBe(202);
};
const becomesCached = (id: string) =>
  vi.waitFor(async () => expect(await cachedIds()).toContain(id), { timeout: 10_000 });
const noBases = () => vi.waitFor(() => expect(bases()).toEqual([]), { timeout: 10_000 });
const forServer = (id: string) =>
  world.image.face.ensureBase(id, new AbortController().signal, () => undefined);

describe('the cache of bases', () => {
  test('makes a base before a guest asks for it, and counts who uses it', async () => {
    const id = await uploadVdi();
    await queue(id);
    expect((await state()).queued_images).toEqual([id]);
    await queue(id);
    await becomesCached(id);
    expect((await state()).queued_images).toEqual([]);
    expect(bases()).toHaveLength(1);
    const before = (await state()).cached_images[0];
    expect(before).toMatchObject({ hits: 0, size: expect.any(Number) as unknown });
    expect(before?.size).toBeGreaterThan(0);
    await forServer(id);
    expect((await state()).cached_images[0]?.hits).toBe(1);
    // The cache ends with the image.
    await world.call('alice', 'DELETE', `/images/${id}`);
    expect(await cachedIds()).toEqual([]);
    await noBases();
  });

  test('gives the disk back when an entry goes, but not under a guest', async () => {
    const [one, two] = [await uploadVdi(1), await uploadVdi(2)];
    await forServer(one);
    transaction(world.db, () => world.image.face.leaseBase(world.db, two, 'server-1'));
    await forServer(two);
    expect(bases()).toHaveLength(2);
    expect((await world.call('admin', 'DELETE', `/cache/${one}`)).status).toBe(204);
    await vi.waitFor(() => expect(bases()).toHaveLength(1));
    expect((await world.call('admin', 'DELETE', '/cache')).status).toBe(204);
    expect(await state()).toEqual({ cached_images: [], queued_images: [] });
    expect(bases()).toHaveLength(1);
    transaction(world.db, () => world.image.face.releaseBase(world.db, 'server-1'));
    await noBases();
    // The image itself is as it was.
    expect((await world.call('alice', 'GET', `/images/${two}`)).body['status']).toBe('active');
    expect((await forServer(two)).path).toContain('/base/');
  });

  test('empties the cache and its queue each for itself', async () => {
    const [one, two] = [await uploadVdi(1), await uploadVdi(2)];
    const clear = (target: string) =>
      world.call('admin', 'DELETE', '/cache', undefined, { 'x-image-cache-clear-target': target });
    await forServer(one);
    await queue(two);
    expect((await clear('queue')).status).toBe(204);
    expect(await state()).toMatchObject({ cached_images: [{ image_id: one }], queued_images: [] });
    await queue(two);
    expect((await clear('Cache')).status).toBe(204);
    expect(await state()).toMatchObject({ cached_images: [], queued_images: [two] });
    await becomesCached(two);
    expect((await clear('all')).status).toBe(400);
    expect(bases()).toHaveLength(1);
  });

  test('takes data that need no conversion as they are, also when they are downloaded', async () => {
    const data = Buffer.alloc(4096, 'raw');
    const [id, other] = [await upload(data), await uploadVdi()];
    for (const [path, status] of [
      [`/images/${id}/file`, 200],
      [`/images/${id}/file`, 200],
      [`/images/${other}/file`, 200],
    ] as const)
      expect((await world.call('alice', 'GET', path)).status).toBe(status);
    await vi.waitFor(async () =>
      expect((await state()).cached_images).toMatchObject([{ image_id: id, hits: 1, size: 4096 }]),
    );
    const part = await world.call('alice', 'GET', `/images/${id}/file`, undefined, { range: 'bytes=0-9' });
    expect(part.status).toBe(206);
    expect((await state()).cached_images).toMatchObject([{ hits: 1 }]);
    expect(bases()).toEqual([]);
  });

  test('finds data that are not what was uploaded', async () => {
    const id = await upload(Buffer.alloc(4096, 'raw'));
    const path = join(world.root, 'images', 'data', world.stored()[0] ?? '');
    const bytes = readFileSync(path);
    bytes[100] = 1;
    writeFileSync(path, bytes);
    await queue(id);
    await vi.waitFor(async () => expect((await state()).queued_images).toEqual([]), { timeout: 10_000 });
    expect(await cachedIds()).toEqual([]);
  });

  test('is for administrators, and for active images', async () => {
    const [id, queued] = [await upload(Buffer.alloc(512)), await world.create()];
    const missing = '00000000-0000-4000-8000-000000000000';
    for (const [method, path] of [
      ['GET', '/cache'],
      ['DELETE', '/cache'],
      ['PUT', `/cache/${id}`],
      ['DELETE', `/cache/${id}`],
    ] as const)
      for (const [token, status] of [
        ['', 401],
        ['alice', 403],
        ['bob', 403],
        ['reader', 403],
      ] as const)
        expect([method, path, token, (await world.call(token, method, path)).status]).toEqual([
          method,
          path,
          token,
          status,
        ]);
    expect((await world.call('admin', 'PUT', `/cache/${queued}`)).status).toBe(400);
    expect((await world.call('admin', 'PUT', `/cache/${missing}`)).status).toBe(404);
    expect((await world.call('admin', 'DELETE', `/cache/${missing}`)).status).toBe(404);
    expect((await world.call('admin', 'DELETE', `/cache/${id}`)).status).toBe(204);
  });

  test('goes on where it was interrupted, and removes bases of nobody at its start', async () => {
    const id = await uploadVdi();
    const stray = join(world.root, 'images', 'base', `${world.stored()[0] ?? ''}.qcow2`);
    writeFileSync(stray, 'half');
    await world.image.start();
    expect(bases()).toEqual([]);
    await queue(id);
    await becomesCached(id);
    expect(bases()).toHaveLength(1);
  });
});
