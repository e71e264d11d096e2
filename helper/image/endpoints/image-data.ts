import { badRequest, unsupportedMediaType } from '../../errors/error.ts';
import { Reply, endpoint, type Endpoint } from '../../http/index.ts';
import type { Cache } from '../app/cache.ts';
import type { ImageData } from '../app/data.ts';
import type { Images } from '../app/image.ts';

/** Images' bytes (api-ref: image/v2, 'Image data'). */
export const imageDataEndpoints = (images: Images, data: ImageData, cache: Cache): readonly Endpoint[] => [
  endpoint({
    id: 'image-data:upload',
    method: 'PUT',
    path: '/images/{image_id}/file',
    policy: 'upload_image',
    body: 'stream',
    ok: 204,
    target: ({ auth, params }) => images.getOwn(auth, params.image_id),
    handler: async ({ auth, params, stream, signal, header }) => {
      const type = header('content-type');
      if (type !== undefined && type !== 'application/octet-stream') {
        throw unsupportedMediaType(
          `Unsupported Content-Type ${type.slice(0, 80)}; application/octet-stream is expected.`,
        );
      }
      await data.upload(auth, params.image_id, stream, signal);
    },
  }),
  endpoint({
    id: 'image-data:download',
    method: 'GET',
    path: '/images/{image_id}/file',
    policy: 'download_image',
    response: 'stream',
    ok: 200,
    target: ({ auth, params }) => images.get(auth, params.image_id),
    handler: async ({ auth, params, header }) => {
      const opened = await data.open(auth, params.image_id);
      if (opened === undefined) return new Reply({ status: 204 });
      const { image, handle } = opened;
      const size = image.size ?? 0;
      const range = rangeOf(header('range'), size);
      const [start, end] = range ?? [0, size - 1];
      const stream = handle.createReadStream({ start, ...(end >= start ? { end } : {}) });
      if (range === undefined) stream.once('end', () => cache.downloaded(image));
      return new Reply({
        ...(range === undefined ? {} : { status: 206 }),
        stream,
        headers: {
          'content-type': 'application/octet-stream',
          'content-length': String(Math.max(0, end - start + 1)),
          ...(image.md5 === null || range !== undefined ? {} : { 'content-md5': image.md5 }),
          ...(range === undefined ? {} : { 'content-range': `bytes ${start}-${end}/${size}` }),
        },
      });
    },
  }),
];

/** The one range that glance serves; undefined for the whole. @throws {CloudError} 416 when there is no such part. */
function rangeOf(text: string | undefined, size: number): readonly [number, number] | undefined {
  if (text === undefined) return undefined;
  const match = /^bytes=(\d*)-(\d*)$/.exec(text);
  const unsatisfiable = () =>
    badRequest(`The range '${text.slice(0, 80)}' is not part of the image's ${size} bytes.`, { status: 416 });
  if (match === null || (match[1] === '' && match[2] === '')) throw unsatisfiable();
  const start = match[1] === '' ? Math.max(0, size - Number(match[2])) : Number(match[1]);
  const end = match[1] === '' || match[2] === '' ? size - 1 : Math.min(Number(match[2]), size - 1);
  if (start > end) throw unsatisfiable();
  return [start, end];
}
