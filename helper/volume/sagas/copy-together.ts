import type { HostContext } from '../../saga/index.ts';
import type { Placed } from '../driver/index.ts';
import { encryptionOfStored } from '../app/key.ts';
import { openedBy, type SourceDisk, type VolumeServices } from './services.ts';

export interface DiskCopy {
  readonly source: SourceDisk;
  readonly destination: Placed;
  readonly sizeBytes: number;
}

/**
 * Makes independent copies of several disks: those of one running guest as they were at one and the same moment. Disks
 * of several guests are of one moment for each guest. What no guest writes to does not change, so it fits to all. The
 * drivers' `remove` takes the copies back, however far they came.
 */
export async function copyTogether(
  ctx: HostContext<VolumeServices>,
  copies: readonly DiskCopy[],
): Promise<void> {
  const { disks, drivers, compute } = ctx.services;
  const liveOf = ({ destination }: DiskCopy): string =>
    drivers.of(destination.backend).scratch(destination, 'live');
  const attached = copies.flatMap((copy) =>
    copy.source.guest === null ? [] : [{ guest: copy.source.guest, destination: liveOf(copy) }],
  );
  const live =
    attached.length === 0
      ? []
      : await compute().copyAttachedTogether(attached, ctx.signal, (fraction) =>
          ctx.progress(fraction / 2, 'copying the disks of running guests'),
        );
  try {
    for (const [index, copy] of copies.entries()) {
      const { source, destination, sizeBytes } = copy;
      const path = liveOf(copy);
      const disk = live.includes(path)
        ? { path, format: 'qcow2' as const, keyId: source.keyId ?? null }
        : { path: source.path, format: source.format, keyId: source.keyId ?? null };
      await drivers.of(destination.backend).clone(destination, disk, {
        sizeBytes,
        ...openedBy(ctx.db, disk),
        ...encryptionOfStored(ctx.db, destination),
        signal: ctx.signal,
        onProgress: (fraction) => ctx.progress(0.5 + (index + fraction) / copies.length / 2, 'copying'),
      });
    }
  } finally {
    for (const path of live) await disks.remove(path);
  }
}
