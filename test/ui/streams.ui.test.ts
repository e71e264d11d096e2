import { createHash, randomBytes } from 'node:crypto';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { WebSocket } from 'ws';
import {
  BYTES_AT_ONCE,
  decodeFrame,
  encodeFrame,
  type PageFrame,
  type ShellFrame,
} from '../../main/contract/frame.ts';
import type { ApiAnswer, ShellStreams, StreamName } from '../../main/contract/shell.ts';
import type { CallInput, CallName, CallOutput } from '../../main/contract/shell.ts';
import { TestWindow } from '../support/window.ts';

/** A page without a browser: the contract over the window's own listener. */
class Caller {
  readonly #socket: WebSocket;
  readonly #frames: ShellFrame[] = [];
  readonly #cookie: string;
  readonly #origin: string;
  #last = 0;

  private constructor(socket: WebSocket, origin: string, cookie: string) {
    this.#socket = socket;
    this.#origin = origin;
    this.#cookie = cookie;
    socket.on('message', (data: Buffer, isBinary) => {
      const message = isBinary ? new Uint8Array(data) : data.toString();
      this.#frames.push(decodeFrame(message) as ShellFrame);
    });
  }

  static async open(window: TestWindow): Promise<Caller> {
    const url = new URL(window.server.openingUrl());
    const { origin, host } = url;
    // Node's own look-up knows no names below localhost.
    const direct = (path: string): string => `http://127.0.0.1:${url.port}${path}`;
    const { request } = await import('node:http');
    const cookie = await new Promise<string>((resolve) => {
      request(direct(url.pathname + url.search), { headers: { host } }, (answer) =>
        resolve(answer.headers['set-cookie']?.[0]?.split(';', 1)[0] ?? ''),
      ).end();
    });
    const socket = new WebSocket(`ws://127.0.0.1:${url.port}/shell`, { headers: { host, origin, cookie } });
    await new Promise((resolve) => socket.once('open', resolve));
    return new Caller(socket, origin, cookie);
  }

  async call<K extends CallName>(name: K, input: CallInput<K>): Promise<CallOutput<K>> {
    const id = this.#say({ type: 'call', id: (this.#last += 1), name, input });
    const frame = await this.next(id, ['result', 'failure']);
    if (frame.type === 'failure') throw new Error(frame.failure.message);
    return (frame as { value: unknown }).value as CallOutput<K>;
  }

  open<K extends StreamName>(name: K, input: ShellStreams[K]['input']): number {
    return this.#say({ type: 'open', id: (this.#last += 1), name, input });
  }

  send(frame: PageFrame): void {
    this.#say(frame);
  }

  async next(id: number, types: readonly ShellFrame['type'][]): Promise<ShellFrame> {
    return await vi.waitFor(
      () => {
        const at = this.#frames.findIndex((frame) => frame.id === id && types.includes(frame.type));
        if (at === -1) throw new Error(`none of ${types.join(', ')} for ${id}`);
        return this.#frames.splice(at, 1)[0] as ShellFrame;
      },
      { timeout: 40_000 },
    );
  }

  /** All text that a stream has sent so far. */
  text(id: number): string {
    return this.#frames
      .filter((frame) => frame.type === 'bytes' && frame.id === id)
      .map((frame) => new TextDecoder().decode((frame as { bytes: Uint8Array }).bytes))
      .join('');
  }

