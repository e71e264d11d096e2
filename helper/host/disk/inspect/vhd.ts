import { bytesAt, Fields, Findings, tail } from './parse.ts';
import type { ImageInspection, Parser } from './types.ts';

// Microsoft's Virtual Hard Disk Image Format Specification 1.0, and what block/vpc.c of QEMU makes of it.
const FOOTER = 512;
const FIXED = 2;
const DYNAMIC = 3;
const DIFFERENCING = 4;
/** The largest geometry; from there on, and for these creators, the size field counts. */
const MAX_GEOMETRY = 65535n * 16n * 255n;
const EXACT_CREATORS = ['win ', 'qem2', 'd2v ', 'tap\0', 'CTXS', 'wa\0\0'];

export function isVhdFooter(bytes: Buffer): boolean {
  return bytes.toString('latin1', 0, 8) === 'conectix';
}

/** `footer` is the copy at the front of a dynamic disk, or the real one at the end of a fixed disk. */
export function* inspectVhd(footer: Buffer, atFront: boolean, fileSize?: number): Parser<ImageInspection> {
  const found = new Findings();
  const fields = new Fields(footer, 'big');
  const type = fields.u32(60);
  const currentSize = fields.u64(48);
  const geometry = BigInt(fields.u16(56)) * BigInt(footer[58] ?? 0) * BigInt(footer[59] ?? 0);
  const exact = EXACT_CREATORS.includes(footer.toString('latin1', 28, 32)) || geometry === MAX_GEOMETRY;
  found.size(exact || geometry === 0n ? currentSize : geometry * 512n);
  found.details['type'] = type === FIXED ? 'fixed' : type === DYNAMIC ? 'dynamic' : String(type);
  if (footer.length < FOOTER) {
    found.refuse('truncated', 'its header is cut off');
    return found.result('vhd');
  }
  if (checksum(footer, 64) !== fields.u32(64)) found.refuse('header', 'the checksum of its footer is wrong');
  if (type === DIFFERENCING) {
    found.refuse(
      'backing-file',
      'it is a difference to a parent disk, and an image must be complete in itself',
    );
  } else if (type !== (atFront ? DYNAMIC : FIXED))
    found.refuse('unsupported', `its VHD type ${type} is unknown`);
  if (!atFront) {
    if (BigInt(found.virtualSize) > BigInt(fileSize ?? 0) - BigInt(FOOTER)) {
      found.refuse('truncated', 'it is shorter than its virtual size');
    }
    return found.result('vhd');
  }

  const dynamicOffset = fields.u64(16);
  if (dynamicOffset < BigInt(FOOTER) || dynamicOffset > 1024n * 1024n) {
    found.refuse('header', 'its dynamic header is at an impossible place');
  } else checkDynamicHeader(yield* bytesAt(Number(dynamicOffset), 1024), found);
  if (found.safety.length > 0) return found.result('vhd');
  const end = yield* tail(FOOTER);
  if (!end.bytes.equals(footer)) {
    found.refuse(
      'truncated',
      'its footer is missing or contradicts its header; the upload may be incomplete',
    );
  }
  return found.result('vhd');
}

function checkDynamicHeader(bytes: Buffer, found: Findings): void {
  const fields = new Fields(bytes, 'big');
  if (bytes.length < 1024 || bytes.toString('latin1', 0, 8) !== 'cxsparse') {
    found.refuse('header', 'its dynamic header is missing');
    return;
  }
  const blockSize = fields.u32(32);
  if (blockSize < 512 || blockSize > 256 * 1024 * 1024 || (blockSize & (blockSize - 1)) !== 0) {
    found.refuse('header', `its block size of ${blockSize} bytes is impossible`);
  }
  if (BigInt(fields.u32(28)) * BigInt(blockSize) < BigInt(found.virtualSize)) {
    found.refuse('header', 'its block table is too small for its virtual size');
  }
  // Parent's id, then its name and eight locators of where to find it.
  if (!fields.isZero(40, 16) || !fields.isZero(64, 512) || !fields.isZero(576, 192)) {
    found.refuse('backing-file', 'it names a parent disk, and an image must be complete in itself');
  }
}

/** One's complement of the sum of all bytes but the checksum itself. */
function checksum(footer: Buffer, field: number): number {
  let sum = 0;
  for (const [index, byte] of footer.entries()) if (index < field || index >= field + 4) sum += byte;
  return ~sum >>> 0;
}
