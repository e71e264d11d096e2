import type { DomainDisk } from '../../host/domain/interface.ts';
import { defineSaga, step, type StepContext } from '../../saga/index.ts';
import { deleteServerVolume, insertServerVolume, type ServerVolumeRow } from '../store/server-volume.ts';
import { serverOf } from '../store/server.ts';
import { ensureDomain } from './ensure-domain.ts';
import { harmless, type ServerInput } from './server-common.ts';
import type { ServerServices } from './services.ts';
import { keepExports, notExported } from './volume-exports.ts';
import { dropSecrets, keepSecrets } from './volume-secrets.ts';

export interface ServerVolumeInput extends ServerInput {
  /** As the request's transaction wrote it. */
  readonly volume: ServerVolumeRow;
  /** As the guest has it. */
  readonly disk: DomainDisk;
  /** A stopped server has its disk at its next start. */
  readonly running: boolean;
}

/** How long a guest may keep a disk: nova asks eight times for 20 s each. */
const LET_GO_MS = 160_000;

const STOPPED = 'the server is stopped';

const locks = ({ serverId, volume }: ServerVolumeInput) => [
  `server:${serverId}`,
  `volume:${volume.volume_id}`,
];

/** A server that was shelved is on no host, and gets its disks with its domain. */
const noDomain = (ctx: StepContext<ServerServices>, { serverId }: ServerVolumeInput): false | string =>
  serverOf(ctx.db, serverId).host === null && 'the server is on no host';

type Settled = StepContext<ServerServices>;

/** os-volume_attachments, POST: a volume that the request has reserved becomes a disk of the guest. */
export const serverAttachVolume = defineSaga<ServerVolumeInput, ServerServices>({
  ...harmless,
  name: 'server-attach-volume',
  title: 'Attach volume to server',
  locks,
  steps: [
    step({
      kind: 'host',
      name: 'export volume',
      number: [46, 47],
      service: 'volume',
      skip: (ctx, { volume }) => notExported(ctx.services, volume.attachment_id),
      action: ({ services }, { volume }) => services.volume.exportTo(volume.attachment_id),
      undo: ({ services }, { volume }) => services.volume.endExport(volume.attachment_id),
    }),
    step({
      kind: 'sql',
      name: 'connect volume',
      number: 48,
      service: 'volume',
      action: (ctx, { volume }) => {
        const { config } = ctx.services;
        ctx.services.volume.connect(volume.attachment_id, {
          host: config.hostName,
          mountpoint: `/dev/${volume.target}`,
        });
      },
      undo: (ctx, { volume }) => {
        ctx.note(`the volume ${volume.volume_id} is given back at the end`);
      },
    }),
    step({
      kind: 'host',
      name: 'plug disk',
      number: 49,
      skip: (_ctx, { running }) => !running && STOPPED,
      action: async (ctx, { serverId, disk, volume }) => {
        await keepSecrets(ctx.services, [volume.attachment_id]);
        await ctx.services.domains.attachDisk(serverId, disk);
      },
      undo: async (ctx, { serverId, disk, volume }) => {
        await ctx.services.domains.detachDisk(serverId, disk, LET_GO_MS);
        await dropSecrets(ctx.services, [volume.attachment_id]);
      },
    }),
    step({
      kind: 'host',
      name: 'define domain',
      skip: noDomain,
      action: (ctx, { serverId }) => ensureDomain(ctx.services, ctx.db, serverId),
      undo: async (ctx, { serverId, volume }) => {
        await ensureDomain(ctx.services, ctx.db, serverId, volume.attachment_id);
        await dropSecrets(ctx.services, [volume.attachment_id]);
      },
    }),
    step({
      kind: 'sql',
      name: 'volume is in use',
      service: 'volume',
      action: (ctx, { volume }) => ctx.services.volume.complete(volume.attachment_id),
      undo: (ctx, { volume }) => {
        ctx.note(`the volume ${volume.volume_id} is given back at the end`);
      },
    }),
  ],
  onFailed: (ctx, input) => {
    forget(ctx, input);
    harmless.onFailed(ctx, input);
  },
  onCancelled: (ctx, input) => {
    forget(ctx, input);
    harmless.onCancelled(ctx, input);
  },
});

/** Server and volume know nothing of each other any more. */
function forget(ctx: Settled, { volume }: ServerVolumeInput): void {
  deleteServerVolume(ctx.db, volume.attachment_id);
  ctx.services.volume.release(volume.attachment_id);
}

/** os-volume_attachments, DELETE: the guest lets go of the disk, then the volume is free again. */
export const serverDetachVolume = defineSaga<ServerVolumeInput, ServerServices>({
  ...harmless,
  name: 'server-detach-volume',
  title: 'Detach volume from server',
  locks,
  steps: [
    step({
      kind: 'host',
      name: 'unplug disk',
      skip: (_ctx, { running }) => !running && STOPPED,
      action: (ctx, { serverId, disk }) =>
        ctx.services.domains.detachDisk(serverId, disk, LET_GO_MS, ctx.signal),
      undo: async (ctx, { serverId, disk, running, volume }) => {
        if (!running) return;
        await keepExports(ctx.services, [volume.attachment_id]);
        await keepSecrets(ctx.services, [volume.attachment_id]);
        await ctx.services.domains.attachDisk(serverId, disk);
      },
    }),
    step({
      kind: 'host',
      name: 'define domain',
      skip: noDomain,
      action: async (ctx, { serverId, volume }) => {
        await ensureDomain(ctx.services, ctx.db, serverId, volume.attachment_id);
        await dropSecrets(ctx.services, [volume.attachment_id]);
      },
      undo: (ctx, { serverId }) => ensureDomain(ctx.services, ctx.db, serverId),
    }),
    step({
      kind: 'host',
      name: 'end export',
      service: 'volume',
      skip: (ctx, { volume }) => notExported(ctx.services, volume.attachment_id),
      action: ({ services }, { volume }) => services.volume.endExport(volume.attachment_id),
      undo: ({ services }, { volume }) => services.volume.exportTo(volume.attachment_id),
    }),
    step({
      kind: 'sql',
      name: 'release volume',
      service: 'volume',
      action: (ctx, { volume }) => deleteServerVolume(ctx.db, volume.attachment_id),
      undo: (ctx, { volume }) => insertServerVolume(ctx.db, volume),
    }),
  ],
  onFinished: (ctx, { volume }) => {
    ctx.services.volume.release(volume.attachment_id);
    harmless.onFinished(ctx);
  },
  onFailed: (ctx, input) => {
    ctx.services.volume.rollDetach(input.volume.attachment_id);
    harmless.onFailed(ctx, input);
  },
  onCancelled: (ctx, input) => {
    ctx.services.volume.rollDetach(input.volume.attachment_id);
    harmless.onCancelled(ctx, input);
  },
});
