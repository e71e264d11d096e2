// Where the bundled helper is and whether it is what the sources say. Runs on whatever Node the machine has.
import { readdirSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));

/** What scripts/bundle-helper.ts makes of helper/main.ts. */
export const helperBundle = join(root, 'build', 'helper', 'main.mjs');

/**
 * True when the bundle is newer than everything that it was made of. A directory's time tells of removed files.
 * @returns {boolean}
 */
export function isBundleFresh() {
  try {
    const { mtimeMs } = statSync(helperBundle);
    const sources = join(root, 'helper');
    const entries = readdirSync(sources, { recursive: true, encoding: 'utf8' });
    return [join(root, 'package-lock.json'), sources, ...entries.map((name) => join(sources, name))].every(
      (path) => statSync(path).mtimeMs < mtimeMs,
    );
  } catch {
    return false;
  }
}
