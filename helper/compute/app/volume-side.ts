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
    growAttached: async ({ serverId, target }, sizeBytes) => {
      if (!(await isActive(serverId))) return false;
      await domains.growDisk(serverId, target, sizeBytes);
      return true;
    },
  };
}
