import { chmod, mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { closeDatabase, type Db, memoryDatabase } from '../db/index.ts';
import { badRequest } from '../errors/error.ts';
import { FakeDiskHost } from '../host/disk/fake.ts';
import type { DiskHost } from '../host/disk/interface.ts';
import type { DomainHost } from '../host/domain/interface.ts';
import type { Owner } from '../host/files/interface.ts';
import { LinuxStateFiles } from '../host/files/linux.ts';
import { FakeSecretHost } from '../host/secret/fake.ts';
import { silentLogger, type AuthContext } from '../http/index.ts';
import { TestServer } from '../http/test-server.ts';
import { SagaEngine } from '../saga/index.ts';
import {
  createCompute,
  type BuildConfigDrive,
  type Compute,
  type ComputeConfig,
  type ComputeDeps,
} from './index.ts';
import type { ServerServices } from './sagas/services.ts';
import { StandInVolumes } from './test-volumes.ts';
import { StandInDomains } from './test-domains.ts';
import { IMAGE_ID, MIB, StandInBasics, StandInImages, StandInNetwork } from './test-doubles.ts';

/** A compute service over stand-ins, with a listener to drive it; for tests. */

const caller = (userId: string, projectId: string, ...roles: string[]): AuthContext => ({
  userId,
  userName: userId,
  userDomainId: 'default',
  projectId,
  roles: new Set(roles),
  auditId: 'audit',
});

/** By token. */
export const CALLERS: Readonly<Record<string, AuthContext>> = {
  admin: caller('u-admin', 'p-admin', 'admin', 'member', 'reader'),
  member: caller('u1', 'p1', 'member', 'reader'),
  reader: caller('u2', 'p1', 'reader'),
  other: caller('u3', 'p2', 'member', 'reader'),
  nobody: caller('u4', 'p1'),
};

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: unknown;
}

/** For tests with real guests. */
export interface RealHost {
  readonly domains: DomainHost;
  readonly disks: DiskHost;
  readonly guestOwner: Owner;
  readonly buildConfigDrive: BuildConfigDrive;
}

/** Everything that a test needs. */
export class TestWorld {
  readonly directory: string;
  readonly db: Db;
  readonly domains = new StandInDomains();
  readonly secrets = new FakeSecretHost();
  readonly network: StandInNetwork;
  readonly images: StandInImages;
  readonly volumes: StandInVolumes;
  readonly basics: StandInBasics;
  readonly issued: string[] = [];
  readonly revoked: string[] = [];
  sagas: SagaEngine;
  deps: ComputeDeps;
  compute: Compute;
  #server: TestServer | undefined;
  #base = '';

  readonly #host: RealHost | undefined;

  readonly #config: Partial<ComputeConfig>;

  private constructor(directory: string, db: Db, host: RealHost | undefined, config: Partial<ComputeConfig>) {
    this.directory = directory;
    this.#host = host;
    this.#config = config;
    this.db = db;
    this.network = new StandInNetwork(db);
    this.volumes = new StandInVolumes(db);
    this.images = new StandInImages(db, join(directory, 'base'));
    this.basics = new StandInBasics(db);
    this.sagas = new SagaEngine({ db, retryDelay: () => 0 });
    this.deps = this.#deps();
    this.compute = createCompute(this.deps);
  }

  static async create(
    options: {
      readonly listen?: boolean;
      readonly host?: RealHost;
      readonly config?: Partial<ComputeConfig>;
    } = {},
  ): Promise<TestWorld> {
    const directory = await mkdtemp(join(tmpdir(), 'csrv-'));
    // qemu's user passes through to its disks.
    await chmod(directory, 0o711);
    for (const name of ['state', 'run']) await mkdir(join(directory, name), { mode: 0o711 });
    await writeFile(join(directory, 'base'), Buffer.alloc(MIB));
    const world = new TestWorld(directory, memoryDatabase(), options.host, options.config ?? {});
    if (options.listen !== false) await world.#listen();
    return world;
  }

