import { closeSync, openSync } from 'node:fs';
import Database from 'better-sqlite3';

/** Held while a helper owns a state directory. */
export interface StateLock {
  release(): void;
}

/**
 * Makes sure that only one helper uses a database, by a write lock on a small database beside it.
 *
 * The kernel drops such a lock with its process, however the process ended, so no stale lock can remain and no
 * process id has to be trusted: the id that is stored in it is only for the message.
 *
 * @throws {Error} when another process (or another opener in this one) has it.
 */
export function lockState(databasePath: string): StateLock {
  const path = `${databasePath}.lock`;
  createPrivately(path);
  const lock = new Database(path, { timeout: 0 });
  try {
    // Readable while reserved: a second helper learns from user_version who holds it.
    lock.exec('BEGIN IMMEDIATE');
    lock.pragma(`user_version = ${process.pid}`);
    lock.exec('COMMIT; BEGIN IMMEDIATE');
  } catch (error) {
    const owner = ownerOf(lock);
    lock.close();
    if (!isBusy(error)) throw error;
    throw new Error(
      `another Deskcloud helper${owner} is using ${databasePath}; stop it first, or give this one another state directory`,
      { cause: error },
    );
  }
  return {
    release: () => {
      lock.close();
    },
  };
}

/** Creates an empty file with mode 0600 if there is none; secrets will be in it. */
export function createPrivately(path: string): void {
  try {
    // 'wx' never opens a file that exists: closing one would drop the locks that this process holds on it.
    closeSync(openSync(path, 'wx', 0o600));
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error;
  }
}

function ownerOf(lock: Database.Database): string {
  try {
    return ` (process ${String(lock.pragma('user_version', { simple: true }))})`;
  } catch {
    return '';
  }
}

function isBusy(error: unknown): boolean {
  return error instanceof Database.SqliteError && error.code.startsWith('SQLITE_BUSY');
}
