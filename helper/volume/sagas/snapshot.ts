import { defineSaga, none, step } from '../../saga/index.ts';
import { GIB } from '../app/context.ts';
import { report } from '../app/report.ts';
import { deleteSnapshot, updateSnapshot } from '../store/snapshot.ts';
import { placedSnapshot } from '../driver/index.ts';
import { copyDisk, type SourceDisk, type VolumeServices } from './services.ts';

export interface SnapshotCreateInput {
  readonly snapshotId: string;
  readonly volumeId: string;
  readonly projectId: string;
  readonly source: SourceDisk;
  /** Of the volume, and of its snapshot. */
  readonly backend: string;
  readonly sizeGib: number;
}

const removeSnapshot = ({ drivers }: VolumeServices, backend: string, id: string): Promise<void> =>
  drivers.of(backend).remove(placedSnapshot(backend, id));

/** Keeps a volume's content as it is at one moment. */
export const volumeSnapshotCreate = defineSaga<SnapshotCreateInput, VolumeServices>({
  name: 'volume-snapshot-create',
  title: 'Create snapshot',
  service: 'volume',
  resource: ({ snapshotId }) => ({ type: 'volume-snapshot', id: snapshotId }),
  locks: ({ snapshotId, volumeId }) => [`volume-snapshot:${snapshotId}`, `volume:${volumeId}`],
  steps: [
    step({
      name: 'copy disk',
      kind: 'host',
      concurrency: 'disk',
      action: (ctx, { source, snapshotId, backend, sizeGib }) =>
        copyDisk(ctx, source, placedSnapshot(backend, snapshotId), sizeGib * GIB),
      undo: ({ services }, { snapshotId, backend }) => removeSnapshot(services, backend, snapshotId),
    }),
  ],
  onFinished: (ctx, { snapshotId }) => {
    updateSnapshot(ctx.db, snapshotId, { status: 'available', progress: '100%', updated_at: ctx.now() });
  },
  onFailed: (ctx, { snapshotId, projectId }, error) => {
    updateSnapshot(ctx.db, snapshotId, { status: 'error', updated_at: ctx.now() });
    report(ctx.db, {
      projectId,
      requestId: ctx.requestId,
      resource: 'VOLUME_SNAPSHOT',
      resourceId: snapshotId,
      action: 'create snapshot',
      detail: error.message,
      now: ctx.now(),
    });
  },
  onCancelled: (ctx, { snapshotId }) => {
    updateSnapshot(ctx.db, snapshotId, { status: 'error', updated_at: ctx.now() });
  },
});

export interface SnapshotDeleteInput {
  readonly snapshotId: string;
  readonly projectId: string;
  readonly backend: string;
}

const forward = none('deleting only goes forward');

export const volumeSnapshotDelete = defineSaga<SnapshotDeleteInput, VolumeServices>({
  name: 'volume-snapshot-delete',
  title: 'Delete snapshot',
  service: 'volume',
  cancellable: false,
  resource: ({ snapshotId }) => ({ type: 'volume-snapshot', id: snapshotId }),
  locks: ({ snapshotId }) => [`volume-snapshot:${snapshotId}`],
  steps: [
    step({
      name: 'remove disk',
      kind: 'host',
      concurrency: 'disk',
      action: ({ services }, { snapshotId, backend }) => removeSnapshot(services, backend, snapshotId),
      undo: forward,
    }),
    step({
      name: 'forget snapshot',
      kind: 'sql',
      action: ({ db }, { snapshotId }) => deleteSnapshot(db, snapshotId),
      undo: forward,
    }),
  ],
  onFailed: (ctx, { snapshotId, projectId }, error) => {
    updateSnapshot(ctx.db, snapshotId, { status: 'error_deleting', updated_at: ctx.now() });
    report(ctx.db, {
      projectId,
      requestId: ctx.requestId,
      resource: 'VOLUME_SNAPSHOT',
      resourceId: snapshotId,
      action: 'delete snapshot',
      detail: error.message,
      now: ctx.now(),
    });
  },
});
