import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { bridgeName } from '../names.ts';
import { allow, EGRESS, TestCloud, type Guest } from '../testing/cloud.ts';

const cloud = new TestCloud('direct');
const network = { networkId: randomUUID(), bridge: bridgeName(randomUUID()), zone: 1 };
const HOST = '198.18.77.1';
let guest: Guest;

beforeAll(async () => {
  await cloud.host.external.ensure({
    bridge: network.bridge,
    addresses: [`${HOST}/24`],
    mtu: 1500,
    masquerade: true,
  });
  guest = await cloud.guest(network, '198.18.77.50', { hostAccess: true });
});
afterAll(() => cloud.end());

it('a server directly on the external network reaches the host as its egress rules say', async () => {
  expect(await cloud.pings(guest, HOST)).toBe(true);
  const rules = [allow('egress', { protocol: 'tcp' })];
  await cloud.host.firewall.applyPorts([cloud.filter(network, guest, { hostAccess: true, rules })]);
  expect(await cloud.pings(guest, HOST)).toBe(false);
  await cloud.host.firewall.applyPorts([cloud.filter(network, guest, { hostAccess: true, rules: EGRESS })]);
  expect(await cloud.pings(guest, HOST)).toBe(true);
});

it('a subnet that the host has elsewhere is refused', async () => {
  const taken = { bridge: 'brqtaken', addresses: ['198.18.77.129/25'], mtu: 1500, masquerade: true };
  await expect(cloud.host.external.ensure(taken)).rejects.toThrow(`device ${network.bridge}`);
  expect((await cloud.host.inventory()).bridges).toEqual([network.bridge]);
});
