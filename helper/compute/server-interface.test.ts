import { afterEach, beforeEach, expect, test } from 'vitest';
import { transaction } from '../db/index.ts';
import { BUSY_PORT, NETWORK_ID } from './test-doubles.ts';
import { TestWorld } from './test-world.ts';

const PORT = '33333333-3333-4333-8333-aaaaaaaaaaaa';
const OTHER_NETWORK = '22222222-2222-4222-8222-bbbbbbbbbbbb';

let world: TestWorld;
let id: string;
beforeEach(async () => {
  world = await TestWorld.create();
  id = await world.create();
  await world.quiet();
});
afterEach(() => world.dispose());

const attach = (body: object, version?: string, token: string | undefined = 'member') =>
  world.call(token, 'POST', `/v2.1/servers/${id}/os-interface`, { interfaceAttachment: body }, version);
const detach = (portId: string, token: string | undefined = 'member') =>
  world.call(token, 'DELETE', `/v2.1/servers/${id}/os-interface/${portId}`);
const list = async (version?: string) => {
  const { body } = await world.call('reader', 'GET', `/v2.1/servers/${id}/os-interface`, undefined, version);
  return (body as { interfaceAttachments: { port_id: string; tag?: string }[] }).interfaceAttachments;
};

test('who may: members of the project', async () => {
  for (const call of [
    (token?: string) => attach({}, undefined, token ?? ''),
    (token?: string) => detach(PORT, token ?? ''),
  ]) {
    expect((await call()).status).toBe(401);
    expect((await call('other')).status).toBe(404);
    expect((await call('reader')).status).toBe(403);
  }
});

test('a port is made or given, becomes a card of the running guest and of its definition, and goes again', async () => {
  const made = await attach({});
  expect(made.status).toBe(200);
  const { port_id: first } = (made.body as { interfaceAttachment: { port_id: string } }).interfaceAttachment;
  const given = await attach({ port_id: PORT, tag: 'db' }, '2.70');
  expect(given.body).toMatchObject({ interfaceAttachment: { port_id: PORT, net_id: NETWORK_ID, tag: 'db' } });
  expect(world.domains.cards).toEqual([first, PORT]);
  expect(world.domains.specs.get(id)?.nics).toHaveLength(3);
  expect(await list()).toHaveLength(3);
  expect((await detach(first)).status).toBe(202);
  await world.quiet();
  expect((await list('2.70')).map(({ tag }) => tag)).toEqual([null, 'db']);
  expect(world.domains.cards).toEqual([PORT]);
  expect(world.domains.specs.get(id)?.nics.map(({ portId }) => portId)).not.toContain(first);
  expect((await detach(first)).status).toBe(404);
  const actions = await world.call('member', 'GET', `/v2.1/servers/${id}/os-instance-actions`);
  expect(actions.body).toMatchObject({
    instanceActions: [
      { action: 'detach_interface', message: null },
      { action: 'attach_interface' },
      { action: 'attach_interface' },
      { action: 'create' },
    ],
  });
});

test('the card of a port that the network service deletes goes as well', async () => {
  expect((await attach({ port_id: PORT })).status).toBe(200);
  const nic = world.network.nicsOf(world.db, id).find(({ portId }) => portId === PORT);
  expect(world.domains.cards).toEqual([PORT]);
  transaction(world.db, () => world.compute.portDeleted(id, nic!, {}));
  await world.quiet();
  expect(world.domains.cards).toEqual([]);
  expect(world.domains.specs.get(id)?.nics.map(({ portId }) => portId)).not.toContain(PORT);
  transaction(world.db, () => world.compute.portDeleted(OTHER_NETWORK, nic!, {}));
});

test('a stopped server has the card at its next start', async () => {
  await world.call('member', 'POST', `/v2.1/servers/${id}/action`, { 'os-stop': null });
  await world.quiet();
  expect((await attach({ port_id: PORT })).status).toBe(200);
  expect(world.domains.cards).toEqual([]);
  expect(world.domains.specs.get(id)?.nics).toHaveLength(2);
  expect((await detach(PORT)).status).toBe(202);
  await world.quiet();
  expect(world.domains.specs.get(id)?.nics).toHaveLength(1);
});

test.each<[object, string, number, string]>([
  [{ net_id: NETWORK_ID, port_id: PORT }, '2.1', 400, 'Must not input both network_id and port_id'],
  [{ fixed_ips: [{ ip_address: '10.0.0.9' }] }, '2.1', 400, 'Must input network_id when request IP address'],
  [{ net_id: OTHER_NETWORK }, '2.1', 404, `Network ${OTHER_NETWORK} could not be found.`],
  [{ port_id: BUSY_PORT }, '2.1', 409, `Port ${BUSY_PORT} is still in use.`],
  [{ net_id: 'x' }, '2.1', 400, ''],
  [{ net_id: NETWORK_ID, fixed_ips: [{ ip_address: 'x' }] }, '2.1', 400, ''],
  [{ net_id: NETWORK_ID, fixed_ips: [] }, '2.1', 400, ''],
  [{ port_id: PORT, tag: 'x' }, '2.48', 400, ''],
  [{ port_id: PORT, tag: 'a,b' }, '2.49', 400, ''],
  [{ other: 1 }, '2.49', 400, ''],
])('%j in %s is %i', async (body, version, status, message) => {
  const answer = await attach(body, version);
  expect(answer.status).toBe(status);
  expect(JSON.stringify(answer.body)).toContain(message);
  expect(await list()).toHaveLength(1);
});

test('what fails leaves nothing, and is said', async () => {
  world.network.exhausted = true;
  expect(await attach({})).toMatchObject({
    status: 400,
    body: { badRequest: { message: 'No more IP addresses available on network.' } },
  });
  world.network.exhausted = false;
  world.domains.attachNic = () => Promise.reject(new Error('no slot'));
  const failed = await attach({});
  expect(failed.status).toBe(500);
  expect(await list()).toHaveLength(1);
  expect(world.domains.specs.get(id)?.nics).toHaveLength(1);
});

test('only in states that allow it', async () => {
  await world.call('member', 'POST', `/v2.1/servers/${id}/action`, { lock: null });
  expect((await attach({})).status).toBe(409);
  const [port] = await list();
  expect((await detach(port?.port_id ?? '')).status).toBe(409);
  await world.call('member', 'POST', `/v2.1/servers/${id}/action`, { unlock: null });
  await world.call('member', 'POST', `/v2.1/servers/${id}/action`, { suspend: null });
  await world.quiet();
  expect((await attach({})).body).toMatchObject({
    conflictingRequest: {
      message: `Cannot 'attach_interface' instance ${id} while it is in vm_state suspended`,
    },
  });
});
