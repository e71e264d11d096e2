import { setTimeout as pause } from 'node:timers/promises';
import { afterCommit, transaction, type Db } from '../../db/index.ts';
import { badRequest, notFound } from '../../errors/error.ts';
import type { AuthContext } from '../../http/index.ts';
import type { SagaEngine } from '../../saga/index.ts';
import { imageCache, type CacheServices } from '../sagas/image-cache.ts';
import {
  cachedImages,
  deleteCacheRow,
  deleteCacheRows,
  findCacheStatus,
  insertQueued,
  queuedImages,
  setQueuedSize,
  type CachedRow,
} from '../store/cache.ts';
import { findImage, type Image } from '../store/image.ts';
import type { Bases } from './base.ts';
import type { Images } from './image.ts';

/** How long the queue waits for the requests that come together, before the disk is busy. */
const SETTLE_MS = 500;

export interface CacheOptions {
  readonly db: Db;
  readonly now: () => number;
  readonly sagas: SagaEngine;
  readonly images: Images;
  readonly bases: Bases;
}

export type ClearTarget = 'cache' | 'queue';

/**
 * Images whose bases are ready for guests. For formats on which an overlay can be put (raw, qcow2, ...) the stored data
 * are the base, and an entry says that they were used or found whole; for all others the base is a converted copy,
 * which goes when the entry goes and no server's disk is on it.
 */
export class Cache {
  readonly #options: CacheOptions;

  constructor(options: CacheOptions) {
    this.#options = options;
  }

  list(): { readonly cached: readonly CachedRow[]; readonly queued: readonly string[] } {
    const { db } = this.#options;
    return { cached: cachedImages(db), queued: queuedImages(db) };
  }

  /**
   * Asks for an image's base, which is then made in the background; nothing happens where it is asked for or ready.
   * @throws {CloudError} notFound; badRequest when the image is not active.
   */
  queue(auth: AuthContext, id: string): void {
    const { db, now, sagas, images } = this.#options;
    transaction(db, () => {
      const image = images.get(auth, id);
      if (image.status !== 'active' || image.sha256 === null) {
        throw badRequest('Only images with status active can be targeted for queueing');
      }
      const queuedAt = now();
      if (insertQueued(db, id, queuedAt)) {
        sagas.enqueue(imageCache, { imageId: id, sha256: image.sha256, queuedAt });
      }
    });
  }

  /** Takes an image off the queue and out of the cache. @throws {CloudError} notFound */
  remove(auth: AuthContext, id: string): void {
    const { db, images } = this.#options;
    transaction(db, () => {
      images.get(auth, id);
      this.#cancel(id);
      deleteCacheRow(db, id);
      this.#collect();
    });
  }

  /** Empties the cache, its queue, or both. */
  clear(targets: readonly ClearTarget[]): void {
    const { db } = this.#options;
    transaction(db, () => {
      if (targets.includes('queue')) {
        for (const id of queuedImages(db)) this.#cancel(id);
        deleteCacheRows(db, 'queued');
      }
      if (targets.includes('cache')) deleteCacheRows(db, 'cached');
      this.#collect();
    });
  }

  /** A whole image was given out: what can be a base as it is, is one from now on. */
  downloaded(image: Image): void {
    const { db, bases } = this.#options;
    if (findCacheStatus(db, image.id) === 'cached' || bases.isDirect(image)) {
      bases.noteUse(image.id, image.size ?? 0);
    }
  }

  /** As the saga wants it. */
  readonly services: CacheServices = {
    settle: (signal) => pause(SETTLE_MS, undefined, { signal }),
    verify: (sha256, signal, onProgress) => this.#options.bases.verify(sha256, signal, onProgress),
    makeBase: (imageId, signal, onProgress) => this.#make(imageId, signal, onProgress),
    dropBase: (sha256) => this.#options.bases.drop(sha256),
    collect: () => this.#collect(),
  };

  async #make(imageId: string, signal: AbortSignal, onProgress: (fraction: number) => void): Promise<void> {
    const { db, bases } = this.#options;
    const image = findImage(db, imageId);
    if (image === undefined) throw notFound(`No image found with ID ${imageId}`);
    const note = (size: number): void => setQueuedSize(db, imageId, size);
    // No guest is made of an unusable one: there is only its data.
    if (image.unusable !== null) note(image.size ?? 0);
    else await bases.make(imageId, signal, onProgress, note);
  }

  #cancel(id: string): void {
    const { db, sagas } = this.#options;
    if (findCacheStatus(db, id) === 'queued') sagas.cancel({ type: 'image', id });
  }

  #collect(): void {
    const { db, bases } = this.#options;
    afterCommit(db, () => bases.collect());
  }
}
