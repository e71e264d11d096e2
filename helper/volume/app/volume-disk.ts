import { notFound } from '../../errors/error.ts';
import { placedVolume } from '../driver/index.ts';
import type { GuestDisk } from '../face.ts';
import type { VolumeDisk } from '../sagas/services.ts';
import type { Volume } from '../store/volume.ts';
import type { VolumeContext } from './context.ts';

/**
 * The guests that have the volume: those of which compute says so. What a client writes into an attachment may name
 * anybody's server, and what is done to a guest (copied, grown, paused) must not reach that one (S45).
 */
export const guestsOf = (
  { db, compute }: Pick<VolumeContext, 'db' | 'compute'>,
  { attachments }: Volume,
): readonly GuestDisk[] =>
  attachments.flatMap(({ id, mountpoint }) => {
    const serverId = compute().serverOf(db, id);
    return serverId === undefined || mountpoint === null
      ? []
      : [{ serverId, target: mountpoint.replace('/dev/', '') }];
  });

/** Where a volume's content is, and which server may be writing to it. @throws {CloudError} notFound without a disk. */
export function diskOf(context: VolumeContext, volume: Volume): VolumeDisk {
  if (volume.backend === null || volume.format === null)
    throw notFound(`Volume ${volume.id} has no disk yet.`);
  const placed = placedVolume(volume.backend, volume.id, volume.format);
  return {
    ...placed,
    ...context.drivers.local(placed),
    keyId: volume.encryption_key_id,
    guest: guestsOf(context, volume)[0] ?? null,
  };
}
