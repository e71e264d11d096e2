import { existsSync } from 'node:fs';
import { stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import { simulatedGuest } from '../main/demo/simulated-guest.ts';
import { ensureTinyGuest } from '../resources/guest/build.ts';
import { Browser, CHROMIUM } from './support/browser.ts';
import { GuestCloud, type ServerBody } from './support/guest-cloud.ts';
import { NOTHING, TestInstance } from './support/instance.ts';
import { complaints } from './support/person.ts';
import { readScreen, SocketBytes } from './support/rfb.ts';

/** In the page: how many colours its canvas has. */
const COLOURS = `(() => {
  const canvas = document.querySelector('canvas');
  if (canvas === null) return 0;
  const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
  return new Set(new Uint32Array(data.buffer)).size;
})()`;
/** A shell's prompt, after which it may ask the terminal where its cursor is. */
const PROMPT = new RegExp('[$#] [^a-z]*');
/** Markup, quotes and a script: nothing of it may take effect anywhere. */
const HOSTILE = `<a onmouseover="x">&'</domain>`;

/** Where the page of a noVNC URL connects to. */
const socketOf = (page: string): string => {
  const url = new URL(page);
  return `${url.origin.replace('http', 'ws')}/${url.searchParams.get('path') ?? ''}`;
};

describe('consoles of a real guest', () => {
  const instance = new TestInstance('consoles');
  let cloud: GuestCloud;
  let server: ServerBody;

  beforeAll(async () => {
    await instance.start();
    cloud = await GuestCloud.make(instance, await ensureTinyGuest(), { vcpus: 1, ram: 128, disk: 1 });
    server = await cloud.boot(HOSTILE, { key_name: undefined });
    expect((await cloud.built(server.id)).status).toBe('ACTIVE');
    await vi.waitFor(
      async () => expect(await cloud.consoleLog(server.id)).toContain('deskcloud-guest: boot complete'),
      { timeout: 120_000, interval: 1000 },
    );
  });
  afterEach(({ task }) => {
    if (task.result?.state === 'fail') process.stderr.write(`${complaints(instance)}\n`);
  });
  afterAll(async () => {
    expect(await instance.remove()).toEqual(NOTHING);
  });

  test('the log has what the guest said, at most as long as asked', async () => {
    const log = await cloud.consoleLog(server.id);
    for (const marker of ['start ', 'root grown to ', 'dhcp ', 'metadata service ', 'ssh ready'])
      expect(log).toContain(`deskcloud-guest: ${marker}`);
    const three = await cloud.consoleLog(server.id, 3);
    expect(three.split('\n')).toHaveLength(3);
    expect(log.replace(/\n$/, '').endsWith(three)).toBe(true);
    expect(await cloud.consoleLog(server.id, 0)).toBe('');
    // Control characters other than tabs and line ends would reach a terminal (S36).
    expect(log).not.toMatch(/[^\P{Cc}\t\n\r]/u);
  });

  test('noVNC is a page whose WebSocket speaks RFB and shows the guest’s screen', async () => {
    const url = await cloud.consoleUrl(server.id, 'novnc');
    const page = await fetch(url);
    expect(page.status).toBe(200);
    expect(page.headers.get('content-type')).toContain('text/html');
    expect(await page.text()).not.toContain(HOSTILE);

    const socket = await SocketBytes.open(socketOf(url));
    const screen = await readScreen(socket);
    expect(screen.version).toMatch(/^RFB 003\.00[38]\n$/);
    expect(screen.securityTypes).toContain(1);
    expect(screen.width * screen.height).toBeGreaterThanOrEqual(640 * 400);
    // Text on a background: two colours at least, of which the second most frequent is no stray cursor.
    const counts = [...screen.colours.values()].sort((a, b) => b - a);
    expect(counts.length).toBeGreaterThanOrEqual(2);
    expect(counts[1]).toBeGreaterThan(500);
    socket.socket.close();
    await expect(SocketBytes.open(socketOf(url))).rejects.toThrow('refused: 403');
  });

  test('a page of another origin, and one without a token, get nothing (S35)', async () => {
    const url = socketOf(await cloud.consoleUrl(server.id, 'novnc'));
    await expect(SocketBytes.open(url, { origin: 'http://evil.example' })).rejects.toThrow('refused: 403');
    await expect(SocketBytes.open(url.replace(/token=.*/, 'token=x'))).rejects.toThrow('refused: 403');
  });

  test('a person logs in on the serial console and works there', async () => {
    const socket = await SocketBytes.open(await cloud.consoleUrl(server.id, 'serial'));
    socket.send('\r');
    await socket.until(/login: *$/);
    socket.send('deskcloud\r');
    await socket.until(/[Pp]assword: *$/);
    socket.send('deskcloud\r');
    await socket.until(PROMPT);
    socket.send('echo $((40+2))\r');
    expect(await socket.until(/\n42\r?\n/)).toContain('42');
    socket.send('exit\r');
    socket.socket.close();
  });

  test('the guest’s sockets and disk are closed to other users (S42)', async () => {
    const sockets = await stat(join(instance.directory, 'run', 'instances', server.id));
    expect(sockets.mode & 0o007).toBe(0);
    const disk = await stat(join(instance.directory, 'state', 'instances', server.id, 'disk'));
    expect(disk.mode & 0o077).toBe(0);
  });

  // Chromium is no package that Deskcloud needs; without it this one is skipped.
  test.skipIf(!existsSync(CHROMIUM))('a browser shows the screen', async () => {
    const browser = await Browser.open(instance.directory, await cloud.consoleUrl(server.id, 'novnc'));
    try {
      await expect.poll(() => browser.evaluate(COLOURS), { timeout: 60_000 }).toBeGreaterThan(1);
      expect(await browser.evaluate(`document.getElementById('status').textContent`)).toBe('Connected');
      // For a person who wants to see it.
      const keep = process.env['DESKCLOUD_TEST_KEEP'];
      if (keep !== undefined) await writeFile(join(keep, 'novnc.png'), await browser.screenshot());
    } finally {
      await browser.close();
    }
  });

  test('end with their server (S34)', async () => {
    const unused = socketOf(await cloud.consoleUrl(server.id, 'novnc'));
    const open = await SocketBytes.open(socketOf(await cloud.consoleUrl(server.id, 'novnc')));
    await open.take(12);
    const closed = new Promise((resolve) => open.socket.once('close', resolve));
    await cloud.delete(server.id);
    await closed;
    await expect(SocketBytes.open(unused)).rejects.toThrow('refused: 403');
    await expect(cloud.consoleUrl(server.id, 'novnc')).rejects.toMatchObject({ status: 404 });
  });
});

describe('consoles of a simulated host', () => {
  const instance = new TestInstance('consoles-sim', 'simulated');
  let cloud: GuestCloud;

  beforeAll(async () => {
    await instance.start();
    cloud = await GuestCloud.make(instance, await simulatedGuest(instance.directory), {
      vcpus: 1,
      ram: 64,
      disk: 1,
    });
  });
  afterAll(async () => {
    expect(await instance.remove()).toEqual(NOTHING);
  });

  test('say that nothing is real', async () => {
    const { id } = await cloud.boot('nobody');
    expect((await cloud.built(id)).status).toBe('ACTIVE');
    expect(await cloud.consoleLog(id)).toContain('simulated');
    const screen = await readScreen(await SocketBytes.open(socketOf(await cloud.consoleUrl(id, 'novnc'))));
    expect(screen.name).toBe('nobody (simulated)');
    // The word SIMULATED on a plain ground.
    expect(screen.colours.size).toBe(2);
    const serial = await SocketBytes.open(await cloud.consoleUrl(id, 'serial'));
    expect(await serial.until(/\$ $/)).toContain('nobody: this server is simulated');
    serial.send('hello\r');
    expect(await serial.until(/hello\r\n.*\$ $/)).toContain('(simulated) $');
    serial.socket.close();
  });
});
