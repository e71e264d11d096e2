import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startTestCloud, type TestCloud } from './testing.ts';

const HIDDEN = /^\/(OS-TRUST\/trusts|credentials|limits)\/\{/;

let cloud: TestCloud;
let admin: string;

beforeAll(async () => {
  cloud = await startTestCloud();
  admin = await cloud.adminToken();
});
afterAll(() => cloud.close());

describe('S19: every route maps to a rule', () => {
  const idOf = (path: string): string => path.replaceAll(/\{\w+\}/g, '0'.repeat(32));

  test('which exists, and nothing is public but logging in', () => {
    const { endpoints, rules } = cloud.identity.service;
    const open = endpoints.filter((one) => one.policy === 'public').map((one) => one.id);
    expect(open).toEqual(['tokens:create', 'users:password']);
    for (const one of endpoints.filter((one) => one.policy !== 'public'))
      expect(rules).toHaveProperty([one.policy]);
    const used = new Set(endpoints.map((one) => one.policy));
    expect(Object.keys(rules).filter((rule) => !used.has(rule))).toEqual([]);
  });

  test('without a token 401; as a plain member 403 where it is not one’s own', async () => {
    const { token } = await cloud.tenant('member');
    const anybody =
      /^identity:(get_auth_\w+|get_region|list_regions|list_credentials|get_limit_model|list_limits|(get|list)_registered_limits?)$/;
    for (const one of cloud.identity.service.endpoints) {
      if (one.policy === 'public') continue;
      const path = `/v3${idOf(one.path)}`;
      expect([one.id, (await cloud.call(one.method, path)).status]).toEqual([one.id, 401]);
      if (anybody.test(one.policy)) continue;
      const body = one.body === undefined ? undefined : bodyOf(one.id);
      const answer = await cloud.call(one.method, path, {
        token,
        headers: { 'x-subject-token': admin },
        ...(body === undefined ? {} : { body }),
      });
      // What is hidden from strangers is 404 to them.
      expect([one.id, answer.status]).toEqual([one.id, HIDDEN.test(one.path) ? 404 : 403]);
    }
  });

  /** A body that obeys the operation's schema, so that policy is what refuses. */
  function bodyOf(id: string): unknown {
    const noun = id.split(':')[0]?.replaceAll('-', '_').replace(/s$/, '') ?? '';
    const known: Record<string, object> = {
      service: { name: 'n', type: 't' },
      endpoint: { service_id: 's', interface: 'public', url: 'http://x' },
      region: { description: 'd' },
    };
    if (id.startsWith('domain-config')) return { config: { identity: { driver: 'sql' } } };
    if (id.startsWith('policies:')) return { policy: { type: 't', blob: 'b' } };
    if (id.startsWith('endpoint-groups:'))
      return { endpoint_group: { name: 'n', filters: { enabled: true } } };
    if (id === 'registered-limits:create') return { registered_limits: [] };
    if (id === 'registered-limits:update') return { registered_limit: { default_limit: 1 } };
    if (id === 'limits:create') return { limits: [] };
    if (id === 'limits:update') return { limit: { resource_limit: 1 } };
    if (id === 'trusts:create')
      return { trust: { trustor_user_id: '0', trustee_user_id: '0', impersonation: false } };
    if (id === 'credentials:create') return { credential: { user_id: '0', type: 't', blob: 'b' } };
    if (id === 'credentials:update') return { credential: { blob: 'b' } };
    if (id === 'ec2:create') return { tenant_id: '0' };
    if (id === 'ec2:login') return { credentials: { signature: '' } };
    if (id === 'project-tags:replace') return { tags: [] };
    return { [noun]: known[noun] ?? { name: 'n' } };
  }
});

test('S20: unknown paths and tokens leave nothing behind', async () => {
  const rows = () => cloud.db.prepare('SELECT count(*) AS n FROM identity_token').get();
  const before = rows();
  for (let i = 0; i < 200; i++) {
    const path = i % 2 === 0 ? `/v3/unknown/${i}` : '/v3/auth/projects';
    const { status } = await cloud.call('GET', path, { token: `dct_${'x'.repeat(40)}${100 + i}` });
    expect(status).toBe(i % 2 === 0 ? 404 : 401);
  }
  expect(rows()).toEqual(before);
});
