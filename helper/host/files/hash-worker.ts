/** Hashes an open file in a thread of its own; see hash.ts. Ships as it is, so it imports nothing of ours. */
import { createHash } from 'node:crypto';
import { readSync } from 'node:fs';
import { parentPort, workerData } from 'node:worker_threads';

const { fd, algorithms } = workerData as { readonly fd: number; readonly algorithms: readonly string[] };
const hashes = algorithms.map((algorithm) => createHash(algorithm));
const buffer = Buffer.allocUnsafe(1 << 20);

/** Bytes from one word about how far it is to the next. */
const WORD_EVERY = 1 << 28;

let size = 0;
for (let length = -1; length !== 0; size += length) {
  length = readSync(fd, buffer, 0, buffer.length, size);
  for (const hash of hashes) hash.update(buffer.subarray(0, length));
  if (size % WORD_EVERY === 0) parentPort?.postMessage({ read: size }, []);
}
parentPort?.postMessage({ size, digests: hashes.map((hash) => hash.digest('hex')) }, []);
