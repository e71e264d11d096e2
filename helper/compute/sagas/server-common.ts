import type { OperationError } from '../../contract/operation.ts';
import { none, type HostContext, type Step, type StepContext } from '../../saga/index.ts';
import { finishServerAction } from '../store/server-action.ts';
import { POWER } from '../store/server-row.ts';
import { serverOf, setFault, setTask, settle } from '../store/server.ts';
import { shutdownTimeoutMs } from './domain-spec.ts';
import { ensureDomain, startDomain } from './ensure-domain.ts';
import { faultOf } from './fault.ts';
import type { ServerServices } from './services.ts';

export interface ServerInput {
  readonly serverId: string;
}

export type ServerStep<Input extends ServerInput> = Step<Input, ServerServices>;

/** Of steps whose effect the next operation finds and corrects. */
export const NO_UNDO = none("the server's state is settled by what the hypervisor says");

/** What all operations on an existing server share. */
export const common = {
  service: 'compute',
  resource: ({ serverId }: ServerInput) => ({ type: 'server', id: serverId }),
  locks: ({ serverId }: ServerInput) => [`server:${serverId}`],
  onFinished: (ctx: StepContext<ServerServices>) =>
    finishServerAction(ctx.db, ctx.operationId, null, ctx.now()),
  // ERROR with a fault: from there hard reboot, stop and delete are legal (R12).
  onFailed: (ctx: StepContext<ServerServices>, { serverId }: ServerInput, error: OperationError) => {
    setFault(ctx.db, serverId, faultOf('The operation', error), ctx.now());
    finishServerAction(ctx.db, ctx.operationId, 'Error', ctx.now());
  },
  onCancelled: (ctx: StepContext<ServerServices>, { serverId }: ServerInput) => {
    const fault = { code: 500, message: 'The operation was cancelled.', details: null };
    setFault(ctx.db, serverId, fault, ctx.now());
    finishServerAction(ctx.db, ctx.operationId, 'Error', ctx.now());
  },
};

export const becomeActive: ServerStep<ServerInput> = {
  kind: 'sql',
  name: 'become active',
  action: (ctx, { serverId }) => {
    // One in rescue that comes back with its host is in rescue again.
    const vmState = serverOf(ctx.db, serverId).rescue_image_id === null ? 'active' : 'rescued';
    settle(ctx.db, serverId, { vmState, power: POWER.running, at: ctx.now() });
  },
  undo: NO_UNDO,
};

/** A clean start: definition, network, guest. Each ensures its state, so a running rest of them does no harm. */
export const bringUp: readonly ServerStep<ServerInput>[] = [
  {
    kind: 'host',
    name: 'define domain',
    number: [31, 32],
    action: (ctx, { serverId }) => ensureDomain(ctx.services, ctx.db, serverId),
    undo: NO_UNDO,
  },
  {
    kind: 'host',
    name: 'plug network',
    number: [33, 36],
    service: 'network',
    action: (ctx, { serverId }) => ctx.services.network.plugServer(serverId, ctx.signal),
    undo: NO_UNDO,
  },
  {
    kind: 'host',
    name: 'start domain',
    number: 37,
    concurrency: 'domain-start',
    action: (ctx, { serverId }) => startDomain(ctx.services, ctx.db, serverId),
    undo: NO_UNDO,
  },
  becomeActive,
];

/** For operations whose failure leaves the server as it was: nothing goes on any more, and the action has an error. */
export const harmless = {
  ...common,
  onFailed: (ctx: StepContext<ServerServices>, { serverId }: ServerInput) => {
    setTask(ctx.db, serverId, null, ctx.now());
    finishServerAction(ctx.db, ctx.operationId, 'Error', ctx.now());
  },
  onCancelled: (ctx: StepContext<ServerServices>, { serverId }: ServerInput) => {
    setTask(ctx.db, serverId, null, ctx.now());
    finishServerAction(ctx.db, ctx.operationId, 'Error', ctx.now());
  },
};

/** Asks the guest, and pulls the plug after its time is over. */
export const shutDown: ServerStep<ServerInput> & { readonly kind: 'host' } = {
  kind: 'host',
  name: 'shut down guest',
  action: async (ctx, { serverId }) => {
    const limit = shutdownTimeoutMs(ctx.services.config, serverOf(ctx.db, serverId));
    const down = limit > 0 && (await ctx.services.domains.shutdown(serverId, limit, ctx.signal));
    if (down) return;
    ctx.note(`the guest did not shut down within ${limit / 1000} s; its power is switched off`);
    await ctx.services.domains.destroy(serverId);
  },
  undo: NO_UNDO,
};

/** Nothing goes on any more; for the end of {@link harmless} operations. */
export const clearTask: ServerStep<ServerInput> = {
  kind: 'sql',
  name: 'clear task',
  action: (ctx, { serverId }) => setTask(ctx.db, serverId, null, ctx.now()),
  undo: NO_UNDO,
};

/** Undo of a step that stopped a guest: it runs again, from what the row says. */
export async function startGuest(ctx: HostContext<ServerServices>, serverId: string): Promise<void> {
  await ensureDomain(ctx.services, ctx.db, serverId);
  await ctx.services.network.plugServer(serverId, ctx.signal);
  await startDomain(ctx.services, ctx.db, serverId);
}
