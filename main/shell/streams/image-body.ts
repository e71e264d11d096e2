import { messageOf, type CloudAccess, type PlainRequest } from '../cloud-access.ts';

/** Told at most this often. */
const TELL_MS = 200;

/** An image's bytes as a request's body, which tells now and then how many have gone. */
export function countedBody(
  bytes: AsyncIterable<Uint8Array>,
  onSent: (sent: number) => void,
): ReadableStream<Uint8Array<ArrayBuffer>> {
  const pieces = bytes[Symbol.asyncIterator]();
  let sent = 0;
  let toldAt = 0;
  return new ReadableStream<Uint8Array<ArrayBuffer>>({
    async pull(controller) {
      const { done, value } = (await pieces.next()) as IteratorResult<Uint8Array, undefined>;
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

/** Asks the image service. @throws {Error} with its words. */
export async function askImages(
  cloud: CloudAccess,
  projectId: string,
  path: string,
  init: PlainRequest,
): Promise<Response> {
  const response = await cloud.fetch(projectId, 'image', path, init);
  if (!response.ok) throw new Error(messageOf(await response.json().catch(() => null)));
  return response;
}

/** PUTs `size` bytes into an image. @throws {Error} with the image service's words. */
export const putImageFile = (
  cloud: CloudAccess,
  {
    projectId,
    imageId,
    size,
  }: { readonly projectId: string; readonly imageId: string; readonly size: number },
  body: ReadableStream<Uint8Array<ArrayBuffer>>,
  signal: AbortSignal,
): Promise<Response> =>
  askImages(cloud, projectId, `/images/${imageId}/file`, {
    method: 'PUT',
    signal,
    headers: { 'content-type': 'application/octet-stream', 'content-length': String(size) },
    body,
    duplex: 'half',
  });
