import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Operation } from '../../helper/contract/operation.ts';
import { closeDatabase, openDatabase, statement, transaction } from '../../helper/db/index.ts';
import { make } from '../../main/demo/ensure.ts';
import { violations } from '../support/axe.ts';
import { TestWindow } from '../support/window.ts';

let window: TestWindow;
let serverId: string;
let failedId: string;
beforeAll(async () => {
  window = await TestWindow.open();
  ({ serverId } = await window.demo());
  // A server that no host has room for.
  const admin = await window.instance.admin();
  const flavor = await make(admin, 'compute', '/flavors', 'flavor', {
    name: 'giant',
    vcpus: 1,
    ram: 500_000_000,
    disk: 1,
  });
  await admin.put('compute', `/os-quota-sets/${admin.projectId}`, { quota_set: { ram: -1 } });
  const { images } = (await admin.get('image', '/images')) as { images: { id: string }[] };
  const giant = await make(admin, 'compute', '/servers', 'server', {
    name: 'giant',
    flavorRef: flavor.id,
    imageRef: images[0]?.id,
    networks: 'none',
  });
  const { client } = window.instance;
  const seen = new AbortController();
  await client.follow((event) => {
    if (event.type === 'failed' && event.resource.id === giant.id) seen.abort();
  }, seen.signal);
  failedId = (await client.operations({ state: 'failed' }))[0]?.id ?? '';
});
afterAll(async () => await window.close());

test('what failed is first, with cause and remedy; filters and a search in commands find an operation', async () => {
  const page = await window.page('/operations');
  const trouble = page.getByRole('group', { name: 'Create server failed' });
  await trouble.getByText('No valid host was found').waitFor();
  await trouble.getByText('choose a smaller flavor').waitFor();
  expect(await violations(page)).toEqual([]);

  await page.getByRole('combobox', { name: 'Server' }).selectOption(serverId);
  await page.getByRole('row', { name: /Apply router/ }).waitFor({ state: 'detached' });
  await page.getByRole('row', { name: /Create server/ }).waitFor();
  await page.getByRole('combobox', { name: 'Server' }).selectOption('');
  await page.getByRole('combobox', { name: 'Kind' }).selectOption('network-provision');
  await page.getByRole('row', { name: /Create server/ }).waitFor({ state: 'detached' });
  await page.getByRole('combobox', { name: 'Kind' }).selectOption('');

  // Only the domain's XML has this in it.
  await page.getByRole('searchbox').fill('virtio demo-server');
  const row = page.getByRole('row', { name: /Create server.*define domain/ });
  await row.click();
  await page.getByRole('heading', { name: 'Create server: demo-server' }).waitFor();
  await page.locator('mark', { hasText: 'virtio' }).first().waitFor();
  await page.close();
});

test('an operation is a timeline of its numbered steps, with what ran, for a newcomer and for a script', async () => {
  const { client } = window.instance;
  const all = await client.operations({ resource_type: 'server', resource_id: serverId });
  const create = all.find((one) => one.name === 'server-create');
  const page = await window.page(`/operations/${create?.id}`);
  const step = page.getByRole('button', { name: /31–32 define domain/ });
  await step.getByText('Describes the virtual machine in XML').waitFor();
  await page.getByRole('checkbox', { name: 'Explain the steps' }).click();
  await step.getByText('Describes the virtual machine in XML').waitFor({ state: 'detached' });

  // By the keyboard alone.
  await step.focus();
  await page.keyboard.press('ArrowDown');
  await page.keyboard.press('ArrowUp');
  await page.keyboard.press('Enter');
  const xml = page.getByRole('figure').filter({ hasText: '<domain' });
  expect(await xml.locator('span.name', { hasText: '<domain' }).count()).toBeGreaterThan(0);
  await xml.getByRole('button', { name: /Copy domain/ }).click();
  expect(await page.evaluate('navigator.clipboard.readText()')).toMatch(/^<domain type=/);
  expect(await violations(page)).toEqual([]);

  await page.getByRole('button', { name: 'XML', exact: true }).click();
  await page.getByRole('button', { name: /11–14 schedule/ }).waitFor({ state: 'detached' });

  const download = page.waitForEvent('download');
  await page.getByRole('button', { name: 'Export as JSON' }).click();
  const file = await (await download).path();
  const exported = JSON.parse(readFileSync(file, 'utf8')) as Operation;
  expect(exported).toMatchObject({ id: create?.id, name: 'server-create' });
  expect(exported.steps.find((one) => one.number === 37)?.name).toBe('start domain');
  await page.close();
});

