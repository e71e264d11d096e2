import { open } from 'node:fs/promises';

const SECTOR = 512;
export const MIB = 1024 * 1024;

/** A partition of the disk under construction; sizes and places in MiB. */
export interface Partition {
  readonly startMiB: number;
  readonly sizeMiB: number;
  /** MBR type: 0x0e FAT16 with LBA, 0x83 Linux. */
  readonly type: number;
  readonly bootable: boolean;
  /** The file with the partition's content. */
  readonly content: string;
}

/**
 * Writes a raw disk image: boot code, an MBR partition table, and the partitions' content where it is not zero.
 * The disk signature is fixed, so that the same input gives the same bytes.
 */
export async function writeDisk(
  path: string,
  bootCode: Buffer,
  partitions: readonly Partition[],
  signature: number,
): Promise<void> {
  const sizeMiB = Math.max(...partitions.map(({ startMiB, sizeMiB }) => startMiB + sizeMiB));
  const disk = await open(path, 'w');
  try {
    await disk.truncate(sizeMiB * MIB);
    await disk.write(masterBootRecord(bootCode, partitions, signature), 0, SECTOR, 0);
    for (const partition of partitions) {
      const content = await open(partition.content);
      try {
        const buffer = Buffer.alloc(MIB);
        for (let at = 0; at < partition.sizeMiB; at += 1) {
          const { bytesRead } = await content.read(buffer, 0, MIB, at * MIB);
          if (bytesRead === 0) break;
          const piece = buffer.subarray(0, bytesRead);
          if (piece.some((byte) => byte !== 0)) {
            await disk.write(piece, 0, bytesRead, (partition.startMiB + at) * MIB);
          }
        }
      } finally {
        await content.close();
      }
    }
  } finally {
    await disk.close();
  }
}

function masterBootRecord(bootCode: Buffer, partitions: readonly Partition[], signature: number): Buffer {
  const record = Buffer.alloc(SECTOR);
  bootCode.copy(record, 0, 0, 440);
  record.writeUInt32LE(signature, 440);
  for (const [index, partition] of partitions.entries()) {
    const at = 446 + 16 * index;
    record[at] = partition.bootable ? 0x80 : 0;
    // Cylinder, head and sector at their ends: everything reads the sector numbers that follow instead.
    record.set([0xfe, 0xff, 0xff, partition.type, 0xfe, 0xff, 0xff], at + 1);
    record.writeUInt32LE((partition.startMiB * MIB) / SECTOR, at + 8);
    record.writeUInt32LE((partition.sizeMiB * MIB) / SECTOR, at + 12);
  }
  record.writeUInt16BE(0x55aa, 510);
  return record;
}
