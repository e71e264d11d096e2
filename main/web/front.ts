import { spawn } from 'node:child_process';
import type { Front } from '../shell/front.ts';

/** Runs a small tool of the desktop and does not wait for it. @returns whether it could be started. */
function start(program: string, words: readonly string[]): Promise<boolean> {
  return new Promise((resolve) => {
    const child = spawn(program, words, { stdio: 'ignore', detached: true });
    child.once('error', () => resolve(false));
    child.once('spawn', () => {
      child.unref();
      resolve(true);
    });
  });
}

const hasDesktop = (): boolean =>
  process.env['DISPLAY'] !== undefined || process.env['WAYLAND_DISPLAY'] !== undefined;

/** A Chromium window on this desktop, or any browser: what the desktop can do is asked of its own small tools. */
export function webFront(kind: 'window' | 'browser', quit: () => void): Front {
  return {
    kind,
    quit,
    openExternal: async (url) => kind === 'window' && hasDesktop() && (await start('xdg-open', [url])),
  };
}
