import { join } from 'node:path';
import { defineSaga, none, step, type HostContext, type StepContext } from '../../saga/index.ts';
import { finishServerAction } from '../store/server-action.ts';
import { setShelved } from '../store/server-change.ts';
import { POWER } from '../store/server-row.ts';
import { serverOf, setPlacement, setTask, settle } from '../store/server.ts';
import { instanceDirectory, pathsOf } from './domain-disks.ts';
import { removeDomain } from './ensure-domain.ts';
import { harmless, shutDown, startGuest, type ServerInput, type ServerStep } from './server-common.ts';
import type { ServerServices } from './services.ts';

export interface ServerShelveInput extends ServerInput {
  /** Reserved with the request. */
  readonly imageId: string;
  /** The guest runs (and is not only paused): it is asked to shut down first. */
  readonly running: boolean;
  /** It leaves its host at once. */
  readonly offload: boolean;
}

export interface ServerShelveVolumesInput extends ServerInput {
  readonly running: boolean;
}

const COPY = 'disk.shelved';

/** There is no way back once the server's row names the image: from then on a failure leaves it shelved. */
const isShelved = (ctx: StepContext<ServerServices>, serverId: string): boolean =>
  serverOf(ctx.db, serverId).shelved_image_id !== null;

/** Takes the server off its host; its ports, which stay its own, are down. */
const offload: readonly ServerStep<ServerInput>[] = [
  {
    kind: 'host',
    name: 'remove domain',
    action: (ctx, { serverId }) => removeDomain(ctx.services, ctx.db, serverId),
    undo: none('the image has all that is needed'),
  },
  {
    kind: 'host',
    name: 'unplug network',
    service: 'network',
    action: (ctx, { serverId }) => ctx.services.network.unplugServer(serverId),
    undo: none('unshelving plugs it again'),
  },
  {
    kind: 'host',
    name: 'remove files',
    action: (ctx, { serverId }) => ctx.services.files.removeTree(instanceDirectory(serverId)),
    undo: none('the image has all that is needed'),
  },
  {
    kind: 'sql',
    name: 'leave host',
    action: (ctx, { serverId }) => {
      const { basics, image } = ctx.services;
      const at = ctx.now();
      basics.claims.release(ctx.db, serverId);
      image.releaseBase(ctx.db, serverId);
      setPlacement(ctx.db, serverId, { host: null, node: null, zone: null }, at);
      settle(ctx.db, serverId, { vmState: 'shelved_offloaded', power: POWER.shutdown, at });
    },
    undo: none('it is the last step'),
  },
];

/** Nobody will need the image of a server that was not shelved. */
function giveUp(ctx: StepContext<ServerServices>, { serverId, imageId }: ServerShelveInput): void {
  if (!isShelved(ctx, serverId)) ctx.services.image.discard(ctx.db, imageId);
  setTask(ctx.db, serverId, null, ctx.now());
  finishServerAction(ctx.db, ctx.operationId, 'Error', ctx.now());
}

const bringBack = async (ctx: HostContext<ServerServices>, input: ServerShelveInput): Promise<void> => {
  if (input.running && !isShelved(ctx, input.serverId)) await startGuest(ctx, input.serverId);
};

/**
 * shelve: the root disk becomes an image, then the server leaves its host (at once, or later by shelveOffload). Memory of
 * a paused or suspended guest is given up with the host, not before the image is complete.
 */
