import { createHash, type Hash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { open, readFile, rename, rm, stat, writeFile, type FileHandle } from 'node:fs/promises';
import { pipeline } from 'node:stream/promises';
import { record } from '../record.ts';
import type { Checksum } from './interface.ts';

/** What is known of the file that a part belongs to. */
interface Origin {
  readonly url: string;
  /** The server's strong ETag or else its Last-Modified date, for If-Range (RFC 9110, 13.1.5). */
  readonly validator: string;
}

/**
 * A download in progress: the bytes that have come, their hash, and what they are a part of. The hash covers exactly
 * the bytes in the file.
 */
export class PartFile {
  #received = 0;
  #hash: Hash;
  #origin: Origin | undefined;
  readonly #destination: string;
  readonly #algorithm: string;
  readonly #file: FileHandle;

  private constructor(destination: string, algorithm: string, file: FileHandle) {
    this.#destination = destination;
    this.#algorithm = algorithm;
    this.#hash = createHash(algorithm);
    this.#file = file;
  }

  /** Opens the part of an earlier attempt for the same URL, or an empty one. */
  static async open(destination: string, url: string, algorithm: Checksum['algorithm']): Promise<PartFile> {
    const origin = await readOrigin(`${destination}.part.json`);
    const usable = origin?.url === url;
    const file = await open(`${destination}.part`, usable ? 'a+' : 'w+', 0o600);
    const part = new PartFile(destination, algorithm, file);
    try {
      if (usable) {
        part.#origin = origin;
        await pipeline(file.createReadStream({ autoClose: false, start: 0 }), part.#hash, { end: false });
        part.#received = (await file.stat()).size;
      }
    } catch (error) {
      await file.close();
      throw error;
    }
    return part;
  }

  /** Bytes that are there. */
  get received(): number {
    return this.#received;
  }

  /** What to ask the rest with; undefined when the download must begin anew. */
  get validator(): string | undefined {
    return this.#received > 0 ? this.#origin?.validator : undefined;
  }

  /** Throws away what is there and notes what comes now. Without a validator a later attempt cannot go on from it. */
  async restart(url: string, validator: string | undefined): Promise<void> {
    await this.#file.truncate(0);
    this.#received = 0;
    this.#hash = createHash(this.#algorithm);
    this.#origin = validator === undefined ? undefined : { url, validator };
    const note = `${this.#destination}.part.json`;
    if (this.#origin === undefined) await rm(note, { force: true });
    else await writeFile(note, JSON.stringify(this.#origin), { mode: 0o600 });
  }

  async append(chunk: Uint8Array): Promise<void> {
    let offset = 0;
    while (offset < chunk.length) {
      const { bytesWritten } = await this.#file.write(chunk, offset, chunk.length - offset, this.#received);
      this.#hash.update(chunk.subarray(offset, offset + bytesWritten));
      this.#received += bytesWritten;
      offset += bytesWritten;
    }
  }

  /** The checksum of what is there, hexadecimal. */
  digest(): string {
    return this.#hash.copy().digest('hex');
  }

  /** Gives the complete file its name. Durable when it returns. */
  async complete(): Promise<void> {
    await this.#file.sync();
    await rename(`${this.#destination}.part`, this.#destination);
    await rm(`${this.#destination}.part.json`, { force: true });
    record({ kind: 'file', action: 'write', path: this.#destination });
  }

  async discard(): Promise<void> {
    await rm(`${this.#destination}.part`, { force: true });
    await rm(`${this.#destination}.part.json`, { force: true });
    record({ kind: 'file', action: 'remove', path: `${this.#destination}.part` });
  }

  async close(): Promise<void> {
    await this.#file.close();
  }
}

/** A file's checksum in hexadecimal, or undefined when there is no such file. */
export async function checksumOf(
  path: string,
  algorithm: Checksum['algorithm'],
): Promise<string | undefined> {
  if ((await stat(path).catch(() => undefined)) === undefined) return undefined;
  const hash = createHash(algorithm);
  await pipeline(createReadStream(path), hash);
  return hash.digest('hex');
}

async function readOrigin(path: string): Promise<Origin | undefined> {
  try {
    const value: unknown = JSON.parse(await readFile(path, 'utf8'));
    if (typeof value !== 'object' || value === null) return undefined;
    const { url, validator } = value as Record<string, unknown>;
    return typeof url === 'string' && typeof validator === 'string' ? { url, validator } : undefined;
  } catch {
    // Missing or torn: the download begins anew.
    return undefined;
  }
}
