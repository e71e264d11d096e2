import { mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { TraceEntry } from '../contract/trace.ts';
import { withRecorder } from '../host/record.ts';
import { Secret } from '../secret.ts';
import {
  afterCommit,
  closeDatabase,
  inTransaction,
  openDatabase,
  statement,
  transaction,
  type Db,
} from './index.ts';

let directory: string;
let path: string;
let migrations: string;
const open: Db[] = [];

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'deskcloud-db-'));
  path = join(directory, 'deskcloud.db');
  migrations = join(directory, 'migrations');
  mkdirSync(migrations);
  migration('0001-first.sql', 'CREATE TABLE t (a) ');
});

afterEach(() => {
  for (const db of open.splice(0)) closeDatabase(db);
  rmSync(directory, { recursive: true });
});

function migration(name: string, text: string): void {
  writeFileSync(join(migrations, name), text);
}

function openIt(where = path): Db {
  const db = openDatabase({ path: where, migrationsDirectory: migrations });
  open.push(db);
  return db;
}

function reopen(db: Db): Db {
  closeDatabase(db);
  return openIt();
}

function rows(db: Db): unknown[] {
  return statement<[], { a: unknown }>(db, 'SELECT a FROM t')
    .all()
    .map(({ a }) => a);
}

function insert(db: Db, value: number): void {
  statement<[number]>(db, 'INSERT INTO t (a) VALUES (?)').run(value);
}

describe('openDatabase', () => {
  it('makes a private file that syncs each commit', () => {
    const db = openIt();
    expect(db.pragma('journal_mode', { simple: true })).toBe('wal');
    expect(db.pragma('synchronous', { simple: true })).toBe(2);
    expect(db.pragma('foreign_keys', { simple: true })).toBe(1);
    insert(db, 1);
    for (const name of readdirSync(directory).filter((name) => name.startsWith('deskcloud.db')))
      expect(statSync(join(directory, name)).mode & 0o777, 'mode of the file').toBe(0o600);
  });

  it('keeps a second opener out, also when the first was killed', async () => {
    const db = openIt();
    expect(() => openIt()).toThrow(`another Deskcloud helper (process ${process.pid}) is using ${path}`);
    closeDatabase(db);
    const script = `const { openDatabase } = await import(${JSON.stringify(join(import.meta.dirname, 'index.ts'))});
      openDatabase({ path: process.argv[1], migrationsDirectory: process.argv[2] });
      console.log('open'); setInterval(() => {}, 1000);`;
    const child = spawn(process.execPath, ['--input-type=module', '-e', script, path, migrations]);
    await once(child.stdout, 'data');
    expect(() => openIt()).toThrow(`another Deskcloud helper (process ${child.pid})`);
    const ended = once(child, 'exit');
    child.kill('SIGKILL');
    await ended;
    expect(rows(openIt())).toEqual([]);
  });

  it('refuses a file that is no database, and leaves it as it is', () => {
    writeFileSync(path, 'x'.repeat(5000));
    expect(() => openIt()).toThrow(/is damaged .* Restore it from a backup/);
    expect(statSync(path).size).toBe(5000);
  });

  it('refuses a damaged schema', () => {
    closeDatabase(openIt());
    const content = Buffer.alloc(4096, 0xff);
    writeFileSync(path, content, { flag: 'r+', flush: true });
    expect(() => openIt()).toThrow('is damaged');
  });
});

