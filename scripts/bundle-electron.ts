/**
 * Makes build/electron of main/electron: the main process as one module, and the preload as the one CommonJS file that
 * a sandboxed page's process can load.
 */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { rolldown } from 'rolldown';

const ROOT = join(import.meta.dirname, '..');
const SOURCES = join(ROOT, 'main', 'electron');
const DIRECTORY = join(ROOT, 'build', 'electron');

/** Electron's own, and a native add-on that is found beside its files. */
const external = ['electron', '@lydell/node-pty'];

const main = await rolldown({
  input: join(SOURCES, 'main.ts'),
  platform: 'node',
  external,
  plugins: [
    {
      name: 'own-place',
      // Modules that look for files beside them go on finding these, also where the whole is installed elsewhere.
      transform: {
        filter: { id: /\/(main|resources)\/(?!electron\/).*\.(ts|mjs)$/, code: 'import.meta' },
        handler: (code, id) => {
          const place = relative(DIRECTORY, dirname(id));
          return code
            .replaceAll('import.meta.main', 'false')
            .replaceAll('import.meta.dirname', `(import.meta.dirname + ${JSON.stringify(`/${place}`)})`)
            .replaceAll(
              'import.meta.url',
              `new URL(${JSON.stringify(relative(DIRECTORY, id))}, import.meta.url).href`,
            );
        },
      },
    },
  ],
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
