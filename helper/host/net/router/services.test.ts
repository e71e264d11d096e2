import { describe, expect, it } from 'vitest';
import type { RouterSpec } from './interface.ts';
import { meterRuleset, readMeters } from './metering.ts';
import { routerRuleset } from './ruleset.ts';

const inner = { macAddress: 'fa:16:3e:00:00:01', bridge: 'brqaaaaaaaa-bb', mtu: 1450 };
const portId = 'aaaaaaaa-bbbb-cccc-dddd-eeeeeeeeeeee';
const labelId = '99999999-bbbb-cccc-dddd-eeeeeeeeeeee';
const SPEC: RouterSpec = {
  routerId: '11111111-2222-3333-4444-555555555555',
  forwarding: true,
  interfaces: [{ ...inner, portId, addresses: ['10.0.0.1/24'] }],
  gateway: {
    ...inner,
    portId: 'ffffffff-bbbb-cccc-dddd-eeeeeeeeeeee',
    addresses: ['172.24.4.10/24'],
    nextHops: ['172.24.4.1'],
    snat: true,
  },
  floatingIps: [],
  routes: [],
};

describe("a router's firewall groups", () => {
  it('are these chains', async () => {
    const firewalled: RouterSpec = {
      ...SPEC,
      firewalls: [
        {
          portId,
          ingress: [
            {
              ipVersion: 4,
              protocol: 6,
              source: '192.0.2.0/24',
              destinationPorts: { first: 22, last: 22 },
              action: 'allow',
            },
            { ipVersion: 4, protocol: 17, sourcePorts: { first: 1, last: 1024 }, action: 'reject' },
          ],
          egress: [{ ipVersion: 6, protocol: null, destination: '2001:db8::1', action: 'deny' }],
        },
      ],
    };
    await expect(routerRuleset(firewalled)).toMatchFileSnapshot('golden/router-firewall.nft');
    const wrong = { ipVersion: 4, protocol: 6, source: '::1', action: 'deny' } as const;
    expect(() => routerRuleset({ ...SPEC, firewalls: [{ portId, ingress: [wrong], egress: [] }] })).toThrow(
      TypeError,
    );
  });
});

describe("a router's limits", () => {
  it('are these chains', async () => {
    const limited: RouterSpec = {
      ...SPEC,
      limits: [
        { address: '172.24.4.10', shaping: { egress: { kbps: 1000, burstKbit: 0 } } },
        {
          address: '172.24.4.20',
          shaping: { ingress: { kbps: 100_000, burstKbit: 8000 }, egress: { kbps: 1, burstKbit: 0 } },
        },
      ],
    };
    await expect(routerRuleset(limited)).toMatchFileSnapshot('golden/router-limits.nft');
  });
});

describe("a router's meters", () => {
  const metered: RouterSpec = {
    ...SPEC,
    meters: [
      {
        labelId,
        rules: [
          { direction: 'egress', excluded: false, source: '10.0.0.0/24' },
          { direction: 'ingress', excluded: true, destination: '10.0.0.9' },
        ],
      },
    ],
  };
  const counter = { name: `label_${labelId.replaceAll('-', '_')}`, packets: 3, bytes: 252 };

  it('are this text, beside what is there already', async () => {
    await expect(meterRuleset(metered, undefined)).toMatchFileSnapshot('golden/router-meters.nft');
    const loaded = [{ chain: { name: 'state_x' } }, { chain: { name: counter.name } }, { counter }];
    const again = meterRuleset(metered, loaded);
    expect(again).not.toContain('add counter');
    expect(again).not.toContain('delete counter');
    expect(again).toContain(`delete chain inet deskcloud_meter ${counter.name}`);
    expect(meterRuleset(SPEC, loaded)).toBe('delete table inet deskcloud_meter\n');
    expect(meterRuleset(SPEC, undefined)).toBe('');
  });

  it('are read', () => {
    expect(readMeters([{ counter }, { counter: { ...counter, name: 'other' } }])).toEqual([
      { labelId, packets: 3, bytes: 252 },
    ]);
  });
});
