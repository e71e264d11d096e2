import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import type { TestInstance } from './instance.ts';

const ROOT = join(import.meta.dirname, '..', '..');

/** It installs packages and builds the window where that was not done yet. */
const START_LIMIT_MS = 180_000;

/** `npm start`, as a person types it, for a test's instance. */
export class NpmStart {
  readonly #child: ChildProcess;
  #said = '';

  constructor(instance: TestInstance, words: readonly string[], environment: NodeJS.ProcessEnv = {}) {
    // A group of its own: npm does not hand every signal on.
    this.#child = spawn('npm', ['start', '--silent', '--', ...instance.arguments, ...words], {
      cwd: ROOT,
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: true,
      env: { ...process.env, ...environment },
    });
    const hear = (chunk: Buffer): void => {
      this.#said = (this.#said + chunk.toString()).slice(-16_384);
    };
    this.#child.stdout?.on('data', hear);
    this.#child.stderr?.on('data', hear);
  }

  /** Resolves with what `find` makes of what was printed so far. @throws {Error} when it ends before, or hangs. */
  async until<T>(find: (said: string) => T | undefined): Promise<T> {
    const limit = Date.now() + START_LIMIT_MS;
    for (;;) {
      const found = find(this.#said);
      if (found !== undefined) return found;
      if (this.#child.exitCode !== null || Date.now() > limit)
        throw new Error(`npm start did not come so far: ${this.#said}`);
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }

  async stop(): Promise<void> {
    const { pid } = this.#child;
    if (pid === undefined || this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const gone = once(this.#child, 'exit');
    process.kill(-pid, 'SIGTERM');
    await gone;
  }
}
