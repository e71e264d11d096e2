import { conflict } from '../../errors/error.ts';
import { defineSaga, step, none, type StepContext } from '../../saga/index.ts';
import { GIB, poolName } from '../app/context.ts';
import { formatOf } from '../app/volume-request.ts';
import { encryptionOfStored } from '../app/key.ts';
import { report } from '../app/report.ts';
import { findVolumeRow, updateVolume } from '../store/volume.ts';
import { backendOfGroup } from '../app/volume-group.ts';
import { choosePool, readBackends } from './choose.ts';
import {
  cloneFromScratch,
  readIntoScratch,
  releaseBackup,
  removeScratch,
  reportBackup,
  restoreMetadata,
} from './backup-data.ts';
import { placedVolume, type Placed } from '../driver/index.ts';
import { copyDisk, type SourceDisk, type VolumeServices } from './services.ts';

/** What a new volume holds at first. */
export type VolumeSource =
  | { readonly kind: 'empty' }
  /** `encrypted`: its data are LUKS, which the volume's own passphrase opens. */
  | { readonly kind: 'image'; readonly imageId: string; readonly encrypted?: boolean }
  | { readonly kind: 'backup'; readonly id: string }
  | { readonly kind: 'snapshot' | 'volume'; readonly id: string; readonly disk: SourceDisk };

export interface VolumeCreateInput {
  readonly volumeId: string;
  readonly projectId: string;
  readonly sizeGib: number;
  readonly zone: string | null;
  readonly extraSpecs: { readonly [key: string]: string };
  /** Back ends of the volumes that hints name. */
  readonly sameBackends: readonly string[] | null;
  readonly differentBackends: readonly string[] | null;
  readonly source: VolumeSource;
  /** It goes where its group is; null: that is yet to be chosen, and waited for. */
  readonly group?: { readonly id: string; readonly backend: string | null };
}

type Services = VolumeServices;

function placed(ctx: StepContext<Services>, id: string): Placed | undefined {
  const row = findVolumeRow(ctx.db, id);
  if (row === undefined || row.backend === null) return undefined;
  return placedVolume(row.backend, id, row.format ?? undefined);
}

