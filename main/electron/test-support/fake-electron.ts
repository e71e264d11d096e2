/** As much of Electron as main/electron uses: it does nothing, and keeps what it was told for the test to look at. */
import { EventEmitter } from 'node:events';
import { vi } from 'vitest';

type Handler = (...values: never[]) => unknown;

/** One page. */
export class FakeContents extends EventEmitter {
  readonly send = vi.fn<(channel: string, frame: unknown) => void>();
  readonly reload = vi.fn<() => void>();
  openHandler: ((details: { url: string }) => { action: string }) | undefined;
  url = 'deskcloud-window://window/';
  setWindowOpenHandler(handler: (details: { url: string }) => { action: string }): void {
    this.openHandler = handler;
  }
  getURL(): string {
    return this.url;
  }
  isDestroyed(): boolean {
    return false;
  }
}

export class FakeWindow extends EventEmitter {
  static readonly opened: FakeWindow[] = [];
  readonly webContents = new FakeContents();
  readonly options: { webPreferences: Record<string, unknown> } & Record<string, unknown>;
  readonly loaded: string[] = [];
  readonly show = vi.fn<() => void>();
  readonly focus = vi.fn<() => void>();
  readonly restore = vi.fn<() => void>();
  readonly maximize = vi.fn<() => void>();
  focused = true;
  constructor(options: FakeWindow['options']) {
    super();
    this.options = options;
    FakeWindow.opened.push(this);
    app.emit('web-contents-created', {}, this.webContents);
  }
  async loadURL(url: string): Promise<void> {
    this.loaded.push(url);
    await Promise.resolve();
  }
  isFocused(): boolean {
    return this.focused;
  }
  isMinimized(): boolean {
    return false;
  }
  isMaximized(): boolean {
    return true;
  }
  getNormalBounds(): object {
    return { x: 10, y: 20, width: 900, height: 700 };
  }
}

export class FakeNotification extends EventEmitter {
  static readonly shown: FakeNotification[] = [];
  readonly options: { title: string; body: string };
  constructor(options: { title: string; body: string }) {
    super();
    this.options = options;
  }
  show(): void {
    FakeNotification.shown.push(this);
  }
}

export class FakeTray extends EventEmitter {
  static readonly all: FakeTray[] = [];
  toolTip = '';
  menu: readonly { label?: string; click?: () => void }[] = [];
  constructor() {
    super();
    FakeTray.all.push(this);
  }
  setToolTip(text: string): void {
    this.toolTip = text;
  }
  setContextMenu(menu: readonly { label?: string }[]): void {
    this.menu = menu;
  }
}

/** By the name of the setter: 'setPermissionRequestHandler'. */
export const handlers = new Map<string, Handler>();
const keep =
  (name: string) =>
  (...values: unknown[]): void => {
    handlers.set(name, values.at(-1) as Handler);
  };

export const ready = Promise.withResolvers<void>();
export const paths = new Map<string, string>();
/** What was called before the app was ready, by name. */
export const early: string[] = [];

class FakeApp extends EventEmitter {
  readonly isPackaged = false;
  firstInstance = true;
  readonly quit = vi.fn<() => void>();
  readonly requestSingleInstanceLock = (): boolean => this.firstInstance;
  readonly whenReady = (): Promise<void> => ready.promise;
  readonly getLocale = (): string => 'en-GB';
  readonly setPath = (name: string, path: string): void => void paths.set(name, path);
  readonly getPath = (name: string): string => paths.get(name) ?? '/nonexistent';
  enableSandbox(): void {
    early.push('enableSandbox');
  }
  setAsDefaultProtocolClient(scheme: string): void {
    early.push(`protocol client ${scheme}`);
  }
}
export const app = new FakeApp();
export const ipcMain = new EventEmitter();
export const shell = { openExternal: vi.fn<(url: string) => Promise<void>>().mockResolvedValue() };
export const dialog = {
  showMessageBox: vi.fn<(options: { detail: string }) => Promise<{ response: number }>>(),
  showErrorBox: vi.fn<(title: string, text: string) => void>(),
};
export const protocol = {
  registerSchemesAsPrivileged: (schemes: { scheme: string; privileges: object }[]): void => {
    for (const one of schemes) early.push(`scheme ${one.scheme} ${Object.keys(one.privileges).join(' ')}`);
  },
  handle: keep('protocol.handle'),
};
export const session = {
  defaultSession: {
    setPermissionRequestHandler: keep('setPermissionRequestHandler'),
    setPermissionCheckHandler: keep('setPermissionCheckHandler'),
    setDevicePermissionHandler: keep('setDevicePermissionHandler'),
    webRequest: { onBeforeRequest: keep('onBeforeRequest') },
  },
};
export const screen = {
  getDisplayMatching: (): object => ({ workArea: { x: 0, y: 0, width: 1920, height: 1080 } }),
};
export const Menu = { buildFromTemplate: (template: object[]): object[] => template };
export const nativeImage = { createFromPath: (path: string): string => path };
export { FakeNotification as Notification, FakeTray as Tray, FakeWindow as BrowserWindow };
