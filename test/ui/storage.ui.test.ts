import { afterAll, beforeAll, expect, test } from 'vitest';
import { violations } from '../support/axe.ts';
import { TestWindow } from '../support/window.ts';

let window: TestWindow;
beforeAll(async () => {
  window = await TestWindow.open();
  await window.demo();
});
afterAll(async () => await window.close());

test('a volume is made, attached, extended while a server has it, snapshotted, and detached', async () => {
  const page = await window.page('/volumes');
  await window.settled(page);
  await page.getByRole('button', { name: 'Create volume' }).first().click();
  await page.getByRole('menuitem', { name: /An empty volume/ }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByLabel('Name').fill('shop');
  await dialog.getByLabel('Size in GiB').fill('2');
  expect(await violations(page)).toEqual([]);
  await dialog.getByRole('button', { name: 'Create' }).click();
  const row = page.getByRole('row', { name: /shop.*Available.*2 GiB/ });
  await row.waitFor();

  await page.getByRole('button', { name: 'Actions: shop' }).click();
  expect(await violations(page)).toEqual([]);
  await page.getByRole('menuitem', { name: 'Attach to server' }).click();
  await dialog.getByRole('button', { name: 'Attach to server' }).click();
  await page.getByRole('row', { name: /shop.*In use.*demo-server.*\/dev\/vdc/ }).waitFor();

  await page.getByRole('link', { name: 'shop', exact: true }).click();
  await page.getByRole('tab', { name: 'Overview' }).waitFor();
  await page.getByRole('button', { name: 'Actions: shop' }).click();
  await page.getByRole('menuitem', { name: 'Extend …' }).click();
  await dialog.getByLabel('Size in GiB').fill('2');
  await dialog.getByRole('button', { name: 'Extend' }).click();
  await dialog.getByText('More than the 2 GiB it has.').waitFor();
  await dialog.getByLabel('Size in GiB').fill('4');
  await dialog.getByRole('button', { name: 'Extend' }).click();
  await page.getByText('4 GiB').waitFor();
  await page.getByText('In use').first().waitFor();
  expect(await violations(page)).toEqual([]);

  await page.getByRole('tab', { name: 'Snapshots' }).click();
  await page.getByRole('button', { name: 'Take snapshot' }).first().click();
  await dialog.getByText('as after a power cut').waitFor();
  await dialog.getByRole('button', { name: 'Take snapshot' }).click();
  await page.getByRole('row', { name: /shop-snapshot.*Available/ }).waitFor();

  await page.getByRole('tab', { name: 'Operations' }).click();
  await page.getByRole('link', { name: /Extend volume/ }).waitFor();
  await page.getByRole('tab', { name: 'Overview' }).click();
  await page.getByRole('button', { name: 'Detach' }).click();
  await dialog.getByRole('button', { name: 'Detach' }).click();
  await page.getByText('No server has it.').waitFor();
  await page.close();
});

test('a snapshot becomes a volume, and a volume goes to another project by its key, with what depends on it', async () => {
  const page = await window.page('/volume-snapshots');
  await window.settled(page);
  expect(await violations(page)).toEqual([]);
  await page.getByRole('button', { name: 'Actions: shop-snapshot' }).click();
  await page.getByRole('menuitem', { name: 'Create volume from it' }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByLabel('Size in GiB').fill('1');
  await dialog.getByRole('button', { name: 'Create' }).click();
  await dialog.getByText('4 GiB at least.').waitFor();
  await dialog.getByLabel('Size in GiB').fill('5');
  await dialog.getByLabel('Name').fill('copy');
  await dialog.getByRole('button', { name: 'Create' }).click();
  await page.getByRole('row', { name: /copy.*Available.*5 GiB/ }).waitFor();

  await page.getByRole('button', { name: 'Actions: copy' }).click();
  await page.getByRole('menuitem', { name: 'Give to another project …' }).click();
  await dialog.getByRole('button', { name: 'Give to another project' }).click();
  const shown = await dialog.getByText(/--auth-key/).textContent();
  const [, key, id] = /--auth-key (\S+) (\S+)/.exec(shown ?? '') ?? [];
  expect(await violations(page)).toEqual([]);
  await dialog.getByRole('button', { name: 'I have both' }).click();
  await page.getByRole('row', { name: /copy.*Awaiting transfer/ }).waitFor();

  await page.getByRole('button', { name: 'demo' }).first().click();
  await page.getByRole('menuitem', { name: 'admin' }).click();
  await page.getByRole('button', { name: 'Accept a volume' }).click();
  await dialog.getByLabel('Transfer').fill(id ?? '');
  await dialog.getByLabel('Key').fill(key ?? '');
  await dialog.getByRole('button', { name: 'Accept a volume' }).click();
  await page.getByRole('row', { name: /copy.*Available/ }).waitFor();

  await page.getByRole('button', { name: 'Actions: copy' }).click();
  await page.getByRole('menuitem', { name: 'Delete' }).click();
  await dialog.getByLabel('Type copy to confirm').fill('copy');
  await dialog.getByRole('button', { name: 'Delete' }).click();
  await page.getByText('No volumes yet').waitFor();
  expect(await violations(page)).toEqual([]);
  await page.close();
});

test('a type gets extra specs, limits and access; the server keeps or takes its volume', async () => {
  const page = await window.page('/volume-types?tab=qos');
  await window.settled(page);
  await page.getByRole('button', { name: 'Create QoS specs' }).first().click();
  const dialog = page.getByRole('dialog');
  await dialog.getByLabel('Name').fill('slow');
  await dialog.getByRole('textbox', { name: 'Limits' }).fill('total_iops_sec: 500');
  await dialog.getByRole('button', { name: 'Create' }).click();
  await page.getByRole('row', { name: /slow.*QEMU.*total_iops_sec=500/ }).waitFor();
  expect(await violations(page)).toEqual([]);

  await page.getByRole('tab', { name: 'Types' }).click();
  await page.getByRole('button', { name: 'Create volume type' }).click();
  await dialog.getByLabel('Name').fill('bulk');
  await dialog.getByRole('checkbox', { name: /For everybody/ }).uncheck();
  await dialog.getByRole('button', { name: 'Create' }).click();
  await page.getByRole('link', { name: 'bulk' }).click();
  await page.getByLabel('Give access to').selectOption('demo');
  await page.getByRole('button', { name: 'Add' }).click();
  await page.getByRole('button', { name: 'Remove: demo' }).waitFor();
  await page.getByRole('combobox', { name: 'QoS specs' }).selectOption('slow');
  await page.getByText('total_iops_sec=500').waitFor();
  await page.getByRole('button', { name: 'Encrypt its volumes' }).click();
  await page.getByText('256 bits').waitFor();
  expect(await violations(page)).toEqual([]);

  await page
    .getByRole('button', { name: /admin|demo/ })
    .first()
    .click();
  await page.getByRole('menuitem', { name: 'demo' }).click();
  await page.getByRole('link', { name: 'Servers' }).click();
  await page.getByRole('link', { name: 'demo-server' }).click();
  await page.getByRole('tab', { name: 'Storage' }).click();
  await page.getByRole('button', { name: 'Attach volume' }).click();
  await dialog.getByLabel('Volume', { exact: true }).selectOption({ label: 'shop · 4 GiB' });
  await dialog.getByRole('button', { name: 'Attach to server' }).click();
  await page.getByText('In use').waitFor();
  await page.getByRole('checkbox', { name: 'Delete it with the server' }).last().check();
  await page.getByText('goes when the server is deleted').waitFor();
  expect(await violations(page)).toEqual([]);

  await page.getByRole('link', { name: 'Servers' }).first().click();
  await page.getByRole('button', { name: 'Launch server' }).first().click();
  await page.getByLabel('Name', { exact: true }).fill('from-volume');
  await page.getByRole('radio', { name: 'Image, onto a new volume' }).check({ force: true });
  await page.getByRole('button', { name: 'Add new volume' }).click();
  await page.getByLabel('Size of volume 1 in GiB').fill('3');
  await page.getByRole('checkbox', { name: 'Delete with the server' }).check();
  expect(await violations(page)).toEqual([]);
  await page
    .locator('form')
    .getByRole('button', { name: /Launch/ })
    .click();
  await page.getByRole('heading', { name: 'from-volume' }).waitFor();
  await page.getByText('Active').first().waitFor();
  await page.getByRole('tab', { name: 'Storage' }).click();
  await page.getByText('Boot disk').waitFor();
  await page.getByText('3 GiB').waitFor();
  await page.close();
  expect(window.complaints).toEqual([]);
});

test('a backup, then what has changed since; its record is exported, and it becomes a volume again', async () => {
  const page = await window.page('/backups');
  await window.settled(page);
  const dialog = page.getByRole('dialog');
  const back = async (name: string, kind: string): Promise<void> => {
    await page.getByRole('button', { name: 'Create backup' }).first().click();
    await dialog.getByLabel('Volume').selectOption({ label: 'shop · 4 GiB' });
    if (kind === 'Incremental') await dialog.getByText('Incremental').click();
    await dialog.getByLabel('Name').fill(name);
    expect(await violations(page)).toEqual([]);
    await dialog.getByRole('button', { name: 'Create backup' }).click();
    await page.getByRole('row', { name: new RegExp(`${name}.*Available.*${kind}.*shop`) }).waitFor();
  };
  await back('monday', 'Full');
  await back('tuesday', 'Incremental');
  await page.getByRole('button', { name: 'tuesday', exact: true }).click();
  await dialog.getByText('the first one is full').waitFor();
  expect(await violations(page)).toEqual([]);
  await dialog.getByRole('button', { name: 'Close' }).click();
  await page.getByRole('button', { name: 'Actions: tuesday' }).click();
  await page.getByRole('menuitem', { name: 'Export its record' }).click();
  await dialog.getByText('backup_url').waitFor();
  await dialog.getByRole('button', { name: 'Close' }).last().click();
  await page.getByRole('button', { name: 'Actions: tuesday' }).click();
  await page.getByRole('menuitem', { name: 'Restore …' }).click();
  await dialog.getByLabel('Name').fill('again');
  await dialog.getByRole('button', { name: 'Restore' }).click();
  await page.getByRole('link', { name: 'Volumes' }).click();
  await page.getByRole('row', { name: /again.*Available.*4 GiB/ }).waitFor();
  await page.close();
  expect(window.complaints).toEqual([]);
});
