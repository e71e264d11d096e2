/**
 * Makes build/electron of main/electron: the main process as one module, and the preload as the one CommonJS file that
 * a sandboxed page's process can load.
 */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { rolldown } from 'rolldown';
import { ownPlace } from './own-place.ts';

const ROOT = join(import.meta.dirname, '..');
const SOURCES = join(ROOT, 'main', 'electron');
const DIRECTORY = join(ROOT, 'build', 'electron');

/** Electron's own, and a native add-on that is found beside its files. */
const external = ['electron', '@lydell/node-pty'];

const main = await rolldown({
  input: join(SOURCES, 'main.ts'),
  platform: 'node',
  external,
  plugins: [ownPlace(DIRECTORY, /\/(main|resources)\/(?!electron\/).*\.(ts|mjs)$/)],
});
await main.write({ dir: DIRECTORY, format: 'esm', entryFileNames: 'main.mjs', chunkFileNames: '[name].mjs' });
await main.close();

const preload = await rolldown({ input: join(SOURCES, 'preload.ts'), platform: 'node', external });
await preload.write({ file: join(DIRECTORY, 'preload.cjs'), format: 'cjs' });
await preload.close();

const { version } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as { version: string };
mkdirSync(DIRECTORY, { recursive: true });
writeFileSync(
  join(DIRECTORY, 'package.json'),
  `${JSON.stringify({ name: 'deskcloud', productName: 'Deskcloud', version, type: 'module', main: 'main.mjs' }, null, 2)}\n`,
);
