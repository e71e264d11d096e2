import { setImmediate } from 'node:timers/promises';
import { conflict } from '../../errors/error.ts';
import type { BackupStore } from '../../host/backup/interface.ts';
import type { RawSource } from '../../host/disk/interface.ts';
import {
  BLOCK_BYTES,
  BLOCKS_PER_CHUNK,
  CHUNK_BYTES,
  CHUNKS_PER_PART,
  chunkName,
  digestOf,
  encodeChunk,
  Index,
  indexName,
  MAX_CHAIN,
  NOWHERE,
  PART_BYTES,
  type Codec,
  type Folder,
  type Manifest,
} from './format.ts';
import { inParallel, readIndex, readManifest, writeManifest } from './objects.ts';

/** Chunks at once: each is in memory three times while it is compressed. */
const AT_ONCE = 2;
const ZEROS = Buffer.alloc(BLOCK_BYTES);

export interface BackupWriting {
  readonly store: BackupStore;
  readonly folder: Folder;
  /** What an incremental backup builds on; null for a full one. */
  readonly parent: Folder | null;
  readonly source: RawSource;
  readonly sizeGib: number;
  readonly codec: Codec;
  readonly volume: Manifest['volume'];
  readonly createdAt: number;
  readonly signal: AbortSignal;
  readonly onProgress: (fraction: number) => void;
}

export interface Written {
  readonly objectCount: number;
  /** Bytes that were stored, compressed. */
  readonly storedBytes: number;
}

/**
 * Writes a disk into a folder of the store; what is in the folder goes first. The metadata object comes last: without
 * it there is no backup.
 */
export async function writeBackup(options: BackupWriting): Promise<Written> {
  const { store, folder, parent, source, sizeGib, signal, onProgress } = options;
  await store.removeFolder(folder.container, folder.folder);
  const before = parent === null ? undefined : await readManifest(store, parent, signal);
  const chain = [...(before?.chain ?? []), folder];
  if (chain.length > MAX_CHAIN)
    throw conflict(`The chain of incremental backups is as long as it can be; make a full backup.`);
  const writer = new PartWriter(options, chain.length - 1);
  const indexes: (string | null)[] = [];
  for (let part = 0; part < partsOf(options); part += 1) {
    const old =
      parent === null || before === undefined
        ? new Index()
        : await readIndex(store, parent, before, part, signal);
    indexes.push(await writer.write(part, old));
    onProgress((part + 1) / partsOf(options));
  }
  const objectCount = writer.objectCount + 1;
  await writeManifest(
    store,
    folder,
    {
      format: 'deskcloud-backup',
      version: 1,
      sizeGib,
      diskBytes: source.sizeBytes,
      createdAt: options.createdAt,
      chain,
      indexes,
      objectCount,
      volume: options.volume,
    },
    signal,
  );
  return { objectCount, storedBytes: writer.storedBytes };
}

/** GiB that are looked at. */
const partsOf = ({ source }: BackupWriting): number => Math.ceil(source.sizeBytes / PART_BYTES);

class PartWriter {
  objectCount = 0;
  storedBytes = 0;
  readonly #options: BackupWriting;
  /** This backup's own number in the chain. */
  readonly #own: number;

  constructor(options: BackupWriting, own: number) {
    this.#options = options;
    this.#own = own;
  }

  /** @returns the checksum of the part's index; null when it is all zeros. */
  async write(part: number, old: Index): Promise<string | null> {
    const { source, codec, onProgress } = this.#options;
    const index = new Index();
    const start = part * PART_BYTES;
    const length = Math.min(PART_BYTES, source.sizeBytes - start);
    const data = length > 0 ? await source.dataIn({ start, length }) : [];
    const chunks = [
      ...new Set(
        data.flatMap((run) => {
          const first = Math.floor((run.start - start) / CHUNK_BYTES);
          const last = Math.floor((run.start + run.length - 1 - start) / CHUNK_BYTES);
          return Array.from({ length: last - first + 1 }, (_none, at) => first + at);
        }),
      ),
    ];
    let done = 0;
    await inParallel(chunks.length, AT_ONCE, async (at) => {
      await this.#writeChunk(part, chunks[at] ?? 0, index, old);
      done += 1;
      onProgress((part + done / chunks.length) / partsOf(this.#options));
    });
    if (index.isEmpty) return null;
    const object = await index.encode(codec);
    await this.#put(indexName(part), object);
    return digestOf(object).toString('hex');
  }

  async #writeChunk(part: number, chunk: number, index: Index, old: Index): Promise<void> {
    const { source, codec, signal } = this.#options;
    signal.throwIfAborted();
    const start = part * PART_BYTES + chunk * CHUNK_BYTES;
    const data = Buffer.alloc(CHUNK_BYTES);
    await source.read(data.subarray(0, Math.min(CHUNK_BYTES, source.sizeBytes - start)), start);
    const fresh: { number: number; data: Buffer }[] = [];
    for (let number = 0; number < BLOCKS_PER_CHUNK; number += 1) {
      const block = data.subarray(number * BLOCK_BYTES, (number + 1) * BLOCK_BYTES);
      if (block.equals(ZEROS)) continue;
      // Other requests have their turn: hashing does not wait.
      if (number % 64 === 63) await setImmediate();
      const at = chunk * BLOCKS_PER_CHUNK + number;
      const digest = digestOf(block);
      const same = old.holder(at) !== NOWHERE && old.digest(at).equals(digest);
      if (!same) fresh.push({ number, data: block });
      index.set(at, digest, same ? old.holder(at) : this.#own);
    }
    if (fresh.length > 0)
      await this.#put(chunkName(part * CHUNKS_PER_PART + chunk), await encodeChunk(codec, fresh));
  }

  async #put(name: string, object: Buffer): Promise<void> {
    const { store, folder, signal } = this.#options;
    await store.put([folder.container, folder.folder, name], object, signal);
    this.objectCount += 1;
    this.storedBytes += object.length;
  }
}
