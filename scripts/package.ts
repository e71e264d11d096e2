/**
 * `npm run package`: a Debian package of the helper, the command line and the window for a browser, in build/packages.
 * The same sources give the same file. `-- --verify` then installs it into a clean Debian, runs it there, removes and
 * purges it, and looks for what is left (scripts/package/verify.ts).
 */
import { execFileSync, spawnSync } from 'node:child_process';
import {
  chmodSync,
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { rolldown } from 'rolldown';
import { ARCHITECTURE, MAINTAINER, controlFile, md5sums, sizeOf } from './package/control.ts';
import { copyrightFile } from './package/copyright.ts';
import { ADD_ONS, fillTree } from './package/tree.ts';
import { verifyPackage } from './package/verify.ts';
import { ownPlace } from './own-place.ts';

const ROOT = join(import.meta.dirname, '..');
const BUILD = join(ROOT, 'build');
const CLI = join(BUILD, 'cli');
const MAINTAINER_SCRIPTS = ['postinst', 'prerm', 'postrm'];

const started = Date.now();
const say = (text: string): void => {
  process.stdout.write(`${((Date.now() - started) / 1000).toFixed(1).padStart(6)} s  ${text}\n`);
};

function run(
  program: string,
  words: readonly string[],
  environment: Readonly<Record<string, string>> = {},
): void {
  const { status, error } = spawnSync(program, words, {
    cwd: ROOT,
    stdio: ['ignore', 'inherit', 'inherit'],
    env: { ...process.env, ...environment },
  });
  if (error !== undefined) throw new Error(`${program} cannot be run: ${error.message}`);
  if (status !== 0) throw new Error(`${program} ${words[0] ?? ''} ended with status ${status}`);
}

/** The command line as one program, with the window's shell in it. */
async function bundleCommandLine(): Promise<void> {
  rmSync(CLI, { recursive: true, force: true });
  const bundle = await rolldown({
    input: { main: join(ROOT, 'main', 'cli', 'main.ts') },
    platform: 'node',
    external: ['@lydell/node-pty'],
    plugins: [ownPlace(CLI, /\/(main|resources)\/.*\.(ts|mjs)$/)],
  });
  await bundle.write({ dir: CLI, format: 'esm', entryFileNames: '[name].mjs', chunkFileNames: '[name].mjs' });
  await bundle.close();
}

/** Seconds since the epoch of the last commit: the time of all files in the package. */
function sourceTime(): string {
  return execFileSync('git', ['log', '-1', '--format=%ct'], { cwd: ROOT, encoding: 'utf8' }).trim();
}

const { values } = parseArgs({ options: { verify: { type: 'boolean', default: false } } });
const { version } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as { version: string };
const packages = join(BUILD, 'packages');
mkdirSync(packages, { recursive: true });
const work = mkdtempSync(join(packages, 'deb-'));
const result = join(packages, `deskcloud_${version}_${ARCHITECTURE}.deb`);
try {
  say('the command line');
  await bundleCommandLine();
  say('the files');
  const tree = join(work, 'tree');
  mkdirSync(tree);
  const time = sourceTime();
  const date = new Date(Number(time) * 1000).toUTCString().replace('GMT', '+0000');
  const changelog = `deskcloud (${version}) unstable; urgency=medium\n\n  * As in the repository.\n\n -- ${MAINTAINER}  ${date}\n`;
  fillTree(tree, version, copyrightFile(), changelog);
  say('Node and the add-ons, without their debugging symbols');
  const node = join(tree, 'usr/lib/deskcloud/bin/node');
  copyFileSync(join(ROOT, 'node_modules/node/bin/node'), node);
  chmodSync(node, 0o755);
  const addOns = ADD_ONS.map((path) => join(tree, path));
  run('strip', ['--strip-unneeded', '--remove-section=.comment', '--remove-section=.note', node, ...addOns]);
  say(`packing ${(sizeOf(tree) / 2 ** 20).toFixed(0)} MiB (half a minute)`);
  const control = join(tree, 'DEBIAN');
  const sums = md5sums(tree);
  const size = sizeOf(tree);
  mkdirSync(control, { mode: 0o755 });
  writeFileSync(join(control, 'control'), controlFile(version, size));
  writeFileSync(join(control, 'md5sums'), sums);
  for (const name of MAINTAINER_SCRIPTS) {
    copyFileSync(join(ROOT, 'resources/package', name), join(control, name));
    chmodSync(join(control, name), 0o755);
  }
  run('dpkg-deb', ['--root-owner-group', '-Zxz', '-z3', '--threads-max=2', '--build', tree, result], {
    SOURCE_DATE_EPOCH: time,
  });
} finally {
  rmSync(work, { recursive: true, force: true });
}
say(`${result}: ${(statSync(result).size / 2 ** 20).toFixed(1)} MiB`);
if (values.verify) verifyPackage(result, say);
