/**
 * Once in a run of tests: the helpers that tests start, each with all that it imports as one program, as the helper is
 * shipped. A start takes a quarter of the processor time that the sources need, and there are hundreds of starts.
 */
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { rolldown } from 'rolldown';
import { ownPlace } from '../../scripts/own-place.ts';
import { HELPERS, HELPERS_DIRECTORY } from './helper-program.ts';

const BUILD = join(import.meta.dirname, '..', '..', 'build');

/** Vitest calls it for each project that starts helpers; the first one makes them. @returns what ends it. */
export default async function setup(): Promise<(() => void) | undefined> {
  if (process.env[HELPERS_DIRECTORY] !== undefined) return undefined;
  mkdirSync(BUILD, { recursive: true });
  const directory = mkdtempSync(join(BUILD, 'test-helpers-'));
  const bundle = await rolldown({
    input: HELPERS,
    platform: 'node',
    // A native add-on, which is found beside its own files.
    external: ['better-sqlite3'],
    plugins: [ownPlace(directory, /\/helper\/.*\.ts$/)],
  });
  await bundle.write({ dir: directory, format: 'esm', entryFileNames: '[name].mjs' });
  await bundle.close();
  process.env[HELPERS_DIRECTORY] = directory;
  return () => {
    delete process.env[HELPERS_DIRECTORY];
    rmSync(directory, { recursive: true, force: true });
  };
}
