import { defineSaga, none, step } from '../../saga/index.ts';
import { report } from '../app/report.ts';
import { deleteAttachmentsOf } from '../store/attachment.ts';
import { deleteSnapshot } from '../store/snapshot.ts';
import { deleteVolume, updateVolume } from '../store/volume.ts';
import type { VolumeServices } from './services.ts';

export interface VolumeDeleteInput {
  readonly volumeId: string;
  readonly projectId: string;
  /** Null when no back end was ever chosen. */
  readonly path: string | null;
  /** Those that go with it. */
  readonly snapshots: readonly { readonly id: string; readonly path: string }[];
}

const forward = none('deleting only goes forward');

/** Removes a volume for good, with its snapshots where that was asked for. */
export const volumeDelete = defineSaga<VolumeDeleteInput, VolumeServices>({
  name: 'volume-delete',
  title: 'Delete volume',
  service: 'volume',
  cancellable: false,
  resource: ({ volumeId }) => ({ type: 'volume', id: volumeId }),
  locks: ({ volumeId, snapshots }) => [
    `volume:${volumeId}`,
    ...snapshots.map(({ id }) => `volume-snapshot:${id}`),
  ],
  steps: [
    step({
      name: 'remove snapshots',
      kind: 'host',
      concurrency: 'disk',
      skip: (_ctx, { snapshots }) => (snapshots.length > 0 ? false : 'there are none to go with it'),
      action: async ({ services }, { snapshots }) => {
        for (const { path } of snapshots) await services.disks.remove(path);
      },
      undo: forward,
    }),
    step({
      name: 'remove disk',
      number: 50,
      kind: 'host',
      concurrency: 'disk',
      skip: (_ctx, { path }) => (path === null ? 'it never had one' : false),
      action: async ({ services }, { path }) => {
        if (path !== null) await services.disks.remove(path);
      },
      undo: forward,
    }),
    step({
      name: 'forget volume',
      kind: 'sql',
      action: ({ db, services }, { volumeId, snapshots }) => {
        for (const { id } of snapshots) deleteSnapshot(db, id);
        deleteAttachmentsOf(db, volumeId);
        deleteVolume(db, volumeId);
        services.image.releaseBase(db, volumeId);
      },
      undo: forward,
    }),
  ],
  onFailed: (ctx, { volumeId, projectId }, error) => {
    updateVolume(ctx.db, volumeId, { status: 'error_deleting', updated_at: ctx.now() });
    report(ctx.db, {
      projectId,
      requestId: ctx.requestId,
      resource: 'VOLUME',
      resourceId: volumeId,
      action: 'delete volume',
      detail: error.message,
      now: ctx.now(),
    });
  },
});

export interface FileRemoveInput {
  readonly volumeId: string;
  readonly path: string;
}

/** Removes a disk that a volume has left: what a move to another back end leaves behind. */
export const volumeFileRemove = defineSaga<FileRemoveInput, VolumeServices>({
  name: 'volume-file-remove',
  title: 'Remove a disk that was moved',
  service: 'volume',
  cancellable: false,
  resource: ({ volumeId }) => ({ type: 'volume', id: volumeId }),
  locks: ({ volumeId }) => [`volume:${volumeId}`],
  steps: [
    step({
      name: 'remove disk',
      kind: 'host',
      concurrency: 'disk',
      action: ({ services }, { path }) => services.disks.remove(path),
      undo: forward,
    }),
  ],
});
