#!/usr/bin/env node
// Brings a fresh checkout to where TypeScript runs: installs the packages of the lock file (among them the pinned
// Node), then hands over to main/cli. Runs on whatever Node the machine has, so it uses nothing that is not there.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, lstatSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { isBundleFresh, isWindowFresh } from './helper-bundle.mjs';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const pinnedNode = join(root, 'node_modules', 'node', 'bin', 'node');
const stamp = join(root, 'node_modules', '.cache', 'deskcloud', 'installed');

/**
 * What is installed is what the lock file says, as far as this script did it.
 * @param {string} lock digest of the lock file
 */
function isInstalled(lock) {
  return existsSync(pinnedNode) && existsSync(stamp) && readFileSync(stamp, 'utf8') === lock;
}

/**
 * Runs npm in the checkout; its failure ends everything.
 * @param {string[]} words
 */
function npm(...words) {
  const { error, status } = spawnSync('npm', words, { cwd: root, stdio: ['ignore', 2, 2] });
  if (error === undefined && status === 0) return;
  const why = error === undefined ? '' : ` (${error.message})`;
  process.stderr.write(`Deskcloud: 'npm ${words[0]}' failed${why}; its output above says why.\n`);
  process.exit(1);
}

function install() {
  const lock = createHash('sha256')
    .update(readFileSync(join(root, 'package-lock.json')))
    .digest('hex');
  if (isInstalled(lock)) return;
  // A working copy beside the checkout may lend its packages by a link: npm would empty them for both.
  if (lstatSync(join(root, 'node_modules'), { throwIfNoEntry: false })?.isSymbolicLink() === true) {
    process.stderr.write(
      'Deskcloud: node_modules is a link to packages of another checkout, which are not those of this package-lock.json.\n' +
        "Bring both to the same package-lock.json and run 'npm ci' in the other one.\n",
    );
    process.exit(1);
  }
  process.stderr.write(
    'Deskcloud: installing the packages of package-lock.json (once; about half a minute) ...\n',
  );
  // Only Node's own package needs its script, which puts the program in its place. better-sqlite3 brings its add-on
  // built; its script would build it again, with a compiler that a fresh machine does not have.
  npm('ci', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error');
  npm('rebuild', 'node', '--no-audit', '--no-fund', '--loglevel=error');
  if (!existsSync(pinnedNode)) {
    process.stderr.write(
      `Deskcloud: npm did not put Node into ${pinnedNode}; its install script was not allowed to run.\n` +
        `Allow it with: npm install-scripts approve node\n`,
    );
    process.exit(1);
  }
  const probe = spawnSync(
    pinnedNode,
    ['-e', "new (require('better-sqlite3'))(':memory:').prepare('select 1').get()"],
    { cwd: root, encoding: 'utf8' },
  );
  if (probe.status !== 0) {
    process.stderr.write(
      `Deskcloud: the native add-on better-sqlite3 does not load on this machine:\n${probe.stderr}\n`,
    );
    process.exit(1);
  }
  mkdirSync(dirname(stamp), { recursive: true });
  writeFileSync(stamp, lock);
}

/** The helper as one program, which starts faster and holds less memory; without it the sources run as they are. */
function bundleHelper() {
  if (isBundleFresh()) return;
  const made = spawnSync(
    pinnedNode,
    ['--disable-warning=ExperimentalWarning', join(root, 'scripts', 'bundle-helper.ts')],
    {
      encoding: 'utf8',
      env: { ...process.env, NO_COLOR: '1' },
    },
  );
  if (made.status !== 0)
    process.stderr.write(
      `Deskcloud: the helper could not be bundled, and starts from its sources:\n${made.stderr}\n`,
    );
}

/** The window, which cannot be shown from its sources. */
function bundleWindow() {
  if (isWindowFresh()) return;
  process.stderr.write('Deskcloud: building the window (once; some seconds) ...\n');
  const made = spawnSync(
    pinnedNode,
    [
      join(root, 'node_modules', 'vite', 'bin', 'vite.js'),
      'build',
      '--logLevel',
      'warn',
      '--config',
      join(root, 'renderer', 'vite.config.ts'),
    ],
    { cwd: root, stdio: ['ignore', 2, 2] },
  );
  if (made.status === 0) return;
  process.stderr.write('Deskcloud: the window could not be built; the output above says why.\n');
  process.exit(1);
}

install();
bundleHelper();
const [command = '', ...rest] = process.argv.slice(2);
/**
 * Programs of their own, and whether they show the window.
 * @type {Record<string, { script: string, window?: boolean }>}
 */
const programs = {
  screenshots: { script: 'scripts/screenshots.ts', window: true },
  test: { script: 'scripts/test.ts', window: [undefined, 'ui', 'e2e', 'all'].includes(rest[0]) },
  package: { script: 'scripts/package.ts', window: true },
  bench: { script: 'scripts/bench.ts' },
  'bench-reads': { script: 'scripts/bench-reads.ts' },
  conformance: { script: 'scripts/conformance.ts' },
  'api-docs': { script: 'scripts/api-docs.ts' },
  fuzz: { script: 'scripts/fuzz.ts' },
  proof: { script: 'scripts/proof.ts', window: true },
};
const own = programs[command];
if (own?.window === true || ['start', 'open'].includes(command)) bundleWindow();
const program = join(root, own?.script ?? 'main/cli/main.ts');
const argv = own === undefined ? process.argv.slice(2) : rest;
const child = spawnSync(pinnedNode, ['--disable-warning=ExperimentalWarning', program, ...argv], {
  stdio: 'inherit',
});
process.exit(child.status ?? 1);
