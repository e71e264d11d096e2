import { expect, test } from 'vitest';
import { en } from '../../i18n/en/index.ts';
import { NEW_RULE, rateText, ruleBody, sentenceOf, wrongNumber } from './rule.ts';

test('rules are said as people say them', () => {
  expect([500, 10_000, 2_500_000].map(rateText)).toEqual(['500 kbit/s', '10 Mbit/s', '2.5 Gbit/s']);
  const rule = (type: string, more: object) => sentenceOf({ id: 'r', type, ...more }, en);
  expect(rule('bandwidth_limit', { max_kbps: 10_000, direction: 'egress' })).toBe('at most 10 Mbit/s out');
  expect(rule('packet_rate_limit', { max_kpps: 5, direction: 'ingress' })).toBe('at most 5,000 packets/s in');
  expect(rule('dscp_marking', { dscp_mark: 46 })).toBe('DSCP 46');
  expect(rule('minimum_bandwidth', { min_kbps: 100 })).toBe('at least 100 kbit/s (not kept here)');
});

test('a body holds what its kind of rule has', () => {
  expect(ruleBody(NEW_RULE)).toEqual({ bandwidth_limit_rule: { direction: 'egress', max_kbps: 10_000 } });
  expect(ruleBody({ ...NEW_RULE, kind: 'packet_rate_limit', most: 5, burst: 2 })).toEqual({
    packet_rate_limit_rule: { direction: 'egress', max_kpps: 5, max_burst_kpps: 2 },
  });
  expect(ruleBody({ ...NEW_RULE, kind: 'dscp_marking' })).toEqual({ dscp_marking_rule: { dscp_mark: 46 } });
  expect(wrongNumber({ ...NEW_RULE, most: 0 }, en)).toBe(en.qos.badNumber);
  expect(wrongNumber({ ...NEW_RULE, kind: 'dscp_marking', most: null }, en)).toBeUndefined();
});
