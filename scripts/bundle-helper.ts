/**
 * Makes build/helper of helper/main.ts and all that it imports: parsed and compiled once instead of at each start,
 * and without what nobody uses of the libraries, so the helper starts in a third of the time and holds 60 MiB less.
 * main/bootstrap.mjs runs this when a source is newer. The two small programs beside it come along.
 */
import { mkdirSync, renameSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { rolldown } from 'rolldown';
import { helperBundle } from '../main/helper-bundle.mjs';
import { httpWithoutFetch } from './http-without-fetch.ts';
import { ownPlace } from './own-place.ts';

const HELPER = join(import.meta.dirname, '..', 'helper');
const directory = dirname(helperBundle);
const fresh = `${directory}.${process.pid}`;

mkdirSync(dirname(directory), { recursive: true });
// One after the other: a chunk that two programs share holds more than either needs.
for (const name of ['main', 'setup', 'teardown']) {
  const bundle = await rolldown({
    input: { [name]: join(HELPER, `${name}.ts`) },
    platform: 'node',
    // A native add-on, which is found beside its own files.
    external: ['better-sqlite3'],
    plugins: [httpWithoutFetch, ownPlace(directory, /\/helper\/.*\.ts$/)],
  });
  await bundle.write({
    dir: fresh,
    format: 'esm',
    entryFileNames: '[name].mjs',
    chunkFileNames: `${name}-[name].mjs`,
  });
  await bundle.close();
}
rmSync(directory, { recursive: true, force: true });
renameSync(fresh, directory);
