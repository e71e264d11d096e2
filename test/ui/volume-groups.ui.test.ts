import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createFile } from '../../helper/host/disk/publish.ts';
import { emptyQcow2 } from '../../helper/host/disk/qcow2-writer.ts';
import { violations } from '../support/axe.ts';
import { TestWindow } from '../support/window.ts';

let window: TestWindow;
beforeAll(async () => {
  window = await TestWindow.open();
});
afterAll(async () => await window.close());

test('volumes become a group, which is snapshotted; a new group is made of the snapshot; both go', async () => {
  const admin = await window.instance.admin();
  for (const name of ['data', 'log']) await admin.post('volume', '/volumes', { volume: { name, size: 1 } });
  const page = await window.page('/volume-groups');
  const dialog = page.getByRole('dialog');
  await page.getByText('No volume groups yet').waitFor();
  await page.getByRole('button', { name: 'Create group' }).first().click();
  await dialog.getByRole('button', { name: 'Create' }).click();
  await dialog.getByText('There is no group type yet.').first().waitFor();
  await dialog.getByRole('link', { name: 'Group types' }).click();
  await page.getByRole('button', { name: 'Create group type' }).first().click();
  await dialog.getByLabel('Name').fill('together');
  await dialog.getByRole('button', { name: 'Create' }).click();
  await page.getByRole('row', { name: /together.*consistent_group_snapshot_enabled/ }).waitFor();
  expect(await violations(page)).toEqual([]);

  await page.getByRole('tab', { name: /^Groups/ }).click();
  await page.getByRole('button', { name: 'Create group' }).first().click();
  await dialog.getByLabel('Name').fill('shop');
  await dialog.getByLabel(/^data · 1 GiB/).check();
  await dialog.getByLabel(/^log · 1 GiB/).check();
  expect(await violations(page)).toEqual([]);
  await dialog.getByRole('button', { name: 'Create' }).click();
  await page.getByRole('row', { name: /shop.*Available.*data, log.*together/ }).waitFor();

  await page.getByRole('button', { name: 'Actions: shop' }).click();
  await page.getByRole('menuitem', { name: 'Take snapshot' }).click();
  await dialog.getByRole('button', { name: 'Take snapshot' }).click();
  await page.getByRole('tab', { name: /Group snapshots/ }).click();
  await page.getByRole('row', { name: /shop-snapshot.*Available.*shop/ }).waitFor();
  await page.getByRole('button', { name: 'Actions: shop-snapshot' }).click();
  await page.getByRole('menuitem', { name: 'Create group from it' }).click();
  await dialog.getByLabel('Name').fill('again');
  await dialog.getByRole('button', { name: 'Create' }).click();
  await page.getByRole('tab', { name: /^Groups/ }).click();
  await page.getByRole('row', { name: /again.*Available/ }).waitFor();
  await page.getByRole('button', { name: 'again', exact: true }).click();
  await dialog.getByText('the snapshot shop-snapshot').waitFor();
  await dialog.getByRole('listitem').nth(1).waitFor();
  expect(await violations(page)).toEqual([]);
  await dialog.getByRole('button', { name: 'Close' }).click();

  await page.getByRole('button', { name: 'Actions: shop', exact: true }).click();
  await page.getByRole('menuitem', { name: 'Edit' }).click();
  await dialog.getByLabel('Name').fill('store');
  await dialog.getByRole('button', { name: 'Save' }).click();
  await page.getByRole('row', { name: /store.*data, log/ }).waitFor();
  await page.getByRole('button', { name: 'Actions: again' }).click();
  await page.getByRole('menuitem', { name: 'Delete' }).click();
  await dialog.getByLabel('Type again to confirm').fill('again');
  await dialog.getByRole('button', { name: 'Delete' }).click();
  await page.getByRole('row', { name: /again/ }).waitFor({ state: 'detached' });
  await page.getByRole('link', { name: 'Volumes' }).first().click();
  await page.getByRole('row', { name: /log.*Available/ }).waitFor();
  expect(await page.getByRole('row').count()).toBe(3);
  await page.close();
}, 120_000);

test('a disk that lies on the back end becomes a volume, and is let go again with its disk', async () => {
  await createFile(
    join(window.instance.directory, 'state', 'volumes', 'file', 'old.qcow2'),
    emptyQcow2({ sizeBytes: 2 * 1024 ** 3 }),
  );
  const page = await window.page('/volumes');
  await page.getByRole('button', { name: 'Take in existing disks' }).click();
  await page.getByRole('row', { name: /old\.qcow2.*2 GiB.*Can be taken in/ }).waitFor();
  await page.getByRole('row', { name: /Is a volume already: data/ }).waitFor();
  expect(await violations(page)).toEqual([]);
  await page.getByRole('button', { name: 'Take in', exact: true }).click();
  const dialog = page.getByRole('dialog');
  expect(await violations(page)).toEqual([]);
  await dialog.getByRole('button', { name: 'Take in' }).click();
  await page.getByRole('heading', { name: 'old' }).waitFor();
  await page.getByText('Available').first().waitFor();
  await page.getByRole('button', { name: 'Actions: old' }).click();
  await page.getByRole('menuitem', { name: 'Let go, and keep its disk' }).click();
  await dialog.getByRole('button', { name: 'Let go, and keep its disk' }).click();
  await page.getByText('This volume is gone').waitFor();
  await page.getByRole('link', { name: 'Volumes' }).first().click();
  await page.getByRole('button', { name: 'Take in existing disks' }).click();
  await page.getByRole('row', { name: /2 GiB.*Can be taken in/ }).waitFor();
  await page.close();
  expect(window.complaints).toEqual([]);
});