/** Gives a volume its back end and its disk. */
export const volumeCreate = defineSaga<VolumeCreateInput, Services>({
  name: 'volume-create',
  title: 'Create volume',
  service: 'volume',
  resource: ({ volumeId }) => ({ type: 'volume', id: volumeId }),
  locks: ({ volumeId, source, group }) => [
    `volume:${volumeId}`,
    ...(group?.backend === null ? [`volume-group:${group.id}`] : []),
    ...(source.kind === 'volume' ? [`volume:${source.id}`] : []),
    ...(source.kind === 'snapshot' ? [`volume-snapshot:${source.id}`] : []),
    ...(source.kind === 'backup' ? [`volume-backup:${source.id}`] : []),
  ],
  steps: [
    readBackends<VolumeCreateInput>(),
    step({
      name: 'choose back end',
      number: 45,
      kind: 'sql',
      action: (ctx, { volumeId, sizeGib, zone, extraSpecs, sameBackends, differentBackends, group }) => {
        const only = group && (group.backend ?? backendOfGroup(ctx, group.id) ?? 'none');
        const pool = choosePool(
          ctx,
          {
            sizeGib,
            zone,
            extraSpecs,
            ...(sameBackends === null ? {} : { sameBackends }),
            ...(differentBackends === null ? {} : { differentBackends }),
            ...(only === undefined ? {} : { only }),
          },
          volumeId,
        );
        const { config } = ctx.services;
        updateVolume(ctx.db, volumeId, {
          backend: pool.backend,
          format: formatOf(extraSpecs, ctx.services.drivers.of(pool.backend).backend),
          host: poolName(config.hostName, pool.backend),
          updated_at: ctx.now(),
        });
      },
      undo: (ctx, { volumeId }) => {
        updateVolume(ctx.db, volumeId, { backend: null, format: null, host: null, updated_at: ctx.now() });
      },
    }),
    step({
      name: 'keep image',
      kind: 'sql',
      skip: (_ctx, { source }) => (source.kind === 'image' ? false : 'not made of an image'),
      action: ({ db, services }, { volumeId, source }) => {
        if (source.kind === 'image') services.image.leaseBase(db, source.imageId, volumeId);
      },
      undo: ({ db, services }, { volumeId }) => services.image.releaseBase(db, volumeId),
    }),
    step({
      name: 'make disk',
      number: [46, 47],
      kind: 'host',
      concurrency: 'disk',
      action: async (ctx, { volumeId, sizeGib, source }) => {
        const volume = placed(ctx, volumeId);
        if (volume === undefined) throw conflict(`The volume ${volumeId} was forgotten while it was made.`);
        const sizeBytes = sizeGib * GIB;
        const { drivers, image } = ctx.services;
        const driver = drivers.of(volume.backend);
        if (source.kind === 'empty')
          await driver.createEmpty(volume, sizeBytes, encryptionOfStored(ctx.db, volume).encryption);
        else if (source.kind === 'image') {
          const base = await image.ensureBase(source.imageId, ctx.signal, (fraction) =>
            ctx.progress(fraction / 2, 'preparing the image'),
          );
          const { encryption } = encryptionOfStored(ctx.db, volume);
          await driver.clone(volume, base, {
            sizeBytes,
            ...(encryption === undefined ? {} : { encryption }),
            ...(encryption === undefined || source.encrypted !== true
              ? {}
              : { sourceKey: encryption.passphrase }),
            signal: ctx.signal,
            onProgress: (fraction) => ctx.progress(0.5 + fraction / 2, 'copying the image'),
          });
        } else if (source.kind === 'backup') {
          await readIntoScratch(ctx, source.id, volume, sizeBytes);
          await cloneFromScratch(ctx, source.id, volume, sizeBytes);
          await removeScratch(ctx.services, volume);
          await restoreMetadata(ctx, source.id, volumeId);
        } else await copyDisk(ctx, source.disk, volume, sizeBytes);
      },
      undo: async (ctx, { volumeId, source }) => {
        const found = placed(ctx, volumeId);
        if (found === undefined) return;
        if (source.kind === 'backup') await removeScratch(ctx.services, found);
        await ctx.services.drivers.of(found.backend).remove(found);
      },
    }),
    step({
      name: 'release image',
      kind: 'sql',
      skip: (_ctx, { source }) => (source.kind === 'image' ? false : 'not made of an image'),
      action: ({ db, services }, { volumeId }) => services.image.releaseBase(db, volumeId),
      undo: none('what was kept is given back in either case'),
    }),
  ],
  onFinished: (ctx, { volumeId, source }) => {
    if (source.kind === 'backup') releaseBackup(ctx, source.id);
    updateVolume(ctx.db, volumeId, { status: 'available', launched_at: ctx.now(), updated_at: ctx.now() });
  },
  onFailed: (ctx, { volumeId, projectId, source }, error) => {
    failed(ctx, volumeId, source);
    if (source.kind === 'backup')
      reportBackup(ctx, source.id, projectId, 'restore backup', error.message, '026');
    const scheduling = error.step === 'choose back end';
    report(ctx.db, {
      projectId,
      requestId: ctx.requestId,
      resource: 'VOLUME',
      resourceId: volumeId,
      action: scheduling
        ? 'schedule allocate volume'
        : source.kind === 'image'
          ? 'copy image to volume'
          : 'create volume from backend storage',
      detail: error.message,
      now: ctx.now(),
      ...(scheduling ? { detailId: '003' } : {}),
    });
  },
  onCancelled: (ctx, { volumeId, source }) => failed(ctx, volumeId, source),
});

function failed(ctx: StepContext<Services>, volumeId: string, source: VolumeSource): void {
  const isRestore = findVolumeRow(ctx.db, volumeId)?.status === 'restoring-backup';
  updateVolume(ctx.db, volumeId, { status: isRestore ? 'error_restoring' : 'error', updated_at: ctx.now() });
  if (source.kind === 'backup') releaseBackup(ctx, source.id);
}
