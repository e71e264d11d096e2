import type { FileHandle } from 'node:fs/promises';
import type { Readable } from 'node:stream';
import { transaction, type Db } from '../../db/index.ts';
import {
  CloudError,
  badRequest,
  conflict,
  forbidden,
  noSpace,
  notFound,
  tooLarge,
} from '../../errors/error.ts';
import { StreamInspector, UnsafeImageError } from '../../host/disk/inspect/index.ts';
import {
  DiskFullError,
  SizeLimitError,
  type FileAttributes,
  type SinkResult,
  type StateFiles,
  type StatePath,
} from '../../host/files/interface.ts';
import { hashFile } from '../../host/files/hash.ts';
import type { AuthContext } from '../../http/index.ts';
import { insertData } from '../store/data.ts';
import { findImage, moveStatus, updateImage, type Image } from '../store/image.ts';
import type { Bases } from './base.ts';
import type { Images } from './image.ts';
import { declaredFormat, isPlainDisk, judgeFile, refuseEarly } from './judge.ts';
import type { Quotas } from './quota.ts';

export interface ImageDataOptions {
  readonly db: Db;
  readonly now: () => number;
  readonly files: StateFiles;
  readonly images: Images;
  readonly bases: Bases;
  /** Of stored data: readable by the emulator's user and nobody else. */
  readonly attributes: FileAttributes;
  readonly quotas: Quotas;
}

export interface FillOptions {
  readonly signal: AbortSignal;
  /** From 0 to 1. */
  readonly onProgress: (fraction: number) => void;
}

/** Bytes of images: in and out. */
export class ImageData {
  readonly #options: ImageDataOptions;
  readonly #uploads = new Map<string, AbortController>();

  constructor(options: ImageDataOptions) {
    this.#options = options;
  }

  /**
   * Takes an image's bytes. Nothing opens them before they have been judged by their headers; a refused or broken
   * upload leaves the image 'queued' and no byte behind.
   * @throws {CloudError} conflict when it is not queued, badRequest for unsafe content, tooLarge, noSpace.
   */
  async upload(auth: AuthContext, id: string, stream: Readable, signal: AbortSignal): Promise<void> {
    const { db, now, images, quotas } = this.#options;
    const image = images.getOwn(auth, id);
    if (image.disk_format === null || image.container_format === null) {
      throw badRequest(
        `Image ${id} has no ${image.disk_format === null ? 'disk_format' : 'container_format'} yet; set it before uploading its data.`,
      );
    }
    quotas.roomFor(image.owner_id, 'image_size_total');
    quotas.checkCount(image.owner_id, 'image_count_uploading');
    if (!moveStatus(db, id, 'queued', 'saving', now())) {
      throw conflict(`Image status transition from ${image.status} to saving is not allowed`);
    }
    const abort = new AbortController();
    this.#uploads.set(id, abort);
    try {
      await this.#receive(image, stream, AbortSignal.any([signal, abort.signal]));
    } catch (error) {
      moveStatus(db, id, 'saving', 'queued', now());
      throw uploadError(error, id, abort.signal.aborted);
    } finally {
      this.#uploads.delete(id);
    }
  }

  /**
   * As {@link upload}, of a file that this cloud made itself and that goes into the image: one that a crash left half
   * filled is filled anew.
   * @throws {CloudError} notFound when the image was deleted meanwhile.
   */
  async fill(id: string, file: StatePath, { signal, onProgress }: FillOptions): Promise<void> {
    const { db, now } = this.#options;
    const image = findImage(db, id);
    if (image === undefined) throw notFound(`No image found with ID ${id}`);
    moveStatus(db, id, 'queued', 'saving', now());
    const abort = new AbortController();
    this.#uploads.set(id, abort);
    try {
      await this.#take(image, file, { signal: AbortSignal.any([signal, abort.signal]), onProgress });
    } catch (error) {
      moveStatus(db, id, 'saving', 'queued', now());
      throw uploadError(error, id, abort.signal.aborted);
    } finally {
      this.#uploads.delete(id);
    }
  }

  /** Ends the upload of an image that was deleted (S7). */
  abandon(imageId: string): void {
    this.#uploads.get(imageId)?.abort();
  }

