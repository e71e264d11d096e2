import { notFound } from '../../errors/error.ts';
import { placedVolume } from '../driver/index.ts';
import type { GuestDisk } from '../face.ts';
import type { VolumeDisk } from '../sagas/services.ts';
import type { Volume } from '../store/volume.ts';
import type { VolumeContext } from './context.ts';

/** The guests that have the volume. */
export const guestsOf = ({ attachments }: Volume): readonly GuestDisk[] =>
  attachments.flatMap(({ instance_uuid: serverId, mountpoint }) =>
    serverId === null || mountpoint === null ? [] : [{ serverId, target: mountpoint.replace('/dev/', '') }],
  );

/** Where a volume's content is, and which server may be writing to it. @throws {CloudError} notFound without a disk. */
export function diskOf({ drivers }: VolumeContext, volume: Volume): VolumeDisk {
  if (volume.backend === null || volume.format === null)
    throw notFound(`Volume ${volume.id} has no disk yet.`);
  const placed = placedVolume(volume.backend, volume.id, volume.format);
  return {
    ...placed,
    ...drivers.local(placed),
    keyId: volume.encryption_key_id,
    guest: guestsOf(volume)[0] ?? null,
  };
}
