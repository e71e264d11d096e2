import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { LinuxDownloader } from '../../../helper/host/download/linux.ts';
import { readCatalogue } from '../../../resources/images/catalogue.ts';
import { fetchImage, imageRecord } from '../../../resources/images/fetch.ts';
import { HelperClient } from '../../helper-client.ts';
import { socketOf, typed, type Instance } from '../../launch.ts';
import { OpenStackClient } from '../../openstack-client.ts';
import { say } from '../ask.ts';
import { startProgress } from '../progress.ts';
import { userPaths } from '../../user-paths.ts';

const MIB = 2 ** 20;

/** Many names have the version in them. */
const titleOf = ({ name, version }: { name: string; version: string }): string =>
  name.split(/[ ()]+/).includes(version) ? name : `${name} (${version})`;

/** Vendors' images that `image get` knows. */
export function listImages(): void {
  for (const image of readCatalogue()) {
    say(
      `${image.id.padEnd(24)} ${titleOf(image).padEnd(34)} about ${image.approximateMiB} MiB, user ${image.defaultUser}`,
    );
  }
}

/** Downloads a vendor's image (resuming, verified) and puts it into the cloud for everybody. */
export async function getImage(instance: Instance, id: string): Promise<void> {
  const image = readCatalogue().find((one) => one.id === id);
  if (image === undefined)
    throw new Error(
      `The catalogue has no image '${id}'; '${typed(undefined, 'image', 'list')}' shows what it has.`,
    );
  const cloud = await OpenStackClient.login(await new HelperClient(socketOf(instance)).credentials());
  const progress = startProgress();
  const path = await fetchImage(new LinuxDownloader(), image, userPaths(instance).imageCache, {
    onProgress: ({ received, total, bytesPerSecond }) => {
      const all = total ?? image.approximateMiB * MIB;
      const text = `${Math.round(received / MIB)} of ${Math.round(all / MIB)} MiB, ${(bytesPerSecond / MIB).toFixed(1)} MiB/s`;
      progress.update(Math.min(1, received / all) * 0.9, `downloading ${image.name}: ${text}`);
    },
  });
  const { id: imageId } = await cloud.post('image', '/images', imageRecord(image, 'public'));
  const { size } = await stat(path);
  let sent = 0;
  const file = createReadStream(path).on('data', (chunk) => {
    sent += chunk.length;
    progress.update(0.9 + (sent / size) * 0.1, 'putting it into the cloud');
  });
  await cloud.upload(String(imageId), Readable.toWeb(file) as ReadableStream<Uint8Array>, size);
  progress.done(
    `image ${titleOf(image)} is there, id ${String(imageId)}; log in to its guests as ${image.defaultUser}`,
  );
}
