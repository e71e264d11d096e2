import type { DiskFormat } from '../../host/disk/interface.ts';
import { conflict } from '../../errors/error.ts';
import { defineSaga, step, type StepContext } from '../../saga/index.ts';
import { GIB, poolName } from '../app/context.ts';
import { encryptionOfStored } from '../app/key.ts';
import { report } from '../app/report.ts';
import { findVolumeRow, updateVolume } from '../store/volume.ts';
import { choosePool, readBackends } from './choose.ts';
import { formatOf, isMultiattach } from '../app/volume-request.ts';
import { placedVolume, type Disk, type Placed } from '../driver/index.ts';
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
  /** The guest that uses it, and by which attachment. */
  readonly guest: { readonly serverId: string; readonly attachmentId: string } | null;
  readonly multiattach: boolean;
  readonly previousStatus: string;
  /** 'stay': only where the volume is; 'may-move'; or the back end to go to. */
  readonly movement:
    { readonly kind: 'stay' | 'may-move' } | { readonly kind: 'to'; readonly backend: string };
  readonly action: 'retype volume' | 'migrate volume';
}

type Services = VolumeServices;

type Target = Placed & { readonly format: DiskFormat };

/** Where the volume goes; undefined when it stays as it is. */
function target(ctx: StepContext<Services>, input: VolumeRetypeInput): Target | undefined {
  const { volumeId, backend, extraSpecs, disk } = input;
  const chosen = findVolumeRow(ctx.db, volumeId)?.target_backend ?? backend;
  const wanted = formatOf(extraSpecs, ctx.services.drivers.of(chosen).backend);
  // A volume that is raw already may stay so.
  if (chosen === backend && (wanted === disk.format || disk.format === 'raw')) return undefined;
  return { ...placedVolume(chosen, volumeId, wanted), format: wanted };
}

/** As the guest reaches it. */
const reached = ({ services }: StepContext<Services>, { backend, id, format }: Target) => ({
  source: services.drivers.of(backend).connection(id, format),
  format,
});

/** Where the volume is before. */
const origin = ({ backend, volumeId, disk: { format } }: VolumeRetypeInput): Target => ({
  ...placedVolume(backend, volumeId, format),
  format,
});

const back = (ctx: StepContext<Services>, input: VolumeRetypeInput, migration: string | null): void => {
  updateVolume(ctx.db, input.volumeId, {
    status: input.previousStatus,
    previous_status: null,
    target_backend: null,
    migration_status: migration,
    updated_at: ctx.now(),
  });
};

/** The list of what was done to the server says how the exchange ended. */
const finishSwap = (
  ctx: StepContext<Services>,
  { guest }: VolumeRetypeInput,
  message: string | null,
): void => {
  if (guest !== null) ctx.services.compute().finishAction(ctx.db, ctx.operationId, message, ctx.now());
};

/** @throws {CloudError} conflict where no exchange under the guest is possible. */
function refuseMove(
  { services }: StepContext<Services>,
  { guest, disk, volumeId }: VolumeRetypeInput,
  to: string,
): void {
  if (services.exports.isExported(volumeId) || services.drivers.of(to).backend.export === 'iscsi')
    throw conflict(
      'A volume that a server uses moves neither from nor to a back end that exports by iSCSI; detach it first.',
    );
  if (disk.keyId != null)
    throw conflict('An encrypted volume that a server uses stays on its back end; detach it first.');
  if (guest === null)
    throw conflict(
      'A volume moves to another back end only while one server of this cloud uses it, or none; detach it from the others first.',
    );
}

