import type { OperationError } from '../contract/operation.ts';
import { Secret } from '../secret.ts';

/**
 * The JSON text of an operation's input.
 *
 * @throws {TypeError} naming the place, when a value would not read back as it was, or is a {@link Secret}: inputs
 * are kept in the journal in clear text.
 */
export function serializeInput(input: unknown): string {
  check(input, 'input');
  return JSON.stringify(input);
}

function check(value: unknown, place: string): void {
  if (value instanceof Secret)
    throw new TypeError(
      `${place} is a secret, and inputs of sagas are kept in clear text; store it in a table and pass its id`,
    );
  if (value === null || value === undefined || typeof value === 'string' || typeof value === 'boolean')
    return;
  if (typeof value === 'number' && Number.isFinite(value)) return;
  if (typeof value !== 'object') throw new TypeError(`${place} (a ${typeof value}) cannot be kept as JSON`);
  if (Array.isArray(value)) {
    for (const [index, item] of value.entries()) check(item, `${place}[${index}]`);
    return;
  }
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype !== Object.prototype && prototype !== null)
    throw new TypeError(`${place} is a ${value.constructor.name}, which does not read back from JSON`);
  for (const [key, item] of Object.entries(value)) check(item, `${place}.${key}`);
}

const longestMessage = 4096;

/** What is kept of an error: its code (or class), and its message with those of its causes, cut to 4 KiB. */
export function describeError(error: unknown, step?: string): OperationError {
  const message = messageOf(error);
  return {
    code: codeOf(error),
    message: message.length > longestMessage ? `${message.slice(0, longestMessage)}…` : message,
    ...(step === undefined ? {} : { step }),
  };
}

function codeOf(error: unknown): string {
  if (!(error instanceof Error)) return 'Error';
  return 'code' in error && typeof error.code === 'string' ? error.code : error.name;
}

/** What the system's bare words mean, and what can be done. */
const REMEDIES: Readonly<Record<string, string>> = {
  EIO: "a disk, or the server of a mounted directory, does not read or write; look at the kernel's log (dmesg), mend it, and try again",
  EROFS:
    "the file system is read-only, as one becomes whose disk fails; look at the kernel's log (dmesg), mount it writable, and try again",
};

function messageOf(error: unknown, depth = 0): string {
  if (!(error instanceof Error)) return String(error);
  if (error.cause === undefined || depth > 3) {
    const remedy = REMEDIES[codeOf(error)];
    return remedy === undefined ? error.message : `${error.message}: ${remedy}`;
  }
  const cause = messageOf(error.cause, depth + 1);
  return error.message.includes(cause) ? error.message : `${error.message}: ${cause}`;
}
