import { bytesAt, Fields, Findings } from './parse.ts';
import type { ImageInspection, Parser } from './types.ts';

// [MS-VHDX]: fixed places of the headers, a region table, and a metadata table inside its region.
const KIB = 1024;
const REGION_TABLES = [192 * KIB, 256 * KIB];
const TABLE_BYTES = 64 * KIB;
const MAX_ENTRIES = 2047;
const MAX_METADATA_OFFSET = 64n * 1024n * 1024n;

const GUID = {
  metadataRegion: guid('8b7ca206-4790-4b9a-b8fe-575f050f886e'),
  fileParameters: guid('caa16737-fa36-4d43-b3b6-33f0aa44e76b'),
  virtualDiskSize: guid('2fa54224-cd1b-4876-b211-5dbed83bf4b8'),
  parentLocator: guid('a8d35f2d-b30b-454d-abf7-d3d84834ab0c'),
};

/** The first three groups are stored little-endian. */
function guid(text: string): string {
  const hex = text.replaceAll('-', '');
  const swap = (from: number, to: number): string =>
    (hex.slice(from, to).match(/../g) ?? []).toReversed().join('');
  return swap(0, 8) + swap(8, 12) + swap(12, 16) + hex.slice(16);
}

export function isVhdx(head: Buffer): boolean {
  return head.toString('latin1', 0, 8) === 'vhdxfile';
}

export function* inspectVhdx(): Parser<ImageInspection> {
  const found = new Findings();
  const places = new Set<bigint>();
  for (const offset of REGION_TABLES) {
    const place = metadataPlace(yield* bytesAt(offset, TABLE_BYTES));
    if (place !== undefined) places.add(place);
  }
  const [place] = places;
  if (place === undefined || places.size > 1) {
    found.refuse('header', 'its region tables are missing or contradict each other');
    return found.result('vhdx');
  }
  if (place < 320n * 1024n || place > MAX_METADATA_OFFSET) {
    found.refuse('header', 'its metadata is at an impossible place');
    return found.result('vhdx');
  }
  const table = yield* bytesAt(Number(place), TABLE_BYTES);
  yield* readItems(table, Number(place), found);
  return found.result('vhdx');
}

function metadataPlace(table: Buffer): bigint | undefined {
  const fields = new Fields(table, 'little');
  const count = fields.u32(8);
  if (table.toString('latin1', 0, 4) !== 'regi' || count > MAX_ENTRIES) return undefined;
  for (let at = 16; at < 16 + count * 32; at += 32) {
    if (table.toString('hex', at, at + 16) === GUID.metadataRegion) return fields.u64(at + 16);
  }
  return undefined;
}

function* readItems(table: Buffer, base: number, found: Findings): Parser<void> {
  const fields = new Fields(table, 'little');
  const count = fields.u16(10);
  if (table.toString('latin1', 0, 8) !== 'metadata' || count > MAX_ENTRIES) {
    found.refuse('header', 'its metadata table is missing');
    return;
  }
  const items = new Map<string, { offset: number; length: number }>();
  for (let at = 32; at < 32 + count * 32; at += 32) {
    const key = table.toString('hex', at, at + 16);
    if (items.has(key)) found.refuse('header', 'its metadata table has an entry twice');
    items.set(key, { offset: base + fields.u32(at + 16), length: fields.u32(at + 20) });
  }
  const parameters = items.get(GUID.fileParameters);
  const size = items.get(GUID.virtualDiskSize);
  if (size?.length !== 8 || parameters?.length !== 8) {
    found.refuse('header', 'its metadata lacks the size or the file parameters');
    return;
  }
  // Ascending, since a stream goes forward only.
  const wanted = [parameters, size].sort((one, other) => one.offset - other.offset);
  for (const item of wanted) {
    const value = new Fields(yield* bytesAt(item.offset, 8), 'little');
    if (item === size) found.size(value.u64(0));
    else checkParameters(value, items.has(GUID.parentLocator), found);
  }
}

function checkParameters(value: Fields, locator: boolean, found: Findings): void {
  const blockSize = value.u32(0);
  found.details['blockSize'] = blockSize;
  if (blockSize < 1024 * KIB || blockSize > 256 * 1024 * KIB || (blockSize & (blockSize - 1)) !== 0) {
    found.refuse('header', `its block size of ${blockSize} bytes is impossible`);
  }
  if ((value.u32(4) & 2) !== 0 || locator) {
    found.refuse(
      'backing-file',
      'it is a difference to a parent disk, and an image must be complete in itself',
    );
  }
}
