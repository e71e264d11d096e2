import type { VmState } from '../../contract/server-actions.ts';
import type { OperationError } from '../../contract/operation.ts';
import { defineSaga, none, step, type HostContext, type StepContext } from '../../saga/index.ts';
import type { RequestSpec, Resources } from '../basics.ts';
import { setMigrationStatus } from '../store/migration.ts';
import { finishServerAction } from '../store/server-action.ts';
import { setFlavor, setOld } from '../store/server-change.ts';
import {
  POWER,
  flavorOfRow,
  oldFlavorOfRow,
  resourcesOf,
  resourcesOfFlavor,
  type FlavorPart,
  type ServerRow,
} from '../store/server-row.ts';
import { serverOf, setTask, settle } from '../store/server.ts';
import {
  NO_UNDO,
  bringUp,
  common,
  shutDown,
  startGuest,
  type ServerInput,
  type ServerStep,
} from './server-common.ts';
import { dropOld, growDisks, keepCopies, putBack, ungrowDisks } from './server-disks.ts';
import type { ServerServices } from './services.ts';

export interface ServerResizeInput extends ServerInput {
  readonly flavor: FlavorPart;
  readonly vmState: VmState;
}

export interface ServerRevertInput extends ServerInput {
  readonly vmState: VmState;
}

/** Enough for either flavor: until it is confirmed, a resize can be taken back. */
const both = (one: Resources, other: Resources): Resources => ({
  vcpus: Math.max(one.vcpus, other.vcpus),
  ramMib: Math.max(one.ramMib, other.ramMib),
  diskGib: Math.max(one.diskGib, other.diskGib),
});

/** What this server takes with another flavor. */
const takes = (row: ServerRow, flavor: FlavorPart): Resources =>
  resourcesOfFlavor(flavor, row.volume_backed === 1);

/** What is scheduled for a server with another flavor. */
export function specWith(row: ServerRow, flavor: FlavorPart): RequestSpec {
  const spec = JSON.parse(row.request_spec) as RequestSpec;
  const { id, name, vcpus, ramMib, extraSpecs } = flavor;
  return {
    ...spec,
    flavor: { id, name, vcpus, ramMib, diskGib: takes(row, flavor).diskGib, extraSpecs },
  };
}

/** The server is again what it was; its owner finds an action that failed. */
const asBefore = (ctx: StepContext<ServerServices>, { serverId, vmState }: ServerResizeInput): void => {
  const power = vmState === 'active' ? POWER.running : POWER.shutdown;
  settle(ctx.db, serverId, { vmState, power, at: ctx.now() });
  setMigrationStatus(ctx.db, serverId, 'error', ctx.now());
  finishServerAction(ctx.db, ctx.operationId, 'Error', ctx.now());
};

const running = ({ vmState }: { readonly vmState: VmState }): boolean => vmState === 'active';

/** define, plug and start, the last only for a guest that ran. */
const comeBack: readonly ServerStep<ServerRevertInput>[] = bringUp.slice(0, -1).map((one) =>
  one.kind === 'host' && one.name === 'start domain'
    ? {
        ...one,
        skip: (_ctx, input) => !running(input) && 'the server is stopped',
        undo: (ctx: HostContext<ServerServices>, { serverId }: ServerInput) =>
          ctx.services.domains.destroy(serverId),
      }
    : one,
);

const stopForResize: ServerStep<ServerResizeInput> = {
  ...shutDown,
  skip: (_ctx, input) => !running(input) && 'the server is stopped',
  undo: (ctx: HostContext<ServerServices>, { serverId }: ServerInput) => startGuest(ctx, serverId),
};

/**
 * resize: the same host, another flavor. The old disks stay aside until the owner confirms (R25); every failure puts
 * the server back as it was.
 */
