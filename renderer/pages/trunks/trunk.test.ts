import { expect, test } from 'vitest';
import type { Port, Trunk } from '../../cloud/types.ts';
import { freePorts, freeVlan, guestCommands, isVlan } from './trunk.ts';

const subport = (port_id: string, segmentation_id: number) => ({
  port_id,
  segmentation_id,
  segmentation_type: 'vlan',
});
const trunk = { port_id: 'p', sub_ports: [subport('a', 100), subport('b', 101)] } as unknown as Trunk;

test('a trunk offers what is free: ports that nobody has, and the next VLAN', () => {
  const port = (id: string, device_id = ''): Port => ({ id, device_id, device_owner: '' }) as Port;
  const all = [port('p'), port('a'), port('c'), port('d', 'server')];
  expect(freePorts(all, [trunk]).map((one) => one.id)).toEqual(['c']);
  expect(freeVlan(trunk)).toBe(102);
  expect(freeVlan(undefined)).toBe(100);
  expect([0, 1, 4094, 4095, 1.5, null].map(isVlan)).toEqual([false, true, true, false, false, false]);
});

test('the guest is told an interface with the MAC address of each subport', () => {
  const text = guestCommands(trunk, (id) => (id === 'a' ? 'fa:16:3e:00:00:01' : undefined));
  expect(text).toContain('ip link add link eth0 name eth0.100 address fa:16:3e:00:00:01 type vlan id 100');
  expect(text).toContain('ip link add link eth0 name eth0.101 type vlan id 101');
});
