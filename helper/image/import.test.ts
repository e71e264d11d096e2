import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { DownloadError } from '../host/download/interface.ts';
import type { WebSource } from '../host/download/guarded.ts';
import { DiskFullError } from '../host/files/interface.ts';
import { ImageWorld } from './test-world.ts';

const content = Buffer.alloc(1 << 20, 'deskcloud');

/** An internet of one file; everything else is refused at once or cannot be reached. */
const web: WebSource = {
  check: (url) => {
    if (url.includes('127.0.0.1')) throw new DownloadError('badUrl', 'inside');
  },
  open: async (url) => {
    if (url !== 'http://example.org/disk') throw new DownloadError('unreachable', `${url} cannot be reached`);
    return { total: content.length, body: pieces(), close: () => undefined };
  },
};

async function* pieces(): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < content.length; at += 1 << 16) yield content.subarray(at, at + (1 << 16));
}

async function* untilFull(): AsyncGenerator<Uint8Array> {
  yield content.subarray(0, 4096);
  throw new DiskFullError('/somewhere');
}

let world: ImageWorld;

beforeEach(async () => {
  world = await new ImageWorld({ web }).start();
});

afterEach(() => world.stop());

const show = async (id: string) => (await world.call('alice', 'GET', `/images/${id}`)).body;
const becomes = (id: string, status: string) =>
  vi.waitFor(async () => expect((await show(id))['status']).toBe(status), { timeout: 10_000 });
const importBy = (id: string, method: object, more: object = {}, token = 'alice') =>
  world.call(token, 'POST', `/images/${id}/import`, { method, ...more });
const tasks = async (id: string) =>
  (await world.call('alice', 'GET', `/images/${id}/tasks`)).body['tasks'] as Record<string, unknown>[];

