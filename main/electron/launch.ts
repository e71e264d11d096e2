import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

const ROOT = join(import.meta.dirname, '..', '..');
const PACKAGE = join(ROOT, 'node_modules', 'electron');
/** Its time is that of the last download that failed. */
const FAILED = join(ROOT, 'node_modules', '.cache', 'deskcloud', 'electron-failed');
const DOWNLOAD_MS = 120_000;
const AGAIN_MS = 24 * 3600_000;

/** Electron's program; undefined where it is not there and cannot be downloaded, which is tried once a day. */
export function electronProgram(): string | undefined {
  if (!existsSync(PACKAGE)) return undefined;
  const there = unpacked();
  if (there !== undefined || failedLately()) return there;
  process.stderr.write('Deskcloud: downloading Electron (once; about 120 MB) for the window ...\n');
  spawnSync(process.execPath, [join(PACKAGE, 'install.js')], { stdio: 'ignore', timeout: DOWNLOAD_MS });
  const program = unpacked();
  if (program === undefined) {
    mkdirSync(dirname(FAILED), { recursive: true });
    writeFileSync(FAILED, '');
    process.stderr.write(
      'Deskcloud: Electron could not be downloaded; a browser shows the window instead.\n',
    );
  }
  return program;
}

function unpacked(): string | undefined {
  try {
    // Written by Electron's own installer once all is unpacked.
    const program = join(PACKAGE, 'dist', readFileSync(join(PACKAGE, 'path.txt'), 'utf8').trim());
    return existsSync(program) ? program : undefined;
  } catch {
    return undefined;
  }
}

function failedLately(): boolean {
  const failed = statSync(FAILED, { throwIfNoEntry: false });
  return failed !== undefined && Date.now() - failed.mtimeMs < AGAIN_MS;
}

/** Runs the window in Electron until it is closed. @returns its exit status. */
export async function runElectron(program: string, words: readonly string[]): Promise<number> {
  const made = spawnSync(
    process.execPath,
    ['--disable-warning=ExperimentalWarning', join(ROOT, 'scripts', 'bundle-electron.ts')],
    { stdio: ['ignore', 2, 2] },
  );
  if (made.status !== 0) throw new Error("Electron's part could not be bundled; the output above says why.");
  const child = spawn(program, [join(ROOT, 'build', 'electron'), ...words], { stdio: 'inherit' });
  return await new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (code) => resolve(code ?? 1));
  });
}
