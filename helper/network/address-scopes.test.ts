import { expect, test } from 'vitest';
import { fakeRouterTests } from './router-test-support.ts';

test('a router knows the address scopes of its networks, also when a pool changes its', async () => {
  const t = await fakeRouterTests();
  try {
    const scope = await t.world.ok('a', 'POST', '/address-scopes', {
      address_scope: { name: 's', ip_version: 4 },
    });
    const scopeId = (scope['address_scope'] as { id: string }).id;
    const pool = await t.create('a', 'subnetpool', {
      name: 'p',
      prefixes: ['10.7.0.0/16'],
      default_prefixlen: 24,
      address_scope_id: scopeId,
    });
    const network = await t.create('a', 'network', {});
    const subnet = await t.create('a', 'subnet', {
      network_id: network.id,
      ip_version: 4,
      subnetpool_id: pool.id,
    });
    const router = await t.router('a', await t.external(), subnet, await t.subnet('a', '10.8.0.0/24'));
    await t.world.settled();
    const spec = () => t.world.host.state.routers.get(router.id);
    expect(spec()?.interfaces.map((one) => one.scopes)).toEqual([{ 4: scopeId }, undefined]);
    expect(spec()?.gateway?.scopes).toBeUndefined();
    await t.world.ok('a', 'PUT', `/subnetpools/${pool.id}`, { subnetpool: { address_scope_id: null } });
    await t.world.settled();
    expect(spec()?.interfaces.map((one) => one.scopes)).toEqual([undefined, undefined]);
  } finally {
    await t.world.close();
  }
});
