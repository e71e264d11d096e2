import { defineSaga, none, step } from '../../saga/index.ts';
import { GIB } from '../app/context.ts';
import { report } from '../app/report.ts';
import { placedSnapshot, placedVolume, type Placed } from '../driver/index.ts';
import { deleteAttachmentsOf } from '../store/attachment.ts';
import { deleteSnapshot, updateSnapshot } from '../store/snapshot.ts';
import { deleteVolume, updateVolume } from '../store/volume.ts';
import type { VolumeServices } from './services.ts';

interface Taking {
  readonly projectId: string;
  readonly backend: string;
  /** The disk, as the back end shows it. */
  readonly name: string;
  readonly sizeGib: number;
}

export interface VolumeManageInput extends Taking {
  readonly volumeId: string;
}

export interface SnapshotManageInput extends Taking {
  readonly snapshotId: string;
  readonly volumeId: string;
}

/** Makes a disk that the back end has that of a volume or snapshot, and as large as the next whole GiB. */
const takeDisk = <Input extends Taking>(placedOf: (input: Input) => Placed) =>
  step<Input, VolumeServices>({
    name: 'take disk',
    kind: 'host',
    concurrency: 'disk',
    action: async (ctx, input) => {
      const driver = ctx.services.drivers.of(input.backend);
      await driver.foreign?.take(input.name, placedOf(input));
      await driver.extend(placedOf(input), input.sizeGib * GIB);
    },
    undo: async ({ services }, input) => {
      await services.drivers.of(input.backend).foreign?.giveBack(input.name, placedOf(input));
    },
  });

/** Takes in a volume that was made elsewhere. */
export const volumeManage = defineSaga<VolumeManageInput, VolumeServices>({
  name: 'volume-manage',
  title: 'Manage existing volume',
  service: 'volume',
  resource: ({ volumeId }) => ({ type: 'volume', id: volumeId }),
  locks: ({ volumeId, backend, name }) => [`volume:${volumeId}`, `volume-disk:${backend}/${name}`],
  steps: [takeDisk<VolumeManageInput>(({ backend, volumeId }) => placedVolume(backend, volumeId))],
  onFinished: (ctx, { volumeId }) => {
    updateVolume(ctx.db, volumeId, { status: 'available', launched_at: ctx.now(), updated_at: ctx.now() });
  },
  onFailed: (ctx, { volumeId, projectId }, error) => {
    updateVolume(ctx.db, volumeId, { status: 'error_managing', updated_at: ctx.now() });
    report(ctx.db, {
      projectId,
      requestId: ctx.requestId,
      resource: 'VOLUME',
      resourceId: volumeId,
      action: 'manage existing volume',
      detail: error.message,
      now: ctx.now(),
    });
  },
  onCancelled: (ctx, { volumeId }) => {
    updateVolume(ctx.db, volumeId, { status: 'error_managing', updated_at: ctx.now() });
  },
});

/** Takes in a snapshot that was made elsewhere. */
export const volumeSnapshotManage = defineSaga<SnapshotManageInput, VolumeServices>({
  name: 'volume-snapshot-manage',
  title: 'Manage existing snapshot',
  service: 'volume',
  resource: ({ snapshotId }) => ({ type: 'volume-snapshot', id: snapshotId }),
  locks: ({ snapshotId, volumeId, backend, name }) => [
    `volume-snapshot:${snapshotId}`,
    `volume:${volumeId}`,
    `volume-disk:${backend}/${name}`,
  ],
  steps: [takeDisk<SnapshotManageInput>(({ backend, snapshotId }) => placedSnapshot(backend, snapshotId))],
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
      action: 'manage existing snapshot',
      detail: error.message,
      now: ctx.now(),
    });
  },
  onCancelled: (ctx, { snapshotId }) => {
    updateSnapshot(ctx.db, snapshotId, { status: 'error', updated_at: ctx.now() });
  },
});

const forward = none('what is forgotten can be taken in again');

/** Forgets a volume; its disk stays on the back end under the volume's name. */
export const volumeUnmanage = defineSaga<{ readonly volumeId: string }, VolumeServices>({
  name: 'volume-unmanage',
  title: 'Unmanage volume',
  service: 'volume',
  cancellable: false,
  resource: ({ volumeId }) => ({ type: 'volume', id: volumeId }),
  locks: ({ volumeId }) => [`volume:${volumeId}`],
  steps: [
    step({
      name: 'forget volume',
      kind: 'sql',
      action: ({ db, services }, { volumeId }) => {
        deleteAttachmentsOf(db, volumeId);
        deleteVolume(db, volumeId);
        services.image.releaseBase(db, volumeId);
      },
      undo: forward,
    }),
  ],
});

/** The same of a snapshot. */
export const volumeSnapshotUnmanage = defineSaga<{ readonly snapshotId: string }, VolumeServices>({
  name: 'volume-snapshot-unmanage',
  title: 'Unmanage snapshot',
  service: 'volume',
  cancellable: false,
  resource: ({ snapshotId }) => ({ type: 'volume-snapshot', id: snapshotId }),
  locks: ({ snapshotId }) => [`volume-snapshot:${snapshotId}`],
  steps: [
    step({
      name: 'forget snapshot',
      kind: 'sql',
      action: ({ db }, { snapshotId }) => deleteSnapshot(db, snapshotId),
      undo: forward,
    }),
  ],
});
