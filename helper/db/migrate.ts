import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Db } from './open.ts';
import { statement } from './statement.ts';
import { transaction } from './transaction.ts';

/** The directory or the database's history is not what this version can work with. Says what to do. */
export class MigrationError extends Error {
  override readonly name = 'MigrationError';
}

interface Migration {
  readonly number: number;
  readonly name: string;
  readonly text: string;
  readonly checksum: string;
}

const fileName = /^(\d{4})-[a-z0-9-]+\.sql$/;

/**
 * Brings the database to the schema of `directory`: files NNNN-name.sql, in the order of their numbers, each in a
 * transaction of its own with its record, so that an interrupted start goes on where it stopped; an empty database gets
 * them all in one, since each waits for the disk. Numbers may have gaps (each service has a reserved range); a file is
 * never changed once it was released.
 *
 * @throws {MigrationError} when an applied file has changed, or when the database was made by a newer version.
 */
export function migrate(db: Db, directory: string): void {
  db.exec(
    'CREATE TABLE IF NOT EXISTS migration (number INTEGER PRIMARY KEY, name TEXT NOT NULL, checksum TEXT NOT NULL, applied_at INTEGER NOT NULL) STRICT',
  );
  const migrations = readMigrations(directory);
  const applied = new Map(
    statement<[], { number: number; name: string; checksum: string }>(
      db,
      'SELECT number, name, checksum FROM migration ORDER BY number',
    )
      .all()
      .map((row) => [row.number, row]),
  );
  refuseUnknown(migrations, [...applied.values()], db.name);
  if (applied.size === 0) {
    transaction(db, () => {
      for (const migration of migrations) apply(db, migration);
    });
    return;
  }
  for (const migration of migrations) {
    const row = applied.get(migration.number);
    if (row === undefined) apply(db, migration);
    else if (row.checksum !== migration.checksum)
      throw new MigrationError(
        `${migration.name} was changed after it was applied to ${db.name} (as ${row.name}); restore the file and put the change into a new migration`,
      );
  }
}

function readMigrations(directory: string): Migration[] {
  const migrations = readdirSync(directory)
    .filter((name) => name.endsWith('.sql'))
    .sort()
    .map((name) => {
      const match = fileName.exec(name);
      if (match === null) throw new MigrationError(`${join(directory, name)}: not named NNNN-name.sql`);
      const text = readFileSync(join(directory, name), 'utf8');
      return {
        number: Number(match[1]),
        name,
        text,
        checksum: createHash('sha256').update(text).digest('hex'),
      };
    });
  for (const [index, migration] of migrations.entries())
    if (migrations[index + 1]?.number === migration.number)
      throw new MigrationError(`${directory}: two migrations have the number ${migration.number}`);
  return migrations;
}

function refuseUnknown(
  migrations: readonly Migration[],
  applied: readonly { number: number; name: string }[],
  database: string,
): void {
  const known = new Set(migrations.map((migration) => migration.number));
  const unknown = applied.find((row) => !known.has(row.number));
  if (unknown !== undefined)
    throw new MigrationError(
      `${database} was made by a newer version of Deskcloud (it has ${unknown.name}, which this version does not know); start that version, or give this one another state directory`,
    );
}

function apply(db: Db, migration: Migration): void {
  try {
    transaction(db, () => {
      db.exec(migration.text);
      statement<[number, string, string, number]>(
        db,
        'INSERT INTO migration (number, name, checksum, applied_at) VALUES (?, ?, ?, ?)',
      ).run(migration.number, migration.name, migration.checksum, Date.now());
    });
  } catch (error) {
    throw new MigrationError(
      `${migration.name} could not be applied: ${error instanceof Error ? error.message : String(error)}`,
      { cause: error },
    );
  }
}
