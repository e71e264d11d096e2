import { afterCommit, transaction, type Db } from '../../db/index.ts';
import { badRequest, conflict, notFound } from '../../errors/error.ts';
import type { DiskHost, ImageFormat } from '../../host/disk/interface.ts';
import { hashFile } from '../../host/files/hash.ts';
import type { FileAttributes, StateFiles, StatePath } from '../../host/files/interface.ts';
import type { Logger } from '../../http/index.ts';
import type { BaseImage } from '../face.ts';
import { isBaseNeeded, noteUse } from '../store/cache.ts';
import { hasData, lease, release, takeUnneeded } from '../store/data.ts';
import { findImage, type Image } from '../store/image.ts';

export interface BasesOptions {
  readonly db: Db;
  readonly files: StateFiles;
  readonly disks: DiskHost;
  readonly logger: Logger;
  readonly attributes: FileAttributes;
  readonly now: () => number;
}

/** Formats of which an overlay can be made as they are; all others are converted to qcow2 first. */
const DIRECT: Readonly<Record<string, 'raw' | 'qcow2'>> = {
  raw: 'raw',
  qcow2: 'qcow2',
  iso: 'raw',
  ami: 'raw',
  ari: 'raw',
  aki: 'raw',
};

/**
 * The stored data of images and the bases made of it, by content: `images/data/<sha256>` as it was uploaded,
 * `images/base/<sha256>.qcow2` where a conversion was needed. A content goes when neither an image nor a lease names
 * it, a base already when it is not in the cache (image_cache) and no lease names its content. All file work on one
 * content is done one after the other.
 */
export class Bases {
  readonly #options: BasesOptions;
  readonly #queues = new Map<string, Promise<unknown>>();

  constructor(options: BasesOptions) {
    this.#options = options;
  }

