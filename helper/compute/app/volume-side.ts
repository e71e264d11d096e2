import type { Db } from '../../db/index.ts';
import type { DomainDisk } from '../../host/domain/interface.ts';
import type { ComputeSide, ReachedDisk } from '../../volume/face.ts';
import type { ComputeDeps } from '../deps.ts';
import { diskBus } from '../sagas/domain-disks.ts';
import { ensureDomain } from '../sagas/ensure-domain.ts';
import { quiesceOf } from '../sagas/quiesce.ts';
import { diskOfVolume } from '../sagas/volume-disks.ts';
import { keepSecrets } from '../sagas/volume-secrets.ts';
import { finishServerAction, insertServerAction } from '../store/server-action.ts';
import { imagePropertiesOfRow } from '../store/server-row.ts';
import { findServerVolume, volumesOf } from '../store/server-volume.ts';
import { findServer } from '../store/server.ts';

/** What block storage asks of compute: volumes in running guests. */
export function volumeSide(deps: ComputeDeps): ComputeSide {
  const { db, domains, volume } = deps;
  const isActive = async (serverId: string): Promise<boolean> => {
    const state = (await domains.status(serverId))?.powerState;
    return state === 'running' || state === 'paused';
  };
  /** A server's volume as a disk that is elsewhere. */
  const moved = (db: Db, attachmentId: string, to: ReachedDisk) => {
    const row = findServerVolume(db, attachmentId);
    const server = row && findServer(db, row.server_id);
    if (server === undefined || row === undefined) return undefined;
    const disk = { ...diskOfVolume(deps, row, diskBus(imagePropertiesOfRow(server))), ...to };
    return { server, disk };
  };
  /** A copy of an encrypted disk has its key, which the hypervisor must know. */
  const encryptionOf = async (serverId: string, target: string): Promise<Pick<DomainDisk, 'encryption'>> => {
    const attachment = volumesOf(db, serverId).find((one) => one.target === target)?.attachment_id;
    const encryption = attachment === undefined ? undefined : volume.disk(attachment).encryption;
    if (attachment === undefined || encryption === undefined) return {};
    await keepSecrets(deps, [attachment]);
    return { encryption };
  };
  const quiet = (serverId: string) => {
    const server = findServer(db, serverId);
    return server === undefined ? {} : quiesceOf(imagePropertiesOfRow(server));
  };
  return {
    serverOf: (db, attachmentId) => findServerVolume(db, attachmentId)?.server_id,
    copyAttached: async ({ serverId, target }, destination, signal, onProgress) => {
      if (!(await isActive(serverId))) return false;
      const locked = await encryptionOf(serverId, target);
      await domains.copyDisk(serverId, target, destination, {
        signal,
        onProgress,
        ...locked,
        ...quiet(serverId),
      });
      return true;
    },
    copyAttachedTogether: async (copies, signal, onProgress) => {
      const byServer = Map.groupBy(copies, ({ guest }) => guest.serverId);
      const copied: string[] = [];
      for (const [serverId, disks] of byServer) {
        if (!(await isActive(serverId))) continue;
        await domains.copyDisks(
          serverId,
          await Promise.all(
            disks.map(async ({ guest: { target }, destination }) => ({
              target,
              destination,
              ...(await encryptionOf(serverId, target)),
            })),
          ),
          {
            signal,
            ...quiet(serverId),
            onProgress: (fraction) => onProgress((copied.length + fraction * disks.length) / copies.length),
          },
        );
        copied.push(...disks.map(({ destination }) => destination));
      }
      return copied;
    },
    mirrorAttached: async (db, attachmentId, to, options) => {
      const found = moved(db, attachmentId, to);
      return found !== undefined && domains.mirrorDisk(found.server.id, found.disk, options);
    },
    turnAttached: async (db, attachmentId, to) => {
      const found = moved(db, attachmentId, to);
      if (found === undefined) return;
      const { server, disk } = found;
      await domains.turnDisk(server.id, disk);
      // One that is on no host gets its disks with its domain.
      if (server.host !== null) await ensureDomain(deps, db, server.id);
    },
    beginAction: (db, action) => {
      if (findServer(db, action.serverId) !== undefined) insertServerAction(db, action);
    },
    finishAction: (db, operationId, message, at) => finishServerAction(db, operationId, message, at),
    isActive: (db, serverId) => findServer(db, serverId)?.vm_state === 'active',
    whilePaused: async ({ serverId }, resume, work) => {
      if (!(await isActive(serverId))) return work();
      await domains.suspend(serverId);
      try {
        await work();
      } finally {
        if (resume) await domains.resume(serverId);
      }
    },
    growAttached: async ({ serverId, target }, sizeBytes) => {
      if (!(await isActive(serverId))) return false;
      await domains.growDisk(serverId, target, sizeBytes);
      return true;
    },
  };
}
