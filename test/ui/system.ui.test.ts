import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { violations } from '../support/axe.ts';
import { TestWindow } from '../support/window.ts';

let window: TestWindow;
beforeAll(async () => {
  window = await TestWindow.open();
});
afterAll(async () => {
  // The restart left one that is not this test's own process.
  await window.instance.client.stop('keep').catch(() => undefined);
  await window.close();
});

test('clouds.yaml and the other ways in are there, and a shell has them set', async () => {
  const page = await window.page('/access');
  await window.settled(page);
  const { endpoint } = await window.instance.client.status();
  await page.getByText(`auth_url: ${endpoint}/identity/v3`).waitFor();
  await page.getByText('Terraform', { exact: true }).click();
  await page.getByText('provider "openstack"').waitFor();
  await page.getByRole('button', { name: 'Put into my clouds.yaml' }).click();
  await page.getByText('Written to').waitFor();
  expect(readFileSync(join(window.instance.directory, 'user', 'clouds.yaml'), 'utf8')).toContain(endpoint);
  await page.getByRole('cell', { name: 'v2.1, 2.1 – 2.93' }).or(page.getByText('2.93')).first().waitFor();
  expect(await violations(page)).toEqual([]);
  await page.getByRole('button', { name: 'Open a shell with these set' }).click();
  await page.getByRole('textbox', { name: 'Shell' }).waitFor();
  await page.getByRole('textbox', { name: 'Shell' }).pressSequentially('echo "<$OS_USERNAME>"\n');
  await expect.poll(() => page.locator('.xterm-rows').textContent()).toContain('<admin>');
  await page.close();
});

test('a setting holds at once, another after the restart; what is wrong is refused with its cause', async () => {
  const page = await window.page('/settings');
  await window.settled(page);
  await page.getByLabel(/^Tokens are valid for/).fill('7200');
  await page.getByLabel(/^VXLAN numbers/).fill('70000-70010');
  await page.getByText('2 settings are changed.').waitFor();
  expect(await violations(page)).toEqual([]);
  await page.getByRole('button', { name: 'Save' }).click();
  await page.getByText('One setting waits').waitFor();
  await page.getByLabel(/^This machine’s address/).fill('10.9.9.9');
  await page.getByRole('button', { name: 'Save' }).click();
  await page.getByText('is not in external.cidr').waitFor();
  await page.getByRole('button', { name: 'Discard' }).click();

  const credentials = await window.instance.client.credentials();
  const answer = await fetch(`${credentials.authUrl}/auth/tokens`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({
      auth: {
        identity: {
          methods: ['password'],
          password: {
            user: { name: 'admin', domain: { id: 'default' }, password: credentials.password },
          },
        },
      },
    }),
  });
  const { token } = (await answer.json()) as { token: { issued_at: string; expires_at: string } };
  const seconds = (Date.parse(token.expires_at) - Date.parse(token.issued_at)) / 1000;
  expect(Math.round(seconds)).toBe(7200);

  await page.getByRole('button', { name: 'Restart now' }).click();
  await page.getByText('The cloud was restarted').waitFor({ timeout: 60_000 });
  await page.getByText('One setting waits').waitFor({ state: 'detached' });
  await page.close();
});

test('diagnostics have no secret in them; uninstalling asks for the word and leaves nothing', async () => {
  const page = await window.page('/about');
  await window.settled(page);
  const { password } = await window.instance.client.credentials();
  const saved = page.waitForEvent('download');
  await page.getByRole('button', { name: 'Save diagnostics' }).click();
  const text = readFileSync(await (await saved).path(), 'utf8');
  expect(JSON.parse(text)).toMatchObject({ helper: { state: 'running' }, setup: { ready: true } });
  expect(text).not.toContain(password);
  expect(await violations(page)).toEqual([]);

  const state = join(window.instance.directory, 'state');
  await page.getByRole('button', { name: 'Uninstall …' }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByText(state).waitFor();
  expect(await violations(page)).toEqual([]);
  const confirm = dialog.getByRole('button', { name: 'Uninstall' });
  expect(await confirm.isDisabled()).toBe(true);
  await dialog.getByRole('textbox').fill('uninstall');
  await confirm.click();
  await dialog.getByText('Nothing of the cloud is left').waitFor({ timeout: 60_000 });
  expect(existsSync(state)).toBe(false);
  await page.close();
});
