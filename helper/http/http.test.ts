import { request, type IncomingHttpHeaders, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Type } from 'typebox';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { computeDialect } from '../errors/dialects.ts';
import { notFound } from '../errors/error.ts';
import {
  admin,
  createHttpServer,
  endpoint,
  mv,
  projectReader,
  silentLogger,
  type AuthContext,
  type Service,
} from './index.ts';

const caller = (project: string, ...roles: string[]): AuthContext => ({
  userId: 'u',
  userName: 'u',
  userDomainId: 'default',
  projectId: project,
  roles: new Set(roles),
  auditId: 'a',
});
const callers: Record<string, AuthContext> = {
  admin: caller('p0', 'admin'),
  reader: caller('p1', 'reader'),
  other: caller('p2', 'reader'),
};

const things: Record<string, { id: string; project_id: string }> = { t1: { id: 't1', project_id: 'p1' } };

const service: Service = {
  name: 'sample',
  prefix: '/sample',
  root: '/v2.1',
  dialect: computeDialect,
  rules: { 'sample:show': projectReader, 'sample:create': admin },
  microversions: {
    min: mv('2.1'),
    max: mv('2.60'),
    type: 'compute',
    legacyHeader: 'X-OpenStack-Nova-API-Version',
  },
  requestIdHeaders: ['x-compute-request-id'],
  discovery: {
    '': () => ({ status: 200, body: { versions: [] } }),
    '/v2.1': () => ({ status: 200, body: { version: {} } }),
  },
  endpoints: [
    endpoint({
      id: 'things:show',
      method: 'GET',
      path: '/things/{thing_id}',
      policy: 'sample:show',
      response: Type.Object({ thing: Type.Object({ id: Type.String(), version: Type.Integer() }) }),
      ok: 200,
      target: ({ params }) => {
        const thing = things[params.thing_id];
        if (thing === undefined) throw notFound(`Thing ${params.thing_id} could not be found.`);
        return thing;
      },
      handler: ({ target, version }) => ({ thing: { id: target.id, version } }),
    }),
    endpoint({
      id: 'things:create',
      method: 'POST',
      path: '/things',
      policy: 'sample:create',
      body: [
        {
          from: mv('2.1'),
          schema: Type.Object({ name: Type.String({ maxLength: 5 }) }, { additionalProperties: false }),
        },
        {
          from: mv('2.10'),
          schema: Type.Object({ name: Type.String(), tag: Type.String() }, { additionalProperties: false }),
        },
      ],
      response: Type.Object({ name: Type.String() }),
      ok: 202,
      handler: ({ body }) => body,
    }),
    endpoint({
      id: 'things:old',
      method: 'GET',
      path: '/old',
      policy: 'sample:show',
      max: mv('2.35'),
      ok: 204,
      handler: () => undefined,
    }),
    endpoint({
      id: 'things:start',
      method: 'POST',
      path: '/things/{id}/action',
      action: 'os-start',
      policy: 'sample:create',
      body: Type.Unknown(),
      response: 'none',
      ok: 202,
      handler: () => undefined,
    }),
    endpoint({
      id: 'things:token',
      method: 'GET',
      path: '/tokens/{console_token}',
      policy: 'sample:show',
      response: 'failure',
      ok: 200,
      handler: () => {
        throw notFound('Token not found');
      },
    }),
    endpoint({
      id: 'things:lost',
      method: 'GET',
      path: '/lost',
      policy: 'sample:no-such-rule',
      response: Type.Object({}),
      ok: 200,
      handler: () => ({}),
    }),
    endpoint({
      id: 'things:bug',
      method: 'GET',
      path: '/bug',
      policy: 'sample:show',
      response: 'failure',
      ok: 200,
      handler: () => {
        throw new Error('secret inside');
      },
    }),
  ],
};

let server: Server;
let port = 0;
const logged: string[] = [];

interface Answer {
  status: number;
  headers: IncomingHttpHeaders;
  text: string;
}

function call(
  method: string,
  path: string,
  headers: Record<string, string> = {},
  body?: string,
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const sent = request(
      { port, host: '127.0.0.1', method, path, headers: { host: `127.0.0.1:${port}`, ...headers } },
      (response) => {
        let text = '';
        response.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
        response.on('end', () =>
          resolve({ status: response.statusCode ?? 0, headers: response.headers, text }),
        );
      },
    );
    sent.on('error', reject);
    sent.end(body);
  });
}

