import { join } from 'node:path';
import Database from 'better-sqlite3';
import { createPrivately, lockState, type StateLock } from './lock.ts';
import { migrate, MigrationError } from './migrate.ts';

/** The one database of a helper. Read and write it through statement() and transaction(). */
export type Db = Database.Database;

export interface OpenOptions {
  /** The database file; its directory must exist. */
  readonly path: string;
  /** Where the NNNN-name.sql files are; db/migrations by default. */
  readonly migrationsDirectory?: string;
}

/** The file is no database, or damaged. Nothing was changed; the message says what to do. */
export class CorruptDatabaseError extends Error {
  override readonly name = 'CorruptDatabaseError';
}

export const MIGRATIONS = join(import.meta.dirname, 'migrations');

const locks = new WeakMap<Db, StateLock>();

/**
 * Opens the database of a state directory, for this process alone, and brings its schema up to date. A file of
 * its own making has mode 0600. Close it with {@link closeDatabase}.
 *
 * @throws {CorruptDatabaseError} when the file is damaged.
 * @throws {MigrationError} when it was made by a newer version, or a migration has changed.
 * @throws {Error} when another helper has it open.
 */
export function openDatabase(options: OpenOptions): Db {
  const { path } = options;
  const lock = lockState(path);
  let db: Db | undefined;
  try {
    createPrivately(path);
    db = new Database(path);
    configure(db);
    migrate(db, options.migrationsDirectory ?? MIGRATIONS);
    locks.set(db, lock);
    return db;
  } catch (error) {
    db?.close();
    lock.release();
    throw explained(error, path);
  }
}

/** Closes the database and gives its state directory free. A second call does nothing. */
export function closeDatabase(db: Db): void {
  db.close();
  locks.get(db)?.release();
  locks.delete(db);
}

/** What a connection needs whatever is on it. */
export function configure(db: Db): void {
  db.pragma('journal_mode = WAL');
  db.pragma('synchronous = FULL');
  db.pragma('foreign_keys = ON');
  // Only tools that look at the file can be in the way: the lock keeps other helpers out.
  db.pragma('busy_timeout = 5000');
  db.pragma('temp_store = MEMORY');
  // KiB when negative. No mmap: an I/O error would then kill the process instead of failing a statement.
  db.pragma('cache_size = -8192');
  db.pragma('journal_size_limit = 16777216');
}

function explained(error: unknown, path: string): unknown {
  const cause = error instanceof MigrationError ? error.cause : error;
  if (!(cause instanceof Database.SqliteError)) return error;
  if (cause.code !== 'SQLITE_NOTADB' && !cause.code.startsWith('SQLITE_CORRUPT')) return error;
  return new CorruptDatabaseError(
    `${path} is damaged (${cause.message}). It was left as it is. Restore it from a backup (the file together with its -wal file), or move it away to start with an empty cloud`,
    { cause: error },
  );
}
