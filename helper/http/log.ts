import { mkdirSync } from 'node:fs';
import { pino, type Logger as PinoLogger } from 'pino';
import { createStream } from 'rotating-file-stream';

/** Structured log: an object of facts, then a sentence. Secrets (helper/secret.ts) print as *** by themselves. */
export type Logger = Pick<PinoLogger, 'debug' | 'info' | 'warn' | 'error'> & { child(facts: object): Logger };

export interface LogOptions {
  /** Where helper.log is, rotated at 10 MiB, five old files kept, mode 0640. */
  readonly directory?: string;
  /** On standard error too; it is there alone where no directory is given. */
  readonly toTerminal?: boolean;
  readonly level?: string;
}

/** A log of JSON lines. */
export function createLogger(options: LogOptions = {}): { logger: Logger; close(): Promise<void> } {
  const settings = { level: options.level ?? 'info', base: null };
  if (options.directory === undefined) {
    return { logger: pino(settings, pino.destination(2)), close: () => Promise.resolve() };
  }
  mkdirSync(options.directory, { recursive: true, mode: 0o750 });
  const file = createStream('helper.log', { path: options.directory, size: '10M', maxFiles: 5, mode: 0o640 });
  const target =
    options.toTerminal === true ? pino.multistream([{ stream: file }, { stream: process.stderr }]) : file;
  return {
    logger: pino(settings, target),
    close: () => new Promise((resolve) => file.end(() => resolve())),
  };
}

/** Says nothing; for tests that do not look at logs. */
export const silentLogger: Logger = pino({ level: 'silent' });
