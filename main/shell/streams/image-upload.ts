import type { ShellStreams } from '../../contract/shell.ts';
import type { CloudAccess } from '../cloud-access.ts';
import type { ShellStream } from '../stream.ts';
import { countedBody, putImageFile } from './image-body.ts';

/**
 * Puts the page's bytes into an image.
 * @throws {Error} with the image service's words.
 */
export async function uploadImage(
  cloud: CloudAccess,
  input: ShellStreams['imageUpload']['input'],
  stream: ShellStream<never, { sent: number }>,
): Promise<void> {
  const body = countedBody(stream.bytes, (sent) => stream.send({ sent }));
  await putImageFile(cloud, input, body, stream.signal);
  stream.send({ sent: input.size });
}
