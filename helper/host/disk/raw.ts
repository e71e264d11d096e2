import { open, type FileHandle } from 'node:fs/promises';
import { constants } from 'node:fs';
import { DiskError } from './interface.ts';

const { O_CREAT, O_NOFOLLOW, O_TRUNC, O_WRONLY } = constants;

/** A run of bytes of a disk, as a guest counts them. */
export interface Range {
  readonly start: number;
  readonly length: number;
}

/** A disk as its guest sees it, for reading: whatever format its file has. */
export interface RawSource {
  readonly sizeBytes: number;
  /** Which bytes of a range may be other than zero, in order; the others are zero and need not be read. */
  dataIn(range: Range): Promise<readonly Range[]>;
  /** Fills `buffer` with the bytes from `position` on. */
  read(buffer: Buffer, position: number): Promise<void>;
  close(): Promise<void>;
}

/** A new raw disk that is being filled. What is not written reads zero and takes no room. */
export interface RawTarget {
  write(data: Uint8Array, position: number): Promise<void>;
  /** Makes what was written durable. */
  finish(): Promise<void>;
  /** Idempotent; the file stays. */
  close(): Promise<void>;
}

/** Where a run of a disk's bytes is. */
export interface Extent extends Range {
  readonly zero: boolean;
  /** In the file; undefined for runs of zeros. */
  readonly offset?: number;
}

/** How much of a disk is looked at in one go: a table of its extents has to fit into memory. */
const WINDOW = 16 * 1024 ** 3;

interface Window {
  readonly start: number;
  readonly extents: readonly Extent[];
}

/** Extents of a range, in order and without gaps. */
export type ExtentMap = (range: Range) => Promise<readonly Extent[]>;

/** {@link RawSource} of a file whose extents somebody knows. */
export class MappedSource implements RawSource {
  readonly sizeBytes: number;
  readonly #handle: FileHandle;
  readonly #map: ExtentMap;
  readonly #closed: () => Promise<void>;
  #window: Window | undefined;

  constructor(options: {
    readonly handle: FileHandle;
    readonly sizeBytes: number;
    readonly map: ExtentMap;
    readonly closed?: () => Promise<void>;
  }) {
    this.sizeBytes = options.sizeBytes;
    this.#handle = options.handle;
    this.#map = options.map;
    this.#closed = options.closed ?? (() => Promise.resolve());
  }

  async dataIn(range: Range): Promise<readonly Range[]> {
    return (await this.#extents(range))
      .filter(({ zero }) => !zero)
      .map(({ start, length }) => ({ start, length }));
  }

  async read(buffer: Buffer, position: number): Promise<void> {
    for (const extent of await this.#extents({ start: position, length: buffer.length })) {
      const part = buffer.subarray(extent.start - position, extent.start - position + extent.length);
      if (extent.zero || extent.offset === undefined) {
        part.fill(0);
        continue;
      }
      for (let filled = 0; filled < part.length;) {
        const { bytesRead } = await this.#handle.read(
          part,
          filled,
          part.length - filled,
          extent.offset + filled,
        );
        // A file may end before the disk that it holds: the rest reads zero.
        if (bytesRead === 0) {
          part.fill(0, filled);
          break;
        }
        filled += bytesRead;
      }
    }
  }

  async close(): Promise<void> {
    await this.#handle.close();
    await this.#closed();
  }

  async #extents({ start, length }: Range): Promise<readonly Extent[]> {
    const end = start + length;
    if (start < 0 || end > this.sizeBytes)
      throw new DiskError(
        'invalid-argument',
        `There is nothing at byte ${end} of a disk of ${this.sizeBytes}`,
      );
    const found: Extent[] = [];
    for (let at = start; at < end;) {
      const window = await this.#windowAt(at);
      for (const extent of window.extents) {
        const from = Math.max(extent.start, at);
        const to = Math.min(extent.start + extent.length, end);
        if (from >= to) continue;
        found.push({
          start: from,
          length: to - from,
          zero: extent.zero,
          ...(extent.offset === undefined ? {} : { offset: extent.offset + from - extent.start }),
        });
      }
      at = Math.min(end, window.start + WINDOW);
    }
    return found;
  }

  async #windowAt(at: number): Promise<Window> {
    const start = Math.floor(at / WINDOW) * WINDOW;
    if (this.#window?.start === start) return this.#window;
    const length = Math.min(WINDOW, this.sizeBytes - start);
    this.#window = { start, extents: await this.#map({ start, length }) };
    return this.#window;
  }
}

/** Makes an empty raw disk (0600) in place of what was there. */
export async function createRawTarget(path: string, sizeBytes: number): Promise<RawTarget> {
  const handle = await open(path, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW, 0o600);
  let isOpen = true;
  const close = async (): Promise<void> => {
    if (!isOpen) return;
    isOpen = false;
    await handle.close();
  };
  try {
    await handle.truncate(sizeBytes);
  } catch (error) {
    await close();
    throw error;
  }
  return {
    write: async (data, position) => {
      for (let written = 0; written < data.length;)
        written += (await handle.write(data, written, data.length - written, position + written))
          .bytesWritten;
    },
    finish: () => handle.sync(),
    close,
  };
}
