import { afterAll, beforeAll, expect, test } from 'vitest';
import { violations } from '../support/axe.ts';
import { TestWindow } from '../support/window.ts';

let window: TestWindow;
let serverId: string;
beforeAll(async () => {
  window = await TestWindow.open();
  ({ serverId } = await window.demo());
});
afterAll(async () => await window.close());

test('the screen is seen, keys are typed into it, and it follows the power', async () => {
  const page = await window.page(`/servers/${serverId}?tab=console`);
  const screen = page.getByRole('application', { name: 'Console of demo-server' });
  const tools = page.getByRole('toolbar', { name: 'Console tools' });
  await tools.getByRole('button', { name: 'Ctrl+Alt+Del' }).and(page.locator(':enabled')).click();
  await screen.and(page.locator(':focus')).waitFor();
  expect(await screen.getAttribute('width')).toBe('320');

  const ctrl = tools.getByRole('button', { name: 'Hold Ctrl' });
  await ctrl.click();
  expect(await ctrl.getAttribute('aria-pressed')).toBe('true');
  await ctrl.click();
  // The way back from a guest that takes all keys.
  await screen.focus();
  await page.keyboard.press('Control+Alt+g');
  await page.locator('canvas:not(:focus)').waitFor();

  await page.evaluate(`navigator.clipboard.writeText('x'.repeat(3000))`);
  await tools.getByRole('button', { name: 'Type text' }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByLabel('Text').and(page.locator('textarea')).waitFor();
  expect(await violations(page)).toEqual([]);
  await dialog.getByRole('button', { name: 'Type', exact: true }).click();
  await page.getByText(/Typing \d+ of 3000 keys/).waitFor();
  await page.getByRole('button', { name: 'Cancel' }).click();
  await page.getByText(/Typing/).waitFor({ state: 'detached' });

  await tools.getByRole('button', { name: 'Screenshot' }).click();
  const download = page.waitForEvent('download');
  await page.getByRole('menuitem', { name: 'Save as PNG' }).click();
  expect((await download).suggestedFilename()).toBe('demo-server.png');

  await tools.getByRole('button', { name: 'Power' }).click();
  await page.getByRole('menuitem', { name: 'Shut down' }).click();
  await page.getByText('There is nothing to see now').waitFor();
  await page.getByRole('tabpanel').getByRole('button', { name: 'Start' }).click();
  await screen.waitFor();
  await page.getByText('Connecting to the screen').waitFor({ state: 'detached' });
  expect(await violations(page)).toEqual([]);
  await page.close();
});

test('a lost screen is opened again, and keeps the keyboard', async () => {
  const page = await window.page(`/console/${serverId}`);
  const ready = page.getByRole('button', { name: 'Ctrl+Alt+Del' }).and(page.locator(':enabled'));
  await ready.click();
  // A hard reboot makes the guest's screen anew.
  const admin = await window.instance.admin();
  const canvas = await page.getByRole('application').elementHandle();
  await admin.post('compute', `/servers/${serverId}/action`, { reboot: { type: 'HARD' } });
  await canvas?.waitForElementState('hidden');
  await ready.waitFor();
  const screen = page.getByRole('application', { name: 'Console of demo-server' });
  await screen.and(page.locator(':focus')).waitFor();
  expect(await page.getByRole('navigation').count()).toBe(0);
  await page.close();
});

test('the serial line says its first words, and answers', async () => {
  const page = await window.page(`/console/${serverId}?kind=serial`);
  const rows = page.locator('.xterm-rows');
  await rows.getByText('this server is simulated').waitFor();
  await page.getByLabel('Serial console of demo-server').and(page.locator('textarea')).focus();
  await page.keyboard.type('hello');
  await rows.getByText('hello').waitFor();
  expect(await violations(page)).toEqual([]);
  await page.close();
  expect(window.complaints).toEqual([]);
});
