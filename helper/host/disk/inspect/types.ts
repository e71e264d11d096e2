/**
 * What the first bytes of a file say it is. 'raw' is data of no known structure; 'mbr' and 'gpt' are raw disks with a
 * partition table; 'foreign' is a format that qemu knows and Deskcloud does not take.
 */
export type DetectedFormat =
  'raw' | 'mbr' | 'gpt' | 'iso' | 'qcow2' | 'vmdk' | 'vdi' | 'vhd' | 'vhdx' | 'luks' | 'qed' | 'foreign';

/** A reason not to let any tool open the file. */
export interface SafetyProblem {
  /** Short stable name, as 'backing-file'. */
  readonly check:
    | 'ambiguous'
    | 'backing-file'
    | 'data-file'
    | 'encrypted'
    | 'extents'
    | 'features'
    | 'header'
    | 'size'
    | 'truncated'
    | 'unsupported';
  /** One sentence for a person. Text from the file in it is quoted and cut. */
  readonly message: string;
}

export interface ImageInspection {
  readonly format: DetectedFormat;
  /** What a guest would see, in bytes; the file's length where the format has no size of its own. */
  readonly virtualSize: number;
  /** Facts from the header, as { version: 3, clusterSize: 65536 }. */
  readonly details: Readonly<Record<string, string | number | boolean>>;
  readonly safety: readonly SafetyProblem[];
}

/** An image that must not be used. The message says what is wrong with it and what can be done. */
export class UnsafeImageError extends Error {
  override readonly name = 'UnsafeImageError';
  /** The check that failed; 'mismatch' when the content is not of the declared format. */
  readonly check: SafetyProblem['check'] | 'mismatch';

  constructor(check: UnsafeImageError['check'], message: string) {
    super(message);
    this.check = check;
  }
}

/** Part of a file. A negative offset counts from the end, and can be answered only when the end is known. */
export interface ReadRequest {
  readonly offset: number;
  readonly length: number;
}

/** Bytes asked for (fewer at the end of the file), and the file's length where it was a request from the end. */
export interface ReadAnswer {
  readonly bytes: Buffer;
  readonly size: number;
}

/** A parser that asks for the bytes it needs, so that the same one serves files and streams. */
export type Parser<T> = Generator<ReadRequest, T, ReadAnswer>;

/** Reads up to `length` bytes at `offset`; fewer only at the end of the file. */
export type RandomReader = (offset: number, length: number) => Promise<Buffer>;
