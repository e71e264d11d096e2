import { Fields, Findings } from './parse.ts';
import type { ImageInspection } from './types.ts';

// Layout: block/vdi.c of QEMU and VirtualBox's VDICore.h.
const TYPE_DIFFERENCE = 4;

export function isVdi(head: Buffer): boolean {
  return head.length >= 68 && head.readUInt32LE(64) === 0xbeda107f;
}

export function inspectVdi(head: Buffer): ImageInspection {
  const found = new Findings();
  const header = new Fields(head, 'little');
  const version = header.u32(68);
  const type = header.u32(76);
  const size = header.u64(368);
  const blockSize = header.u32(376);
  found.size(size);
  found.details['type'] = type === 1 ? 'dynamic' : type === 2 ? 'static' : String(type);
  if (head.length < 512) found.refuse('truncated', 'its header is cut off');
  if (version !== 0x0001_0001) found.refuse('unsupported', 'its VDI version is not 1.1');
  if (type === TYPE_DIFFERENCE || !header.isZero(424, 16) || !header.isZero(440, 16)) {
    found.refuse(
      'backing-file',
      'it is a difference to a parent disk, and an image must be complete in itself',
    );
  } else if (type !== 1 && type !== 2) found.refuse('unsupported', `its VDI type ${type} is unknown`);
  if (header.u32(360) !== 512) found.refuse('header', 'its sector size is not 512 bytes');
  if (blockSize !== 1024 * 1024)
    found.refuse('header', `its block size of ${blockSize} bytes is not supported`);
  if (BigInt(header.u32(384)) * BigInt(blockSize) < size) {
    found.refuse('header', 'its block map is too small for its virtual size');
  }
  if (header.u32(340) % 512 !== 0 || header.u32(344) % 512 !== 0) {
    found.refuse('header', 'its block map is at an impossible place');
  }
  return found.result('vdi');
}
