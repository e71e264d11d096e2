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

  it('leads ports inside, and follows protocols', async () => {
    const one = { floating: '172.24.4.30', protocol: 'tcp', fixed: '10.0.0.5' };
    const spec: RouterSpec = {
      ...SPEC,
      forwardings: [
        { ...one, external: { first: 2222, last: 2222 }, internal: { first: 22, last: 22 } },
        { ...one, external: { first: 8000, last: 8001 }, internal: { first: 9000, last: 9001 } },
        { ...one, protocol: 'udp', external: { first: 1, last: 9 }, internal: { first: 53, last: 53 } },
      ],
      helpers: [
        { helper: 'ftp', protocol: 'tcp', port: 21 },
        { helper: 'netbios-ns', protocol: 'udp', port: 137 },
      ],
    };
    await expect(routerRuleset(spec)).toMatchFileSnapshot('golden/router-forwarding.nft');
    const bad = { ...one, external: { first: 1, last: 3 }, internal: { first: 1, last: 2 } };
    expect(() => routerRuleset({ ...SPEC, forwardings: [bad] })).toThrow(TypeError);
    expect(() => routerRuleset({ ...SPEC, helpers: [{ helper: 'x" y', protocol: 'tcp', port: 1 }] })).toThrow(
      TypeError,
    );
  });

  it('keeps address scopes apart, and does not translate within one', async () => {
    const [one] = SPEC.interfaces;
    const two = { ...inner, portId: 'bbbbbbbb-bbbb-cccc-dddd-eeeeeeeeeeee', addresses: ['10.0.1.1/24'] };
    const six = { ...inner, portId: 'cccccccc-bbbb-cccc-dddd-eeeeeeeeeeee', addresses: ['fd00::1/64'] };
    const spec: RouterSpec = {
      ...SPEC,
      interfaces: [{ ...one!, scopes: { 4: 'a' } }, two, { ...six, scopes: { 6: 'b' } }],
      gateway: { ...SPEC.gateway!, scopes: { 4: 'a' } },
    };
    await expect(routerRuleset(spec)).toMatchFileSnapshot('golden/router-scopes.nft');
    // Without translation what goes out is judged as well, but for what has a floating IP.
    const plain = routerRuleset({ ...spec, gateway: { ...spec.gateway!, snat: false } });
    expect(plain).toContain('oifname "qg-ffffffff-bb" ip saddr { 10.0.0.5 } accept');
    expect(plain).toContain(
      'iifname { "qr-bbbbbbbb-bb" } oifname { "qg-ffffffff-bb", "qr-aaaaaaaa-bb" } drop',
    );
    const same = spec.interfaces.map((port) => ({ ...port, scopes: { 4: 'a', 6: 'a' } }));
    expect(routerRuleset({ ...spec, interfaces: same })).not.toContain('chain scopes');
  });

  it('does not depend on the order in which floating IPs are given', () => {
    const more = [...SPEC.floatingIps, { floating: '172.24.4.19', fixed: '10.0.0.6' }];
    const reversed = more.toReversed();
    expect(routerRuleset({ ...SPEC, floatingIps: more })).toBe(
      routerRuleset({ ...SPEC, floatingIps: reversed }),
    );
  });
});
