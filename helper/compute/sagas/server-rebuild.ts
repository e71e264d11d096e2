import { defineSaga, none, step } from '../../saga/index.ts';
import type { RequestSpec } from '../basics.ts';
import { setImage, type ServerImage } from '../store/server-change.ts';
import { POWER, resourcesOf } from '../store/server-row.ts';
import { serverOf, setLaunched, settle } from '../store/server.ts';
import { ensureDomain, startDomain } from './ensure-domain.ts';
import { NO_UNDO, common, startGuest, type ServerInput } from './server-common.ts';
import { createDisks, dropOld, putAside, putBack, rebuildConfigDrive, removeNew } from './server-disks.ts';
import type { ServerServices } from './services.ts';

export interface ServerRebuildInput extends ServerInput {
  readonly imageId: string;
  /** The row names the new one already. */
  readonly oldImage: ServerImage;
  /** The guest ran before. */
  readonly ran: boolean;
  /** It stays off afterwards, as it was. */
  readonly stopped: boolean;
}

/** Under whose name the new base is held while the old disk is still there. */
const holder = (serverId: string): string => `${serverId}/rebuild`;

/** rebuild: a new disk from an image; the server keeps its id, flavor and addresses. */
export const serverRebuild = defineSaga<ServerRebuildInput, ServerServices>({
  ...common,
  name: 'server-rebuild',
  title: 'Rebuild server',
  steps: [
    step({
      kind: 'sql',
      name: 'lease base',
      action: (ctx, { serverId, imageId }) => ctx.services.image.leaseBase(ctx.db, imageId, holder(serverId)),
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
        const base = await ctx.services.image.ensureBase(imageId, ctx.signal, () => undefined);
        await createDisks(ctx.services, row, base);
        await rebuildConfigDrive(ctx.services, row);
      },
      undo: (ctx, { serverId }) => removeNew(ctx.services, serverId),
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
        image.leaseBase(ctx.db, imageId, serverId);
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
