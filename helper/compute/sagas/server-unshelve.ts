import { defineSaga, none, step } from '../../saga/index.ts';
import type { RequestSpec } from '../basics.ts';
import { setRequestSpec, setRequestedZone, setShelved } from '../store/server-change.ts';
import { POWER, flavorOfRow, resourcesOf } from '../store/server-row.ts';
import { serverOf, setPlacement, settle } from '../store/server.ts';
import { instanceDirectory } from './domain-disks.ts';
import { ensureDomain, removeDomain, startDomain } from './ensure-domain.ts';
import { bringUp, common, harmless, type ServerInput } from './server-common.ts';
import { createDisks, rebuildConfigDrive } from './server-disks.ts';
import { specWith } from './server-resize.ts';
import type { ServerServices } from './services.ts';

export interface ServerUnshelveInput extends ServerInput {
  /** That holds the root disk; null where that is a volume. */
  readonly imageId: string | null;
  /** Where it shall be from now on (2.77); null anywhere (2.91). Absent: as it was asked for. */
  readonly zone?: string | null;
  /** Of 2.91. */
  readonly host?: string;
}

/** unshelve of a server that is on no host: as a creation, from the image of its disk. A failure leaves it shelved. */
export const serverUnshelve = defineSaga<ServerUnshelveInput, ServerServices>({
  ...harmless,
  name: 'server-unshelve',
  title: 'Unshelve server',
  version: 2,
  steps: [
    step({
      kind: 'sql',
      name: 'lease base',
      action: (ctx, { serverId, imageId }) => {
        if (imageId !== null) ctx.services.image.leaseBase(ctx.db, imageId, serverId);
      },
      undo: (ctx, { serverId }) => ctx.services.image.releaseBase(ctx.db, serverId),
    }),
    step({
      kind: 'sql',
      name: 'schedule',
      action: (ctx, { serverId, zone, host }) => {
        const { scheduler, zones, claims } = ctx.services.basics;
        const row = serverOf(ctx.db, serverId);
        const spec: RequestSpec = {
          ...specWith(row, flavorOfRow(row)),
          ...(zone === undefined ? {} : { availabilityZone: zone }),
          // A host that was named for the creation does not bind it any more.
          forceHost: host ?? null,
          forceNode: null,
          forceHostFiltered: true,
        };
        const chosen = scheduler.select(ctx.db, spec);
        ctx.note(`chosen host: ${chosen.host}`, chosen.weights);
        const place = { host: chosen.host, node: chosen.node, zone: zones.zoneOf(ctx.db, chosen.host) };
        setPlacement(ctx.db, serverId, place, ctx.now());
        claims.claim(ctx.db, serverId, chosen.host, resourcesOf(row));
      },
      undo: (ctx, { serverId }) => {
        ctx.services.basics.claims.release(ctx.db, serverId);
        setPlacement(ctx.db, serverId, { host: null, node: null, zone: null }, ctx.now());
      },
    }),
    step({
      kind: 'host',
      name: 'fetch base image',
      service: 'image',
      concurrency: 'image',
      skip: (_ctx, { imageId }) => imageId === null && 'the root disk is a volume',
      action: async (ctx, { imageId }) => {
        if (imageId === null) return;
        await ctx.services.image.ensureBase(imageId, ctx.signal, (fraction) =>
          ctx.progress(fraction, 'base image'),
        );
      },
      undo: none('the base stays in the cache until nobody leases it'),
    }),
    step({
      kind: 'host',
      name: 'create disk',
      concurrency: 'disk',
      action: async (ctx, { serverId, imageId }) => {
        const row = serverOf(ctx.db, serverId);
        const base =
          imageId === null ? null : await ctx.services.image.ensureBase(imageId, ctx.signal, () => undefined);
        await createDisks(ctx.services, row, base);
        await rebuildConfigDrive(ctx.services, row);
      },
      undo: (ctx, { serverId }) => ctx.services.files.removeTree(instanceDirectory(serverId)),
    }),
    step({
      kind: 'host',
      name: 'define domain',
      action: (ctx, { serverId }) => ensureDomain(ctx.services, ctx.db, serverId),
      undo: (ctx, { serverId }) => removeDomain(ctx.services, ctx.db, serverId),
    }),
    step({
      kind: 'host',
      name: 'plug network',
      service: 'network',
      action: (ctx, { serverId }) => ctx.services.network.plugServer(serverId, ctx.signal),
      undo: (ctx, { serverId }) => ctx.services.network.unplugServer(serverId),
    }),
    step({
      kind: 'host',
      name: 'start domain',
      concurrency: 'domain-start',
      action: (ctx, { serverId }) => startDomain(ctx.services, ctx.db, serverId),
      undo: (ctx, { serverId }) => ctx.services.domains.destroy(serverId),
    }),
    step({
      kind: 'sql',
      name: 'become active',
      action: (ctx, { serverId, imageId, zone }) => {
        settle(ctx.db, serverId, { vmState: 'active', power: POWER.running, at: ctx.now() });
        if (zone !== undefined) {
          const spec = JSON.parse(serverOf(ctx.db, serverId).request_spec) as RequestSpec;
          setRequestSpec(ctx.db, serverId, { ...spec, availabilityZone: zone });
          setRequestedZone(ctx.db, serverId, zone);
        }
        setShelved(ctx.db, serverId, null);
        if (imageId !== null) ctx.services.image.discard(ctx.db, imageId);
      },
      undo: none('it is the last step'),
    }),
  ],
});

/** unshelve of a server that has not left its host: it starts from its own disk, and the image goes. */
export const serverUnshelveKept = defineSaga<ServerUnshelveInput, ServerServices>({
  ...common,
  name: 'server-unshelve-kept',
  title: 'Unshelve server',
  version: 2,
  steps: [
    step({
      kind: 'sql',
      name: 'discard image',
      action: (ctx, { serverId, imageId }) => {
        setShelved(ctx.db, serverId, null);
        if (imageId !== null) ctx.services.image.discard(ctx.db, imageId);
      },
      undo: none('its own disk is there'),
    }),
    ...bringUp,
  ],
});
