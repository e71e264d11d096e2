import type { DomainDisk } from '../../host/domain/interface.ts';
import { defineSaga, none, step, type StepContext } from '../../saga/index.ts';
import { deleteServerVolume, insertServerVolume, type ServerVolumeRow } from '../store/server-volume.ts';
import { serverOf } from '../store/server.ts';
import { ensureDomain } from './ensure-domain.ts';
import { harmless, type ServerInput } from './server-common.ts';
import type { ServerServices } from './services.ts';
import { endExports, keepExports } from './volume-exports.ts';
import { dropSecrets, keepSecrets } from './volume-secrets.ts';

/** A volume as the server has it, and as the guest does. */
export interface SwapSide {
  readonly volume: ServerVolumeRow;
  readonly disk: DomainDisk;
}

export interface ServerSwapVolumeInput extends ServerInput {
  readonly old: SwapSide;
  /** With the target, tag and BDM of the old one. */
  readonly next: SwapSide;
  /**
   * Size of the new volume when it is larger than the old one. QEMU mirrors only between equals, so its disk has the old
   * size until the guest is turned to it.
   */
  readonly grownBytes: number | null;
}

type Context = StepContext<ServerServices>;

const define = async (ctx: Context, { serverId }: ServerInput): Promise<void> => {
  // A server that is on no host gets its disks with its domain.
  if (serverOf(ctx.db, serverId).host !== null) await ensureDomain(ctx.services, ctx.db, serverId);
};

const isActive = async ({ services }: Context, serverId: string): Promise<boolean> => {
  const state = (await services.domains.status(serverId))?.powerState;
  return state === 'running' || state === 'paused';
};

/** The old volume stays the server's, the new one is free again. */
const giveUp = (ctx: Context, { old, next }: ServerSwapVolumeInput): void => {
  ctx.services.volume.release(next.volume.attachment_id);
  ctx.services.volume.rollDetach(old.volume.attachment_id);
};

/**
 * os-volume_attachments, PUT with another volume: the server gets the new volume in place of the old one, with its
 * content, while the guest goes on. From the end of the copy until the exchange every write goes to both volumes, so that
 * the guest finds the same on the one that the rows name, whenever it or this process ends.
 */
export const serverSwapVolume = defineSaga<ServerSwapVolumeInput, ServerServices>({
  ...harmless,
  name: 'server-swap-volume',
  title: 'Swap volume of server',
  locks: ({ serverId, old, next }) => [
    `server:${serverId}`,
    `volume:${old.volume.volume_id}`,
    `volume:${next.volume.volume_id}`,
  ],
  steps: [
    step({
      kind: 'sql',
      name: 'connect volume',
      number: 48,
      service: 'volume',
      action: (ctx, { next: { volume } }) =>
        ctx.services.volume.connect(volume.attachment_id, {
          host: ctx.services.config.hostName,
          mountpoint: `/dev/${volume.target}`,
        }),
      undo: none('the volume is given back at the end'),
    }),
    step({
      kind: 'host',
      name: 'copy volume',
      concurrency: 'disk',
      action: async (ctx, input) => {
        const { serverId, old, next } = input;
        const onProgress = (fraction: number): void => ctx.progress(fraction, 'copying the volume');
        await keepExports(ctx.services, [next.volume.attachment_id]);
        await keepSecrets(ctx.services, [next.volume.attachment_id]);
        const options = { signal: ctx.signal, onProgress };
        if (input.grownBytes !== null && (await isActive(ctx, serverId))) {
          // A mirror that an earlier attempt began is on the disk that is made anew here.
          await ctx.services.domains.turnDisk(serverId, old.disk);
          await ctx.services.volume.fit(next.volume.attachment_id, old.volume.attachment_id);
        }
        if (await ctx.services.domains.mirrorDisk(serverId, next.disk, options)) return;
        ctx.note('the guest does not run: nobody writes to the volume while it is copied');
        await ctx.services.volume.copy(old.volume.attachment_id, next.volume.attachment_id, options);
      },
      undo: async (ctx, input) => {
        await ctx.services.domains.turnDisk(input.serverId, input.old.disk);
        await define(ctx, input);
        await ctx.services.volume.grow(input.next.volume.attachment_id);
        await dropSecrets(ctx.services, [input.next.volume.attachment_id]);
        await endExports(ctx.services, [input.next.volume.attachment_id]);
      },
    }),
    step({
      kind: 'sql',
      name: 'swap volumes',
      service: 'volume',
      action: (ctx, { old, next }) => {
        deleteServerVolume(ctx.db, old.volume.attachment_id);
        insertServerVolume(ctx.db, next.volume);
        ctx.services.volume.complete(next.volume.attachment_id);
      },
      undo: (ctx, { old, next }) => {
        deleteServerVolume(ctx.db, next.volume.attachment_id);
        insertServerVolume(ctx.db, old.volume);
      },
    }),
    step({
      kind: 'host',
      name: 'define domain',
      action: define,
      undo: none('the undo of the copy defines it as the rows then say'),
    }),
    step({
      kind: 'host',
      name: 'exchange disk',
      action: async (ctx, { serverId, old, next, grownBytes }) => {
        const { domains } = ctx.services;
        await domains.turnDisk(serverId, next.disk);
        await dropSecrets(ctx.services, [old.volume.attachment_id]);
        await endExports(ctx.services, [old.volume.attachment_id]);
        if (grownBytes === null) return;
        if (await isActive(ctx, serverId)) await domains.growDisk(serverId, next.disk.target, grownBytes);
        else await ctx.services.volume.grow(next.volume.attachment_id);
      },
      undo: async (ctx, { serverId, old }) => {
        await keepExports(ctx.services, [old.volume.attachment_id]);
        await keepSecrets(ctx.services, [old.volume.attachment_id]);
        await ctx.services.domains.mirrorDisk(serverId, old.disk, { signal: ctx.signal });
      },
    }),
  ],
  onFinished: (ctx, { old }) => {
    ctx.services.volume.release(old.volume.attachment_id);
    harmless.onFinished(ctx);
  },
  onFailed: (ctx, input) => {
    giveUp(ctx, input);
    harmless.onFailed(ctx, input);
  },
  onCancelled: (ctx, input) => {
    giveUp(ctx, input);
    harmless.onCancelled(ctx, input);
  },
});
