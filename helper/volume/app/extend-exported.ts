import { badRequest } from '../../errors/error.ts';
import type { Volume } from '../store/volume.ts';
import type { VolumeContext } from './context.ts';

/**
 * The target daemon opens a disk that has grown anew, and nobody may write to it meanwhile: one server's guest is paused
 * for a moment, others cannot be.
 * @throws {CloudError} badRequest for a volume in use that others reach, too.
 */
export function refuseSharedExport({ db, exports, compute }: VolumeContext, volume: Volume): void {
  if (!exports.isExported(volume.id)) return;
  const [first, ...others] = volume.attachments;
  const own = first !== undefined && compute().serverOf(db, first.id) !== undefined;
  if (others.length > 0 || !own || exports.hasClients(volume.id))
    throw badRequest(
      `Invalid volume: Volume ${volume.id} is exported by iSCSI to several users, or to a host of its own, and cannot be extended while they may write to it. Detach it from all but one server, or extend it when it is available.`,
    );
}
