import { join } from 'node:path';
import { closeDatabase, openDatabase, statement } from '../db/index.ts';
import type { KillScenario } from './kill-harness.ts';
import {
  createSampleTables,
  sampleCreate,
  SampleHost,
  sampleInput,
  type SampleInput,
  type SampleServices,
} from './sample-world.ts';

/** The sample saga over files; in the variant 'failing' the tap cannot be plugged, after it was. */
export const scenario: KillScenario<SampleInput, SampleServices> = {
  saga: sampleCreate,
  open(directory, variant) {
    const db = openDatabase({ path: join(directory, 'deskcloud.db') });
    createSampleTables(db);
    statement<[string]>(db, "INSERT OR IGNORE INTO thing (id, status) VALUES (?, 'BUILD')").run(
      sampleInput.id,
    );
    const host = new SampleHost(join(directory, 'devices'));
    host.hook = (what) => {
      if (variant === 'failing' && what === `after ensure ${sampleInput.tap}`)
        throw new Error('no more taps');
    };
    return Promise.resolve({
      db,
      services: { host },
      input: sampleInput,
      inventory: () =>
        Promise.resolve({
          devices: Object.keys(host.inventory()),
          things: statement<[], { status: string }>(db, 'SELECT status FROM thing').all(),
          claims: statement<[], { size: number }>(db, 'SELECT size FROM claim').all(),
          integrity: db.pragma('integrity_check', { simple: true }),
        }),
      close: () => {
        closeDatabase(db);
        return Promise.resolve();
      },
    });
  },
};
