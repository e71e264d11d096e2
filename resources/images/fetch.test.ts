import { createHash } from 'node:crypto';
import { expect, test } from 'vitest';
import { FakeDownloader } from '../../helper/host/download/fake.ts';
import type { CatalogueImage } from './catalogue.ts';
import { fetchImage } from './fetch.ts';

const bytes = Buffer.from('a disk');
const sha256 = createHash('sha256').update(bytes).digest('hex');
const image: CatalogueImage = {
  id: 'sample',
  name: 'Sample',
  version: '1',
  url: 'https://vendor.example/images/disk.qcow2',
  checksum: { file: 'https://vendor.example/images/SHA256SUMS' },
  diskFormat: 'qcow2',
  architecture: 'x86_64',
  osDistro: 'debian',
  defaultUser: 'debian',
  minDiskGiB: 1,
  minRamMiB: 64,
  approximateMiB: 1,
};
const silent = { onProgress: () => undefined };
const server = (sums: string) =>
  new FakeDownloader(
    new Map([
      [image.url, bytes],
      ['https://vendor.example/images/SHA256SUMS', Buffer.from(sums)],
    ]),
  );

test('an image is verified by its vendor’s checksum file', async () => {
  const seen: number[] = [];
  const path = await fetchImage(server(`${sha256}  disk.qcow2\n`), image, '/tmp', {
    onProgress: ({ received }) => seen.push(received),
  });
  expect(path).toBe('/tmp/disk.qcow2');
  expect(seen.at(-1)).toBe(bytes.length);
});

test('a wrong checksum, and a file that the vendor does not list, are refused', async () => {
  const none = fetchImage(server(`${sha256}  other.qcow2\n`), image, '/tmp', silent);
  await expect(none).rejects.toThrow(/does not name disk\.qcow2/);
  const wrong = fetchImage(server(`${'0'.repeat(64)}  disk.qcow2\n`), image, '/tmp', silent);
  await expect(wrong).rejects.toThrow(/checksum/i);
});
