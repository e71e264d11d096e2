import { conflict } from '../../errors/error.ts';
import type { BackupStore } from '../../host/backup/interface.ts';
import {
  DamagedError,
  decodeManifest,
  encodeManifest,
  Index,
  indexName,
  MAX_OBJECT_BYTES,
  METADATA,
  type Folder,
  type Manifest,
} from './format.ts';

const MAX_MANIFEST_BYTES = 128 * 1024 ** 2;

/** An object of a backup. @throws {CloudError} conflict that names it when it is missing or, by `decode`, damaged. */
export async function readObject<T>(
  store: BackupStore,
  { container, folder }: Folder,
  name: string,
  decode: (object: Buffer) => T | Promise<T>,
  options: { readonly signal?: AbortSignal; readonly maxBytes?: number } = {},
): Promise<T> {
  const { maxBytes = MAX_OBJECT_BYTES, signal } = options;
  const object = await store.get([container, folder, name], maxBytes, signal);
  if (object === undefined)
    throw conflict(
      `The backup is damaged: its object ${name} is missing from ${container}/${folder} in ${store.place}.`,
    );
  try {
    return await decode(object);
  } catch (error) {
    if (!(error instanceof DamagedError)) throw error;
    throw conflict(
      `The backup is damaged: its object ${name} in ${container}/${folder} of ${store.place} cannot be used: ${error.message}.`,
    );
  }
}

/** What a backup says of itself. @throws {CloudError} conflict when that is missing or damaged. */
export const readManifest = (store: BackupStore, folder: Folder, signal?: AbortSignal): Promise<Manifest> =>
  readObject(store, folder, METADATA, decodeManifest, {
    maxBytes: MAX_MANIFEST_BYTES,
    ...(signal === undefined ? {} : { signal }),
  });

export const writeManifest = (
  store: BackupStore,
  { container, folder }: Folder,
  manifest: Manifest,
  signal: AbortSignal,
): Promise<void> => store.put([container, folder, METADATA], encodeManifest(manifest), signal);

/** One GiB's index; an empty one beyond the backup's end and where all is zeros. */
export async function readIndex(
  store: BackupStore,
  folder: Folder,
  manifest: Manifest,
  part: number,
  signal: AbortSignal,
): Promise<Index> {
  const checksum = manifest.indexes[part] ?? null;
  if (checksum === null) return new Index();
  return await readObject(store, folder, indexName(part), (object) => Index.decode(object, checksum), {
    signal,
  });
}

/** Does `work` for 0 to `count` - 1, so many at once; the first failure ends it. */
export async function inParallel(
  count: number,
  atOnce: number,
  work: (index: number) => Promise<void>,
): Promise<void> {
  let next = 0;
  let failed = false;
  const worker = async (): Promise<void> => {
    while (next < count && !failed) {
      const index = next;
      next += 1;
      try {
        await work(index);
      } catch (error) {
        failed = true;
        throw error;
      }
    }
  };
  // All of them end before this does: none may still write when the caller cleans up.
  const ended = await Promise.allSettled(Array.from({ length: Math.min(count, atOnce) }, worker));
  for (const one of ended) if (one.status === 'rejected') throw one.reason;
}
