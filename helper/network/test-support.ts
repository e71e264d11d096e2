import type { Server } from 'node:http';
import type { AddressInfo, Server as NetServer } from 'node:net';
import { closeDatabase, type Db, memoryDatabase, openDatabase } from '../db/index.ts';
import { createFakeHostNetwork, type FakeHostNetwork } from '../host/net/fake.ts';
import type { HostNetwork } from '../host/net/interface.ts';
import { createHttpServer, silentLogger, type AuthContext } from '../http/index.ts';
import { SagaEngine } from '../saga/index.ts';
import type { ServerNic } from './face.ts';
import { createNetwork, type Network, type NetworkConfig } from './index.ts';

/** The network service over a database in memory and a listener on loopback, for tests. */
export interface NetworkWorld<Host extends HostNetwork = FakeHostNetwork> {
  readonly db: Db;
  readonly host: Host;
  readonly sagas: SagaEngine;
  readonly network: Network;
  /** Sockets that were handed to the metadata service, by network or router. */
  readonly metadata: Map<string, NetServer>;
  /** Ports of servers that compute was told of as deleted. */
  readonly deletedServerPorts: readonly { readonly serverId: string; readonly nic: ServerNic }[];
  call(
    token: string,
    method: string,
    path: string,
    body?: unknown,
    headers?: Record<string, string>,
  ): Promise<Answer>;
  /** As call, for what must succeed. */
  ok(token: string, method: string, path: string, body?: unknown): Promise<Record<string, unknown>>;
  /** Waits until no operation is open. */
  settled(): Promise<void>;
  close(): Promise<void>;
}

export interface Answer {
  readonly status: number;
  readonly body: Record<string, unknown>;
  /** `type` of a NeutronError. */
  readonly type: string | undefined;
}

const caller = (projectId: string, ...roles: string[]): AuthContext => ({
  userId: `user-${projectId}`,
  userName: projectId,
  userDomainId: 'default',
  projectId,
  roles: new Set(roles),
  auditId: 'a',
});

/** Tokens are the names here: admin, a member of project a, a reader of a, a member of project b. */
export const callers: Record<string, AuthContext> = {
  admin: caller('admins', 'admin', 'member', 'reader'),
  a: caller('a', 'member', 'reader'),
  reader: caller('a', 'reader'),
  b: caller('b', 'member', 'reader'),
};

export const makeFakeWorld = (config: Partial<NetworkConfig> = {}): Promise<NetworkWorld> =>
  makeWorld(createFakeHostNetwork(), config);

export async function makeWorld<Host extends HostNetwork>(
  host: Host,
  config: Partial<NetworkConfig>,
  path?: string,
): Promise<NetworkWorld<Host>> {
  const db = path === undefined ? memoryDatabase() : openDatabase({ path });
  const sagas = new SagaEngine({ db });
  const metadata = new Map<string, NetServer>();
  const deletedServerPorts: { serverId: string; nic: ServerNic }[] = [];
  const network = createNetwork({
    db,
    sagas,
    host,
    config,
    logger: silentLogger,
    serverPortDeleted: (serverId, nic) => deletedServerPorts.push({ serverId, nic }),
    metadata: {
      serve: (socket, from) => {
        metadata.set('networkId' in from ? from.networkId : from.routerId, socket);
      },
    },
  });
  sagas.start();
  await network.start();
  const server = createHttpServer({
    services: [network.service],
    authenticate: (token) => callers[token],
    origins: { hostNames: [], origins: [] },
    validateResponses: true,
    logger: silentLogger,
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const base = `http://127.0.0.1:${(server.address() as AddressInfo).port}/networking/v2.0`;
  const call = callOf(base);
  return {
    db,
    host,
    sagas,
    network,
    metadata,
    deletedServerPorts,
    call,
    ok: async (token, method, path, body) => {
      const answer = await call(token, method, path, body);
      if (answer.status >= 300)
        throw new Error(`${method} ${path}: ${answer.status} ${JSON.stringify(answer.body)}`);
      return answer.body;
    },
    settled: async () => {
      for (const { id } of openOperations(db)) await sagas.wait(id);
    },
    close: async () => {
      await closeServer(server);
      await sagas.stop();
      await network.stop();
      closeDatabase(db);
    },
  };
}

const openOperations = (db: Db): { id: string }[] =>
  db.prepare("SELECT id FROM saga WHERE finished_at IS NULL AND state <> 'stuck'").all() as { id: string }[];

function closeServer(server: Server): Promise<void> {
  server.closeAllConnections();
  return new Promise((resolve) => server.close(() => resolve()));
}

function callOf(base: string): NetworkWorld['call'] {
  return async (token, method, path, body, headers = {}) => {
    const response = await fetch(path.startsWith('http') ? path : `${base}${path}`, {
      method,
      headers: {
        ...(token === '' ? {} : { 'x-auth-token': token }),
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...headers,
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    const parsed = ((text === '' ? undefined : JSON.parse(text)) ?? {}) as Record<string, unknown>;
    const error = parsed['NeutronError'] as { type: string } | undefined;
    return { status: response.status, body: parsed, type: error?.type };
  };
}

/** A resource as an answer has it. */
export interface Resource {
  readonly id: string;
  readonly [attribute: string]: unknown;
}

/** Short ways to make and see resources; 'a' is the caller where none is named. */
export function resourcesOf(world: () => NetworkWorld) {
  const create = async (token: string, kind: string, body: object): Promise<Resource> => {
    const path = `/${kind.replaceAll('_', '-')}s`;
    return (await world().ok(token, 'POST', path, { [kind]: body }))[kind] as Resource;
  };
  const makeNetwork = (token = 'a', body: object = {}): Promise<Resource> =>
    create(token, 'network', { name: 'n', ...body });
  const makeSubnet = (network: Resource, body: object = {}, token = 'a'): Promise<Resource> =>
    create(token, 'subnet', { network_id: network.id, ip_version: 4, cidr: '10.0.0.0/24', ...body });
  const makePort = (network: Resource, body: object = {}, token = 'a'): Promise<Resource> =>
    create(token, 'port', { network_id: network.id, ...body });
  const list = async (token: string, path: string): Promise<Resource[]> => {
    const body = await world().ok(token, 'GET', path);
    return Object.values(body)[0] as Resource[];
  };
  const refused = async (token: string, method: string, path: string, body?: object) => {
    const { status, type } = await world().call(token, method, path, body);
    return [status, type];
  };
  return { create, makeNetwork, makeSubnet, makePort, list, refused };
}
