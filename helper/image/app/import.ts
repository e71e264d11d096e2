import { randomUUID } from 'node:crypto';
import type { Readable } from 'node:stream';
import { transaction, type Db } from '../../db/index.ts';
import { badRequest, conflict, forbidden, notFound } from '../../errors/error.ts';
import { DownloadError } from '../../host/download/interface.ts';
import type { WebSource } from '../../host/download/guarded.ts';
import { hashFile } from '../../host/files/hash.ts';
import type { FileAttributes, StateFiles, StatePath } from '../../host/files/interface.ts';
import type { AuthContext } from '../../http/index.ts';
import type { SagaEngine } from '../../saga/index.ts';
import { imageImport, stagedPath, type ImportInput } from '../sagas/image-import.ts';
import { IMPORT_METHODS, STORE, type ImageImportBody, type ImportMethod } from '../schemas/import.ts';
import { insertData } from '../store/data.ts';
import { findImage, idsByStatus, moveStatus, updateImage, type Image } from '../store/image.ts';
import { insertTask, setTaskStatus } from '../store/task.ts';
import type { Bases } from './base.ts';
import { uploadError } from './data.ts';
import type { Images, May } from './image.ts';
import { judgeFile } from './judge.ts';
import type { Quotas } from './quota.ts';

export interface ImportsOptions {
  readonly db: Db;
  readonly now: () => number;
  readonly files: StateFiles;
  readonly sagas: SagaEngine;
  readonly images: Images;
  readonly bases: Bases;
  readonly quotas: Quotas;
  readonly web: WebSource;
  readonly attributes: FileAttributes;
  /** What imported disks are turned into. */
  readonly convertTo: 'qcow2' | null;
}

/** Images whose data comes by way of the staging area, or from the internet. */
export class Imports {
  readonly #options: ImportsOptions;
  readonly #staging = new Map<string, AbortController>();

  constructor(options: ImportsOptions) {
    this.#options = options;
  }

  /**
   * Takes an image's bytes to wait for their import. A broken upload leaves the image 'queued' and no byte behind.
   * @throws {CloudError} conflict when it is not queued; tooLarge, noSpace.
   */
  async stage(auth: AuthContext, id: string, stream: Readable, signal: AbortSignal): Promise<void> {
    const { db, now, files, images, quotas, attributes } = this.#options;
    const image = images.getOwn(auth, id);
    const maxBytes = quotas.roomFor(image.owner_id, 'image_stage_total');
    quotas.checkCount(image.owner_id, 'image_count_uploading');
    if (!moveStatus(db, id, 'queued', 'uploading', now())) {
      throw conflict(`Image status transition from ${image.status} to uploading is not allowed`);
    }
    const abort = new AbortController();
    this.#staging.set(id, abort);
    const either = AbortSignal.any([signal, abort.signal]);
    try {
      const sink = await files.sink(stagedPath(id), { maxBytes, sparse: true, ...attributes });
      try {
        for await (const chunk of stream as AsyncIterable<Buffer>) {
          either.throwIfAborted();
          await sink.write(chunk);
        }
        either.throwIfAborted();
        const { size } = await sink.finish();
        await this.#noteStaged(id, size);
      } finally {
        await sink.abort();
      }
    } catch (error) {
      moveStatus(db, id, 'uploading', 'queued', now());
      throw uploadError(error, id, abort.signal.aborted);
    } finally {
      this.#staging.delete(id);
    }
  }

