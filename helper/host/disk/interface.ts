import type { Secret } from '../../secret.ts';
import type { RawSource, RawTarget } from './raw.ts';

export type { Range, RawSource, RawTarget } from './raw.ts';

/** Formats of the disks that Deskcloud itself keeps and gives to guests. */
export type DiskFormat = 'raw' | 'qcow2';

/** Formats that {@link DiskHost.convert} reads and writes. 'vhd' is qemu's vpc. */
export type ImageFormat = DiskFormat | 'vmdk' | 'vdi' | 'vhd' | 'vhdx';

/**
 * LUKS with AES in XTS mode: within the format for qcow2, around the whole disk for raw. What was never written to an
 * encrypted raw disk reads as noise, as with every LUKS container; qcow2 knows that it is zeros.
 */
export interface DiskEncryption {
  readonly passphrase: Secret;
  /** Of AES; XTS takes two such keys. */
  readonly keyBits: 128 | 256;
}

export interface OverlayOptions {
  /** Absolute path of the new qcow2 file; its directory must be there. */
  readonly path: string;
  /** Absolute path of the disk beneath it. Its bytes must not change any more. */
  readonly base: string;
  readonly baseFormat: DiskFormat;
  /** Virtual size in bytes, a multiple of 512; not smaller than the base's. */
  readonly sizeBytes: number;
}

export interface EmptyDiskOptions {
  readonly path: string;
  readonly format: DiskFormat;
  /** As the guest sees it; the header of an encrypted disk comes on top. */
  readonly sizeBytes: number;
  readonly encryption?: DiskEncryption;
}

export interface ConvertOptions {
  readonly source: string;
  readonly sourceFormat: ImageFormat;
  /** Appears under this name only when complete. An old file of this name is replaced. */
  readonly destination: string;
  readonly destinationFormat: ImageFormat;
  /**
   * True for a disk that Deskcloud made itself and whose backing files belong to it (an overlay of a stopped guest).
   * By default a backing file named in the source's header is not opened.
   */
  readonly followBackingChain?: boolean;
  /** Opens an encrypted source of ours (raw or qcow2). */
  readonly sourceKey?: Secret;
  /** Of a raw or qcow2 destination. */
  readonly encryption?: DiskEncryption;
  /** Compress the clusters of a qcow2 destination; false by default. */
  readonly compress?: boolean;
  /** Called with the part that is done, 0 to 1. */
  readonly onProgress?: (fraction: number) => void;
  readonly signal?: AbortSignal;
}

export interface CloneOptions {
  readonly source: string;
  /** A raw source may be of any content: it is never looked at for its format (S5). */
  readonly sourceFormat: DiskFormat;
  /** Appears under this name only when complete. An old file of this name is replaced. */
  readonly destination: string;
  readonly destinationFormat: DiskFormat;
  /** Virtual size of the copy in bytes, a multiple of 512; not smaller than the source's. What is added reads zeros. */
  readonly sizeBytes: number;
  /** Opens an encrypted source. */
  readonly sourceKey?: Secret;
  /** Of the copy. With the source's passphrase and format it is copied as it is, without being opened. */
  readonly encryption?: DiskEncryption;
  readonly onProgress?: (fraction: number) => void;
  readonly signal?: AbortSignal;
}

export interface WriteIntoOptions {
  readonly source: string;
  readonly sourceFormat: DiskFormat;
  /** Opens an encrypted source. */
  readonly sourceKey?: Secret;
  /** A raw disk that is there, a block device for one; not smaller than the source's virtual size. */
  readonly destination: string;
  /** All of it reads zeros already, so that the source's holes need not be written. */
  readonly zeroed: boolean;
  readonly onProgress?: (fraction: number) => void;
  readonly signal?: AbortSignal;
}

/** One of our own disks. */
export interface DiskToMeasure {
  readonly path: string;
  readonly format: DiskFormat;
  readonly encrypted?: boolean;
}

/** Absolute paths in one directory. */
export interface ExchangedDisks {
  readonly path: string;
  /** What is to be at `path`. */
  readonly fresh: string;
  /** What was at `path`. */
  readonly kept: string;
}

/** How large the file system of a directory is, in bytes. */
export interface Capacity {
  readonly totalBytes: number;
  /** What may still be written by others than root. */
  readonly freeBytes: number;
}