  /**
   * Gives a received file its place by content (or drops it when the content is there) and runs `commit`, which
   * enters it into the books.
   */
  async keep(sha256: string, received: StatePath, commit: () => void): Promise<void> {
    await this.#alone(sha256, async () => {
      const { db, files } = this.#options;
      const known = hasData(db, sha256) && (await files.stat(['images', 'data', sha256])) !== undefined;
      if (!known) await files.rename(received, ['images', 'data', sha256]);
      try {
        commit();
      } catch (error) {
        if (!hasData(db, sha256)) await files.remove(['images', 'data', sha256]);
        throw error;
      }
    });
  }

  /** Whether an image's data can be a base as they are. */
  isDirect({ disk_format, unusable }: Image): boolean {
    return unusable === null && DIRECT[disk_format ?? ''] !== undefined;
  }

  lease(db: Db, imageId: string, userId: string): void {
    const image = findImage(db, imageId);
    if (image?.sha256 === undefined || image.sha256 === null)
      throw notFound(`Image ${imageId} could not be found.`);
    lease(db, userId, image.sha256);
  }

  release(db: Db, userId: string): void {
    release(db, userId);
    afterCommit(db, () => this.collect());
  }

  /** Makes a base of an image where there is none yet, and counts its use. */
  async ensure(
    imageId: string,
    signal: AbortSignal,
    onProgress: (fraction: number) => void,
  ): Promise<BaseImage> {
    return await this.make(imageId, signal, onProgress, (size) => this.noteUse(imageId, size));
  }

  /** Enters an image into the cache, or counts a hit there. */
  noteUse(imageId: string, size: number): void {
    const { db, now } = this.#options;
    // The image may be gone meanwhile.
    const note = () => findImage(db, imageId) !== undefined && noteUse(db, imageId, size, now());
    transaction(db, note, { durable: false });
  }

  /** As {@link ensure}; `note` gets the base's size while no other work on the content can go on. */
  async make(
    imageId: string,
    signal: AbortSignal,
    onProgress: (fraction: number) => void,
    note: (size: number) => void,
  ): Promise<BaseImage> {
    const { db, files, disks, attributes } = this.#options;
    const image = usable(findImage(db, imageId), imageId);
    const data: StatePath = ['images', 'data', image.sha256];
    const direct = DIRECT[image.disk_format];
    const virtualSize = image.virtual_size;
    if (direct !== undefined) {
      const found = await files.stat(data);
      if (found === undefined) throw lost(imageId);
      onProgress(1);
      note(found.size);
      return { path: files.absolute(data), format: direct, virtualSize, sha256: image.sha256 };
    }
    return await this.#alone(image.sha256, async () => {
      const base = basePath(image.sha256);
      if ((await files.stat(base)) === undefined) {
        if ((await files.stat(data)) === undefined) throw lost(imageId);
        await disks.convert({
          source: files.absolute(data),
          sourceFormat: image.disk_format as ImageFormat,
          destination: files.absolute(base),
          destinationFormat: 'qcow2',
          onProgress,
          signal,
        });
        await files.setAttributes(base, attributes);
      }
      onProgress(1);
      note((await files.stat(base))?.size ?? 0);
      return { path: files.absolute(base), format: 'qcow2', virtualSize, sha256: image.sha256 };
    });
  }

  /** Reads all of a stored content. @throws {CloudError} conflict when it is gone or is not what was uploaded. */
  async verify(sha256: string, signal: AbortSignal, onProgress: (fraction: number) => void): Promise<void> {
    const { files } = this.#options;
    const size = (await files.stat(['images', 'data', sha256]))?.size;
    if (size === undefined)
      throw conflict(`The data ${sha256} are missing from the state directory; upload the image again.`);
    const handle = await files.open(['images', 'data', sha256]);
    const hashed = await hashFile(handle, ['sha256'], {
      signal,
      onProgress: (read) => onProgress(read / size),
    });
    onProgress(1);
    if (hashed.sha256 === sha256) return;
    throw conflict(
      `The stored data ${files.absolute(['images', 'data', sha256])} are not what was uploaded: the disk or somebody has changed them. Delete the image and upload it again.`,
    );
  }

  /** Removes a content's base, unless a guest or the cache has it. Idempotent. */
  async drop(sha256: string): Promise<void> {
    const { db, files } = this.#options;
    await this.#alone(sha256, async () => {
      if (!isBaseNeeded(db, sha256, { queued: false })) await files.remove(basePath(sha256));
    });
  }

  /** Removes what nobody needs any more, in the background; failures are logged and tried again next time. */
  collect(): void {
    void Promise.all(takeUnneeded(this.#options.db).map((sha256) => this.#remove(sha256)));
    void this.#trim();
  }

  /** Removes the bases that neither a guest nor the cache has. */
  async #trim(): Promise<void> {
    const { db, files, logger } = this.#options;
    try {
      for (const name of await files.list(['images', 'base'])) {
        const sha256 = name.replace(/\.qcow2$/, '');
        await this.#alone(sha256, async () => {
          if (!isBaseNeeded(db, sha256, { queued: true })) await files.remove(['images', 'base', name]);
        });
      }
    } catch (error) {
      logger.warn({ err: error }, 'could not remove a base that nobody needs; the next start tries again');
    }
  }

  /** Makes the directories, and removes files of which the books know nothing, as a crash can leave them. */
  async sweep(): Promise<void> {
    const { db, files, attributes } = this.#options;
    // The emulator's user passes through to the data that its group may read, and sees nothing else.
    await files.ensureDirectory(['images'], { mode: 0o711 });
    for (const directory of ['data', 'base']) {
      await files.ensureDirectory(['images', directory], { ...attributes, mode: 0o710 });
    }
    await files.removeTree(['images', 'incoming']);
    await files.ensureDirectory(['images', 'incoming'], { mode: 0o700 });
    transaction(db, () => takeUnneeded(db));
    for (const directory of ['data', 'base']) {
      for (const name of await files.list(['images', directory])) {
        if (!hasData(db, name.replace(/\.qcow2$/, ''))) await files.remove(['images', directory, name]);
      }
    }
    await this.#trim();
  }

  async #remove(sha256: string): Promise<void> {
    const { db, files, logger } = this.#options;
    try {
      await this.#alone(sha256, async () => {
        // The same content may have been uploaded again since it was taken out of the books.
        if (hasData(db, sha256)) return;
        await files.remove(['images', 'data', sha256]);
        await files.remove(basePath(sha256));
      });
    } catch (error) {
      logger.warn(
        { err: error, sha256 },
        'could not remove the data of a deleted image; the next start tries again',
      );
    }
  }

  async #alone<T>(sha256: string, work: () => Promise<T>): Promise<T> {
    const before = this.#queues.get(sha256) ?? Promise.resolve();
    const mine = before.then(work, work);
    const settled = mine.then(
      () => undefined,
      () => undefined,
    );
    this.#queues.set(sha256, settled);
    try {
      return await mine;
    } finally {
      if (this.#queues.get(sha256) === settled) this.#queues.delete(sha256);
    }
  }
}

type UsableImage = Image & {
  readonly sha256: string;
  readonly disk_format: string;
  readonly virtual_size: number;
};

function usable(image: Image | undefined, id: string): UsableImage {
  if (image === undefined) throw notFound(`Image ${id} could not be found.`);
  if (image.unusable !== null) throw badRequest(`Image ${id} is unacceptable: ${image.unusable}.`);
  if (image.status !== 'active')
    throw badRequest(`Image ${id} is not active; its status is ${image.status}.`);
  if (image.sha256 === null || image.disk_format === null || image.virtual_size === null) throw lost(id);
  return image as UsableImage;
}

const basePath = (sha256: string): StatePath => ['images', 'base', `${sha256}.qcow2`];

const lost = (id: string) =>
  conflict(`The data of image ${id} is missing from the state directory; upload the image again.`);
