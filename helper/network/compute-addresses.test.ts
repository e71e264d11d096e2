/** What compute's old microversions do with networks and addresses, through the face that compute has. */
import { randomUUID } from 'node:crypto';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { transaction } from '../db/index.ts';
import { CloudError } from '../errors/error.ts';
import type { FakeHostNetwork } from '../host/net/fake.ts';
import { fakeRouterTests, type Resource, type RouterTests } from './router-test-support.ts';
import { callers } from './test-support.ts';
import type { AuthContext } from '../http/index.ts';

let t: RouterTests<FakeHostNetwork>;
let external: Resource;
let network: string;
let serverId: string;
const asking = (token: string) => ({ auth: callers[token] as AuthContext, requestId: 'req-1' });
const old = () => t.world.network.face.computeAddresses;

beforeEach(async () => {
  t = await fakeRouterTests();
  external = await t.external();
  const subnet = await t.subnet('a', '10.0.0.0/24');
  network = String(subnet['network_id']);
  await t.router('a', external, subnet);
  serverId = randomUUID();
  const { face } = t.world.network;
  const { db } = t.world;
  transaction(db, () => {
    const plan = face.planNics(db, asking('a').auth, [{ uuid: network }], undefined);
    face.createServerPorts(db, {
      serverId,
      serverName: 'web',
      projectId: 'a',
      availabilityZone: 'nova',
      ...plan,
    });
  });
});
afterEach(() => t.world.close());

/** Kind of the error that nova's API makes its status of. */
function kind(work: () => unknown): string {
  try {
    work();
  } catch (error) {
    if (error instanceof CloudError) return error.kind;
    throw error;
  }
  return 'none';
}

const addresses = (what: 'fixed' | 'floating'): string[] =>
  (t.world.network.face.addressesOf(t.world.db, [serverId]).get(serverId) ?? [])
    .filter((one) => one.kind === what)
    .map((one) => one.address);

test('a floating IP comes, leads to a server, leads nowhere, goes', () => {
  expect(kind(() => old().createFloatingIp(asking('a'), 'nowhere'))).toBe('notFound');
  const made = old().createFloatingIp(asking('a'), external.id);
  expect(made).toMatchObject({ fixedAddress: null, serverId: null });
  expect(old().listFloatingIps(asking('b'))).toEqual([]);
  expect(kind(() => old().showFloatingIp(asking('b'), made.id))).toBe('notFound');
  expect(kind(() => old().showFloatingIp(asking('a'), 'x'))).toBe('badRequest');
  expect(kind(() => old().associate(asking('a'), serverId, '192.0.2.1', undefined))).toBe('notFound');
  expect(kind(() => old().associate(asking('a'), serverId, made.address, '10.0.0.250'))).toBe('badRequest');
  expect(kind(() => old().associate(asking('b'), serverId, made.address, undefined))).toBe('notFound');
  old().associate(asking('a'), serverId, made.address, undefined);
  expect(old().showFloatingIp(asking('a'), made.id)).toMatchObject({
    serverId,
    fixedAddress: addresses('fixed')[0],
  });
  expect(addresses('floating')).toEqual([made.address]);
  expect(kind(() => old().disassociate(asking('a'), randomUUID(), made.address))).toBe('conflict');
  old().disassociate(asking('a'), serverId, made.address);
  expect(kind(() => old().disassociate(asking('a'), serverId, made.address))).toBe('conflict');
  expect(addresses('floating')).toEqual([]);
  old().deleteFloatingIp(asking('a'), made.id);
  expect(old().listFloatingIps(asking('a'))).toEqual([]);
});

test('fixed addresses are added and removed', () => {
  const [first = ''] = addresses('fixed');
  old().addFixedIp(serverId, network);
  const both = addresses('fixed');
  expect(both).toHaveLength(2);
  old().removeFixedIp(serverId, both.find((one) => one !== first) ?? '');
  expect(addresses('fixed')).toEqual([first]);
  expect(kind(() => old().removeFixedIp(serverId, '10.9.9.9'))).toBe('badRequest');
  expect(kind(() => old().addFixedIp(serverId, external.id))).toBe('badRequest');
});

test('networks are those that the caller may see', () => {
  const names = (token: string): string[] =>
    old()
      .listNetworks(asking(token))
      .map(({ id }) => id);
  expect(names('a').sort()).toEqual([network, external.id].sort());
  expect(names('b')).toEqual([external.id]);
  expect(names('admin')).toContain(network);
  expect(kind(() => old().showNetwork(asking('b'), network))).toBe('notFound');
  expect(old().pools()).toMatchObject([{ id: external.id }]);
});
