import { conflict } from '../../errors/error.ts';
import { defineSaga, none, step, type HostContext, type StepContext } from '../../saga/index.ts';
import type { RequestSpec } from '../basics.ts';
import { authOf, type Author } from '../store/block-devices.ts';
import { setImage, type ServerImage } from '../store/server-change.ts';
import { POWER, resourcesOf } from '../store/server-row.ts';
import { rootVolumeOf } from '../store/server-volume.ts';
import { serverOf, setLaunched, settle } from '../store/server.ts';
import { ensureDomain, startDomain } from './ensure-domain.ts';
import { NO_UNDO, common, startGuest, type ServerInput } from './server-common.ts';
import { createDisks, dropOld, putAside, putBack, rebuildConfigDrive, removeNew } from './server-disks.ts';
import type { ServerServices } from './services.ts';

export interface ServerRebuildInput extends ServerInput {
  readonly imageId: string;
  /** Overwrites the root disk that is a volume, in this name (2.93); null leaves a volume as it is. */
  readonly reimage: Author | null;
  /** The row names the new one already. */
  readonly oldImage: ServerImage;
  /** The guest ran before. */
  readonly ran: boolean;
  /** It stays off afterwards, as it was. */
  readonly stopped: boolean;
}

/** Under whose name the new base is held while the old disk is still there. */
const holder = (serverId: string): string => `${serverId}/rebuild`;

const onVolume = (ctx: StepContext<ServerServices>, serverId: string): boolean =>
  serverOf(ctx.db, serverId).volume_backed === 1;

/** Waits until the root volume's content is settled, be it the old or the new one. */
async function untilSettled(
  ctx: HostContext<ServerServices>,
  serverId: string,
): Promise<{ readonly id: string; readonly status: string | undefined } | undefined> {
  const root = rootVolumeOf(ctx.db, serverId);
  if (root === undefined) return undefined;
  const { volume_id: id } = root;
  const status = await ctx.services.volume.settled(id, ctx.signal, (fraction, text) =>
    ctx.progress(fraction, `volume ${id}: ${Math.round(fraction * 100)} % (${text})`),
  );
  return { id, status };
}

const KEPT = 'the root disk is no volume, or keeps its content';

