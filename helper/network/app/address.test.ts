import { describe, expect, test } from 'vitest';
import {
  defaultPools,
  formatAddress,
  formatBlock,
  keyOf,
  parseAddress,
  parseBlock,
  usable,
  valueOf,
} from './address.ts';

const block = (text: string) => {
  const found = parseBlock(text);
  if (found === undefined) throw new Error(text);
  return found;
};
const shown = (text: string, gateway?: string) =>
  defaultPools(block(text), gateway === undefined ? undefined : parseAddress(gateway)?.value).map(
    (range) =>
      `${formatAddress(block(text).version, range.first)}-${formatAddress(block(text).version, range.last)}`,
  );

describe('addresses', () => {
  test.each([
    ['10.0.0.1', 4, '10.0.0.1'],
    ['255.255.255.255', 4, '255.255.255.255'],
    ['2001:DB8:0:0::1', 6, '2001:db8::1'],
    ['::', 6, '::'],
  ])('%s is read and written', (text, version, canonical) => {
    const address = parseAddress(text);
    expect(address?.version).toBe(version);
    expect(formatAddress(version as 4 | 6, address?.value ?? -1n)).toBe(canonical);
    expect(valueOf(keyOf(address?.value ?? 0n))).toBe(address?.value);
  });

  test.each(['', '10.0.0', '010.0.0.1', '10.0.0.256', '1::2::3', 'fe80::1%eth0', '10.0.0.1\n', '0x7f000001'])(
    '%j is none',
    (text) => {
      expect(parseAddress(text)).toBeUndefined();
    },
  );

  test('blocks lose their host bits', () => {
    expect(formatBlock(block('10.0.0.77/24'))).toBe('10.0.0.0/24');
    expect(formatBlock(block('2001:db8::77/64'))).toBe('2001:db8::/64');
    for (const text of ['10.0.0.0', '10.0.0.0/33', '10.0.0.0/', '10.0.0.0/8/8', 'x/8'])
      expect(parseBlock(text)).toBeUndefined();
  });

  test('pools leave out network, broadcast and gateway', () => {
    expect(shown('10.0.0.0/29', '10.0.0.1')).toEqual(['10.0.0.2-10.0.0.6']);
    expect(shown('10.0.0.0/29', '10.0.0.6')).toEqual(['10.0.0.1-10.0.0.5']);
    expect(shown('10.0.0.0/29', '10.0.0.3')).toEqual(['10.0.0.1-10.0.0.2', '10.0.0.4-10.0.0.6']);
    expect(shown('10.0.0.0/31', '10.0.0.0')).toEqual(['10.0.0.1-10.0.0.1']);
    expect(shown('10.0.0.0/32', '10.0.0.0')).toEqual([]);
    expect(usable(block('fd00::/64')).first).toBe(parseAddress('fd00::1')?.value);
  });
});
