import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';

const RENDERER = join(import.meta.dirname, '../renderer');

/** Ways by which a text becomes markup or a program. */
const MARKUP =
  /\{@html|\.(?:inner|outer)HTML\b|insertAdjacentHTML|document\.write|createContextualFragment|\beval\(|new Function\(|srcdoc=/;

test('no text that somebody wrote becomes markup: names, logs and metadata are text nodes (S36)', () => {
  const files = globSync('**/*.{svelte,ts}', {
    cwd: RENDERER,
    exclude: (name) => /^(node_modules|dist|build)$/.test(name),
  }).filter((name) => !/\.test\.ts$|(^|\/)(node_modules|dist|build)\//.test(name));
  expect(files.length).toBeGreaterThan(300);
  expect(files.filter((name) => MARKUP.test(readFileSync(join(RENDERER, name), 'utf8')))).toEqual([]);
});
