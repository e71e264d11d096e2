import { fork } from 'node:child_process';

/** What a helper in the background tells the process that started it, once. */
export type Word = { readonly listening: string } | { readonly failed: string };

/**
 * glibc keeps freed memory in an arena for each thread; few arenas hold several MiB less. It also learns to put large
 * pieces into an arena, which then stays as large as it ever was (31 MiB of 66 were free after 27,000 requests): by fixed
 * thresholds large pieces go back to the system.
 */
export const THRIFTY_MALLOC = {
  MALLOC_ARENA_MAX: '2',
  MALLOC_MMAP_THRESHOLD_: '131072',
  MALLOC_TRIM_THRESHOLD_: '131072',
} as const;

/**
 * Starts this same program in a session of its own, without `--daemon`, and returns once it listens.
 * @throws {Error} with its own words when it does not come up.
 */
export function runInBackground(words: readonly string[]): Promise<void> {
  const program = process.argv[1] ?? '';
  const child = fork(program, [...words], {
    detached: true,
    stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
    cwd: '/',
    env: { ...process.env, ...THRIFTY_MALLOC },
  });
  return new Promise((resolve, reject) => {
    child.once('message', (word: Word) => {
      child.disconnect();
      child.unref();
      if ('failed' in word) reject(new Error(word.failed));
      else resolve();
    });
    child.once('exit', (code) => reject(new Error(`it ended at once with status ${code}; its log says why`)));
    child.once('error', reject);
  });
}

/** Says a word to the process that started this one in the background; nothing where none did. */
export function tellParent(word: Word): void {
  if (process.send === undefined) return;
  process.send(word, () => {
    if (process.connected) process.disconnect();
  });
}
