import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { request } from 'node:http';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { WebSocket } from 'ws';
import { TestWindow } from '../support/window.ts';

/** What the test needs of a page's document; there are no types of a browser in this project. */
interface Page {
  createElement(name: string): { textContent: string };
  readonly head: { append(element: object): void };
}

let window: TestWindow;
beforeAll(async () => {
  window = await TestWindow.open();
});
afterAll(async () => await window.close());

/** The status of a request to the window's listener, by whatever headers. */
const statusOf = (path: string, headers: Record<string, string>): Promise<number> =>
  new Promise((resolve, reject) => {
    const { port } = new URL(window.server.origin);
    request({ host: '127.0.0.1', port, path, headers }, (response) => {
      response.resume();
      resolve(response.statusCode ?? 0);
    })
      .on('error', reject)
      .end();
  });

const host = (): string => new URL(window.server.origin).host;

test('the page has no Node, and reaches no origin but its own', async () => {
  const page = await window.page('/servers');
  const reached = await page.evaluate(
    async (api) => {
      const fetched = async (url: string): Promise<string> => {
        try {
          return `answered ${(await fetch(url)).status}`;
        } catch (error) {
          return (error as Error).name;
        }
      };
      // As an attacker's text would come to run: in a script element, and as a timer's text.
      const { document } = globalThis as unknown as { document: Page };
      const inline = document.createElement('script');
      inline.textContent = 'globalThis.injected = true';
      document.head.append(inline);
      (setTimeout as unknown as (text: string) => void)('globalThis.injected = true');
      await new Promise((resolve) => setTimeout(resolve, 50));
      const all = globalThis as unknown as Record<string, unknown>;
      return {
        node: ['process', 'require', 'module', 'Buffer', 'electron'].filter((name) => name in all),
        api: await fetched(`${api}/compute/v2.1/servers`),
        outside: await fetched('https://example.org/'),
        injected: 'injected' in all,
      };
    },
    (await window.instance.client.status()).endpoint,
  );
  expect(reached).toEqual({
    node: [],
    api: 'TypeError',
    outside: 'TypeError',
    injected: false,
  });
  await page.close();
});

test('no way to the helper but by the contract: not its credentials, nor a path out of a service', async () => {
  const page = await window.page('/servers');
  const origin = window.server.origin.replace('http', 'ws');
  const ask = (frame: object): Promise<string> =>
    page.evaluate(
      ({ url, text }) =>
        new Promise<string>((resolve) => {
          const socket = new globalThis.WebSocket(url);
          socket.addEventListener('open', () => socket.send(text));
          socket.addEventListener('message', ({ data }) => resolve(String(data)));
          socket.addEventListener('close', ({ code }) => resolve(`closed ${code}`));
        }),
      { url: `${origin}/shell`, text: JSON.stringify(frame) },
    );
  const call = (input: object): Promise<string> => ask({ type: 'call', id: 1, name: 'api', input });
  const api = { service: 'deskcloud', method: 'GET', path: '/credentials', projectId: null };
  expect(await call(api)).toContain('is not for pages');
  expect(await call({ ...api, path: '/%63redentials' })).not.toContain('password');
  expect(await call({ ...api, path: '/x/../credentials' })).not.toContain('password');
  expect(await call({ ...api, service: 'compute', path: '/../../identity/v3/users' })).toContain(
    'no path of',
  );
  expect(await call({ ...api, service: 'compute', path: '//example.org/' })).not.toContain('example.org');
  expect(await call({ ...api, path: 'status' })).toContain('"code":"input"');
  expect(await ask({ type: 'call', id: 1, name: 'constructor', input: {} })).toContain('"code":"input"');
  expect(await ask({ type: 'else' })).toBe('closed 1002');
  await page.close();
});

test("another user's program cannot use the one-time address up, though it may see it", async () => {
  const url = new URL(window.server.openingUrl('/'));
  const path = url.pathname + url.search;
  const nobody = spawn(
    '/usr/bin/python3',
    [
      '-c',
      `import http.client
c = http.client.HTTPConnection('127.0.0.1', ${url.port})
c.request('GET', '${path}', headers={'host': '${url.host}'})
print(c.getresponse().status)`,
    ],
    { uid: 65_534, gid: 65_534, cwd: '/', stdio: ['ignore', 'pipe', 'inherit'] },
  );
  let said = '';
  nobody.stdout.on('data', (text: Buffer) => (said += text.toString()));
  await once(nobody, 'close');
  expect(said.trim()).toBe('403');
  expect(await statusOf(path, { host: url.host })).toBe(303);
});

test('the listener knows one host name, its cookie, and its own origin (S51)', async () => {
  const { port } = new URL(window.server.origin);
  expect(await statusOf('/', { host: `127.0.0.1:${port}` })).toBe(421);
  expect(await statusOf('/', { host: 'attacker.example' })).toBe(421);
  expect(await statusOf('/', { host: host() })).toBe(401);
  expect(await statusOf('/', { host: host(), cookie: 'session=guess' })).toBe(401);

  const url = new URL(window.server.openingUrl('//attacker.example/'));
  const opened = await new Promise<{ status: number; location: string; cookie: string }>((resolve) => {
    request(
      { host: '127.0.0.1', port, path: url.pathname + url.search, headers: { host: host() } },
      (answer) =>
        resolve({
          status: answer.statusCode ?? 0,
          location: answer.headers.location ?? '',
          cookie: answer.headers['set-cookie']?.[0] ?? '',
        }),
    ).end();
  });
  expect(opened).toMatchObject({ status: 303, location: '/' });
  expect(opened.cookie).toMatch(/; HttpOnly; SameSite=Strict$/);
  const cookie = opened.cookie.split(';', 1)[0] ?? '';
  // Once only.
  expect(await statusOf(url.pathname + url.search, { host: host() })).toBe(401);
  expect(await statusOf('/', { host: host(), cookie })).toBe(200);
  expect(await statusOf('/../package.json', { host: host(), cookie })).toBe(404);
  expect(await statusOf('/%2e%2e/package.json', { host: host(), cookie })).toBe(404);

  const upgraded = (headers: Record<string, string>): Promise<number> =>
    new Promise((resolve) => {
      const socket = new WebSocket(`ws://127.0.0.1:${port}/shell`, { headers: { host: host(), ...headers } });
      socket.on('open', () => {
        socket.close();
        resolve(101);
      });
      socket.on('unexpected-response', (_request, answer) => resolve(answer.statusCode ?? 0));
      socket.on('error', () => undefined);
    });
  expect(await upgraded({ cookie, origin: window.server.origin })).toBe(101);
  expect(await upgraded({ cookie, origin: 'http://attacker.example' })).toBe(403);
  expect(await upgraded({ cookie })).toBe(403);
  expect(await upgraded({ origin: window.server.origin })).toBe(403);
});
