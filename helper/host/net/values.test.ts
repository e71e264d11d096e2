import { describe, expect, it } from 'vitest';
import { cidrText, deviceWord, disjoint, interfaceAddress, linkLocal, macWord, network } from './values.ts';

describe('values that become words', () => {
  it('have one spelling', () => {
    expect(cidrText(network('10.0.0.77/24'))).toBe('10.0.0.0/24');
    expect(cidrText(network('2001:DB8:0:0::1'))).toBe('2001:db8::1');
    expect(interfaceAddress('10.0.0.77/24')).toMatchObject({ address: '10.0.0.77', prefix: 24 });
    expect(linkLocal('fa:16:3e:01:02:03').address).toBe('fe80::f816:3eff:fe01:203');
  });

  it('lose what another of them contains', () => {
    const all = [
      '10.0.0.7',
      '10.0.0.0/24',
      '10.0.0.0/16',
      '10.1.0.0/16',
      '10.0.0.7',
      '2001:db8::/64',
      '2001:db8::1',
    ];
    expect(disjoint(all.map(network)).map(cidrText)).toEqual(['10.0.0.0/16', '10.1.0.0/16', '2001:db8::/64']);
  });

  it('are refused when they are something else', () => {
    for (const bad of [
      '',
      '10.0.0',
      '10.0.0.1/33',
      '10.0.0.1 ; x',
      '010.0.0.1',
      '::1%eth0',
      '10.0.0.1/8/8',
      '1.2.3.4\n',
    ]) {
      expect(() => network(bad)).toThrow('is no IP network');
    }
    for (const bad of ['', '-x', 'a b', 'a\nb', 'sixteen-letters-', '../x']) {
      expect(() => deviceWord(bad)).toThrow('is no device name');
    }
    for (const bad of ['', 'fa:16:3e:00:00', 'fa-16-3e-00-00-01', 'fa:16:3e:00:00:0g']) {
      expect(() => macWord(bad)).toThrow('is no MAC address');
    }
  });
});
