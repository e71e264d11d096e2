import { dirname } from 'node:path';
import type { DiskFormat } from '../../host/disk/interface.ts';
import { conflict } from '../../errors/error.ts';
import { defineSaga, none, step, type StepContext } from '../../saga/index.ts';
import { GIB, poolName } from '../app/context.ts';
import { encryptedBy } from '../app/key.ts';
import { report } from '../app/report.ts';
import { formatOf } from '../app/volume-request.ts';
import { placedVolume, type Disk, type Placed } from '../driver/index.ts';
import { deleteKey } from '../store/key.ts';
import { findVolumeRow, updateVolume } from '../store/volume.ts';
import { choosePool, readBackends } from './choose.ts';
import { openedBy, type VolumeServices } from './services.ts';

export interface VolumeReencryptInput {
  readonly volumeId: string;
  readonly projectId: string;
  readonly sizeGib: number;
  readonly extraSpecs: { readonly [key: string]: string };
  readonly oldTypeId: string;
  readonly newTypeId: string;
  readonly backend: string;
  /** With what opens it, if it is encrypted. */
  readonly disk: Disk;
  /** Of what it becomes; null for plain. */
  readonly newKeyId: string | null;
}

type Services = VolumeServices;
type Context = StepContext<Services>;
type Target = Placed & { readonly format: DiskFormat };

const origin = ({ backend, volumeId, disk: { format } }: VolumeReencryptInput): Target => ({
  ...placedVolume(backend, volumeId, format),
  format,
});

function target(ctx: Context, input: VolumeReencryptInput): Target {
  const chosen = findVolumeRow(ctx.db, input.volumeId)?.target_backend ?? input.backend;
  const format = formatOf(input.extraSpecs, ctx.services.drivers.of(chosen).backend);
  return { ...placedVolume(chosen, input.volumeId, format), format };
}

/** What the new disk and the old one are called while both are there. */
function names(ctx: Context, input: VolumeReencryptInput) {
  const to = target(ctx, input);
  const driver = ctx.services.drivers.of(to.backend);
  const { path } = driver.local(to);
  return { to, path, fresh: driver.scratch(to, 'fresh'), kept: driver.scratch(to, 'kept') };
}

/** Whether the new disk takes the place of the old one, under the same name. */
const inPlace = (ctx: Context, input: VolumeReencryptInput): boolean =>
  names(ctx, input).path === input.disk.path;

const settle = (ctx: Context, { volumeId }: VolumeReencryptInput, gone: string | null | undefined): void => {
  if (gone != null) deleteKey(ctx.db, gone);
  updateVolume(ctx.db, volumeId, {
    status: 'available',
    previous_status: null,
    target_backend: null,
    migration_status: null,
    updated_at: ctx.now(),
  });
};

/** Gives a volume a type that is encrypted otherwise: its data are read through the old key and written with the new. */
export const volumeReencrypt = defineSaga<VolumeReencryptInput, Services>({
  name: 'volume-reencrypt',
  title: 'Change encryption of volume',
  service: 'volume',
  resource: ({ volumeId }) => ({ type: 'volume', id: volumeId }),
  locks: ({ volumeId }) => [`volume:${volumeId}`],
  steps: [
    readBackends<VolumeReencryptInput>(),
    step({
      name: 'choose back end',
      number: 45,
      kind: 'sql',
      action: (ctx, { volumeId, backend, sizeGib, extraSpecs, newKeyId }) => {
        const demand = { sizeGib, zone: null, extraSpecs, encrypted: newKeyId !== null };
        let chosen: string;
        try {
          chosen = choosePool(ctx, { ...demand, only: backend }).backend;
        } catch {
          chosen = choosePool(ctx, demand).backend;
        }
        updateVolume(ctx.db, volumeId, {
          target_backend: chosen,
          migration_status: 'migrating',
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
      action: async (ctx, input) => {
        const { to, path, fresh } = names(ctx, input);
        const driver = ctx.services.drivers.of(to.backend);
        const copy = {
          sizeBytes: input.sizeGib * GIB,
          signal: ctx.signal,
          onProgress: (fraction: number) => ctx.progress(fraction, 'copying'),
          ...openedBy(ctx.db, input.disk),
          ...encryptedBy(ctx.db, input.newKeyId),
        };
        if (!inPlace(ctx, input)) {
          await driver.clone(to, input.disk, copy);
          return;
        }
        if (dirname(path) !== driver.backend.directory)
          throw conflict(
            `The back end ${to.backend} keeps no files, so that a volume cannot be encrypted otherwise on it; choose a type of another back end.`,
          );
        await ctx.services.disks.clone({
          ...copy,
          source: input.disk.path,
          sourceFormat: input.disk.format,
          destination: fresh,
          destinationFormat: to.format,
        });
      },
      undo: async (ctx, input) => {
        const { to, fresh } = names(ctx, input);
        if (inPlace(ctx, input)) await ctx.services.disks.remove(fresh);
        else await ctx.services.drivers.of(to.backend).remove(to);
      },
    }),
    step({
      name: 'exchange disk',
      kind: 'host',
      skip: (ctx, input) => (inPlace(ctx, input) ? false : 'the old disk is elsewhere'),
      action: (ctx, input) => ctx.services.disks.exchange(names(ctx, input)),
      undo: (ctx, input) => ctx.services.disks.exchangeBack(names(ctx, input)),
    }),
    step({
      name: 'switch',
      kind: 'sql',
      action: (ctx, input) => {
        const { backend, format } = target(ctx, input);
        updateVolume(ctx.db, input.volumeId, {
          volume_type_id: input.newTypeId,
          encryption_key_id: input.newKeyId,
          backend,
          host: poolName(ctx.services.config.hostName, backend),
          format,
          updated_at: ctx.now(),
        });
      },
      undo: (ctx, input) => {
        updateVolume(ctx.db, input.volumeId, {
          volume_type_id: input.oldTypeId,
          encryption_key_id: input.disk.keyId ?? null,
          backend: input.backend,
          host: poolName(ctx.services.config.hostName, input.backend),
          format: input.disk.format,
          updated_at: ctx.now(),
        });
      },
    }),
    step({
      name: 'remove old disk',
      kind: 'host',
      action: async (ctx, input) => {
        const { backend } = origin(input);
        if (inPlace(ctx, input)) await ctx.services.disks.remove(names(ctx, input).kept);
        else await ctx.services.drivers.of(backend).remove(origin(input));
      },
      undo: none('it is the last step, and the new disk has everything'),
    }),
  ],
  onFinished: (ctx, input) => settle(ctx, input, input.disk.keyId),
  onFailed: (ctx, input, error) => {
    settle(ctx, input, input.newKeyId);
    report(ctx.db, {
      projectId: input.projectId,
      requestId: ctx.requestId,
      resource: 'VOLUME',
      resourceId: input.volumeId,
      action: 'retype volume',
      detail: error.message,
      now: ctx.now(),
    });
  },
  onCancelled: (ctx, input) => settle(ctx, input, input.newKeyId),
});
