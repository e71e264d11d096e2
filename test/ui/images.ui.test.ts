import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { LinuxDownloader } from '../../helper/host/download/linux.ts';
import { simulatedGuest } from '../../main/demo/simulated-guest.ts';
import { readCatalogue } from '../../resources/images/catalogue.ts';
import { violations } from '../support/axe.ts';
import { TestWindow } from '../support/window.ts';

let window: TestWindow;
let vendor: Server;
let disk: string;
let bytes: Buffer;
let origin: string;
/** Whether the vendor sends the rest of a large disk at once. */
let hurries = false;

/** In pieces, each after a moment. */
async function sendSlowly(response: ServerResponse): Promise<void> {
  for (let at = 0; at < bytes.length; at += 4096) {
    response.write(bytes.subarray(at, at + 4096));
    if (!hurries) await delay(150);
  }
  response.end();
}

beforeAll(async () => {
  let asked = 0;
  vendor = createServer((request, response) => {
    response.writeHead(200, { 'content-length': bytes.length, etag: '"one"' });
    if (request.url === '/large.qcow2') {
      void sendSlowly(response);
      return;
    }
    asked += 1;
    // The first answer stops in the middle.
    if (asked === 1) response.write(bytes.subarray(0, 100_000));
    else response.end(bytes);
  });
  await new Promise<void>((resolve) => vendor.listen(0, '127.0.0.1', resolve));
  origin = `http://127.0.0.1:${(vendor.address() as AddressInfo).port}`;
  const [first, second] = readCatalogue();
  if (first === undefined || second === undefined) throw new Error('the catalogue is empty');
  window = await TestWindow.open({
    // What is on this machine is nothing that a cloud downloads of itself (S9).
    settings: { image: { importOrigins: [origin] } },
    vendor: (directory) => ({
      directory: join(directory, 'cache'),
      downloader: new LinuxDownloader({ retryDelaysMs: [], stallMs: 5000 }),
      catalogue: () => [
        {
          ...first,
          url: `${origin}/small.qcow2`,
          checksum: { algorithm: 'sha256', value: createHash('sha256').update(bytes).digest('hex') },
        },
        // Nothing listens there: a machine without internet.
        { ...second, url: 'http://127.0.0.1:1/none.qcow2', checksum: { file: 'http://127.0.0.1:1/sums' } },
      ],
    }),
  });
  disk = (await simulatedGuest(join(window.instance.directory, 'images'))).path;
  bytes = readFileSync(disk);
});
afterAll(async () => {
  await window.close();
  vendor.closeAllConnections();
  vendor.close();
});

test('a disk file is judged by its bytes and uploaded; the image is edited, shared, and deleted by its name', async () => {
  const page = await window.page('/images');
  await window.settled(page);
  await page.getByText('No images yet').waitFor();
  await page.getByRole('button', { name: 'Upload image' }).first().click();
  const dialog = page.getByRole('dialog');
  const chooser = dialog.locator('input[type=file]');
  await chooser.setInputFiles({ name: 'packed.img', mimeType: '', buffer: Buffer.from([0x1f, 0x8b, 8, 0]) });
  await dialog.getByText('packed with gzip').waitFor();
  expect(await dialog.getByRole('button', { name: 'Upload', exact: true }).isDisabled()).toBe(true);
  await chooser.setInputFiles(disk);
  await dialog.getByText('Its first bytes say: qcow2.').waitFor();
  expect(await dialog.getByLabel('Least disk').inputValue()).toBe('1');
  expect(await violations(page)).toEqual([]);
  await dialog.getByLabel('Name').fill('mine');
  await dialog.getByRole('button', { name: 'Upload', exact: true }).click();
  const row = page.getByRole('row', { name: /mine/ });
  await row.getByText('Active').waitFor();
  expect(await violations(page)).toEqual([]);

  await row.getByRole('link', { name: 'mine' }).click();
  await page.getByRole('heading', { name: 'mine' }).waitFor();
  await page.getByRole('button', { name: 'Actions: mine' }).click();
  await page.getByRole('menuitem', { name: 'Edit' }).click();
  await dialog.getByLabel('Visibility').selectOption('shared');
  await dialog.getByRole('button', { name: '+ os_distro' }).click();
  await dialog.getByLabel('Properties').press('End');
  await dialog.getByLabel('Properties').pressSequentially('alpine');
  await dialog.getByRole('button', { name: 'Save' }).click();
  await page.getByText('alpine', { exact: true }).first().waitFor();
  await page.getByRole('tab', { name: 'Members' }).click();
  await page.getByLabel('Share with').selectOption('service');
  await page.getByRole('button', { name: 'Add' }).click();
  await page.getByText('has not answered').waitFor();
  expect(await violations(page)).toEqual([]);

  const saved = page.waitForEvent('download');
  await page.getByRole('button', { name: 'Actions: mine' }).click();
  await page.getByRole('menuitem', { name: 'Download' }).click();
  const download = await saved;
  expect(download.suggestedFilename()).toBe('mine.qcow2');
  expect(readFileSync(await download.path())).toEqual(bytes);

  await page.getByRole('button', { name: 'Actions: mine' }).click();
  await page.getByRole('menuitem', { name: 'Delete' }).click();
  await dialog.getByRole('textbox').fill('mine');
  await dialog.getByRole('button', { name: 'Delete' }).click();
  await page.getByText('No images yet').waitFor();
  await page.close();
});

test('an image is downloaded from the web, and its row says how far that is', async () => {
  const page = await window.page('/images');
  await page.getByRole('button', { name: 'Import from URL' }).first().click();
  const dialog = page.getByRole('dialog');
  await dialog.getByLabel('Address').fill(`${origin}/large.qcow2`);
  await dialog.getByLabel('Name').fill('far');
  await dialog.getByRole('button', { name: 'Import', exact: true }).click();
  const row = page.getByRole('row', { name: /far/ });
  await row.getByRole('progressbar', { name: 'Importing: downloading' }).waitFor();
  expect(await row.getByText(/^\d+ %$/).textContent()).not.toBe('0 %');
  hurries = true;
  await row.getByText('Active').waitFor();
  expect(await row.getByRole('progressbar').count()).toBe(0);
  await page.close();
});

test('the catalogue brings an image, can be stopped, and says it when there is no way to its maker', async () => {
  const page = await window.page('/images?tab=catalogue');
  await window.settled(page);
  await page.getByRole('button', { name: 'Download: CirrOS' }).click();
  await page.getByText('97.7 KiB of 256 KiB').or(page.getByText('98 KiB of 256 KiB')).waitFor();
  await page.getByRole('button', { name: 'Cancel' }).first().click();
  await page.getByText('what has come is kept').waitFor();
  await page.getByRole('button', { name: 'Download: CirrOS' }).click();
  await page.getByRole('link', { name: 'In this cloud' }).waitFor();
  expect(await violations(page)).toEqual([]);
  await page.getByRole('button', { name: 'Download: Debian' }).click();
  const alert = page.getByRole('alert');
  await alert.waitFor();
  expect(await alert.textContent()).toContain('127.0.0.1:1');
  await page.close();
  expect(window.complaints).toEqual([]);
});
