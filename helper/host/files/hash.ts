import { createHash } from 'node:crypto';
import { on } from 'node:events';
import type { FileHandle } from 'node:fs/promises';
import { Worker } from 'node:worker_threads';

/** Hashes that images have. */
export type HashAlgorithm = 'md5' | 'sha256' | 'sha512';

export interface HashOptions {
  readonly signal: AbortSignal;
  /** Is told now and then how many bytes were read. */
  readonly onProgress?: (read: number) => void;
  /** Files of at least so many bytes are read in a thread of their own; 16 MiB by default. */
  readonly ownThreadFrom?: number;
}

/** Bytes and lower-case hexadecimal digests. */
export type Hashed<A extends HashAlgorithm> = Readonly<Record<A, string>> & { readonly size: number };

interface Whole {
  readonly size: number;
  readonly digests: readonly string[];
}

/**
 * Reads a whole file and hashes it; a large one in a thread of its own: of a disk of many GiB this takes minutes, and
 * the APIs go on answering meanwhile.
 * @param handle is closed at the end, however it ends.
 * @throws the signal's reason.
 */
export async function hashFile<A extends HashAlgorithm>(
  handle: FileHandle,
  algorithms: readonly A[],
  options: HashOptions,
): Promise<Hashed<A>> {
  try {
    options.signal.throwIfAborted();
    const isLarge = (await handle.stat()).size >= (options.ownThreadFrom ?? 16 * 1024 ** 2);
    const { size, digests } = await (isLarge ? hashInThread : hashHere)(handle, algorithms, options);
    const byName = Object.fromEntries(algorithms.map((name, index) => [name, digests[index] ?? '']));
    return { ...(byName as Record<A, string>), size };
  } finally {
    await handle.close();
  }
}

async function hashHere(
  handle: FileHandle,
  algorithms: readonly HashAlgorithm[],
  { signal }: HashOptions,
): Promise<Whole> {
  const hashes = algorithms.map((algorithm) => createHash(algorithm));
  let size = 0;
  for await (const chunk of handle.createReadStream({ autoClose: false }) as AsyncIterable<Buffer>) {
    signal.throwIfAborted();
    size += chunk.length;
    for (const hash of hashes) hash.update(chunk);
  }
  return { size, digests: hashes.map((hash) => hash.digest('hex')) };
}

async function hashInThread(
  handle: FileHandle,
  algorithms: readonly HashAlgorithm[],
  { signal, onProgress }: HashOptions,
): Promise<Whole> {
  const worker = new Worker(new URL('hash-worker.ts', import.meta.url), {
    workerData: { fd: handle.fd, algorithms },
    resourceLimits: { maxOldGenerationSizeMb: 32, maxYoungGenerationSizeMb: 4 },
  });
  try {
    for await (const [word] of on(worker, 'message', { signal, close: ['exit'] }) as AsyncIterable<
      [{ readonly read: number } | Whole]
    >) {
      if (!('read' in word)) return word;
      onProgress?.(word.read);
    }
    throw new Error('The thread that hashes a file ended before its end.');
  } catch (error) {
    signal.throwIfAborted();
    throw error;
  } finally {
    // It reads by the number of the open file, which may be another's once it is closed.
    await worker.terminate();
  }
}
