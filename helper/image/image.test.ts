import { createHash } from 'node:crypto';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { closeDatabase, type Db, memoryDatabase, transaction } from '../db/index.ts';
import type { DiskHost } from '../host/disk/interface.ts';
import { GuardedWebSource } from '../host/download/guarded.ts';
import { LinuxStateFiles } from '../host/files/linux.ts';
import { createHttpServer, silentLogger, type AuthContext } from '../http/index.ts';
import { SagaEngine } from '../saga/index.ts';
import { createImage, type ImageService } from './index.ts';

const caller = (project: string, ...roles: string[]): AuthContext => ({
  userId: `user-of-${project}`,
  userName: 'u',
  userDomainId: 'default',
  projectId: project,
  roles: new Set(roles),
  auditId: 'a',
});
const callers: Record<string, AuthContext> = {
  admin: caller('p-admin', 'admin', 'member', 'reader'),
  alice: caller('p-alice', 'member', 'reader'),
  reader: caller('p-alice', 'reader'),
  bob: caller('p-bob', 'member', 'reader'),
};

let db: Db;
let root: string;
let image: ImageService;
let server: Server;
let base: string;
const converted: string[] = [];

/** Stands in for qemu-img where only the call matters; host/disk has its own tests against the real one. */
const disks = {
  convert: (options: { source: string; sourceFormat: string }) => {
    converted.push(options.sourceFormat);
    return Promise.reject(new Error('not in this test'));
  },
} as unknown as DiskHost;

