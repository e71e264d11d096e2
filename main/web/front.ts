import { spawn } from 'node:child_process';
import { asPerson, personEnvironment } from '../person.ts';
import type { Front } from '../shell/front.ts';

/** Runs a small tool of the desktop and does not wait for it. @returns whether it could be started. */
export function start(program: string, words: readonly string[]): Promise<boolean> {
  return new Promise((resolve) => {
    const [first, ...rest] = asPerson([program, ...words]);
    const child = spawn(first, rest, { stdio: 'ignore', detached: true, env: personEnvironment() });
    child.once('error', () => resolve(false));
    child.once('spawn', () => {
      child.unref();
      resolve(true);
    });
  });
}

/** Whether there is a screen here, for windows. */
export const hasDesktop = (): boolean =>
  process.env['DISPLAY'] !== undefined || process.env['WAYLAND_DISPLAY'] !== undefined;

/** A Chromium window on this desktop, or any browser: what the desktop can do is asked of its own small tools. */
export function webFront(kind: 'window' | 'browser', quit: () => void): Front {
  return {
    kind,
    quit,
    openExternal: async (url) => kind === 'window' && hasDesktop() && (await start('xdg-open', [url])),
  };
}
