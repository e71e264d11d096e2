import { defineSaga, step } from '../../saga/index.ts';
import { POWER } from '../store/server-row.ts';
import { serverOf, settle } from '../store/server.ts';
import { shutdownTimeoutMs } from './domain-spec.ts';
import { NO_UNDO, becomeActive, bringUp, common, shutDown, type ServerInput } from './server-common.ts';
import type { ServerServices } from './services.ts';

export type ServerPowerInput = ServerInput;

export interface ServerRebootInput extends ServerPowerInput {
  readonly hard: boolean;
}

/** os-start. */
export const serverStart = defineSaga<ServerPowerInput, ServerServices>({
  ...common,
  name: 'server-start',
  title: 'Start server',
  steps: bringUp,
});

/** After a reboot of the host, or when a domain has vanished: what ran before runs again (R31). */
export const serverRecover = defineSaga<ServerPowerInput, ServerServices>({
  ...common,
  name: 'server-recover',
  title: 'Start server again',
  steps: bringUp,
});

/** os-stop: the guest is asked, and after its time is over the plug is pulled. */
export const serverStop = defineSaga<ServerPowerInput, ServerServices>({
  ...common,
  name: 'server-stop',
  title: 'Stop server',
  steps: [
    shutDown,
    step({
      kind: 'sql',
      name: 'become stopped',
      action: (ctx, { serverId }) =>
        settle(ctx.db, serverId, { vmState: 'stopped', power: POWER.shutdown, at: ctx.now() }),
      undo: NO_UNDO,
    }),
  ],
});

/** reboot: SOFT asks the guest first; HARD, and a guest that does not listen, starts from a new definition. */
export const serverReboot = defineSaga<ServerRebootInput, ServerServices>({
  ...common,
  name: 'server-reboot',
  title: 'Reboot server',
  steps: [
    step({
      kind: 'host',
      name: 'shut down guest',
      skip: (_ctx, { hard }) => hard && 'a hard reboot does not ask the guest',
      action: async (ctx, { serverId }) => {
        const limit = shutdownTimeoutMs(ctx.services.config, serverOf(ctx.db, serverId));
        const down = limit > 0 && (await ctx.services.domains.shutdown(serverId, limit, ctx.signal));
        if (!down)
          ctx.note(`the guest did not shut down within ${limit / 1000} s; its power is switched off`);
      },
      undo: NO_UNDO,
    }),
    step({
      kind: 'host',
      name: 'destroy domain',
      action: (ctx, { serverId }) => ctx.services.domains.destroy(serverId),
      undo: NO_UNDO,
    }),
    ...bringUp,
  ],
});

/** pause: the guest's processors stand still; its memory stays. */
export const serverPause = defineSaga<ServerPowerInput, ServerServices>({
  ...common,
  name: 'server-pause',
  title: 'Pause server',
  steps: [
    step({
      kind: 'host',
      name: 'pause domain',
      action: (ctx, { serverId }) => ctx.services.domains.suspend(serverId),
      undo: NO_UNDO,
    }),
    step({
      kind: 'sql',
      name: 'become paused',
      action: (ctx, { serverId }) =>
        settle(ctx.db, serverId, { vmState: 'paused', power: POWER.paused, at: ctx.now() }),
      undo: NO_UNDO,
    }),
  ],
});

/** unpause. */
export const serverUnpause = defineSaga<ServerPowerInput, ServerServices>({
  ...common,
  name: 'server-unpause',
  title: 'Unpause server',
  steps: [
    step({
      kind: 'host',
      name: 'resume domain',
      action: (ctx, { serverId }) => ctx.services.domains.resume(serverId),
      undo: NO_UNDO,
    }),
    becomeActive,
  ],
});

/** suspend: the guest's memory goes to the host's disk, and the guest stops. */
export const serverSuspend = defineSaga<ServerPowerInput, ServerServices>({
  ...common,
  name: 'server-suspend',
  title: 'Suspend server',
  steps: [
    step({
      kind: 'host',
      name: 'save domain',
      concurrency: 'disk',
      action: (ctx, { serverId }) => ctx.services.domains.save(serverId),
      undo: NO_UNDO,
    }),
    step({
      kind: 'sql',
      name: 'become suspended',
      action: (ctx, { serverId }) =>
        settle(ctx.db, serverId, { vmState: 'suspended', power: POWER.shutdown, at: ctx.now() }),
      undo: NO_UNDO,
    }),
  ],
});

/** resume: libvirt starts the guest from its saved memory. */
export const serverResume = defineSaga<ServerPowerInput, ServerServices>({
  ...common,
  name: 'server-resume',
  title: 'Resume server',
  steps: bringUp,
});