export const serverShelve = defineSaga<ServerShelveInput, ServerServices>({
  ...harmless,
  name: 'server-shelve',
  title: 'Shelve server',
  steps: [
    step({
      kind: 'host',
      name: 'shut down guest',
      skip: (ctx, { serverId, running }) =>
        (!running || isShelved(ctx, serverId)) && 'the guest does not run',
      action: (ctx, input) => shutDown.action(ctx, input),
      undo: bringBack,
    }),
    step({
      kind: 'sql',
      name: 'begin storing',
      action: (ctx, { serverId }) => setTask(ctx.db, serverId, 'shelving_image_uploading', ctx.now()),
      undo: none('the end clears the task'),
    }),
    step({
      kind: 'host',
      name: 'copy disk of paused guest',
      concurrency: 'disk',
      action: async (ctx, { serverId }) => {
        const { domains, config } = ctx.services;
        const status = await domains.status(serverId);
        if (isShelved(ctx, serverId) || status?.powerState !== 'paused') {
          ctx.note('the guest does not run: its disk is read as it is');
          return;
        }
        const target = serverOf(ctx.db, serverId).root_device_name.replace('/dev/', '');
        const copy = join(config.stateDirectory, ...instanceDirectory(serverId), COPY);
        await domains.copyDisk(serverId, target, copy, { signal: ctx.signal });
      },
      undo: (ctx, { serverId }) => ctx.services.files.remove([...instanceDirectory(serverId), COPY]),
    }),
    step({
      kind: 'host',
      name: 'store image',
      service: 'image',
      concurrency: 'image',
      skip: (ctx, { serverId }) => isShelved(ctx, serverId) && 'it is stored',
      action: async (ctx, { serverId, imageId }) => {
        const { files, image, config } = ctx.services;
        const copy = [...instanceDirectory(serverId), COPY] as const;
        const copied = (await files.stat(copy)) !== undefined;
        const path = copied ? files.absolute(copy) : pathsOf(config, serverId).disk;
        const kept = await image.createFromDisk(imageId, { path }, ctx.signal, (fraction) =>
          ctx.progress(fraction, 'image'),
        );
        if (!kept) throw new Error('the image of the shelved server was deleted while it was stored');
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
      name: 'become shelved',
      action: (ctx, { serverId, imageId, offload: leaves }) => {
        const at = ctx.now();
        setShelved(ctx.db, serverId, { imageId, at });
        settle(ctx.db, serverId, { vmState: 'shelved', power: POWER.shutdown, at });
        if (leaves) setTask(ctx.db, serverId, 'shelving_offloading', at);
      },
      undo: none('there is no way back'),
    }),
    step({
      kind: 'host',
      name: 'destroy domain',
      // Of one that was paused or suspended.
      action: (ctx, { serverId }) => ctx.services.domains.destroy(serverId),
      undo: none('there is no way back'),
    }),
    ...offload.map((one): ServerStep<ServerShelveInput> => ({
      ...one,
      skip: (_ctx: unknown, input: ServerShelveInput) => !input.offload && 'it stays on its host for now',
    })),
  ],
  onFailed: giveUp,
  onCancelled: giveUp,
});

/**
 * shelve of a server that boots from a volume: there is nothing to keep of it but its volumes, which stay its own. Once its
 * guest is gone, a failure leaves it to be shelved again or deleted.
 */
export const serverShelveVolumes = defineSaga<ServerShelveVolumesInput, ServerServices>({
  ...harmless,
  name: 'server-shelve-volumes',
  title: 'Shelve server',
  steps: [
    step({
      kind: 'host',
      name: 'shut down guest',
      skip: (_ctx, { running }) => !running && 'the guest does not run',
      action: (ctx, input) => shutDown.action(ctx, input),
      undo: async (ctx, { serverId, running }) => {
        if (running) await startGuest(ctx, serverId);
      },
    }),
    step({
      kind: 'sql',
      name: 'begin offloading',
      action: (ctx, { serverId }) => setTask(ctx.db, serverId, 'shelving_offloading', ctx.now()),
      undo: none('the end clears the task'),
    }),
    ...offload,
    step({
      kind: 'sql',
      name: 'become shelved',
      action: (ctx, { serverId }) => setShelved(ctx.db, serverId, { imageId: null, at: ctx.now() }),
      undo: none('it is the last step'),
    }),
  ],
});

/** shelveOffload: a shelved server leaves its host. */
export const serverShelveOffload = defineSaga<ServerInput, ServerServices>({
  ...harmless,
  name: 'server-shelve-offload',
  title: 'Offload shelved server',
  steps: offload,
});
