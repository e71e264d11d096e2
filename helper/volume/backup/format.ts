import { hash } from 'node:crypto';
import { promisify } from 'node:util';
import { constants, deflate, inflate, zstdCompress, zstdDecompress } from 'node:zlib';
import { Type, type Static } from 'typebox';
import { Value } from 'typebox/value';

/**
 * What a backup is made of, in a folder of the store:
 *
 *   metadata         what it is a backup of, which folders it builds on, a checksum of each index
 *   index-00000      of each GiB that is not all zeros: of each block of 64 KiB its SHA-256, and which folder has it
 *   chunk-00000000   of each 16 MiB in which a block is new: these blocks, compressed
 *
 * Blocks of zeros are nowhere. An incremental backup's index is complete, so a restore reads each block once, from
 * whichever folder of the chain has it.
 */
export const BLOCK_BYTES = 64 * 1024;
export const CHUNK_BYTES = 16 * 1024 ** 2;
export const PART_BYTES = 1024 ** 3;
export const BLOCKS_PER_CHUNK = CHUNK_BYTES / BLOCK_BYTES;
export const BLOCKS_PER_PART = PART_BYTES / BLOCK_BYTES;
export const CHUNKS_PER_PART = PART_BYTES / CHUNK_BYTES;

const DIGEST_BYTES = 32;
/** The index of a block that is zeros. */
export const NOWHERE = 0xffff;
/** Folders of a chain that an index can name. */
export const MAX_CHAIN = NOWHERE;

/** More than any object of a kind can have: what does not compress grows by less than a thousandth. */
export const MAX_OBJECT_BYTES = CHUNK_BYTES + 64 * 1024;

export type Codec = 'zstd' | 'zlib' | 'none';
const CODECS: readonly Codec[] = ['none', 'zlib', 'zstd'];

/** An object is not what it was when it was written. The message is the end of a sentence: 'is damaged (...)'. */
export class DamagedError extends Error {
  override readonly name = 'DamagedError';
}

export const digestOf = (data: Uint8Array): Buffer => hash('sha256', data, 'buffer');

const number = (value: number, digits: number): string => String(value).padStart(digits, '0');
export const METADATA = 'metadata';
export const indexName = (part: number): string => `index-${number(part, 5)}`;
/** @param chunk counted from the start of the disk. */
export const chunkName = (chunk: number): string => `chunk-${number(chunk, 8)}`;

/** With one byte before it that says how it is compressed; what does not become smaller is left as it is. */
async function packed(codec: Codec, data: Buffer): Promise<Buffer> {
  const small =
    codec === 'zstd'
      ? await promisify(zstdCompress)(data, { params: { [constants.ZSTD_c_compressionLevel]: 3 } })
      : codec === 'zlib'
        ? await promisify(deflate)(data)
        : data;
  const used = small.length < data.length ? codec : 'none';
  return Buffer.concat([Buffer.of(CODECS.indexOf(used)), used === 'none' ? data : small]);
}

/** @throws {DamagedError} when it does not unpack to this many bytes. */
async function unpacked(object: Buffer, length: number): Promise<Buffer> {
  const codec = CODECS[object[0] ?? -1];
  const body = object.subarray(1);
  const options = { maxOutputLength: length };
  let data: Buffer;
  try {
    if (codec === 'zstd') data = await promisify(zstdDecompress)(body, options);
    else if (codec === 'zlib') data = await promisify(inflate)(body, options);
    else data = body;
  } catch (error) {
    throw new DamagedError('it does not decompress', { cause: error });
  }
  if (codec === undefined || data.length !== length)
    throw new DamagedError('it has another length than it should');
  return data;
}

/** Of one GiB: each block's SHA-256 and the place in the chain of the folder that has it. */
export class Index {
  readonly #digests: Buffer;
  readonly #holders: Buffer;

  constructor(bytes?: Buffer) {
    const length = BLOCKS_PER_PART * DIGEST_BYTES;
    this.#digests = bytes?.subarray(0, length) ?? Buffer.alloc(length);
    this.#holders = bytes?.subarray(length) ?? Buffer.alloc(BLOCKS_PER_PART * 2, 0xff);
  }

  /** {@link NOWHERE} for zeros. */
  holder(block: number): number {
    return this.#holders.readUInt16LE(block * 2);
  }

