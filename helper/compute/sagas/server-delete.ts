import { defineSaga, none, step } from '../../saga/index.ts';
import { finishServerAction } from '../store/server-action.ts';
import { deleteServerVolume, volumesOf } from '../store/server-volume.ts';
import { markDeleted, pruneDeleted, serverOf, setDeleteFault } from '../store/server.ts';
import { instanceDirectory } from './domain-disks.ts';
import { removeDomain } from './ensure-domain.ts';
import { faultOf } from './fault.ts';
import { rescueHolder } from './server-rescue.ts';
import type { ServerServices } from './services.ts';

export interface ServerDeleteInput {
  readonly serverId: string;
}

const WEEK_MS = 7 * 24 * 3600 * 1000;

/**
 * DELETE /servers/{id}; step 50 of CREATE-FLOW.md. Only goes forward: what fails can be asked for again. A create that
 * is under way was cancelled in the same transaction, and has unwound before this one gets the server's lock.
 */
export const serverDelete = defineSaga<ServerDeleteInput, ServerServices>({
  name: 'server-delete',
  title: 'Delete server',
  service: 'compute',
  cancellable: false,
  resource: ({ serverId }) => ({ type: 'server', id: serverId }),
  locks: ({ serverId }) => [`server:${serverId}`],
  steps: [
    step({
      kind: 'host',
      name: 'destroy domain',
      number: 50,
      // So that what could not be built for want of a hypervisor can be deleted without one.
      skip: (ctx, { serverId }) => serverOf(ctx.db, serverId).host === null && 'it is on no host',
      action: (ctx, { serverId }) => removeDomain(ctx.services, ctx.db, serverId),
      undo: none('a deletion only goes forward'),
    }),
    step({
      kind: 'host',
      name: 'unplug network',
      number: 50,
      service: 'network',
      action: (ctx, { serverId }) => ctx.services.network.unplugServer(serverId),
      undo: none('a deletion only goes forward'),
    }),
    step({
      kind: 'host',
      name: 'remove files',
      number: 50,
      action: (ctx, { serverId }) => ctx.services.files.removeTree(instanceDirectory(serverId)),
      undo: none('a deletion only goes forward'),
    }),
    step({
      kind: 'sql',
      name: 'release resources',
      number: 50,
      action: (ctx, { serverId }) => {
        const { network, image, volume, basics, consoles, config } = ctx.services;
        network.deleteServerPorts(ctx.db, serverId);
        for (const { attachment_id: id, volume_id, delete_on_termination } of volumesOf(ctx.db, serverId)) {
          deleteServerVolume(ctx.db, id);
          volume.release(id);
          if (delete_on_termination === 1) volume.terminate(volume_id);
        }
        basics.claims.release(ctx.db, serverId);
        image.releaseBase(ctx.db, serverId);
        image.releaseBase(ctx.db, rescueHolder(serverId));
        const { shelved_image_id: shelved } = serverOf(ctx.db, serverId);
        if (shelved !== null) image.discard(ctx.db, shelved);
        consoles.revoke(serverId);
        markDeleted(ctx.db, serverId, ctx.now());
        pruneDeleted(ctx.db, ctx.now() - (config.keepDeletedMs ?? WEEK_MS));
      },
      undo: none('it is the last step'),
    }),
  ],
  onFinished: (ctx) => finishServerAction(ctx.db, ctx.operationId, null, ctx.now()),
  onFailed: (ctx, { serverId }, error) => {
    setDeleteFault(ctx.db, serverId, faultOf(`Deletion of instance ${serverId}`, error), ctx.now());
    finishServerAction(ctx.db, ctx.operationId, 'Error', ctx.now());
  },
});
