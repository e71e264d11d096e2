import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { WINDOW } from '../../main/web/files.ts';
import { TestWindow } from '../support/window.ts';

let window: TestWindow;
beforeAll(async () => {
  window = await TestWindow.open();
});
afterAll(async () => await window.close());

interface Loaded {
  /** Milliseconds from the navigation. */
  readonly paintedAt: number;
  readonly scripts: readonly string[];
}

test('the window is small and soon there: consoles, charts and drawings come when they are wanted', async () => {
  const page = await window.page('/servers');
  const tries: Loaded[] = [];
  for (let n = 0; n < 3; n += 1) {
    await page.goto(`${window.server.origin}/`);
    await page.getByRole('heading', { name: 'Overview' }).waitFor();
    const loaded: unknown = await page.evaluate(`(() => ({
      paintedAt: performance.getEntriesByName('first-contentful-paint')[0].startTime,
      scripts: performance.getEntriesByType('resource')
        .map((one) => new URL(one.name).pathname).filter((path) => path.endsWith('.js')),
    }))()`);
    tries.push(loaded as Loaded);
  }
  const paintedAt = Math.min(...tries.map((one) => one.paintedAt));
  const scripts = [...new Set(tries.flatMap((one) => one.scripts))];
  const size = scripts.reduce((sum, path) => sum + gzipSync(readFileSync(join(WINDOW, path))).length, 0);
  process.stdout.write(
    `first paint after ${Math.round(paintedAt)} ms; ${scripts.length} scripts of ${Math.round(size / 1024)} KiB gzipped\n`,
  );
  expect(scripts.length).toBeGreaterThan(3);
  expect(size).toBeLessThan(400 * 1024);
  // Any letters may be in the hash behind a name.
  const names = scripts.map((path) => path.replace(/-[\w-]{8}\.js$/, ''));
  expect(names.filter((name) => /uPlot|xterm|rfb|novnc|xyflow|dagre/i.test(name))).toEqual([]);
  // What a quiet machine needs is a fraction of it.
  expect(paintedAt).toBeLessThan(5000);
  await page.close();
});
