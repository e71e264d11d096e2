import { createHash } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { GuestImage } from './project.ts';

/** A minimal qcow2 (version 3) of 1 MiB without data, for hosts on which nothing boots. */
export async function simulatedGuest(directory: string): Promise<GuestImage> {
  const cluster = 65536;
  const image = Buffer.alloc(cluster * 4);
  image.write('QFI\xfb', 'latin1');
  image.writeUInt32BE(3, 4);
  image.writeUInt32BE(16, 20);
  image.writeBigUInt64BE(1n << 20n, 24);
  image.writeUInt32BE(1, 36);
  image.writeBigUInt64BE(BigInt(cluster * 3), 40);
  image.writeBigUInt64BE(BigInt(cluster), 48);
  image.writeUInt32BE(1, 56);
  image.writeUInt32BE(4, 96);
  image.writeUInt32BE(104, 100);
  image.writeBigUInt64BE(BigInt(cluster * 2), cluster);
  for (let i = 0; i < 4; i++) image.writeUInt16BE(1, cluster * 2 + i * 2);
  await mkdir(directory, { recursive: true });
  const path = join(directory, 'simulated.qcow2');
  await writeFile(path, image);
  return { path, sha256: createHash('sha256').update(image).digest('hex'), minDiskGiB: 1, minRamMiB: 64 };
}
