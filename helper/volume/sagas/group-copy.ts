import { defineSaga, none, step } from '../../saga/index.ts';
import { GIB, poolName } from '../app/context.ts';
import { placedVolume } from '../driver/index.ts';
import { updateGroup } from '../store/group.ts';
import { findVolumeRow, updateVolume } from '../store/volume.ts';
import { choosePool, readBackends } from './choose.ts';
import { copyTogether } from './copy-together.ts';
import { reportGroup } from './group.ts';
import type { SourceDisk, VolumeServices } from './services.ts';

/** A volume of the new group. */
export interface GroupCopyDisk {
  readonly volumeId: string;
  readonly sizeGib: number;
  readonly source: SourceDisk;
  /** Of the volume or snapshot that it is made of. */
  readonly lock: string;
}

export interface GroupCopyInput {
  readonly groupId: string;
  readonly projectId: string;
  /** That of what the group is made of. */
  readonly backend: string;
  readonly disks: readonly GroupCopyDisk[];
}

/** Makes a group of another one, or of a snapshot of one, with all its volumes. */
export const volumeGroupCopy = defineSaga<GroupCopyInput, VolumeServices>({
  name: 'volume-group-copy',
  title: 'Create volume group from another',
  service: 'volume',
  resource: ({ groupId }) => ({ type: 'volume-group', id: groupId }),
  locks: ({ groupId, disks }) => [
    `volume-group:${groupId}`,
    ...disks.flatMap(({ volumeId, lock }) => [`volume:${volumeId}`, lock]),
  ],
  steps: [
    readBackends<GroupCopyInput>(),
    step({
      name: 'check back end',
      number: 45,
      kind: 'sql',
      action: (ctx, { backend, disks }) => {
        const sizeGib = disks.reduce((sum, disk) => sum + disk.sizeGib, 0);
        choosePool(ctx, { sizeGib, zone: null, extraSpecs: {}, only: backend });
      },
      undo: none('only looks'),
    }),
    step({
      name: 'place volumes',
      kind: 'sql',
      action: (ctx, { backend, disks }) => {
        const { format } = ctx.services.drivers.of(backend).backend;
        const host = poolName(ctx.services.config.hostName, backend);
        for (const { volumeId } of disks)
          updateVolume(ctx.db, volumeId, {
            backend,
            format: findVolumeRow(ctx.db, volumeId)?.multiattach === 1 ? 'raw' : format,
            host,
            updated_at: ctx.now(),
          });
      },
      undo: (ctx, { disks }) => {
        for (const { volumeId } of disks)
          updateVolume(ctx.db, volumeId, {
            backend: null,
            format: null,
            host: null,
            updated_at: ctx.now(),
          });
      },
    }),
    step({
      name: 'copy disks',
      number: [46, 47],
      kind: 'host',
      concurrency: 'disk',
      action: (ctx, { backend, disks }) =>
        copyTogether(
          ctx,
          disks.map(({ volumeId, sizeGib, source }) => ({
            source,
            destination: placedVolume(
              backend,
              volumeId,
              findVolumeRow(ctx.db, volumeId)?.format ?? undefined,
            ),
            sizeBytes: sizeGib * GIB,
          })),
        ),
      undo: async ({ services }, { backend, disks }) => {
        for (const { volumeId } of disks)
          await services.drivers.of(backend).remove(placedVolume(backend, volumeId));
      },
    }),
  ],
  onFinished: (ctx, { groupId, disks }) => {
    const at = ctx.now();
    for (const { volumeId } of disks)
      updateVolume(ctx.db, volumeId, { status: 'available', launched_at: at, updated_at: at });
    updateGroup(ctx.db, groupId, { status: 'available', updated_at: at });
  },
  onFailed: (ctx, input, error) => {
    const at = ctx.now();
    for (const { volumeId } of input.disks)
      updateVolume(ctx.db, volumeId, { status: 'error', updated_at: at });
    updateGroup(ctx.db, input.groupId, { status: 'error', updated_at: at });
    reportGroup(ctx, input, 'create group', error.message);
  },
  onCancelled: (ctx, { groupId, disks }) => {
    const at = ctx.now();
    for (const { volumeId } of disks) updateVolume(ctx.db, volumeId, { status: 'error', updated_at: at });
    updateGroup(ctx.db, groupId, { status: 'error', updated_at: at });
  },
});
