import { defineSaga, none, step, type StepContext } from '../../saga/index.ts';
import { NoValidHost, type RequestSpec, type Selection, type Verdict } from '../basics.ts';
import { finishServerAction } from '../store/server-action.ts';
import { POWER, nicsOfRow, resourcesOf } from '../store/server-row.ts';
import { serverOf, setFault, setLaunched, setPlacement, setTask, settle } from '../store/server.ts';
import { giveUpVolumes, prepareVolumes, volumesInUse } from './boot-volumes.ts';
import { instanceDirectory, pathsOf } from './domain-disks.ts';
import { ensureDomain, startDomain } from './ensure-domain.ts';
import { faultOf } from './fault.ts';
import { createDisks } from './server-disks.ts';
import type { ServerServices } from './services.ts';

/** Everything else is in the server's row, which was written with this input. */
export interface ServerCreateInput {
  readonly serverId: string;
  /** Of the root disk; null where that is a volume. */
  readonly imageId: string | null;
}

const NO_IMAGE = 'the root disk is a volume';

/** Puts what each filter said of each host into the record, also when no host was left. */
function recordVerdicts(ctx: StepContext<ServerServices>, select: () => Selection): Selection {
  const tell = (verdicts: readonly Verdict[]): void => {
    for (const { filter, host, passed, reason } of verdicts)
      ctx.note(
        `${filter}: ${host} ${passed ? 'passed' : 'did not pass'}${reason === '' ? '' : `, ${reason}`}`,
      );
  };
  try {
    const selection = select();
    tell(selection.verdicts);
    return selection;
  } catch (error) {
    if (error instanceof NoValidHost) tell(error.verdicts);
    throw error;
  }
}

/**
 * POST /servers, after the row. The numbers are those of CREATE-FLOW.md; 1 to 7 happened before the saga and are
 * events of its record, and so are 38 to 42, which are the guest's.
 */
