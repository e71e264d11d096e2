import { createHash } from 'node:crypto';
import { constants } from 'node:fs';
import { open, rename, unlink, type FileHandle } from 'node:fs/promises';
import { dirname } from 'node:path';
import { record } from '../record.ts';
import { ignore, isDiskFull } from './errno.ts';
import {
  DiskFullError,
  SizeLimitError,
  type FileSink,
  type SinkOptions,
  type SinkResult,
} from './interface.ts';
import { temporaryName } from './names.ts';

const { O_CREAT, O_EXCL, O_NOFOLLOW, O_WRONLY } = constants;

/** Runs of zeros shorter than this are written; file systems allocate in blocks of this size. */
const BLOCK = 4096;
const ZEROS = Buffer.alloc(BLOCK);

/** Writes to a hidden file in an open directory, hashes on the way, and renames at the end. */
export class LinuxFileSink implements FileSink {
  readonly temporaryPath: string;
  readonly #directory: FileHandle;
  readonly #handle: FileHandle;
  readonly #at: (name: string) => string;
  readonly #temporary: string;
  readonly #name: string;
  readonly #shown: string;
  readonly #options: SinkOptions;
  readonly #hashes = { md5: createHash('md5'), sha256: createHash('sha256'), sha512: createHash('sha512') };
  #written = 0;
  #closed = false;

  private constructor(directory: FileHandle, handle: FileHandle, temporary: string, options: OpenOptions) {
    this.#directory = directory;
    this.#handle = handle;
    this.#at = (name) => `/proc/self/fd/${directory.fd}/${name}`;
    this.#temporary = temporary;
    this.#name = options.name;
    this.#shown = options.shown;
    this.#options = options;
    this.temporaryPath = `${dirname(options.shown)}/${temporary}`;
  }

  /** Takes over `directory`, an open directory, if it succeeds. */
  static async open(options: OpenOptions): Promise<LinuxFileSink> {
    const { directory } = options;
    const temporary = temporaryName(options.name);
    const flags = O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW;
    const handle = await open(`/proc/self/fd/${directory.fd}/${temporary}`, flags, 0o600);
    return new LinuxFileSink(directory, handle, temporary, options);
  }

  get bytesWritten(): number {
    return this.#written;
  }

  async write(chunk: Uint8Array): Promise<void> {
    if (this.#closed) throw new Error(`The file for ${this.#shown} is closed already`);
    await this.#orAbort(async () => {
      if (this.#written + chunk.byteLength > this.#options.maxBytes) {
        throw new SizeLimitError(`What is sent for ${this.#shown}`, this.#options.maxBytes);
      }
      const writing =
        this.#options.sparse === true ? this.#writeSparse(chunk) : this.#writeAll(chunk, this.#written);
      // While the kernel writes.
      for (const hash of Object.values(this.#hashes)) hash.update(chunk);
      await writing;
      this.#written += chunk.byteLength;
    });
  }

  async finish(): Promise<SinkResult> {
    if (this.#closed) throw new Error(`The file for ${this.#shown} is closed already`);
    await this.#orAbort(async () => {
      const { mode = 0o600, owner } = this.#options;
      await this.#handle.truncate(this.#written);
      if (owner !== undefined) await this.#handle.chown(owner.uid, owner.gid);
      await this.#handle.chmod(mode);
      await this.#handle.sync();
      await rename(this.#at(this.#temporary), this.#at(this.#name));
      await this.#directory.sync();
    });
    await this.#close();
    record({ kind: 'file', action: 'write', path: this.#shown });
    const { md5, sha256, sha512 } = this.#hashes;
    return {
      size: this.#written,
      md5: md5.digest('hex'),
      sha256: sha256.digest('hex'),
      sha512: sha512.digest('hex'),
    };
  }

  async abort(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    try {
      await unlink(this.#at(this.#temporary)).catch(ignore('ENOENT'));
    } finally {
      await this.#close();
    }
  }

  async #close(): Promise<void> {
    this.#closed = true;
    await this.#handle.close();
    await this.#directory.close();
  }

  async #orAbort(work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      await this.abort();
      throw isDiskFull(error) ? new DiskFullError(dirname(this.#shown), { cause: error }) : error;
    }
  }

  /** Leaves holes where whole blocks of the file are zero; `finish` sets the length. */
  async #writeSparse(chunk: Uint8Array): Promise<void> {
    let from = 0;
    for (let at = 0; at < chunk.byteLength;) {
      const length = Math.min(BLOCK - ((this.#written + at) % BLOCK), chunk.byteLength - at);
      const block = chunk.subarray(at, at + length);
      if (ZEROS.compare(block, 0, length, 0, length) === 0) {
        if (at > from) await this.#writeAll(chunk.subarray(from, at), this.#written + from);
        from = at + length;
      }
      at += length;
    }
    if (from < chunk.byteLength) await this.#writeAll(chunk.subarray(from), this.#written + from);
  }

  async #writeAll(bytes: Uint8Array, position: number): Promise<void> {
    for (let done = 0; done < bytes.byteLength;) {
      const { bytesWritten } = await this.#handle.write(
        bytes,
        done,
        bytes.byteLength - done,
        position + done,
      );
      done += bytesWritten;
    }
  }
}

export interface OpenOptions extends SinkOptions {
  readonly directory: FileHandle;
  readonly name: string;
  /** The absolute path that the file will have, for messages. */
  readonly shown: string;
}