  async #receive(image: Image, stream: Readable, signal: AbortSignal): Promise<void> {
    const { files, attributes, quotas } = this.#options;
    const sink = await files.sink(['images', 'incoming', image.id], {
      maxBytes: quotas.roomFor(image.owner_id, 'image_size_total'),
      sparse: true,
      ...attributes,
    });
    let written: SinkResult;
    try {
      const early = isPlainDisk(image) ? new StreamInspector() : undefined;
      for await (const chunk of stream as AsyncIterable<Buffer>) {
        signal.throwIfAborted();
        await sink.write(chunk);
        early?.push(chunk);
        refuseEarly(early, declaredFormat(image));
      }
      signal.throwIfAborted();
      written = await sink.finish();
    } catch (error) {
      await sink.abort();
      throw error;
    }
    try {
      await this.#enter(image, ['images', 'incoming', image.id], written);
    } finally {
      await files.remove(['images', 'incoming', image.id]);
    }
  }

  async #take(image: Image, file: StatePath, { signal, onProgress }: FillOptions): Promise<void> {
    const { files, attributes, quotas } = this.#options;
    const size = (await files.stat(file))?.size ?? 0;
    const room = quotas.roomFor(image.owner_id, 'image_size_total');
    if (size > room) throw new SizeLimitError(`What is kept as image ${image.id}`, room);
    const handle = await files.open(file);
    // What another program wrote is durable before a row names it.
    await handle.sync().catch(async (error: unknown) => {
      await handle.close();
      throw error;
    });
    const hashed = await hashFile(handle, ['md5', 'sha256', 'sha512'], {
      signal,
      onProgress: (read) => onProgress(read / size),
    });
    await files.setAttributes(file, attributes);
    await this.#enter(image, file, hashed);
  }

  /** Gives a whole file its place and makes the image 'active', if nobody deleted it meanwhile. */
  async #enter(image: Image, file: StatePath, written: SinkResult): Promise<void> {
    const { db, now, files, bases } = this.#options;
    const verdict = await judgeFile(files, file, image);
    await bases.keep(written.sha256, file, () =>
      transaction(db, () => {
        const current = findImage(db, image.id);
        if (current?.status !== 'saving') throw new DeletedMeanwhile();
        insertData(db, { sha256: written.sha256, size: written.size });
        updateImage(db, {
          ...current,
          status: 'active',
          size: written.size,
          virtual_size: verdict.virtualSize,
          md5: written.md5,
          sha512: written.sha512,
          sha256: written.sha256,
          unusable: verdict.unusable,
          updated_at: now(),
        });
      }),
    );
  }

  /**
   * Opens an image's bytes for reading; the caller closes the handle. Undefined while there are none.
   * @throws {CloudError} forbidden when the image is deactivated.
   */
  async open(auth: AuthContext, id: string): Promise<{ image: Image; handle: FileHandle } | undefined> {
    const image = this.#options.images.get(auth, id);
    if (image.status === 'deactivated' && !auth.roles.has('admin')) {
      throw forbidden('The requested image has been deactivated. Image data download is forbidden.');
    }
    if (image.sha256 === null) return undefined;
    return { image, handle: await this.#options.files.open(['images', 'data', image.sha256]) };
  }
}

class DeletedMeanwhile extends Error {}

/** What a failed reception means to its caller. */
export function uploadError(error: unknown, id: string, deleted: boolean): unknown {
  if (deleted || error instanceof DeletedMeanwhile)
    return notFound(`Image ${id} was deleted while its data was being uploaded.`);
  if (error instanceof UnsafeImageError) return badRequest(error.message, { cause: error });
  if (error instanceof DiskFullError) return noSpace(error.message, { cause: error });
  if (error instanceof SizeLimitError) return tooLarge(error.message, { cause: error });
  const code = (error as NodeJS.ErrnoException).code;
  if (
    code === 'ECONNRESET' ||
    code === 'ERR_STREAM_PREMATURE_CLOSE' ||
    (error as Error).name === 'AbortError'
  ) {
    return new CloudError('badRequest', 'The upload ended before all of its data had arrived.', {
      cause: error,
    });
  }
  return error;
}
