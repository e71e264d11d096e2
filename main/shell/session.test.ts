import { expect, test, vi } from 'vitest';
import { BYTE_WINDOW, type PageFrame, type ShellFrame } from '../contract/frame.ts';
import { HelperError } from '../helper-client.ts';
import { serveSession, type CallHandlers, type Carrier, type StreamHandlers } from './session.ts';

/** A page that is a test: it sends frames and sees what comes back. */
class TestPage implements Carrier {
  readonly received: ShellFrame[] = [];
  closed = false;
  #take: (frame: unknown) => void = () => undefined;
  #close: () => void = () => undefined;

  send(frame: ShellFrame): void {
    this.received.push(frame);
  }
  waiting(): number {
    return 0;
  }
  onFrame(listener: (frame: unknown) => void): void {
    this.#take = listener;
  }
  onClose(listener: () => void): void {
    this.#close = listener;
  }
  close(): void {
    this.closed = true;
  }

  say(frame: PageFrame): void {
    this.#take(frame);
  }
  sayAnything(frame: unknown): void {
    this.#take(frame);
  }
  leave(): void {
    this.#close();
  }
  /** Waits for a frame of this type. */
  async next<T extends ShellFrame['type']>(type: T): Promise<Extract<ShellFrame, { type: T }>> {
    return await vi.waitFor(() => {
      const at = this.received.findIndex((frame) => frame.type === type);
      if (at === -1) throw new Error(`no ${type} in ${JSON.stringify(this.received)}`);
      return this.received.splice(at, 1)[0] as Extract<ShellFrame, { type: T }>;
    });
  }
}

function serve(calls: Partial<CallHandlers>, streams: Partial<StreamHandlers> = {}): TestPage {
  const page = new TestPage();
  serveSession(page, { calls: calls as CallHandlers, streams: streams as StreamHandlers });
  return page;
}

test('a call is answered; what fails says why', async () => {
  const page = serve({
    preferences: () => ({ theme: 'dark' }),
    projects: () => Promise.reject(new HelperError(0, 'Deskcloud is not running')),
    helperLog: () => {
      throw new Error('no');
    },
  });
  page.say({ type: 'call', id: 1, name: 'preferences', input: {} });
  expect(await page.next('result')).toEqual({ type: 'result', id: 1, value: { theme: 'dark' } });
  page.say({ type: 'call', id: 2, name: 'projects', input: {} });
  expect((await page.next('failure')).failure).toEqual({
    code: 'helper',
    message: 'Deskcloud is not running',
  });
  page.say({ type: 'call', id: 3, name: 'helperLog', input: { lines: 5 } });
  expect((await page.next('failure')).failure).toEqual({ code: 'failed', message: 'no' });
});

test.each([
  { name: 'api', input: { service: 'compute', method: 'GET', path: 'servers', projectId: null } },
  { name: 'api', input: { service: 'compute', method: 'TRACE', path: '/servers', projectId: null } },
  { name: 'api', input: { service: 'else', method: 'GET', path: '/servers', projectId: null } },
  { name: 'api', input: { service: 'compute', method: 'GET', path: '/a b', projectId: null } },
  { name: 'api', input: { service: 'compute', method: 'GET', path: '/a#b', projectId: null } },
  { name: 'api', input: { service: 'compute', method: 'GET', path: '/a', projectId: null, more: 1 } },
  { name: 'openExternal', input: { url: 'file:///etc/passwd' } },
  { name: 'openExternal', input: { url: 'https://user@host/' } },
  { name: 'imageDownload', input: { projectId: 'a', imageId: '../a', name: '' } },
  { name: 'toString', input: {} },
  { name: '__proto__', input: {} },
])('$name is not called with what the contract does not know: $input', async ({ name, input }) => {
  const called = vi.fn<() => never>();
  const page = serve({ api: called, openExternal: called, imageDownload: called });
  page.sayAnything({ type: 'call', id: 1, name, input });
  expect((await page.next('failure')).failure.code).toBe('input');
  expect(called).not.toHaveBeenCalled();
});

test.each([
  'text',
  null,
  { type: 'call', id: 'a', name: 'info', input: {} },
  { type: 'bytes', id: 1, bytes: [1, 2] },
  { type: 'message', id: 1, value: 1, more: 2 },
])('a page that does not speak in frames is sent away: %j', (frame) => {
  const page = serve({});
  page.sayAnything(frame);
  expect(page.closed).toBe(true);
});

test('bytes to a slow page wait for its credit', async () => {
  const size = BYTE_WINDOW + 1000;
  const page = serve(
    {},
    { console: async (_input, stream) => await stream.write(new Uint8Array(size).fill(7)) },
  );
  page.say({ type: 'open', id: 4, name: 'console', input: { projectId: 'p', serverId: 's', kind: 'vnc' } });
  const total = (): number =>
    page.received.reduce((sum, frame) => (frame.type === 'bytes' ? sum + frame.bytes.length : sum), 0);
  await vi.waitFor(() => expect(total()).toBe(BYTE_WINDOW));
  expect(page.received.some((frame) => frame.type === 'end')).toBe(false);
  page.say({ type: 'credit', id: 4, count: 1000 });
  await vi.waitFor(() => expect(total()).toBe(size));
  await page.next('end');
});

test("a page's bytes are taken one after the other; more than it may send ends it", async () => {
  const taken: number[] = [];
  let release: () => void = () => undefined;
  const page = serve(
    {},
    {
      imageUpload: async (_input, stream) => {
        for await (const piece of stream.bytes) {
          taken.push(piece.length);
          await new Promise<void>((resolve) => {
            release = resolve;
          });
        }
      },
    },
  );
  page.say({ type: 'open', id: 1, name: 'imageUpload', input: { projectId: 'p', imageId: 'i', size: 30 } });
  page.say({ type: 'bytes', id: 1, bytes: new Uint8Array(10) });
  page.say({ type: 'bytes', id: 1, bytes: new Uint8Array(20) });
  page.say({ type: 'end', id: 1 });
  expect((await page.next('credit')).count).toBe(10);
  release();
  expect((await page.next('credit')).count).toBe(20);
  release();
  await page.next('end');
  expect(taken).toEqual([10, 20]);

  page.say({ type: 'open', id: 2, name: 'imageUpload', input: { projectId: 'p', imageId: 'i', size: 1 } });
  page.say({ type: 'bytes', id: 2, bytes: new Uint8Array(BYTE_WINDOW) });
  page.say({ type: 'bytes', id: 2, bytes: new Uint8Array(BYTE_WINDOW) });
  expect(page.closed).toBe(true);
});

test('what a page opened ends with it, and with its word', async () => {
  const signals: AbortSignal[] = [];
  const wait = (signal: AbortSignal): Promise<void> =>
    new Promise((resolve) => {
      signals.push(signal);
      signal.addEventListener('abort', () => resolve());
    });
  const page = serve(
    { projects: async (_input, signal) => (await wait(signal), []) },
    { events: async (_input, stream) => await wait(stream.signal) },
  );
  page.say({ type: 'open', id: 1, name: 'events', input: {} });
  page.say({ type: 'open', id: 2, name: 'events', input: {} });
  page.say({ type: 'call', id: 3, name: 'projects', input: {} });
  page.say({ type: 'cancel', id: 1 });
  expect(signals.map((signal) => signal.aborted)).toEqual([true, false, false]);
  page.leave();
  expect(signals.map((signal) => signal.aborted)).toEqual([true, true, true]);
});
