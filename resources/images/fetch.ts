import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { findChecksum } from '../../helper/host/download/checksum-file.ts';
import type { Downloader, DownloadProgress } from '../../helper/host/download/interface.ts';
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
  { onProgress, signal }: { onProgress: (progress: DownloadProgress) => void; signal?: AbortSignal },
): Promise<string> {
  await mkdir(directory, { recursive: true });
  const name = fileNameOf(image);
  const checksum =
    'value' in image.checksum
      ? { algorithm: image.checksum.algorithm, value: image.checksum.value }
      : findChecksum(await downloader.fetchText(image.checksum.file, signal), name);
  if (checksum === undefined)
    throw new Error(`The vendor's checksum file does not name ${name}; the catalogue is out of date.`);
  const { path } = await downloader.download({
    url: image.url,
    destination: join(directory, name),
    checksum,
    onProgress,
    ...(signal === undefined ? {} : { signal }),
  });
  return path;
}

/** What the image service is told of a catalogue's image: the body of POST /v2/images. */
export const imageRecord = (image: CatalogueImage, visibility: 'public' | 'private') => ({
  name: `${image.name} ${image.version}`,
  visibility,
  disk_format: image.diskFormat,
  container_format: 'bare',
  min_disk: image.minDiskGiB,
  min_ram: image.minRamMiB,
  os_distro: image.osDistro,
  os_admin_user: image.defaultUser,
});