beforeEach(async () => {
  db = memoryDatabase();
  root = mkdtempSync(join(tmpdir(), 'deskcloud-image-'));
  const files = new LinuxStateFiles(root);
  image = createImage({
    db,
    files,
    disks,
    sagas: new SagaEngine({ db, logger: silentLogger }),
    web: new GuardedWebSource(),
    logger: silentLogger,
    now: () => Date.now(),
    config: { maxImageBytes: 1 << 24 },
  });
  await image.start();
  server = createHttpServer({
    services: [image.service],
    authenticate: (token) => callers[token],
    origins: { hostNames: [], origins: [] },
    validateResponses: true,
    logger: silentLogger,
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  base = `http://127.0.0.1:${(server.address() as AddressInfo).port}/image/v2`;
});

afterEach(async () => {
  await new Promise((resolve) => server.close(resolve));
  closeDatabase(db);
  rmSync(root, { recursive: true, force: true });
});

interface Answer {
  status: number;
  headers: Headers;
  body: Record<string, unknown>;
}

async function call(
  token: string,
  method: string,
  path: string,
  body?: unknown,
  type = 'application/json',
): Promise<Answer> {
  const raw = body instanceof Uint8Array;
  const response = await fetch(`${base}${path}`, {
    method,
    headers: {
      ...(token === '' ? {} : { 'x-auth-token': token }),
      ...(body === undefined ? {} : { 'content-type': raw ? 'application/octet-stream' : type }),
    },
    ...(body === undefined ? {} : { body: raw ? Buffer.from(body) : JSON.stringify(body) }),
  });
  const text = await response.text();
  const isJson = response.headers.get('content-type')?.includes('json') ?? false;
  return {
    status: response.status,
    headers: response.headers,
    body: (isJson ? JSON.parse(text) : { text }) as Record<string, unknown>,
  };
}

async function create(token = 'alice', more: object = {}): Promise<string> {
  const answer = await call(token, 'POST', '/images', {
    name: 'n',
    disk_format: 'raw',
    container_format: 'bare',
    ...more,
  });
  expect(answer.status).toBe(201);
  return String(answer.body['id']);
}

const stored = (): string[] =>
  ['data', 'base', 'incoming'].flatMap((directory) => {
    try {
      return readdirSync(join(root, 'images', directory));
    } catch {
      return [];
    }
  });

const patchType = 'application/openstack-images-v2.1-json-patch';
const content = Buffer.alloc(3 << 20, 'deskcloud');

describe('images', () => {
  test('are created, shown, listed, patched and deleted', async () => {
    const id = await create('alice', {
      visibility: 'private',
      tags: ['t'],
      hw_disk_bus: 'scsi',
      min_ram: 64,
    });
    const shown = await call('alice', 'GET', `/images/${id}`);
    expect(shown.body).toMatchObject({
      id,
      status: 'queued',
      size: null,
      tags: ['t'],
      hw_disk_bus: 'scsi',
      owner: 'p-alice',
      min_ram: 64,
    });
    const patch = [
      { op: 'replace', path: '/name', value: 'Ünï' },
      { op: 'add', path: '/os_distro', value: 'tiny' },
      { op: 'remove', path: '/hw_disk_bus' },
    ];
    const changed = await call('alice', 'PATCH', `/images/${id}`, patch, patchType);
    expect(changed.body).toMatchObject({ name: 'Ünï', os_distro: 'tiny' });
    expect(changed.body).not.toHaveProperty('hw_disk_bus');
    expect((await call('alice', 'GET', '/images?name=%C3%9Cn%C3%AF')).body['images']).toHaveLength(1);
    expect((await call('alice', 'DELETE', `/images/${id}`)).status).toBe(204);
    expect((await call('alice', 'GET', `/images/${id}`)).status).toBe(404);
  });

  test('have no tags with control characters, which no answer could show', async () => {
    const id = await create('alice');
    expect((await call('alice', 'PUT', `/images/${id}/tags/%00`)).status).toBe(400);
    expect((await call('alice', 'PUT', `/images/${id}/tags/${encodeURIComponent('ä b')}`)).status).toBe(204);
    expect((await call('alice', 'GET', `/images/${id}`)).body['tags']).toEqual(['ä b']);
  });

  test('belong to their project', async () => {
    const id = await create('alice');
    expect((await call('', 'GET', `/images/${id}`)).status).toBe(401);
    for (const [method, path] of [
      ['GET', ''],
      ['DELETE', ''],
      ['PUT', '/file'],
      ['GET', '/file'],
      ['PUT', '/tags/x'],
    ] as const) {
      const answer = await call(
        'bob',
        method,
        `/images/${id}${path}`,
        method === 'PUT' ? new Uint8Array(1) : undefined,
      );
      expect([method, path, answer.status]).toEqual([method, path, 404]);
    }
    expect((await call('reader', 'DELETE', `/images/${id}`)).status).toBe(403);
    expect((await call('reader', 'GET', `/images/${id}`)).status).toBe(200);
    expect((await call('bob', 'GET', '/images')).body['images']).toEqual([]);
    const asPublic = await call('alice', 'POST', '/images', { visibility: 'public' });
    expect(asPublic.status).toBe(403);
    const shared = await create('admin', { visibility: 'public' });
    expect((await call('bob', 'GET', `/images/${shared}`)).status).toBe(200);
    expect((await call('bob', 'DELETE', `/images/${shared}`)).status).toBe(403);
  });

  test('status, hash and places are not for callers to write (S8)', async () => {
    const id = await create();
    for (const path of ['status', 'checksum', 'os_hash_value', 'size', 'locations', 'id', 'direct_url']) {
      const answer = await call(
        'admin',
        'PATCH',
        `/images/${id}`,
        [{ op: 'replace', path: `/${path}`, value: 'active' }],
        patchType,
      );
      expect([path, answer.status]).toEqual([path, 403]);
    }
    expect((await call('alice', 'POST', '/images', { status: 'active' })).status).toBe(403);
  });

  test.each([
    ['a disk format that there is not', { disk_format: 'wrong' }],
    ['a container format that there is not', { container_format: 'wrong' }],
    ['a negative size', { min_disk: -1 }],
    ['a property that is no string', { hw_vif_model: 7 }],
    ['control characters', { name: 'a\u0000b' }],
  ])('refuse %s', async (_name, body) => {
    expect((await call('alice', 'POST', '/images', body)).status).toBe(400);
  });

  test('are listed by page, in order, by every filter', async () => {
    for (let i = 0; i < 5; i++) await create('alice', { name: `n${i}`, min_ram: i, tags: [`t${i % 2}`] });
    const names: unknown[] = [];
    let next: string | undefined = '/v2/images?limit=2&sort=name:asc';
    while (next !== undefined) {
      const page = await call('alice', 'GET', next.slice('/v2'.length));
      names.push(...(page.body['images'] as { name: string }[]).map((one) => one.name));
      next = page.body['next'] as string | undefined;
    }
    expect(names).toEqual(['n0', 'n1', 'n2', 'n3', 'n4']);
    const count = async (query: string) =>
      ((await call('alice', 'GET', `/images?${query}`)).body['images'] as unknown[]).length;
    expect(await count('tag=t0')).toBe(3);
    expect(await count('tag=t0&tag=t1')).toBe(0);
    expect(await count('name=in:n1,%22n2%22')).toBe(2);
    expect(await count('min_ram=3')).toBe(1);
    expect(await count('limit=0')).toBe(0);
    expect(await count('visibility=private')).toBe(0);
    expect(await count('created_at=gte:2020-01-01T00:00:00Z')).toBe(5);
    expect((await call('alice', 'GET', '/images?sort=evil:asc')).status).toBe(400);
    expect((await call('alice', 'GET', '/images?limit=-1')).status).toBe(400);
    expect((await call('alice', 'GET', `/images?marker=${crypto.randomUUID()}`)).status).toBe(400);
  });
});

describe('names that every object has', () => {
  test.each(['__proto__', 'constructor', 'toString'])('mean nothing in a query: %s', async (name) => {
    for (const query of [`${name}=1`, `created_at=${name}:2020-01-01T00:00:00Z`]) {
      const { status } = await call('alice', 'GET', `/images?${query}`);
      expect([query, status]).toEqual([query, query.startsWith('created_at') ? 400 : 200]);
    }
  });

  test.each(['constructor', 'toString'])('are properties like others: %s', async (name) => {
    const id = await create();
    const patch = (op: string) =>
      call('alice', 'PATCH', `/images/${id}`, [{ op, path: `/${name}`, value: 'v' }], patchType);
    expect((await patch('replace')).status).toBe(409);
    expect((await patch('remove')).status).toBe(409);
    expect((await patch('add')).body[name]).toBe('v');
    expect((await patch('remove')).status).toBe(200);
  });

  test('are refused where they cannot be kept', async () => {
    const id = await create();
    const add = [{ op: 'add', path: '/__proto__', value: 'v' }];
    expect((await call('alice', 'PATCH', `/images/${id}`, add, patchType)).status).toBe(403);
  });
});

describe('image data', () => {
  test('goes in and comes out, whole and in part, with its checksums', async () => {
    const id = await create();
    expect((await call('alice', 'GET', `/images/${id}/file`)).status).toBe(204);
    expect((await call('alice', 'PUT', `/images/${id}/file`, content)).status).toBe(204);
    const shown = (await call('alice', 'GET', `/images/${id}`)).body;
    expect(shown).toMatchObject({
      status: 'active',
      size: content.length,
      virtual_size: content.length,
      checksum: createHash('md5').update(content).digest('hex'),
      os_hash_value: createHash('sha512').update(content).digest('hex'),
    });
    const response = await fetch(`${base}/images/${id}/file`, { headers: { 'x-auth-token': 'alice' } });
    expect(Buffer.from(await response.arrayBuffer()).equals(content)).toBe(true);
    expect(response.headers.get('content-md5')).toBe(shown['checksum']);
    const part = await fetch(`${base}/images/${id}/file`, {
      headers: { 'x-auth-token': 'alice', range: 'bytes=9-17' },
    });
    expect([part.status, await part.text()]).toEqual([206, 'deskcloud']);
    expect((await call('alice', 'PUT', `/images/${id}/file`, content)).status).toBe(409);
  });

  test('is stored once per content and goes with its last user (R24)', async () => {
    const [one, two] = [await create(), await create('bob')];
    await call('alice', 'PUT', `/images/${one}/file`, content);
    await call('bob', 'PUT', `/images/${two}/file`, content);
    expect(stored()).toEqual([createHash('sha256').update(content).digest('hex')]);
    transaction(db, () => image.face.leaseBase(db, one, 'server-1'));
    await call('alice', 'DELETE', `/images/${one}`);
    await call('bob', 'DELETE', `/images/${two}`);
    expect(stored()).toHaveLength(1);
    transaction(db, () => image.face.releaseBase(db, 'server-1'));
    await vi.waitFor(() => expect(stored()).toEqual([]));
  });

  test('that lies about its format or points elsewhere is refused and leaves nothing (S1 to S4)', async () => {
    const qcow2 = Buffer.alloc(65536);
    qcow2.write('QFI\xfb\0\0\0\x03', 'latin1');
    qcow2.writeUInt32BE(16, 20);
    qcow2.writeBigUInt64BE(1n << 20n, 24);
    const declaredRaw = await create();
    const refused = await call('alice', 'PUT', `/images/${declaredRaw}/file`, qcow2);
    expect(refused.status).toBe(400);
    expect(String(refused.body['message'])).toContain('qcow2');
    const backed = Buffer.from(qcow2);
    backed.writeBigUInt64BE(1024n, 8);
    backed.writeUInt32BE(11, 16);
    backed.write('/etc/passwd', 1024);
    const id = await create('alice', { disk_format: 'qcow2' });
    expect((await call('alice', 'PUT', `/images/${id}/file`, backed)).status).toBe(400);
    expect((await call('alice', 'GET', `/images/${id}`)).body['status']).toBe('queued');
    expect(stored()).toEqual([]);
  });

  test('of no known structure is kept as upstream keeps it, and never becomes a guest', async () => {
    const id = await create('alice', { disk_format: 'qcow2' });
    expect((await call('alice', 'PUT', `/images/${id}/file`, content)).status).toBe(204);
    expect((await call('alice', 'GET', `/images/${id}`)).body).toMatchObject({
      status: 'active',
      virtual_size: null,
    });
    const alice = callers['alice'] as AuthContext;
    expect(() => image.face.get(db, alice, id)).toThrow(/not in the format 'qcow2'/);
    await expect(image.face.ensureBase(id, new AbortController().signal, () => undefined)).rejects.toThrow(
      /unacceptable/,
    );
    expect(converted).toEqual([]);
  });

  test('over the limit is refused and leaves nothing', async () => {
    const id = await create();
    const answer = await call('alice', 'PUT', `/images/${id}/file`, Buffer.alloc((1 << 24) + 1, 1)).catch(
      () => undefined,
    );
    expect(answer === undefined || answer.status === 413).toBe(true);
    await vi.waitFor(async () =>
      expect((await call('alice', 'GET', `/images/${id}`)).body['status']).toBe('queued'),
    );
    expect(stored()).toEqual([]);
  });

  /** Begins an upload of which only the first bytes come. */
  async function beginUpload(): Promise<{ id: string; socket: Socket }> {
    const { port } = server.address() as AddressInfo;
    const id = await create();
    const socket = connect(port, '127.0.0.1');
    socket.on('error', () => undefined);
    socket.write(
      `PUT /image/v2/images/${id}/file HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nX-Auth-Token: alice\r\n` +
        `Content-Type: application/octet-stream\r\nContent-Length: 1000000\r\n\r\nfirst bytes`,
    );
    await becomes(id, 'saving');
    return { id, socket };
  }

  const becomes = (id: string, status: string) =>
    vi.waitFor(async () => expect((await call('alice', 'GET', `/images/${id}`)).body['status']).toBe(status));

  test('whose upload breaks off leaves nothing', async () => {
    const { id, socket } = await beginUpload();
    socket.destroy();
    await becomes(id, 'queued');
    await vi.waitFor(() => expect(stored()).toEqual([]));
  });

  test('whose image is deleted meanwhile leaves nothing (S7)', async () => {
    const { id, socket } = await beginUpload();
    expect((await call('alice', 'DELETE', `/images/${id}`)).status).toBe(204);
    socket.write('more');
    await vi.waitFor(() => expect(stored()).toEqual([]));
    socket.destroy();
  });
});

test('a restart ends interrupted uploads and removes files without a row', async () => {
  const id = await create();
  await call('alice', 'PUT', `/images/${id}/file`, content);
  db.prepare(`UPDATE image SET status = 'saving', sha256 = NULL`).run();
  await image.start();
  expect((await call('alice', 'GET', `/images/${id}`)).body['status']).toBe('queued');
  expect(stored()).toEqual([]);
});

test('versions are found without a token', async () => {
  const answer = await fetch(base.replace('/v2', '/'));
  expect(answer.status).toBe(300);
  expect(((await answer.json()) as { versions: unknown[] }).versions.length).toBeGreaterThan(3);
});
