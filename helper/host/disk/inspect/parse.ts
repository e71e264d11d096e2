import type { ImageInspection, Parser, ReadAnswer, SafetyProblem } from './types.ts';

/** Reads `length` bytes at `offset`; fewer only at the end of the file. */
export function* bytesAt(offset: number, length: number): Parser<Buffer> {
  return (yield { offset, length }).bytes;
}

/** The last `length` bytes, and the file's length. Ask for it last: a stream knows its end only at its end. */
export function* tail(length: number): Parser<ReadAnswer> {
  return yield { offset: -length, length };
}

/** Bytes as whole numbers; a field outside the buffer is 0, since a cut header is judged by its length alone. */
export class Fields {
  readonly #view: Buffer;
  readonly #little: boolean;

  constructor(bytes: Buffer, order: 'little' | 'big') {
    this.#view = bytes;
    this.#little = order === 'little';
  }

  u16(offset: number): number {
    if (!this.#has(offset, 2)) return 0;
    return this.#little ? this.#view.readUInt16LE(offset) : this.#view.readUInt16BE(offset);
  }

  u32(offset: number): number {
    if (!this.#has(offset, 4)) return 0;
    return this.#little ? this.#view.readUInt32LE(offset) : this.#view.readUInt32BE(offset);
  }

  u64(offset: number): bigint {
    if (!this.#has(offset, 8)) return 0n;
    return this.#little ? this.#view.readBigUInt64LE(offset) : this.#view.readBigUInt64BE(offset);
  }

  isZero(offset: number, length: number): boolean {
    return this.#view.subarray(offset, offset + length).every((byte) => byte === 0);
  }

  #has(offset: number, length: number): boolean {
    return offset >= 0 && offset + length <= this.#view.length;
  }
}

/** Gathers what a parser finds out, and its objections. */
export class Findings {
  readonly details: Record<string, string | number | boolean> = {};
  readonly safety: SafetyProblem[] = [];
  virtualSize = 0;

  refuse(check: SafetyProblem['check'], message: string): void {
    this.safety.push({ check, message });
  }

  /** Takes the size from the header. Larger than a number holds exactly is larger than any disk. */
  size(bytes: bigint): void {
    const most = BigInt(Number.MAX_SAFE_INTEGER);
    if (bytes > most) this.refuse('size', `its virtual size of ${bytes} bytes is absurd`);
    if (bytes === 0n) this.refuse('size', 'its virtual size is 0');
    this.virtualSize = Number(bytes > most ? most : bytes);
  }

  result(format: ImageInspection['format']): ImageInspection {
    return { format, virtualSize: this.virtualSize, details: this.details, safety: this.safety };
  }
}

/** Text from a file, for a message: printable ASCII only, at most 80 characters, in quotes. */
export function quoted(text: string): string {
  const printable = text.replaceAll(/[^ -~]/g, '?');
  return `'${printable.length > 80 ? `${printable.slice(0, 77)}...` : printable}'`;
}