test('runs are seen live', async () => {
  const page = await window.page(`/operations?server=${serverId}`);
  const admin = await window.instance.admin();
  await admin.post('compute', `/servers/${serverId}/action`, { reboot: { type: 'HARD' } });
  const row = page.getByRole('row', { name: /Reboot server/ });
  await row.getByText('Done').waitFor();
  await row.getByRole('link').click();
  const start = page.getByRole('button', { name: /37 start domain/ });
  await start.waitFor();
  expect(await start.textContent()).toMatch(/done\s*$/);
  await page.close();
});

test('one that is stuck is retried; a thousand are a list that scrolls', async () => {
  // As a crash of the host would leave it: an undo failed. And a history.
  await window.instance.stop();
  const db = openDatabase({ path: join(window.instance.directory, 'state', 'deskcloud.db') });
  transaction(db, () => {
    statement<[string]>(
      db,
      `INSERT INTO saga (id, plan, name, version, resource_type, resource_id, input, locks, created_at, started_at,
         finished_at, state, steps_done)
       WITH RECURSIVE n (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < 1000)
       SELECT printf('00000000-0000-4000-8000-%012d', n), plan, name, version, resource_type, resource_id, '{}', '[]',
         created_at + n, created_at + n, created_at + n + 5, 'succeeded', 12 FROM saga, n WHERE saga.id = ?`,
    ).run(failedId);
    statement<[string, string]>(
      db,
      `UPDATE saga SET state = 'stuck', finished_at = NULL, stuck_error = ? WHERE id = ?`,
    ).run(
      JSON.stringify({ code: 'LibvirtConnectError', message: 'libvirt is not there', step: 'schedule' }),
      failedId,
    );
  });
  closeDatabase(db);
  await window.instance.start();

  const page = await window.page('/operations');
  const trouble = page.getByRole('group', { name: 'Create server is stuck' });
  await trouble.getByText('libvirt is not there').waitFor();
  await page.getByText(/^1,?00\d$/).waitFor();
  expect(await page.locator('[data-row]').count()).toBeLessThan(60);
  // From top to bottom a few rows a frame: the processor's time that the page takes of each.
  const session = await page.context().newCDPSession(page);
  await session.send('Performance.enable');
  const spent = async (): Promise<number> =>
    (await session.send('Performance.getMetrics')).metrics.find(({ name }) => name === 'ThreadTime')?.value ??
    Number.NaN;
  const before = await spent();
  const FRAMES = 200;
  await page.evaluate(
    (frames) =>
      new Promise<void>((resolve) => {
        const { document, requestAnimationFrame } = globalThis as unknown as {
          document: { querySelector(text: string): { scrollBy(x: number, y: number): void } };
          requestAnimationFrame: (call: () => void) => void;
        };
        const list = document.querySelector('[role="grid"]');
        let left = frames;
        const frame = (): void => {
          list.scrollBy(0, 125);
          left -= 1;
          if (left > 0) requestAnimationFrame(frame);
          else resolve();
        };
        frame();
      }),
    FRAMES,
  );
  const perFrame = ((await spent()) - before) / FRAMES;
  process.stdout.write(`scrolling 1000 rows takes ${(perFrame * 1000).toFixed(1)} ms a frame\n`);
  expect(perFrame).toBeLessThan(0.016);

  await trouble.getByRole('button', { name: 'Retry' }).click();
  await trouble.waitFor({ state: 'detached' });
  await page.getByRole('group', { name: 'Create server failed' }).waitFor();
  await page.close();
  expect(window.complaints).toEqual([]);
});
