/**
 * Installs the Debian package into a clean Debian that has nothing but what the package depends on, uses it there
 * (session.ts), removes and purges it, and compares what files there were before and are after. lintian reads it too.
 * The roots are made by mmdebstrap once and kept. Needs root.
 */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { basename, join } from 'node:path';
import { TEST_CACHE } from '../../resources/guest/build.ts';
import { dependencies } from './control.ts';

type Say = (text: string) => void;
const CACHE = join(TEST_CACHE, 'package-roots');
const SUITE = 'bookworm';
/** What dpkg and node note for themselves. */
const NOTED = /^(var\/(log|cache)\/|var\/lib\/(dpkg|apt)\/|etc\/(group|gshadow)-$|tmp\/|proc\/|root\/)/;

/** @throws {Error} that says what went wrong, or what is left. */
export function verifyPackage(path: string, say: Say): void {
  mkdirSync(CACHE, { recursive: true });
  inRoot('clean', dependencies(), say, (root) => {
    const before = stateOf(root);
    say('installing');
    copyFileSync(path, join(root, 'tmp/deskcloud.deb'));
    say(`  ${inside(root, ['dpkg', '--install', '/tmp/deskcloud.deb']).trim().split('\n').at(-1) ?? ''}`);
    inside(root, ['dpkg', '--verify', 'deskcloud']);
    say(`deskcloud --version: ${inside(root, ['deskcloud', '--version']).trim()}`);
    const found = inside(root, ['deskcloud', 'check'], { mayFail: true }).trim();
    for (const line of found.split('\n')) say(`  ${line}`);
    if (found.includes('is missing (')) throw new Error('The package does not depend on all that it runs.');
    say('using it on a simulated host');
    copyFileSync(join(import.meta.dirname, 'session.ts'), join(root, 'tmp/session.ts'));
    const node = ['/usr/lib/deskcloud/bin/node', '--disable-warning=ExperimentalWarning'];
    for (const line of inside(root, [...node, '/tmp/session.ts'])
      .trim()
      .split('\n'))
      say(`  ${line}`);
    inside(root, ['dpkg', '--purge', 'deskcloud']);
    const after = stateOf(root);
    const left = [...after.files].filter((file) => !before.files.has(file));
    const gone = [...before.files].filter((file) => !after.files.has(file));
    if (left.length + gone.length > 0 || after.groups !== before.groups)
      throw new Error(
        `After the purge there are ${left.join(' ') || 'no new files'}, gone are ${gone.join(' ') || 'none'}; groups:\n${after.groups}`,
      );
    say(`purged: the same ${before.files.size} files and groups as before`);
  });
  lintPackage(path, say);
}

/** Debian's own reader of packages. @throws {Error} when it finds errors. */
function lintPackage(path: string, say: Say): void {
  inRoot('lintian', ['lintian'], say, (root) => {
    copyFileSync(path, join(root, 'tmp', basename(path)));
    const words = ['lintian', '--allow-root', '--no-tag-display-limit', `/tmp/${basename(path)}`];
    const said = inside(root, words, { mayFail: true }).trim();
    for (const line of said.split('\n')) say(`  ${line}`);
    if (/^E:/m.test(said)) throw new Error('lintian found errors.');
    say('lintian: no errors');
  });
}

/** Paths and groups in a root. */
function stateOf(root: string): { readonly files: ReadonlySet<string>; readonly groups: string } {
  // Links are not followed: those of the root lead into the host.
  const paths = output(['find', root, '-mindepth', '1', '-printf', '%P\\n']).trim().split('\n');
  return {
    files: new Set(paths.filter((path) => !NOTED.test(path))),
    groups: readFileSync(join(root, 'etc/group'), 'utf8'),
  };
}

/** Makes a root's copy for one use. */
function inRoot(name: string, packages: readonly string[], say: Say, use: (root: string) => void): void {
  const tar = cleanRoot(name, packages, say);
  const root = mkdtempSync(join(CACHE, `${name}-`));
  try {
    say(`unpacking ${basename(tar)}`);
    output(['tar', '--extract', '--file', tar, '--directory', root, '--numeric-owner']);
    use(root);
  } finally {
    rmSync(root, { recursive: true, force: true });
  }
}

/** A minimal Debian with these packages and what they depend on, as a tar file that is kept. */
function cleanRoot(name: string, packages: readonly string[], say: Say): string {
  const digest = createHash('sha256')
    .update([SUITE, ...packages].join(' '))
    .digest('hex')
    .slice(0, 12);
  const tar = join(CACHE, `${name}-${digest}.tar`);
  if (existsSync(tar)) return tar;
  say(`making ${basename(tar)} (once; two minutes or so)`);
  const fresh = `${tar}.${process.pid}.tar`;
  output([
    'mmdebstrap',
    '--quiet',
    '--variant=minbase',
    `--include=${packages.join(',')}`,
    // Nothing is started in it.
    '--setup-hook=mkdir -p "$1/usr/sbin" && printf "#!/bin/sh\\nexit 101\\n" > "$1/usr/sbin/policy-rc.d" && chmod 755 "$1/usr/sbin/policy-rc.d"',
    SUITE,
    fresh,
  ]);
  renameSync(fresh, tar);
  return tar;
}

/** Runs a program in a root, with a process space of its own: whatever it leaves running ends with it. */
function inside(root: string, words: readonly string[], options: { mayFail?: boolean } = {}): string {
  const argv = ['unshare', '--mount', '--pid', '--fork', '--kill-child', `--root=${root}`, '--mount-proc'];
  return output(
    [...argv, 'env', '-i', 'PATH=/usr/sbin:/usr/bin:/sbin:/bin', 'HOME=/root', ...words],
    options,
  );
}

/** What a program says. @throws {Error} with it, when the program fails and may not. */
function output(argv: readonly string[], options: { mayFail?: boolean } = {}): string {
  const [program = '', ...words] = argv;
  const { status, stdout, stderr, error } = spawnSync(program, words, {
    encoding: 'utf8',
    maxBuffer: 1 << 26,
  });
  if (error !== undefined) throw new Error(`${program} cannot be run: ${error.message}`);
  if (status !== 0 && options.mayFail !== true)
    throw new Error(`${argv.join(' ')} ended with status ${status}:\n${stdout}${stderr}`);
  return stdout;
}
