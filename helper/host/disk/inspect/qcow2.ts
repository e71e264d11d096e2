import { bytesAt, Fields, Findings, quoted, tail } from './parse.ts';
import type { ImageInspection, Parser } from './types.ts';

// Layout and limits: docs/interop/qcow2.txt and block/qcow2.h of QEMU.
const INCOMPATIBLE = { dirty: 1n, corrupt: 2n, dataFile: 4n, compression: 8n, extendedL2: 16n };
const KNOWN_INCOMPATIBLE = 31n;
const EXTENSION = {
  end: 0,
  backingFormat: 0xe2792aca,
  dataFile: 0x44415441,
  encryption: 0x0537be77,
};
const MAX_EXTENSIONS = 64;
const MAX_L1_BYTES = 32n * 1024n * 1024n;
const MAX_REFCOUNT_TABLE_BYTES = 8n * 1024n * 1024n;
const MAX_SNAPSHOTS = 65536;

export function isQcow2(head: Buffer): boolean {
  return head.length >= 8 && head.readUInt32BE(0) === 0x514649fb && head.readUInt32BE(4) !== 1;
}

/** qcow2 versions 2 and 3. Nothing outside the file may be named, and tables must be inside it. */
export function* inspectQcow2(head: Buffer): Parser<ImageInspection> {
  const found = new Findings();
  const header = new Fields(head, 'big');
  const version = header.u32(4);
  const clusterBits = header.u32(20);
  found.details['version'] = version;
  found.size(header.u64(24));
  if (version !== 2 && version !== 3) {
    found.refuse('unsupported', `it has version ${version} of the qcow2 format; versions 2 and 3 are known`);
    return found.result('qcow2');
  }
  if (head.length < (version === 2 ? 72 : 104)) {
    found.refuse('truncated', 'its header is cut off');
    return found.result('qcow2');
  }
  if (clusterBits < 9 || clusterBits > 21) {
    found.refuse('header', `its cluster size of 2^${clusterBits} bytes is outside 2^9 to 2^21`);
    return found.result('qcow2');
  }
  const clusterSize = 2 ** clusterBits;
  found.details['clusterSize'] = clusterSize;

  const headerLength = version === 2 ? 72 : header.u32(100);
  if (headerLength < (version === 2 ? 72 : 104) || headerLength > clusterSize || headerLength % 8 !== 0) {
    found.refuse('header', `its header length of ${headerLength} bytes is impossible`);
    return found.result('qcow2');
  }
  if (header.u64(8) !== 0n || header.u32(16) !== 0) {
    found.refuse('backing-file', 'it has a backing file, and an image must be complete in itself');
  }
  if (header.u32(32) !== 0) found.refuse('encrypted', 'it is encrypted, which is not supported');
  const extendedL2 = version === 3 && checkFeatures(header, headerLength, found);
  checkTables(header, BigInt(clusterSize), extendedL2, found);

  const firstCluster = yield* bytesAt(0, clusterSize);
  checkExtensions(firstCluster, headerLength, found);

  if (found.safety.length > 0) return found.result('qcow2');
  const { size } = yield* tail(1);
  checkInside(header, BigInt(clusterSize), BigInt(size), found);
  return found.result('qcow2');
}

/** Returns whether level-2 entries are extended. */
function checkFeatures(header: Fields, headerLength: number, found: Findings): boolean {
  const features = header.u64(72);
  if ((features & INCOMPATIBLE.dataFile) !== 0n) {
    found.refuse(
      'data-file',
      'it keeps its data in an external file, and an image must be complete in itself',
    );
  }
  if ((features & INCOMPATIBLE.corrupt) !== 0n) {
    found.refuse('features', "it is marked as corrupt; 'qemu-img check -r all' may repair it");
  }
  if ((features & ~KNOWN_INCOMPATIBLE) !== 0n) {
    found.refuse('features', `it needs unknown features (bits 0x${features.toString(16)})`);
  }
  // Autoclear bit 1: the external data file can be read as raw.
  if ((header.u64(88) & 2n) !== 0n) found.refuse('data-file', 'it is marked as having an external data file');
  if (header.u32(96) > 6) found.refuse('header', `its refcounts of 2^${header.u32(96)} bits are impossible`);
  const compression = headerLength > 104 ? header.u32(104) >>> 24 : 0;
  if (compression > 1) found.refuse('features', `its compression type ${compression} is unknown`);
  if ((compression !== 0) !== ((features & INCOMPATIBLE.compression) !== 0n)) {
    found.refuse('features', 'its compression type and its feature bits contradict each other');
  }
  found.details['compression'] = compression === 1 ? 'zstd' : 'zlib';
  return (features & INCOMPATIBLE.extendedL2) !== 0n;
}

