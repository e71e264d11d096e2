import { afterAll, beforeAll, expect, test } from 'vitest';
import { violations } from '../support/axe.ts';
import { TestWindow } from '../support/window.ts';

let window: TestWindow;
beforeAll(async () => {
  window = await TestWindow.open();
  const admin = await window.instance.admin();
  for (const [at, name] of ['inside', 'storage'].entries()) {
    const { network } = await admin.post('network', '/networks', { network: { name } });
    await admin.post('network', '/subnets', {
      subnet: { network_id: (network as { id: string }).id, cidr: `10.${at}.0.0/24`, ip_version: 4 },
    });
  }
});
afterAll(async () => await window.close());

test('a trunk is made with a new port, gets a VLAN, tells the guest what to do, loses the VLAN and goes', async () => {
  const page = await window.page('/trunks');
  const dialog = page.getByRole('dialog');
  await page.getByText('No trunks yet').waitFor();
  await page.keyboard.press('c');
  await dialog.getByLabel('Name').fill('uplink');
  await dialog.getByRole('button', { name: 'Create' }).click();
  await dialog.getByText('This is needed.').waitFor();
  await dialog.getByLabel('Parent port').selectOption({ label: 'A new port on inside' });
  expect(await violations(page)).toEqual([]);
  await dialog.getByRole('button', { name: 'Create' }).click();
  await dialog.getByRole('button', { name: 'Add subport' }).click();
  await dialog.getByLabel('Subport').selectOption({ label: 'A new port on storage' });
  await dialog.getByLabel('VLAN').fill('4095');
  await dialog.getByRole('button', { name: 'Add subport' }).click();
  await dialog.getByText('A number from 1 to 4094.').waitFor();
  await dialog.getByLabel('VLAN').fill('200');
  await dialog.getByRole('button', { name: 'Add subport' }).click();
  await dialog.getByText('type vlan id 200').waitFor();
  expect(await violations(page)).toEqual([]);
  await dialog.getByRole('button', { name: 'Close' }).click();
  await page.getByRole('row', { name: /uplink.*uplink-parent · inside.*200 storage/ }).waitFor();
  expect(await violations(page)).toEqual([]);

  await page.getByRole('button', { name: 'uplink', exact: true }).click();
  await dialog.getByRole('button', { name: 'Remove VLAN 200' }).click();
  await dialog.getByText('None yet. Without subports').waitFor();
  await dialog.getByRole('button', { name: 'Close' }).click();
  await page.getByRole('button', { name: 'Actions: uplink' }).click();
  await page.getByRole('menuitem', { name: 'Delete' }).click();
  await page.getByText('No trunks yet').waitFor();
  await page.close();
});

test('a policy with two rules is given to a network and a port, taken away, and goes', async () => {
  const page = await window.page('/qos-policies');
  const dialog = page.getByRole('dialog');
  await page.getByText('No QoS policies yet').waitFor();
  await page.getByRole('button', { name: 'Create policy' }).first().click();
  await dialog.getByLabel('Name').fill('slow');
  await dialog.getByLabel('Most, in kbit/s').fill('0');
  await dialog.getByRole('button', { name: 'Create' }).click();
  await dialog.getByText('A whole number, 1 at least.').waitFor();
  await dialog.getByLabel('Most, in kbit/s').fill('5000');
  expect(await violations(page)).toEqual([]);
  await dialog.getByRole('button', { name: 'Create' }).click();
  await page.getByRole('row', { name: /slow.*at most 5 Mbit\/s out/ }).waitFor();

  await page.getByRole('button', { name: 'slow', exact: true }).click();
  await dialog.getByRole('button', { name: 'Add rule' }).click();
  await dialog.getByText('DSCP mark').click();
  await dialog.getByLabel('Mark', { exact: true }).selectOption({ label: '46 · EF' });
  await dialog.getByRole('button', { name: 'Add rule' }).click();
  await dialog.getByText('DSCP 46').waitFor();
  for (const [kind, which] of [
    ['Network', 'inside'],
    ['Port', /uplink-parent/],
  ] as const) {
    await dialog.getByRole('button', { name: 'Give it to …' }).click();
    await dialog.getByText(kind, { exact: true }).click();
    const choice = dialog.getByLabel('Which');
    await choice.selectOption(
      (await choice.locator('option').filter({ hasText: which }).getAttribute('value')) ?? '',
    );
    await dialog.getByRole('button', { name: 'Give slow' }).click();
    await dialog
      .getByRole('button', { name: /^Take from/ })
      .first()
      .waitFor();
  }
  expect(await violations(page)).toEqual([]);
  await dialog.getByRole('button', { name: 'Take from inside' }).click();
  await dialog.getByRole('button', { name: /^Take from uplink-parent/ }).click();
  await dialog.getByText('Nothing yet.').waitFor();
  await dialog.getByRole('button', { name: 'Remove: DSCP 46' }).click();
  await dialog.getByText('DSCP 46').waitFor({ state: 'detached' });
  await dialog.getByRole('button', { name: 'Close' }).click();
  expect(await violations(page)).toEqual([]);
  await page.getByRole('button', { name: 'Actions: slow' }).click();
  await page.getByRole('menuitem', { name: 'Delete' }).click();
  await page.getByText('No QoS policies yet').waitFor();
  await page.close();
  expect(window.complaints).toEqual([]);
});