/** rebuild: a new disk from an image; the server keeps its id, flavor and addresses. */
export const serverRebuild = defineSaga<ServerRebuildInput, ServerServices>({
  ...common,
  name: 'server-rebuild',
  title: 'Rebuild server',
  version: 2,
  steps: [
    step({
      kind: 'sql',
      name: 'lease base',
      action: (ctx, { serverId, imageId }) => {
        if (!onVolume(ctx, serverId)) ctx.services.image.leaseBase(ctx.db, imageId, holder(serverId));
      },
      undo: (ctx, { serverId, oldImage }) => {
        ctx.services.image.releaseBase(ctx.db, holder(serverId));
        setImage(ctx.db, serverId, oldImage);
      },
    }),
    step({
      kind: 'sql',
      name: 'check host',
      // Another image may ask for what this host has not: the filters look again (S39).
      skip: (_ctx, { imageId, oldImage }) => imageId === oldImage.id && 'the image is the same',
      action: (ctx, { serverId, imageId }) => {
        const { scheduler, claims } = ctx.services.basics;
        const row = serverOf(ctx.db, serverId);
        const host = row.host ?? ctx.services.config.hostName;
        const spec = JSON.parse(row.request_spec) as RequestSpec;
        const properties = JSON.parse(row.image_properties) as Readonly<Record<string, string>>;
        claims.release(ctx.db, serverId);
        scheduler.select(ctx.db, {
          ...spec,
          image: { id: imageId, minDiskGib: 0, minRamMib: 0, properties },
          forceHost: host,
          forceNode: null,
          forceHostFiltered: true,
        });
        claims.claim(ctx.db, serverId, host, resourcesOf(row));
      },
      undo: none('its claim is what it was'),
    }),
    step({
      kind: 'host',
      name: 'fetch base image',
      service: 'image',
      concurrency: 'image',
      skip: (ctx, { serverId }) => onVolume(ctx, serverId) && 'the root disk is a volume',
      action: async (ctx, { imageId }) => {
        await ctx.services.image.ensureBase(imageId, ctx.signal, (fraction) =>
          ctx.progress(fraction, 'base image'),
        );
      },
      undo: none('the base stays in the cache until nobody leases it'),
    }),
    step({
      kind: 'host',
      name: 'destroy domain',
      action: (ctx, { serverId }) => ctx.services.domains.destroy(serverId),
      undo: async (ctx, { serverId, oldImage, ran }) => {
        if (!ran) return;
        setImage(ctx.db, serverId, oldImage);
        await startGuest(ctx, serverId);
      },
    }),
    step({
      kind: 'host',
      name: 'remove leftovers',
      action: (ctx, { serverId }) => dropOld(ctx.services, serverId),
      undo: none('nobody needs them'),
    }),
    step({
      kind: 'host',
      name: 'put old disks aside',
      action: (ctx, { serverId }) => putAside(ctx.services, serverId),
      undo: (ctx, { serverId }) => putBack(ctx.services, serverId),
    }),
    step({
      kind: 'host',
      name: 'create disk',
      concurrency: 'disk',
      action: async (ctx, { serverId, imageId }) => {
        const row = serverOf(ctx.db, serverId);
        const base =
          row.volume_backed === 1
            ? null
            : await ctx.services.image.ensureBase(imageId, ctx.signal, () => undefined);
        await createDisks(ctx.services, row, base);
        await rebuildConfigDrive(ctx.services, row);
      },
      undo: (ctx, { serverId }) => removeNew(ctx.services, serverId),
    }),
    step({
      kind: 'sql',
      name: 'reimage root volume',
      service: 'volume',
      skip: (_ctx, { reimage }) => reimage === null && KEPT,
      action: (ctx, { serverId, imageId, reimage }) => {
        const root = rootVolumeOf(ctx.db, serverId);
        if (root === undefined || reimage === null) return;
        ctx.services.volume.reimage(authOf(reimage), root.volume_id, imageId);
      },
      undo: none('what was on the volume is gone, as was asked for'),
    }),
    step({
      kind: 'host',
      name: 'wait for root volume',
      service: 'volume',
      concurrency: 'waiting',
      skip: (_ctx, { reimage }) => reimage === null && KEPT,
      action: async (ctx, { serverId }) => {
        const found = await untilSettled(ctx, serverId);
        if (found?.status !== 'in-use')
          throw conflict(
            `Failed to rebuild volume backed instance: its root volume ${found?.id ?? ''} is ${found?.status ?? 'gone'}.`,
          );
      },
      // The guest that comes back must not run while its disk is written to.
      undo: async (ctx, { serverId, reimage }) => {
        if (reimage !== null) await untilSettled(ctx, serverId);
      },
    }),
    step({
      kind: 'host',
      name: 'define domain',
      action: (ctx, { serverId }) => ensureDomain(ctx.services, ctx.db, serverId),
      undo: NO_UNDO,
    }),
    step({
      kind: 'host',
      name: 'plug network',
      service: 'network',
      action: (ctx, { serverId }) => ctx.services.network.plugServer(serverId, ctx.signal),
      undo: NO_UNDO,
    }),
    step({
      kind: 'host',
      name: 'start domain',
      concurrency: 'domain-start',
      skip: (_ctx, { stopped }) => stopped && 'the server was stopped',
      action: (ctx, { serverId }) => startDomain(ctx.services, ctx.db, serverId),
      undo: (ctx, { serverId }) => ctx.services.domains.destroy(serverId),
    }),
    step({
      kind: 'host',
      name: 'remove old disks',
      action: (ctx, { serverId }) => dropOld(ctx.services, serverId),
      undo: none('the new disks are in their place'),
    }),
    step({
      kind: 'sql',
      name: 'adopt image',
      action: (ctx, { serverId, imageId, stopped }) => {
        const { image } = ctx.services;
        if (!onVolume(ctx, serverId)) image.leaseBase(ctx.db, imageId, serverId);
        image.releaseBase(ctx.db, holder(serverId));
        const at = ctx.now();
        settle(ctx.db, serverId, {
          vmState: stopped ? 'stopped' : 'active',
          power: stopped ? POWER.shutdown : POWER.running,
          at,
        });
        setLaunched(ctx.db, serverId, at);
      },
      undo: NO_UNDO,
    }),
  ],
});