  async #noteStaged(id: string, size: number): Promise<void> {
    const { db, now, files } = this.#options;
    const image = findImage(db, id);
    if (image?.status === 'uploading') {
      updateImage(db, { ...image, staged_size: size, updated_at: now() });
      return;
    }
    await files.remove(stagedPath(id));
    throw notFound(`Image ${id} was deleted while its data was being uploaded.`);
  }

  /**
   * Begins an import, which then runs by itself; the image's tasks tell how it ends.
   * @throws {CloudError} conflict when the image is not in the method's state; badRequest for a bad address.
   */
  start(auth: AuthContext, id: string, body: ImageImportBody, may: May, requestId: string): void {
    const { db } = this.#options;
    const method = methodOf(body);
    checkStores(body, method);
    transaction(db, () => {
      const image = this.#options.images.getOwn(auth, id);
      if (method === 'copy-image') this.#copy(auth, image, body, may, requestId);
      else this.#import(auth, image, method, body, requestId);
    });
  }

  #import(
    auth: AuthContext,
    image: Image,
    method: ImportInput['method'],
    body: ImageImportBody,
    requestId: string,
  ): void {
    const { db, now, sagas, quotas, convertTo } = this.#options;
    for (const key of ['container_format', 'disk_format'] as const) {
      if (image[key] === null) throw conflict(`'${key}' needs to be set before import`);
    }
    if (method === 'web-download' && image.status !== 'queued') {
      throw conflict("Image needs to be in 'queued' state to use 'web-download' method");
    }
    if (method === 'glance-direct' && (image.status !== 'uploading' || image.staged_size === null)) {
      throw conflict("Image needs to be staged before 'glance-direct' method can be used");
    }
    const uri = method === 'web-download' ? this.#checkedUri(body) : null;
    const maxBytes = quotas.roomFor(image.owner_id, 'image_size_total');
    if (image.staged_size !== null && image.staged_size > maxBytes) {
      quotas.refuse('image_size_total', image.owner_id);
    }
    if (method === 'web-download') quotas.checkCount(image.owner_id, 'image_count_uploading');
    const taskId = this.#insertTask(auth, image, body, requestId);
    updateImage(db, {
      ...image,
      status: 'importing',
      importing_to_stores: STORE,
      failed_import: '',
      updated_at: now(),
    });
    sagas.enqueue(imageImport, {
      imageId: image.id,
      taskId,
      method,
      uri,
      store: STORE,
      maxBytes,
      diskFormat: image.disk_format,
      convertTo: image.container_format === 'bare' ? convertTo : null,
    });
  }

  /** There is one store, and an active image is in it: all is copied at once. */
  #copy(auth: AuthContext, image: Image, body: ImageImportBody, may: May, requestId: string): void {
    const { db, now } = this.#options;
    if (!may('copy_image', image)) throw forbidden("Policy doesn't allow copy_image to be performed.");
    if (image.status !== 'active') {
      throw conflict('Only images with status active can be targeted for copying');
    }
    if (body.all_stores !== true) {
      throw conflict(`The image is already present in the store '${STORE}', the only one that there is.`);
    }
    const taskId = this.#insertTask(auth, image, body, requestId);
    setTaskStatus(db, taskId, 'success', `The image is already present in the store '${STORE}'.`, now());
    updateImage(db, { ...image, importing_to_stores: '', failed_import: '', updated_at: now() });
  }

  #insertTask(auth: AuthContext, image: Image, body: ImageImportBody, requestId: string): string {
    const { db, now } = this.#options;
    const id = randomUUID();
    insertTask(db, {
      id,
      type: 'api_image_import',
      image_id: image.id,
      owner_id: auth.projectId ?? null,
      user_id: auth.userId,
      request_id: requestId,
      status: 'pending',
      input: JSON.stringify({ image_id: image.id, import_req: body, backend: [STORE] }),
      message: '',
      created_at: now(),
      updated_at: now(),
      expires_at: null,
    });
    return id;
  }

  #checkedUri({ method: { uri } }: ImageImportBody): string {
    if (uri === undefined) throw badRequest("'uri' needs to be set for the web-download method");
    try {
      this.#options.web.check(uri);
    } catch (error) {
      if (!(error instanceof DownloadError)) throw error;
      throw badRequest(`URI for web-download does not pass filtering: ${error.message}`, { cause: error });
    }
    return uri;
  }

  /** Ends what is under way for an image that was deleted, and removes what it staged. */
  abandon(id: string): void {
    const { db, files, sagas } = this.#options;
    this.#staging.get(id)?.abort();
    const stopped = transaction(db, () => sagas.cancel({ type: 'image', id }));
    // An operation removes its file itself.
    if (stopped.length === 0) void files.remove(stagedPath(id)).catch(() => undefined);
  }

  /** After a crash: uploads to the staging area begin anew, and files of nobody go. */
  async sweep(): Promise<void> {
    const { db, now, files } = this.#options;
    await files.ensureDirectory(['images', 'staging'], { mode: 0o700 });
    await files.removeLeftovers(['images', 'staging']);
    const needed = new Set([...idsByStatus(db, 'uploading'), ...idsByStatus(db, 'importing')]);
    const found = await files.list(['images', 'staging']);
    for (const name of found) {
      if (!needed.has(name.replace(/\.converted$/, ''))) await files.remove(['images', 'staging', name]);
    }
    for (const id of idsByStatus(db, 'uploading')) {
      const image = findImage(db, id);
      if (image === undefined || (found.includes(id) && image.staged_size !== null)) continue;
      await files.remove(stagedPath(id));
      updateImage(db, { ...image, status: 'queued', staged_size: null, updated_at: now() });
    }
  }

  /** As the saga wants it: see ImportServices. */
  readonly judge = async (image: Image, path: StatePath): Promise<boolean> =>
    (await judgeFile(this.#options.files, path, image)).unusable === null;

  readonly keep = async (image: Image, path: StatePath, signal: AbortSignal): Promise<void> => {
    const { db, files, bases, now } = this.#options;
    let { sha256 } = image;
    if (sha256 === null) {
      const verdict = await judgeFile(files, path, image);
      const hashes = await hashFile(await files.open(path), ['md5', 'sha256', 'sha512'], { signal });
      sha256 = hashes.sha256;
      // The row comes first: a file that no row names would be swept away after a crash.
      transaction(db, () => {
        const current = findImage(db, image.id);
        if (current?.status !== 'importing') {
          throw notFound(`Image ${image.id} was deleted while it was being imported.`);
        }
        insertData(db, { sha256: hashes.sha256, size: hashes.size });
        updateImage(db, {
          ...current,
          ...hashes,
          disk_format: image.disk_format,
          virtual_size: verdict.virtualSize,
          unusable: verdict.unusable,
          updated_at: now(),
        });
      });
    }
    if ((await files.stat(path)) !== undefined) await bases.keep(sha256, path, () => undefined);
  };
}

function methodOf({ method: { name } }: ImageImportBody): ImportMethod {
  const found = IMPORT_METHODS.find((one) => one === name);
  if (found === undefined) {
    throw badRequest(
      `Unknown import method name '${name.slice(0, 80)}'. It is one of ${IMPORT_METHODS.join(', ')}.`,
    );
  }
  return found;
}

function checkStores({ stores, all_stores }: ImageImportBody, method: ImportMethod): void {
  if (stores !== undefined && all_stores === true) {
    throw badRequest('All_stores parameter can not be used with the stores parameter.');
  }
  const unknown = stores?.find((store) => store !== STORE);
  if (unknown !== undefined) {
    throw conflict(
      `There is no store '${unknown.slice(0, 80)}' for the ${method} method; the only one is '${STORE}'.`,
    );
  }
}