export const serverResize = defineSaga<ServerResizeInput, ServerServices>({
  ...common,
  name: 'server-resize',
  title: 'Resize server',
  steps: [
    step({
      kind: 'sql',
      name: 'schedule',
      action: (ctx, { serverId, flavor }) => {
        const { scheduler, claims } = ctx.services.basics;
        const row = serverOf(ctx.db, serverId);
        // Its own claim must not stand in its way.
        claims.release(ctx.db, serverId);
        const { host } = scheduler.select(ctx.db, specWith(row, flavor));
        ctx.note(`chosen host: ${host}`);
        const most = both(takes(row, flavor), resourcesOf(row));
        claims.claim(ctx.db, serverId, host, most);
        setTask(ctx.db, serverId, 'resize_migrating', ctx.now());
      },
      undo: (ctx, { serverId }) => {
        const row = serverOf(ctx.db, serverId);
        const { claims } = ctx.services.basics;
        claims.release(ctx.db, serverId);
        claims.claim(ctx.db, serverId, row.host ?? ctx.services.config.hostName, resourcesOf(row));
      },
    }),
    stopForResize,
    step({
      kind: 'host',
      name: 'remove leftovers',
      action: (ctx, { serverId }) => dropOld(ctx.services, serverId),
      undo: none('nobody needs them'),
    }),
    step({
      kind: 'host',
      name: 'keep old disks',
      concurrency: 'disk',
      action: (ctx, { serverId }) => keepCopies(ctx.services, serverId),
      undo: (ctx, { serverId }) => putBack(ctx.services, serverId),
    }),
    step({
      kind: 'host',
      name: 'resize disks',
      concurrency: 'disk',
      action: (ctx, { serverId, flavor }) => growDisks(ctx.services, serverOf(ctx.db, serverId), flavor),
      undo: (ctx, { serverId }) => {
        const row = serverOf(ctx.db, serverId);
        return ungrowDisks(ctx.services, row, flavorOfRow(row));
      },
    }),
    step({
      kind: 'sql',
      name: 'adopt flavor',
      action: (ctx, { serverId, flavor, vmState }) => {
        setOld(ctx.db, serverId, { flavor: flavorOfRow(serverOf(ctx.db, serverId)), vmState });
        setFlavor(ctx.db, serverId, flavor);
        setTask(ctx.db, serverId, 'resize_finish', ctx.now());
      },
      undo: (ctx, { serverId }) => {
        const old = oldFlavorOfRow(serverOf(ctx.db, serverId));
        if (old !== undefined) setFlavor(ctx.db, serverId, old);
        setOld(ctx.db, serverId, null);
      },
    }),
    ...comeBack,
    step({
      kind: 'sql',
      name: 'wait for confirmation',
      action: (ctx, { serverId, vmState }) => {
        const power = vmState === 'active' ? POWER.running : POWER.shutdown;
        settle(ctx.db, serverId, { vmState: 'resized', power, at: ctx.now() });
        setMigrationStatus(ctx.db, serverId, 'finished', ctx.now());
      },
      undo: NO_UNDO,
    }),
  ],
  onFailed: (ctx: StepContext<ServerServices>, input: ServerResizeInput, _error: OperationError) =>
    asBefore(ctx, input),
  onCancelled: asBefore,
});

/** confirmResize, after the rows: they say already that there is no way back. */
export const serverResizeConfirm = defineSaga<ServerInput, ServerServices>({
  ...common,
  name: 'server-resize-confirm',
  title: 'Confirm resize',
  steps: [
    step({
      kind: 'host',
      name: 'remove old disks',
      action: (ctx, { serverId }) => dropOld(ctx.services, serverId),
      undo: none('what is left over is removed before the next resize'),
    }),
  ],
  onFailed: (ctx: StepContext<ServerServices>) =>
    finishServerAction(ctx.db, ctx.operationId, 'Error', ctx.now()),
  onCancelled: (ctx: StepContext<ServerServices>) =>
    finishServerAction(ctx.db, ctx.operationId, 'Error', ctx.now()),
});

/** revertResize: the old disks and the old flavor; what the guest wrote since is gone. */
export const serverResizeRevert = defineSaga<ServerRevertInput, ServerServices>({
  ...common,
  name: 'server-resize-revert',
  title: 'Revert resize',
  steps: [
    step({
      kind: 'host',
      name: 'destroy domain',
      action: (ctx, { serverId }) => ctx.services.domains.destroy(serverId),
      undo: NO_UNDO,
    }),
    step({
      kind: 'host',
      name: 'restore disks',
      action: async (ctx, { serverId }) => {
        const row = serverOf(ctx.db, serverId);
        const old = oldFlavorOfRow(row);
        if (old === undefined) return;
        await putBack(ctx.services, serverId);
        await ungrowDisks(ctx.services, row, old);
      },
      undo: NO_UNDO,
    }),
    step({
      kind: 'sql',
      name: 'restore flavor',
      action: (ctx, { serverId }) => {
        const row = serverOf(ctx.db, serverId);
        const old = oldFlavorOfRow(row);
        if (old === undefined) return;
        setFlavor(ctx.db, serverId, old);
        setOld(ctx.db, serverId, null);
        const { claims } = ctx.services.basics;
        claims.release(ctx.db, serverId);
        claims.claim(ctx.db, serverId, row.host ?? ctx.services.config.hostName, takes(row, old));
        setMigrationStatus(ctx.db, serverId, 'reverted', ctx.now());
      },
      undo: NO_UNDO,
    }),
    ...comeBack.map((one): ServerStep<ServerRevertInput> => ({ ...one, undo: NO_UNDO })),
    step({
      kind: 'sql',
      name: 'become what it was',
      action: (ctx, { serverId, vmState }) => {
        const power = vmState === 'active' ? POWER.running : POWER.shutdown;
        settle(ctx.db, serverId, { vmState, power, at: ctx.now() });
      },
      undo: NO_UNDO,
    }),
  ],
});
