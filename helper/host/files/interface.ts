import type { FileHandle } from 'node:fs/promises';

/**
 * Where a file is below the root of {@link StateFiles}: one name per directory level, as
 * ['instances', id, 'disk']. Each name is checked (see {@link UnsafeNameError}).
 */
export type StatePath = readonly [string, ...string[]];

/** Numeric owner of what is made; the process's own when absent. */
export interface Owner {
  readonly uid: number;
  readonly gid: number;
}

export interface FileAttributes {
  /** Permission bits; 0o600 for files and 0o700 for directories by default. */
  readonly mode?: number;
  readonly owner?: Owner;
}

export interface StateStat {
  readonly kind: 'file' | 'directory' | 'symlink' | 'other';
  /** Length in bytes. */
  readonly size: number;
  /** Bytes that the file really takes on the disk. */
  readonly allocated: number;
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly mtimeMs: number;
}

export interface SinkOptions {
  /** More bytes than this are refused with {@link SizeLimitError}. */
  readonly maxBytes: number;
  /** Seek over long runs of zeros instead of writing them; false by default. */
  readonly sparse?: boolean;
  readonly mode?: number;
  readonly owner?: Owner;
}

export interface SinkResult {
  readonly size: number;
  /** Lower-case hexadecimal. */
  readonly md5: string;
  readonly sha256: string;
  readonly sha512: string;
}

/**
 * A file that is being received. Nothing is visible under its final name before {@link finish}; until then the
 * bytes are in a hidden file beside it. After any error the sink has already removed them; `abort` may still be
 * called.
 */
export interface FileSink {
  /** Absolute path of the hidden file while it is being written. */
  readonly temporaryPath: string;
  readonly bytesWritten: number;
  /** @throws {DiskFullError} @throws {SizeLimitError} */
  write(chunk: Uint8Array): Promise<void>;
  /** Makes the bytes durable and gives them their name, replacing a file of that name. */
  finish(): Promise<SinkResult>;
  /** Removes what was written. Idempotent; does nothing after `finish`. */
  abort(): Promise<void>;
}

/**
 * Files below one directory. No symbolic link below the root is ever followed, also when it is put there while an
 * operation runs: every level is opened from the descriptor of the level above it.
 */
export interface StateFiles {
  /** Absolute path of the root. */
  readonly root: string;
  /** The absolute path of `path`, for handing to another program. Checks the names only. */
  absolute(path: StatePath): string;
  /** Makes the directory and those above it where they are missing; those above get mode 0700 and no owner. */
  ensureDirectory(path: StatePath, attributes?: FileAttributes): Promise<void>;
  /** Replaces the file in one step (temporary file, fsync, rename). The directory must be there. */
  write(path: StatePath, data: string | Uint8Array, attributes?: FileAttributes): Promise<void>;
  /** Writes a file that must not be there yet (EEXIST otherwise). */
  create(path: StatePath, data: string | Uint8Array, attributes?: FileAttributes): Promise<void>;
  /** Reads a whole regular file; a longer one than `maxBytes` is refused with {@link SizeLimitError}. */
  read(path: StatePath, maxBytes: number): Promise<Buffer>;
  /** Opens a regular file for reading. The caller closes it. */
  open(path: StatePath): Promise<FileHandle>;
  /** Receives a file of unknown length. The directory must be there. */
  sink(path: StatePath, options: SinkOptions): Promise<FileSink>;
  /** Undefined when there is nothing of that name. */
  stat(path: StatePath): Promise<StateStat | undefined>;
  /** Names in a directory, sorted; empty when there is none. [] is the root. */
  list(path: readonly string[]): Promise<string[]>;
  /** Renames a file or directory below the root, replacing a file of the new name. */
  rename(from: StatePath, to: StatePath): Promise<void>;
  /** Changes mode or owner of a file or directory; never of what a link points to. */
  setAttributes(path: StatePath, attributes: FileAttributes): Promise<void>;
  /** Removes a file or link if it is there. */
  remove(path: StatePath): Promise<void>;
  /** Removes a directory with all in it, or a file, if it is there. Links in it are removed, not followed. */
  removeTree(path: StatePath): Promise<void>;
  /** Removes what a crash left of unfinished writes, sinks and disks in a directory. Only when none is under way. */
  removeLeftovers(path: readonly string[]): Promise<void>;
  /** Bytes that may still be written on the file system of the root. */
  freeBytes(): Promise<number>;
}

/** A name that may not be used below the root: empty, '.', '..', with '/', NUL or other control characters, or with '-' first. */
export class UnsafeNameError extends Error {
  override readonly name = 'UnsafeNameError';
}

/** A path component is a symbolic link, or not what it should be. Somebody else writes in our directory. */
export class UnsafePathError extends Error {
  override readonly name = 'UnsafePathError';
}

/** The file system is full (ENOSPC, EDQUOT). The message names the directory and what can be done. */
export class DiskFullError extends Error {
  override readonly name = 'DiskFullError';
  readonly directory: string;

  constructor(directory: string, options?: ErrorOptions) {
    super(
      `The disk that holds ${directory} is full. Free space there (delete images, snapshots or servers that are ` +
        `no longer needed), or move the state directory to a larger disk.`,
      options,
    );
    this.directory = directory;
  }
}

/** More bytes came, or are in the file, than allowed. */
export class SizeLimitError extends Error {
  override readonly name = 'SizeLimitError';
  readonly limit: number;

  constructor(what: string, limit: number) {
    super(`${what} is larger than the ${limit} bytes that are allowed`);
    this.limit = limit;
  }
}
