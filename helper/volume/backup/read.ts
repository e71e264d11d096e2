import { setImmediate } from 'node:timers/promises';
import { conflict } from '../../errors/error.ts';
import type { BackupStore } from '../../host/backup/interface.ts';
import type { RawTarget } from '../../host/disk/interface.ts';
import {
  BLOCK_BYTES,
  BLOCKS_PER_CHUNK,
  CHUNKS_PER_PART,
  chunkName,
  CHUNK_BYTES,
  decodeChunk,
  digestOf,
  NOWHERE,
  PART_BYTES,
  type Folder,
  type Index,
  type Manifest,
} from './format.ts';
import { inParallel, readIndex, readManifest, readObject } from './objects.ts';

const AT_ONCE = 2;

export interface BackupReading {
  readonly store: BackupStore;
  readonly folder: Folder;
  /** An empty disk, at least as large as the backup. */
  readonly target: RawTarget;
  readonly signal: AbortSignal;
  readonly onProgress: (fraction: number) => void;
}

/**
 * Fills a disk with what a backup holds, each block compared with its checksum before it is written.
 * @throws {CloudError} conflict that names the object which is missing or damaged.
 */
export async function readBackup(options: BackupReading): Promise<Manifest> {
  const { store, folder, signal, onProgress } = options;
  const manifest = await readManifest(store, folder, signal);
  const parts = manifest.indexes.length;
  for (let part = 0; part < parts; part += 1) {
    const index = await readIndex(store, folder, manifest, part, signal);
    await readPart(options, manifest, part, index);
    onProgress((part + 1) / parts);
  }
  return manifest;
}

async function readPart(
  { store, target, signal, onProgress }: BackupReading,
  manifest: Manifest,
  part: number,
  index: Index,
): Promise<void> {
  const chunks: Map<number, number[]>[] = [];
  for (let chunk = 0; chunk < CHUNKS_PER_PART; chunk += 1) chunks.push(blocksByHolder(index, chunk));
  const used = [...chunks.entries()].filter(([, holders]) => holders.size > 0);
  let done = 0;
  await inParallel(used.length, AT_ONCE, async (at) => {
    const [chunk, holders] = used[at] ?? [0, new Map<number, number[]>()];
    const name = chunkName(part * CHUNKS_PER_PART + chunk);
    for (const [holder, numbers] of holders) {
      signal.throwIfAborted();
      const where = manifest.chain[holder];
      if (where === undefined)
        throw conflict('The backup is damaged: its index names a folder that there is not.');
      const blocks = await readObject(store, where, name, decodeChunk, { signal });
      for (const number of numbers) {
        const block = blocks.get(number);
        const position = part * PART_BYTES + chunk * CHUNK_BYTES + number * BLOCK_BYTES;
        if (block === undefined || !digestOf(block).equals(index.digest(chunk * BLOCKS_PER_CHUNK + number)))
          throw conflict(
            `The backup is damaged: the object ${name} in ${where.container}/${where.folder} of ${store.place} does not hold what was backed up (byte ${position} of the volume). Nothing was overwritten with it.`,
          );
        // The last block may be longer than what is left of the disk.
        await target.write(block.subarray(0, manifest.diskBytes - position), position);
      }
      await setImmediate();
    }
    done += 1;
    onProgress((part + done / used.length) / manifest.indexes.length);
  });
}

function blocksByHolder(index: Index, chunk: number): Map<number, number[]> {
  const holders = new Map<number, number[]>();
  for (let number = 0; number < BLOCKS_PER_CHUNK; number += 1) {
    const holder = index.holder(chunk * BLOCKS_PER_CHUNK + number);
    if (holder === NOWHERE) continue;
    const numbers = holders.get(holder) ?? [];
    numbers.push(number);
    holders.set(holder, numbers);
  }
  return holders;
}
