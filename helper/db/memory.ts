import Database from 'better-sqlite3';
import { migrate } from './migrate.ts';
import { configure, MIGRATIONS, type Db } from './open.ts';

let whole: Buffer | undefined;

/**
 * A database in this process's memory with the whole schema and no rows but the migrations' own: for tests. The
 * migrations run once in a process, as they take as long as many a test; each later call gives a copy of the outcome.
 */
export function memoryDatabase(): Db {
  whole ??= migrated();
  const db = new Database(whole);
  configure(db);
  return db;
}

function migrated(): Buffer {
  const db = new Database(':memory:');
  configure(db);
  migrate(db, MIGRATIONS);
  const bytes = db.serialize();
  db.close();
  return bytes;
}
