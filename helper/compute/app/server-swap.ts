import { randomUUID } from 'node:crypto';
import { badRequest } from '../../errors/error.ts';
import type { Caller } from '../../http/index.ts';
import type { ComputeDeps } from '../deps.ts';
import { diskBus } from '../sagas/domain-disks.ts';
import { serverSwapVolume } from '../sagas/server-swap-volume.ts';
import { diskOfVolume } from '../sagas/volume-disks.ts';
import { imagePropertiesOfRow } from '../store/server-row.ts';
import { volumesOf, type ServerVolumeRow } from '../store/server-volume.ts';
import { beginAction } from './begin-action.ts';
import type { ServerTarget } from './server.ts';

/**
 * Gives a server another volume in place of one that it has, with its content; what is to become of the volume with the
 * server, its tag and its device stay.
 * @throws {CloudError} as nova: notFound for the old volume, badRequest for a new one that there is not, or that is in
 * use or smaller; conflict for a server that is not active, paused or resized.
 */
export function swapVolume(
  deps: ComputeDeps,
  caller: Caller,
  { row: { id: serverId } }: ServerTarget,
  ids: { readonly old: string; readonly next: string },
): void {
  const { db, volume } = deps;
  volume.requireSwappable(caller.auth, ids);
  beginAction(deps, caller, serverId, {
    action: 'swap_volume',
    task: null,
    saga: serverSwapVolume,
    input: (row) => {
      const old = volumesOf(db, serverId).find((one) => one.volume_id === ids.old);
      if (old === undefined)
        throw badRequest('Invalid volume: Old volume is attached to a different instance.');
      const next: ServerVolumeRow = { ...old, attachment_id: randomUUID(), volume_id: ids.next };
      const grownBytes = volume.beginSwap(caller.auth, {
        serverId,
        from: old.attachment_id,
        to: next.attachment_id,
        volumeId: ids.next,
      });
      const bus = diskBus(imagePropertiesOfRow(row));
      const disk = diskOfVolume(deps, next, bus);
      if (grownBytes !== null && disk.source.kind !== 'file')
        throw badRequest(
          'Invalid volume: A volume that is exported by iSCSI, or is a device, takes the place of one of the same size only.',
        );
      return {
        serverId,
        old: { volume: old, disk: diskOfVolume(deps, old, bus) },
        next: { volume: next, disk },
        grownBytes,
      };
    },
  });
}
