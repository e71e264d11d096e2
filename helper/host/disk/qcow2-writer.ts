import type { DiskFormat } from './interface.ts';
import { writtenPart } from './luks-writer.ts';

// docs/interop/qcow2.txt of QEMU. 64 KiB clusters, 16-bit refcounts: qemu-img's own defaults.
const CLUSTER_BITS = 16;
const CLUSTER = 2 ** CLUSTER_BITS;
const HEADER_LENGTH = 112;
const BACKING_FORMAT = 0xe2792aca;
const ENCRYPTION = 0x0537be77;
const CRYPT_LUKS = 2;
/** QEMU takes no longer name of a backing file. */
const MAX_BACKING_NAME = 1023;
/** Bytes of the disk for which one level-1 entry stands: a cluster of 8-byte entries, each for a cluster. */
const PER_L1_ENTRY = (CLUSTER / 8) * CLUSTER;
/** 32 MiB, the largest level-1 table that QEMU opens. */
const MAX_L1_ENTRIES = (32 * 1024 * 1024) / 8;

export interface EmptyQcow2 {
  readonly sizeBytes: number;
  readonly backing?: { readonly path: string; readonly format: DiskFormat };
  /** Header and key material ({@link luksHeader}) of an encrypted disk. */
  readonly luks?: Buffer;
}

/** The non-zero pieces of a file, and its length. */
export interface FileLayout {
  readonly pieces: readonly { readonly offset: number; readonly bytes: Buffer }[];
  readonly length: number;
}

/**
 * A qcow2 (version 3) without any data: what `qemu-img create` writes, without the process. Header, refcount table,
 * one refcount block, level-1 table; `qemu-img check` finds nothing wrong with it.
 *
 * @throws {RangeError} for a size or a backing name that the format cannot have.
 */
export function emptyQcow2({ sizeBytes, backing, luks }: EmptyQcow2): FileLayout {
  const l1Entries = Math.max(1, Math.ceil(sizeBytes / PER_L1_ENTRY));
  const name = Buffer.from(backing?.path ?? '');
  if (l1Entries > MAX_L1_ENTRIES)
    throw new RangeError(`a disk of ${sizeBytes} bytes is larger than qcow2 allows`);
  if (name.length > MAX_BACKING_NAME)
    throw new RangeError(`the path of the base is longer than ${MAX_BACKING_NAME}`);

  const [refcountTable, refcountBlock, l1Table] = [CLUSTER, 2 * CLUSTER, 3 * CLUSTER];
  const luksOffset = l1Table + Math.ceil((l1Entries * 8) / CLUSTER) * CLUSTER;
  const clusters = luksOffset / CLUSTER + Math.ceil((luks?.length ?? 0) / CLUSTER);

  const extension = Buffer.concat([
    backing === undefined ? Buffer.alloc(0) : headerExtension(BACKING_FORMAT, Buffer.from(backing.format)),
    luks === undefined ? Buffer.alloc(0) : headerExtension(ENCRYPTION, placeOf(luksOffset, luks.length)),
  ]);
  const nameOffset = HEADER_LENGTH + extension.length + 8;
  const header = Buffer.alloc(nameOffset + name.length);
  header.write('QFI\xfb', 0, 'latin1');
  header.writeUInt32BE(3, 4);
  if (backing !== undefined) {
    header.writeBigUInt64BE(BigInt(nameOffset), 8);
    header.writeUInt32BE(name.length, 16);
  }
  header.writeUInt32BE(CLUSTER_BITS, 20);
  header.writeBigUInt64BE(BigInt(sizeBytes), 24);
  if (luks !== undefined) header.writeUInt32BE(CRYPT_LUKS, 32);
  header.writeUInt32BE(l1Entries, 36);
  header.writeBigUInt64BE(BigInt(l1Table), 40);
  header.writeBigUInt64BE(BigInt(refcountTable), 48);
  header.writeUInt32BE(1, 56);
  header.writeUInt32BE(4, 96);
  header.writeUInt32BE(HEADER_LENGTH, 100);
  extension.copy(header, HEADER_LENGTH);
  name.copy(header, nameOffset);

  const table = Buffer.alloc(8);
  table.writeBigUInt64BE(BigInt(refcountBlock));
  const block = Buffer.alloc(clusters * 2);
  for (let cluster = 0; cluster < clusters; cluster += 1) block.writeUInt16BE(1, cluster * 2);
  return {
    pieces: [
      { offset: 0, bytes: header },
      { offset: refcountTable, bytes: table },
      { offset: refcountBlock, bytes: block },
      ...(luks === undefined ? [] : [{ offset: luksOffset, bytes: writtenPart(luks) }]),
    ],
    length: clusters * CLUSTER,
  };
}

function headerExtension(type: number, content: Buffer): Buffer {
  const extension = Buffer.alloc(8 + Math.ceil(content.length / 8) * 8);
  extension.writeUInt32BE(type, 0);
  extension.writeUInt32BE(content.length, 4);
  content.copy(extension, 8);
  return extension;
}

function placeOf(offset: number, length: number): Buffer {
  const place = Buffer.alloc(16);
  place.writeBigUInt64BE(BigInt(offset), 0);
  place.writeBigUInt64BE(BigInt(length), 8);
  return place;
}

/** What the header of a qcow2 that Deskcloud made says; undefined when it is none. Needs the first 2 KiB. */
export function readQcow2Header(
  head: Buffer,
): { sizeBytes: number; encrypted: boolean; backing?: string; backingFormat?: string } | undefined {
  if (head.length < 104 || head.readUInt32BE(0) !== 0x514649fb) return undefined;
  const sizeBytes = Number(head.readBigUInt64BE(24));
  const encrypted = head.readUInt32BE(32) === CRYPT_LUKS;
  const nameOffset = Number(head.readBigUInt64BE(8));
  if (nameOffset === 0) return { sizeBytes, encrypted };
  const backing = head.toString('utf8', nameOffset, nameOffset + head.readUInt32BE(16));
  const at = head.readUInt32BE(100);
  if (at + 8 > head.length || head.readUInt32BE(at) !== BACKING_FORMAT)
    return { sizeBytes, encrypted, backing };
  return {
    sizeBytes,
    encrypted,
    backing,
    backingFormat: head.toString('latin1', at + 8, at + 8 + head.readUInt32BE(at + 4)),
  };
}
