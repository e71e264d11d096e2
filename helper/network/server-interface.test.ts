import { randomUUID } from 'node:crypto';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { transaction } from '../db/index.ts';
import type { InterfaceAsked } from './face.ts';
import { callers, makeFakeWorld, resourcesOf, type NetworkWorld, type Resource } from './test-support.ts';

let world: NetworkWorld;
let network: Resource;
beforeEach(async () => {
  world = await makeFakeWorld({ vniRange: [1, 100] });
  network = await create('network', { name: 'net' });
  await create('subnet', { network_id: network.id, ip_version: 4, cidr: '10.0.0.0/24' });
  await world.settled();
});
afterEach(() => world.close());

const create = (kind: string, body: object): Promise<Resource> =>
  resourcesOf(() => world).create('a', kind, body);
const auth = callers['a'] as NonNullable<(typeof callers)[string]>;
const face = () => world.network.face;

test('a server gets another port, and gives one back, while its others stay', async () => {
  const serverId = randomUUID();
  const first = transaction(world.db, () => {
    const plan = face().planNics(world.db, auth, [{ uuid: network.id }], undefined);
    const server = { serverId, serverName: 'web', projectId: 'a', availabilityZone: 'nova', ...plan };
    face().createServerPorts(world.db, server);
    return plan.nics[0]?.portId ?? '';
  });
  const port = await create('port', { network_id: network.id });
  const attach = (asked: InterfaceAsked) =>
    transaction(world.db, () => {
      const plan = face().planInterface(world.db, auth, 'a', asked);
      const more = { serverId, serverName: 'web', projectId: 'a', availabilityZone: 'nova', ...plan };
      face().attachServerPort(world.db, more);
      face().attachServerPort(world.db, more);
      return plan.nic.portId;
    });
  const made = attach({ networkId: network.id, fixedIp: '10.0.0.77', tag: 't' });
  expect(attach({ portId: port.id })).toBe(port.id);
  expect(face().nicsOf(world.db, serverId)).toMatchObject([
    { portId: first },
    { portId: made, tag: 't', fixedIps: [{ address: '10.0.0.77' }] },
    { portId: port.id },
  ]);
  await face().plugServer(serverId);
  for (const [asked, message] of [
    [{ portId: port.id }, 'still in use'],
    [{ portId: serverId }, 'could not be found'],
    [{ networkId: serverId }, 'could not be found'],
    [{ networkId: network.id, fixedIp: '10.0.0.77' }, 'already in use'],
    [{ networkId: network.id, fixedIp: '10.9.0.77' }, 'not a valid ip address'],
  ] as const)
    expect(() => face().planInterface(world.db, auth, 'a', asked)).toThrow(message);
  for (const portId of [made, port.id]) {
    await face().unplugPorts([{ portId, networkId: network.id }]);
    for (let twice = 0; twice < 2; twice++) face().detachServerPort(world.db, serverId, portId);
  }
  face().detachServerPort(world.db, randomUUID(), first);
  expect(face().nicsOf(world.db, serverId)).toHaveLength(1);
  expect((await world.host.inventory()).taps).toHaveLength(1);
  expect((await world.call('a', 'GET', `/ports/${made}`)).status).toBe(404);
  const kept = (await world.ok('a', 'GET', `/ports/${port.id}`))['port'];
  expect(kept).toMatchObject({ device_id: '', status: 'DOWN' });
});

test('compute is told when a port of a server is deleted, not of others', async () => {
  const serverId = randomUUID();
  const own = transaction(world.db, () => {
    const plan = face().planNics(world.db, auth, [{ uuid: network.id }], undefined);
    const server = { serverId, serverName: 'web', projectId: 'a', availabilityZone: 'nova', ...plan };
    face().createServerPorts(world.db, server);
    return plan.nics[0]?.portId ?? '';
  });
  const other = await create('port', { network_id: network.id });
  for (const id of [other.id, own]) await world.ok('a', 'DELETE', `/ports/${id}`);
  expect(world.deletedServerPorts).toMatchObject([{ serverId, nic: { portId: own } }]);
  expect(face().nicsOf(world.db, serverId)).toEqual([]);
});
