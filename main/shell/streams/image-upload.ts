import type { ShellStreams } from '../../contract/shell.ts';
import { messageOf, type CloudAccess, type PlainRequest } from '../cloud-access.ts';
import type { ShellStream } from '../stream.ts';

/** Told at most this often. */
const TELL_MS = 200;

/**
 * Puts the page's bytes into an image.
 * @throws {Error} with the image service's words.
 */
export async function uploadImage(
  cloud: CloudAccess,
  { projectId, imageId, size }: ShellStreams['imageUpload']['input'],
  stream: ShellStream<never, { sent: number }>,
): Promise<void> {
  let sent = 0;
  let toldAt = 0;
  const pieces = stream.bytes[Symbol.asyncIterator]();
  const body = new ReadableStream<Uint8Array<ArrayBuffer>>({
    async pull(controller) {
      const { done, value } = await pieces.next();
      if (done === true) {
        controller.close();
        return;
      }
      sent += value.length;
      controller.enqueue(new Uint8Array(value));
      if (Date.now() - toldAt < TELL_MS) return;
      toldAt = Date.now();
      stream.send({ sent });
    },
  });
  const init: PlainRequest = {
    method: 'PUT',
    signal: stream.signal,
    headers: { 'content-type': 'application/octet-stream', 'content-length': String(size) },
    body,
    duplex: 'half',
  };
  const response = await cloud.fetch(projectId, 'image', `/images/${imageId}/file`, init);
  if (!response.ok) throw new Error(messageOf(await response.json().catch(() => null)));
  stream.send({ sent });
}
