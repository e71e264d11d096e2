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

test('the list shows servers as they change, and nothing is wrong with it', async () => {
  const page = await window.page('/servers');
  const row = page.getByRole('row', { name: /demo-server/ });
  await row.getByText('Active').waitFor();
  expect(await violations(page)).toEqual([]);

  // Shut down from outside: the row follows by itself.
  const admin = await window.instance.admin();
  await admin.post('compute', `/servers/${serverId}/action`, { 'os-stop': null });
  await row.getByText('Shut off').waitFor();
  await page.close();
});

test('a row is opened by the keyboard, and its menu starts the server', async () => {
  const page = await window.page('/servers');
  await page.getByRole('row', { name: /demo-server/ }).focus();
  await page.keyboard.press('Enter');
  await page.getByRole('heading', { name: 'demo-server' }).waitFor();
  expect(new URL(page.url()).pathname).toBe(`/servers/${serverId}`);
  await page.getByRole('button', { name: 'Actions: demo-server' }).click();
  await page.getByRole('menuitem', { name: 'Start' }).click();
  await page.locator('main header').getByText('Active').waitFor();
  expect(await violations(page)).toEqual([]);
  await page.close();
});

test('a server is launched from one page, and its steps are seen', async () => {
  const page = await window.page('/servers');
  await page.keyboard.press('l');
  await page
    .getByRole('radio', { name: /deskcloud-tiny/ })
    .and(page.locator(':checked'))
    .waitFor();
  await page.getByLabel('Name').fill("it's mine");
  await page.getByText("'it'\\''s mine'").waitFor();
  await page.getByRole('button', { name: 'Create key pair' }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByLabel('Name').fill('launch-key');
  await dialog.getByRole('button', { name: 'Create' }).click();
  const download = page.waitForEvent('download');
  await dialog.getByRole('button', { name: 'Save as file' }).click();
  expect((await download).suggestedFilename()).toBe('launch-key.pem');
  await dialog.getByRole('button', { name: 'I have it' }).click();
  await page.getByRole('textbox', { name: 'User data' }).fill('#cloud-config\n- not\n- a mapping');
  await page.getByText('cloud-config is a mapping').waitFor();
  await page.getByRole('textbox', { name: 'User data' }).fill('#!/bin/sh\ntrue\n');
  await page.getByText('This reads well.').waitFor();
  await page.getByText('Advanced', { exact: true }).click();
  await page.getByRole('textbox', { name: 'Metadata' }).fill('role=web');
  await page.getByRole('button', { name: 'Terraform' }).click();
  await page.getByText('role = "web"').waitFor();
  expect(await violations(page)).toEqual([]);
  await page.getByRole('button', { name: 'Launch', exact: true }).click();
  await page.getByRole('heading', { name: "it's mine" }).waitFor();
  await page.getByRole('list', { name: 'The server is being built' }).getByText('define domain').waitFor();
  await page.locator('main header').getByText('Active').waitFor();
  await page.getByText('launch-key').waitFor();
  await page.close();
});

test('a server is renamed, resized and back, and told apart what is legal', async () => {
  const page = await window.page(`/servers/${serverId}`);
  const dialog = page.getByRole('dialog');
  const menu = async (server: string, action: string): Promise<void> => {
    await page.getByRole('button', { name: `Actions: ${server}` }).click();
    await page.getByRole('menuitem', { name: action, exact: true }).click();
  };
  const send = async (action: string): Promise<void> => {
    await dialog.getByRole('button', { name: action, exact: true }).click();
    await dialog.waitFor({ state: 'detached' });
  };
  const state = page.locator('main header');
  await menu('demo-server', 'Rename …');
  await dialog.getByLabel('Name').fill('renamed');
  expect(await violations(page)).toEqual([]);
  await send('Rename');
  await page.getByRole('heading', { name: 'renamed' }).waitFor();
  await menu('renamed', 'Resize …');
  await dialog.getByText('m1.tiny').click();
  await send('Resize');
  // What comes next is beside the name.
  await page.getByRole('button', { name: 'Revert resize' }).click();
  await state.getByText('Active').waitFor();
  await menu('renamed', 'Lock …');
  await send('Lock');
  await page.getByRole('button', { name: 'Actions: renamed' }).click();
  await page.getByRole('menuitem', { name: 'Shut down Locked; unlock it first.' }).waitFor();
  await page.getByRole('menuitem', { name: 'Unlock', exact: true }).click();
  // One host: compute refuses, and says why.
  await menu('renamed', 'Migrate');
  await page.getByText(/No valid host was found/).waitFor();
  await menu('renamed', 'Rename …');
  await dialog.getByLabel('Name').fill('demo-server');
  await send('Rename');
  await page.close();
});

test('cards come and go, the log is searched, and the guest is measured', async () => {
  const page = await window.page(`/servers/${serverId}?tab=interfaces`);
  const dialog = page.getByRole('dialog');
  const cards = page.getByRole('listitem').filter({ hasText: 'MAC address' });
  await page.getByRole('button', { name: 'Attach interface' }).click();
  await dialog.getByLabel('Network or port').selectOption({ index: 1 });
  await dialog.getByRole('button', { name: 'Attach interface' }).click();
  await cards.nth(1).waitFor();
  await cards.nth(1).getByRole('button', { name: 'Detach' }).click();
  await dialog.getByRole('button', { name: 'Detach' }).click();
  await cards.nth(1).waitFor({ state: 'detached' });
  await page.getByRole('button', { name: 'Disassociate' }).click();
  await page.getByRole('button', { name: /Associate floating IP/ }).click();
  await page.getByRole('menuitem', { name: /^198\.18/ }).click();
  await page.getByRole('button', { name: 'Disassociate' }).waitFor();
  expect(await violations(page)).toEqual([]);

  await page.getByRole('tab', { name: 'Log' }).click();
  await page.getByRole('log').getByText('This server is simulated').first().waitFor();
  await page.getByLabel('Search the log').fill('SIMULATED');
  await page.getByText(/^1 of \d+$/).waitFor();
  expect(await violations(page)).toEqual([]);

  await page.getByRole('tab', { name: 'Metrics' }).click();
  await page.getByRole('heading', { name: 'CPU · 0 %' }).waitFor();
  await page.getByRole('img', { name: 'Memory' }).locator('canvas').waitFor();
  expect(await violations(page)).toEqual([]);
  await page.close();
});

test('a search that finds nothing says so, and a server is deleted only by its name', async () => {
  const page = await window.page('/servers?q=nowhere');
  await page.getByText('Nothing matches.').waitFor();
  await page.getByRole('button', { name: 'Clear search and filters' }).click();
  await page.getByRole('checkbox', { name: 'Select demo-server' }).click();
  await page.getByRole('button', { name: 'Delete' }).click();
  const dialog = page.getByRole('dialog');
  const confirm = dialog.getByRole('button', { name: 'Delete' });
  expect(await confirm.isDisabled()).toBe(true);
  await dialog.getByRole('textbox').fill('demo-server');
  await confirm.click();
  await page.getByRole('row', { name: /demo-server/ }).waitFor({ state: 'detached' });
  await page.close();
  expect(window.complaints).toEqual([]);
});
