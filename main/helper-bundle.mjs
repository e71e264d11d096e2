// Where the bundled helper and window are and whether they are what the sources say. Runs on whatever Node the
// machine has.
import { existsSync, readdirSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

// In a packaged window programs that others run are beside the archive, not in it.
const root = dirname(dirname(fileURLToPath(import.meta.url))).replace(
  /\bapp\.asar(?=\/|$)/,
  'app.asar.unpacked',
);

/** What scripts/bundle-helper.ts makes of helper/main.ts. */
export const helperBundle = join(root, 'build', 'helper', 'main.mjs');

/** What vite makes of renderer/: the window, with its page last. */
export const windowBundle = join(root, 'build', 'renderer', 'index.html');

/**
 * True when a file is newer than everything that it was made of. A directory's time tells of removed files.
 * @param {string} made
 * @param {readonly string[]} directories
 * @returns {boolean}
 */
function isFresh(made, directories) {
  try {
    const { mtimeMs } = statSync(made);
    const sources = directories.flatMap((directory) => [
      directory,
      ...readdirSync(directory, { recursive: true, encoding: 'utf8' })
        .filter((name) => !name.startsWith('node_modules'))
        .map((name) => join(directory, name)),
    ]);
    return [join(root, 'package-lock.json'), ...sources].every((path) => statSync(path).mtimeMs < mtimeMs);
  } catch {
    return false;
  }
}

/** Where it is installed there are no sources. */
export const isBundleFresh = () =>
  !existsSync(join(root, 'helper', 'main.ts')) || isFresh(helperBundle, [join(root, 'helper')]);

export const isWindowFresh = () =>
  isFresh(windowBundle, [
    join(root, 'renderer'),
    join(root, 'main', 'contract'),
    join(root, 'helper', 'contract'),
  ]);
