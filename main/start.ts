/**
 * `npm start`: opens Deskcloud's window. Electron's where its program is there, else one of Chromium's; with
 * `--browser`, or on a machine without a desktop, the address for any browser is printed.
 */
import type { ChildProcess } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { electronProgram, runElectron } from './electron/launch.ts';
import { parseShellArguments } from './shell-arguments.ts';
import { Shell } from './shell/index.ts';
import { findChromium, openAppWindow } from './web/chromium.ts';
import { webFront } from './web/front.ts';
import { WINDOW } from './web/files.ts';
import { WebServer } from './web/server.ts';

const words = process.argv.slice(2);
const { instance, browser, windowPort, route } = parseShellArguments(words);

async function inBrowser(kind: 'window' | 'browser', chromium: string | undefined): Promise<void> {
  const shell = new Shell(instance, webFront(kind));
  const server = new WebServer({ shell, directory: WINDOW, port: windowPort });
  await server.listen();
  let opened: ChildProcess | undefined;
  const end = (): void => {
    opened?.kill();
    server.close();
    shell.close();
    process.exit(0);
  };
  process.once('SIGINT', end);
  process.once('SIGTERM', end);
  const url = server.openingUrl(route);
  if (kind === 'browser' || chromium === undefined) {
    process.stdout.write(`Open this address once, in a browser on this machine:\n${url}\n`);
    return;
  }
  const profile = join(
    instance.directory ?? join(process.env['XDG_CONFIG_HOME'] ?? join(homedir(), '.config'), 'deskcloud'),
    'window',
  );
  mkdirSync(profile, { recursive: true, mode: 0o700 });
  opened = openAppWindow(chromium, url, profile);
  opened.once('exit', end);
}

const desktop = process.env['DISPLAY'] !== undefined || process.env['WAYLAND_DISPLAY'] !== undefined;
const electron = browser || !desktop ? undefined : electronProgram();
if (electron !== undefined) process.exitCode = await runElectron(electron, words);
else {
  const chromium = browser || !desktop ? undefined : await findChromium();
  await inBrowser(chromium === undefined ? 'browser' : 'window', chromium);
}