describe('image import', () => {
  test('takes staged data', async () => {
    const id = await world.create();
    expect((await importBy(id, { name: 'glance-direct' })).status).toBe(409);
    expect((await world.call('alice', 'PUT', `/images/${id}/stage`, content)).status).toBe(204);
    expect((await show(id))['status']).toBe('uploading');
    expect((await world.call('alice', 'PUT', `/images/${id}/stage`, content)).status).toBe(409);
    expect((await world.call('alice', 'PUT', `/images/${id}/file`, content)).status).toBe(409);
    const started = await importBy(id, { name: 'glance-direct' }, { all_stores: true });
    expect(started.status).toBe(202);
    await becomes(id, 'active');
    expect(await show(id)).toMatchObject({
      size: content.length,
      stores: 'local',
      os_glance_failed_import: '',
      os_glance_importing_to_stores: '',
    });
    expect(await tasks(id)).toMatchObject([
      {
        status: 'success',
        request_id: started.headers.get('x-openstack-request-id'),
        input: { import_req: { method: { name: 'glance-direct' } } },
      },
    ]);
    expect(world.stored()).toHaveLength(1);
    expect((await importBy(id, { name: 'glance-direct' })).status).toBe(409);
  });

  test('fetches from the web', async () => {
    const id = await world.create();
    expect((await importBy(id, { name: 'web-download', uri: 'http://example.org/disk' })).status).toBe(202);
    await becomes(id, 'active');
    const file = await fetch(`${world.base}/images/${id}/file`, { headers: { 'x-auth-token': 'alice' } });
    expect(Buffer.from(await file.arrayBuffer()).equals(content)).toBe(true);
  });

  test('says what could not be fetched, and begins anew', async () => {
    const id = await world.create();
    expect((await importBy(id, { name: 'web-download', uri: 'http://nowhere.test/' })).status).toBe(202);
    await vi.waitFor(async () => expect((await show(id))['os_glance_failed_import']).toBe('local'));
    expect((await show(id))['status']).toBe('queued');
    expect(await tasks(id)).toMatchObject([
      { status: 'failure', message: expect.stringContaining('reached') as unknown },
    ]);
    expect(world.stored()).toEqual([]);
    expect((await importBy(id, { name: 'web-download', uri: 'http://example.org/disk' })).status).toBe(202);
    await becomes(id, 'active');
    const forAdmin = await world.call('admin', 'GET', '/tasks?limit=1');
    expect(forAdmin.body).toMatchObject({
      tasks: [{ status: 'success' }],
      next: expect.any(String) as unknown,
    });
    const next = await world.call('admin', 'GET', String(forAdmin.body['next']).replace('/v2', ''));
    expect(next.body['tasks']).toMatchObject([{ status: 'failure' }]);
    const one = (await tasks(id))[0]?.['id'];
    expect((await world.call('admin', 'GET', `/tasks/${String(one)}`)).body['image_id']).toBe(id);
    const oldest = await world.call(
      'admin',
      'GET',
      '/tasks?sort_key=created_at&sort_dir=asc&limit=1&type=api_image_import',
    );
    expect(oldest.body).toMatchObject({
      tasks: [{ status: 'failure' }],
      first: '/v2/tasks?sort_key=created_at&sort_dir=asc&type=api_image_import&limit=1',
    });
    const second = await world.call('admin', 'GET', String(oldest.body['next']).replace('/v2', ''));
    expect(second.body['tasks']).toMatchObject([{ status: 'success' }]);
    expect((await world.call('admin', 'GET', '/tasks?status=failure')).body['tasks']).toHaveLength(1);
    for (const query of ['status=done', 'type=export', 'sort_key=message', 'sort_dir=up'])
      expect([query, (await world.call('admin', 'GET', `/tasks?${query}`)).status]).toEqual([query, 400]);
    expect((await world.call('admin', 'GET', '/tasks/none')).status).toBe(404);
    for (const path of ['/tasks', `/tasks/${String(one)}`]) {
      expect((await world.call('alice', 'GET', path)).status).toBe(403);
      expect((await world.call('', 'GET', path)).status).toBe(401);
    }
  });

  test('says that the disk is full, and keeps nothing (R8)', async () => {
    const full = await new ImageWorld({
      web: {
        check: () => undefined,
        open: async () => ({ total: undefined, body: untilFull(), close: () => undefined }),
      },
    }).start();
    try {
      const id = await full.create();
      await full.call('alice', 'POST', `/images/${id}/import`, {
        method: { name: 'web-download', uri: 'http://example.org/disk' },
      });
      await vi.waitFor(async () => {
        const { body } = await full.call('alice', 'GET', `/images/${id}/tasks`);
        expect(body['tasks']).toMatchObject([
          { status: 'failure', message: expect.stringContaining('is full') as unknown },
        ]);
      });
      expect((await full.call('alice', 'GET', `/images/${id}`)).body['status']).toBe('queued');
      expect(full.stored()).toEqual([]);
    } finally {
      await full.stop();
    }
  });

  test('refuses data that lies about its format (S4)', async () => {
    const qcow2 = Buffer.alloc(65536);
    qcow2.write('QFI\xfb\0\0\0\x03', 'latin1');
    qcow2.writeUInt32BE(16, 20);
    qcow2.writeBigUInt64BE(1n << 20n, 24);
    const id = await world.create();
    await world.call('alice', 'PUT', `/images/${id}/stage`, qcow2);
    expect((await importBy(id, { name: 'glance-direct' })).status).toBe(202);
    await becomes(id, 'queued');
    expect(await tasks(id)).toMatchObject([
      { status: 'failure', message: expect.stringContaining('qcow2') as unknown },
    ]);
    expect(world.stored()).toEqual([]);
  });

  test('leaves nothing of an image that is deleted meanwhile (S7)', async () => {
    const staged = await world.create();
    await world.call('alice', 'PUT', `/images/${staged}/stage`, content);
    expect((await world.call('alice', 'DELETE', `/images/${staged}`)).status).toBe(204);
    const imported = await world.create();
    await importBy(imported, { name: 'web-download', uri: 'http://example.org/disk' });
    expect((await world.call('alice', 'DELETE', `/images/${imported}`)).status).toBe(204);
    await vi.waitFor(() => expect(world.stored()).toEqual([]));
  });

  test('knows copying, though there is one store', async () => {
    const id = await world.create();
    const copy = (token: string, more: object = { all_stores: true }) =>
      importBy(id, { name: 'copy-image' }, more, token);
    expect((await copy('admin')).status).toBe(409);
    await world.call('alice', 'PUT', `/images/${id}/file`, content);
    expect((await copy('alice')).status).toBe(403);
    const again = await copy('admin', { stores: ['local'] });
    expect([again.status, again.body['message']]).toEqual([
      409,
      expect.stringContaining('already present') as unknown,
    ]);
    expect((await copy('admin')).status).toBe(202);
    expect(await show(id)).toMatchObject({ os_glance_importing_to_stores: '', os_glance_failed_import: '' });
  });

  test.each([
    ['no token', '', { name: 'glance-direct' }, {}, 401],
    ['a foreign project', 'bob', { name: 'glance-direct' }, {}, 404],
    ['a reader', 'reader', { name: 'glance-direct' }, {}, 403],
    ['an unknown method', 'alice', { name: 'magic' }, {}, 400],
    ['no method', 'alice', {}, {}, 400],
    ['an unknown store', 'alice', { name: 'glance-direct' }, { stores: ['moon'] }, 409],
    [
      'stores and all stores',
      'alice',
      { name: 'glance-direct' },
      { stores: ['local'], all_stores: true },
      400,
    ],
    ['a download of nothing', 'alice', { name: 'web-download' }, {}, 400],
    ['a download from inside (S9)', 'alice', { name: 'web-download', uri: 'http://127.0.0.1/' }, {}, 400],
  ])('refuses %s', async (_name, token, method, more, status) => {
    const id = await world.create();
    expect((await importBy(id, method, more, token)).status).toBe(status);
  });

  test.each([
    ['', 401],
    ['bob', 404],
    ['reader', 403],
  ])('takes staged data from no %s', async (token, status) => {
    const id = await world.create();
    expect((await world.call(token, 'PUT', `/images/${id}/stage`, new Uint8Array(1))).status).toBe(status);
  });

  test('asks for formats first', async () => {
    const made = await world.call('alice', 'POST', '/images', { name: 'n' });
    expect(made.headers.get('openstack-image-import-methods')).toContain('web-download');
    const answer = await importBy(String(made.body['id']), {
      name: 'web-download',
      uri: 'http://example.org/disk',
    });
    expect(answer.status).toBe(409);
  });

  test('tells about itself', async () => {
    const methods = await world.call('reader', 'GET', '/info/import');
    expect(methods.body).toMatchObject({
      'import-methods': { value: ['glance-direct', 'web-download', 'copy-image'] },
    });
    expect((await world.call('reader', 'GET', '/info/stores')).body).toMatchObject({
      stores: [{ id: 'local' }],
    });
    expect((await world.call('reader', 'GET', '/info/stores/detail')).status).toBe(403);
    expect((await world.call('admin', 'GET', '/info/stores/detail')).status).toBe(200);
    for (const path of ['/info/import', '/info/stores', '/info/stores/detail', '/info/usage']) {
      expect((await world.call('', 'GET', path)).status).toBe(401);
    }
  });

  test('keeps data in the only store', async () => {
    const id = await world.create();
    await world.call('alice', 'PUT', `/images/${id}/file`, content);
    for (const [token, store, status] of [
      ['', 'local', 401],
      ['alice', 'local', 403],
      ['bob', 'local', 404],
      ['admin', 'moon', 404],
      ['admin', 'local', 403],
    ] as const) {
      expect((await world.call(token, 'DELETE', `/stores/${store}/${id}`)).status).toBe(status);
    }
    expect((await show(id))['status']).toBe('active');
  });

  test('shows tasks to who has the image', async () => {
    const id = await world.create();
    await importBy(id, { name: 'web-download', uri: 'http://example.org/disk' });
    for (const [token, status] of [
      ['', 401],
      ['bob', 404],
      ['reader', 200],
    ] as const) {
      expect((await world.call(token, 'GET', `/images/${id}/tasks`)).status).toBe(status);
    }
  });
});

