import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { OperationState } from '../contract/operation.ts';
import type { Db } from '../db/open.ts';
import type { Saga } from './define.ts';

/**
 * A saga and a world that lives in a directory. A module for the harness exports one as `scenario`; it is loaded
 * in every child process.
 */
export interface KillScenario<Input, Services> {
  readonly saga: Saga<Input, Services>;
  /** Opens the world, or makes it when the directory is empty. */
  open(directory: string, variant: string): Promise<KillWorld<Input, Services>>;
}

export interface KillWorld<Input, Services> {
  readonly db: Db;
  readonly services: Services;
  readonly input: Input;
  /** Plain data: the devices, and the tables that matter. */
  inventory(): Promise<unknown>;
  close(): Promise<void>;
}

/** What a child says at its end, as its last line. */
export interface KillReport {
  readonly state: OperationState | 'none';
  readonly inventory: unknown;
  /** How many moments around journal writes it passed. */
  readonly moments: number;
}

export interface KillOutcome extends KillReport {
  /** The moment at which the first process was killed, as 'after succeeded make disk'. */
  readonly killedAt: string;
}

export interface KillHarnessOptions {
  /** Absolute path of a TypeScript module that exports `scenario`. */
  readonly module: string;
  /** Given to open(): which path to take, 'happy' or 'failing'. */
  readonly variant: string;
  /** Processes at a time. */
  readonly parallel?: number;
}

/**
 * Runs the scenario in a process that kills itself with SIGKILL at the n-th moment around a journal write, for
 * each n, and recovers each time in a second process, over the files that the first one left.
 *
 * @returns the undisturbed run, and for each kill what the recovery ended in.
 */
export async function runKillHarness(
  options: KillHarnessOptions,
): Promise<{ undisturbed: KillReport; outcomes: KillOutcome[] }> {
  const undisturbed = await inDirectory(async (directory) => {
    const { output, signal } = await runChild(options, directory, 0);
    if (signal !== null) throw new Error(`the undisturbed run was killed by ${signal}`);
    return reportOf(output);
  });
  const outcomes: KillOutcome[] = [];
  let next = 1;
  const worker = async (): Promise<void> => {
    for (let n = next++; n <= undisturbed.moments; n = next++)
      outcomes[n - 1] = await inDirectory((directory) => killAndRecover(options, directory, n));
  };
  await Promise.all(Array.from({ length: options.parallel ?? 2 }, worker));
  return { undisturbed, outcomes };
}

async function killAndRecover(
  options: KillHarnessOptions,
  directory: string,
  n: number,
): Promise<KillOutcome> {
  const killed = await runChild(options, directory, n);
  if (killed.signal !== 'SIGKILL') throw new Error(`run ${n} was not killed: ${killed.output}`);
  const recovery = await runChild(options, directory, 0);
  if (recovery.signal !== null) throw new Error(`recovery ${n} was killed by ${recovery.signal}`);
  return { ...reportOf(recovery.output), killedAt: killed.output.trim().split('\n').at(-1) ?? '' };
}

async function inDirectory<T>(work: (directory: string) => Promise<T>): Promise<T> {
  const directory = mkdtempSync(join(tmpdir(), 'deskcloud-kill-'));
  try {
    return await work(directory);
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

function reportOf(output: string): KillReport {
  return JSON.parse(output.trim().split('\n').at(-1) ?? '') as KillReport;
}

async function runChild(
  options: KillHarnessOptions,
  directory: string,
  killAt: number,
): Promise<{ output: string; signal: NodeJS.Signals | null }> {
  const script = join(import.meta.dirname, 'kill-child.ts');
  const child = spawn(
    process.execPath,
    [
      '--disable-warning=ExperimentalWarning',
      script,
      options.module,
      directory,
      options.variant,
      String(killAt),
    ],
    { stdio: ['ignore', 'pipe', 'pipe'], timeout: 60_000 },
  );
  let output = '';
  let errors = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    output += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    errors += text;
  });
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code, signal) => {
      if (code !== null && code !== 0) reject(new Error(`the child ended with ${code}: ${errors}`));
      else resolve({ output, signal });
    });
  });
}
