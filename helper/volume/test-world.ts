import { mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { closeDatabase, type Db, memoryDatabase } from '../db/index.ts';
import { notFound } from '../errors/error.ts';
import { FakeDiskHost } from '../host/disk/fake.ts';
import { DirectoryBackupStore } from '../host/backup/directory.ts';
import { FakeLvmHost } from '../host/lvm/fake.ts';
import { FakeIscsiHost } from '../host/iscsi/fake.ts';
import { LinuxStateFiles } from '../host/files/linux.ts';
import { silentLogger, type AuthContext } from '../http/index.ts';
import { TestServer } from '../http/test-server.ts';
import type { ImageFace, ImageInfo } from '../image/index.ts';
import { SagaEngine } from '../saga/index.ts';
import {
  createVolume,
  DEFAULT_WEIGHTS,
  type Backend,
  type ComputeSide,
  type VolumeService,
} from './index.ts';

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
};

export const IMAGE_ID = 'a1b2c3d4-0000-4000-8000-0000000000aa';

/** An image service with one image of 1 MiB; what is uploaded is remembered, and of encrypted volumes kept. */
export class StandInImages {
  readonly reserved = new Map<string, string>();
  readonly filled: string[] = [];
  readonly uploaded = new Map<string, ImageInfo>();
  readonly #directory: string;
  readonly #base: string;
  readonly #disks = new FakeDiskHost();

