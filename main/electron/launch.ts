import { spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

const ROOT = join(import.meta.dirname, '..', '..');

/** Electron's program, where its package has brought it; undefined where it could not be downloaded. */
export function electronProgram(): string | undefined {
  const directory = join(ROOT, 'node_modules', 'electron');
  try {
    // Written by Electron's own installer beside what it unpacked.
    const program = join(directory, 'dist', readFileSync(join(directory, 'path.txt'), 'utf8').trim());
    return existsSync(program) ? program : undefined;
  } catch {
    return undefined;
  }
}

/** Runs the window in Electron until it is closed. @returns its exit status. */
export function runElectron(program: string, words: readonly string[]): Promise<number> {
  const main = join(ROOT, 'build', 'electron', 'main.mjs');
  const child = spawn(program, [dirname(main), ...words], { stdio: 'inherit' });
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (code) => resolve(code ?? 1));
  });
}
