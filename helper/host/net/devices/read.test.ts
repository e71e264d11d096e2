import { expect, test } from 'vitest';
import { commandsFor, typed } from './commands.ts';
import { devicesOf, paired, parseCounters, type ShownDevice } from './read.ts';

const alias = 'deskcloud:test';
const shown = (ifname: string, kind: string, more: Partial<ShownDevice> = {}): ShownDevice => ({
  ifname,
  flags: ['UP', 'LOWER_UP'],
  mtu: 1450,
  ifalias: alias,
  linkinfo: { info_kind: kind },
  ...more,
});

test('ours are told from others by their alias, and what the host has on our bridges is an uplink', () => {
  const host = devicesOf(
    [
      shown('brq1', 'bridge'),
      shown('br-ex', 'bridge'),
      shown('docker0', 'bridge', { ifalias: 'other' }),
      shown('vxlan-7', 'vxlan', { master: 'brq1', linkinfo: { info_kind: 'vxlan', info_data: { id: 7 } } }),
      shown('tapguest', 'tun', { master: 'brq1', flags: ['UP', 'NO-CARRIER'] }),
      shown('tap11111111-22', 'veth', { master: 'br-ex' }),
      { ifname: 'eth1', flags: ['UP'], mtu: 1500, master: 'br-ex' },
      { ifname: 'eth0', flags: ['UP'], mtu: 1500 },
    ],
    { alias, namespace: null, externals: new Set(['br-ex']) },
  );
  const inside = devicesOf(
    [
      shown('lo', ''),
      shown('qg-11111111-22', 'veth', { addr_info: [{ local: '192.0.2.5', prefixlen: 24 }] }),
    ],
    { alias, namespace: 'qrouter-x', externals: new Set() },
  );
  const all = paired([...host, ...inside]);
  expect(all.map((one) => [one.name, one.kind, one.up, one.external, one.peer])).toEqual([
    ['brq1', 'bridge', true, false, null],
    ['br-ex', 'bridge', true, true, null],
    ['vxlan-7', 'vxlan', true, false, null],
    ['tapguest', 'tap', false, false, null],
    ['tap11111111-22', 'veth', true, true, 'qg-11111111-22'],
    ['eth1', 'uplink', true, true, null],
    ['qg-11111111-22', 'veth', true, false, 'tap11111111-22'],
  ]);
  expect([all[2]?.vni, all[6]?.addresses]).toEqual([7, ['192.0.2.5/24']]);
});

test('counters are read from one file', () => {
  const text = `Inter-|   Receive                                                |  Transmit
 face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs drop fifo colls carrier compressed
  brq1:  100       2    0    1    0     0          0         0      300       4    0    5    0     0       0          0
`;
  expect(parseCounters(text)).toEqual([
    { device: 'brq1', rxBytes: 100, rxPackets: 2, rxDropped: 1, txBytes: 300, txPackets: 4, txDropped: 5 },
  ]);
});

test('commands are words that a person can type, and names that are none are refused', () => {
  const lines = (question: Parameters<typeof commandsFor>[0]): string[] =>
    commandsFor(question, 'bridge', 'deskcloud').map(typed);
  expect(lines({ kind: 'device', name: 'brq1', namespace: null })).toEqual([
    'ip -d -s link show dev brq1',
    'ip addr show dev brq1',
    'bridge fdb show br brq1',
  ]);
  expect(lines({ kind: 'table', name: 'inet deskcloud', namespace: null })).toEqual([
    'nft -t list table inet deskcloud',
  ]);
  for (const name of ['-all', 'a;b', 'a b', '../x'])
    expect(() => lines({ kind: 'device', name, namespace: null })).toThrow(TypeError);
  expect(() => lines({ kind: 'namespace', name: '--help' })).toThrow(TypeError);
  expect(() => lines({ kind: 'table', name: 'inet x; flush ruleset', namespace: null })).toThrow(TypeError);
});
