/**
 * Deskcloud's window: Electron's where its program is there, else one of Chromium's, else any browser; with `--browser`,
 * or on a machine without a desktop, the address for it is printed. A second start brings the window of the first forward.
 */
import { once } from 'node:events';
import { chownSync, mkdirSync } from 'node:fs';
import { hostname } from 'node:os';
import { dirname, join } from 'node:path';
import { electronProgram, runElectron } from './electron/launch.ts';
import { instanceArguments, typed, type Instance } from './launch.ts';
import { person } from './person.ts';
import type { ShellArguments } from './shell-arguments.ts';
import { Shell } from './shell/index.ts';
import { userPaths } from './user-paths.ts';
import { AppWindow, findChromium } from './web/chromium.ts';
import { WINDOW } from './web/files.ts';
import { hasDesktop, start, webFront } from './web/front.ts';
import { askFirst, becomeFirst, windowSocket, type Granted, type Wish } from './web/only-window.ts';
import { findPlace, keepPlace } from './web/place.ts';
import { WebServer } from './web/server.ts';

const say = (text: string): void => void process.stdout.write(`${text}\n`);

/** Opens the window, or brings it forward, and returns; the process ends with the window. */
export async function openDeskcloud(given: ShellArguments): Promise<void> {
  const { instance, browser, route } = given;
  const desktop = hasDesktop();
  const electron = browser || !desktop ? undefined : electronProgram();
  if (electron !== undefined) {
    const words = [...instanceArguments(instance), ...(route === undefined ? [] : ['--route', route])];
    process.exitCode = await runElectron(electron, words);
    return;
  }
  const chromium = browser || !desktop ? undefined : await findChromium();
  const wish: Wish = { kind: chromium === undefined ? 'browser' : 'window', route: route ?? null };
  const socket = windowSocket(instance);
  const granted = (await askFirst(socket, wish)) ?? (await serveFirst(given, socket, wish, chromium));
  if (granted !== undefined) await deliver(granted, given, chromium);
}

/** What the first start answered to this one. */
async function deliver(granted: Granted, given: ShellArguments, chromium: string | undefined): Promise<void> {
  if ('shown' in granted) say('Deskcloud runs already; its window has come forward.');
  else if (chromium === undefined) await giveAddress(granted.url, given);
  else await once(new AppWindow(chromium, granted.url, profileOf(given.instance, 'second')).process, 'exit');
}

/** On a desktop the person's browser opens it, whichever that is. */
async function giveAddress(url: string, { browser }: ShellArguments): Promise<void> {
  if (!browser && hasDesktop() && (await start('xdg-open', [url]))) return;
  const { port } = new URL(url);
  say(`Open this address, once, in a browser on this machine:
  ${url}
From another machine: ssh -L ${port}:127.0.0.1:${port} ${person().name}@${hostname()}
and open the same address there.`);
}

/** @returns the answer of another start that was quicker. */
async function serveFirst(
  given: ShellArguments,
  socket: string,
  wish: Wish,
  chromium: string | undefined,
): Promise<Granted | undefined> {
  const { instance, windowPort } = given;
  const opened = Promise.withResolvers<{ shell: Shell; server: WebServer; window: AppWindow | undefined }>();
  const release = await becomeFirst(socket, async ({ kind, route }) => {
    const { shell, server, window } = await opened.promise;
    if (kind === 'browser' || window === undefined) return { url: server.openingUrl(route ?? '/') };
    if (route !== null) shell.navigate(route);
    await window.show();
    return { shown: true };
  });
  if (release === undefined) return await askFirst(socket, wish);

  const own = dirname(userPaths(instance).openrc);
  const place = await findPlace(own, windowPort);
  let window: AppWindow | undefined;
  let ending = false;
  const end = async (): Promise<void> => {
    if (ending) return;
    ending = true;
    release();
    await window?.close();
    if (shell.keeper.state.state === 'running')
      say(`The window is closed; the cloud goes on running. To stop it: ${typed(instance, 'down')}`);
    server.close();
    shell.close();
    process.exit(0);
  };
  const shell = new Shell(
    instance,
    webFront(chromium === undefined ? 'browser' : 'window', () => void end()),
  );
  const server = new WebServer({ shell, directory: WINDOW, place });
  await server.listen();
  await keepPlace(own, { name: place.name, port: server.port });
  process.once('SIGINT', () => void end());
  process.once('SIGTERM', () => void end());
  const url = server.openingUrl(wish.route ?? '/');
  if (chromium === undefined) {
    await giveAddress(url, given);
    say("Ctrl+C ends Deskcloud's window, not the cloud.");
  } else {
    window = new AppWindow(chromium, url, profileOf(instance, 'window'));
    window.process.once('exit', () => void end());
  }
  opened.resolve({ shell, server, window });
  return undefined;
}

/** A directory of the person's for Chromium's files. */
function profileOf(instance: Instance, name: string): string {
  const profile = join(dirname(userPaths(instance).openrc), name);
  mkdirSync(profile, { recursive: true, mode: 0o700 });
  const { uid, gid } = person();
  chownSync(profile, uid, gid);
  return profile;
}
