import type { FileHandle } from 'node:fs/promises';
import { bytesAt, Fields, Findings, tail } from './parse.ts';
import { inspectQcow2, isQcow2 } from './qcow2.ts';
import { inspectVdi, isVdi } from './vdi.ts';
import { inspectVhd, isVhdFooter } from './vhd.ts';
import { inspectVhdx, isVhdx } from './vhdx.ts';
import { inspectVmdk, isVmdk } from './vmdk.ts';
import {
  UnsafeImageError,
  type DetectedFormat,
  type ImageInspection,
  type Parser,
  type RandomReader,
  type SafetyProblem,
} from './types.ts';

/** Formats that may be declared for an upload. */
export type DeclaredFormat = 'raw' | 'qcow2' | 'vmdk' | 'vdi' | 'vhd' | 'vhdx' | 'iso';

/** Enough for the magic numbers of all formats; ISO 9660's is at 32 KiB. */
const HEAD_BYTES = 36 * 1024;

/** Limits on what one inspection may read, whatever the headers say. */
const MAX_READS = 64;
const MAX_BYTES = 8 * 1024 * 1024;

type Signature = Exclude<DetectedFormat, 'raw' | 'mbr' | 'gpt'>;

// Formats that QEMU would recognise, by the bytes at their beginning.
const FOREIGN: readonly (readonly [name: string, magic: string])[] = [
  ['qcow', 'QFI\xfb\0\0\0\x01'],
  ['cow', 'OOOM'],
  ['parallels', 'WithoutFreeSpace'],
  ['parallels', 'WithouFreSpacExt'],
  ['bochs', 'Bochs Virtual HD Image'],
  ['cloop', '#!/bin/sh\n#V2.0 Format\nmodprobe cloop'],
];

function signatures(head: Buffer): Signature[] {
  const text = head.toString('latin1', 0, 64);
  const seen: Signature[] = [];
  if (isQcow2(head)) seen.push('qcow2');
  if (isVmdk(head)) seen.push('vmdk');
  if (isVdi(head)) seen.push('vdi');
  if (isVhdFooter(head)) seen.push('vhd');
  if (isVhdx(head)) seen.push('vhdx');
  if (text.startsWith('LUKS\xba\xbe')) seen.push('luks');
  if (text.startsWith('QED\0')) seen.push('qed');
  if (FOREIGN.some(([, magic]) => text.startsWith(magic))) seen.push('foreign');
  if (isIso(head)) seen.push('iso');
  return seen;
}

function isIso(head: Buffer): boolean {
  return head.toString('latin1', 32769, 32774) === 'CD001';
}

/** The whole inspection, as a parser that asks for bytes. `onSignature` is told early what the file seems to be. */
export function* inspection(onSignature?: (format: DetectedFormat) => void): Parser<ImageInspection> {
  const head = yield* bytesAt(0, HEAD_BYTES);
  const seen = signatures(head);
  const [only] = seen;
  if (only !== undefined) onSignature?.(only);
  if (seen.length > 1) return ambiguous(seen, (yield* tail(1)).size);
  const result = only === undefined ? undefined : yield* inspectAs(only, head);
  if (result !== undefined && result.format !== 'iso') return result;

  // A fixed VHD is raw data with a footer, so only the end tells.
  const end = yield* tail(512);
  if (isVhdFooter(end.bytes)) {
    return result === undefined
      ? yield* inspectVhd(end.bytes, false, end.size)
      : ambiguous(['iso', 'vhd'], end.size);
  }
  if (result !== undefined) return { ...result, virtualSize: end.size };
  const found = new Findings();
  found.size(BigInt(end.size));
  return found.result(partitionTable(head));
}

function* inspectAs(format: Signature, head: Buffer): Parser<ImageInspection> {
  switch (format) {
    case 'qcow2':
      return yield* inspectQcow2(head);
    case 'vmdk':
      return yield* inspectVmdk(head);
    case 'vdi':
      return inspectVdi(head);
    case 'vhd':
      return yield* inspectVhd(head.subarray(0, 512), true);
    case 'vhdx':
      return yield* inspectVhdx();
    case 'iso':
      return inspectIso(head);
    case 'luks':
      return refused(format, 'encrypted', 'it is encrypted with LUKS, which is not supported');
    case 'qed':
      return refused(
        format,
        'unsupported',
        'it has the format QED, which is not supported; convert it to qcow2',
      );
    case 'foreign': {
      const [name] = FOREIGN.find(([, magic]) => head.toString('latin1', 0, 64).startsWith(magic)) ?? [
        'unknown',
      ];
      return refused(
        format,
        'unsupported',
        `it has the format ${name}, which is not supported; convert it to qcow2`,
      );
    }
  }
}

