import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { violations } from '../support/axe.ts';
import { TestWindow } from '../support/window.ts';

let window: TestWindow;
beforeAll(async () => {
  window = await TestWindow.open();
});
afterAll(async () => await window.close());

test('flavors: the usual sizes by one click, one of its own, its specs and access, and a delete taken back', async () => {
  const page = await window.page('/flavors');
  await window.settled(page);
  await page.getByRole('button', { name: 'Create the usual sizes' }).click();
  await page.getByRole('row', { name: /m1\.xlarge/ }).waitFor();
  await page.getByRole('button', { name: 'Create flavor' }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByRole('button', { name: 'Create' }).click();
  await dialog.getByText('This is needed.').waitFor();
  await dialog.getByLabel('Name').fill('mine');
  await dialog.getByRole('button', { name: '4 GiB' }).click();
  await dialog.getByRole('checkbox', { name: /For everybody/ }).uncheck();
  expect(await violations(page)).toEqual([]);
  await dialog.getByRole('button', { name: 'Create' }).click();
  const row = page.getByRole('row', { name: /mine/ });
  await row.getByText('Private').waitFor();
  expect(await violations(page)).toEqual([]);

  await row.getByRole('link', { name: 'mine' }).click();
  await page.getByLabel('Give access to').selectOption('service');
  await page.getByRole('button', { name: 'Add' }).click();
  await page.getByRole('button', { name: 'Remove: service' }).waitFor();
  await page.getByRole('textbox', { name: /Extra specs/ }).fill('hw:cpu_policy: shared');
  await page.getByRole('button', { name: 'Save extra specs' }).click();
  await page.getByText('Extra specs are saved').waitFor();
  expect(await violations(page)).toEqual([]);

  await page.getByRole('link', { name: 'Flavors' }).first().click();
  await page.getByRole('row', { name: /hw:cpu_policy=shared/ }).waitFor();
  await page.getByRole('button', { name: 'Actions: mine' }).click();
  await page.getByRole('menuitem', { name: 'Delete' }).click();
  await row.waitFor({ state: 'detached' });
  await page.getByRole('button', { name: 'Undo' }).click();
  await row.waitFor();
  await page.close();
});

test('key pairs: the private key is shown once and saved; a private one is never taken for a public one', async () => {
  const page = await window.page('/keypairs');
  await window.settled(page);
  await page.getByRole('button', { name: 'Create key pair' }).first().click();
  const dialog = page.getByRole('dialog');
  await dialog.getByLabel('Name').fill('mine');
  await dialog.getByRole('button', { name: 'Create' }).click();
  await dialog.getByText('This is the only time').waitFor();
  expect(await violations(page)).toEqual([]);
  const saved = page.waitForEvent('download');
  await dialog.getByRole('button', { name: 'Save as file' }).click();
  const file = await saved;
  expect(file.suggestedFilename()).toBe('mine.pem');
  expect(readFileSync(await file.path(), 'utf8')).toContain('PRIVATE KEY');
  await dialog.getByRole('button', { name: 'I have it' }).click();
  await page.getByRole('row', { name: /mine/ }).waitFor();
  expect(await violations(page)).toEqual([]);

  await page.getByRole('button', { name: 'Import public key' }).click();
  await dialog.getByLabel('Public key').fill('-----BEGIN OPENSSH PRIVATE KEY-----');
  await dialog.getByLabel('Name').fill('wrong');
  await dialog.getByText('This is a private key.').waitFor();
  await page.close();
});

test('server groups, aggregates and the host itself', async () => {
  const page = await window.page('/servergroups');
  await window.settled(page);
  await page.getByRole('button', { name: 'Create server group' }).first().click();
  const dialog = page.getByRole('dialog');
  await dialog.getByLabel('Name').fill('apart');
  await dialog
    .getByRole('radio', { name: /anti-affinity/ })
    .nth(1)
    .check();
  expect(await violations(page)).toEqual([]);
  await dialog.getByRole('button', { name: 'Create' }).click();
  await page.getByRole('row', { name: /apart/ }).waitFor();

  await page.getByRole('link', { name: 'Host aggregates' }).click();
  await page.getByRole('button', { name: 'Create aggregate' }).first().click();
  await dialog.getByLabel('Name').fill('fast');
  await dialog.getByLabel('Availability zone').fill('desk');
  await dialog.getByLabel('Metadata').fill('ssd: true');
  await dialog.getByRole('button', { name: 'Create' }).click();
  const row = page.getByRole('row', { name: /fast.*desk.*ssd=true/ });
  await row.waitFor();
  expect(await violations(page)).toEqual([]);

  await page.getByRole('link', { name: 'Hypervisor' }).click();
  await page.getByRole('heading', { name: 'simulated' }).waitFor();
  await page.getByRole('button', { name: 'Take no new servers' }).click();
  await dialog.getByLabel('Reason').fill('new memory');
  await dialog.getByRole('button', { name: 'Take no new servers' }).click();
  await page.getByText('new memory').waitFor();
  await page.getByRole('button', { name: 'Take servers again' }).click();
  await page.getByRole('button', { name: 'Take no new servers' }).waitFor();
  expect(await violations(page)).toEqual([]);
  await page.close();
  expect(window.complaints).toEqual([]);
});
