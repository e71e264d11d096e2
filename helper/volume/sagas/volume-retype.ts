import { conflict } from '../../errors/error.ts';
import { defineSaga, step, type StepContext } from '../../saga/index.ts';
import { GIB, poolName } from '../app/context.ts';
import { report } from '../app/report.ts';
import { findVolumeRow, updateVolume } from '../store/volume.ts';
import { choosePool, readBackends } from './choose.ts';
import { placedVolume, type Disk } from '../driver/index.ts';
import { copyDisk, type VolumeServices } from './services.ts';

export interface VolumeRetypeInput {
  readonly volumeId: string;
  readonly projectId: string;
  readonly sizeGib: number;
  readonly zone: string | null;
  readonly extraSpecs: { readonly [key: string]: string };
  readonly oldTypeId: string;
  readonly newTypeId: string;
  readonly backend: string;
  readonly disk: Disk;
  readonly previousStatus: string;
  /** 'stay': only where the volume is; 'may-move'; or the back end to go to. */
  readonly movement:
    { readonly kind: 'stay' | 'may-move' } | { readonly kind: 'to'; readonly backend: string };
  readonly action: 'retype volume' | 'migrate volume';
}

type Services = VolumeServices;

/** Where the volume goes; undefined when it stays. */
function target(ctx: StepContext<Services>, input: VolumeRetypeInput): string | undefined {
  const chosen = findVolumeRow(ctx.db, input.volumeId)?.target_backend ?? input.backend;
  return chosen === input.backend ? undefined : chosen;
}

const back = (ctx: StepContext<Services>, input: VolumeRetypeInput, migration: string | null): void => {
  updateVolume(ctx.db, input.volumeId, {
    status: input.previousStatus,
    previous_status: null,
    target_backend: null,
    migration_status: migration,
    updated_at: ctx.now(),
  });
};

/** Gives a volume another type, and moves it to another back end where the type, or an administrator, wants that. */
export const volumeRetype = defineSaga<VolumeRetypeInput, Services>({
  name: 'volume-retype',
  title: 'Change type of volume',
  service: 'volume',
  resource: ({ volumeId }) => ({ type: 'volume', id: volumeId }),
  locks: ({ volumeId }) => [`volume:${volumeId}`],
  steps: [
    readBackends<VolumeRetypeInput>(),
    step({
      name: 'choose back end',
      number: 45,
      kind: 'sql',
      action: (ctx, input) => {
        const { volumeId, backend, movement, previousStatus, zone, extraSpecs } = input;
        // What is there already takes no more room.
        const stays = { sizeGib: 0, zone, extraSpecs, only: backend };
        let chosen: string;
        if (movement.kind === 'to')
          chosen = choosePool(ctx, { ...stays, sizeGib: input.sizeGib, only: movement.backend }).backend;
        else {
          try {
            chosen = choosePool(ctx, stays).backend;
          } catch (error) {
            if (movement.kind === 'stay')
              throw conflict(
                `The back end ${backend} cannot hold volumes of the new type, and the migration policy 'never' keeps the volume on it.`,
                { cause: error },
              );
            chosen = choosePool(ctx, { sizeGib: input.sizeGib, zone, extraSpecs }).backend;
          }
        }
        if (chosen !== backend && previousStatus === 'in-use')
          throw conflict(`A volume that a server uses stays on its back end; detach it first.`);
        updateVolume(ctx.db, volumeId, {
          target_backend: chosen,
          ...(chosen === backend ? {} : { migration_status: 'migrating' }),
          updated_at: ctx.now(),
        });
      },
      undo: (ctx, { volumeId }) => {
        updateVolume(ctx.db, volumeId, {
          target_backend: null,
          migration_status: null,
          updated_at: ctx.now(),
        });
      },
    }),
    step({
      name: 'copy disk',
      number: [46, 47],
      kind: 'host',
      concurrency: 'disk',
      skip: (ctx, input) => (target(ctx, input) === undefined ? 'it stays on its back end' : false),
      action: async (ctx, input) => {
        const backend = target(ctx, input);
        if (backend === undefined) return;
        const destination = placedVolume(backend, input.volumeId);
        await copyDisk(ctx, { ...input.disk, guest: null }, destination, input.sizeGib * GIB);
      },
      undo: async (ctx, input) => {
        const backend = target(ctx, input);
        if (backend === undefined) return;
        await ctx.services.drivers.of(backend).remove(placedVolume(backend, input.volumeId));
      },
    }),
    step({
      name: 'switch',
      kind: 'sql',
      action: (ctx, input) => {
        const backend = target(ctx, input) ?? input.backend;
        updateVolume(ctx.db, input.volumeId, {
          volume_type_id: input.newTypeId,
          backend,
          host: poolName(ctx.services.config.hostName, backend),
          ...(backend === input.backend ? {} : { format: ctx.services.drivers.of(backend).backend.format }),
          updated_at: ctx.now(),
        });
      },
      undo: (ctx, input) => {
        updateVolume(ctx.db, input.volumeId, {
          volume_type_id: input.oldTypeId,
          backend: input.backend,
          host: poolName(ctx.services.config.hostName, input.backend),
          format: input.disk.format,
          updated_at: ctx.now(),
        });
      },
    }),
  ],
  onFinished: (ctx, input) => {
    const moved = target(ctx, input) !== undefined;
    if (moved) ctx.services.removeMoved(input.volumeId, input.backend);
    back(ctx, input, moved ? 'success' : null);
  },
  onFailed: (ctx, input, error) => {
    back(ctx, input, input.action === 'migrate volume' ? 'error' : null);
    report(ctx.db, {
      projectId: input.projectId,
      requestId: ctx.requestId,
      resource: 'VOLUME',
      resourceId: input.volumeId,
      action: input.action,
      detail: error.message,
      now: ctx.now(),
    });
  },
  onCancelled: (ctx, input) => back(ctx, input, null),
});