  constructor(directory: string) {
    this.#directory = directory;
    this.#base = join(directory, 'base');
    writeFileSync(this.#base, Buffer.alloc(1 << 20, 'image'));
  }

  readonly info: ImageInfo = {
    id: IMAGE_ID,
    name: 'an image',
    status: 'active',
    ownerId: 'p-alice',
    diskFormat: 'raw',
    size: 1 << 20,
    virtualSize: 1 << 20,
    minDisk: 0,
    minRam: 0,
    properties: { os_distro: 'debian' },
  };

  readonly face = {
    get: (_db: Db, _auth: AuthContext, id: string): ImageInfo => {
      const uploaded = this.uploaded.get(id);
      if (uploaded !== undefined) return uploaded;
      if (id !== IMAGE_ID) throw notFound(`No image found with ID ${id}`);
      return this.info;
    },
    list: () => [{ ...this.info, createdAt: 0, updatedAt: 0 }],
    leaseBase: (db: Db, _image: string, user: string) =>
      void db.prepare("INSERT OR REPLACE INTO image_lease (user_id, sha256) VALUES (?, 'x')").run(user),
    releaseBase: (db: Db, user: string) =>
      void db.prepare('DELETE FROM image_lease WHERE user_id = ?').run(user),
    ensureBase: (id: string) =>
      Promise.resolve({
        path: this.uploaded.has(id) ? join(this.#directory, id) : this.#base,
        format: 'raw' as const,
        virtualSize: 1 << 20,
        sha256: 'x',
      }),
    reserve: (
      _db: Db,
      _auth: AuthContext,
      {
        id,
        diskFormat = 'qcow2',
        properties,
      }: { id: string; diskFormat?: string; properties: ImageInfo['properties'] },
    ) => {
      this.reserved.set(id, diskFormat);
      this.uploaded.set(id, { ...this.info, id, diskFormat, properties });
    },
    createFromDisk: async (id: string, disk: Parameters<ImageFace['createFromDisk']>[1]) => {
      this.filled.push(`${id} ${disk.path}`);
      const { path: source, format: sourceFormat = 'qcow2', encrypted } = disk;
      const info = this.uploaded.get(id);
      if (encrypted !== undefined && info !== undefined) {
        const destination = join(this.#directory, id);
        const how = { source, sourceFormat, destination, destinationFormat: 'raw' as const };
        await this.#disks.clone({ ...how, ...encrypted, sourceKey: encrypted.encryption.passphrase });
        const virtualSize = statSync(destination).size;
        this.uploaded.set(id, { ...info, size: virtualSize, virtualSize });
      }
      return this.reserved.has(id);
    },
    discard: (_db: Db, id: string) => void this.reserved.delete(id),
  } as unknown as ImageFace;
}

/** No server has a volume. */
export const noGuests: ComputeSide = {
  serverOf: () => undefined,
  copyAttached: () => Promise.resolve(false),
  copyAttachedTogether: () => Promise.resolve([]),
  isActive: () => false,
  whilePaused: (_guest, _resume, work) => work(),
  growAttached: () => Promise.resolve(false),
  mirrorAttached: () => Promise.resolve(false),
  turnAttached: () => Promise.resolve(),
  beginAction: () => undefined,
  finishAction: () => undefined,
};

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  // A test reads what it expects to be there.
  readonly body: Record<string, Record<string, unknown>>;
}

/** A volume service with two back ends behind the real HTTP layer. Tokens are the names of {@link callers}. */
export class VolumeWorld {
  readonly db: Db = memoryDatabase();
  /** What servers do with volumes; a test may say so. */
  readonly guests: { -readonly [Name in keyof ComputeSide]: ComputeSide[Name] } = { ...noGuests };
  readonly root: string = mkdtempSync(join(tmpdir(), 'deskcloud-volume-'));
  readonly images = new StandInImages(this.root);
  readonly volume: VolumeService;
  readonly sagas: SagaEngine;
  readonly iscsi = new FakeIscsiHost();
  readonly lvm = new FakeLvmHost(join(this.root, 'lvm'));
  readonly backends: readonly Backend[];
  readonly #server: TestServer;
  readonly backupStore = new DirectoryBackupStore(new LinuxStateFiles(this.root), ['backups']);

  /** @param options how the back end of raw files is reached; LVM's back ends that there are, too. */
  constructor(
    options: { readonly export?: 'local' | 'iscsi'; readonly lvm?: readonly ('thick' | 'thin')[] } = {},
  ) {
    this.sagas = new SagaEngine({ db: this.db, logger: silentLogger, retryDelay: () => 1 });
    const files = new LinuxStateFiles(this.root);
    const inFiles = (['qcow2', 'raw'] as const).map((format) => ({
      name: `file-${format}`,
      directory: join(this.root, `file-${format}`),
      format,
      export: format === 'raw' ? (options.export ?? 'local') : ('local' as const),
      reservedPercentage: 0,
      maxOverSubscription: 20,
      goodness: 0,
    }));
    const inLvm = (options.lvm ?? []).map((kind) => ({
      name: kind,
      directory: join(this.root, kind),
      format: 'raw' as const,
      lvm: { volumeGroup: 'group', ...(kind === 'thin' ? { thinPool: 'pool' } : {}) },
      reservedPercentage: 0,
      maxOverSubscription: kind === 'thin' ? 20 : 1,
      goodness: 0,
    }));
    this.backends = [...inFiles, ...inLvm];
    this.volume = createVolume({
      db: this.db,
      sagas: this.sagas,
      disks: new FakeDiskHost(),
      iscsi: this.iscsi,
      lvm: this.lvm,
      image: this.images.face,
      compute: () => this.guests,
      directories: this.backends.map(({ name }) => ({ files, path: [name] as const })),
      projectExists: (id) => id.startsWith('p-'),
      logger: silentLogger,
      now: () => Date.now(),
      backups: { store: this.backupStore, codec: 'zlib', container: 'volumebackups' },
      config: { hostName: 'here', zone: 'nova', backends: this.backends, weights: DEFAULT_WEIGHTS },
    });
    this.#server = new TestServer([this.volume.service], callers);
  }

  get base(): string {
    return `${this.#server.origin}/volume/v3`;
  }

  async start(): Promise<this> {
    await this.volume.start();
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

  async call(token: string, method: string, path: string, body?: unknown, version = '3.70'): Promise<Answer> {
    const response = await fetch(`${this.base}${path}`, {
      method,
      headers: {
        ...(token === '' ? {} : { 'x-auth-token': token }),
        'openstack-api-version': `volume ${version}`,
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    return {
      status: response.status,
      headers: response.headers,
      body: (text === '' ? {} : JSON.parse(text)) as Answer['body'],
    };
  }

  /** Waits for all operations that are under way. */
  async settle(): Promise<void> {
    const open = this.db.prepare<[], { id: string }>(
      "SELECT id FROM saga WHERE state IN ('queued', 'running', 'unwinding')",
    );
    for (let rows = open.all(); rows.length > 0; rows = open.all())
      for (const { id } of rows) await this.sagas.wait(id);
  }

  /** Makes a volume and waits for it. @returns its id. */
  async create(more: object = {}, token = 'alice'): Promise<string> {
    const answer = await this.call(token, 'POST', '/volumes', { volume: { size: 1, ...more } });
    if (answer.status !== 202) throw new Error(`${answer.status} ${JSON.stringify(answer.body)}`);
    await this.settle();
    return String(answer.body['volume']?.['id']);
  }

  async show(id: string, token = 'alice', version = '3.70'): Promise<Record<string, unknown>> {
    return (await this.call(token, 'GET', `/volumes/${id}`, undefined, version)).body['volume'] ?? {};
  }

  action(id: string, body: object, token = 'alice'): Promise<Answer> {
    return this.call(token, 'POST', `/volumes/${id}/action`, body);
  }

  /** Files of all back ends. */
  stored(): string[] {
    return this.backends.flatMap(({ name, directory }) =>
      readdirSync(directory).map((file) => `${name}/${file}`),
    );
  }
}
