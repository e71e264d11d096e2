import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { findChecksum } from '../../helper/host/download/checksum-file.ts';
import type { Downloader } from '../../helper/host/download/interface.ts';
import { fileNameOf, type CatalogueImage } from './catalogue.ts';

/**
 * Brings a vendor's image into `directory`, resuming an earlier try, and verifies it by the vendor's checksum.
 * @returns its path.
 * @throws {DownloadError} that names the cause and the remedy; what has arrived is kept for the next try.
 */
export async function fetchImage(
  downloader: Downloader,
  image: CatalogueImage,
  directory: string,
  onProgress: (fraction: number, text: string) => void,
): Promise<string> {
  await mkdir(directory, { recursive: true });
  const name = fileNameOf(image);
  const checksum =
    'value' in image.checksum
      ? { algorithm: image.checksum.algorithm, value: image.checksum.value }
      : findChecksum(await downloader.fetchText(image.checksum.file), name);
  if (checksum === undefined)
    throw new Error(`The vendor's checksum file does not name ${name}; the catalogue is out of date.`);
  const { path } = await downloader.download({
    url: image.url,
    destination: join(directory, name),
    checksum,
    onProgress: ({ received, total, bytesPerSecond }) => {
      const rate = `${(bytesPerSecond / 2 ** 20).toFixed(1)} MiB/s`;
      const all = total ?? image.approximateMiB * 2 ** 20;
      onProgress(
        Math.min(1, received / all),
        `${Math.round(received / 2 ** 20)} of ${Math.round(all / 2 ** 20)} MiB, ${rate}`,
      );
    },
  });
  return path;
}
