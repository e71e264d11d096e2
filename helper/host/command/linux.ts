import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import { open, unlink, type FileHandle } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { Secret } from '../../secret.ts';
import { record } from '../record.ts';
import {
  CommandError,
  type Argv,
  type CommandOptions,
  type CommandResult,
  type CommandRunner,
} from './interface.ts';

const MAX_OUTPUT = 64 * 1024 * 1024;
const ENVIRONMENT = { PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin', LC_ALL: 'C' };

const clear = (value: string | Secret): string => (value instanceof Secret ? value.reveal() : value);

/** With limits the program starts under prlimit(1), so that they hold before its first instruction. */
function limited(argv: readonly string[], options: CommandOptions): readonly string[] {
  const limits: string[] = [];
  if (options.memoryLimit !== undefined) limits.push(`--as=${options.memoryLimit}`);
  if (options.cpuSeconds !== undefined) limits.push(`--cpu=${options.cpuSeconds}`);
  return limits.length === 0 ? argv : ['prlimit', ...limits, '--', ...argv];
}

/** The real {@link CommandRunner}. */
export class LinuxCommandRunner implements CommandRunner {
  async run(argv: Argv, options: CommandOptions = {}): Promise<CommandResult> {
    const shown = argv.map(String);
    const stdin = options.stdin;
    const started = performance.now();
    const files = await unnamedFiles(options.secretFiles ?? []);
    const outcome = await execute(
      limited(argv.map(clear), options),
      options,
      files.map(({ fd }) => fd),
    );
    for (const file of files) await file.close();
    const { stdout, stderr, exitCode, failure } = outcome;
    const output = (stderr || stdout).slice(0, 4096);
    record({
      kind: 'command',
      argv: shown,
      ...(stdin === undefined ? {} : { stdin: String(stdin).slice(0, 16384) }),
      exitCode,
      durationMs: performance.now() - started,
      ...(output === '' ? {} : { output }),
    });
    const okCodes = options.okCodes ?? [0];
    if (failure === undefined && exitCode !== null && okCodes.includes(exitCode)) {
      return { stdout, stderr, exitCode };
    }
    const missing = failure === 'missing' ? shown[0] : missingBehind(outcome);
    const reason = missing === undefined ? (failure ?? (exitCode === null ? 'signal' : 'exit')) : 'missing';
    throw new CommandError(describe(shown, reason, outcome, missing, options), {
      argv: shown,
      reason,
      exitCode,
      stderr,
    });
  }
}

interface Outcome {
  stdout: string;
  stderr: string;
  exitCode: number | null;
  failure?: 'missing' | 'timeout' | 'aborted';
}

/** In memory where there is such a place. A file has its content only when it has no name any more. */
async function unnamedFiles(secrets: readonly Secret[]): Promise<readonly FileHandle[]> {
  const directory = existsSync('/dev/shm') ? '/dev/shm' : tmpdir();
  const files: FileHandle[] = [];
  try {
    for (const secret of secrets) {
      const path = join(directory, `.deskcloud-${randomUUID()}`);
      const file = await open(path, 'wx+', 0o600);
      files.push(file);
      await unlink(path);
      await file.writeFile(secret.reveal());
    }
    return files;
  } catch (error) {
    for (const file of files) await file.close();
    throw error;
  }
}

function execute(
  argv: readonly string[],
  options: CommandOptions,
  files: readonly number[],
): Promise<Outcome> {
  return new Promise((resolve) => {
    const [program = '', ...rest] = argv;
    const outcome: Outcome = { stdout: '', stderr: '', exitCode: null };
    const child = spawn(program, rest, { env: ENVIRONMENT, stdio: ['pipe', 'pipe', 'pipe', ...files] });
    const kill = (failure: 'timeout' | 'aborted'): void => {
      outcome.failure ??= failure;
      child.kill('SIGKILL');
    };
    const timer = setTimeout(() => kill('timeout'), options.timeoutMs ?? 30_000);
    const onAbort = (): void => kill('aborted');
    options.signal?.addEventListener('abort', onAbort, { once: true });
    if (options.signal?.aborted) onAbort();
    const finish = (): void => {
      clearTimeout(timer);
      options.signal?.removeEventListener('abort', onAbort);
      resolve(outcome);
    };
    child.stdout?.setEncoding('utf8').on('data', (chunk: string) => {
      if (outcome.stdout.length < MAX_OUTPUT) outcome.stdout += chunk;
      options.onOutput?.(chunk);
    });
    child.stderr?.setEncoding('utf8').on('data', (chunk: string) => {
      if (outcome.stderr.length < MAX_OUTPUT) outcome.stderr += chunk;
    });
    child.on('error', (error: NodeJS.ErrnoException) => {
      outcome.stderr ||= error.message;
      if (error.code === 'ENOENT') outcome.failure ??= 'missing';
      finish();
    });
    child.on('close', (code) => {
      outcome.exitCode = code;
      finish();
    });
    // A program that exits without reading its input must not fail the call by EPIPE.
    child.stdin?.on('error', () => undefined);
    child.stdin?.end(options.stdin === undefined ? '' : clear(options.stdin));
  });
}

/** The program that nsenter(1) or prlimit(1), which were there, did not find (util-linux's exit status and words). */
const missingBehind = ({ exitCode, stderr }: Outcome): string | undefined =>
  exitCode === 127 ? /failed to execute (\S+): No such file or directory/.exec(stderr)?.[1] : undefined;

function describe(
  argv: readonly string[],
  reason: CommandError['reason'],
  { exitCode, stderr }: Outcome,
  missing: string | undefined,
  options: CommandOptions,
): string {
  const line = argv.join(' ');
  switch (reason) {
    case 'missing':
      return `${missing ?? argv[0]} is not installed (needed for: ${line}); 'deskcloud check' says which package brings it`;
    case 'timeout':
      return `'${line}' did not finish within ${(options.timeoutMs ?? 30_000) / 1000} s and was ended`;
    case 'aborted':
      return `'${line}' was ended because its operation was cancelled`;
    case 'signal':
      return `'${line}' was ended by a signal: ${stderr.trim()}`;
    case 'exit':
      return `'${line}' failed with exit status ${exitCode}: ${stderr.trim().slice(0, 2000)}`;
  }
}
