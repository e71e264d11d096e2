import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Db } from '../db/open.ts';
import { statement } from '../db/statement.ts';
import { record } from '../host/record.ts';
import { defineSaga, none, step } from './define.ts';

/** A saga over pretend devices (files in a directory), for the tests of the engine and of the kill harness. */
export interface SampleInput {
  readonly id: string;
  readonly disk: string;
  readonly tap: string;
  readonly bridge: string;
}

/** Pretend devices: a device is a file. */
export class SampleHost {
  readonly #directory: string;
  /** Called at the begin and the end of each change; tests make it throw. */
  hook: (what: string) => void = () => undefined;

  constructor(directory: string) {
    this.#directory = directory;
    mkdirSync(directory, { recursive: true });
  }

  async ensure(name: string, content: string): Promise<void> {
    this.hook(`before ensure ${name}`);
    await Promise.resolve();
    const path = join(this.#directory, name);
    if (!existsSync(path) || readFileSync(path, 'utf8') !== content) writeFileSync(path, content);
    record({ kind: 'file', action: 'write', path, text: content });
    this.hook(`after ensure ${name}`);
  }

  async remove(name: string): Promise<void> {
    this.hook(`before remove ${name}`);
    await Promise.resolve();
    rmSync(join(this.#directory, name), { force: true });
    this.hook(`after remove ${name}`);
  }

  inventory(): Record<string, string> {
    const names = readdirSync(this.#directory).sort();
    return Object.fromEntries(names.map((name) => [name, readFileSync(join(this.#directory, name), 'utf8')]));
  }
}

export interface SampleServices {
  readonly host: SampleHost;
}

export const sampleInput: SampleInput = {
  id: '5b1f3c9e-2d44-4e0f-9a53-0d2f6c1b7a10',
  disk: 'disk-5b1f',
  tap: 'tap-5b1f',
  bridge: 'brq-77',
};

/** The tables of the sample: a thing with a status, and a claim. */
export function createSampleTables(db: Db): void {
  db.exec(`CREATE TABLE IF NOT EXISTS thing (id TEXT PRIMARY KEY, status TEXT NOT NULL) STRICT;
    CREATE TABLE IF NOT EXISTS claim (thing TEXT PRIMARY KEY, size INTEGER NOT NULL) STRICT`);
}

function setStatus(db: Db, id: string, status: string): void {
  statement<[string, string]>(db, 'UPDATE thing SET status = ? WHERE id = ?').run(status, id);
}

export const sampleCreate = defineSaga<SampleInput, SampleServices>({
  name: 'thing-create',
  title: 'Create thing',
  service: 'sample',
  resource: ({ id }) => ({ type: 'thing', id }),
  locks: ({ id }) => [`thing:${id}`],
  steps: [
    step({
      kind: 'sql',
      name: 'claim resources',
      number: 17,
      action({ db }, { id }) {
        statement<[string]>(db, 'INSERT INTO claim (thing, size) VALUES (?, 10)').run(id);
      },
      undo({ db }, { id }) {
        statement<[string]>(db, 'DELETE FROM claim WHERE thing = ?').run(id);
      },
    }),
    step({
      kind: 'host',
      name: 'make disk',
      number: [27, 28],
      concurrency: 'disk',
      action: async ({ services }, { disk, id }) => services.host.ensure(disk, `disk of ${id}`),
      undo: async ({ services }, { disk }) => services.host.remove(disk),
    }),
    step({
      kind: 'host',
      name: 'config drive',
      number: 29,
      skip: () => 'not asked for',
      action: async ({ services }) => services.host.ensure('config-drive', ''),
      undo: async ({ services }) => services.host.remove('config-drive'),
    }),
    step({
      kind: 'host',
      name: 'ensure bridge',
      number: 33,
      service: 'network',
      action: async ({ services }, { bridge }) => services.host.ensure(bridge, 'bridge'),
      undo: none('the bridge belongs to the network, not to the thing'),
    }),
    step({
      kind: 'host',
      name: 'plug tap',
      number: [34, 36],
      service: 'network',
      action: async ({ services }, { tap, bridge }) => services.host.ensure(tap, `in ${bridge}`),
      undo: async ({ services }, { tap }) => services.host.remove(tap),
    }),
    step({
      kind: 'sql',
      name: 'thing is active',
      action({ db }, { id }) {
        setStatus(db, id, 'ACTIVE');
      },
      undo({ db }, { id }) {
        setStatus(db, id, 'BUILD');
      },
    }),
  ],
  onFailed({ db }, { id }) {
    setStatus(db, id, 'ERROR');
  },
});

export const sampleDelete = defineSaga<SampleInput, SampleServices>({
  name: 'thing-delete',
  title: 'Delete thing',
  service: 'sample',
  resource: ({ id }) => ({ type: 'thing', id }),
  locks: ({ id }) => [`thing:${id}`],
  cancellable: false,
  steps: [
    step({
      kind: 'host',
      name: 'remove devices',
      async action({ services }, { tap, disk }) {
        await services.host.remove(tap);
        await services.host.remove(disk);
      },
      undo: none('deleting only goes forward'),
    }),
    step({
      kind: 'sql',
      name: 'remove rows',
      action({ db }, { id }) {
        statement<[string]>(db, 'DELETE FROM claim WHERE thing = ?').run(id);
        statement<[string]>(db, 'DELETE FROM thing WHERE id = ?').run(id);
      },
      undo: none('deleting only goes forward'),
    }),
  ],
});
