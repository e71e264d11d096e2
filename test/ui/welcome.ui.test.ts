import { afterAll, beforeAll, expect, test } from 'vitest';
import { violations } from '../support/axe.ts';
import { TestWindow } from '../support/window.ts';

let window: TestWindow;
beforeAll(async () => {
  window = await TestWindow.open({ fresh: true });
});
afterAll(async () => await window.close());

test('who is new begins with the welcome, makes the demo cloud with one click, and sees what was made', async () => {
  const page = await window.page('/');
  await page.getByRole('heading', { name: 'Welcome' }).waitFor();
  expect(new URL(page.url()).pathname).toBe('/welcome');
  await page.getByText('Everything that is needed is here.').waitFor({ timeout: 90_000 });
  await page.getByRole('button', { name: 'Show all checks' }).click();
  expect(await violations(page)).toEqual([]);

  await page.getByRole('button', { name: 'Create demo cloud' }).click();
  await page.getByText('The demo cloud is ready').waitFor({ timeout: 90_000 });
  // The numbered steps as they happened, each with what it is for.
  await page.getByText(/All \d+ steps that were done/).click();
  await page.getByRole('listitem').filter({ hasText: 'Has libvirt start QEMU' }).waitFor();
  const made = page.getByRole('region', { name: 'What was made' });
  await made.getByText('demo-router').waitFor();
  await made.getByText('Active').waitFor();
  await made.getByRole('button', { name: /Copy 198\.18\./ }).waitFor();
  expect(await page.getByLabel('Log in', { exact: true }).textContent()).toMatch(/^ssh .*@198\.18\./);
  expect(await violations(page)).toEqual([]);

  await page.getByRole('link', { name: /See what happened/ }).click();
  await page.getByRole('heading', { name: 'Create server: demo-server' }).waitFor();
  await page.close();
});

test('the overview tells of host, quota, servers and operations, and of what needs attention', async () => {
  const page = await window.page('/');
  await page.getByRole('heading', { name: 'Overview' }).waitFor();
  await page.getByText('Nothing: simulated').waitFor();
  await page.getByRole('progressbar', { name: 'Servers' }).waitFor();
  const states = page.getByRole('region', { name: 'Servers by state' });
  await states.getByRole('link', { name: 'Active 1' }).waitFor();
  await page.getByRole('region', { name: 'Recent operations' }).getByText('Create server').waitFor();
  expect(await page.getByRole('region', { name: 'Needs attention' }).count()).toBe(0);
  expect(await violations(page)).toEqual([]);

  // A server breaks while it is looked at.
  const admin = await window.instance.admin();
  const { servers } = (await admin.get('compute', '/servers?all_tenants=1')) as { servers: { id: string }[] };
  await admin.post('compute', `/servers/${servers[0]?.id}/action`, { 'os-resetState': { state: 'error' } });
  await page.getByRole('region', { name: 'Needs attention' }).getByText('One server is in error').waitFor();
  await states.getByRole('link', { name: 'Error 1' }).click();
  await page.getByRole('row', { name: /demo-server/ }).waitFor();
  await page.close();
  expect(window.complaints).toEqual([]);
});
