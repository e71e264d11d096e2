import { join } from 'node:path';

const ROOT = join(import.meta.dirname, '..', '..');

/** The environment variable with the directory where they are bundled; without it they run from their sources. */
export const HELPERS_DIRECTORY = 'DESKCLOUD_TEST_HELPERS';

/** The helpers that tests start, and what takes away all that one made. */
export const HELPERS = {
  main: join(ROOT, 'helper', 'main.ts'),
  teardown: join(ROOT, 'helper', 'teardown.ts'),
  checked: join(import.meta.dirname, 'checked-helper.ts'),
  killing: join(import.meta.dirname, 'killing-helper.ts'),
  armed: join(import.meta.dirname, 'armed-helper.ts'),
};

/** The file that node runs for one of them. */
export function helperProgram(name: keyof typeof HELPERS): string {
  const directory = process.env[HELPERS_DIRECTORY];
  return directory === undefined ? HELPERS[name] : join(directory, `${name}.mjs`);
}
