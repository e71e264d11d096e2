import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { closeDatabase, type Db, memoryDatabase } from '../db/index.ts';
import { FakeDiskHost } from '../host/disk/fake.ts';
import { GuardedWebSource } from '../host/download/guarded.ts';
import { LinuxStateFiles } from '../host/files/linux.ts';
import { silentLogger, type AuthContext } from '../http/index.ts';
import { TestServer } from '../http/test-server.ts';
import { SagaEngine } from '../saga/index.ts';
import { createImage, type ImageDeps, type ImageService } from './index.ts';

const caller = (project: string, ...roles: string[]): AuthContext => ({
  userId: `user-of-${project}`,
  userName: 'u',
  userDomainId: 'default',
  projectId: project,
  roles: new Set(roles),
  auditId: 'a',
});

export const callers: Record<string, AuthContext> = {
  admin: caller('p-admin', 'admin', 'member', 'reader'),
  alice: caller('p-alice', 'member', 'reader'),
  reader: caller('p-alice', 'reader'),
  bob: caller('p-bob', 'member', 'reader'),
  bobReader: caller('p-bob', 'reader'),
  eve: caller('p-eve', 'member', 'reader'),
};

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: Record<string, unknown>;
}

/** An empty dynamic VDI of one MiB, which no overlay can be put on. @param mark makes the content another. */
export function emptyVdi(mark = 0): Buffer {
  const bytes = Buffer.alloc(2048);
  for (const [at, value] of [
    [64, 0xbeda107f],
    [68, 0x0001_0001],
    [72, 400],
    [76, 1],
    [340, 512],
    [344, 1024],
    [360, 512],
    [376, 1 << 20],
    [384, 1],
    [512, 0xffff_ffff],
  ] as const)
    bytes.writeUInt32LE(value, at);
  bytes.writeBigUInt64LE(1n << 20n, 368);
  bytes.writeUInt32LE(mark, 1024);
  return bytes;
}

/** An image service behind the real HTTP layer, for tests. Tokens are the names of {@link callers}. */
export class ImageWorld {
  readonly db: Db = memoryDatabase();
  readonly root: string = mkdtempSync(join(tmpdir(), 'deskcloud-image-'));
  readonly image: ImageService;
  readonly sagas: SagaEngine;
  readonly #server: TestServer;

  constructor(more: Partial<ImageDeps> = {}) {
    this.sagas = new SagaEngine({ db: this.db, logger: silentLogger });
    this.image = createImage({
      db: this.db,
      files: new LinuxStateFiles(this.root),
      disks: new FakeDiskHost(),
      sagas: this.sagas,
      web: new GuardedWebSource(),
      logger: silentLogger,
      now: () => Date.now(),
      config: { maxImageBytes: 1 << 24 },
      ...more,
    });
    this.#server = new TestServer([this.image.service], callers);
  }

  get base(): string {
    return `${this.#server.origin}/image/v2`;
  }

  async start(): Promise<this> {
    await this.image.start();
    this.sagas.start();
    await this.#server.start();
    return this;
  }

  async stop(): Promise<void> {
    await this.#server.stop();
    await this.sagas.stop();
    closeDatabase(this.db);
    rmSync(this.root, { recursive: true, force: true });
  }

  async call(
    token: string,
    method: string,
    path: string,
    body?: unknown,
    headers: Record<string, string> = {},
  ): Promise<Answer> {
    const raw = body instanceof Uint8Array;
    const response = await fetch(`${this.base}${path}`, {
      method,
      headers: {
        ...(token === '' ? {} : { 'x-auth-token': token }),
        ...(body === undefined
          ? {}
          : { 'content-type': raw ? 'application/octet-stream' : 'application/json' }),
        ...headers,
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

  /** Makes a queued raw image. */
  async create(token = 'alice', more: object = {}): Promise<string> {
    const body = { name: 'n', disk_format: 'raw', container_format: 'bare', ...more };
    const answer = await this.call(token, 'POST', '/images', body);
    if (answer.status !== 201) throw new Error(`${answer.status} ${JSON.stringify(answer.body)}`);
    return String(answer.body['id']);
  }

  /** Names of all files that the service keeps. */
  stored(): string[] {
    return ['data', 'base', 'incoming', 'staging'].flatMap((directory) => {
      try {
        return readdirSync(join(this.root, 'images', directory));
      } catch {
        return [];
      }
    });
  }
}