describe('conversion on import', () => {
  test('makes qcow2 of raw when that is configured', async () => {
    const converting = await new ImageWorld({
      web,
      config: { maxImageBytes: 1 << 24, importConversion: 'qcow2' },
    }).start();
    try {
      const id = await converting.create();
      await converting.call('alice', 'PUT', `/images/${id}/stage`, content);
      await converting.call('alice', 'POST', `/images/${id}/import`, { method: { name: 'glance-direct' } });
      await vi.waitFor(async () => {
        const { body } = await converting.call('alice', 'GET', `/images/${id}`);
        expect(body).toMatchObject({ status: 'active', disk_format: 'qcow2', virtual_size: content.length });
      });
      expect(converting.stored()).toHaveLength(1);
    } finally {
      await converting.stop();
    }
  });
});

describe('quotas', () => {
  test('bound what a project has', async () => {
    const limits = {
      image_count_total: 3,
      image_size_total: 2,
      image_stage_total: 1,
      image_count_uploading: 1,
    };
    const bounded = await new ImageWorld({ web, config: { maxImageBytes: 1 << 24, limits } }).start();
    try {
      const [one, two, three] = [await bounded.create(), await bounded.create(), await bounded.create()];
      expect((await bounded.call('alice', 'POST', '/images', { name: 'n' })).status).toBe(413);
      expect((await bounded.call('bob', 'POST', '/images', { name: 'n' })).status).toBe(201);
      expect((await bounded.call('alice', 'PUT', `/images/${one}/stage`, content)).status).toBe(204);
      expect((await bounded.call('alice', 'PUT', `/images/${two}/file`, content)).status).toBe(413);
      const usage = (await bounded.call('alice', 'GET', '/info/usage')).body['usage'];
      expect(usage).toEqual({
        image_count_total: { limit: 3, usage: 3 },
        image_size_total: { limit: 2, usage: 0 },
        image_stage_total: { limit: 1, usage: 1 },
        image_count_uploading: { limit: 1, usage: 1 },
      });
      await bounded.call('alice', 'POST', `/images/${one}/import`, { method: { name: 'glance-direct' } });
      await vi.waitFor(async () =>
        expect((await bounded.call('alice', 'GET', `/images/${one}`)).body['status']).toBe('active'),
      );
      expect((await bounded.call('alice', 'PUT', `/images/${two}/file`, content)).status).toBe(204);
      expect((await bounded.call('alice', 'PUT', `/images/${three}/file`, content)).status).toBe(413);
    } finally {
      await bounded.stop();
    }
  });
});
