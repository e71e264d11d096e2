/**
 * One window for each instance of Deskcloud: the first start listens on a socket in the person's runtime directory, a
 * second one asks there for the window to come forward, or for an address that opens it.
 */
import { createHash } from 'node:crypto';
import { chownSync, lstatSync, mkdirSync, rmSync } from 'node:fs';
import { createConnection, createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Instance } from '../launch.ts';
import { person, personEnvironment } from '../person.ts';

/** What a second start wants of the first. */
export interface Wish {
  /** 'window': to be seen on this desktop; 'browser': an address. */
  readonly kind: 'window' | 'browser';
  /** Null: wherever it is. */
  readonly route: string | null;
}

/** `shown`: the window has come forward. `url`: opens it, once. */
export type Granted = { readonly shown: true } | { readonly url: string };

const ANSWER_MS = 5000;
const LONGEST = 8192;

/** Where the first start of an instance listens. @throws {Error} when the place is somebody else's. */
export function windowSocket(instance: Instance): string {
  const name = createHash('sha256')
    .update(instance.directory ?? '')
    .digest('hex')
    .slice(0, 16);
  return join(runtimeDirectory(), `window-${name}.sock`);
}

/** A directory of the person's alone, for sockets. */
function runtimeDirectory(): string {
  const { uid, gid } = person();
  const given = personEnvironment()['XDG_RUNTIME_DIR'];
  const directory = given === undefined ? join(tmpdir(), `deskcloud-${uid}`) : join(given, 'deskcloud');
  try {
    mkdirSync(directory, { mode: 0o700 });
    chownSync(directory, uid, gid);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
  const found = lstatSync(directory);
  // Anybody may have made it below /tmp before us.
  if (!found.isDirectory() || found.uid !== uid || (found.mode & 0o077) !== 0)
    throw new Error(`${directory} is not a directory of yours alone (mode 0700); remove it and start again.`);
  return directory;
}

/** Asks the first start. @returns undefined when there is none. */
export async function askFirst(path: string, wish: Wish): Promise<Granted | undefined> {
  const socket = createConnection(path);
  socket.setTimeout(ANSWER_MS, () => socket.destroy(new Error('the first window does not answer')));
  try {
    socket.write(`${JSON.stringify(wish)}\n`);
    const line = await firstLine(socket);
    return line === undefined ? undefined : (JSON.parse(line) as Granted);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ECONNREFUSED') return undefined;
    throw error;
  } finally {
    socket.destroy();
  }
}

/**
 * Becomes the first start. @returns how to stop; undefined when another one was quicker and lives: ask it.
 * @param grant what is done about a wish.
 */
export async function becomeFirst(
  path: string,
  grant: (wish: Wish) => Promise<Granted>,
): Promise<(() => void) | undefined> {
  const server = createServer((socket) => void serve(socket, grant));
  if (!(await listen(server, path))) {
    if (await lives(path)) return undefined;
    // Of one that was killed.
    rmSync(path, { force: true });
    if (!(await listen(server, path))) return undefined;
  }
  return () => void server.close();
}

const lives = (path: string): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = createConnection(path);
    const end = (answer: boolean) => () => {
      socket.destroy();
      resolve(answer);
    };
    socket.on('connect', end(true)).on('error', end(false));
  });

/** @returns false when something has the path already. */
function listen(server: Server, path: string): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const failed = (error: NodeJS.ErrnoException): void =>
      error.code === 'EADDRINUSE' ? resolve(false) : reject(error);
    server.once('error', failed);
    server.listen(path, () => {
      server.off('error', failed);
      resolve(true);
    });
  });
}

async function serve(socket: Socket, grant: (wish: Wish) => Promise<Granted>): Promise<void> {
  try {
    const line = await firstLine(socket);
    socket.on('error', () => undefined);
    if (line !== undefined) socket.end(`${JSON.stringify(await grant(wishOf(line)))}\n`);
  } catch {
    socket.destroy();
  }
}

/** @returns undefined when the other end closes before a line is whole. */
function firstLine(socket: Socket): Promise<string | undefined> {
  return new Promise((resolve, reject) => {
    let text = '';
    socket.setEncoding('utf8').on('data', (chunk: string) => {
      text += chunk;
      const end = text.indexOf('\n');
      if (end !== -1) resolve(text.slice(0, end));
      else if (text.length > LONGEST) reject(new Error('too long for a wish'));
    });
    socket.on('error', reject);
    socket.on('close', () => resolve(undefined));
  });
}

/** @throws {Error} for what is no wish. */
function wishOf(line: string): Wish {
  const { kind, route } = JSON.parse(line) as Partial<Record<keyof Wish, unknown>>;
  if (kind !== 'window' && kind !== 'browser') throw new Error('no wish');
  return { kind, route: typeof route === 'string' ? route : null };
}
