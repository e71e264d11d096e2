import type { ComputeSide } from '../../volume/face.ts';
import type { ComputeDeps } from '../deps.ts';
import { findServerVolume } from '../store/server-volume.ts';

/** What block storage asks of compute: volumes in running guests. */
export function volumeSide({ domains }: Pick<ComputeDeps, 'domains'>): ComputeSide {
  const isActive = async (serverId: string): Promise<boolean> => {
    const state = (await domains.status(serverId))?.powerState;
    return state === 'running' || state === 'paused';
  };
  return {
    serverOf: (db, attachmentId) => findServerVolume(db, attachmentId)?.server_id,
    copyAttached: async ({ serverId, target }, destination, signal, onProgress) => {
      if (!(await isActive(serverId))) return false;
      await domains.copyDisk(serverId, target, destination, { signal, onProgress });
      return true;
    },
    copyAttachedTogether: async (copies, signal, onProgress) => {
      const byServer = Map.groupBy(copies, ({ guest }) => guest.serverId);
      const copied: string[] = [];
      for (const [serverId, disks] of byServer) {
        if (!(await isActive(serverId))) continue;
        await domains.copyDisks(
          serverId,
          disks.map(({ guest, destination }) => ({ target: guest.target, destination })),
          {
            signal,
            onProgress: (fraction) => onProgress((copied.length + fraction * disks.length) / copies.length),
          },
        );
        copied.push(...disks.map(({ destination }) => destination));
      }
      return copied;
    },
    growAttached: async ({ serverId, target }, sizeBytes) => {
      if (!(await isActive(serverId))) return false;
      await domains.growDisk(serverId, target, sizeBytes);
      return true;
    },
  };
}