export interface DiskInfo {
  readonly format: ImageFormat;
  /** What a guest sees, in bytes. */
  readonly virtualSize: number;
  /** What the file takes on the host, in bytes. */
  readonly allocatedBytes: number;
  /** The backing file named in the header, for qcow2. */
  readonly backing?: { readonly path: string; readonly format?: string };
}

/** Bytes that a conversion needs for the data in use, and for all of the disk. */
export interface Measurement {
  readonly required: number;
  readonly fullyAllocated: number;
}

/**
 * Disk files on the host. Every method is idempotent or says otherwise; formats are always given, never guessed;
 * paths are absolute. Files are made with mode 0600.
 *
 * A disk that a guest has written to as 'raw' stays raw for ever: its first bytes are the guest's (S5).
 *
 * All throw DiskFullError (host/files) when the file system is full, {@link DiskError} otherwise.
 */
export interface DiskHost {
  /** Makes a qcow2 overlay. One that is there with the same base and size is kept as it is. */
  createOverlay(options: OverlayOptions): Promise<void>;
  /** Makes a disk of zeros that takes no room. One that is there with the same size is kept as it is. */
  createEmpty(options: EmptyDiskOptions): Promise<void>;
  /** Makes a disk of a stopped guest larger; the same size does nothing, a smaller one is refused. */
  resize(options: EmptyDiskOptions): Promise<void>;
  convert(options: ConvertOptions): Promise<void>;
  /** Looks at a disk that Deskcloud keeps; works also while a guest uses it. Not for files that users upload. */
  info(disk: { readonly path: string; readonly format: ImageFormat }): Promise<DiskInfo>;
  /** What a conversion of one of our disks would take. */
  measure(disk: {
    readonly path: string;
    readonly format: ImageFormat;
    readonly destinationFormat: DiskFormat;
  }): Promise<Measurement>;
  /** Copies what an overlay shares with its base into it, so that it stands alone. The guest must be stopped. */
  flatten(disk: { readonly path: string }): Promise<void>;
  /** Copies a disk file of a stopped guest as it is, with its reference to a base. An old file at `destination` is replaced. */
  copy(disk: { readonly source: string; readonly destination: string }): Promise<void>;
  /**
   * Makes an independent disk with the content of another one that nobody writes to: in no time where the file system
   * shares blocks (reflink) and the formats are the same, else a copy without its holes.
   */
  clone(options: CloneOptions): Promise<void>;
  /**
   * Writes the content of a disk that nobody writes to over a raw one that is there, from its first byte on. What is
   * beyond the source's end stays. Ended in the middle, the destination holds a part of it.
   */
  writeInto(options: WriteIntoOptions): Promise<void>;
  /** What a guest sees of one of our disks, in bytes; a file or a block device. */
  sizeOf(disk: DiskToMeasure): Promise<number>;
  /**
   * Opens a disk that nobody writes to, to read what its guest sees. A qcow2 with compressed clusters is unpacked for it
   * into a hidden file beside it first.
   */
  openRaw(disk: { readonly path: string; readonly format: DiskFormat }): Promise<RawSource>;
  /** Makes a raw disk to be filled, in place of a file of that name. */
  createRaw(disk: { readonly path: string; readonly sizeBytes: number }): Promise<RawTarget>;
  /**
   * Puts a disk in the place of another one, which is kept under a third name; both in one directory. Done already is
   * success.
   */
  exchange(names: ExchangedDisks): Promise<void>;
  /** Takes {@link exchange} back: what was kept has its place again, and what was in it is gone. */
  exchangeBack(names: ExchangedDisks): Promise<void>;
  /** Removes a disk file if it is there. */
  remove(path: string): Promise<void>;
  /** Bytes that may still be written to the file system of this directory. */
  freeBytes(directory: string): Promise<number>;
  capacity(directory: string): Promise<Capacity>;
  /** Whether another file system is mounted at this directory; false when it is not there. */
  isMountPoint(directory: string): Promise<boolean>;
}

/** A disk operation that cannot be done or that failed. The message names the file, the cause and the remedy. */
export class DiskError extends Error {
  override readonly name = 'DiskError';
  readonly reason: 'invalid-argument' | 'exists' | 'missing' | 'shrink' | 'in-use' | 'tool' | 'cancelled';

  constructor(reason: DiskError['reason'], message: string, options?: ErrorOptions) {
    super(message, options);
    this.reason = reason;
  }
}
