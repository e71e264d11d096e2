import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { BrowserWindow, app, ipcMain, screen, type Rectangle } from 'electron';
import type { ShellFrame } from '../contract/frame.ts';
import type { Shell } from '../shell/index.ts';
import { ORIGIN } from './scheme.ts';
import { isOurPage } from './walls.ts';

const CHANNEL = 'frame';
const STATE = (): string => join(app.getPath('userData'), 'window-state.json');

interface WindowState {
  readonly bounds: Rectangle;
  readonly maximized: boolean;
}

/** Where the window was, if a screen is still there. */
function stateBefore(): WindowState | undefined {
  try {
    const state = JSON.parse(readFileSync(STATE(), 'utf8')) as WindowState;
    const { x, y, width, height } = screen.getDisplayMatching(state.bounds).workArea;
    const { bounds } = state;
    const seen =
      bounds.x < x + width && bounds.x + bounds.width > x && bounds.y < y + height && bounds.y + 40 > y;
    return seen ? state : undefined;
  } catch {
    return undefined;
  }
}

/** Opens the window at a route and serves its page by the shell. */
export function openWindow(shell: Shell, route: string): BrowserWindow {
  const before = stateBefore();
  const window = new BrowserWindow({
    width: 1280,
    height: 800,
    ...before?.bounds,
    minWidth: 720,
    minHeight: 480,
    show: false,
    autoHideMenuBar: true,
    title: 'Deskcloud',
    webPreferences: {
      preload: join(import.meta.dirname, 'preload.cjs'),
      // The defaults of today, said once more because everything rests on them.
      contextIsolation: true,
      sandbox: true,
      nodeIntegration: false,
      webSecurity: true,
      allowRunningInsecureContent: false,
      experimentalFeatures: false,
      webviewTag: false,
      navigateOnDragDrop: false,
      spellcheck: false,
    },
  });
  if (before?.maximized === true) window.maximize();
  window.once('ready-to-show', () => window.show());
  window.on('close', () => {
    const state: WindowState = { bounds: window.getNormalBounds(), maximized: window.isMaximized() };
    writeFileSync(STATE(), JSON.stringify(state));
  });
  servePages(shell, window);
  void window.loadURL(`${ORIGIN}${route}`);
  return window;
}

/** Each page that is loaded gets a session of its own, which ends with it. */
function servePages(shell: Shell, window: BrowserWindow): void {
  const { webContents: contents } = window;
  let take: (frame: unknown) => void = () => undefined;
  let end: () => void = () => undefined;
  const begin = (): void => {
    end();
    const closers: (() => void)[] = [];
    let open = true;
    end = () => {
      open = false;
      for (const close of closers) close();
    };
    shell.serve({
      send: (frame: ShellFrame) => {
        if (open && !contents.isDestroyed()) contents.send(CHANNEL, frame);
      },
      // The windows of streams bound what is on its way; the bridge itself does not tell.
      waiting: () => 0,
      onFrame: (listener) => {
        take = listener;
      },
      onClose: (listener) => closers.push(listener),
      close: () => contents.reload(),
    });
  };
  begin();
  contents.on('did-start-navigation', ({ isMainFrame, isSameDocument }) => {
    if (isMainFrame && !isSameDocument) begin();
  });
  contents.on('render-process-gone', () => end());
  const hear = (event: Electron.IpcMainEvent, frame: unknown): void => {
    if (event.sender === contents && isOurPage(event.senderFrame)) take(frame);
  };
  ipcMain.on(CHANNEL, hear);
  window.on('closed', () => {
    ipcMain.off(CHANNEL, hear);
    end();
  });
}
