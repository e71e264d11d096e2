import { randomBytes } from 'node:crypto';
import type { StatePath } from '../../host/files/interface.ts';
import { instanceDirectory } from './domain-disks.ts';
import type { ServerServices } from './services.ts';

const PAGE = 4096;

const fileOf = (serverId: string, name: string): StatePath => [...instanceDirectory(serverId), name];

/** What mkswap writes: a guest can use such a disk at once (swapon). For pages of 4 KiB, which x86 has. */
export function swapHeader(sizeBytes: number, uuid: Uint8Array = randomBytes(16)): Buffer {
  const page = Buffer.alloc(PAGE);
  page.writeUInt32LE(1, 1024);
  page.writeUInt32LE(Math.floor(sizeBytes / PAGE) - 1, 1028);
  page.set(uuid, 1036);
  page.write('SWAPSPACE2', PAGE - 10, 'latin1');
  return page;
}

/** Makes a server's swap disk, formatted; one of the same size stays. */
export async function ensureSwapDisk(
  { files, disks }: ServerServices,
  serverId: string,
  sizeBytes: number,
): Promise<void> {
  const disk = fileOf(serverId, 'disk.swap');
  const path = files.absolute(disk);
  if ((await files.stat(disk)) !== undefined) {
    const { virtualSize } = await disks.info({ path, format: 'qcow2' });
    if (virtualSize === sizeBytes) return;
  }
  const header = fileOf(serverId, 'disk.swap.header');
  await files.write(header, swapHeader(sizeBytes));
  await disks.clone({
    source: files.absolute(header),
    sourceFormat: 'raw',
    destination: path,
    destinationFormat: 'qcow2',
    sizeBytes,
  });
  await files.remove(header);
}

/** Takes back what {@link ensureSwapDisk} has not finished. */
export const removeSwapHeader = ({ files }: ServerServices, serverId: string): Promise<void> =>
  files.remove(fileOf(serverId, 'disk.swap.header'));
