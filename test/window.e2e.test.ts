import { existsSync } from 'node:fs';
import { chromium, type Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { CHROMIUM } from './support/browser.ts';
import { deskcloud } from './support/cli.ts';
import { firstHour, type Hands } from './support/first-hour.ts';
import { NOTHING, TestInstance } from './support/instance.ts';
import { NpmStart } from './support/npm-start.ts';
import { complaints } from './support/person.ts';

const instance = new TestInstance('window');
let started: NpmStart;

beforeAll(() => {
  started = new NpmStart(instance, ['--browser']);
});
afterEach(({ task }) => {
  if (task.result?.state === 'fail') process.stderr.write(`${complaints(instance)}\n`);
});
afterAll(async () => {
  await started.stop();
  await deskcloud(instance, 'demo', '--down');
  expect(await instance.remove()).toEqual(NOTHING);
});

/** Signs for which a person holds Shift; a guest goes by the keys, not by what they mean on the host. */
const SHIFTED: Readonly<Record<string, string>> = {
  $: 'Shift+Digit4',
  '(': 'Shift+Digit9',
  ')': 'Shift+Digit0',
  '*': 'Shift+Digit8',
};

const byDriver = (page: Page): Hands => ({
  click: (target) => target.click(),
  typeLine: async (text) => {
    for (const sign of text) await page.keyboard.press(SHIFTED[sign] ?? sign, { delay: 10 });
    await page.keyboard.press('Enter');
  },
});

test.skipIf(!existsSync(CHROMIUM))(
  'npm start ends in a window in which a newcomer makes a cloud, and talks with a real guest on its screen',
  async () => {
    const url = await started.until((said) => /^\s*(http:\/\/\S+\/open\S+)$/m.exec(said)?.[1]);
    const browser = await chromium.launch({
      executablePath: CHROMIUM,
      args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-sync'],
    });
    try {
      const page = await browser.newPage({ viewport: { width: 1280, height: 800 }, locale: 'en-GB' });
      page.setDefaultTimeout(60_000);
      const wrong: string[] = [];
      page.on('pageerror', (error) => wrong.push(String(error)));
      await page.goto(url);
      const seen = await firstHour(page, byDriver(page), async (turn) => {
        const keep = process.env['DESKCLOUD_TEST_KEEP'];
        if (keep !== undefined) await page.screenshot({ path: `${keep}/window-${turn}.png` });
      });
      expect(seen.login).toContain('demo-server login:');
      expect(seen.answer).toContain('six times seven is 42');
      expect(wrong).toEqual([]);
    } finally {
      await browser.close();
    }
  },
);
