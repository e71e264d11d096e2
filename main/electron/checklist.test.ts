/**
 * Electron's security checklist (electronjs.org/docs/latest/tutorial/security), point by point, and the rest of what
 * main/electron does, over a fake Electron: the real one cannot be downloaded everywhere.
 */
import { mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { parse } from 'yaml';
import type { HelperState, ShellEvent } from '../contract/shell.ts';
import * as fake from './test-support/fake-electron.ts';

const { carriers, keeper } = vi.hoisted(() => ({
  carriers: [] as { onFrame: (listener: (frame: unknown) => void) => void; taken: unknown[] }[],
  keeper: {
    state: { state: 'running', status: { servers: 2 } } as HelperState,
    hear: [] as ((event: ShellEvent) => void)[],
    stopped: [] as string[],
  },
}));
const navigated = vi.hoisted(() => [] as string[]);

vi.mock('electron', async () => await import('./test-support/fake-electron.ts'));
vi.mock('../shell/index.ts', () => ({
  DOWNLOAD_PREFIX: '/download/',
  Shell: class {
    readonly keeper = {
      get state() {
        return keeper.state;
      },
      on: (listener: (event: ShellEvent) => void) => keeper.hear.push(listener),
      stop: (guests: string) => Promise.resolve(keeper.stopped.push(guests)),
      start: vi.fn<() => void>(),
    };
    preferences = () => Promise.resolve({ language: 'en' });
    navigate = (route: string) => navigated.push(route);
    close = () => undefined;
    serve = (carrier: (typeof carriers)[0]) => {
      const taken: unknown[] = [];
      carrier.onFrame((frame) => taken.push(frame));
      carriers.push({ ...carrier, taken });
    };
  },
}));

const ROOT = join(import.meta.dirname, '..', '..');
const text = (name: string): string => readFileSync(join(ROOT, name), 'utf8');
const sources = readdirSync(import.meta.dirname)
  .filter((name) => name.endsWith('.ts') && !name.endsWith('.test.ts'))
  .map((name) => text(`main/electron/${name}`))
  .join('\n');
const directory = mkdtempSync(join(tmpdir(), 'deskcloud-electron-'));
const OURS = 'deskcloud-window://window';
const ELSEWHERE = [
  'https://example.org/',
  'file:///etc/passwd',
  'deskcloud-window://window.evil/',
  'about:blank',
];
const window = (): fake.FakeWindow => fake.FakeWindow.opened.at(-1) as fake.FakeWindow;
const preferences = (): Record<string, unknown> => window().options.webPreferences;
const handler = (name: string): ((...values: unknown[]) => unknown) =>
  fake.handlers.get(name) as unknown as (...values: unknown[]) => unknown;

beforeAll(async () => {
  process.argv = ['electron', 'main.mjs', '--directory', directory, 'deskcloud://server/a1'];
  fake.paths.set('userData', directory);
  // Electron is ready only once its main module has been evaluated: a module that waits for it hangs here.
  await import('./main.ts');
  expect(fake.FakeWindow.opened).toHaveLength(0);
  fake.ready.resolve();
  await vi.waitFor(() => expect(fake.FakeWindow.opened).toHaveLength(1));
});
afterAll(() => rmSync(directory, { recursive: true, force: true }));

describe('the security checklist', () => {
  test('1 only secure content: a page of its own scheme, nothing over http', () => {
    expect(window().loaded).toEqual([`${OURS}/servers/a1`]);
    expect(sources).not.toMatch(/loadFile|http:/);
  });

  test('2 3 4 no Node in pages, isolated contexts, the sandbox', () => {
    expect(preferences()).toMatchObject({ nodeIntegration: false, contextIsolation: true, sandbox: true });
    expect(preferences()).not.toHaveProperty('nodeIntegrationInWorker');
    expect(preferences()).not.toHaveProperty('nodeIntegrationInSubFrames');
    expect(fake.early).toContain('enableSandbox');
    expect(sources).not.toMatch(/no-sandbox|appendSwitch/);
  });

  test('5 permissions: our page, from a list', () => {
    const asked = (url: string, permission: string): boolean => {
      let answer = false;
      handler('setPermissionRequestHandler')({ getURL: () => url }, permission, (given: boolean) => {
        answer = given;
      });
      return answer;
    };
    expect(asked(`${OURS}/servers`, 'fullscreen')).toBe(true);
    for (const permission of ['media', 'geolocation', 'notifications', 'usb', 'openExternal', 'midi'])
      expect(asked(`${OURS}/`, permission)).toBe(false);
    for (const url of ELSEWHERE) expect(asked(url, 'fullscreen')).toBe(false);
    expect(handler('setPermissionCheckHandler')(null, 'clipboard-read', OURS)).toBe(true);
    expect(handler('setPermissionCheckHandler')(null, 'clipboard-read', 'https://example.org')).toBe(false);
    expect(handler('setDevicePermissionHandler')({})).toBe(false);
  });

  test('6 8 9 10 web security on; no insecure content, experiments or Blink features', () => {
    expect(preferences()).toMatchObject({
      webSecurity: true,
      allowRunningInsecureContent: false,
      experimentalFeatures: false,
    });
    expect(preferences()).not.toHaveProperty('enableBlinkFeatures');
  });

  test('7 a content security policy comes with everything, and lets in only our own scripts', async () => {
    const answer = (url: string): Promise<Response> =>
      handler('protocol.handle')(new Request(url)) as Promise<Response>;
    for (const url of [`${OURS}/assets/none.js`, `${OURS}/assets/%2e%2e/x.js`, 'deskcloud-window://other/'])
      expect((await answer(url)).status).toBeGreaterThanOrEqual(400);
    for (const url of [`${OURS}/assets/none.js`, `${OURS}/servers`, 'deskcloud-window://other/']) {
      const { headers } = await answer(url);
      expect(headers.get('content-security-policy')).toMatch(/^default-src 'none'; script-src 'self';/);
    }
  });

  test('11 12 no webviews', () => {
    expect(preferences()).toMatchObject({ webviewTag: false });
    const event = { preventDefault: vi.fn<() => void>() };
    window().webContents.emit('will-attach-webview', event);
    expect(event.preventDefault).toHaveBeenCalled();
  });

  test.each(ELSEWHERE)('13 the window never goes to %s', (url) => {
    for (const name of ['will-navigate', 'will-redirect']) {
      const event = { url, preventDefault: vi.fn<() => void>() };
      window().webContents.emit(name, event);
      expect(event.preventDefault).toHaveBeenCalled();
    }
    let cancelled: boolean | undefined;
    handler('onBeforeRequest')({ url }, ({ cancel }: { cancel: boolean }) => (cancelled = cancel));
    expect(cancelled).toBe(true);
    expect(preferences()).toMatchObject({ navigateOnDragDrop: false });
  });

  test('14 15 no new windows; only https goes to the browser of the person', () => {
    for (const url of [...ELSEWHERE, 'smb://host/x', 'javascript:alert(1)'])
      expect(window().webContents.openHandler?.({ url })).toEqual({ action: 'deny' });
    expect(fake.shell.openExternal.mock.calls).toEqual([['https://example.org/']]);
    expect(sources.match(/openExternal\(/g)).toHaveLength(1);
  });

  test('16 a current Electron: at least that whose Node is the one pinned here', () => {
    const { devDependencies } = JSON.parse(text('package.json')) as {
      devDependencies: Record<string, string>;
    };
    expect(Number(/\d+/.exec(devDependencies['electron'] ?? '')?.[0])).toBeGreaterThanOrEqual(45);
    expect(devDependencies['electron']).toContain(
      (parse(text('electron-builder.yml')) as { electronVersion: string }).electronVersion,
    );
  });

  test('17 frames are taken of our page itself alone', () => {
    const { webContents } = window();
    const send = (sender: unknown, senderFrame: unknown): boolean =>
      fake.ipcMain.emit('frame', { sender, senderFrame }, { type: 'x' });
    send(webContents, { url: `${OURS}/servers`, parent: null });
    expect(carriers.at(-1)?.taken).toHaveLength(1);
    send(webContents, { url: 'https://example.org/', parent: null });
    send(webContents, { url: `${OURS}/`, parent: {} });
    send(webContents, null);
    send(new fake.FakeContents(), { url: `${OURS}/servers`, parent: null });
    expect(carriers.at(-1)?.taken).toHaveLength(1);
    expect(sources).not.toMatch(/ipcMain\.handle|sendSync|\bremote\b/);
  });

  test('18 no file:// scheme: ours is declared before the app is ready', () => {
    expect(fake.early).toContain('scheme deskcloud-window standard secure supportFetchAPI');
    expect(sources).not.toMatch(/['"`]file:/);
  });

  test('19 fuses', () => {
    expect((parse(text('electron-builder.yml')) as { electronFuses: object }).electronFuses).toEqual({
      runAsNode: false,
      enableCookieEncryption: true,
      enableNodeOptionsEnvironmentVariable: false,
      enableNodeCliInspectArguments: false,
      enableEmbeddedAsarIntegrityValidation: true,
      onlyLoadAppFromAsar: true,
      grantFileProtocolExtraPrivileges: false,
    });
  });

  test('20 the page is given no API of Electron: a preload of one object with two functions', () => {
    const preload = text('main/electron/preload.ts');
    expect(preload.match(/exposeInMainWorld\(/g)).toHaveLength(1);
    expect(preload).toContain("import { contextBridge, ipcRenderer } from 'electron'");
    expect(preload).not.toMatch(/(send|listen): ipcRenderer/);
  });
});

describe('the desktop program', () => {
  test('a second start brings the window forward, at the page of its link', () => {
    fake.app.emit('second-instance', {}, ['deskcloud', 'deskcloud://operation/b2']);
    expect(window().focus).toHaveBeenCalled();
    expect(navigated).toContain('/operations/b2');
    expect(fake.FakeWindow.opened).toHaveLength(1);
    expect(fake.early).toContain('protocol client deskcloud');
  });

  test("the window's place is kept", () => {
    window().emit('close');
    expect(JSON.parse(readFileSync(join(directory, 'user/electron/window-state.json'), 'utf8'))).toEqual({
      bounds: { x: 10, y: 20, width: 900, height: 700 },
      maximized: true,
    });
    window().emit('closed');
    fake.app.emit('second-instance', {}, []);
    expect(fake.FakeWindow.opened).toHaveLength(2);
    expect(window().options).toMatchObject({ x: 10, y: 20, width: 900, height: 700 });
    expect(window().maximize).toHaveBeenCalled();
  });

  test('work that has ended is told to a person who looks elsewhere; a click leads to it', async () => {
    const notice = {
      type: 'notice',
      outcome: 'failed',
      title: 'Create server x',
      reason: 'no host',
      route: '/operations/c3',
    } as const;
    window().focused = true;
    for (const hear of keeper.hear) hear(notice);
    await Promise.resolve();
    expect(fake.FakeNotification.shown).toHaveLength(0);
    window().focused = false;
    for (const hear of keeper.hear) hear(notice);
    await vi.waitFor(() => expect(fake.FakeNotification.shown).toHaveLength(1));
    expect(fake.FakeNotification.shown[0]?.options).toEqual({
      title: 'Deskcloud: Failed',
      body: 'Create server x: no host',
    });
    fake.FakeNotification.shown[0]?.emit('click');
    expect(navigated).toContain('/operations/c3');
  });

  test('the tray says how the cloud is', () => {
    const [tray] = fake.FakeTray.all;
    expect(tray?.toolTip).toBe('Deskcloud: The cloud runs · 2 servers');
    keeper.state = { state: 'stopped' };
    for (const hear of keeper.hear) hear({ type: 'helper', state: 'stopped' });
    expect(tray?.toolTip).toBe('Deskcloud: The cloud does not run');
    expect(tray?.menu.map(({ label }) => label)).toContain('Start the cloud');
    keeper.state = { state: 'running', status: { servers: 2 } as never };
  });

  test('the end says that the cloud goes on, and can shut it down', async () => {
    const quit = async (response: number): Promise<boolean> => {
      const event = { preventDefault: vi.fn<() => void>() };
      fake.dialog.showMessageBox.mockResolvedValueOnce({ response });
      fake.app.emit('before-quit', event);
      expect(event.preventDefault).toHaveBeenCalled();
      await new Promise((resolve) => setImmediate(resolve));
      return fake.app.quit.mock.calls.length > 0;
    };
    expect(await quit(2)).toBe(false);
    expect(fake.dialog.showMessageBox.mock.calls[0]?.[0].detail).toContain('2 servers are there');
    expect(keeper.stopped).toEqual([]);
    expect(await quit(1)).toBe(true);
    expect(keeper.stopped).toEqual(['shutdown']);
  });
});
