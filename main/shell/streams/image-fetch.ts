import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Downloader } from '../../../helper/host/download/interface.ts';
import { fileNameOf, type CatalogueImage } from '../../../resources/images/catalogue.ts';
import { fetchImage, imageRecord } from '../../../resources/images/fetch.ts';
import type { CatalogueEntry, FetchProgress, ShellStreams } from '../../contract/shell.ts';
import type { CloudAccess } from '../cloud-access.ts';
import type { ShellStream } from '../stream.ts';
import { askImages, countedBody, putImageFile } from './image-body.ts';

const MIB = 2 ** 20;

/** What the image catalogue is read from and brought with. */
export interface ImageVendor {
  readonly catalogue: () => readonly CatalogueImage[];
  readonly downloader: Downloader;
  /** Where images that were downloaded are kept. */
  readonly directory: string;
}

/** The catalogue as pages see it. */
export async function listCatalogue(vendor: ImageVendor): Promise<readonly CatalogueEntry[]> {
  return await Promise.all(
    vendor.catalogue().map(async (image) => ({
      id: image.id,
      name: image.name,
      version: image.version,
      url: image.url,
      osDistro: image.osDistro,
      defaultUser: image.defaultUser,
      minDiskGiB: image.minDiskGiB,
      minRamMiB: image.minRamMiB,
      approximateMiB: image.approximateMiB,
      downloaded: await stat(join(vendor.directory, fileNameOf(image))).then(
        () => true,
        () => false,
      ),
    })),
  );
}

/**
 * Downloads a vendor's image and puts it into the cloud.
 * @throws {Error} with cause and remedy: the downloader's words, or the image service's.
 */
export async function runImageFetch(
  cloud: CloudAccess,
  vendor: ImageVendor,
  { id, projectId, visibility }: ShellStreams['imageFetch']['input'],
  stream: ShellStream<never, FetchProgress>,
): Promise<void> {
  const image = vendor.catalogue().find((one) => one.id === id);
  if (image === undefined) throw new Error(`The catalogue has no image '${id}'.`);
  const { signal } = stream;
  const path = await fetchImage(vendor.downloader, image, vendor.directory, {
    signal,
    onProgress: ({ received, total }) =>
      stream.send({
        stage: 'download',
        done: received,
        total: total ?? Math.max(received, image.approximateMiB * MIB),
        imageId: null,
      }),
  });
  const made = await askImages(cloud, projectId, '/images', {
    method: 'POST',
    signal,
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(imageRecord(image, visibility)),
  });
  const { id: imageId } = (await made.json()) as { id: string };
  try {
    const { size } = await stat(path);
    const body = countedBody(createReadStream(path, { highWaterMark: 256 * 1024 }), (done) =>
      stream.send({ stage: 'upload', done, total: size, imageId }),
    );
    await putImageFile(cloud, { projectId, imageId, size }, body, signal);
    stream.send({ stage: 'upload', done: size, total: size, imageId });
  } catch (error) {
    // Whoever asked is told why; half an image helps nobody.
    await cloud.fetch(projectId, 'image', `/images/${imageId}`, { method: 'DELETE' }).catch(() => undefined);
    throw error;
  }
}
