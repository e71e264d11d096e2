import type { Secret } from '../../secret.ts';

/** An argument vector. A {@link Secret} is passed to the program and shown as *** in records and errors. */
export type Argv = readonly [string, ...(string | Secret)[]];

export interface CommandOptions {
  /** Text for standard input; none by default. */
  readonly stdin?: string | Secret;
  /**
   * Texts that the program finds in files without a name, of which {@link secretFile} says the paths: on no disk, in no
   * list of processes, and gone with it.
   */
  readonly secretFiles?: readonly Secret[];
  /** Milliseconds after which the program is killed (SIGKILL) and the call fails; 30 000 by default. */
  readonly timeoutMs?: number;
  /** Exit statuses that are no failure; [0] by default. */
  readonly okCodes?: readonly number[];
  /** Bytes of address space the program may use (prlimit); unlimited by default. */
  readonly memoryLimit?: number;
  /** Seconds of processor time the program may use (prlimit); unlimited by default. */
  readonly cpuSeconds?: number;
  /** Ends the program and rejects when aborted. */
  readonly signal?: AbortSignal;
  /** Called with standard output as it comes, for progress. */
  readonly onOutput?: (chunk: string) => void;
}

export interface CommandResult {
  readonly stdout: string;
  readonly stderr: string;
  readonly exitCode: number;
}

/** Where a program finds the n-th of its `secretFiles`. */
export const secretFile = (index: number): string => `/proc/self/fd/${3 + index}`;

/** Runs programs without a shell, with a minimal environment (PATH, LC_ALL=C), and records each run. */
export interface CommandRunner {
  /** @throws {CommandError} when the program is missing, exits otherwise than okCodes, or runs out of time. */
  run(argv: Argv, options?: CommandOptions): Promise<CommandResult>;
}

/** A program that could not be run or that failed. The message says which, how, and what it printed. */
export class CommandError extends Error {
  override readonly name = 'CommandError';
  readonly argv: readonly string[];
  readonly reason: 'missing' | 'exit' | 'timeout' | 'aborted' | 'signal';
  readonly exitCode: number | null;
  readonly stderr: string;

  constructor(
    message: string,
    detail: {
      argv: readonly string[];
      reason: CommandError['reason'];
      exitCode: number | null;
      stderr: string;
    },
  ) {
    super(message);
    this.argv = detail.argv;
    this.reason = detail.reason;
    this.exitCode = detail.exitCode;
    this.stderr = detail.stderr;
  }
}
