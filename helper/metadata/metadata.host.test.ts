import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Server } from 'node:net';
import { closeDatabase } from '../db/index.ts';
import { LinuxCommandRunner } from '../host/command/linux.ts';
import { LinuxSocketHost } from '../host/net/sockets/linux.ts';
import { createMetadata } from './index.ts';
import { sampleServer, sampleWorld } from './testing.ts';

const PREFIX = `t-metadata-${process.pid}`;
const SERVICE = '169.254.169.254';
const commands = new LinuxCommandRunner();

/** Two networks with the same addresses; the second namespace of each pair is the guest. */
const networks = ['a', 'b'].map((name) => ({
  name,
  service: `${PREFIX}-${name}`,
  guest: `${PREFIX}-${name}g`,
}));
const servers: Server[] = [];
const world = sampleWorld([
  { place: 'a', address: '10.0.0.11', server: sampleServer(1) },
  { place: 'a', address: '10.0.0.12', server: sampleServer(2) },
  { place: 'b', address: '10.0.0.11', server: sampleServer(3) },
]);

const inside = (namespace: string, ...argv: readonly string[]) =>
  commands.run(['nsenter', `--net=/run/netns/${namespace}`, ...argv] as [string, ...string[]], {
    okCodes: [0, 1],
    timeoutMs: 20_000,
  });

/** What a guest gets; the program and its options are those of the tiny guest. */
async function get(network: string, address: string, path: string, ...headers: string[]): Promise<string> {
  const guest = `${PREFIX}-${network}g`;
  await inside(guest, 'ip', 'route', 'replace', SERVICE, 'dev', 'eth0', 'src', address);
  const { stdout } = await inside(
    guest,
    'busybox',
    'wget',
    '-q',
    '-O',
    '-',
    ...headers,
    `http://${SERVICE}${path}`,
  );
  return stdout;
}

beforeAll(async () => {
  const { listener } = createMetadata(world.deps);
  for (const { name, service, guest } of networks) {
    await commands.run(['ip', '-batch', '-'], {
      stdin: [
        `netns add ${service}`,
        `netns add ${guest}`,
        `link add name eth0 netns ${guest} type veth peer name in0 netns ${service}`,
        '',
      ].join('\n'),
    });
    await inside(service, 'ip', 'addr', 'add', `${SERVICE}/32`, 'dev', 'in0');
    await inside(service, 'ip', 'addr', 'add', '10.0.0.2/24', 'dev', 'in0');
    await inside(service, 'ip', 'link', 'set', 'in0', 'up');
    for (const address of ['10.0.0.11', '10.0.0.12', '10.0.0.13'])
      await inside(guest, 'ip', 'addr', 'add', `${address}/24`, 'dev', 'eth0');
    await inside(guest, 'ip', 'link', 'set', 'eth0', 'up');
    const socket = await new LinuxSocketHost().listenTcp(service, { host: SERVICE, port: 80 });
    servers.push(socket);
    listener.serve(socket, { networkId: name });
  }
});
afterAll(async () => {
  for (const server of servers) server.close();
  for (const { service, guest } of networks)
    for (const namespace of [service, guest])
      await commands.run(['ip', 'netns', 'del', namespace], { okCodes: [0, 1] });
  closeDatabase(world.deps.db);
});

it.each([
  ['a', '10.0.0.11', 1],
  ['a', '10.0.0.12', 2],
  ['b', '10.0.0.11', 3],
])('a guest of network %s at %s gets its own data', async (network, address, number) => {
  const { id } = sampleServer(number);
  const text = await get(network, address, '/openstack/latest/meta_data.json');
  expect(JSON.parse(text)).toMatchObject({ uuid: id, hostname: `web-${number}.novalocal` });
  expect(await get(network, address, '/latest/meta-data/instance-id')).toBe(`i-0000002${number}`);
  const [event] = world.events.filter(({ target }) => target === `story of ${id}`);
  expect(event?.text).toBe(`/openstack/latest/meta_data.json from ${address} on network ${network}`);
});

it.each([
  ['b', '10.0.0.12'],
  ['a', '10.0.0.13'],
])('on network %s at %s nobody is known, also with forged headers (S30)', async (network, address) => {
  const forged = [
    '--header',
    'X-Forwarded-For: 10.0.0.11',
    '--header',
    `X-Instance-ID: ${sampleServer(1).id}`,
  ];
  expect(await get(network, address, '/openstack/latest/meta_data.json', ...forged)).toBe('');
  expect(await get(network, address, '/latest/user-data')).toBe('');
});

it('forged headers change nothing for a guest that is known (S30)', async () => {
  const forged = [
    '--header',
    'X-Forwarded-For: 10.0.0.12',
    '--header',
    `X-Instance-ID: ${sampleServer(2).id}`,
  ];
  expect(await get('a', '10.0.0.11', '/latest/meta-data/instance-id', ...forged)).toBe('i-00000021');
});
