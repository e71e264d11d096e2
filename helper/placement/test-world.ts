import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { closeDatabase, type Db, memoryDatabase } from '../db/index.ts';
import { createHttpServer, silentLogger, type AuthContext } from '../http/index.ts';
import { createPlacement, type Placement } from './index.ts';

/** Placement behind a listener of its own, and a short hand for what tests do again and again. */

const caller = (userId: string, projectId: string, ...roles: string[]): AuthContext => ({
  userId,
  userName: userId,
  userDomainId: 'default',
  projectId,
  roles: new Set(roles),
  auditId: 'a',
});
const CALLERS: Readonly<Record<string, AuthContext>> = {
  admin: caller('root', 'p0', 'admin', 'member', 'reader'),
  service: caller('nova', 'p9', 'service'),
  reader: caller('alice', 'p1', 'reader'),
};

/** What tests look at of answers. */
type Body = Readonly<Record<string, unknown>>;

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: Body;
}

export class PlacementWorld {
  readonly db: Db = memoryDatabase();
  readonly placement: Placement = createPlacement({ db: this.db, clock: () => 1_700_000_000_000 });
  readonly #server: Server = createHttpServer({
    services: [this.placement.service],
    authenticate: (token) => CALLERS[token],
    origins: { hostNames: [], origins: [] },
    validateResponses: true,
    logger: silentLogger,
  });

  static async create(): Promise<PlacementWorld> {
    const world = new PlacementWorld();
    await new Promise<void>((resolve) => world.#server.listen(0, '127.0.0.1', resolve));
    return world;
  }

  async dispose(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
    closeDatabase(this.db);
  }

  /** By the administrator and in the newest microversion, if nothing else is said; null is no token. */
  async call(
    method: string,
    path: string,
    body?: unknown,
    version = '1.39',
    token: string | null = 'admin',
  ): Promise<Answer> {
    const base = `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/placement`;
    const response = await fetch(`${base}${path}`, {
      method,
      headers: {
        ...(token === null ? {} : { 'x-auth-token': token }),
        'openstack-api-version': `placement ${version}`,
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    return {
      status: response.status,
      headers: response.headers,
      body: text === '' ? {} : (JSON.parse(text) as Body),
    };
  }

  /** As {@link call}, and it must succeed. */
  async ok(method: string, path: string, body?: unknown): Promise<Body> {
    const answer = await this.call(method, path, body);
    if (answer.status >= 300) throw new Error(`${method} ${path}: ${JSON.stringify(answer.body)}`);
    return answer.body;
  }

  async provider(name: string, inventories: object = {}, parent?: string): Promise<string> {
    const request = { name, ...(parent === undefined ? {} : { parent_provider_uuid: parent }) };
    const uuid = String((await this.ok('POST', '/resource_providers', request))['uuid']);
    const set = { resource_provider_generation: 0, inventories };
    await this.ok('PUT', `/resource_providers/${uuid}/inventories`, set);
    return uuid;
  }

  async generationOf(uuid: string): Promise<number> {
    return Number((await this.ok('GET', `/resource_providers/${uuid}`))['generation']);
  }

  async traits(uuid: string, ...names: string[]): Promise<void> {
    for (const name of names) if (name.startsWith('CUSTOM_')) await this.ok('PUT', `/traits/${name}`);
    const generation = await this.generationOf(uuid);
    const body = { traits: names, resource_provider_generation: generation };
    await this.ok('PUT', `/resource_providers/${uuid}/traits`, body);
  }

  async join(uuid: string, ...aggregates: string[]): Promise<void> {
    const generation = await this.generationOf(uuid);
    await this.ok('PUT', `/resource_providers/${uuid}/aggregates`, {
      aggregates,
      resource_provider_generation: generation,
    });
  }

  allocate(consumer: string, allocations: object, generation: number | null = null): Promise<Answer> {
    return this.call('PUT', `/allocations/${consumer}`, {
      allocations,
      project_id: 'p1',
      user_id: 'u1',
      consumer_generation: generation,
      consumer_type: 'INSTANCE',
    });
  }
}
