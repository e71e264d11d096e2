import { request, type IncomingHttpHeaders, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Type } from 'typebox';
import { afterEach, describe, expect, test } from 'vitest';
import { computeDialect, identityDialect, imageDialect, networkDialect } from '../errors/dialects.ts';
import { CloudError } from '../errors/error.ts';
import { currentOrigin } from '../origin.ts';
import {
  RateLimiter,
  anyone,
  createHttpServer,
  endpoint,
  silentLogger,
  type AuthContext,
  type RateLimits,
} from './index.ts';

const caller = (userId: string, projectId?: string): AuthContext => ({
  userId,
  userName: userId,
  userDomainId: 'default',
  ...(projectId === undefined ? {} : { projectId }),
  roles: new Set(['member']),
  auditId: 'a',
});

const LIMITS: RateLimits = { project: { perSecond: 2, burst: 3 }, login: { perSecond: 0.5, burst: 1 } };

function limiterAt(limits: RateLimits = LIMITS, capacity?: number) {
  const time = { now: 0 };
  const limiter = new RateLimiter({
    limits,
    exempt: ({ userId }) => userId === 'desktop',
    now: () => time.now,
    ...(capacity === undefined ? {} : { capacity }),
  });
  return { limiter, time };
}

const refusal = (work: () => unknown): CloudError | undefined => {
  try {
    work();
  } catch (error) {
    if (error instanceof CloudError) return error;
    throw error;
  }
  return undefined;
};

describe('token bucket', () => {
  test('a burst passes, then what the rate gives, each project by itself', () => {
    const { limiter, time } = limiterAt();
    const a = caller('u', 'a');
    expect([1, 2, 3].map(() => limiter.admit(a))).toEqual(
      [2, 1, 0].map(
        (left) => `within the limit of project a: ${left} of 3 requests left, 2 more each second`,
      ),
    );
    const refused = refusal(() => limiter.admit(a));
    expect([refused?.kind, refused?.headers]).toEqual(['rateLimited', { 'retry-after': '1' }]);
    expect(limiter.admit(caller('u', 'b'))).toContain('2 of 3');
    time.now = 499;
    expect(refusal(() => limiter.admit(a))).toBeDefined();
    time.now = 500;
    expect(limiter.admit(a)).toContain('0 of 3');
    time.now = 60_000;
    expect(limiter.admit(a)).toContain('2 of 3');
  });

  test('a token without a project counts for its user; the desktop is never limited; false has no limit', () => {
    const { limiter } = limiterAt({ project: { perSecond: 1, burst: 1 }, login: false });
    expect(limiter.admit(caller('u'))).toContain('user u');
    expect(refusal(() => limiter.admit(caller('u')))).toBeDefined();
    expect(limiter.admit(caller('v'))).toContain('user v');
    for (let n = 0; n < 5; n++) {
      expect(limiter.admit(caller('desktop', 'a'))).toBe("no limit for the desktop's own user");
      expect(limiter.admit({ ...caller('u'), desktop: true })).toBe("no limit for the desktop's own user");
      limiter.admitLogin('192.0.2.1');
    }
    const off = limiterAt({ project: false, login: false }).limiter;
    expect([1, 2].map(() => off.admit(caller('u', 'a')))).toEqual(['no limit is set', 'no limit is set']);
  });

  test('logins are counted by address, IPv6 by network', () => {
    const { limiter, time } = limiterAt();
    limiter.admitLogin('192.0.2.1');
    limiter.admitLogin('192.0.2.2');
    const refused = refusal(() => limiter.admitLogin('192.0.2.1'));
    expect(refused?.headers).toEqual({ 'retry-after': '2' });
    limiter.admitLogin('2001:db8:0:1::5');
    expect(refusal(() => limiter.admitLogin('2001:db8:0:1:9:8:7:6'))).toBeDefined();
    limiter.admitLogin('2001:db8:0:2::5');
    limiter.admitLogin(undefined);
    time.now = 2000;
    limiter.admitLogin('192.0.2.1');
  });

  test('memory is bounded, and who is limited now is not forgotten', () => {
    const { limiter } = limiterAt(LIMITS, 100);
    for (let n = 0; n < 10_000; n++) {
      limiter.admitLogin(`address ${n}`);
      refusal(() => limiter.admitLogin('busy'));
    }
    expect(limiter.size).toBe(100);
    expect(refusal(() => limiter.admitLogin('busy'))).toBeDefined();
  });
});

