/**
 * What runs in the guest of lvm.e2e.test.ts until the guest is killed (R7): operations of the real engine, in the real
 * database on a disk of the guest. It says what is acknowledged when it is, and at each start what is there. The same
 * goes on in a database that does not sync, on another disk, to show that what is not synced is lost.
 */
import { randomUUID } from 'node:crypto';
import { readFileSync, realpathSync, rmSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { closeDatabase, openDatabase, statement, transaction, type Db } from '../../helper/db/index.ts';
import { SagaEngine } from '../../helper/saga/index.ts';
import {
  createSampleTables,
  sampleCreate,
  SampleHost,
  type SampleInput,
} from '../../helper/saga/sample-world.ts';

/** Begins each line that is meant for the test. */
export const JOURNAL_MARK = '@@journal ';

export type Place = 'synced' | 'careless';
/** Where the disks are mounted. */
export const PLACES: readonly Place[] = ['synced', 'careless'];

/** What a database holds when it is opened. */
export interface Holding {
  readonly integrity: string;
  /** States by ids. */
  readonly operations: Readonly<Record<string, string>>;
  /** What the operations make: their status by ids. */
  readonly things: Readonly<Record<string, string>>;
}

export type JournalLine = { readonly place: Place } & (
  | { readonly told: 'found' | 'recovered'; readonly holding: Holding }
  /** An operation that was accepted, as by a 202, or that has ended. */
  | { readonly told: 'accepted' | 'done'; readonly id: string }
);

function tell(line: JournalLine): void {
  writeSync(1, `${JOURNAL_MARK}${JSON.stringify(line)}\n`);
}

function holdingOf(db: Db): Holding {
  const pairs = (sql: string) =>
    Object.fromEntries(
      statement<[], { id: string; value: string }>(db, sql)
        .all()
        .map(({ id, value }) => [id, value]),
    );
  return {
    integrity: String(db.pragma('integrity_check', { simple: true })),
    operations: pairs('SELECT id, state AS value FROM saga'),
    things: pairs('SELECT id, status AS value FROM thing'),
  };
}

/** As a helper would be that does not care: transactions choose between FULL and NORMAL themselves. */
function neverSync(db: Db): void {
  const pragma = db.pragma.bind(db);
  db.pragma = (source, options) =>
    pragma(source.startsWith('synchronous') ? 'synchronous = OFF' : source, options);
  db.pragma('synchronous');
}

class Cloud {
  readonly #place: Place;
  readonly #db: Db;
  readonly #engine: SagaEngine;

  private constructor(place: Place) {
    this.#place = place;
    const directory = `/${place}`;
    this.#db = openDatabase({ path: join(directory, 'deskcloud.db') });
    if (place === 'careless') neverSync(this.#db);
    createSampleTables(this.#db);
    this.#engine = new SagaEngine({ db: this.#db });
    this.#engine.register(sampleCreate, { host: new SampleHost(join(directory, 'devices')) });
  }

  /** Says what it has found, and goes on with what was under way. A careless one that is broken is made anew. */
  static async open(place: Place): Promise<Cloud> {
    try {
      const cloud = new Cloud(place);
      await cloud.#recover();
      return cloud;
    } catch (error) {
      if (place === 'synced') throw error;
      const integrity = String(error);
      tell({ place, told: 'found', holding: { integrity, operations: {}, things: {} } });
      for (const more of ['', '-wal', '-shm', '.lock'])
        rmSync(`/${place}/deskcloud.db${more}`, { force: true });
      return new Cloud(place);
    }
  }

  async #recover(): Promise<void> {
    const holding = holdingOf(this.#db);
    tell({ place: this.#place, told: 'found', holding });
    this.#engine.start();
    await Promise.all(Object.keys(holding.operations).map((id) => this.#engine.wait(id)));
    tell({ place: this.#place, told: 'recovered', holding: holdingOf(this.#db) });
  }

  async make(): Promise<void> {
    const id = randomUUID();
    const input: SampleInput = { id, disk: `disk-${id}`, tap: `tap-${id}`, bridge: 'bridge' };
    const place = this.#place;
    const operation = transaction(this.#db, () => {
      statement<[string]>(this.#db, "INSERT INTO thing (id, status) VALUES (?, 'BUILD')").run(id);
      return this.#engine.enqueue(sampleCreate, input);
    });
    tell({ place, told: 'accepted', id: operation });
    await this.#engine.wait(operation);
    tell({ place, told: 'done', id: operation });
  }

  async close(): Promise<void> {
    await this.#engine.stop();
    closeDatabase(this.#db);
  }
}

async function main(): Promise<void> {
  const clouds = [];
  for (const place of PLACES) clouds.push(await Cloud.open(place));
  // Until the power is cut, or not at all.
  const rounds = readFileSync('/proc/cmdline', 'utf8').includes('journal=last') ? 0 : Infinity;
  for (let round = 0; round < rounds; round += 1) for (const cloud of clouds) await cloud.make();
  for (const cloud of clouds) await cloud.close();
}

if (process.argv[1] !== undefined && realpathSync(process.argv[1]) === import.meta.filename) await main();