  /** Fetches a path of the window's own origin, as a link in the page does. */
  async fetch(path: string): Promise<{ status: number; body: Buffer }> {
    const { request } = await import('node:http');
    const { host, port } = new URL(this.#origin);
    return await new Promise((resolve) => {
      request(`http://127.0.0.1:${port}${path}`, { headers: { host, cookie: this.#cookie } }, (answer) => {
        const pieces: Buffer[] = [];
        answer.on('data', (piece: Buffer) => pieces.push(piece));
        answer.on('end', () => resolve({ status: answer.statusCode ?? 0, body: Buffer.concat(pieces) }));
      }).end();
    });
  }

  close(): void {
    this.#socket.close();
  }

  #say(frame: PageFrame): number {
    this.#socket.send(encodeFrame(frame));
    return frame.id;
  }
}

let window: TestWindow;
let page: Caller;
let projectId: string;
beforeAll(async () => {
  window = await TestWindow.open();
  page = await Caller.open(window);
  projectId = (await page.call('projects', {}))[0]?.id ?? '';
});
afterAll(async () => {
  page.close();
  await window.close();
});

test('an image goes up in pieces and comes down by its one-time path', async () => {
  const api = (method: 'POST' | 'GET', path: string, body?: unknown): Promise<ApiAnswer> =>
    page.call('api', { service: 'image', method, path, projectId, ...(body === undefined ? {} : { body }) });
  const made = await api('POST', '/images', { name: 'up', disk_format: 'raw', container_format: 'bare' });
  const { id: imageId } = made.body as { id: string };
  const content = randomBytes(3 * 2 ** 20);

  const id = page.open('imageUpload', { projectId, imageId, size: content.length });
  let room = 2 ** 20;
  for (let at = 0; at < content.length;) {
    while (room === 0) room += ((await page.next(id, ['credit'])) as { count: number }).count;
    const bytes = content.subarray(at, at + Math.min(room, BYTES_AT_ONCE));
    page.send({ type: 'bytes', id, bytes });
    room -= bytes.length;
    at += bytes.length;
  }
  page.send({ type: 'end', id });
  expect((await page.next(id, ['end', 'failure'])).type).toBe('end');
  expect((await api('GET', `/images/${imageId}`)).body).toMatchObject({
    status: 'active',
    size: content.length,
    os_hash_value: createHash('sha512').update(content).digest('hex'),
  });

  const { path } = await page.call('imageDownload', { projectId, imageId, name: 'up.raw' });
  const { status, body } = await page.fetch(path);
  expect(status).toBe(200);
  expect(body.equals(content)).toBe(true);
  expect((await page.fetch(path)).status).toBe(404);
});

test("a terminal is the person's shell, with the cloud's variables", async () => {
  const id = page.open('terminal', { projectId, cols: 100, rows: 30, run: { kind: 'shell' } });
  const type = (text: string): void =>
    page.send({ type: 'bytes', id, bytes: new TextEncoder().encode(`${text}\n`) });
  type('echo "<$OS_PROJECT_ID> <$OS_USERNAME> <$(stty size)>"');
  await vi.waitFor(() => expect(page.text(id)).toContain(`<${projectId}> <admin> <30 100>`), {
    timeout: 30_000,
  });
  page.send({ type: 'message', id, value: { cols: 80, rows: 24 } });
  type('echo "<$(stty size)>"');
  await vi.waitFor(() => expect(page.text(id)).toContain('<24 80>'), { timeout: 30_000 });
  type('exit 3');
  expect(await page.next(id, ['message'])).toMatchObject({ value: { exit: 3 } });
  await page.next(id, ['end']);
});

test("a console of what is not there fails in compute's words", async () => {
  const id = page.open('console', { projectId, serverId: 'none', kind: 'serial' });
  const frame = await page.next(id, ['failure']);
  expect((frame as { failure: { message: string } }).failure.message).toContain('none could not be found');
});

test('a token that was revoked is taken anew; preferences stay', async () => {
  const list = (): Promise<ApiAnswer> =>
    page.call('api', { service: 'compute', method: 'GET', path: '/servers', projectId });
  expect((await list()).status).toBe(200);
  await window.instance.kill();
  await window.instance.start();
  await vi.waitFor(async () => expect((await list()).status).toBe(200), { timeout: 40_000, interval: 300 });
  await page.call('setPreferences', { theme: 'dark', 'table.servers.hidden': ['image'] });
  expect(await page.call('preferences', {})).toEqual({ theme: 'dark', 'table.servers.hidden': ['image'] });
});
