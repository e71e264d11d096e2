import type { Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { violations } from '../support/axe.ts';
import { TestWindow } from '../support/window.ts';

let window: TestWindow;
beforeAll(async () => {
  window = await TestWindow.open();
  await window.demo();
});
afterAll(async () => {
  await window.close();
  expect(window.complaints).toEqual([]);
});

const fill = (page: Page, label: string | RegExp, text: string): Promise<void> =>
  page.getByRole('dialog').getByLabel(label, { exact: true }).fill(text);

/** A page in the demo project: pages are made anew once the window knows which project it works in. */
async function open(route: string): Promise<Page> {
  const page = await window.page(route);
  await page.getByRole('button', { name: 'Choose project' }).getByText('demo').waitFor();
  return page;
}

test('a network with IPv4 and IPv6 behind the router is one form with a name, and a port in it another', async () => {
  const page = await open('/networks');
  await page.getByRole('row', { name: /demo-net/ }).waitFor();
  await page.keyboard.press('c');
  const form = page.getByRole('dialog');
  await form.getByRole('button', { name: 'Create' }).click();
  await form.getByText('This is needed.').waitFor();
  await fill(page, 'Name', 'web');
  expect(await form.getByLabel('Range (CIDR)').inputValue()).toBe('10.11.0.0/24');
  await form.getByText('servers reach the outside through it').waitFor();
  await form.getByRole('checkbox', { name: 'IPv6 subnet' }).click();
  expect(await violations(page)).toEqual([]);
  await form.getByRole('button', { name: 'Create' }).click();

  await page.getByRole('heading', { name: 'web', exact: true }).waitFor();
  await page.getByRole('article', { name: '10.11.0.0/24' }).getByText('10.11.0.1').waitFor();
  await page.getByText('SLAAC').waitFor();
  await page.getByRole('link', { name: 'demo-router' }).waitFor();
  await page.locator('main header').getByText('Active').waitFor();

  await page.getByRole('button', { name: 'Create port' }).click();
  await fill(page, /^Name/, 'virtual-ip');
  await fill(page, /^Address/, '10.11.0.77');
  await fill(page, /^Allowed address pairs/, '10.11.0.78 fa:16:3e:00:00:01');
  await form.getByRole('button', { name: 'Create' }).click();
  await page.getByRole('tab', { name: /Ports/ }).click();
  await page
    .getByRole('row', { name: /virtual-ip/ })
    .getByText('10.11.0.77')
    .waitFor();
  expect(await violations(page)).toEqual([]);
  await page.close();
});

test('a router gets an interface, a route and back', async () => {
  const page = await open('/routers');
  await page.getByRole('link', { name: 'demo-router' }).click();
  await page.getByRole('cell', { name: 'demo-net', exact: true }).waitFor();
  await page.getByRole('button', { name: 'Add route' }).click();
  await fill(page, 'Destination', '10.99.0.0/16');
  await fill(page, 'Next hop', '10.10.0.9');
  await page.getByRole('dialog').getByRole('button', { name: 'Add' }).click();
  await page.getByText('10.99.0.0/16').waitFor();
  // What a floating IP needs is refused in the service's words, with the way to its trace.
  await page.getByRole('button', { name: 'Remove the interface on demo-net' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Remove' }).click();
  await page.getByRole('alert').getByRole('link', { name: 'Show what it did' }).waitFor();
  expect(await violations(page)).toEqual([]);
  await page.close();
});

test('a floating IP is taken away, given back, and a new one forwards a port', async () => {
  const page = await open('/floating-ips');
  const rows = page.getByRole('row', { name: /198\.18/ });
  await rows.getByText('demo-server').waitFor();
  await rows.getByRole('button', { name: /^Actions/ }).click();
  await page.getByRole('menuitem', { name: 'Disassociate', exact: true }).click();
  await rows.getByRole('button', { name: 'Associate …' }).click();
  await page.getByRole('dialog').getByLabel('Leads to').selectOption({ index: 1 });
  await page.getByRole('dialog').getByRole('button', { name: 'Associate' }).click();
  await rows.getByText('demo-server').waitFor();

  await page.getByRole('button', { name: 'Add floating IP' }).click();
  await page
    .getByRole('dialog')
    .getByLabel('Leads to')
    .selectOption({ label: 'Nothing yet: keep the address' });
  await page.getByRole('dialog').getByRole('button', { name: 'Allocate' }).click();
  const free = rows.filter({ hasText: 'Free' });
  await free.getByRole('button', { name: /^Actions/ }).click();
  await page.getByRole('menuitem', { name: /Port forwarding/ }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByLabel('Port outside').fill('8080');
  await dialog.getByLabel('Port inside').fill('80');
  await dialog
    .getByLabel('Leads to')
    .selectOption(await dialog.getByRole('option', { name: /virtual-ip/ }).innerText());
  await dialog.getByRole('button', { name: 'Forward port' }).click();
  await dialog.getByText('TCP 8080').waitFor();
  expect(await violations(page)).toEqual([]);
  await dialog.getByRole('button', { name: 'Close' }).first().click();
  await rows.getByText('1 forwarded port').waitFor();
  await page.close();
});

test('a security group is written in sentences, and copied', async () => {
  const page = await open('/security-groups');
  await page.getByRole('button', { name: 'Create security group' }).click();
  await fill(page, 'Name', 'web');
  await page.getByRole('dialog').getByRole('button', { name: 'Create' }).click();
  await page.getByText('Nothing comes in').waitFor();
  await page.getByRole('button', { name: 'Add rule' }).first().click();
  const dialog = page.getByRole('dialog');
  await dialog.getByRole('button', { name: 'HTTPS' }).click();
  await dialog.getByText('Both').click();
  await dialog.getByText('Allow incoming TCP port 443 (HTTPS) from anywhere.').nth(1).waitFor();
  expect(await violations(page)).toEqual([]);
  await dialog.getByRole('button', { name: 'Add' }).click();
  await page.getByText('Incoming (2)').waitFor();

  await page.getByRole('button', { name: 'Copy' }).first().click();
  await dialog.getByRole('button', { name: 'Create' }).click();
  await page.getByRole('heading', { name: 'web-copy' }).waitFor();
  const six = page.getByRole('listitem').filter({ hasText: 'IPv6' }).first();
  await six.getByRole('button', { name: /^Delete/ }).click();
  await page.getByText('Incoming (1)').waitFor();
  await page.getByRole('button', { name: 'Undo' }).click();
  await page.getByText('Incoming (2)').waitFor();
  await page.close();
});
