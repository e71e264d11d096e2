import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { closeDatabase, type Db, memoryDatabase } from '../db/index.ts';
import { createHttpServer, silentLogger, type Service } from '../http/index.ts';
import { Secret } from '../secret.ts';
import {
  createIdentity,
  createPasswords,
  type IdentityService,
  type PasswordRules,
  type Passwords,
} from './index.ts';

export interface Answer<Body = Record<string, never>> {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  readonly body: Body;
}

/** A cloud with nothing but identity, over a database in memory and hashes that are cheap. */
export interface TestCloud {
  readonly db: Db;
  readonly identity: IdentityService;
  readonly passwords: Passwords;
  readonly origin: string;
  /** Milliseconds that the clock is ahead. */
  ahead: number;
  call<Body = never>(
    method: string,
    path: string,
    options?: { token?: string; body?: unknown; headers?: Record<string, string> },
  ): Promise<Answer<Body>>;
  /** A token by password; scope defaults to the project named. */
  login(user: string, password: string, scope?: unknown): Promise<string>;
  adminToken(): Promise<string>;
  /** A user with a role on a new project of its own. */
  tenant(name: string, role?: string): Promise<{ userId: string; projectId: string; token: string }>;
  close(): Promise<void>;
}

export const projectScope = (name: string): object => ({ project: { name, domain: { id: 'default' } } });

export const passwordBody = (name: string, password: string, scope?: unknown): object => ({
  auth: {
    identity: {
      methods: ['password'],
      password: { user: { name, domain: { id: 'default' }, password } },
    },
    ...(scope === undefined ? {} : { scope }),
  },
});

/** `others` are further services that obey the same tokens; `rules` are those of passwords. */
export async function startTestCloud(
  others: readonly Service[] = [],
  rules: PasswordRules = {},
): Promise<TestCloud> {
  const db = memoryDatabase();
  const passwords = createPasswords(4);
  const state = { ahead: 0 };
  const identity = createIdentity({
    db,
    logger: silentLogger,
    passwords,
    clock: () => Date.now() + state.ahead,
    config: { region: 'RegionOne', tokenLifetimeSeconds: 3600, passwords: rules },
  });
  await identity.bootstrap({ adminPassword: new Secret('admin-password') });
  const server: Server = createHttpServer({
    services: [identity.service, ...others],
    authenticate: identity.authenticate,
    origins: { hostNames: [], origins: [] },
    validateResponses: true,
    logger: silentLogger,
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;

  const call: TestCloud['call'] = async (method, path, options = {}) => {
    const answer = await fetch(`${origin}${path.startsWith('/v3') ? '/identity' : ''}${path}`, {
      method,
      headers: {
        ...(options.token === undefined ? {} : { 'x-auth-token': options.token }),
        ...(options.body === undefined ? {} : { 'content-type': 'application/json' }),
        ...options.headers,
      },
      ...(options.body === undefined ? {} : { body: JSON.stringify(options.body) }),
    });
    const text = await answer.text();
    const body = (text === '' ? undefined : JSON.parse(text)) as never;
    return { status: answer.status, headers: answer.headers, text, body };
  };
  const cloud: TestCloud = {
    db,
    identity,
    passwords,
    origin,
    get ahead() {
      return state.ahead;
    },
    set ahead(ms) {
      state.ahead = ms;
    },
    call,
    async login(user, password, scope) {
      const answer = await call('POST', '/v3/auth/tokens', { body: passwordBody(user, password, scope) });
      const token = answer.headers.get('x-subject-token');
      if (token === null) throw new Error(`login of ${user}: ${answer.status} ${answer.text}`);
      return token;
    },
    adminToken: () => cloud.login('admin', 'admin-password', projectScope('admin')),
    async tenant(name, role = 'member') {
      const token = await cloud.adminToken();
      const post = async <T>(path: string, body: unknown): Promise<T> =>
        (await call<T>('POST', path, { token, body })).body;
      const { user } = await post<{ user: { id: string } }>('/v3/users', {
        user: { name, password: `${name}-password` },
      });
      const { project } = await post<{ project: { id: string } }>('/v3/projects', { project: { name } });
      const { roles } = (await call<{ roles: { id: string }[] }>('GET', `/v3/roles?name=${role}`, { token }))
        .body;
      await call('PUT', `/v3/projects/${project.id}/users/${user.id}/roles/${roles[0]?.id}`, { token });
      return {
        userId: user.id,
        projectId: project.id,
        token: await cloud.login(name, `${name}-password`, projectScope(name)),
      };
    },
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      closeDatabase(db);
    },
  };
  return cloud;
}