/** Gives a volume another type, and moves it to another back end where the type, or an administrator, wants that. */
export const volumeRetype = defineSaga<VolumeRetypeInput, Services>({
  name: 'volume-retype',
  title: 'Change type of volume',
  service: 'volume',
  resource: ({ volumeId }) => ({ type: 'volume', id: volumeId }),
  locks: ({ volumeId, guest }) => [
    `volume:${volumeId}`,
    ...(guest === null ? [] : [`server:${guest.serverId}`]),
  ],
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
          chosen = choosePool(
            ctx,
            { ...stays, sizeGib: input.sizeGib, only: movement.backend },
            volumeId,
          ).backend;
        else {
          try {
            chosen = choosePool(ctx, stays, volumeId).backend;
          } catch (error) {
            if (movement.kind === 'stay')
              throw conflict(
                `The back end ${backend} cannot hold volumes of the new type, and the migration policy 'never' keeps the volume on it.`,
                { cause: error },
              );
            chosen = choosePool(ctx, { sizeGib: input.sizeGib, zone, extraSpecs }, volumeId).backend;
          }
        }
        if (chosen !== backend && previousStatus === 'in-use') refuseMove(ctx, input, chosen);
        if (input.guest !== null && chosen !== backend)
          ctx.services.compute().beginAction(ctx.db, {
            serverId: input.guest.serverId,
            action: 'swap_volume',
            requestId: ctx.requestId ?? ctx.operationId,
            userId: ctx.userId ?? '',
            projectId: ctx.projectId ?? input.projectId,
            operationId: ctx.operationId,
            at: ctx.now(),
          });
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
        const to = target(ctx, input);
        if (to === undefined) return;
        const { drivers, compute } = ctx.services;
        const sizeBytes = input.sizeGib * GIB;
        if (input.guest !== null) {
          await drivers.of(to.backend).createEmpty(to, sizeBytes, encryptionOfStored(ctx.db, to).encryption);
          const mirrored = await compute().mirrorAttached(
            ctx.db,
            input.guest.attachmentId,
            reached(ctx, to),
            {
              signal: ctx.signal,
              onProgress: (fraction) => ctx.progress(fraction, 'copying the disk of the running guest'),
            },
          );
          if (mirrored) return;
          ctx.note('the guest does not run: nobody writes to the volume while it is copied');
        }
        await copyDisk(ctx, { ...input.disk, guest: null }, to, sizeBytes);
      },
      undo: async (ctx, input) => {
        const to = target(ctx, input);
        if (to === undefined) return;
        if (input.guest !== null)
          await ctx.services
            .compute()
            .turnAttached(ctx.db, input.guest.attachmentId, reached(ctx, origin(input)));
        await ctx.services.drivers.of(to.backend).remove(to);
      },
    }),
    step({
      name: 'switch',
      kind: 'sql',
      action: (ctx, input) => {
        const { backend, format } = target(ctx, input) ?? origin(input);
        updateVolume(ctx.db, input.volumeId, {
          volume_type_id: input.newTypeId,
          multiattach: isMultiattach({ extra_specs: input.extraSpecs }) ? 1 : 0,
          backend,
          host: poolName(ctx.services.config.hostName, backend),
          format,
          updated_at: ctx.now(),
        });
      },
      undo: (ctx, input) => {
        updateVolume(ctx.db, input.volumeId, {
          volume_type_id: input.oldTypeId,
          multiattach: input.multiattach ? 1 : 0,
          backend: input.backend,
          host: poolName(ctx.services.config.hostName, input.backend),
          format: input.disk.format,
          updated_at: ctx.now(),
        });
      },
    }),
    step({
      name: 'exchange disk',
      kind: 'host',
      service: 'compute',
      skip: (ctx, input) =>
        input.guest === null || target(ctx, input) === undefined ? 'no guest is concerned' : false,
      action: async (ctx, input) => {
        const to = target(ctx, input);
        if (to === undefined || input.guest === null) return;
        await ctx.services.compute().turnAttached(ctx.db, input.guest.attachmentId, reached(ctx, to));
      },
      undo: async (ctx, input) => {
        if (input.guest === null || target(ctx, input) === undefined) return;
        await ctx.services
          .compute()
          .mirrorAttached(ctx.db, input.guest.attachmentId, reached(ctx, origin(input)), {
            signal: ctx.signal,
          });
      },
    }),
  ],
  onFinished: (ctx, input) => {
    const to = target(ctx, input);
    if (to !== undefined) ctx.services.removeMoved(input.volumeId, input.backend, input.disk.format);
    back(ctx, input, to === undefined || to.backend === input.backend ? null : 'success');
    finishSwap(ctx, input, null);
  },
  onFailed: (ctx, input, error) => {
    finishSwap(ctx, input, 'Error');
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
  onCancelled: (ctx, input) => {
    finishSwap(ctx, input, 'Error');
    back(ctx, input, null);
  },
});
