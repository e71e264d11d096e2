/**
 * Deskcloud's window in Electron: the same shell as in a browser (../shell), with what only a desktop program has: a
 * window whose place is kept, a tray, notifications, deep links, one instance. It is bundled into build/electron and
 * cannot be run where Electron's program cannot be downloaded, so it holds nothing that could be elsewhere.
 */
import { Notification, app, dialog, type BrowserWindow } from 'electron';
import { parseShellArguments } from '../shell-arguments.ts';
import { routeIn, routeOfLink } from '../shell/deep-link.ts';
import type { Front } from '../shell/front.ts';
import { Shell } from '../shell/index.ts';
import { mayQuit } from './quit.ts';
import { declareScheme, serveScheme } from './scheme.ts';
import { showTray } from './tray.ts';
import { openOutside, raiseWalls } from './walls.ts';
import { openWindow } from './window.ts';

const { instance, route } = parseShellArguments(process.argv.slice(app.isPackaged ? 1 : 2));

const front: Front = {
  kind: 'electron',
  notify: (notification, onClick) => {
    const shown = new Notification(notification);
    shown.on('click', () => {
      show();
      onClick();
    });
    shown.show();
  },
  openExternal: openOutside,
};

let shell: Shell | undefined;
let window: BrowserWindow | undefined;
let quitting = false;

/** Brings the window to the front, at a route when one is given. */
function show(wanted?: string): void {
  if (shell === undefined) return;
  if (window === undefined) {
    window = openWindow(shell, wanted ?? '/');
    window.once('closed', () => {
      window = undefined;
    });
    return;
  }
  if (window.isMinimized()) window.restore();
  window.show();
  window.focus();
  if (wanted !== undefined) shell.navigate(wanted);
}

async function quit(): Promise<void> {
  if (shell === undefined || quitting) return;
  try {
    if (!(await mayQuit(shell))) return;
  } catch (error) {
    dialog.showErrorBox('The cloud could not be shut down', (error as Error).message);
    return;
  }
  quitting = true;
  shell.close();
  app.quit();
}

if (app.requestSingleInstanceLock()) {
  app.enableSandbox();
  app.setAsDefaultProtocolClient('deskcloud');
  declareScheme();
  app.on('second-instance', (_event, words) => show(routeIn(words)));
  app.on('open-url', (event, url) => {
    event.preventDefault();
    show(routeOfLink(url));
  });
  app.on('before-quit', (event) => {
    if (quitting) return;
    event.preventDefault();
    void quit();
  });
  // Without a window the tray stays: the cloud runs on and its notifications come.
  app.on('window-all-closed', () => undefined);
  await app.whenReady();
  raiseWalls();
  shell = new Shell(instance, front);
  serveScheme(shell);
  showTray(shell, { open: show, quit: () => void quit() });
  show(route);
} else app.quit();
