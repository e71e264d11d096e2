import { expect, test } from 'vitest';
import { en } from '../../i18n/en/index.ts';
import { zh } from '../../i18n/zh/index.ts';
import type { SecurityGroupRule } from '../../cloud/types.ts';
import { checkRule, emptyRule, preset, ruleBodies, valuesOf } from './rule-values.ts';
import { isWideOpen, sentence } from './sentence.ts';

const rule = (more: Partial<SecurityGroupRule>): SecurityGroupRule & { security_group_id: string } => ({
  id: 'r',
  security_group_id: 'own',
  direction: 'ingress',
  ethertype: 'IPv4',
  protocol: null,
  port_range_min: null,
  port_range_max: null,
  remote_ip_prefix: null,
  remote_group_id: null,
  remote_address_group_id: null,
  description: '',
  ...more,
});
const names = { group: (id: string) => (id === 'g' ? 'web' : undefined), addressGroup: () => 'office' };
const ssh = { protocol: 'tcp', port_range_min: 22, port_range_max: 22 };

test.each<[Partial<SecurityGroupRule>, string]>([
  [ssh, 'Allow incoming TCP port 22 (SSH) from anywhere'],
  [
    { ...ssh, protocol: '6', remote_ip_prefix: '192.0.2.0/24' },
    'Allow incoming TCP port 22 (SSH) from 192.0.2.0/24',
  ],
  [
    { protocol: 'tcp', port_range_min: 8000, port_range_max: 8080, remote_group_id: 'g' },
    'Allow incoming TCP ports 8000–8080 from members of web',
  ],
  [{ direction: 'egress' }, 'Allow outgoing all IPv4 traffic to anywhere'],
  [
    { ethertype: 'IPv6', remote_group_id: 'own' },
    'Allow incoming all IPv6 traffic from members of this group',
  ],
  [
    { protocol: 'icmp', port_range_min: 8, port_range_max: 0 },
    'Allow incoming ping (ICMP echo) from anywhere',
  ],
  [
    { protocol: 'icmp', remote_address_group_id: 'a' },
    'Allow incoming ping and all other ICMP from addresses of office',
  ],
  [{ protocol: '47' }, 'Allow incoming IP protocol 47 from anywhere'],
  [{ protocol: 'udp', port_range_min: 1, port_range_max: 65_535 }, 'Allow incoming all UDP from anywhere'],
])('a rule reads like a sentence: %j', (facts, wanted) => {
  expect(sentence(rule(facts), names, en)).toBe(wanted);
});

test('and in Chinese', () => {
  expect(sentence(rule(ssh), names, zh)).toBe('允许来自任何地方的 TCP 端口 22（SSH）流量传入');
});

test('what the editor has of a rule makes the same rule again', () => {
  for (const facts of [
    ssh,
    { protocol: 'icmp', port_range_min: 8, port_range_max: 0 },
    { protocol: 'gre' },
    { remote_group_id: 'g' },
  ]) {
    const { id: _id, security_group_id: _group, ...wanted } = rule(facts);
    expect(ruleBodies(valuesOf(rule(facts)))).toEqual([wanted]);
  }
});

test('both versions are two rules, and a network decides which', () => {
  const ping = { ...preset('ping', 'own', emptyRule()), version: 'both' as const };
  expect(ruleBodies(ping)).toMatchObject([
    { protocol: 'icmp' },
    { ethertype: 'IPv6', protocol: 'ipv6-icmp' },
  ]);
  expect(ruleBodies({ ...ping, remote: 'cidr', cidr: 'fd00::1' })).toMatchObject([
    { remote_ip_prefix: 'fd00::1/128' },
  ]);
});

test('what is wrong is said where it is', () => {
  const wrong = { ...emptyRule(), ports: '80-22', remote: 'cidr' as const, cidr: 'fd00::/64' };
  expect(
    Object.keys(checkRule(wrong, en)).filter((key) => checkRule(wrong, en)[key as 'cidr'] !== undefined),
  ).toEqual(['ports', 'cidr']);
  expect([isWideOpen(rule({})), isWideOpen(rule({ remote_group_id: 'g' }))]).toEqual([true, false]);
});
