import { defineSaga, none, step } from '../../saga/index.ts';
import { GIB } from '../app/context.ts';
import { report } from '../app/report.ts';
import { updateVolume } from '../store/volume.ts';
import type { VolumeDisk, VolumeServices } from './services.ts';

export interface VolumeExtendInput {
  readonly volumeId: string;
  readonly projectId: string;
  readonly disk: VolumeDisk;
  readonly oldGib: number;
  readonly newGib: number;
  readonly previousStatus: string;
}

/** Makes a volume larger, also in a running guest. */
export const volumeExtend = defineSaga<VolumeExtendInput, VolumeServices>({
  name: 'volume-extend',
  title: 'Extend volume',
  service: 'volume',
  resource: ({ volumeId }) => ({ type: 'volume', id: volumeId }),
  locks: ({ volumeId, disk }) => [
    `volume:${volumeId}`,
    ...(disk.guest === null ? [] : [`server:${disk.guest.serverId}`]),
  ],
  steps: [
    step({
      name: 'grow disk',
      kind: 'host',
      concurrency: 'disk',
      action: async ({ services }, { disk, newGib }) => {
        const { guest, backend } = disk;
        const sizeBytes = newGib * GIB;
        const live = guest !== null && (await services.compute().growAttached(guest, sizeBytes));
        if (!live) await services.drivers.of(backend).extend(disk, sizeBytes);
      },
      undo: none(
        'a disk that is larger than the volume says harms nobody, and a guest may have seen its size',
      ),
    }),
  ],
  onFinished: (ctx, { volumeId, newGib, previousStatus }) => {
    updateVolume(ctx.db, volumeId, {
      status: previousStatus,
      previous_status: null,
      size: newGib,
      updated_at: ctx.now(),
    });
  },
  onFailed: (ctx, { volumeId, projectId, oldGib }, error) => {
    updateVolume(ctx.db, volumeId, {
      status: 'error_extending',
      previous_status: null,
      size: oldGib,
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
    updateVolume(ctx.db, volumeId, {
      status: previousStatus,
      previous_status: null,
      size: oldGib,
      updated_at: ctx.now(),
    });
  },
});
