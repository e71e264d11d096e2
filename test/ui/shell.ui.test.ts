import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import type { Page } from 'playwright-core';
import { TestWindow } from '../support/window.ts';
import { violations } from '../support/axe.ts';

let window: TestWindow;
beforeAll(async () => {
  window = await TestWindow.open();
});
afterAll(async () => {
  // The one that the window started runs by itself.
  await window.instance.client.stop('keep').catch(() => undefined);
  await window.close();
});

/** What the page would have shown on the desktop. */
type Shown = { title: string; body: string };
const shown = (page: Page): Promise<readonly Shown[]> =>
  page.evaluate(() => (globalThis as unknown as { shown: Shown[] }).shown);

/** A page in which notifications may be shown once the person has agreed, and which nobody looks at. */
async function unseenPage(): Promise<Page> {
  const page = await window.page('/servers');
  await page.addInitScript(() => {
    const all = globalThis as unknown as Record<string, unknown>;
    const shownHere: Shown[] = [];
    all['shown'] = shownHere;
    const clicks: (() => void)[] = [];
    all['clicks'] = clicks;
    all['Notification'] = class {
      static permission = 'default';
      static requestPermission(): Promise<string> {
        this.permission = 'granted';
        return Promise.resolve('granted');
      }
      constructor(title: string, { body }: { body: string }) {
        shownHere.push({ title, body });
      }
      addEventListener(_type: string, listener: () => void): void {
        clicks.push(listener);
      }
      close(): void {}
    };
    (all['document'] as { hasFocus: () => boolean }).hasFocus = () => false;
  });
  await page.reload();
  await page.locator('main h1').first().waitFor();
  return page;
}

test('work that has failed is told on the desktop, once the person has agreed', async () => {
  const page = await unseenPage();
  const tell = (title: string): void =>
    window.shell.keeper.emit({
      type: 'notice',
      outcome: 'failed',
      title,
      reason: 'no host',
      route: '/operations/none',
    });
  tell('Create server a');
  await page.getByRole('button', { name: 'Yes, tell me' }).click();
  expect(await shown(page)).toEqual([]);
  tell('Create server b');
  await vi.waitFor(async () => expect(await shown(page)).toHaveLength(1));
  expect(await shown(page)).toEqual([{ title: 'Deskcloud: Failed', body: 'Create server b: no host' }]);
  await page.evaluate(() => (globalThis as unknown as { clicks: (() => void)[] }).clicks[0]?.());
  await page.waitForURL('**/operations/none');
  await page.close();
});

test('a helper that dies is started again, and the window says so', { timeout: 120_000 }, async () => {
  const page = await window.page('/servers');
  await window.instance.kill();
  const notice = page.getByText('ended by itself and was started again');
  await notice.waitFor({ timeout: 100_000 });
  await page.getByRole('button', { name: 'Show its log' }).click();
  await page.getByText('"msg":"listening"').first().waitFor();
  expect(await violations(page)).toEqual([]);
  await page.keyboard.press('Escape');
  await page.getByRole('button', { name: 'Close' }).click();
  await notice.waitFor({ state: 'detached' });
  await page.close();
});

test('the end of the window can be that of the cloud', async () => {
  const page = await window.page('/servers');
  const ask = async (): Promise<void> => {
    await page.keyboard.press('Control+k');
    await page.getByPlaceholder('Go to a page').fill('quit');
    await page.keyboard.press('Enter');
    await page.getByRole('dialog', { name: 'Quit Deskcloud?' }).waitFor();
  };
  await ask();
  expect(await violations(page)).toEqual([]);
  await page.getByRole('button', { name: 'Cancel' }).click();
  expect(window.quits).toBe(0);
  await ask();
  await page.getByRole('button', { name: 'Shut the cloud down and quit' }).click();
  await vi.waitFor(() => expect(window.quits).toBe(1), { timeout: 40_000 });
  expect(await window.instance.client.statusIfRunning()).toBeUndefined();
  await page.close();
});
