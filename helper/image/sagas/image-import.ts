import type { OperationError } from '../../contract/operation.ts';
import type { Db } from '../../db/index.ts';
import type { DiskHost, ImageFormat } from '../../host/disk/interface.ts';
import type { WebSource } from '../../host/download/guarded.ts';
import type { FileAttributes, StateFiles, StatePath } from '../../host/files/interface.ts';
import { defineSaga, none, step, type StepContext } from '../../saga/index.ts';
import { findImage, updateImage, type Image } from '../store/image.ts';
import { setTaskStatus } from '../store/task.ts';

export interface ImportInput {
  readonly imageId: string;
  readonly taskId: string;
  readonly method: 'glance-direct' | 'web-download';
  /** Of web-download. */
  readonly uri: string | null;
  readonly store: string;
  /** Bytes; a larger file is refused. */
  readonly maxBytes: number;
  /** As it was before the import. */
  readonly diskFormat: string | null;
  /** Turn the disk into this format on the way, if it can be. */
  readonly convertTo: 'qcow2' | null;
}

/** What the saga needs of the image service. */
export interface ImportServices {
  readonly files: StateFiles;
  readonly disks: DiskHost;
  readonly web: WebSource;
  readonly attributes: FileAttributes;
  /** Judges a file by its headers. @throws {UnsafeImageError} @returns whether a disk is in it that can be converted. */
  judge(image: Image, path: StatePath): Promise<boolean>;
  /** Judges a file, enters it into the image's row and takes it away, into the stored data. Idempotent. */
  keep(image: Image, path: StatePath, signal: AbortSignal): Promise<void>;
  /** Removes data that no image needs any more. */
  collect(): void;
}

export const stagedPath = (imageId: string): StatePath => ['images', 'staging', imageId];
const convertedPath = (imageId: string): StatePath => ['images', 'staging', `${imageId}.converted`];

const CONVERTIBLE = new Set<string>(['raw', 'qcow2', 'vmdk', 'vdi', 'vhd', 'vhdx'] satisfies ImageFormat[]);

/** The image was deleted while it was being imported. */
class GoneError extends Error {
  override readonly name = 'GoneError';
}

/** Brings an image's data from the staging area or the internet into the store (api-ref: 'Interoperable image import'). */
export const imageImport = defineSaga<ImportInput, ImportServices>({
  name: 'image-import',
  title: 'Import image',
  service: 'image',
  resource: ({ imageId }) => ({ type: 'image', id: imageId }),
  locks: ({ imageId }) => [`image:${imageId}`],
  steps: [
    step({
      name: 'begin',
      kind: 'sql',
      action: (ctx, { taskId }) => setTaskStatus(ctx.db, taskId, 'processing', '', ctx.now()),
      undo: none('the end of the operation says how it ended'),
    }),
    step({
      name: 'receive data',
      kind: 'host',
      concurrency: 'image',
      action: async (ctx, { imageId, uri, maxBytes }) => {
        const { db, services, signal } = ctx;
        imageOf(db, imageId);
        const { files, web, attributes } = services;
        const path = stagedPath(imageId);
        if ((await files.stat(path)) !== undefined) return;
        if (uri === null)
          throw new Error('The staged data is missing from the state directory; stage it again.');
        const answer = await web.open(uri, signal);
        const sink = await files.sink(path, { maxBytes, sparse: true, ...attributes });
        try {
          for await (const chunk of answer.body) {
            signal.throwIfAborted();
            await sink.write(chunk);
            if (answer.total !== undefined) ctx.progress(sink.bytesWritten / answer.total, 'downloading');
          }
          await sink.finish();
        } finally {
          answer.close();
          await sink.abort();
        }
      },
      undo: ({ services }, { imageId }) => services.files.remove(stagedPath(imageId)),
    }),
    step({
      name: 'convert',
      kind: 'host',
      concurrency: 'image',
      skip: (_ctx, { convertTo }) => (convertTo === null ? 'no conversion is configured' : false),
      action: async (ctx, { imageId, convertTo }) => {
        const { db, services, signal } = ctx;
        const image = imageOf(db, imageId);
        const format = image.disk_format ?? '';
        const convertible = CONVERTIBLE.has(format) && format !== convertTo && convertTo !== null;
        if (!convertible || !(await services.judge(image, stagedPath(imageId)))) {
          ctx.note(`kept as ${format}`);
          return;
        }
        const { files, disks, attributes } = services;
        await disks.convert({
          source: files.absolute(stagedPath(imageId)),
          sourceFormat: format as ImageFormat,
          destination: files.absolute(convertedPath(imageId)),
          destinationFormat: convertTo,
          onProgress: (fraction) => ctx.progress(fraction, 'converting'),
          signal,
        });
        await files.setAttributes(convertedPath(imageId), attributes);
      },
      undo: ({ services }, { imageId }) => services.files.remove(convertedPath(imageId)),
    }),
    step({
      name: 'store data',
      kind: 'host',
      concurrency: 'image',
      action: async ({ db, services, signal }, { imageId, convertTo }) => {
        const image = imageOf(db, imageId);
        const converted = (await services.files.stat(convertedPath(imageId))) !== undefined;
        if (converted)
          await services.keep({ ...image, disk_format: convertTo }, convertedPath(imageId), signal);
        else await services.keep(image, stagedPath(imageId), signal);
      },
      undo: async ({ db, services }, { imageId, diskFormat }) => {
        const image = findImage(db, imageId);
        if (image !== undefined) updateImage(db, { ...image, ...NO_DATA, disk_format: diskFormat });
        services.collect();
        await services.files.remove(convertedPath(imageId));
      },
    }),
    step({
      name: 'clear the staging area',
      kind: 'host',
      action: async ({ services }, { imageId }) => {
        await services.files.remove(stagedPath(imageId));
        await services.files.remove(convertedPath(imageId));
      },
      undo: none('what is undone keeps nothing in the staging area either'),
    }),
  ],
  onFinished: (ctx, { imageId, taskId, store }) => {
    const image = imageOf(ctx.db, imageId);
    updateImage(ctx.db, {
      ...image,
      status: 'active',
      staged_size: null,
      importing_to_stores: '',
      failed_import: '',
      updated_at: ctx.now(),
    });
    setTaskStatus(ctx.db, taskId, 'success', `The data is in store ${store}.`, ctx.now());
  },
  onFailed: (ctx, input, error) => giveUp(ctx, input, error),
  onCancelled: (ctx, input) => giveUp(ctx, input, undefined),
});

const NO_DATA = {
  size: null,
  virtual_size: null,
  md5: null,
  sha512: null,
  sha256: null,
  unusable: null,
} as const;

function imageOf(db: Db, id: string): Image {
  const image = findImage(db, id);
  if (image === undefined) throw new GoneError(`Image ${id} was deleted while it was being imported.`);
  return image;
}

/** The image begins anew, and says what could not be filled. */
function giveUp(
  ctx: StepContext<ImportServices>,
  { imageId, taskId, store }: ImportInput,
  error: OperationError | undefined,
): void {
  const image = findImage(ctx.db, imageId);
  if (image !== undefined) {
    updateImage(ctx.db, {
      ...image,
      status: 'queued',
      staged_size: null,
      importing_to_stores: '',
      failed_import: store,
      updated_at: ctx.now(),
    });
  }
  setTaskStatus(ctx.db, taskId, 'failure', error?.message ?? 'The import was stopped.', ctx.now());
}
