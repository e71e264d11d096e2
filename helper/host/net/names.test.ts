import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  bridgeName,
  deviceGroups,
  dhcpDevice,
  dhcpNamespace,
  gatewayDevice,
  MAX_DEVICE_NAME,
  routerDevice,
  routerNamespace,
  tableName,
  tapName,
  vxlanName,
} from './names.ts';

const ID = '3f2b8c1d-9e4a-4b6f-8d07-1a2b3c4d5e6f';

describe('names on the host', () => {
  it('are those of the source documents', () => {
    expect([bridgeName, tapName, dhcpDevice, routerDevice, gatewayDevice].map((name) => name(ID))).toEqual([
      'brq3f2b8c1d-9e',
      'tap3f2b8c1d-9e',
      'ns-3f2b8c1d-9e',
      'qr-3f2b8c1d-9e',
      'qg-3f2b8c1d-9e',
    ]);
    expect([dhcpNamespace(ID), routerNamespace(ID), vxlanName(100)]).toEqual([
      `qdhcp-${ID}`,
      `qrouter-${ID}`,
      'vxlan-100',
    ]);
  });

  it('fit the kernel, whatever the id', () => {
    fc.assert(
      fc.property(fc.uuid(), fc.integer({ min: 1, max: 0xffffff }), (id, vni) => {
        const names = [
          bridgeName(id),
          tapName(id),
          dhcpDevice(id),
          routerDevice(id),
          gatewayDevice(id),
          vxlanName(vni),
        ];
        expect(names.every((name) => name.length <= MAX_DEVICE_NAME)).toBe(true);
      }),
    );
  });

  it('refuse what is no id and no tag', () => {
    for (const bad of ['', 'short', '../../../etc', '-rf-rf-rf-rf', 'a b c d e f g']) {
      expect(() => tapName(bad)).toThrow('is no id');
    }
    for (const bad of ['', 'Cloud', 'a b', '1a', 'a'.repeat(33)])
      expect(() => tableName(bad)).toThrow('no instance tag');
  });

  it('keep two instances apart', () => {
    const groups = ['deskcloud', 'deskcloud-2', 'test'].flatMap((owner) => {
      const { guest, trusted, external, closed } = deviceGroups(owner);
      return [guest, trusted, external, closed];
    });
    expect(new Set(groups).size).toBe(groups.length);
    expect(groups.every((group) => Number.isInteger(group) && group > 0 && group < 2 ** 31)).toBe(true);
  });
});
