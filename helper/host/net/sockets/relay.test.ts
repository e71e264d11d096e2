import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { connect, createServer, type AddressInfo, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { HostResolvers, relayTcp, relayUdp } from './relay.ts';

const QUESTION = Buffer.from('beef01000001000000000000', 'hex');

async function bound(): Promise<Socket> {
  const socket = createSocket('udp4');
  socket.bind(0, '127.0.0.1');
  await once(socket, 'listening');
  return socket;
}

async function listening(): Promise<Server> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  return server;
}

describe('the DNS relay', () => {
  let resolver: Socket;
  let inner: Socket;
  let client: Socket;
  let end: () => void;

  beforeEach(async () => {
    [resolver, inner, client] = await Promise.all([bound(), bound(), bound()]);
    end = relayUdp(inner, { resolvers: { list: () => ['127.0.0.1'] }, port: resolver.address().port });
  });
  afterEach(() => {
    end();
    resolver.close();
    client.close();
  });

  it('passes questions and answers, and an answer to another question never', async () => {
    resolver.on('message', (question: Buffer, from) => {
      const wrong = Buffer.from(question);
      wrong.writeUInt16BE(0x1234, 0);
      resolver.send(wrong, from.port, from.address);
      resolver.send(Buffer.concat([question, Buffer.from('!')]), from.port, from.address);
    });
    client.send(QUESTION, inner.address().port, '127.0.0.1');
    const [answer] = (await once(client, 'message')) as [Buffer];
    expect(answer.toString('hex')).toBe(`${QUESTION.toString('hex')}21`);
  });

  it('asks no more than 256 questions at once', async () => {
    let asked = 0;
    const enough = new Promise<void>((resolve) => {
      resolver.on('message', () => {
        asked += 1;
        if (asked === 256) resolve();
      });
    });
    for (let count = 0; count < 300; count += 1) client.send(QUESTION, inner.address().port, '127.0.0.1');
    await enough;
    expect(asked).toBe(256);
  });

  it('passes TCP too', async () => {
    const [upstream, server] = await Promise.all([listening(), listening()]);
    upstream.on('connection', (socket) => socket.pipe(socket));
    const port = (upstream.address() as AddressInfo).port;
    const endTcp = relayTcp(server, { resolvers: { list: () => ['127.0.0.1'] }, port });
    const socket = connect((server.address() as AddressInfo).port, '127.0.0.1');
    socket.write('question');
    const [data] = (await once(socket, 'data')) as [Buffer];
    expect(data.toString()).toBe('question');
    endTcp();
    upstream.close();
    await once(socket, 'close');
  });
});

describe("the host's resolvers", () => {
  it('are read again when the file changes, and none without a file', () => {
    const directory = mkdtempSync(join(tmpdir(), 'net-resolv-'));
    const path = join(directory, 'resolv.conf');
    const resolvers = new HostResolvers(path);
    expect(resolvers.list()).toEqual([]);
    writeFileSync(
      path,
      '# by hand\nnameserver 192.0.2.1\nnameserver not-an-address\nsearch x\nnameserver ::1\n',
    );
    expect(resolvers.list()).toEqual(['192.0.2.1', '::1']);
    writeFileSync(path, 'nameserver 192.0.2.2\n');
    utimesSync(path, 1, 1);
    expect(resolvers.list()).toEqual(['192.0.2.2']);
    rmSync(directory, { recursive: true });
  });
});
