import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { access, constants } from 'node:fs/promises';
import { join } from 'node:path';
import type { Readable, Writable } from 'node:stream';
import { asPerson, person, personEnvironment } from '../person.ts';
import { placementSwitches } from './window-placement.ts';

const NAMES = [
  'chromium',
  'chromium-browser',
  'google-chrome',
  'google-chrome-stable',
  'microsoft-edge',
  'brave-browser',
] as const;

const CLOSE_MS = 3000;

/** The path of a Chromium on this machine; undefined when there is none. */
export async function findChromium(): Promise<string | undefined> {
  const directories = (process.env['PATH'] ?? '/usr/bin:/bin').split(':');
  for (const name of NAMES) {
    for (const directory of directories) {
      const path = join(directory, name);
      if (
        await access(path, constants.X_OK).then(
          () => true,
          () => false,
        )
      )
        return path;
    }
  }
  return undefined;
}

/** A window without a browser's bars. */
export class AppWindow {
  /** Lives as long as the window: its profile is Deskcloud's own. */
  readonly process: ChildProcess;
  readonly #answers = new Map<number, (answer: { result?: unknown }) => void>();
  #last = 0;

  /** @param profile a directory for Chromium's own files, of the person's. */
  constructor(program: string, url: string, profile: string) {
    const [first, ...words] = asPerson([
      program,
      `--app=${url}`,
      `--user-data-dir=${profile}`,
      ...placementSwitches(profile),
      // For bringing the window forward: a pipe that only this process has the other end of.
      '--remote-debugging-pipe',
      '--class=deskcloud',
      '--no-first-run',
      '--no-default-browser-check',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
      '--disable-quic',
      // Chromium's sandbox does not start as root; a person's desktop is not root's.
      ...(person().uid === 0 ? ['--no-sandbox', '--test-type'] : []),
    ]);
    this.process = spawn(first, words, {
      stdio: ['ignore', 'ignore', 'ignore', 'pipe', 'pipe'],
      env: personEnvironment(),
    });
    // It ends while something is written: what waits for an answer then sees that it is gone.
    (this.process.stdio[3] as Writable).on('error', () => undefined);
    this.process.once('exit', () => {
      for (const answer of this.#answers.values()) answer({});
    });
    let rest = '';
    (this.process.stdio[4] as Readable).setEncoding('utf8').on('data', (text: string) => {
      const messages = (rest + text).split('\0');
      rest = messages.pop() ?? '';
      for (const message of messages) {
        const { id, ...answer } = JSON.parse(message) as { id?: number; result?: unknown };
        if (id !== undefined) this.#answers.get(id)?.(answer);
      }
    });
  }

  /** Brings the window before others. */
  async show(): Promise<void> {
    const found = (await this.#call('Target.getTargets', {})) as
      { targetInfos: { type: string; targetId: string }[] } | undefined;
    const page = found?.targetInfos.find(({ type }) => type === 'page');
    if (page !== undefined) await this.#call('Target.activateTarget', { targetId: page.targetId });
  }

  /** Closes the window, as the person would: Chromium then notes where it was. */
  async close(): Promise<void> {
    const limit = setTimeout(() => this.process.kill(), CLOSE_MS);
    await this.#call('Browser.close', {});
    if (!this.#isGone()) await once(this.process, 'exit');
    clearTimeout(limit);
  }

  #isGone(): boolean {
    return this.process.exitCode !== null || this.process.signalCode !== null;
  }

  /** A command of Chromium's DevTools protocol. @returns undefined when it failed or the window is gone. */
  #call(method: string, params: object): Promise<unknown> {
    this.#last += 1;
    const id = this.#last;
    return new Promise((resolve) => {
      this.#answers.set(id, ({ result }) => {
        this.#answers.delete(id);
        resolve(result);
      });
      if (this.#isGone()) this.#answers.get(id)?.({});
      else (this.process.stdio[3] as Writable).write(`${JSON.stringify({ id, method, params })}\0`);
    });
  }
}
