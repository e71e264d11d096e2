import { afterAll, beforeAll, expect, test } from 'vitest';
import { make } from '../main/demo/ensure.ts';
import { NOTHING, TestInstance } from './support/instance.ts';

const instance = new TestInstance('stop');

beforeAll(() => instance.start());

afterAll(async () => {
  await instance.kill();
  expect(await instance.remove()).toEqual(NOTHING);
});

test('a helper that is told to stop in the middle of operations ends', { timeout: 180_000 }, async () => {
  const admin = await instance.admin();
  for (const number of [1, 2, 3, 4]) {
    const network = await make(admin, 'network', '/networks', 'network', { name: `network-${number}` });
    const subnet = { network_id: network.id, ip_version: 4, cidr: `10.99.${number}.0/24` };
    await make(admin, 'network', '/subnets', 'subnet', subnet);
  }
  // DHCP servers, and with them what the helper has open in their namespaces, are coming up now.
  await expect
    .poll(async () => (await instance.inventory()).namespaces.length, { interval: 50, timeout: 60_000 })
    .not.toBe(0);
  await instance.stop();
  expect(instance.log()).toContain('"msg":"stopped"');
  await instance.ended();
});
