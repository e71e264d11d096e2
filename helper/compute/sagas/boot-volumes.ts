import { conflict } from '../../errors/error.ts';
import { none, step, type StepContext } from '../../saga/index.ts';
import { authOf, blockDevicesOf } from '../store/block-devices.ts';
import { deleteServerVolume, insertServerVolume, volumesOf } from '../store/server-volume.ts';
import { serverOf } from '../store/server.ts';
import type { ServerServices } from './services.ts';

/** Steps 43 to 49 of CREATE-FLOW.md: volumes that are made with a server, and those that it boots from. */

interface Input {
  readonly serverId: string;
}

type Context = StepContext<ServerServices>;

const wantedBy = (ctx: Context, serverId: string) => blockDevicesOf(serverOf(ctx.db, serverId));

const nothingToMake = (ctx: Context, { serverId }: Input): false | string =>
  (wantedBy(ctx, serverId).volumes ?? []).length === 0 && 'no volume is to be made';

const noVolumes = (ctx: Context, { serverId }: Input): false | string =>
  volumesOf(ctx.db, serverId).length === 0 && 'the server has no volumes';

const END = none('the end gives the volumes back');

/** Asks block storage for volumes in the caller's name, which have quotas of their own. */
const createVolumes = step<Input, ServerServices>({
  kind: 'sql',
  name: 'create volumes',
  number: [43, 44],
  service: 'volume',
  skip: nothingToMake,
  action: (ctx, { serverId }) => {
    const { volumes = [], author } = wantedBy(ctx, serverId);
    if (author === undefined) throw new Error(`nobody asked for the volumes of server ${serverId}`);
    for (const { row, name, sizeGib, type, source } of volumes) {
      ctx.services.volume.make(authOf(author), { id: row.volume_id, name, sizeGib, type, source });
      insertServerVolume(ctx.db, row);
      ctx.note(`volume ${row.volume_id}: ${sizeGib} GiB, ${source.kind}`, { type });
    }
  },
  undo: END,
});

/** The volumes' own operations do steps 45 to 47. */
const waitForVolumes = step<Input, ServerServices>({
  kind: 'host',
  name: 'wait for volumes',
  number: [45, 47],
  service: 'volume',
  concurrency: 'waiting',
  skip: nothingToMake,
  action: async (ctx, { serverId }) => {
    const ids = (wantedBy(ctx, serverId).volumes ?? []).map(({ row }) => row.volume_id);
    for (const [index, id] of ids.entries()) {
      const begun = Date.now();
      const status = await ctx.services.volume.settled(id, ctx.signal, (fraction, text) =>
        ctx.progress(
          (index + fraction) / ids.length,
          `creating volume ${id}: ${Math.round(fraction * 100)} % (${text})`,
        ),
      );
      if (status !== 'available')
        throw conflict(
          `Volume ${id} did not finish being created even after we waited ${Math.round((Date.now() - begun) / 1000)} seconds or 1 attempts. And its status is ${status ?? 'deleted'}.`,
        );
    }
  },
  undo: END,
});

const connectVolumes = step<Input, ServerServices>({
  kind: 'sql',
  name: 'connect volumes',
  number: 48,
  service: 'volume',
  skip: noVolumes,
  action: (ctx, { serverId }) => {
    const { volume, config } = ctx.services;
    const { volumes = [], author } = wantedBy(ctx, serverId);
    if (author !== undefined)
      for (const { row } of volumes)
        volume.reserve(authOf(author), { id: row.attachment_id, volumeId: row.volume_id, serverId });
    for (const row of volumesOf(ctx.db, serverId))
      volume.connect(row.attachment_id, { host: config.hostName, mountpoint: `/dev/${row.target}` });
  },
  undo: END,
});

/** After the ports, before the server's own disks. */
export const prepareVolumes = [createVolumes, waitForVolumes, connectVolumes] as const;

/** After the guest has started. */
export const volumesInUse = step<Input, ServerServices>({
  kind: 'sql',
  name: 'volumes are in use',
  number: 49,
  service: 'volume',
  skip: noVolumes,
  action: (ctx, { serverId }) => {
    for (const row of volumesOf(ctx.db, serverId)) ctx.services.volume.complete(row.attachment_id);
  },
  undo: END,
});

/**
 * What a creation that came to nothing leaves of its volumes: those that were made to go with the server go, the others are
 * free again. One that was there before and is to go with the server stays its own until it is deleted.
 */
export function giveUpVolumes(ctx: Context, { serverId }: Input): void {
  const made = new Set((wantedBy(ctx, serverId).volumes ?? []).map(({ row }) => row.attachment_id));
  for (const row of volumesOf(ctx.db, serverId)) {
    const goes = row.delete_on_termination === 1;
    if (goes && !made.has(row.attachment_id)) {
      ctx.services.volume.disconnect(row.attachment_id);
      continue;
    }
    deleteServerVolume(ctx.db, row.attachment_id);
    ctx.services.volume.release(row.attachment_id);
    if (goes) ctx.services.volume.abandon(row.volume_id);
  }
}