  #deps(): ComputeDeps {
    const { directory, db } = this;
    return {
      db,
      sagas: this.sagas,
      domains: this.#host?.domains ?? this.domains,
      secrets: this.secrets,
      disks: this.#host?.disks ?? new FakeDiskHost(),
      files: new LinuxStateFiles(join(directory, 'state')),
      runFiles: new LinuxStateFiles(join(directory, 'run')),
      network: this.network,
      image: this.images,
      volume: this.volumes,
      basics: this.basics,
      consoles: {
        issue: ({ serverId, type, origin }) => {
          const url = `${origin}/console/${type}?token=${serverId}`;
          this.issued.push(url);
          return url;
        },
        serverOf: (token) => (this.issued.some((url) => url.endsWith(`token=${token}`)) ? token : undefined),
        revoke: (serverId) => {
          this.revoked.push(serverId);
        },
      },
      metadata: { configDriveFiles: () => ({ 'openstack/latest/meta_data.json': '{}' }) },
      buildConfigDrive: this.#host?.buildConfigDrive ?? (({ path }) => writeFile(path, 'iso')),
      logger: silentLogger,
      clock: Date.now,
      config: {
        hostName: 'desk',
        stateDirectory: join(directory, 'state'),
        runDirectory: join(directory, 'run'),
        zone: 'nova',
        bootId: 'boot-1',
        ...this.#config,
        ...(this.#host === undefined ? {} : { guestOwner: this.#host.guestOwner }),
      },
    };
  }

  /** What the saga's steps get; for tests that bring their own engine. */
  services(): ServerServices {
    return this.deps;
  }

  async #listen(): Promise<void> {
    this.#server = new TestServer([this.compute.service], CALLERS);
    await this.#server.start();
    this.#base = `${this.#server.origin}/compute`;
    this.sagas.start();
  }

  async call(
    token: string | undefined,
    method: string,
    path: string,
    body?: unknown,
    version?: string,
  ): Promise<Answer> {
    const response = await fetch(`${this.#base}${path}`, {
      method,
      headers: {
        ...(token === undefined ? {} : { 'x-auth-token': token }),
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...(version === undefined ? {} : { 'openstack-api-version': `compute ${version}` }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    return {
      status: response.status,
      headers: response.headers,
      body: text === '' ? undefined : (JSON.parse(text) as unknown),
    };
  }

  /** Creates a server and gives its id; asks for nothing but what is needed. */
  async create(more: object = {}, token = 'member', version?: string): Promise<string> {
    const answer = await this.call(
      token,
      'POST',
      '/v2.1/servers',
      { server: { name: 'web', imageRef: IMAGE_ID, flavorRef: '1', ...more } },
      version,
    );
    if (answer.status !== 202) throw badRequest(JSON.stringify(answer.body));
    return (answer.body as { server: { id: string } }).server.id;
  }

  /** Waits until no operation is open. */
  async quiet(): Promise<void> {
    for (;;) {
      const open = this.db
        .prepare<[], { id: string }>('SELECT id FROM saga WHERE finished_at IS NULL ORDER BY seq LIMIT 1')
        .get();
      if (open === undefined) return;
      const { state, error } = await this.sagas.wait(open.id);
      if (state === 'stuck') throw new Error(`operation ${open.id} is stuck: ${error?.message ?? ''}`);
    }
  }

  /** All that there is on the pretended host and in other services. */
  async inventory(): Promise<object> {
    const files = await readdir(this.directory, { recursive: true });
    return {
      domains: [...this.domains.states].map(([id, state]) => `${id} ${state}`).sort(),
      ports: this.network.ports.ids(),
      cards: [...this.domains.cards].sort(),
      volumes: [...this.domains.pluggedDisks].map((entry) => entry.join(' ')).sort(),
      made: this.volumes.made.ids(),
      exports: [...this.volumes.exported].sort(),
      secrets: (await this.secrets.list()).map(({ id }) => id).sort(),
      plugged: [...this.network.plugged].sort(),
      leases: this.images.leases.ids(),
      claims: this.basics.claimed.ids(),
      files: files.filter((name) => !/^(base|state|run)$|^(state|run)\/instances$/.test(name)).sort(),
    };
  }

  async dispose(): Promise<void> {
    await this.#server?.stop();
    await this.sagas.stop();
    closeDatabase(this.db);
    await rm(this.directory, { recursive: true, force: true });
  }
}
