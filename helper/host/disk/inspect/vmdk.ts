import { bytesAt, Fields, Findings, quoted, tail } from './parse.ts';
import type { ImageInspection, Parser } from './types.ts';

// VMware Virtual Disk Format 5.0, and what block/vmdk.c of QEMU makes of it.
const SECTOR = 512;
const MAX_DESCRIPTOR = 64 * 1024;
const DESCRIPTOR_OFFSET = 512;
const GRAIN_DIRECTORY_AT_END = 0xffff_ffff_ffff_ffffn;
const ALLOWED_TYPES = ['monolithicSparse', 'streamOptimized'];

export function isVmdk(head: Buffer): boolean {
  const magic = head.toString('latin1', 0, 4);
  return magic === 'KDMV' || magic === 'COWD' || isDescriptor(head);
}

/**
 * A descriptor file: text that names other files as extents. As QEMU recognises one: comments and empty lines, then
 * a line 'version=1' (2, 3).
 */
function isDescriptor(head: Buffer): boolean {
  const text = head.toString('latin1', 0, 16 * 1024);
  if (/^# ?disk descriptorfile/i.test(text)) return true;
  for (const line of text.split('\n')) {
    const bare = line.trim();
    if (bare === '' || bare.startsWith('#')) continue;
    return /^version\s*=\s*[0-9]+$/i.test(bare);
  }
  return false;
}

/** Only files that hold all their data themselves: one sparse extent, embedded descriptor, no parent. */
export function* inspectVmdk(head: Buffer): Parser<ImageInspection> {
  const found = new Findings();
  const magic = head.toString('latin1', 0, 4);
  if (magic === 'COWD') {
    found.refuse('unsupported', 'it is a VMDK of an old kind (COWD); convert it to streamOptimized');
    return found.result('vmdk');
  }
  if (magic !== 'KDMV') {
    found.refuse(
      'extents',
      'it is only a VMDK descriptor, which names other files; upload a streamOptimized VMDK',
    );
    return found.result('vmdk');
  }
  const header = new Fields(head, 'little');
  const version = header.u32(4);
  const descriptorOffset = header.u64(28) * BigInt(SECTOR);
  const descriptorSize = header.u64(36) * BigInt(SECTOR);
  found.details['version'] = version;
  // With a capacity of 0 the descriptor would decide which files are opened; size() refuses that.
  found.size(header.u64(12) * BigInt(SECTOR));
  if (head.length < SECTOR) found.refuse('truncated', 'its header is cut off');
  if (version < 1 || version > 3) found.refuse('unsupported', `its VMDK version ${version} is unknown`);
  const grain = header.u64(20);
  if (grain === 0n || grain > 0x20_0000n || (grain & (grain - 1n)) !== 0n) {
    found.refuse('header', `its grain size of ${grain} sectors is impossible`);
  }
  if (header.u32(44) === 0 || header.u32(44) > 512)
    found.refuse('header', 'its grain tables are of an impossible size');
  if (descriptorOffset !== BigInt(DESCRIPTOR_OFFSET) || descriptorSize === 0n) {
    found.refuse('header', 'its descriptor is not where it has to be');
    return found.result('vmdk');
  }
  if (descriptorSize > BigInt(MAX_DESCRIPTOR)) {
    found.refuse('header', `its descriptor of ${descriptorSize} bytes is absurd`);
    return found.result('vmdk');
  }
  checkDescriptor(yield* bytesAt(DESCRIPTOR_OFFSET, Number(descriptorSize)), found);

  if (found.safety.length > 0) return found.result('vmdk');
  // With the grain directory at the end, tools take the header again from there.
  const end = yield* tail(2 * SECTOR);
  if (header.u64(56) === GRAIN_DIRECTORY_AT_END) checkFooter(head, end.bytes, found);
  return found.result('vmdk');
}

function checkDescriptor(bytes: Buffer, found: Findings): void {
  // Tools differ in whether a NUL ends the text, so lines after one are judged too.
  const lines = bytes.toString('latin1').split(/[\r\n\0]+/);
  const extents: string[] = [];
  const types: string[] = [];
  for (const line of lines.map((text) => text.trim())) {
    const [key, value] = assignment(line);
    if (key === 'createtype') types.push(value);
    if (key === 'parentcid' && value.toLowerCase() !== 'ffffffff') {
      found.refuse(
        'backing-file',
        'it is a difference to a parent disk, and an image must be complete in itself',
      );
    }
    if (/^(rw|rdonly|noaccess)\s/i.test(line)) extents.push(line);
  }
  if (/parentfilenamehint/i.test(bytes.toString('latin1'))) {
    found.refuse('backing-file', 'it names a parent disk, and an image must be complete in itself');
  }
  found.details['createType'] = (types[0] ?? '').replaceAll(/[^ -~]/g, '?').slice(0, 40);
  if (types.length !== 1 || !ALLOWED_TYPES.includes(types[0] ?? '')) {
    found.refuse(
      'extents',
      `its VMDK type ${quoted(types.join(' '))} is not one of ${ALLOWED_TYPES.join(', ')}; convert it to streamOptimized`,
    );
  }
  if (extents.length !== 1) found.refuse('extents', `it has ${extents.length} extents instead of one`);
  for (const line of extents) checkExtent(line, found);
}

/** 'Key = "value"' as lower-case key and bare value. Without regular expressions, whose time a hostile line could choose. */
function assignment(line: string): readonly [key: string, value: string] {
  const at = line.indexOf('=');
  if (at < 0) return ['', ''];
  const value = line.slice(at + 1).trim();
  const bare = value.startsWith('"') && value.endsWith('"') ? value.slice(1, -1) : value;
  return [line.slice(0, at).trim().toLowerCase(), bare];
}

function checkExtent(line: string, found: Findings): void {
  const [, sectors = '0', type = '', name = ''] =
    /^\w+\s+(\d{1,19})\s+(\w+)\s+"([^"]*)"\s*$/.exec(line) ?? [];
  if (type !== 'SPARSE') found.refuse('extents', `its extent ${quoted(line)} is not inside the file`);
  else if (/[/\\:]/.test(name) || name.includes('..')) {
    found.refuse('extents', `its extent names the path ${quoted(name)}`);
  } else if (BigInt(sectors) * BigInt(SECTOR) !== BigInt(found.virtualSize)) {
    found.refuse('size', 'its header and its extent give different sizes');
  }
}

/** Footer marker, footer and end-of-stream marker are the last three sectors. */
function checkFooter(head: Buffer, end: Buffer, found: Findings): void {
  const footer = end.subarray(0, SECTOR);
  const gdOffset = { from: 56, to: 64 };
  const same =
    footer.length === SECTOR &&
    footer.subarray(0, gdOffset.from).equals(head.subarray(0, gdOffset.from)) &&
    footer.subarray(gdOffset.to, 79).equals(head.subarray(gdOffset.to, 79));
  if (!same) {
    found.refuse('header', 'its footer is missing or contradicts its header; the upload may be incomplete');
  }
}
