import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { createWriteStream, existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { installPackages } from './packages.ts';
import { ResultReader, type TestResult } from './results.ts';

const PROGRAM = '/usr/bin/tempest';
/** Debian's Python comes first: tempest is installed for it and for no other. */
const ENVIRONMENT = { PATH: '/usr/bin:/usr/sbin:/bin:/sbin', PYTHONWARNINGS: 'ignore', LC_ALL: 'C.UTF-8' };

/** Installs OpenStack's tests where they are missing. @throws {Error} */
export function ensureTempest(): void {
  if (!existsSync(PROGRAM)) installPackages(['tempest']);
}

/** What to run: tests by their whole names, or whatever a regular expression finds. */
export type Wanted = { readonly names: readonly string[] } | { readonly regex: string };

export interface RunOptions {
  /** An existing directory; tempest's log stays there. */
  readonly directory: string;
  /** The content of tempest.conf. */
  readonly conf: string;
  readonly wanted: Wanted;
  readonly concurrency: number;
  readonly onResult: (result: TestResult) => void;
  /** Ends tempest, which then takes away what its tests have made. */
  readonly signal: AbortSignal;
}

/** Runs tempest once. @throws {Error} when it does not get as far as running a test. */
export async function runTempest(options: RunOptions): Promise<readonly TestResult[]> {
  const { directory, conf, wanted, concurrency, onResult, signal } = options;
  const workspace = join(directory, 'workspace');
  const words = ['init', '--workspace-path', join(directory, 'workspaces.yaml'), workspace];
  const made = spawnSync('/usr/bin/python3', [PROGRAM, ...words], { env: ENVIRONMENT, encoding: 'utf8' });
  if (made.status !== 0) throw new Error(`tempest init: ${made.stdout}${made.stderr}`);
  mkdirSync(join(directory, 'locks'), { recursive: true });
  writeFileSync(join(workspace, 'etc', 'tempest.conf'), conf, { mode: 0o600 });
  const child = spawn(
    '/usr/bin/python3',
    [PROGRAM, 'run', '--concurrency', String(concurrency), ...wantedWords(wanted, directory)],
    // In a group of its own: Ctrl-C is for the script, which ends tempest itself.
    { cwd: workspace, env: ENVIRONMENT, stdio: ['ignore', 'pipe', 'pipe'], detached: true },
  );
  const end = (): void => {
    if (child.pid !== undefined && child.exitCode === null) process.kill(-child.pid, 'SIGINT');
  };
  signal.addEventListener('abort', end);
  const log = createWriteStream(join(directory, 'run.log'));
  const reader = new ResultReader(onResult);
  const last: string[] = [];
  const hear = (line: string): void => {
    log.write(`${line}\n`);
    if (last.push(line) > 20) last.shift();
    reader.line(line);
  };
  const lines = [child.stdout, child.stderr].map((stream) => createInterface(stream).on('line', hear));
  await Promise.all([once(child, 'close'), ...lines.map((one) => once(one, 'close'))]);
  reader.end();
  signal.removeEventListener('abort', end);
  log.end();
  if (reader.results.length === 0 && !signal.aborted)
    throw new Error(`tempest ran no test:\n${last.join('\n')}`);
  return reader.results;
}

function wantedWords(wanted: Wanted, directory: string): readonly string[] {
  if ('regex' in wanted) return ['--regex', wanted.regex];
  const list = join(directory, 'include.txt');
  // The whole name and no other: '..._list' is also how '..._list_all' begins.
  const lines = wanted.names.map((name) => `${name.replaceAll('.', '\\.')}(\\[|$)\n`);
  writeFileSync(list, lines.join(''));
  return ['--include-list', list];
}