describe('over HTTP', () => {
  let server: Server | undefined;
  afterEach(() => server?.close());

  async function serve(dialect: typeof computeDialect, login: boolean) {
    const seen: (string | undefined)[] = [];
    const { limiter } = limiterAt({
      project: { perSecond: 0.1, burst: 1 },
      login: { perSecond: 0.1, burst: 1 },
    });
    server = createHttpServer({
      services: [
        {
          name: 'sample',
          prefix: '/sample',
          root: '/v1',
          dialect,
          rules: { 'sample:show': anyone },
          discovery: { '': () => ({ status: 200, body: {} }) },
          endpoints: [
            endpoint({
              id: 'show',
              method: 'GET',
              path: '/show',
              policy: login ? 'public' : 'sample:show',
              response: Type.Object({}),
              ok: 200,
              handler: () => {
                seen.push(currentOrigin()?.rateLimit);
                return {};
              },
            }),
          ],
        },
      ],
      authenticate: (token) => (token === 'none' ? undefined : caller(token, 'a')),
      limiter,
      validateResponses: false,
      origins: { hostNames: [], origins: [] },
      logger: silentLogger,
    });
    const { port } = await new Promise<AddressInfo>((resolve) =>
      server?.listen(0, '127.0.0.1', () => resolve(server?.address() as AddressInfo)),
    );
    const get = (path: string, token?: string) =>
      new Promise<{ status: number; headers: IncomingHttpHeaders; body: unknown }>((resolve, reject) => {
        const headers = token === undefined ? {} : { 'x-auth-token': token };
        request({ port, path, headers, agent: false }, (response) => {
          let text = '';
          response.on('data', (chunk: Buffer) => (text += chunk.toString()));
          response.on('end', () =>
            resolve({
              status: response.statusCode ?? 0,
              headers: response.headers,
              body: JSON.parse(text) as unknown,
            }),
          );
        })
          .on('error', reject)
          .end();
      });
    return { get, seen };
  }

  const MESSAGE =
    'This request was rate-limited: project a may make 0.1 requests a second (1 at once). Retry after 10 s.';

  test.each([
    ['compute', computeDialect, { overLimit: { code: 429, message: MESSAGE, retryAfter: '10' } }],
    ['identity', identityDialect, { error: { code: 429, title: 'Too Many Requests', message: MESSAGE } }],
    ['image', imageDialect, { message: MESSAGE, code: '429 Too Many Requests', title: 'Too Many Requests' }],
    [
      'network',
      networkDialect,
      { NeutronError: { type: 'HTTPTooManyRequests', message: MESSAGE, detail: '' } },
    ],
  ])('%s says it in its own words', async (_name, dialect, body) => {
    const { get, seen } = await serve(dialect, false);
    expect((await get('/sample/v1/show', 'u')).status).toBe(200);
    expect(seen).toEqual(['within the limit of project a: 0 of 1 requests left, 0.1 more each second']);
    const refused = await get('/sample/v1/show', 'u');
    expect([refused.status, refused.headers['retry-after'], refused.body]).toEqual([429, '10', body]);
    // Neither a wrong token nor a version document counts; the desktop goes on.
    expect((await get('/sample/v1/show', 'none')).status).toBe(401);
    expect((await get('/sample')).status).toBe(200);
    expect((await get('/sample/v1/show', 'desktop')).status).toBe(200);
  });

  test('logins count by address', async () => {
    const { get } = await serve(identityDialect, true);
    expect((await get('/sample/v1/show')).status).toBe(200);
    const refused = await get('/sample/v1/show');
    expect([refused.status, refused.headers['retry-after']]).toEqual([429, '10']);
    expect((await get('/sample/v1/show', 'u')).status).toBe(200);
  });
});
