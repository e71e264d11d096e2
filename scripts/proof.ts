/**
 * `npm run proof`: `npm start` on a desktop of its own (Xvfb), in whose window X's own clicks and keys make the demo cloud
 * and talk with a real guest on its screen. Pictures of each turn are put into build/proof. Needs root, libvirt, and
 * Debian's xvfb, xdotool and chromium; leaves nothing.
 */
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { chromium, type Browser, type Locator, type Page } from 'playwright-core';
import { CHROMIUM } from '../test/support/browser.ts';
import { deskcloud } from '../test/support/cli.ts';
import { firstHour, type Hands } from '../test/support/first-hour.ts';
import { NOTHING, TestInstance } from '../test/support/instance.ts';
import { NpmStart } from '../test/support/npm-start.ts';

const PICTURES = join(import.meta.dirname, '..', 'build', 'proof');

/** A desktop without a screen. @returns its name, as ':99', and how to end it. */
async function desktop(): Promise<{ name: string; end: () => Promise<void> }> {
  const server = spawn('Xvfb', ['-displayfd', '3', '-screen', '0', '1366x900x24', '-nolisten', 'tcp'], {
    stdio: ['ignore', 'ignore', 'inherit', 'pipe'],
  });
  const [number] = (await once(server.stdio[3] as NodeJS.ReadableStream, 'data')) as [Buffer];
  return {
    name: `:${number.toString().trim()}`,
    end: async () => {
      const gone = once(server, 'exit');
      server.kill();
      await gone;
    },
  };
}

/** What is needed of an element; there are no types of a browser in this project. */
interface Hoverable {
  matches(selector: string): boolean;
}

/** The pointer and the keyboard of the desktop itself: what a page gets cannot be told from a person's. */
function byX(page: Page, display: string): Hands {
  const xdotool = (...words: string[]): void => {
    const { status, stderr } = spawnSync('xdotool', words, {
      env: { ...process.env, DISPLAY: display },
      encoding: 'utf8',
    });
    if (status !== 0) throw new Error(`xdotool ${words.join(' ')}: ${stderr}`);
  };
  return {
    click: async (target: Locator) => {
      await target.scrollIntoViewIfNeeded();
      const isUnderPointer = (): Promise<boolean> =>
        target.evaluate((element) => (element as unknown as Hoverable).matches(':hover'));
      // Until the pointer is on it: what is above it in the window may still go away.
      for (let tries = 0; !(await isUnderPointer()); tries += 1) {
        const box = await target.boundingBox();
        if (box === null || tries > 40) throw new Error('what is to be clicked is not seen');
        // Where the page's upper left corner is on the desktop.
        const [left, top] = (await page.evaluate(
          '[screenX + (outerWidth - innerWidth) / 2, screenY + outerHeight - innerHeight]',
        )) as [number, number];
        const x = Math.round(left + box.x + box.width / 2);
        const y = Math.round(top + box.y + box.height / 2);
        xdotool('mousemove', String(x), String(y));
        await page.waitForTimeout(250);
      }
      xdotool('click', '1');
    },
    typeLine: (text: string) => {
      xdotool('type', '--delay', '60', text);
      xdotool('key', 'Return');
      return Promise.resolve();
    },
  };
}

/** A program `chromium` that is Debian's, with a port by which the pixels can be read. It is never so for a person. */
function readableChromium(directory: string): string {
  const programs = join(directory, 'programs');
  mkdirSync(programs);
  const path = join(programs, 'chromium');
  writeFileSync(path, `#!/bin/sh\nexec ${CHROMIUM} --remote-debugging-port=0 --disable-gpu --lang=en "$@"\n`);
  chmodSync(path, 0o755);
  return programs;
}

async function portOf(profile: string): Promise<number> {
  const file = join(profile, 'DevToolsActivePort');
  for (let tries = 0; !existsSync(file) || readFileSync(file, 'utf8') === ''; tries += 1) {
    if (tries > 2400) throw new Error('no window came');
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  return Number(readFileSync(file, 'utf8').split('\n', 1)[0]);
}

/** The browser whose window it is; while its pages are only coming, it may not answer. */
async function attach(port: number): Promise<Browser> {
  for (let tries = 0; ; tries += 1) {
    try {
      return await chromium.connectOverCDP(`http://127.0.0.1:${port}`, { timeout: 15_000 });
    } catch (error) {
      if (tries === 6) throw error;
    }
  }
}

mkdirSync(PICTURES, { recursive: true });
const instance = new TestInstance('proof');
const screen = await desktop();
const started = new NpmStart(instance, [], {
  DISPLAY: screen.name,
  LANG: 'C.UTF-8',
  PATH: `${readableChromium(instance.directory)}:${process.env['PATH'] ?? ''}`,
});
try {
  const port = await portOf(join(instance.directory, 'user', 'window'));
  const browser = await attach(port);
  const page = browser.contexts()[0]?.pages()[0] ?? (await browser.contexts()[0]?.waitForEvent('page'));
  if (page === undefined) throw new Error('the window has no page');
  page.setDefaultTimeout(60_000);
  const seen = await firstHour(page, byX(page, screen.name), async (turn) => {
    await page.screenshot({ path: join(PICTURES, `${turn}.png`) });
    process.stdout.write(`${turn}\n`);
  });
  process.stdout.write(`read on the guest's screen:\n${seen.answer}\n`);
  await browser.close();
} finally {
  await started.stop();
  await deskcloud(instance, 'demo', '--down');
  await screen.end();
  const left = await instance.remove();
  if (JSON.stringify(left) !== JSON.stringify(NOTHING)) {
    process.stderr.write(`left behind: ${JSON.stringify(left)}\n`);
    process.exitCode = 1;
  }
}
