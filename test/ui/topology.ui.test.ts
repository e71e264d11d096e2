import type { Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { violations } from '../support/axe.ts';
import { inDemo } from '../support/showcase-network.ts';
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

/** A page in the demo project: pages are made anew once the window knows which project it works in. */
async function open(route: string): Promise<Page> {
  const page = await window.page(route);
  await page.getByRole('button', { name: 'Choose project' }).getByText('demo').waitFor();
  return page;
}

test('the drawing follows the cloud; a line from a router to a network joins them', async () => {
  const page = await open('/topology');
  const box = (name: RegExp) => page.locator('.svelte-flow__node').filter({ hasText: name });
  await box(/demo-server/).waitFor();
  expect(await violations(page)).toEqual([]);

  // Made elsewhere, and drawn here by itself.
  const client = await inDemo(window);
  const { network } = (await client.post('network', '/networks', { network: { name: 'web' } })) as {
    network: { id: string };
  };
  await client.post('network', '/subnets', {
    subnet: { network_id: network.id, cidr: '10.20.0.0/24', ip_version: 4 },
  });
  await box(/10\.20\.0\.0/).waitFor();
  await page.getByRole('button', { name: 'Show everything' }).click();

  const from = box(/demo-router/)
    .locator('.svelte-flow__handle')
    .last();
  const to = box(/10\.20\.0\.0/)
    .locator('.svelte-flow__handle')
    .first();
  // By coordinates: the picture moves along while a line is drawn near its rim.
  const end = await to.boundingBox();
  await from.hover();
  await page.mouse.down();
  await page.mouse.move((end?.x ?? 0) + 4, (end?.y ?? 0) + 4, { steps: 4 });
  await page.mouse.up();
  const dialog = page.getByRole('dialog');
  await dialog.getByRole('heading', { name: 'Add interface to demo-router' }).waitFor();
  await dialog.getByRole('button', { name: 'Add' }).click();
  await page.getByText('10.20.0.1', { exact: true }).waitFor();
  await page.close();
});

test('each device tells what it is for and what a terminal shows, also by the keyboard', async () => {
  const page = await open('/topology');
  await page.locator('.svelte-flow__node').first().waitFor();
  await page.keyboard.press('l');
  const tap = page.locator('.svelte-flow__node').filter({ hasText: 'Tap' }).first();
  await tap.focus();
  await page.keyboard.press('Enter');
  const panel = page.getByRole('complementary', { name: 'Details' });
  await panel.getByText('The cable of a guest', { exact: false }).waitFor();
  const chain = panel.getByText(/^nft list chain inet \S+ ingress_/).first();
  await chain.click();
  await panel.getByText('tcp dport 22 return', { exact: false }).first().waitFor();
  expect(await violations(page)).toEqual([]);

  await page.locator('.svelte-flow__node').filter({ hasText: 'DHCP namespace' }).first().click();
  await panel.getByText('dnsmasq in it hands out addresses', { exact: false }).waitFor();
  await panel.getByRole('button', { name: 'Close' }).click();
  expect(await panel.count()).toBe(0);
  await page.close();
});
