import { cpSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { Locator, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { violations } from '../support/axe.ts';
import { TestWindow } from '../support/window.ts';

let window: TestWindow;
beforeAll(async () => {
  window = await TestWindow.open();
  const admin = await window.instance.admin();
  await admin.post('volume', '/types', { volume_type: { name: 'quiet' } });
  for (const name of ['disk', 'spare']) await admin.post('volume', '/volumes', { volume: { name, size: 1 } });
});
afterAll(async () => await window.close());

/** Opens what a row's menu has, and gives the dialog. */
async function ask(page: Page, row: string, item: string): Promise<Locator> {
  await page.getByRole('button', { name: `Actions: ${row}` }).click();
  await page.getByRole('menuitem', { name: item }).click();
  const dialog = page.getByRole('dialog');
  await dialog.waitFor();
  return dialog;
}

test('a volume changes its type, goes back to its snapshot, becomes an image, and is told to be well', async () => {
  const page = await window.page('/volumes');
  await page.getByRole('row', { name: /disk.*Available/ }).waitFor();
  let dialog = await ask(page, 'disk', 'Change type …');
  await dialog.getByRole('button', { name: 'Change type' }).click();
  await dialog.getByText('This is needed.').waitFor();
  await dialog.getByLabel('New type').selectOption('quiet');
  await dialog.getByText('Move it').click();
  await dialog.getByText('Everything is copied to the other back end').waitFor();
  expect(await violations(page)).toEqual([]);
  await dialog.getByRole('button', { name: 'Change type' }).click();
  await page.getByRole('row', { name: /disk.*Available.*quiet/ }).waitFor();

  dialog = await ask(page, 'disk', 'Take snapshot …');
  await dialog.getByRole('button', { name: 'Take snapshot' }).click();
  await dialog.waitFor({ state: 'hidden' });
  await page.getByRole('link', { name: 'Volume snapshots' }).click();
  await page.getByRole('row', { name: /disk-snapshot.*Available/ }).waitFor();
  dialog = await ask(page, 'disk-snapshot', 'Revert its volume to it');
  await dialog.getByLabel('Type disk to confirm').fill('disk');
  await dialog.getByRole('button', { name: 'Revert to latest snapshot' }).click();
  await page.getByText('disk is being reverted').waitFor();
  await window.instance.settled();
  await page.getByRole('link', { name: 'disk', exact: true }).click();
  await page.getByRole('tab', { name: 'Operations' }).click();
  await page.getByRole('link', { name: /Revert volume/ }).waitFor();

  await page.getByRole('link', { name: 'Volumes' }).first().click();
  await page.getByRole('row', { name: /disk.*Available/ }).waitFor();
  dialog = await ask(page, 'disk', 'Copy to image …');
  await dialog.getByLabel('Name of the image').fill('');
  await dialog.getByRole('button', { name: 'Copy to image' }).click();
  await dialog.getByText('This is needed.').waitFor();
  expect(await violations(page)).toEqual([]);
  await dialog.getByLabel('Name of the image').fill('golden');
  await dialog.getByText('raw', { exact: true }).click();
  await dialog.getByText('qcow2', { exact: true }).click();
  await dialog.getByRole('button', { name: 'Copy to image' }).click();
  await page.getByRole('link', { name: 'Images' }).click();
  await page.getByRole('row', { name: /golden.*Active.*qcow2/i }).waitFor();

  await page.getByRole('link', { name: 'Volumes' }).first().click();
  for (const [status, shown] of [
    ['error', 'Error'],
    ['available', 'Available'],
  ] as const) {
    dialog = await ask(page, 'spare', 'Reset state …');
    await dialog.getByLabel('Status').selectOption(status);
    await dialog.getByRole('button', { name: 'Reset state' }).click();
    await page.getByRole('row', { name: new RegExp(`spare.*${shown}`) }).waitFor();
  }
  await page.close();
});

test('a backup overwrites a volume that is there; its record brings it back after it was forgotten', async () => {
  const page = await window.page('/backups');
  let dialog = page.getByRole('dialog');
  await page.getByRole('button', { name: 'Create backup' }).first().click();
  await dialog.getByLabel('Volume').selectOption({ label: 'disk · 1 GiB' });
  await dialog.getByLabel('Name').fill('safe');
  await dialog.getByRole('button', { name: 'Create backup' }).click();
  await page.getByRole('row', { name: /safe.*Available/ }).waitFor();

  dialog = await ask(page, 'safe', 'Restore …');
  await dialog.getByText('A volume that is there').click();
  await dialog.getByText('Everything on that volume is overwritten.').waitFor();
  await dialog.getByRole('button', { name: 'Restore' }).click();
  await dialog.getByText('This is needed.').waitFor();
  await dialog.getByLabel('Volume', { exact: true }).selectOption({ label: 'spare · 1 GiB' });
  await dialog.getByRole('button', { name: 'Restore' }).click();
  await dialog.getByText('Type spare to confirm').last().waitFor();
  expect(await violations(page)).toEqual([]);
  await dialog.getByLabel('Type spare to confirm').fill('spare');
  await dialog.getByRole('button', { name: 'Restore' }).click();
  await page.getByText('safe is being restored').waitFor();
  // A row that was not drawn anew since it began says 'Available' too.
  await window.instance.settled();
  await page.getByRole('row', { name: /safe.*Available/ }).waitFor();

  dialog = await ask(page, 'safe', 'Export its record');
  const record = await dialog.locator('pre').textContent();
  await dialog.getByRole('button', { name: 'Close' }).last().click();
  // As after the database was lost: the record and the data are left.
  const store = join(window.instance.directory, 'state', 'backups');
  cpSync(store, `${store}.kept`, { recursive: true });
  await page.getByRole('button', { name: 'Import a record' }).click();
  await dialog.getByLabel('Record').fill('{}');
  await dialog.getByRole('button', { name: 'Import a record' }).click();
  await dialog.getByText('This is no record of a backup.').waitFor();
  await dialog.getByLabel('Record').fill(record ?? '');
  await dialog.getByRole('button', { name: 'Import a record' }).click();
  await dialog.getByText('The record could not be imported').waitFor();
  expect(await violations(page)).toEqual([]);
  await dialog.getByRole('button', { name: 'Cancel' }).click();
  dialog = await ask(page, 'safe', 'Delete');
  await dialog.getByLabel('Type safe to confirm').fill('safe');
  await dialog.getByRole('button', { name: 'Delete' }).click();
  await page.getByText('No backups yet').waitFor();
  cpSync(`${store}.kept`, store, { recursive: true });
  rmSync(`${store}.kept`, { recursive: true });
  await page.getByRole('button', { name: 'Import a record' }).click();
  await dialog.getByLabel('Record').fill(record ?? '');
  await dialog.getByRole('button', { name: 'Import a record' }).click();
  await page.getByRole('row', { name: /safe.*Available/ }).waitFor();
  await page.close();
});

test('a type is encrypted and no more; its limits are changed, and go', async () => {
  const page = await window.page('/volume-types');
  await page.getByRole('button', { name: 'Create volume type' }).click();
  let dialog = page.getByRole('dialog');
  await dialog.getByLabel('Name').fill('secret');
  await dialog.getByRole('button', { name: 'Create' }).click();
  await page.getByRole('link', { name: 'secret' }).click();
  await page.getByLabel('Key', { exact: true }).selectOption('128');
  await page.getByRole('button', { name: 'Encrypt its volumes' }).click();
  await page.getByRole('button', { name: 'Encrypt no new volumes' }).waitFor();
  await page.getByText('128 bits').waitFor();
  await page.getByRole('button', { name: 'Encrypt no new volumes' }).click();
  await page.getByText('Volumes of this type are not encrypted.').waitFor();

  await page.getByRole('link', { name: 'QoS specs' }).click();
  await page.getByRole('button', { name: 'Create QoS specs' }).first().click();
  await dialog.getByLabel('Name').fill('slow');
  await dialog.getByRole('textbox', { name: 'Limits' }).fill('total_iops_sec: 500\nread_bytes_sec: 1048576');
  await dialog.getByRole('button', { name: 'Create' }).click();
  await page.getByRole('button', { name: 'slow' }).first().click();
  await dialog.getByRole('textbox', { name: 'Limits' }).fill('total_iops_sec: 700');
  await dialog.getByText('both', { exact: true }).click();
  expect(await violations(page)).toEqual([]);
  await dialog.getByRole('button', { name: 'Save' }).click();
  await page.getByRole('row', { name: /slow.*both.*total_iops_sec=700(?!.*read_bytes)/ }).waitFor();
  dialog = await ask(page, 'slow', 'Delete');
  await dialog.getByRole('button', { name: 'Delete' }).click();
  await page.getByText('No QoS specs').waitFor();
  await page.close();
  expect(window.complaints).toEqual([]);
});
