import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Downloader } from '../../../helper/host/download/interface.ts';
import { fileNameOf, type CatalogueImage } from '../../../resources/images/catalogue.ts';
import { fetchImage, imageRecord } from '../../../resources/images/fetch.ts';
import type { CatalogueEntry, FetchProgress, ShellStreams } from '../../contract/shell.ts';
import { messageOf, type CloudAccess } from '../cloud-access.ts';
import type { ShellStream } from '../stream.ts';

const MIB = 2 ** 20;
/** Told at most this often. */
const TELL_MS = 200;

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
  const made = await call(cloud, projectId, '/images', {
    method: 'POST',
    signal,
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(imageRecord(image, visibility)),
  });
  const { id: imageId } = (await made.json()) as { id: string };
  try {
    const { size } = await stat(path);
    await call(cloud, projectId, `/images/${imageId}/file`, {
      method: 'PUT',
      signal,
      headers: { 'content-type': 'application/octet-stream', 'content-length': String(size) },
      body: counted(path, (done) => stream.send({ stage: 'upload', done, total: size, imageId })),
      duplex: 'half',
    });
    stream.send({ stage: 'upload', done: size, total: size, imageId });
  } catch (error) {
    // Whoever asked is told why; half an image helps nobody.
    await cloud.fetch(projectId, 'image', `/images/${imageId}`, { method: 'DELETE' }).catch(() => undefined);
    throw error;
  }
}

async function call(
  cloud: CloudAccess,
  projectId: string,
  path: string,
  init: Parameters<CloudAccess['fetch']>[3],
): Promise<Response> {
  const response = await cloud.fetch(projectId, 'image', path, init);
  if (!response.ok) throw new Error(messageOf(await response.json().catch(() => null)));
  return response;
}

/** A file's bytes as a request's body, which tells now and then how many have gone. */
function counted(path: string, onSent: (sent: number) => void): ReadableStream<Uint8Array<ArrayBuffer>> {
  const pieces = createReadStream(path, { highWaterMark: 256 * 1024 })[Symbol.asyncIterator]();
  let sent = 0;
  let toldAt = 0;
  return new ReadableStream<Uint8Array<ArrayBuffer>>({
    async pull(controller) {
      const { done, value } = (await pieces.next()) as IteratorResult<Buffer, undefined>;
      if (done === true) {
        controller.close();
        return;
      }
      sent += value.length;
      controller.enqueue(new Uint8Array(value));
      if (Date.now() - toldAt < TELL_MS) return;
      toldAt = Date.now();
      onSent(sent);
    },
    cancel: () => void pieces.return?.(),
  });
}
