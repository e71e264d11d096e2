/**
 * `npm run screenshots`: every page of the window with demo data, light and dark, at two sizes, into
 * build/screenshots/<route>-<size>-<light|dark>.png. `-- --only servers` takes routes whose name has that in it.
 */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { TestWindow } from '../test/support/window.ts';
import { showcase } from '../test/support/showcase.ts';

const DIRECTORY = join(import.meta.dirname, '..', 'build', 'screenshots');
const SIZES = [
  { width: 1280, height: 800 },
  { width: 1920, height: 1080 },
] as const;

const { values } = parseArgs({ options: { only: { type: 'string', default: '' } } });

mkdirSync(DIRECTORY, { recursive: true });
const window = await TestWindow.open();
try {
  const routes = await showcase(window);
  for (const { name, route, before } of routes.filter((one) => one.name.includes(values.only))) {
    const page = await window.page(route);
    await window.settled(page);
    await before?.(page);
    for (const dark of [false, true]) {
      await page.emulateMedia({ colorScheme: dark ? 'dark' : 'light' });
      for (const size of SIZES) {
        await page.setViewportSize(size);
        await window.settled(page);
        const path = join(DIRECTORY, `${name}-${size.width}-${dark ? 'dark' : 'light'}.png`);
        await page.screenshot({ path });
        process.stdout.write(`${path}\n`);
      }
    }
    await page.close();
  }
} finally {
  await window.close();
}
