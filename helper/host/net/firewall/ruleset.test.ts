import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { PortFilter, SecurityRule } from './interface.ts';
import { ruleText } from './rules.ts';
import { baseText, groupText, portText, removePortText } from './ruleset.ts';

const TABLE = { table: 'deskcloud', groups: { guest: 100, trusted: 101, external: 102, closed: 103 } };
const rule = (rest: Partial<SecurityRule> = {}): SecurityRule => ({
  direction: 'ingress',
  ethertype: 'IPv4',
  protocol: null,
  portMin: null,
  portMax: null,
  ...rest,
});
const PORT: PortFilter = {
  portId: '11111111-2222-3333-4444-555555555555',
  tapName: 'tap11111111-22',
  bridgeName: 'brqaaaaaaaa-bb',
  mark: 5,
  zone: 7,
  macAddress: 'FA:16:3E:01:02:03',
  fixedIps: ['10.0.0.5', '2001:db8::5'],
  allowedAddressPairs: [{ ip: '10.0.0.64/28', mac: 'fa:16:3e:01:02:03' }],
  portSecurity: true,
  stateful: true,
  rules: [
    rule({ direction: 'egress' }),
    rule({ direction: 'egress', ethertype: 'IPv6' }),
    rule({ protocol: 'tcp', portMin: 22, portMax: 22, remoteCidr: '192.0.2.0/24' }),
    rule({ remoteGroupId: '99999999-8888-7777-6666-555555555555' }),
  ],
};

describe('nft rulesets', () => {
  it('are these texts', async () => {
    await expect(baseText(TABLE)).toMatchFileSnapshot('golden/base.nft');
    await expect(portText(TABLE, PORT)).toMatchFileSnapshot('golden/port.nft');
    const open = { ...PORT, portSecurity: false, hostAccess: true };
    await expect(portText(TABLE, open)).toMatchFileSnapshot('golden/port-without-security.nft');
    await expect(removePortText(TABLE, PORT)).toMatchFileSnapshot('golden/remove-port.nft');
    const group = { groupId: 'g-1', v4: ['10.0.0.5', '10.0.0.0/24'], v6: [] };
    await expect(groupText(TABLE, group)).toMatchFileSnapshot('golden/group.nft');
  });

  it('have these words for rules', () => {
    const texts = [
      rule(),
      rule({ protocol: 'any', ethertype: 'IPv6' }),
      rule({ protocol: 'icmp', portMin: 8, portMax: 0 }),
      rule({ protocol: 'icmp', ethertype: 'IPv6', portMin: 128 }),
      rule({ protocol: '17', portMin: 53, portMax: 53, remoteCidr: '0.0.0.0/0' }),
      rule({ protocol: 'tcp', portMin: 1, portMax: 65535, remoteCidr: '10.1.2.3/16' }),
      rule({
        protocol: 'sctp',
        portMin: 5,
        direction: 'egress',
        ethertype: 'IPv6',
        remoteCidr: '2001:db8::1/128',
      }),
      rule({ protocol: 'vrrp' }),
    ].map(ruleText);
    expect(texts).toEqual([
      'meta nfproto ipv4 return',
      'meta nfproto ipv6 return',
      'meta nfproto ipv4 icmp type 8 icmp code 0 return',
      'meta nfproto ipv6 icmpv6 type 128 return',
      'meta nfproto ipv4 udp dport 53 return',
      'ip saddr 10.1.0.0/16 tcp dport 1-65535 return',
      'ip6 daddr 2001:db8::1 sctp dport 5-65535 return',
      'meta nfproto ipv4 meta l4proto 112 return',
    ]);
  });

  it('refuse what cannot be a rule', () => {
    for (const bad of [
      rule({ protocol: 'tcp ; drop' }),
      rule({ protocol: '256' }),
      rule({ protocol: null, portMin: 22 }),
      rule({ protocol: 'vrrp', portMin: 22, portMax: 22 }),
      rule({ protocol: 'tcp', portMin: 23, portMax: 22 }),
      rule({ protocol: 'icmp', portMax: 3 }),
      rule({ remoteCidr: '10.0.0.0/24 accept' }),
      rule({ remoteCidr: '::/0' }),
      rule({ remoteGroupId: 'x } drop' }),
      rule({ remoteGroupId: 'x', remoteCidr: '10.0.0.0/8' }),
    ]) {
      expect(() => ruleText(bad)).toThrow(TypeError);
    }
  });

  it('are one line per rule whatever the values are, or a TypeError (S25)', () => {
    const word = fc.oneof(fc.string(), fc.constantFrom('tcp', 'udp', 'icmp', '10.0.0.0/8', '::/0', '58'));
    const number = fc.option(fc.integer({ min: -2, max: 70_000 }));
    fc.assert(
      fc.property(word, number, number, word, (protocol, portMin, portMax, remoteCidr) => {
        const outcome = ((): unknown => {
          try {
            return ruleText(rule({ protocol, portMin, portMax, remoteCidr }));
          } catch (error) {
            return error;
          }
        })();
        expect(outcome instanceof TypeError || /^[a-z0-9 :./-]+ return$/.test(String(outcome))).toBe(true);
      }),
    );
  });
});