/** Tables whose size is made to exhaust memory, or too small for the disk. */
function checkTables(header: Fields, clusterSize: bigint, extendedL2: boolean, found: Findings): void {
  const l1Bytes = BigInt(header.u32(36)) * 8n;
  const refcountBytes = BigInt(header.u32(56)) * clusterSize;
  const snapshots = header.u32(60);
  const perL1Entry = clusterSize * (clusterSize / (extendedL2 ? 16n : 8n));
  if (l1Bytes > MAX_L1_BYTES) found.refuse('header', `its L1 table of ${l1Bytes} bytes is absurd`);
  else if ((l1Bytes / 8n) * perL1Entry < header.u64(24)) {
    found.refuse('header', 'its L1 table is too small for its virtual size');
  }
  if (refcountBytes > MAX_REFCOUNT_TABLE_BYTES || refcountBytes === 0n) {
    found.refuse('header', `its refcount table of ${refcountBytes} bytes is absurd`);
  }
  if (snapshots > MAX_SNAPSHOTS) found.refuse('header', `its ${snapshots} internal snapshots are absurd`);
  if (snapshots > 0) found.details['internalSnapshots'] = snapshots;
}

function checkExtensions(cluster: Buffer, start: number, found: Findings): void {
  const fields = new Fields(cluster, 'big');
  let offset = start;
  for (let count = 0; ; count += 1) {
    if (offset + 8 > cluster.length) {
      // A file may end where its last extension does: then nothing follows.
      if (offset < cluster.length) found.refuse('truncated', 'its header extensions are cut off');
      return;
    }
    const type = fields.u32(offset);
    const length = fields.u32(offset + 4);
    if (type === EXTENSION.end) return;
    if (count >= MAX_EXTENSIONS || offset + 8 + length > cluster.length) {
      found.refuse('header', 'its header extensions reach past the first cluster');
      return;
    }
    const text = (): string => quoted(cluster.toString('latin1', offset + 8, offset + 8 + length));
    if (type === EXTENSION.dataFile) found.refuse('data-file', `it names an external data file, ${text()}`);
    if (type === EXTENSION.backingFormat) {
      found.refuse('backing-file', `it names the format of a backing file, ${text()}`);
    }
    if (type === EXTENSION.encryption) found.refuse('encrypted', 'it has an encryption header');
    offset += 8 + Math.ceil(length / 8) * 8;
  }
}

function checkInside(header: Fields, clusterSize: bigint, fileSize: bigint, found: Findings): void {
  const tables = [
    { name: 'L1 table', offset: header.u64(40), length: BigInt(header.u32(36)) * 8n },
    { name: 'refcount table', offset: header.u64(48), length: BigInt(header.u32(56)) * clusterSize },
    { name: 'snapshot table', offset: header.u64(64), length: BigInt(header.u32(60)) * 40n },
  ];
  for (const { name, offset, length } of tables) {
    if (length === 0n) continue;
    if (offset === 0n || offset % clusterSize !== 0n) {
      found.refuse('header', `its ${name} is at an impossible place`);
    } else if (offset >= fileSize || offset + length > fileSize + clusterSize) {
      // The last cluster of a file may be short.
      found.refuse(
        'truncated',
        `its ${name} is past the end of the file; the upload or download may be incomplete`,
      );
    }
  }
}