export const serverCreate = defineSaga<ServerCreateInput, ServerServices>({
  name: 'server-create',
  version: 2,
  title: 'Create server',
  service: 'compute',
  resource: ({ serverId }) => ({ type: 'server', id: serverId }),
  locks: ({ serverId }) => [`server:${serverId}`],
  steps: [
    step({
      kind: 'sql',
      name: 'build request specification',
      number: [8, 10],
      action: (ctx, { serverId, imageId }) => {
        const row = serverOf(ctx.db, serverId);
        ctx.note('request specification', JSON.parse(row.request_spec));
        // From here on no collection removes the base under us (R24).
        if (imageId !== null) ctx.services.image.leaseBase(ctx.db, imageId, serverId);
      },
      undo: (ctx, { serverId }) => ctx.services.image.releaseBase(ctx.db, serverId),
    }),
    step({
      kind: 'sql',
      name: 'schedule',
      number: [11, 14],
      action: (ctx, { serverId }) => {
        const { scheduler, zones } = ctx.services.basics;
        const spec = JSON.parse(serverOf(ctx.db, serverId).request_spec) as RequestSpec;
        const { host, node, weights } = recordVerdicts(ctx, () => scheduler.select(ctx.db, spec));
        ctx.note(`chosen host: ${host}`, weights);
        setPlacement(ctx.db, serverId, { host, node, zone: zones.zoneOf(ctx.db, host) }, ctx.now());
      },
      undo: (ctx, { serverId }) =>
        setPlacement(ctx.db, serverId, { host: null, node: null, zone: null }, ctx.now()),
    }),
    step({
      kind: 'sql',
      name: 'claim resources',
      number: [15, 17],
      action: (ctx, { serverId }) => {
        const row = serverOf(ctx.db, serverId);
        const host = row.host ?? ctx.services.config.hostName;
        ctx.services.basics.claims.claim(ctx.db, serverId, host, resourcesOf(row));
        setTask(ctx.db, serverId, 'networking', ctx.now());
      },
      undo: (ctx, { serverId }) => ctx.services.basics.claims.release(ctx.db, serverId),
    }),
    step({
      kind: 'sql',
      name: 'create ports',
      number: [18, 23],
      service: 'network',
      action: (ctx, { serverId }) => {
        const row = serverOf(ctx.db, serverId);
        ctx.services.network.createServerPorts(ctx.db, {
          serverId,
          serverName: row.name,
          projectId: row.project_id,
          availabilityZone: row.availability_zone ?? ctx.services.config.zone,
          nics: nicsOfRow(row),
          securityGroupIds: JSON.parse(row.security_group_ids) as string[],
        });
        setTask(ctx.db, serverId, 'block_device_mapping', ctx.now());
      },
      undo: (ctx, { serverId }) => ctx.services.network.deleteServerPorts(ctx.db, serverId),
    }),
    ...prepareVolumes,
    step({
      kind: 'sql',
      name: 'begin spawning',
      number: 24,
      action: (ctx, { serverId }) => setTask(ctx.db, serverId, 'spawning', ctx.now()),
      undo: none('onFailed settles the task'),
    }),
    step({
      kind: 'host',
      name: 'fetch base image',
      number: [25, 26],
      service: 'image',
      concurrency: 'image',
      skip: (_ctx, { imageId }) => imageId === null && NO_IMAGE,
      action: async (ctx, { imageId }) => {
        if (imageId === null) return;
        const base = await ctx.services.image.ensureBase(imageId, ctx.signal, (fraction) =>
          ctx.progress(fraction, 'base image'),
        );
        ctx.note(`base ${base.sha256} (${base.format}, ${base.virtualSize} bytes)`);
      },
      undo: none('the base stays in the cache until nobody leases it'),
    }),
    step({
      kind: 'host',
      name: 'create disk',
      number: [27, 28],
      concurrency: 'disk',
      action: async (ctx, { serverId, imageId }) => {
        const { services } = ctx;
        // Asked before there may be a domain: with nobody to ask, its undo could not know whether there is one.
        await services.domains.hypervisor();
        const base =
          imageId === null ? null : await services.image.ensureBase(imageId, ctx.signal, () => undefined);
        await createDisks(services, serverOf(ctx.db, serverId), base);
      },
      undo: (ctx, { serverId }) => ctx.services.files.removeTree(instanceDirectory(serverId)),
    }),
    step({
      kind: 'host',
      name: 'build config drive',
      number: [29, 30],
      concurrency: 'disk',
      skip: (ctx, { serverId }) => serverOf(ctx.db, serverId).config_drive === 0 && 'not asked for',
      action: async (ctx, { serverId }) => {
        await ctx.services.buildConfigDrive({
          path: pathsOf(ctx.services.config, serverId).configDrive,
          files: ctx.services.metadata.configDriveFiles(serverId),
        });
      },
      undo: (ctx, { serverId }) =>
        ctx.services.disks.remove(pathsOf(ctx.services.config, serverId).configDrive),
    }),
    step({
      kind: 'host',
      name: 'define domain',
      number: [31, 32],
      action: (ctx, { serverId }) => ensureDomain(ctx.services, ctx.db, serverId),
      undo: async (ctx, { serverId }) => {
        await ctx.services.domains.destroy(serverId);
        await ctx.services.domains.undefine(serverId);
        await ctx.services.runFiles.removeTree(instanceDirectory(serverId));
      },
    }),
    step({
      kind: 'host',
      name: 'plug network',
      number: [33, 36],
      service: 'network',
      action: (ctx, { serverId }) => ctx.services.network.plugServer(serverId, ctx.signal),
      undo: (ctx, { serverId }) => ctx.services.network.unplugServer(serverId),
    }),
    step({
      kind: 'host',
      name: 'start domain',
      number: 37,
      concurrency: 'domain-start',
      action: (ctx, { serverId }) => startDomain(ctx.services, ctx.db, serverId),
      undo: (ctx, { serverId }) => ctx.services.domains.destroy(serverId),
    }),
    volumesInUse,
    step({
      kind: 'sql',
      name: 'become active',
      action: (ctx, { serverId }) => {
        const at = ctx.now();
        settle(ctx.db, serverId, { vmState: 'active', power: POWER.running, at });
        setLaunched(ctx.db, serverId, at);
      },
      undo: none('it is the last step'),
    }),
  ],
  onFinished: (ctx) => finishServerAction(ctx.db, ctx.operationId, null, ctx.now()),
  onFailed: (ctx, { serverId }, error) => {
    giveUpVolumes(ctx, { serverId });
    setFault(ctx.db, serverId, faultOf(`Build of instance ${serverId}`, error), ctx.now());
    finishServerAction(ctx.db, ctx.operationId, 'Error', ctx.now());
  },
  onCancelled: (ctx, { serverId }) => {
    giveUpVolumes(ctx, { serverId });
    const fault = { code: 500, message: `Build of instance ${serverId} was cancelled.`, details: null };
    setFault(ctx.db, serverId, fault, ctx.now());
    finishServerAction(ctx.db, ctx.operationId, 'Error', ctx.now());
  },
});
