import { conflict } from '../../errors/error.ts';
import { defineSaga, none, step } from '../../saga/index.ts';
import { GIB } from '../app/context.ts';
import { encryptedBy } from '../app/key.ts';
import { report } from '../app/report.ts';
import { updateVolume } from '../store/volume.ts';
import { copyToFile, removeFileCopy, type SourceDisk, type VolumeServices } from './services.ts';

export interface VolumeUploadInput {
  readonly volumeId: string;
  readonly projectId: string;
  readonly imageId: string;
  readonly disk: SourceDisk;
  readonly sizeGib: number;
  /** Where a copy is made of a disk that a guest writes to. */
  readonly copyPath: string;
  readonly diskFormat: string;
  readonly previousStatus: string;
}

/** Fills an image, which was reserved with the request, with a volume's content. */
export const volumeUpload = defineSaga<VolumeUploadInput, VolumeServices>({
  name: 'volume-upload',
  title: 'Upload volume to image',
  service: 'volume',
  resource: ({ volumeId }) => ({ type: 'volume', id: volumeId }),
  locks: ({ volumeId, imageId }) => [`volume:${volumeId}`, `image:${imageId}`],
  steps: [
    step({
      name: 'copy disk',
      kind: 'host',
      concurrency: 'disk',
      skip: (_ctx, { disk }) => (disk.guest === null ? 'no server uses it' : false),
      action: (ctx, { disk, copyPath, sizeGib }) => copyToFile(ctx, disk, copyPath, sizeGib * GIB),
      undo: ({ services }, { copyPath }) => removeFileCopy(services.disks, copyPath),
    }),
    step({
      name: 'fill image',
      service: 'image',
      kind: 'host',
      concurrency: 'image',
      action: async (ctx, { imageId, disk, copyPath, diskFormat, sizeGib }) => {
        const source =
          disk.guest === null
            ? { path: disk.path, format: disk.format }
            : { path: copyPath, format: 'qcow2' as const };
        const { encryption } = encryptedBy(ctx.db, disk.keyId);
        const sizeBytes = sizeGib * GIB;
        const filled = await ctx.services.image.createFromDisk(
          imageId,
          { ...source, diskFormat, ...(encryption && { encrypted: { encryption, sizeBytes } }) },
          ctx.signal,
          (fraction) => ctx.progress(fraction, 'copying to the image'),
        );
        if (!filled) throw conflict(`The image ${imageId} was deleted while the volume was copied to it.`);
      },
      undo: none('the image goes with the failure'),
    }),
    step({
      name: 'remove copy',
      kind: 'host',
      skip: (_ctx, { disk }) => (disk.guest === null ? 'none was made' : false),
      action: ({ services }, { copyPath }) => services.disks.remove(copyPath),
      undo: none('it is gone'),
    }),
  ],
  onFinished: (ctx, { volumeId, previousStatus }) => {
    updateVolume(ctx.db, volumeId, { status: previousStatus, previous_status: null, updated_at: ctx.now() });
  },
  onFailed: (ctx, { volumeId, projectId, imageId, previousStatus }, error) => {
    ctx.services.image.discard(ctx.db, imageId);
    updateVolume(ctx.db, volumeId, {
      status: previousStatus,
      previous_status: null,
      updated_at: ctx.now(),
    });
    report(ctx.db, {
      projectId,
      requestId: ctx.requestId,
      resource: 'VOLUME',
      resourceId: volumeId,
      action: 'copy volume to image',
      detail: error.message,
      now: ctx.now(),
    });
  },
  onCancelled: (ctx, { volumeId, imageId, previousStatus }) => {
    ctx.services.image.discard(ctx.db, imageId);
    updateVolume(ctx.db, volumeId, {
      status: previousStatus,
      previous_status: null,
      updated_at: ctx.now(),
    });
  },
});
