import { open, stat } from 'node:fs/promises';
import { allocatedBytes, DiskFiles, emptyLayout, virtualSize } from './disk-files.ts';
import { assertPath, createFile, explained } from './publish.ts';
import {
  DiskError,
  type ConvertOptions,
  type DiskEncryption,
  type DiskFormat,
  type DiskHost,
  type DiskInfo,
  type WriteIntoOptions,
  type ImageFormat,
  type Measurement,
} from './interface.ts';
import { inspectFile } from './inspect/index.ts';
import { emptyQcow2, readQcow2Header } from './qcow2-writer.ts';
import { openForReading } from './device.ts';
import { MappedSource, type Range, type RawSource } from './raw.ts';

/**
 * A {@link DiskHost} without qemu-img, for the simulated host and fast tests. Its files are real and have real
 * headers and sizes; only the guest's data of a conversion between formats is not carried over.
 */
export class FakeDiskHost extends DiskFiles implements DiskHost {
  async convert(options: ConvertOptions): Promise<void> {
    const { source, destination, sourceFormat, destinationFormat } = options;
    assertPath(source);
    assertPath(destination);
    if (options.signal?.aborted === true)
      throw new DiskError('cancelled', `Work on ${destination} was cancelled`);
    const { sourceKey, encryption } = options;
    const sizeBytes =
      sourceKey !== undefined && (sourceFormat === 'raw' || sourceFormat === 'qcow2')
        ? await virtualSize(source, sourceFormat, true)
        : (await this.info({ path: source, format: sourceFormat })).virtualSize;
    if (destinationFormat !== 'raw' && destinationFormat !== 'qcow2') {
      throw new DiskError('invalid-argument', `The simulated host does not write ${destinationFormat}`);
    }
    await createFile(destination, emptyLayout(destinationFormat, sizeBytes, encryption));
    const plain = sourceKey === undefined && encryption === undefined;
    if (plain && sourceFormat === 'raw' && destinationFormat === 'raw') {
      await copyData(source, destination);
    }
    options.onProgress?.(1);
  }

  async writeInto(options: WriteIntoOptions): Promise<void> {
    const { source, sourceFormat, sourceKey, destination, zeroed, signal, onProgress } = options;
    assertPath(source);
    assertPath(destination);
    if (signal?.aborted === true) throw new DiskError('cancelled', `Work on ${destination} was cancelled`);
    const sizeBytes = await virtualSize(source, sourceFormat, sourceKey !== undefined);
    if (!zeroed) await overwriteWithZeros(destination, sizeBytes);
    if (sourceKey === undefined && sourceFormat === 'raw') await copyData(source, destination);
    onProgress?.(1);
  }

  async info({ path, format }: { path: string; format: ImageFormat }): Promise<DiskInfo> {
    assertPath(path);
    const allocated = await explained(path, () => allocatedBytes(path));
    if (format === 'raw') return { format, virtualSize: (await stat(path)).size, allocatedBytes: allocated };
    const handle = await open(path);
    try {
      const inspection = await inspectFile(handle);
      if (inspection.format !== format) throw new DiskError('tool', `${path} is not a ${format} disk`);
      const head = Buffer.alloc(4096);
      await handle.read(head, 0, head.length, 0);
      const { backing, backingFormat } = readQcow2Header(head) ?? {};
      return {
        format,
        virtualSize: inspection.virtualSize,
        allocatedBytes: allocated,
        ...(backing === undefined
          ? {}
          : {
              backing: { path: backing, ...(backingFormat === undefined ? {} : { format: backingFormat }) },
            }),
      };
    } finally {
      await handle.close();
    }
  }

  async measure(disk: {
    path: string;
    format: ImageFormat;
    destinationFormat: DiskFormat;
  }): Promise<Measurement> {
    const info = await this.info(disk);
    return { required: Math.min(info.allocatedBytes, info.virtualSize), fullyAllocated: info.virtualSize };
  }

  async openRaw({ path, format }: { path: string; format: DiskFormat }): Promise<RawSource> {
    assertPath(path);
    const sizeBytes = await virtualSize(path, format);
    const map = (range: Range) =>
      Promise.resolve([
        format === 'raw' ? { ...range, zero: false, offset: range.start } : { ...range, zero: true },
      ]);
    return new MappedSource({ handle: await openForReading(path), sizeBytes, map });
  }

  async flatten({ path }: { path: string }): Promise<void> {
    assertPath(path);
    await createFile(path, emptyQcow2({ sizeBytes: await virtualSize(path, 'qcow2') }));
  }

  protected async growQcow2(
    path: string,
    sizeBytes: number,
    encryption: DiskEncryption | undefined,
  ): Promise<void> {
    if (encryption !== undefined) {
      await createFile(path, emptyLayout('qcow2', sizeBytes, encryption));
      return;
    }
    const { backing } = await this.info({ path, format: 'qcow2' });
    const format = backing?.format === 'qcow2' ? 'qcow2' : 'raw';
    await createFile(
      path,
      emptyQcow2(
        backing === undefined ? { sizeBytes } : { sizeBytes, backing: { path: backing.path, format } },
      ),
    );
  }
}

const PIECE = 1024 * 1024;
const BLOCK = 4096;
const ZEROS = Buffer.alloc(PIECE);

/** Copies what is in a file into one of the same length, and leaves its holes out. */
async function copyData(source: string, destination: string): Promise<void> {
  const from = await open(source);
  const to = await open(destination, 'r+');
  try {
    const { size, blocks } = await from.stat();
    const piece = Buffer.alloc(PIECE);
    // Behind the last allocated block there is nothing to look for.
    for (let at = 0, left = blocks * 512; at < size && left > 0; at += PIECE) {
      const { bytesRead } = await from.read(piece, 0, PIECE, at);
      const data = piece.subarray(0, bytesRead);
      if (data.equals(ZEROS.subarray(0, bytesRead))) continue;
      for (let block = 0; block < bytesRead; block += BLOCK) {
        const part = data.subarray(block, block + BLOCK);
        if (part.equals(ZEROS.subarray(0, part.length))) continue;
        await to.write(part, 0, part.length, at + block);
        left -= BLOCK;
      }
    }
  } finally {
    await from.close();
    await to.close();
  }
}

async function overwriteWithZeros(path: string, length: number): Promise<void> {
  const file = await open(path, 'r+');
  try {
    const { size } = await file.stat();
    if (length >= size) {
      await file.truncate(0);
      await file.truncate(size);
      return;
    }
    const piece = Buffer.alloc(PIECE);
    for (let at = 0; at < length; at += PIECE) {
      const { bytesRead } = await file.read(piece, 0, Math.min(PIECE, length - at), at);
      // What is a hole stays one.
      if (!piece.subarray(0, bytesRead).equals(ZEROS.subarray(0, bytesRead)))
        await file.write(ZEROS, 0, bytesRead, at);
    }
  } finally {
    await file.close();
  }
}
