import type { DiskFormat, DiskHost } from '../../host/disk/interface.ts';
import type { ImageFace } from '../../image/index.ts';
import type { HostContext } from '../../saga/index.ts';
import type { VolumeConfig } from '../app/context.ts';
import type { Pools } from '../app/pools.ts';
import type { ComputeSide, GuestDisk } from '../face.ts';

/** What the steps of this service's operations find in `ctx.services`. */
export interface VolumeServices {
  readonly disks: DiskHost;
  readonly image: Pick<ImageFace, 'leaseBase' | 'releaseBase' | 'ensureBase' | 'createFromDisk' | 'discard'>;
  readonly compute: () => ComputeSide;
  readonly pools: Pick<Pools, 'refresh' | 'states'>;
  readonly config: VolumeConfig;
  /** Queues the removal of a file that nothing points to any more, in the transaction that is open. */
  readonly removeFile: (volumeId: string, path: string) => void;
}

export interface Disk {
  readonly path: string;
  readonly format: DiskFormat;
}

/** A disk to copy, and the guest that may be writing to it. */
export interface SourceDisk extends Disk {
  readonly guest: GuestDisk | null;
}

/** Where the copy of a running guest's disk is, before it gets the format that is wanted. */
const livePath = (path: string): string => `${path}.live`;

/** Makes an independent copy of a disk, also while a guest writes to it: as it was at one moment. */
export async function copyDisk(
  ctx: HostContext<VolumeServices>,
  source: SourceDisk,
  destination: Disk & { readonly sizeBytes: number },
): Promise<void> {
  const { disks, compute } = ctx.services;
  const live = livePath(destination.path);
  const copied =
    source.guest !== null &&
    (await compute().copyAttached(source.guest, live, ctx.signal, (fraction) =>
      ctx.progress(fraction / 2, 'copying the disk of the running guest'),
    ));
  try {
    await disks.clone({
      source: copied ? live : source.path,
      sourceFormat: copied ? 'qcow2' : source.format,
      destination: destination.path,
      destinationFormat: destination.format,
      sizeBytes: destination.sizeBytes,
      onProgress: (fraction) => ctx.progress(copied ? 0.5 + fraction / 2 : fraction, 'copying'),
      signal: ctx.signal,
    });
  } finally {
    if (copied) await disks.remove(live);
  }
}

/** Takes back what {@link copyDisk} made, however far it came. */
export async function removeCopy(disks: DiskHost, path: string): Promise<void> {
  await disks.remove(livePath(path));
  await disks.remove(path);
}
