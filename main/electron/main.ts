/**
 * Deskcloud's window in Electron: the same shell as in a browser (../shell), with what only a desktop program has: a
 * window whose place is kept, a tray, notifications, deep links, one instance. It is bundled into build/electron and
 * cannot be run where Electron's program cannot be downloaded, so it holds nothing that could be elsewhere.
 */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { Notification, app, dialog, type BrowserWindow } from 'electron';
import type { Notice } from '../contract/shell.ts';
import { parseShellArguments } from '../shell-arguments.ts';
import { routeOfLink } from '../shell/deep-link.ts';
import type { Front } from '../shell/front.ts';
import { Shell } from '../shell/index.ts';
import { mayQuit } from './quit.ts';
import { declareScheme, serveScheme } from './scheme.ts';
import { showTray } from './tray.ts';
import { openOutside, raiseWalls } from './walls.ts';
import { openWindow } from './window.ts';
import { wordsFor } from './words.ts';

const { instance, route } = parseShellArguments(process.argv.slice(app.isPackaged ? 1 : 2));

// An instance of a directory of its own has a window, and its state, of its own.
if (instance.directory !== undefined) {
  const own = join(instance.directory, 'user', 'electron');
  mkdirSync(own, { recursive: true, mode: 0o700 });
  app.setPath('userData', own);
}

const front: Front = { kind: 'electron', quit: leave, openExternal: openOutside };

let shell: Shell | undefined;
let window: BrowserWindow | undefined;
let quitting = false;
let words = wordsFor('en');

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

/** Tells of work that has ended, to a person who does not look at the window. */
async function notify(notice: Notice): Promise<void> {
  if (window?.isFocused() === true || (await shell?.preferences())?.['notify'] === false) return;
  const body = notice.reason === null ? notice.title : `${notice.title}: ${notice.reason}`;
  const shown = new Notification({ title: `Deskcloud: ${words.outcome[notice.outcome]}`, body });
  shown.on('click', () => show(notice.route));
  shown.show();
}

async function quit(): Promise<void> {
  if (quitting || shell === undefined) return;
  try {
    if (!(await mayQuit(shell, words))) return;
  } catch (error) {
    dialog.showErrorBox(words.notShutDown, (error as Error).message);
    return;
  }
  leave();
}

/** The person has said already what becomes of the cloud. */
function leave(): void {
  quitting = true;
  shell?.close();
  app.quit();
}

async function begin(): Promise<void> {
  raiseWalls();
  shell = new Shell(instance, front);
  shell.keeper.on((event) => {
    if (event.type === 'notice') void notify(event);
  });
  serveScheme(shell);
  words = wordsFor(String((await shell.preferences())['language'] ?? app.getLocale()));
  showTray(shell, words, { open: show, quit: () => void quit() });
  show(route ?? '/');
}

if (app.requestSingleInstanceLock()) {
  app.enableSandbox();
  app.setAsDefaultProtocolClient('deskcloud');
  declareScheme();
  app.on('second-instance', (_event, argv) => show(parseShellArguments(argv).route));
  app.on('open-url', (event, url) => {
    event.preventDefault();
    show(routeOfLink(url));
  });
  app.on('before-quit', (event) => {
    if (quitting || shell === undefined) return;
    event.preventDefault();
    void quit();
  });
  // Without a window the tray stays: the cloud runs on and its notifications come.
  app.on('window-all-closed', () => undefined);
  // Not awaited here: Electron is ready only once this module has been evaluated (electron/electron#40719).
  void app.whenReady().then(begin);
} else app.quit();
