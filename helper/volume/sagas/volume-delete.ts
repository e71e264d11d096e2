import type { DiskFormat } from '../../host/disk/interface.ts';
import { defineSaga, none, step } from '../../saga/index.ts';
import { report } from '../app/report.ts';
import { deleteAttachmentsOf } from '../store/attachment.ts';
import { deleteSnapshot } from '../store/snapshot.ts';
import { deleteVolume, updateVolume } from '../store/volume.ts';
import { placedSnapshot, placedVolume } from '../driver/index.ts';
import type { VolumeServices } from './services.ts';

export interface VolumeDeleteInput {
  readonly volumeId: string;
  readonly projectId: string;
  /** Null when none was ever chosen. */
  readonly backend: string | null;
  /** Those that go with it. */
  readonly snapshots: readonly { readonly id: string; readonly backend: string }[];
}

const removeVolume = (
  { drivers }: VolumeServices,
  backend: string,
  id: string,
  format?: DiskFormat,
): Promise<void> => drivers.of(backend).remove(placedVolume(backend, id, format));

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
        for (const { id, backend } of snapshots)
          await services.drivers.of(backend).remove(placedSnapshot(backend, id));
      },
      undo: forward,
    }),
    step({
      name: 'remove disk',
      number: 50,
      kind: 'host',
      concurrency: 'disk',
      skip: (_ctx, { backend }) => (backend === null ? 'it never had one' : false),
      action: async ({ services }, { volumeId, backend }) => {
        if (backend === null) return;
        // What a client did not end (os-terminate_connection) ends with the volume.
        if (services.exports.isExported(volumeId)) await services.exports.remove(volumeId);
        await removeVolume(services, backend, volumeId);
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

export interface RemoveMovedInput {
  readonly volumeId: string;
  /** Which the volume has left. */
  readonly backend: string;
  /** As it was there. */
  readonly format: DiskFormat;
}

/** Removes a disk that a volume has left: what a move to another back end leaves behind. */
export const volumeRemoveMoved = defineSaga<RemoveMovedInput, VolumeServices>({
  name: 'volume-remove-moved',
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
      action: ({ services }, { volumeId, backend, format }) =>
        removeVolume(services, backend, volumeId, format),
      undo: forward,
    }),
  ],
});
