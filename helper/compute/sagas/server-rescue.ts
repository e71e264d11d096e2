import { defineSaga, none, step } from '../../saga/index.ts';
import { setAdminPassword, setRescue } from '../store/server-change.ts';
import { POWER } from '../store/server-row.ts';
import { serverOf, settle } from '../store/server.ts';
import { RESCUE_DISK, RESCUE_DRIVE, instanceDirectory, pathsOf } from './domain-disks.ts';
import { ensureDomain, ensureInstanceDirectory, startDomain } from './ensure-domain.ts';
import {
  NO_UNDO,
  bringUp,
  common,
  harmless,
  shutDown,
  startGuest,
  type ServerInput,
} from './server-common.ts';
import type { ServerServices } from './services.ts';

export interface ServerRescueInput extends ServerInput {
  readonly imageId: string;
  /** The image's, as JSON. */
  readonly properties: string;
  /** The guest ran before. */
  readonly ran: boolean;
}

const GIB = 1024 ** 3;

/** Under whose name the base of the rescue disk is held; the server's own keeps its lease. */
export const rescueHolder = (serverId: string): string => `${serverId}/rescue`;

async function removeRescueDisks(services: ServerServices, serverId: string): Promise<void> {
  for (const name of [RESCUE_DISK, RESCUE_DRIVE])
    await services.files.remove([...instanceDirectory(serverId), name]);
}

/**
 * rescue: the guest boots from a fresh disk of another image (or its own once more) and has its own disks beside it. A
 * failure leaves it as it was.
 */
export const serverRescue = defineSaga<ServerRescueInput, ServerServices>({
  ...harmless,
  name: 'server-rescue',
  title: 'Rescue server',
  steps: [
    step({
      kind: 'sql',
      name: 'lease base',
      action: (ctx, { serverId, imageId }) =>
        ctx.services.image.leaseBase(ctx.db, imageId, rescueHolder(serverId)),
      undo: (ctx, { serverId }) => ctx.services.image.releaseBase(ctx.db, rescueHolder(serverId)),
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
      name: 'shut down guest',
      skip: (_ctx, { ran }) => !ran && 'the server is stopped',
      action: (ctx, input) => shutDown.action(ctx, input),
      // By now the row does not speak of the rescue any more.
      undo: async (ctx, { serverId, ran }) => {
        if (ran) await startGuest(ctx, serverId);
        else await ensureDomain(ctx.services, ctx.db, serverId);
      },
    }),
    step({
      kind: 'host',
      name: 'create rescue disk',
      concurrency: 'disk',
      action: async (ctx, { serverId, imageId }) => {
        const { services } = ctx;
        const row = serverOf(ctx.db, serverId);
        const base = await services.image.ensureBase(imageId, ctx.signal, () => undefined);
        await ensureInstanceDirectory(services, serverId);
        await services.files.remove([...instanceDirectory(serverId), RESCUE_DISK]);
        await services.disks.createOverlay({
          path: pathsOf(services.config, serverId).rescueDisk,
          base: base.path,
          baseFormat: base.format,
          sizeBytes: Math.max(row.disk_gib * GIB, base.virtualSize),
        });
      },
      undo: (ctx, { serverId }) => removeRescueDisks(ctx.services, serverId),
    }),
    step({
      kind: 'host',
      name: 'build config drive',
      concurrency: 'disk',
      skip: (ctx, { serverId }) => serverOf(ctx.db, serverId).config_drive === 0 && 'the server has none',
      action: async (ctx, { serverId }) => {
        await ctx.services.buildConfigDrive({
          path: pathsOf(ctx.services.config, serverId).rescueDrive,
          files: ctx.services.metadata.configDriveFiles(serverId),
        });
      },
      undo: none('it goes with the rescue disk'),
    }),
    step({
      kind: 'sql',
      name: 'enter rescue',
      action: (ctx, { serverId, imageId, properties }) =>
        setRescue(ctx.db, serverId, { imageId, properties }),
      undo: (ctx, { serverId }) => setRescue(ctx.db, serverId, null),
    }),
    step({
      kind: 'host',
      name: 'define domain',
      action: (ctx, { serverId }) => ensureDomain(ctx.services, ctx.db, serverId),
      undo: none('the guest that comes back is defined anew'),
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
      action: (ctx, { serverId }) => startDomain(ctx.services, ctx.db, serverId),
      undo: (ctx, { serverId }) => ctx.services.domains.destroy(serverId),
    }),
    step({
      kind: 'sql',
      name: 'become rescued',
      action: (ctx, { serverId }) => {
        settle(ctx.db, serverId, { vmState: 'rescued', power: POWER.running, at: ctx.now() });
        setAdminPassword(ctx.db, serverId, null);
      },
      undo: NO_UNDO,
    }),
  ],
});

/** unrescue: the guest boots from its own disk again; what it was before does not matter, as upstream. */
export const serverUnrescue = defineSaga<ServerInput, ServerServices>({
  ...common,
  name: 'server-unrescue',
  title: 'Unrescue server',
  steps: [
    step({
      kind: 'host',
      name: 'destroy domain',
      action: (ctx, { serverId }) => ctx.services.domains.destroy(serverId),
      undo: NO_UNDO,
    }),
    step({
      kind: 'sql',
      name: 'leave rescue',
      action: (ctx, { serverId }) => setRescue(ctx.db, serverId, null),
      undo: NO_UNDO,
    }),
    ...bringUp.slice(0, 1),
    step({
      kind: 'host',
      name: 'remove rescue disk',
      action: (ctx, { serverId }) => removeRescueDisks(ctx.services, serverId),
      undo: NO_UNDO,
    }),
    step({
      kind: 'sql',
      name: 'release base',
      action: (ctx, { serverId }) => ctx.services.image.releaseBase(ctx.db, rescueHolder(serverId)),
      undo: NO_UNDO,
    }),
    ...bringUp.slice(1),
  ],
});
