/**
 * XDR, the external data representation (RFC 4506), as far as libvirt's protocol uses it: big-endian, every item a
 * multiple of four bytes, nothing self-describing.
 *
 * Both directions are bounds-checked. A reader never allocates more than the message holds: a length that the rest
 * of the message cannot contain is an {@link XdrError} before anything is made for it.
 */

/** The bytes (or the value to be written) do not have the form that the protocol demands. */
export class XdrError extends Error {
  override readonly name = 'XdrError';
}

const TWO_32 = 0x1_0000_0000;

const padding = (length: number): number => (4 - (length % 4)) % 4;

/** Reads items from one message, front to back. */
export class XdrReader {
  readonly #bytes: Buffer;
  #offset: number;

  constructor(bytes: Buffer, offset = 0) {
    this.#bytes = bytes;
    this.#offset = offset;
  }

  /** Bytes not read yet. */
  get remaining(): number {
    return this.#bytes.length - this.#offset;
  }

  #take(length: number): number {
    if (length > this.remaining) {
      throw new XdrError(`message ends early: ${length} bytes expected, ${this.remaining} left`);
    }
    const at = this.#offset;
    this.#offset += length;
    return at;
  }

  int32(): number {
    return this.#bytes.readInt32BE(this.#take(4));
  }

  uint32(): number {
    return this.#bytes.readUInt32BE(this.#take(4));
  }

  int64(): bigint {
    return this.#bytes.readBigInt64BE(this.#take(8));
  }

  uint64(): bigint {
    return this.#bytes.readBigUInt64BE(this.#take(8));
  }

  /** An unsigned hyper as a number; an error past 2^53-1, where a number would no longer be exact. */
  safeUint64(): number {
    const high = this.uint32();
    const value = high * TWO_32 + this.uint32();
    if (!Number.isSafeInteger(value)) throw new XdrError('unsigned hyper exceeds 2^53-1');
    return value;
  }

  /** A hyper as a number; an error outside of ±(2^53-1). */
  safeInt64(): number {
    const high = this.int32();
    const value = high * TWO_32 + this.uint32();
    if (!Number.isSafeInteger(value)) throw new XdrError('hyper exceeds ±(2^53-1)');
    return value;
  }

  double(): number {
    return this.#bytes.readDoubleBE(this.#take(8));
  }

  /** `opaque x[length]`; a view of the message, not a copy. */
  fixedOpaque(length: number): Buffer {
    const at = this.#take(length);
    this.#take(padding(length));
    return this.#bytes.subarray(at, at + length);
  }

  /** `opaque x<max>`; a view of the message, not a copy. */
  opaque(max: number): Buffer {
    return this.fixedOpaque(this.length(max, 1));
  }

  /** `string x<max>`, as UTF-8; bytes that are not UTF-8 read as U+FFFD. */
  string(max: number): string {
    return this.opaque(max).toString('utf8');
  }

  /** The length word of a variable array whose items need at least `itemBytes` each. */
  length(max: number, itemBytes = 4): number {
    const length = this.uint32();
    if (length > max) throw new XdrError(`length ${length} exceeds the limit of ${max}`);
    if (length * itemBytes > this.remaining) {
      throw new XdrError(`length ${length} exceeds what the message holds`);
    }
    return length;
  }

  /** Everything must have been read: bytes left over mean that the two sides disagree about the form. */
  end(): void {
    if (this.remaining !== 0)
      throw new XdrError(`${this.remaining} bytes left over at the end of the message`);
  }
}

/** Collects items of one message in a buffer that grows by doubling. */
export class XdrWriter {
  #bytes: Buffer;
  #length = 0;

  constructor(capacity = 256) {
    this.#bytes = Buffer.allocUnsafe(capacity);
  }

  /** To be called before `this.#bytes` is looked at, since it may replace it. */
  #reserve(length: number): number {
    const at = this.#length;
    const end = at + length;
    if (end > this.#bytes.length) {
      const grown = Buffer.allocUnsafe(Math.max(end, this.#bytes.length * 2));
      this.#bytes.copy(grown, 0, 0, at);
      this.#bytes = grown;
    }
    this.#length = end;
    return at;
  }

  int32(value: number): void {
    if (!Number.isInteger(value) || value < -0x8000_0000 || value > 0x7fff_ffff) {
      throw new XdrError(`${value} is not a 32-bit integer`);
    }
    const at = this.#reserve(4);
    this.#bytes.writeInt32BE(value, at);
  }

  uint32(value: number): void {
    if (!Number.isInteger(value) || value < 0 || value > 0xffff_ffff) {
      throw new XdrError(`${value} is not an unsigned 32-bit integer`);
    }
    const at = this.#reserve(4);
    this.#bytes.writeUInt32BE(value, at);
  }

  int64(value: number | bigint): void {
    const big = exact(value);
    if (BigInt.asIntN(64, big) !== big) throw new XdrError(`${big} is not a 64-bit integer`);
    const at = this.#reserve(8);
    this.#bytes.writeBigInt64BE(big, at);
  }

  uint64(value: number | bigint): void {
    const big = exact(value);
    if (BigInt.asUintN(64, big) !== big) throw new XdrError(`${big} is not an unsigned 64-bit integer`);
    const at = this.#reserve(8);
    this.#bytes.writeBigUInt64BE(big, at);
  }

  double(value: number): void {
    const at = this.#reserve(8);
    this.#bytes.writeDoubleBE(value, at);
  }

  fixedOpaque(value: Uint8Array): void {
    const at = this.#reserve(value.length + padding(value.length));
    this.#bytes.set(value, at);
    this.#bytes.fill(0, at + value.length, this.#length);
  }

  opaque(value: Uint8Array, max: number): void {
    if (value.length > max) throw new XdrError(`${value.length} bytes exceed the limit of ${max}`);
    this.uint32(value.length);
    this.fixedOpaque(value);
  }

  /** A text with a NUL is refused: the daemon's C string would end there and mean something else. */
  string(value: string, max: number): void {
    if (value.includes('\0')) throw new XdrError('a string must not contain NUL');
    this.opaque(Buffer.from(value, 'utf8'), max);
  }

  /** What was written; a view that is valid until the next write. */
  bytes(): Buffer {
    return this.#bytes.subarray(0, this.#length);
  }
}

function exact(value: number | bigint): bigint {
  if (typeof value === 'bigint') return value;
  if (!Number.isSafeInteger(value)) throw new XdrError(`${value} is not an exact integer; use a bigint`);
  return BigInt(value);
}