function inspectIso(head: Buffer): ImageInspection {
  const found = new Findings();
  const volume = new Fields(head.subarray(32768), 'little');
  found.details['volumeBytes'] = volume.u32(80) * volume.u16(128);
  return found.result('iso');
}

function refused(format: DetectedFormat, check: SafetyProblem['check'], message: string): ImageInspection {
  const found = new Findings();
  found.refuse(check, message);
  return found.result(format);
}

function ambiguous(seen: readonly Signature[], size: number): ImageInspection {
  const names = seen.join(' and ');
  return {
    ...refused(
      'foreign',
      'ambiguous',
      `it is ${names} at the same time, so programs would disagree on what it holds`,
    ),
    virtualSize: size,
  };
}

function partitionTable(head: Buffer): 'raw' | 'mbr' | 'gpt' {
  const gptAt = (offset: number): boolean => head.toString('latin1', offset, offset + 8) === 'EFI PART';
  if (gptAt(512) || gptAt(4096)) return 'gpt';
  if (head.length < 512 || head.readUInt16LE(510) !== 0xaa55) return 'raw';
  // A boot sector of a bare file system has the same end; there the four entries are code or text.
  const entries = [446, 462, 478, 494].map((at) => ({ status: head[at] ?? 1, type: head[at + 4] ?? 0 }));
  const sound = entries.every(({ status }) => status === 0 || status === 0x80);
  return sound && entries.some(({ type }) => type !== 0) ? 'mbr' : 'raw';
}

/**
 * Judges a file of `size` bytes. Reads a few hundred KiB at most, in a bounded number of reads.
 *
 * @throws only what `reader` throws; a file of any content gives a result.
 */
export async function inspectImage(reader: RandomReader, size: number): Promise<ImageInspection> {
  const parser = inspection();
  const budget = new ReadBudget();
  for (let step = parser.next(); ;) {
    if (step.done === true) return step.value;
    const { offset, length } = step.value;
    if (!budget.take(length)) return ReadBudget.exceeded();
    const start = Math.min(offset < 0 ? Math.max(0, size + offset) : offset, size);
    const bytes = await reader(start, Math.min(length, size - start));
    step = parser.next({ bytes, size });
  }
}

/** {@link inspectImage} of an open file. */
export async function inspectFile(handle: FileHandle): Promise<ImageInspection> {
  const { size } = await handle.stat();
  return await inspectImage(async (offset, length) => {
    const buffer = Buffer.alloc(length);
    let filled = 0;
    while (filled < length) {
      const { bytesRead } = await handle.read(buffer, filled, length - filled, offset + filled);
      if (bytesRead === 0) break;
      filled += bytesRead;
    }
    return buffer.subarray(0, filled);
  }, size);
}

/** Bounds the work of one inspection. */
export class ReadBudget {
  #reads = 0;
  #bytes = 0;

  take(length: number): boolean {
    this.#reads += 1;
    this.#bytes += length;
    return this.#reads <= MAX_READS && this.#bytes <= MAX_BYTES;
  }

  static exceeded(): ImageInspection {
    return refused('foreign', 'header', 'its headers are too large to be honest');
  }
}

const ACCEPTED: Readonly<Record<DeclaredFormat, readonly DetectedFormat[]>> = {
  // A disk image in raw format holds whatever a disk holds; an ISO can be a disk too.
  raw: ['raw', 'mbr', 'gpt', 'iso'],
  iso: ['iso'],
  qcow2: ['qcow2'],
  vmdk: ['vmdk'],
  vdi: ['vdi'],
  vhd: ['vhd'],
  vhdx: ['vhdx'],
};

/**
 * Passes only an image that is what it is declared to be, and that is complete and sound in itself.
 *
 * @throws {UnsafeImageError}
 */
export function assertSafe(inspection: ImageInspection, declared: DeclaredFormat): void {
  const problem = inspection.safety[0];
  // What makes a foreign file foreign says more than that it is not of the declared format.
  if (inspection.format !== 'foreign' || problem === undefined) assertDeclared(inspection.format, declared);
  if (problem !== undefined)
    throw new UnsafeImageError(problem.check, `The image is refused: ${problem.message}.`);
}

/** @throws {UnsafeImageError} when content of this format must not be declared so. */
export function assertDeclared(detected: DetectedFormat, declared: DeclaredFormat): void {
  if (ACCEPTED[declared].includes(detected)) return;
  throw new UnsafeImageError(
    'mismatch',
    `The image is declared as ${declared}, but its content is ${detected}. ` +
      `Upload it with the disk format that it really has.`,
  );
}
