/** What the tests of compute's basics share: the real HTTP layer over a real database and a fake hypervisor. */
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { closeDatabase, type Db, memoryDatabase, statement } from '../db/index.ts';
import { computeDialect } from '../errors/dialects.ts';
import { FakeDomainHost } from '../host/domain/index.ts';
import { createHttpServer, silentLogger, type AuthContext } from '../http/index.ts';
import { createPlacement, type Placement } from '../placement/index.ts';
import { createBasics, type BasicsService } from './basics-impl.ts';
import { MICROVERSIONS } from './discovery.ts';

const caller = (userId: string, projectId: string, ...roles: string[]): AuthContext => ({
  userId,
  userName: userId,
  userDomainId: 'default',
  projectId,
  roles: new Set(roles),
  auditId: 'a',
});

/** By their tokens. */
export const CALLERS: Readonly<Record<string, AuthContext>> = {
  admin: caller('root', 'p0', 'admin', 'member', 'reader'),
  member: caller('alice', 'p1', 'member', 'reader'),
  reader: caller('carol', 'p1', 'reader'),
  other: caller('bob', 'p2', 'member', 'reader'),
};

export interface Answer {
  readonly status: number;
  readonly body: Readonly<Record<string, unknown>>;
}

export class BasicsWorld {
  readonly db: Db;
  readonly basics: BasicsService;
  readonly domains: FakeDomainHost;
  readonly placement: Placement;
  /** While set, the hypervisor does not answer. */
  hypervisorFails: Error | undefined;
  freeBytes = 200 * 1024 ** 3;
  readonly #server: Server;
  #now = 1_700_000_000_000;

  private constructor() {
    this.db = memoryDatabase();
    this.domains = new FakeDomainHost({ hypervisor: { vcpus: 4, memoryMib: 8192, hostname: 'desk' } });
    const hypervisor = this.domains.hypervisor.bind(this.domains);
    this.domains.hypervisor = () =>
      this.hypervisorFails === undefined ? hypervisor() : Promise.reject(this.hypervisorFails);
    this.placement = createPlacement({ db: this.db, clock: () => this.#now });
    this.basics = createBasics({
      providers: this.placement.hosts,
      db: this.db,
      clock: () => (this.#now += 10_000),
      domains: this.domains,
      disks: { freeBytes: () => Promise.resolve(this.freeBytes) },
      config: { hostName: 'desk', stateDirectory: '/state', zone: 'nova' },
    });
    this.#server = createHttpServer({
      services: [
        {
          name: 'compute',
          prefix: '/compute',
          root: '/v2.1',
          dialect: computeDialect,
          rules: this.basics.rules,
          microversions: MICROVERSIONS,
          endpoints: this.basics.endpoints,
          discovery: {},
        },
      ],
      authenticate: (token) => CALLERS[token],
      origins: { hostNames: [], origins: [] },
      validateResponses: true,
      logger: silentLogger,
    });
  }

  static async create(): Promise<BasicsWorld> {
    const world = new BasicsWorld();
    await world.basics.start();
    await new Promise<void>((resolve) => world.#server.listen(0, '127.0.0.1', resolve));
    return world;
  }

  async dispose(): Promise<void> {
    this.basics.stop();
    await new Promise((resolve) => this.#server.close(resolve));
    closeDatabase(this.db);
  }

  async call(token: string, method: string, path: string, body?: unknown, version = '2.1'): Promise<Answer> {
    const base = `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/compute/v2.1`;
    const response = await fetch(path.startsWith('http') ? path : `${base}${path}`, {
      method,
      headers: {
        'x-auth-token': token,
        'openstack-api-version': `compute ${version}`,
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    return {
      status: response.status,
      body: (text === '' ? {} : JSON.parse(text)) as Record<string, unknown>,
    };
  }

  /** A server's row of 1024 MiB as the quotas see it. */
  insertServer(id: string, project = 'p1', more: { host?: string; vcpus?: number } = {}): void {
    statement<[string, string, number, string | null]>(
      this.db,
      `INSERT INTO server (id, project_id, user_id, name, hostname, vm_state, flavor_id, flavor_name, vcpus, ram_mib,
         disk_gib, ephemeral_gib, swap_mib, reservation_id, request_spec, host, created_at, updated_at)
       VALUES (?, ?, 'u', 'n', 'n', 'active', '1', 'm1.tiny', ?, 1024, 1, 0, 0, 'r-1', '{}', ?, 1, 1)`,
    ).run(id, project, more.vcpus ?? 2, more.host ?? null);
  }
}
