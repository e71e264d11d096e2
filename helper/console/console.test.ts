import { once } from 'node:events';
import { mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import type { Server } from 'node:http';
import { createServer, type AddressInfo, type Server as NetServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { WebSocket } from 'ws';
import { connectUnixSocket } from '../host/socket/linux.ts';
import { createHttpServer, silentLogger } from '../http/index.ts';
import { createConsoles, type Consoles } from './index.ts';
import { TOKEN_LIFETIME_MS } from './tokens.ts';

let directory: string;
let guest: NetServer;
let consoles: Consoles;
let server: Server;
let origin: string;
let now = 0;
const servers = new Set<string>();
const opened: string[] = [];

beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), 'deskcloud-console-'));
  servers.clear();
  servers.add('s1');
  // A guest that says RFB's first words and then returns what it hears.
  guest = createServer((socket) => {
    socket.write('RFB 003.008\n');
    socket.pipe(socket);
    socket.on('error', () => undefined);
  });
  guest.listen(join(directory, 's1-novnc'));
  await once(guest, 'listening');
  consoles = await createConsoles({
    now: () => now,
    logger: silentLogger,
    serverExists: (id) => servers.has(id),
    socketPath: (id, kind) => join(directory, `${id}-${kind}`),
    connect: connectUnixSocket,
    opened: (id, kind) => opened.push(`${id} ${kind}`),
  });
  server = createHttpServer({
    services: [],
    rawRoutes: consoles.rawRoutes,
    upgrades: consoles.upgrades,
    authenticate: () => undefined,
    origins: { hostNames: [], origins: [] },
    validateResponses: true,
    logger: silentLogger,
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});

afterEach(() => {
  consoles.close();
  server.close();
  server.closeAllConnections();
  guest.close();
  rmSync(directory, { recursive: true, force: true });
});

const novnc = (serverId = 's1'): URL => new URL(consoles.issue({ serverId, type: 'novnc', origin }));

/** Where the page of a noVNC URL connects to. */
const socketUrl = (page: URL): string =>
  `${origin.replace('http', 'ws')}/${page.searchParams.get('path') ?? ''}`;

/** The first bytes of a console, or the HTTP status of the refusal. */
function firstWords(url: string, headers: Record<string, string> = {}): Promise<string | number> {
  return new Promise((resolve) => {
    const socket = new WebSocket(url, 'binary', { headers });
    socket.on('message', (data: Buffer) => {
      resolve(data.toString());
      socket.close();
    });
    socket.on('unexpected-response', (_request, response) => {
      resolve(response.statusCode ?? 0);
      response.destroy();
    });
    socket.on('error', () => undefined);
  });
}

describe('a console', () => {
  test('is a page that loads noVNC from here and nothing from elsewhere', async () => {
    const page = await fetch(novnc());
    expect(page.status).toBe(200);
    expect(page.headers.get('content-security-policy')).toContain("default-src 'none'");
    expect(await page.text()).toContain('noVNC');
    for (const path of ['vnc.js', 'vnc.css', 'novnc/core/rfb.js', 'novnc/vendor/pako/lib/zlib/inflate.js']) {
      expect([path, (await fetch(`${origin}/console/${path}`)).status]).toEqual([path, 200]);
    }
    for (const path of [
      '../index.ts',
      '..%2findex.ts',
      'novnc/../../package.json',
      'novnc/package.json',
      '',
    ]) {
      expect([path, (await fetch(`${origin}/console/${path}`)).status]).toEqual([path, 404]);
    }
  });

  test('carries bytes both ways', async () => {
    const socket = new WebSocket(socketUrl(novnc()), 'binary');
    const heard: string[] = [];
    socket.on('message', (data: Buffer) => heard.push(data.toString()));
    await once(socket, 'open');
    socket.send(Buffer.from('hello'));
    await expect.poll(() => heard.join('')).toBe('RFB 003.008\nhello');
    socket.close();
    expect(opened).toEqual(['s1 novnc']);
  });

  test('opens once, in time, with its token only (S35)', async () => {
    const url = socketUrl(novnc());
    expect(await firstWords(url)).toBe('RFB 003.008\n');
    expect(await firstWords(url)).toBe(403);
    expect(await firstWords(`${socketUrl(novnc())}x`)).toBe(403);
    expect(await firstWords(socketUrl(novnc()).replace(/\?.*/, ''))).toBe(403);
    const late = socketUrl(novnc());
    now += TOKEN_LIFETIME_MS + 1;
    expect(await firstWords(late)).toBe(403);
  });

  test('is closed to pages of other origins (S35)', async () => {
    expect(await firstWords(socketUrl(novnc()), { origin: 'http://evil.example' })).toBe(403);
    expect(await firstWords(socketUrl(novnc()), { origin })).toBe('RFB 003.008\n');
  });

  test('ends with its server (S34)', async () => {
    const before = socketUrl(novnc());
    const socket = new WebSocket(socketUrl(novnc()), 'binary');
    await once(socket, 'open');
    consoles.revoke('s1');
    await once(socket, 'close');
    expect(await firstWords(before)).toBe(403);
    const gone = socketUrl(novnc());
    servers.delete('s1');
    expect(await firstWords(gone)).toBe(403);
  });

  test('whose socket is a link leads nowhere (S37)', async () => {
    servers.add('s2');
    symlinkSync(join(directory, 's1-novnc'), join(directory, 's2-novnc'));
    expect(await firstWords(socketUrl(novnc('s2')))).toBe(502);
  });

  test('of a guest that does not run says so', async () => {
    servers.add('s3');
    expect(await firstWords(socketUrl(novnc('s3')))).toBe(502);
  });

  test('of the serial line is a WebSocket address', () => {
    const url = consoles.issue({ serverId: 's1', type: 'serial', origin });
    expect(url).toMatch(/^ws:\/\/127\.0\.0\.1:\d+\/console\/websocket\?token=[\w-]{43}$/);
  });
});
