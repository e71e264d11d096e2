import { afterAll, beforeAll, expect, test } from 'vitest';
import { violations } from '../support/axe.ts';
import { TestWindow } from '../support/window.ts';

let window: TestWindow;
beforeAll(async () => {
  window = await TestWindow.open();
});
afterAll(async () => await window.close());

test('a project is made, worked in at once, and its user given a role by a tick', async () => {
  const page = await window.page('/projects');
  await window.settled(page);
  await page.getByRole('button', { name: 'Create project' }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByLabel('Name').fill('shop');
  await dialog.getByLabel('Above it').selectOption('admin');
  expect(await violations(page)).toEqual([]);
  await dialog.getByRole('button', { name: 'Create' }).click();
  const row = page.getByRole('row', { name: /shop/ });
  await row.waitFor();
  expect(await violations(page)).toEqual([]);
  await page.getByRole('button', { name: 'Actions: shop' }).click();
  await page.getByRole('menuitem', { name: 'Work in this project' }).click();
  await page.getByRole('button', { name: 'Choose project: shop' }).waitFor();
  await row.getByText('You work here').waitFor();

  await page.getByRole('link', { name: 'Users and groups' }).click();
  await page.getByRole('button', { name: 'Create user' }).click();
  await dialog.getByLabel('Name').fill('alice');
  await dialog.getByRole('button', { name: 'Make one up' }).click();
  expect((await dialog.getByLabel('Password', { exact: true }).inputValue()).length).toBe(20);
  await dialog.getByLabel('Role there').selectOption('reader');
  await dialog.getByRole('button', { name: 'Create' }).click();
  await page.getByRole('row', { name: /alice.*shop/ }).waitFor();
  expect(await violations(page)).toEqual([]);

  await page.getByRole('link', { name: 'Roles and access' }).click();
  await page.getByRole('checkbox', { name: 'reader for alice', exact: true }).waitFor();
  await page.getByRole('checkbox', { name: 'member for alice', exact: true }).click();
  await expect
    .poll(() => page.getByRole('checkbox', { name: 'member for alice', exact: true }).isChecked())
    .toBe(true);
  expect(await violations(page)).toEqual([]);
  const admin = await window.instance.admin();
  const { role_assignments: given } = (await admin.get(
    'identity',
    '/role_assignments?include_names=true',
  )) as { role_assignments: { user?: { name: string }; role: { name: string } }[] };
  expect(
    given
      .filter((one) => one.user?.name === 'alice')
      .map((one) => one.role.name)
      .sort(),
  ).toEqual(['member', 'reader']);
  await page.close();
});

test('an application credential shows its secret once, and enters the cloud by it', async () => {
  const page = await window.page('/application-credentials');
  await window.settled(page);
  await page.getByRole('button', { name: 'Create application credential' }).first().click();
  const dialog = page.getByRole('dialog');
  await dialog.getByLabel('Name').fill('robot');
  await dialog.getByLabel('Valid for').selectOption('month');
  await dialog.getByRole('checkbox', { name: 'reader', exact: true }).check();
  expect(await violations(page)).toEqual([]);
  await dialog.getByRole('button', { name: 'Create' }).click();
  const text = (await dialog.locator('pre').textContent()) ?? '';
  const [id, secret] = ['id', 'secret'].map(
    (one) => new RegExp(`application_credential_${one}: "(.*)"`).exec(text)?.[1],
  );
  const { endpoint } = await window.instance.client.status();
  const answer = await fetch(`${endpoint}/identity/v3/auth/tokens`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({
      auth: {
        identity: { methods: ['application_credential'], application_credential: { id, secret } },
      },
    }),
  });
  expect(answer.status).toBe(201);
  expect(await violations(page)).toEqual([]);
  await dialog.getByRole('button', { name: 'I have it' }).click();
  await page.getByRole('row', { name: /robot.*reader/ }).waitFor();
  await page.close();
});

test('limits are changed in all services at once, and taken back', async () => {
  const page = await window.page('/quotas');
  await window.settled(page);
  await page.getByRole('button', { name: 'Change limits' }).click();
  await page.getByLabel('Limit: Servers').fill('3');
  await page.getByLabel('Limit: Networks').fill('-1');
  await page.getByRole('button', { name: 'Save' }).click();
  await page.getByText('0 of 3').waitFor();
  const networks = page.getByRole('row', { name: /^Networks/ });
  await networks.getByText('no limit').waitFor();
  expect(await violations(page)).toEqual([]);
  await page.getByRole('button', { name: 'Change limits' }).click();
  await page.getByRole('button', { name: 'Back to the defaults' }).click();
  await page.getByText('0 of 10').first().waitFor();
  await page.getByRole('tab', { name: 'Defaults' }).click();
  await page.getByLabel('Servers').fill('12');
  await page.getByRole('button', { name: 'Save' }).click();
  await page.getByText('The limits are saved').first().waitFor();
  expect(await violations(page)).toEqual([]);
  await page.close();
  expect(window.complaints).toEqual([]);
});
