import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { CloudError } from '../../errors/error.ts';
import { createFakeHostNetwork } from '../../host/net/fake.ts';
import { securityRule } from '../host-state.ts';
import type { SecurityGroupRuleRow } from '../store/row.ts';
import { readRule, sameRule } from './rule-checks.ts';

const port = fc.oneof(
  { arbitrary: fc.constant(null), weight: 3 },
  fc.integer({ min: -2, max: 300 }),
  fc.constantFrom(65_535, 65_536, '22', '0', '65535'),
);
const bodies = fc.record(
  {
    direction: fc.constantFrom('ingress' as const, 'egress' as const),
    ethertype: fc.constantFrom('IPv4', 'IPv6', 'ipv6', null),
    protocol: fc.oneof(
      fc.constantFrom(
        'tcp',
        'UDP',
        'icmp',
        'icmpv6',
        'ipv6-icmp',
        'sctp',
        'vrrp',
        'ip',
        'hopopt',
        'any',
        'ah',
        null,
      ),
      fc.constantFrom(
        'dccp',
        'egp',
        'esp',
        'gre',
        'igmp',
        'ipip',
        'ipv6-encap',
        'ipv6-frag',
        'ipv6-nonxt',
        'ospf',
      ),
      fc.constantFrom('ipv6-opts', 'ipv6-route', 'pgm', 'rsvp', 'udplite', '007', '-1', ''),
      fc.integer({ min: -1, max: 260 }),
      fc.string({ maxLength: 6 }),
    ),
    port_range_min: port,
    port_range_max: port,
    remote_ip_prefix: fc.oneof(
      { arbitrary: fc.constant(null), weight: 6 },
      fc.ipV4(),
      fc.ipV6(),
      fc.tuple(fc.ipV4(), fc.integer({ min: 0, max: 33 })).map(([ip, length]) => `${ip}/${length}`),
      fc.tuple(fc.ipV6(), fc.integer({ min: 0, max: 129 })).map(([ip, length]) => `${ip}/${length}`),
      fc.string({ maxLength: 12 }),
    ),
  },
  { requiredKeys: ['direction'] },
);

/** What readRule makes of it; undefined when it refuses with a proper error. */
function accepted(body: Parameters<typeof readRule>[0]): ReturnType<typeof readRule> | undefined {
  try {
    return readRule(body);
  } catch (error) {
    if (error instanceof CloudError && error.kind === 'badRequest' && error.type !== undefined)
      return undefined;
    throw error;
  }
}

test('whatever rule is accepted, the packet filter takes (S25)', async () => {
  const host = createFakeHostNetwork();
  let taken = 0;
  await fc.assert(
    fc.asyncProperty(bodies, async (body) => {
      const rule = accepted(body);
      if (rule === undefined) return;
      taken += 1;
      expect(sameRule(rule, rule)).toBe(true);
      await host.firewall.applyPorts([
        {
          portId: '33333333-3333-4333-8333-333333333333',
          tapName: 'tap33333333-33',
          bridgeName: 'brq11111111-11',
          mark: 1,
          zone: 1,
          macAddress: 'fa:16:3e:00:00:33',
          fixedIps: ['10.0.0.5'],
          // As the API takes them: host bits, either version, over the fixed address.
          allowedAddressPairs: ['10.0.0.5', '10.0.0.77/24', '0.0.0.0/0', 'fd00::5/64'].map((ip) => ({
            ip,
            mac: 'fa:16:3e:00:00:33',
          })),
          portSecurity: true,
          rules: [securityRule(rule as SecurityGroupRuleRow)],
          stateful: true,
        },
      ]);
    }),
    { numRuns: 2000 },
  );
  expect(taken).toBeGreaterThan(100);
});
