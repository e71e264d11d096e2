import { conflict } from '../../errors/error.ts';
import { defineSaga, none, step, type StepContext } from '../../saga/index.ts';
import { GIB } from '../app/context.ts';
import { placedSnapshot } from '../driver/index.ts';
import { report, type MessageAction } from '../app/report.ts';
import {
  deleteGroupSnapshot,
  setGroupSnapshotStatus,
  snapshotsOfGroupSnapshot,
} from '../store/group-snapshot.ts';
import { updateSnapshot } from '../store/snapshot.ts';
import { copyTogether } from './copy-together.ts';
import type { SourceDisk, VolumeServices } from './services.ts';

export interface GroupSnapshotCreateInput {
  readonly groupSnapshotId: string;
  readonly groupId: string;
  readonly projectId: string;
  readonly snapshots: readonly {
    readonly snapshotId: string;
    readonly volumeId: string;
    readonly source: SourceDisk;
    /** Of the volume, and of its snapshot. */
    readonly backend: string;
    readonly sizeGib: number;
  }[];
}

function reportIt(
  ctx: StepContext<VolumeServices>,
  { groupSnapshotId, projectId }: { readonly groupSnapshotId: string; readonly projectId: string },
  action: MessageAction,
  detail: string,
): void {
  report(ctx.db, {
    projectId,
    requestId: ctx.requestId,
    resource: 'VOLUME_GROUP_SNAPSHOT',
    resourceId: groupSnapshotId,
    action,
    detail,
    now: ctx.now(),
  });
}

function become(
  ctx: StepContext<VolumeServices>,
  { groupSnapshotId, snapshots }: GroupSnapshotCreateInput,
  status: 'available' | 'error',
): void {
  const at = ctx.now();
  for (const { snapshotId } of snapshots)
    updateSnapshot(ctx.db, snapshotId, {
      status,
      ...(status === 'available' ? { progress: '100%' } : {}),
      updated_at: at,
    });
  setGroupSnapshotStatus(ctx.db, groupSnapshotId, status, at);
}

/** Keeps the content of all volumes of a group as it is at one moment. */
export const volumeGroupSnapshotCreate = defineSaga<GroupSnapshotCreateInput, VolumeServices>({
  name: 'volume-group-snapshot-create',
  title: 'Create snapshot of volume group',
  service: 'volume',
  resource: ({ groupSnapshotId }) => ({ type: 'volume-group-snapshot', id: groupSnapshotId }),
  locks: ({ groupSnapshotId, groupId, snapshots }) => [
    `volume-group-snapshot:${groupSnapshotId}`,
    `volume-group:${groupId}`,
    ...snapshots.flatMap(({ snapshotId, volumeId }) => [
      `volume-snapshot:${snapshotId}`,
      `volume:${volumeId}`,
    ]),
  ],
  steps: [
    step({
      name: 'copy disks',
      kind: 'host',
      concurrency: 'disk',
      action: (ctx, { snapshots }) =>
        copyTogether(
          ctx,
          snapshots.map(({ snapshotId, source, backend, sizeGib }) => ({
            source,
            destination: placedSnapshot(backend, snapshotId),
            sizeBytes: sizeGib * GIB,
          })),
        ),
      undo: async ({ services }, { snapshots }) => {
        for (const { snapshotId, backend } of snapshots)
          await services.drivers.of(backend).remove(placedSnapshot(backend, snapshotId));
      },
    }),
  ],
  onFinished: (ctx, input) => become(ctx, input, 'available'),
  onFailed: (ctx, input, error) => {
    become(ctx, input, 'error');
    reportIt(ctx, input, 'create group snapshot', error.message);
  },
  onCancelled: (ctx, input) => become(ctx, input, 'error'),
});

export interface GroupSnapshotDeleteInput {
  readonly groupSnapshotId: string;
  readonly projectId: string;
  /** Their own deletions are queued before this one, which waits for them. */
  readonly snapshots: readonly string[];
}

/** Forgets a group snapshot once the snapshots that it consists of are gone. */
export const volumeGroupSnapshotDelete = defineSaga<GroupSnapshotDeleteInput, VolumeServices>({
  name: 'volume-group-snapshot-delete',
  title: 'Delete snapshot of volume group',
  service: 'volume',
  cancellable: false,
  resource: ({ groupSnapshotId }) => ({ type: 'volume-group-snapshot', id: groupSnapshotId }),
  locks: ({ groupSnapshotId, snapshots }) => [
    `volume-group-snapshot:${groupSnapshotId}`,
    ...snapshots.map((id) => `volume-snapshot:${id}`),
  ],
  steps: [
    step({
      name: 'forget group snapshot',
      kind: 'sql',
      action: ({ db }, { groupSnapshotId }) => {
        const left = snapshotsOfGroupSnapshot(db, groupSnapshotId);
        if (left.length > 0)
          throw conflict(
            `Snapshots could not be deleted: ${left.map(({ id }) => id).join(', ')}. Their own messages say why; delete the group snapshot again afterwards.`,
          );
        deleteGroupSnapshot(db, groupSnapshotId);
      },
      undo: none('deleting only goes forward'),
    }),
  ],
  onFailed: (ctx, input, error) => {
    setGroupSnapshotStatus(ctx.db, input.groupSnapshotId, 'error', ctx.now());
    reportIt(ctx, input, 'delete group snapshot', error.message);
  },
});
