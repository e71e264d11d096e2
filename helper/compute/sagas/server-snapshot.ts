import { join } from 'node:path';
import { defineSaga, none, step, type StepContext } from '../../saga/index.ts';
import { finishServerAction } from '../store/server-action.ts';
import { imagePropertiesOfRow } from '../store/server-row.ts';
import { serverOf, setTask } from '../store/server.ts';
import { instanceDirectory, pathsOf } from './domain-disks.ts';
import { quiesceOf } from './quiesce.ts';
import { clearTask, harmless, type ServerInput } from './server-common.ts';
import type { ServerServices } from './services.ts';

export interface ServerSnapshotInput extends ServerInput {
  /** Reserved with the request. */
  readonly imageId: string;
  /** Of createBackup: how many of this kind are kept. */
  readonly backup: { readonly type: string; readonly rotation: number } | null;
}

const COPY = 'disk.snapshot';

/** The image goes; the server stays as it is. */
const giveUp = (ctx: StepContext<ServerServices>, input: ServerSnapshotInput): void => {
  ctx.services.image.discard(ctx.db, input.imageId);
  setTask(ctx.db, input.serverId, null, ctx.now());
  finishServerAction(ctx.db, ctx.operationId, 'Error', ctx.now());
};

/** createImage and createBackup: the root disk as an image, of a running guest as of a stopped one. */
export const serverSnapshot = defineSaga<ServerSnapshotInput, ServerServices>({
  ...harmless,
  name: 'server-snapshot',
  title: 'Create image of server',
  steps: [
    step({
      kind: 'host',
      name: 'copy disk of running guest',
      concurrency: 'disk',
      action: async (ctx, { serverId }) => {
        const { domains, config } = ctx.services;
        const status = await domains.status(serverId);
        if (status?.powerState !== 'running' && status?.powerState !== 'paused') {
          ctx.note('the guest does not run: its disk is read as it is');
          return;
        }
        await domains.copyDisk(
          serverId,
          serverOf(ctx.db, serverId).root_device_name.replace('/dev/', ''),
          join(config.stateDirectory, ...instanceDirectory(serverId), COPY),
          {
            signal: ctx.signal,
            onProgress: (fraction) => ctx.progress(fraction, 'copy of the disk'),
            ...quiesceOf(imagePropertiesOfRow(serverOf(ctx.db, serverId))),
          },
        );
      },
      undo: (ctx, { serverId }) => ctx.services.files.remove([...instanceDirectory(serverId), COPY]),
    }),
    step({
      kind: 'sql',
      name: 'begin storing',
      action: (ctx, { serverId }) => setTask(ctx.db, serverId, 'image_uploading', ctx.now()),
      undo: none('the end clears the task'),
    }),
    step({
      kind: 'host',
      name: 'store image',
      service: 'image',
      concurrency: 'image',
      action: async (ctx, { serverId, imageId }) => {
        const { files, image, config } = ctx.services;
        const copy = [...instanceDirectory(serverId), COPY] as const;
        const there = (await files.stat([...copy])) !== undefined;
        const path = there ? files.absolute([...copy]) : pathsOf(config, serverId).disk;
        const kept = await image.createFromDisk(imageId, { path }, ctx.signal, (fraction) =>
          ctx.progress(fraction, 'image'),
        );
        if (!kept) ctx.note('the image was deleted meanwhile');
      },
      undo: none('the end discards the image'),
    }),
    step({
      kind: 'host',
      name: 'remove copy',
      action: (ctx, { serverId }) => ctx.services.files.remove([...instanceDirectory(serverId), COPY]),
      undo: none('nobody needs it'),
    }),
    step({
      kind: 'sql',
      name: 'rotate backups',
      skip: (_ctx, { backup }) => backup === null && 'it is no backup',
      action: (ctx, { serverId, backup }) => {
        if (backup === null) return;
        const { image } = ctx.services;
        for (const id of image.backupsOf(ctx.db, serverId, backup.type).slice(backup.rotation))
          image.discard(ctx.db, id);
      },
      undo: none('what is gone is gone'),
    }),
    clearTask,
  ],
  onFailed: giveUp,
  onCancelled: giveUp,
});
