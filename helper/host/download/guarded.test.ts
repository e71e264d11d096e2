import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { GuardedWebSource, isForeign, type WebSource } from './guarded.ts';

const signal = new AbortController().signal;
const servers: Server[] = [];

/** A server that counts who comes; 127.0.0.2 stands for the public internet in these tests. */
async function serve(address: string, port: number, answer: (response: ServerResponse) => void) {
  const seen = { connections: 0, port: 0 };
  const server = createServer((_request, response) => answer(response));
  server.on('connection', () => (seen.connections += 1));
  await new Promise<void>((resolve) => server.listen(port, address, resolve));
  servers.push(server);
  seen.port = (server.address() as AddressInfo).port;
  return seen;
}

let inside: { connections: number; port: number };
let resolved: string[];
let names: Record<string, string[][]>;
let source: WebSource;

beforeEach(async () => {
  inside = await serve('127.0.0.1', 0, (response) => response.end('secret'));
  resolved = [];
  names = {};
  source = new GuardedWebSource({
    ports: new Set([80, 443, inside.port]),
    allows: (address) => address === '127.0.0.2' || isForeign(address),
    lookup: async (name) => {
      resolved.push(name);
      const addresses = names[name]?.shift() ?? [];
      return addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 }));
    },
  });
});

afterEach(async () => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }
});

const text = async (url: string): Promise<string> => {
  const answer = await source.open(url, signal);
  let all = '';
  for await (const chunk of answer.body) all += Buffer.from(chunk).toString();
  return all;
};

describe('a guarded web source (S9)', () => {
  test('fetches from an origin that the owner trusts, and from nowhere else inside', async () => {
    const leading = await serve('127.0.0.1', 0, (response) =>
      response.writeHead(302, { location: `http://127.0.0.1:${inside.port}/` }).end(),
    );
    const home = await serve('127.0.0.1', 0, (response) => response.end('image'));
    names['nas.lan'] = [['127.0.0.1'], ['127.0.0.1']];
    const lookup = async (name: string) =>
      (names[name]?.shift() ?? []).map((address) => ({ address, family: 4 }));
    source = new GuardedWebSource({
      lookup,
      trusted: [`http://127.0.0.1:${leading.port}`, `HTTP://nas.lan:${home.port}/`],
    });
    expect(await text(`http://nas.lan:${home.port}/disk`)).toBe('image');
    await expect(text(`http://nas.lan:${inside.port}/`)).rejects.toThrow(/port/);
    await expect(text(`http://127.0.0.1:${home.port}/`)).rejects.toThrow(/port/);
    await expect(text(`http://127.0.0.1:${leading.port}/`)).rejects.toThrow(/port/);
    expect(inside.connections).toBe(0);
  });

  test.each([
    '127.0.0.1',
    '2130706433',
    '0x7f000001',
    '0177.0.0.1',
    '127.1',
    '0x7f.1',
    '0.0.0.0',
    '[::1]',
    '[::]',
    '[::ffff:127.0.0.1]',
    '[::ffff:7f00:1]',
    '[::127.0.0.1]',
    '[64:ff9b::127.0.0.1]',
    '[2002:7f00:1::]',
    '[fe80::1]',
    '[fd00::1]',
    '[ff02::1]',
    '10.0.0.1',
    '172.24.4.1',
    '192.168.1.1',
    '169.254.169.254',
    '100.64.0.1',
    '198.18.0.1',
    '224.0.0.1',
    '255.255.255.255',
  ])('refuses %s, at once and without a connection', async (host) => {
    const url = `http://${host}:${inside.port}/`;
    expect(() => source.check(url)).toThrow(expect.objectContaining({ reason: 'badUrl' }));
    await expect(source.open(url, signal)).rejects.toMatchObject({ reason: 'badUrl' });
    expect(inside.connections).toBe(0);
  });

  test.each([
    'file:///etc/passwd',
    'ftp://example.com/',
    'gopher://example.com/',
    'http://u:p@example.com/',
    '-o',
    '',
  ])('refuses %s', (url) =>
    expect(() => source.check(url)).toThrow(expect.objectContaining({ reason: 'badUrl' })),
  );

  test('refuses other ports than the usual', () => {
    expect(() => source.check('http://example.com:22/')).toThrow(/port 22/);
    expect(() => source.check('https://example.com/a')).not.toThrow();
  });

  test('refuses names that lead inside, also among good addresses', async () => {
    names = { 'a.test': [['127.0.0.1']], 'b.test': [['127.0.0.2', '10.0.0.1']], 'c.test': [['::1']] };
    for (const name of Object.keys(names)) {
      await expect(source.open(`http://${name}:${inside.port}/`, signal)).rejects.toMatchObject({
        reason: 'badUrl',
      });
    }
    expect(inside.connections).toBe(0);
  });

  test('connects to the address that was checked, whatever the name says next', async () => {
    const outside = await serve('127.0.0.2', inside.port, (response) => response.end('image'));
    names = { 'rebind.test': [['127.0.0.2'], ['127.0.0.1']] };
    expect(await text(`http://rebind.test:${inside.port}/`)).toBe('image');
    expect([resolved, outside.connections, inside.connections]).toEqual([['rebind.test'], 1, 0]);
    await expect(source.open(`http://rebind.test:${inside.port}/`, signal)).rejects.toMatchObject({
      reason: 'badUrl',
    });
    expect(inside.connections).toBe(0);
  });

  test.each(['http://127.0.0.1', 'http://2130706433', 'http://[::ffff:127.0.0.1]', 'http://again.test'])(
    'follows no redirect to %s',
    async (target) => {
      const location = `${target}:${inside.port}/`;
      await serve('127.0.0.2', inside.port, (response) => response.writeHead(302, { location }).end());
      names = { 'again.test': [['127.0.0.1']] };
      await expect(source.open(`http://127.0.0.2:${inside.port}/`, signal)).rejects.toMatchObject({
        reason: 'badUrl',
      });
      expect(inside.connections).toBe(0);
    },
  );

  test('follows no redirect to another scheme, and no circle', async () => {
    let location = 'file:///etc/passwd';
    await serve('127.0.0.2', inside.port, (response) => response.writeHead(302, { location }).end());
    const url = `http://127.0.0.2:${inside.port}/`;
    await expect(source.open(url, signal)).rejects.toMatchObject({ reason: 'badUrl' });
    location = '/';
    await expect(source.open(url, signal)).rejects.toMatchObject({ reason: 'tooManyRedirects' });
  });

  test('says what went wrong', async () => {
    let status = 404;
    await serve('127.0.0.2', inside.port, (response) => response.writeHead(status).end());
    const url = `http://127.0.0.2:${inside.port}/x`;
    await expect(source.open(url, signal)).rejects.toMatchObject({ reason: 'notFound' });
    status = 500;
    await expect(source.open(url, signal)).rejects.toMatchObject({ reason: 'refused' });
    await expect(source.open('http://nowhere.test/', signal)).rejects.toMatchObject({
      reason: 'unreachable',
    });
  });

  test('holds a body that broke for no file', async () => {
    await serve('127.0.0.2', inside.port, (response) => {
      response.writeHead(200, { 'content-length': '100' });
      response.write('half');
      setImmediate(() => response.destroy());
    });
    await expect(text(`http://127.0.0.2:${inside.port}/`)).rejects.toMatchObject({ reason: 'unreachable' });
  });
});