describe('migrations', () => {
  it('are applied once, in order, also into gaps', () => {
    let db = openIt();
    insert(db, 1);
    migration('0010-later.sql', 'ALTER TABLE t ADD COLUMN b');
    db = reopen(db);
    migration('0005-between.sql', 'CREATE TABLE u (a)');
    db = reopen(db);
    expect(rows(db)).toEqual([1]);
    expect(statement<[], { name: string }>(db, 'SELECT name FROM migration ORDER BY number').all()).toEqual([
      { name: '0001-first.sql' },
      { name: '0005-between.sql' },
      { name: '0010-later.sql' },
    ]);
  });

  it('of which one fails leave the ones before it', () => {
    migration('0002-wrong.sql', 'CREATE TABLE u (a); INSERT INTO nowhere VALUES (1)');
    expect(() => openIt()).toThrow('0002-wrong.sql could not be applied: no such table: nowhere');
    migration('0002-wrong.sql', 'CREATE TABLE u (a)');
    expect(rows(openIt())).toEqual([]);
  });

  it('must not change afterwards', () => {
    const db = openIt();
    migration('0001-first.sql', 'CREATE TABLE t (a, b)');
    expect(() => reopen(db)).toThrow('0001-first.sql was changed after it was applied');
  });

  it('that are unknown mean a newer version', () => {
    migration('0002-new.sql', 'CREATE TABLE u (a)');
    const db = openIt();
    rmSync(join(migrations, '0002-new.sql'));
    expect(() => reopen(db)).toThrow(/newer version of Deskcloud \(it has 0002-new.sql/);
  });

  it('need good names and different numbers', () => {
    migration('0001-twice.sql', '');
    expect(() => openIt()).toThrow('two migrations have the number 1');
    migration('2-short.sql', '');
    expect(() => openIt()).toThrow('not named NNNN-name.sql');
  });
});

describe('transaction', () => {
  it('takes everything back when it throws, hooks too', () => {
    const db = openIt();
    const told: string[] = [];
    expect(() =>
      transaction(db, () => {
        insert(db, 1);
        afterCommit(db, () => told.push('never'));
        throw new Error('no');
      }),
    ).toThrow('no');
    expect([rows(db), told, inTransaction(db)]).toEqual([[], [], false]);
  });

  it('runs hooks once, after the outermost commit', () => {
    const db = openIt();
    const told: unknown[] = [];
    transaction(db, () => {
      transaction(db, () => {
        insert(db, 1);
        afterCommit(db, () => told.push(inTransaction(db), db.inTransaction));
      });
      expect(told).toEqual([]);
    });
    expect(told).toEqual([false, false]);
    afterCommit(db, () => told.push('at once'));
    expect(told).toHaveLength(3);
  });

  it('inside another one takes back only itself', () => {
    const db = openIt();
    const told: string[] = [];
    transaction(db, () => {
      insert(db, 1);
      expect(() =>
        transaction(db, () => {
          insert(db, 2);
          afterCommit(db, () => told.push('inner'));
          throw new Error('inner');
        }),
      ).toThrow('inner');
      afterCommit(db, () => told.push('outer'));
    });
    expect([rows(db), told]).toEqual([[1], ['outer']]);
  });

  it('refuses a function that is not synchronous', () => {
    const db = openIt();
    expect(() =>
      transaction(db, async () => {
        insert(db, 1);
        await Promise.resolve();
      }),
    ).toThrow('must be synchronous');
    expect(rows(db)).toEqual([]);
  });

  it('without durability is still whole, and the next one is durable again', () => {
    const db = openIt();
    transaction(
      db,
      () => {
        insert(db, 1);
        expect(db.pragma('synchronous', { simple: true })).toBe(1);
      },
      { durable: false },
    );
    expect(db.pragma('synchronous', { simple: true })).toBe(2);
    expect(rows(db)).toEqual([1]);
  });
});

describe('statement', () => {
  it('is compiled once', () => {
    const db = openIt();
    expect(statement(db, 'SELECT 1')).toBe(statement(db, 'SELECT 1'));
  });

  it('records changes with masked secrets, and no reads', () => {
    const db = openIt();
    const entries: TraceEntry[] = [];
    withRecorder(
      (entry) => entries.push(entry),
      () => {
        statement<[Secret]>(db, 'INSERT INTO t\n  (a) VALUES (?)').run(new Secret('geheim'));
        statement<[{ a: boolean }]>(db, 'INSERT INTO t (a) VALUES (@a)').run({ a: true });
        statement<[Uint8Array]>(db, 'DELETE FROM t WHERE a = ?').run(new Uint8Array(3));
        expect(rows(db)).toEqual(['geheim', 1]);
      },
    );
    expect(entries).toEqual([
      { kind: 'sql', statement: 'INSERT INTO t (a) VALUES (?)', parameters: '***', rows: 1 },
      { kind: 'sql', statement: 'INSERT INTO t (a) VALUES (@a)', parameters: 'a: true', rows: 1 },
      { kind: 'sql', statement: 'DELETE FROM t WHERE a = ?', parameters: '<3 bytes>', rows: 0 },
    ]);
  });
});
