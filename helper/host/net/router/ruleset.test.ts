import { describe, expect, it } from 'vitest';
import type { RouterSpec } from './interface.ts';
import { routerRuleset } from './ruleset.ts';

const inner = { macAddress: 'fa:16:3e:00:00:01', bridge: 'brqaaaaaaaa-bb', mtu: 1450 };
const SPEC: RouterSpec = {
  routerId: '11111111-2222-3333-4444-555555555555',
  forwarding: true,
  interfaces: [{ ...inner, portId: 'aaaaaaaa-bbbb-cccc-dddd-eeeeeeeeeeee', addresses: ['10.0.0.1/24'] }],
  gateway: {
    ...inner,
    portId: 'ffffffff-bbbb-cccc-dddd-eeeeeeeeeeee',
    addresses: ['172.24.4.10/24'],
    nextHops: ['172.24.4.1'],
    snat: true,
  },
  floatingIps: [{ floating: '172.24.4.20', fixed: '10.0.0.5' }],
  routes: [],
  metadataPort: 9697,
};

describe("a router's ruleset", () => {
  it('is this text', async () => {
    await expect(routerRuleset(SPEC)).toMatchFileSnapshot('golden/router.nft');
    const { gateway: _gateway, metadataPort: _port, ...alone } = { ...SPEC, floatingIps: [] };
    await expect(routerRuleset(alone)).toMatchFileSnapshot('golden/router-without-gateway.nft');
  });

  it('does not depend on the order in which floating IPs are given', () => {
    const more = [...SPEC.floatingIps, { floating: '172.24.4.19', fixed: '10.0.0.6' }];
    const reversed = more.toReversed();
    expect(routerRuleset({ ...SPEC, floatingIps: more })).toBe(
      routerRuleset({ ...SPEC, floatingIps: reversed }),
    );
  });
});
