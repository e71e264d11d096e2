import { describe, expect, test } from 'vitest';
import {
  firstHost,
  formatIp,
  freeV4,
  freeV6,
  isAddressOrNetwork,
  parseCidr,
  parseIp,
  sizeOf,
} from './addresses.ts';

describe('addresses', () => {
  test.each([
    ['10.0.0.1', '10.0.0.1'],
    ['255.255.255.255', '255.255.255.255'],
    ['::', '::'],
    ['::1', '::1'],
    ['2001:DB8:0:0:1:0:0:1', '2001:db8::1:0:0:1'],
    ['fe80:0:0:0:0:0:0:0', 'fe80::'],
    ['1:0:0:2:0:0:0:3', '1:0:0:2::3'],
    ['::ffff:192.0.2.1', '::ffff:c000:201'],
    ['1:2:3:4:5:6:7:8', '1:2:3:4:5:6:7:8'],
  ])('%s is written %s', (text, wanted) => {
    const ip = parseIp(text);
    expect(ip && formatIp(ip)).toBe(wanted);
  });
  test.each(['10.0.0', '10.0.0.256', '1:2', '::1::', 'g::1', '1:2:3:4:5:6:7:8:9', '', '1:2:3:4:5:6:7::8:9'])(
    '%s is no address',
    (text) => expect(parseIp(text)).toBeUndefined(),
  );
});

describe('networks', () => {
  test('know their bounds, and refuse bits of hosts', () => {
    expect(parseCidr('10.0.0.0/30')).toMatchObject({
      version: 4,
      prefix: 30,
      last: parseIp('10.0.0.3')?.value,
    });
    expect(parseCidr('10.0.0.1/24')).toBeUndefined();
    expect(parseCidr('10.0.0.0/33')).toBeUndefined();
    expect(parseCidr('10.0.0.0')).toBeUndefined();
    expect(isAddressOrNetwork('2001:db8::/32') && isAddressOrNetwork('192.0.2.7')).toBe(true);
  });
  test('the first host is the gateway', () => {
    expect([firstHost(parseCidr('10.1.0.0/24')!), firstHost(parseCidr('fd00::/64')!)]).toEqual([
      '10.1.0.1',
      'fd00::1',
    ]);
  });
  test('a free one overlaps nothing', () => {
    expect(freeV4([])).toBe('10.10.0.0/24');
    expect(freeV4(['10.10.0.0/16', '10.11.0.128/25', 'fd00::/64'])).toBe('10.12.0.0/24');
    expect(freeV6(['fd01:203:405:1::/64'], Uint8Array.of(1, 2, 3, 4, 5))).toBe('fd01:203:405:2::/64');
  });
  test('pools are counted', () => {
    expect(
      sizeOf([
        { start: '10.0.0.2', end: '10.0.0.9' },
        { start: '10.0.0.20', end: '10.0.0.20' },
      ]),
    ).toBe(9);
  });
});