  digest(block: number): Buffer {
    return this.#digests.subarray(block * DIGEST_BYTES, (block + 1) * DIGEST_BYTES);
  }

  set(block: number, digest: Buffer, holder: number): void {
    digest.copy(this.#digests, block * DIGEST_BYTES);
    this.#holders.writeUInt16LE(holder, block * 2);
  }

  get isEmpty(): boolean {
    return this.#holders.every((byte) => byte === 0xff);
  }

  encode(codec: Codec): Promise<Buffer> {
    return packed(codec, Buffer.concat([this.#digests, this.#holders]));
  }

  /** @throws {DamagedError} */
  static async decode(object: Buffer, checksum: string): Promise<Index> {
    if (digestOf(object).toString('hex') !== checksum) throw new DamagedError('its checksum is another');
    return new Index(await unpacked(object, BLOCKS_PER_PART * (DIGEST_BYTES + 2)));
  }
}

const BITMAP_BYTES = BLOCKS_PER_CHUNK / 8;

/** @param blocks by their numbers in the chunk, in rising order. */
export async function encodeChunk(
  codec: Codec,
  blocks: readonly { readonly number: number; readonly data: Buffer }[],
): Promise<Buffer> {
  const bitmap = Buffer.alloc(BITMAP_BYTES);
  for (const { number } of blocks) bitmap[number >> 3] = (bitmap[number >> 3] ?? 0) | (1 << (number & 7));
  return Buffer.concat([bitmap, await packed(codec, Buffer.concat(blocks.map(({ data }) => data)))]);
}

/** Blocks by their numbers in the chunk. Their checksums are in the index. @throws {DamagedError} */
export async function decodeChunk(object: Buffer): Promise<ReadonlyMap<number, Buffer>> {
  const numbers: number[] = [];
  for (let number = 0; number < BLOCKS_PER_CHUNK; number += 1)
    if (((object[number >> 3] ?? 0) >> (number & 7)) & 1) numbers.push(number);
  const data = await unpacked(object.subarray(BITMAP_BYTES), numbers.length * BLOCK_BYTES);
  return new Map(
    numbers.map((number, at) => [number, data.subarray(at * BLOCK_BYTES, (at + 1) * BLOCK_BYTES)]),
  );
}

const Folder = Type.Object({ container: Type.String(), folder: Type.String() });
/** Where a backup's objects are. */
export type Folder = Readonly<Static<typeof Folder>>;

const NullableText = Type.Union([Type.String(), Type.Null()]);
const Manifest = Type.Object({
  format: Type.Literal('deskcloud-backup'),
  version: Type.Literal(1),
  /** Of the volume. */
  sizeGib: Type.Integer({ minimum: 1 }),
  /** Of what is kept: an encrypted disk is larger by its header. */
  diskBytes: Type.Integer({ minimum: 0 }),
  createdAt: Type.Integer(),
  /** The folders that indexes name by number, oldest first; the last one is the backup's own. */
  chain: Type.Array(Folder, { minItems: 1, maxItems: MAX_CHAIN }),
  /** SHA-256 of each GiB's index object; null where all is zeros. */
  indexes: Type.Array(NullableText),
  objectCount: Type.Integer(),
  volume: Type.Object({
    id: Type.String(),
    name: NullableText,
    description: NullableText,
    volumeTypeId: Type.String(),
    bootable: Type.Boolean(),
    encryptionKeyId: NullableText,
    metadata: Type.Record(Type.String(), Type.String()),
    imageMetadata: Type.Record(Type.String(), Type.String()),
  }),
});
/** What the metadata object says. */
export type Manifest = Static<typeof Manifest>;

/** JSON below a line with its own checksum. */
export function encodeManifest(manifest: Manifest): Buffer {
  const text = JSON.stringify(manifest, undefined, 1);
  return Buffer.from(`sha256:${hash('sha256', text)}\n${text}\n`);
}

/** @throws {DamagedError} */
export function decodeManifest(object: Buffer): Manifest {
  const [, checksum, text = ''] = /^sha256:([0-9a-f]{64})\n(.*)\n$/s.exec(object.toString('utf8')) ?? [];
  if (checksum === undefined || hash('sha256', text) !== checksum)
    throw new DamagedError('its checksum is another');
  try {
    return Value.Parse(Manifest, JSON.parse(text));
  } catch (error) {
    throw new DamagedError('a later version of Deskcloud may have written it', { cause: error });
  }
}
