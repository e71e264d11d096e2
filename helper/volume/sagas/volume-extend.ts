import { defineSaga, none, step, type StepContext } from '../../saga/index.ts';
import { GIB } from '../app/context.ts';
import { encryptedBy } from '../app/key.ts';
import { report } from '../app/report.ts';
import type { GuestDisk } from '../face.ts';
import { findVolumeRow, updateVolume } from '../store/volume.ts';
import type { VolumeDisk, VolumeServices } from './services.ts';

export interface VolumeExtendInput {
  readonly volumeId: string;
  readonly projectId: string;
  readonly disk: VolumeDisk;
  /** All that have it: of a multi-attach volume there may be several. */
  readonly guests: readonly GuestDisk[];
  readonly oldGib: number;
  readonly newGib: number;
  /** Whether the guest ran at the request: also after a crash it is known that a pause is not its owner's. */
  readonly resume?: boolean;
  readonly previousStatus: string;
}

/** What the undo has measured; the old size when nothing was begun. */
function sizeNow(ctx: StepContext<VolumeServices>, volumeId: string, oldGib: number): number {
  const row = findVolumeRow(ctx.db, volumeId);
  return row?.previous_status === null ? row.size : oldGib;
}

/** Makes a volume larger, also in a running guest. */
export const volumeExtend = defineSaga<VolumeExtendInput, VolumeServices>({
  name: 'volume-extend',
  title: 'Extend volume',
  service: 'volume',
  resource: ({ volumeId }) => ({ type: 'volume', id: volumeId }),
  locks: ({ volumeId, guests }) => [
    `volume:${volumeId}`,
    ...guests.map(({ serverId }) => `server:${serverId}`),
  ],
  steps: [
    step({
      name: 'grow disk',
      kind: 'host',
      concurrency: 'disk',
      action: async ({ db, services }, { disk, newGib, resume }) => {
        const { guest, backend } = disk;
        const sizeBytes = newGib * GIB;
        const { encryption } = encryptedBy(db, disk.keyId);
        const driver = services.drivers.of(backend);
        const compute = services.compute();
        if (services.exports.isExported(disk.id)) {
          // The disk is the target daemon's: the emulator can only look at its size again.
          await driver.extend(disk, sizeBytes, encryption);
          const look = () => services.exports.grow(disk.id);
          if (guest === null) return look();
          await compute.whilePaused(guest, resume === true, look);
          await compute.growAttached(guest, sizeBytes);
          return;
        }
        // A device is made larger by the host, and the emulator is told of it.
        if (driver.connection(disk.id).kind === 'block') await driver.extend(disk, sizeBytes, encryption);
        const live = guest !== null && (await compute.growAttached(guest, sizeBytes));
        if (!live) await driver.extend(disk, sizeBytes, encryption);
      },
      // A guest may have seen the new size and used it, so the disk is not cut: the volume says what it is now.
      undo: async (ctx, { volumeId, disk, oldGib }) => {
        const { path, format } = disk;
        const size = await ctx.services.disks.info({ path, format }).then(
          ({ virtualSize }) => Math.floor(virtualSize / GIB),
          () => oldGib,
        );
        updateVolume(ctx.db, volumeId, { size, previous_status: null, updated_at: ctx.now() });
      },
    }),
    step({
      name: 'extend volume',
      kind: 'host',
      service: 'compute',
      skip: (_ctx, { guests }) => (guests.length === 0 ? 'no server has it' : false),
      action: async ({ services }, { guests, newGib }) => {
        for (const guest of guests) await services.compute().growAttached(guest, newGib * GIB);
      },
      undo: none('the guests that were told keep what they know'),
    }),
  ],
  onFinished: (ctx, { volumeId, newGib, previousStatus }) => {
    ctx.services.compute().finishAction(ctx.db, ctx.operationId, null, ctx.now());
    updateVolume(ctx.db, volumeId, {
      status: previousStatus,
      previous_status: null,
      size: newGib,
      updated_at: ctx.now(),
    });
  },
  onFailed: (ctx, { volumeId, projectId, oldGib }, error) => {
    ctx.services.compute().finishAction(ctx.db, ctx.operationId, 'Error', ctx.now());
    updateVolume(ctx.db, volumeId, {
      status: 'error_extending',
      size: sizeNow(ctx, volumeId, oldGib),
      previous_status: null,
      updated_at: ctx.now(),
    });
    report(ctx.db, {
      projectId,
      requestId: ctx.requestId,
      resource: 'VOLUME',
      resourceId: volumeId,
      action: 'extend volume',
      detail: error.message,
      now: ctx.now(),
    });
  },
  onCancelled: (ctx, { volumeId, oldGib, previousStatus }) => {
    ctx.services.compute().finishAction(ctx.db, ctx.operationId, 'Error', ctx.now());
    updateVolume(ctx.db, volumeId, {
      status: previousStatus,
      size: sizeNow(ctx, volumeId, oldGib),
      previous_status: null,
      updated_at: ctx.now(),
    });
  },
});
