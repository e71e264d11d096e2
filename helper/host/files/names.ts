import { randomBytes } from 'node:crypto';
import { UnsafeNameError } from './interface.ts';

/**
 * Passes a name of one directory level that is safe as a path component and as an argument of a program.
 *
 * @throws {UnsafeNameError}
 */
export function assertName(name: string): void {
  // Control characters have no use in our names, and would break lines of configuration and logs.
  const bad =
    name === '' ||
    name === '.' ||
    name === '..' ||
    name.startsWith('-') ||
    Buffer.byteLength(name) > 255 ||
    /[/\p{Cc}]/u.test(name);
  if (bad) throw new UnsafeNameError(`${JSON.stringify(name.slice(0, 80))} cannot be used as a file name`);
}

/** A hidden name beside `name` that nobody guesses. */
export function temporaryName(name: string): string {
  const shown = name.replaceAll(/[^\w.-]/g, '_').slice(0, 120);
  return `.${shown}.${randomBytes(8).toString('hex')}.tmp`;
}

/** Whether {@link temporaryName} made this name. */
export function isTemporaryName(name: string): boolean {
  return /^\..*\.[0-9a-f]{16}\.tmp$/.test(name);
}
