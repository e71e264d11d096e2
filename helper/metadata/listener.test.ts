import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { GuestListener } from './listener.ts';

const BODY = Buffer.alloc(8 * 1024 * 1024, 'x');

let server: Server;
let asked: string[];
const clients: Socket[] = [];

beforeEach(async () => {
  asked = [];
  server = createServer().listen(0, '::');
  await once(server, 'listening');
  new GuestListener({
    lookUp: (_place, address, url) => {
      asked.push(`${address} ${url}`);
      return { body: url === '/large' ? BODY : url, json: false, path: url };
    },
    answered: () => undefined,
    storePassword: () => false,
    failed: (error) => {
      throw error;
    },
    limits: { headMs: 150, answerMs: 300, connections: 6, connectionsOfOne: 3 },
  }).serve(server, { networkId: 'n' });
});
afterEach(() => {
  for (const client of clients.splice(0)) client.destroy();
  server.close();
});

/** A connection with what came back until it ended. */
async function open(
  localAddress = '127.0.0.1',
): Promise<{ client: Socket; received: () => string; ended: Promise<void> }> {
  const client = connect({ host: '127.0.0.1', port: (server.address() as AddressInfo).port, localAddress });
  clients.push(client);
  let text = '';
  client.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
  client.on('error', () => undefined);
  const ended = new Promise<void>((resolve) => client.once('close', () => resolve()));
  await once(client, 'connect');
  return { client, received: () => text, ended };
}

it('answers one request and closes, also where it would be kept alive or more are sent at once', async () => {
  const { client, received, ended } = await open();
  client.write(
    ['/a', '/b', '/c']
      .map((path) => `GET ${path} HTTP/1.1\r\nHost: x\r\nConnection: keep-alive\r\n\r\n`)
      .join(''),
  );
  await ended;
  expect(received()).toMatch(/^HTTP\/1\.1 200 OK\r\n/);
  expect(received()).toContain('Connection: close');
  expect(asked).toEqual(['127.0.0.1 /a']);
});

it('takes the IPv4 address out of the IPv6 form', async () => {
  const { client, ended } = await open('127.0.0.5');
  client.write('GET /a HTTP/1.0\r\n\r\n');
  await ended;
  expect(asked).toEqual(['127.0.0.5 /a']);
});

it.each(['', 'GET /', 'GET /a HTTP/1.1\r\nHost: x\r\nX-Slow: '])(
  'cuts who does not end the request %j, however it drips',
  async (beginning) => {
    const { client, received, ended } = await open();
    client.write(beginning);
    const drip = setInterval(() => beginning !== '' && client.write('a'), 20);
    await ended;
    clearInterval(drip);
    expect(received()).toBe('');
    expect(asked).toEqual([]);
  },
);

it('cuts who does not take the answer', async () => {
  const arrived = once(server, 'connection') as Promise<[Socket]>;
  const { client } = await open();
  client.pause();
  const [connection] = await arrived;
  client.write('GET /large HTTP/1.1\r\nHost: x\r\n\r\n');
  await once(connection, 'close');
  expect(asked).toEqual(['127.0.0.1 /large']);
  expect(connection.writableFinished).toBe(false);
});

it('refuses large headers with 431', async () => {
  const { client, received, ended } = await open();
  client.write(`GET /a HTTP/1.1\r\nHost: x\r\nX-Large: ${'a'.repeat(9000)}\r\n\r\n`);
  await ended;
  expect(received()).toMatch(/^HTTP\/1\.1 431 /);
  expect(asked).toEqual([]);
});

it.each(['\0\0\0\0\r\n\r\n', 'GET /a HTTP/1.1\r\n\r\n', 'GET /a b HTTP/9.9\r\nHost: x\r\n\r\n'])(
  'refuses %j with 400',
  async (text) => {
    const { client, received, ended } = await open();
    client.write(text);
    await ended;
    expect(received()).toMatch(/^HTTP\/1\.1 400 /);
  },
);

it('has no tunnel', async () => {
  const { client, received, ended } = await open();
  client.write('CONNECT 127.0.0.1:22 HTTP/1.1\r\nHost: x\r\n\r\n');
  await ended;
  expect(received()).not.toContain('200');
});

it('keeps places for others when one address takes all it can', async () => {
  const mine = await Promise.all([open(), open(), open()]);
  const fourth = await open();
  await fourth.ended;
  const other = await open('127.0.0.2');
  other.client.write('GET /a HTTP/1.0\r\n\r\n');
  await other.ended;
  expect(other.received()).toContain('200 OK');
  for (const { client } of mine) client.destroy();
  await Promise.all(mine.map(({ ended }) => ended));
  await expectServed();
});

it('has a bound for all together', async () => {
  const many = await Promise.all(
    ['127.0.0.1', '127.0.0.2', '127.0.0.3'].flatMap((address) => [open(address), open(address)]),
  );
  const dropped = once(server, 'drop');
  const last = await open('127.0.0.4');
  await Promise.all([dropped, last.ended]);
  expect(last.received()).toBe('');
  for (const { client } of many) client.destroy();
  await expectServed();
});

/** Once the helper has seen that connections are closed, there is room again. */
async function expectServed(): Promise<void> {
  await expect
    .poll(async () => {
      const { client, received, ended } = await open();
      client.write('GET /again HTTP/1.0\r\n\r\n');
      await ended;
      return received();
    })
    .toContain('200 OK');
}
