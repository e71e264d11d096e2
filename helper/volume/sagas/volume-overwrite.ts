import { defineSaga, none, step, type StepContext } from '../../saga/index.ts';
import { GIB } from '../app/context.ts';
import { report } from '../app/report.ts';
import { updateSnapshot } from '../store/snapshot.ts';
import { updateVolume } from '../store/volume.ts';
import type { Disk, Placed } from '../driver/index.ts';
import { copyDisk, type VolumeServices } from './services.ts';

export interface VolumeRevertInput {
  readonly volumeId: string;
  readonly projectId: string;
  readonly snapshotId: string;
  readonly snapshot: Disk;
  readonly disk: Placed;
  readonly sizeGib: number;
}

type Services = VolumeServices;

const settle = (ctx: StepContext<Services>, volumeId: string, status: string): void => {
  updateVolume(ctx.db, volumeId, { status, previous_status: null, updated_at: ctx.now() });
};

const replaced = none(
  'the content is exchanged as a whole and at once; what it was is gone, as was asked for',
);

/** Gives a volume the content of its latest snapshot. */
export const volumeRevert = defineSaga<VolumeRevertInput, Services>({
  name: 'volume-revert',
  title: 'Revert volume to snapshot',
  service: 'volume',
  resource: ({ volumeId }) => ({ type: 'volume', id: volumeId }),
  locks: ({ volumeId, snapshotId }) => [`volume:${volumeId}`, `volume-snapshot:${snapshotId}`],
  steps: [
    step({
      name: 'exchange disk',
      kind: 'host',
      concurrency: 'disk',
      action: (ctx, { snapshot, disk, sizeGib }) =>
        copyDisk(ctx, { ...snapshot, guest: null }, disk, sizeGib * GIB),
      undo: replaced,
    }),
  ],
  onFinished: (ctx, { volumeId, snapshotId }) => {
    settle(ctx, volumeId, 'available');
    updateSnapshot(ctx.db, snapshotId, { status: 'available', updated_at: ctx.now() });
  },
  onFailed: (ctx, { volumeId, projectId, snapshotId }, error) => {
    settle(ctx, volumeId, 'error');
    updateSnapshot(ctx.db, snapshotId, { status: 'available', updated_at: ctx.now() });
    report(ctx.db, {
      projectId,
      requestId: ctx.requestId,
      resource: 'VOLUME',
      resourceId: volumeId,
      action: 'revert volume to snapshot',
      detail: error.message,
      now: ctx.now(),
    });
  },
  onCancelled: (ctx, { volumeId, snapshotId }) => {
    settle(ctx, volumeId, 'available');
    updateSnapshot(ctx.db, snapshotId, { status: 'available', updated_at: ctx.now() });
  },
});

export interface VolumeReimageInput {
  readonly volumeId: string;
  readonly projectId: string;
  readonly imageId: string;
  /** Opens the image's data where they came from an encrypted volume. */
  readonly imageKeyId?: string | null;
  readonly disk: Placed;
  readonly sizeGib: number;
  readonly previousStatus: string;
}

/** Gives a volume the content of an image. */
export const volumeReimage = defineSaga<VolumeReimageInput, Services>({
  name: 'volume-reimage',
  title: 'Write image to volume',
  service: 'volume',
  resource: ({ volumeId }) => ({ type: 'volume', id: volumeId }),
  locks: ({ volumeId }) => [`volume:${volumeId}`],
  steps: [
    step({
      name: 'keep image',
      kind: 'sql',
      action: ({ db, services }, { volumeId, imageId }) => services.image.leaseBase(db, imageId, volumeId),
      undo: ({ db, services }, { volumeId }) => services.image.releaseBase(db, volumeId),
    }),
    step({
      name: 'exchange disk',
      kind: 'host',
      concurrency: 'disk',
      action: async (ctx, { imageId, imageKeyId, disk, sizeGib }) => {
        const base = await ctx.services.image.ensureBase(imageId, ctx.signal, (fraction) =>
          ctx.progress(fraction / 2, 'preparing the image'),
        );
        const source = { path: base.path, format: base.format, keyId: imageKeyId ?? null, guest: null };
        await copyDisk(ctx, source, disk, sizeGib * GIB);
      },
      undo: replaced,
    }),
    step({
      name: 'release image',
      kind: 'sql',
      action: ({ db, services }, { volumeId }) => services.image.releaseBase(db, volumeId),
      undo: none('what was kept is given back in either case'),
    }),
  ],
  onFinished: (ctx, { volumeId, previousStatus }) => settle(ctx, volumeId, previousStatus),
  onFailed: (ctx, { volumeId, projectId }, error) => {
    settle(ctx, volumeId, 'error');
    report(ctx.db, {
      projectId,
      requestId: ctx.requestId,
      resource: 'VOLUME',
      resourceId: volumeId,
      action: 'reimage volume',
      detail: error.message,
      now: ctx.now(),
    });
  },
  onCancelled: (ctx, { volumeId, previousStatus }) => settle(ctx, volumeId, previousStatus),
});