beforeAll(async () => {
  server = createHttpServer({
    services: [service],
    authenticate: (token) => callers[token],
    origins: { hostNames: [], origins: ['http://friend.example'] },
    validateResponses: true,
    logger: { ...silentLogger, info: (fields: object) => void logged.push(JSON.stringify(fields)) },
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  port = (server.address() as AddressInfo).port;
});

afterAll(() => server.close());

const as = (token: string, more: Record<string, string> = {}): Record<string, string> => ({
  'x-auth-token': token,
  ...more,
});

describe('the pipeline', () => {
  test('answers with request ids and the microversion in force', async () => {
    const answer = await call(
      'GET',
      '/sample/v2.1/things/t1',
      as('reader', { 'OpenStack-API-Version': 'compute 2.10' }),
    );
    expect(answer.status).toBe(200);
    expect(JSON.parse(answer.text)).toEqual({ thing: { id: 't1', version: 2010 } });
    expect(answer.headers['openstack-api-version']).toBe('compute 2.10');
    expect(answer.headers['x-openstack-nova-api-version']).toBe('2.10');
    expect(answer.headers['vary']).toContain('OpenStack-API-Version');
    expect(answer.headers['x-compute-request-id']).toBe(answer.headers['x-openstack-request-id']);
  });

  test.each([
    ['no token', 'GET', '/things/t1', {}, 401],
    ['an unknown token', 'GET', '/things/t1', as('forged'), 401],
    [
      'forged role headers (S13)',
      'GET',
      '/things/t1',
      { 'x-roles': 'admin', 'x-user-id': 'u', 'x-project-id': 'p1' },
      401,
    ],
    ['the wrong project', 'GET', '/things/t1', as('other'), 403],
    ['a rule that does not exist (S19)', 'GET', '/lost', as('admin'), 403],
    [
      'a microversion out of range',
      'GET',
      '/things/t1',
      as('reader', { 'OpenStack-API-Version': 'compute 2.61' }),
      406,
    ],
    [
      'a malformed microversion',
      'GET',
      '/things/t1',
      as('reader', { 'X-OpenStack-Nova-API-Version': '2.x' }),
      400,
    ],
    [
      'an operation that the microversion no longer has',
      'GET',
      '/old',
      as('reader', { 'OpenStack-API-Version': 'compute latest' }),
      404,
    ],
    ['an unknown path', 'GET', '/nothing', as('reader'), 404],
    ['a method that the path does not have', 'PUT', '/things', as('reader'), 405],
    ['an error inside', 'GET', '/bug', as('reader'), 500],
  ])('refuses %s', async (_name, method, path, headers, status) => {
    const answer = await call(method, `/sample/v2.1${path}`, headers);
    expect(answer.status).toBe(status);
    expect(Object.values(JSON.parse(answer.text) as object)[0]).toMatchObject({ code: status });
    expect(answer.text).not.toContain('secret inside');
  });

  test('bodies obey the schema of their microversion', async () => {
    const json = { 'content-type': 'application/json' };
    const long = JSON.stringify({ name: 'longer than five' });
    expect((await call('POST', '/sample/v2.1/things', as('admin', json), long)).status).toBe(400);
    const later = as('admin', { ...json, 'OpenStack-API-Version': 'compute 2.10' });
    const refused = await call('POST', '/sample/v2.1/things', later, long);
    expect(refused.text).toContain("'tag' is a required property");
    expect(
      (await call('POST', '/sample/v2.1/things', later, JSON.stringify({ name: 'n', tag: 't' }))).status,
    ).toBe(202);
    expect((await call('POST', '/sample/v2.1/things', as('admin', json), '{"name":')).status).toBe(400);
    expect(
      (await call('POST', '/sample/v2.1/things', as('admin', { 'content-type': 'text/xml' }), '<a/>')).status,
    ).toBe(415);
    expect(
      (await call('POST', '/sample/v2.1/things', as('admin', json), `"${'x'.repeat(2_000_000)}"`)).status,
    ).toBe(413);
  });

  test('actions are told apart by their key', async () => {
    const post = (body: object) =>
      call('POST', '/sample/v2.1/things/1/action', as('admin'), JSON.stringify(body));
    expect((await post({ 'os-start': null })).status).toBe(202);
    expect((await post({ 'os-none': null })).status).toBe(400);
    expect((await post({ 'os-start': null, 'os-stop': null })).status).toBe(400);
    expect((await post({})).status).toBe(400);
  });

  test('version documents need no token and bear trailing slashes and project ids', async () => {
    for (const path of [
      '/sample',
      '/sample/',
      '/sample/v2.1',
      '/sample/v2.1/',
      `/sample/v2.1/${'0'.repeat(32)}`,
    ]) {
      expect((await call('GET', path)).status).toBe(200);
    }
  });

  test('foreign Host and Origin are refused on every route (S51)', async () => {
    for (const path of ['/sample/', '/sample/v2.1/things/t1', '/nothing']) {
      expect((await call('GET', path, as('reader', { host: 'evil.example' }))).status).toBe(403);
      expect((await call('GET', path, as('reader', { origin: 'http://evil.example' }))).status).toBe(403);
      expect((await call('GET', path, as('reader', { origin: 'null' }))).status).toBe(403);
    }
    expect(
      (await call('GET', '/sample/v2.1/things/t1', as('reader', { origin: 'http://friend.example' }))).status,
    ).toBe(200);
  });

  test('the log has the path of a request, and no token that is in one (S21)', async () => {
    logged.length = 0;
    await call('GET', '/sample/v2.1/tokens/planted%2Dsecret?q=planted', as('reader'));
    await call('GET', '/sample/v2.1/things/t1?q=planted', as('reader'));
    expect(logged.join('\n')).not.toContain('planted');
    expect(logged.map((line) => (JSON.parse(line) as { path: string }).path)).toEqual([
      '/sample/v2.1/tokens/{console_token}',
      '/sample/v2.1/things/t1',
    ]);
  });
});
