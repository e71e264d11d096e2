import type { DomainNic } from '../../host/domain/interface.ts';
import type { RequestedNic } from '../../network/face.ts';
import { defineSaga, none, step } from '../../saga/index.ts';
import { ensureDomain } from './ensure-domain.ts';
import { domainNic } from './domain-spec.ts';
import { harmless, type ServerInput } from './server-common.ts';
import type { ServerServices } from './services.ts';
import { imagePropertiesOfRow, POWER, type ServerRow } from '../store/server-row.ts';
import { findServer, serverOf } from '../store/server.ts';

export interface ServerAttachInterfaceInput extends ServerInput {
  readonly nic: RequestedNic;
  readonly securityGroupIds: readonly string[];
  /** A stopped server has its card at its next start. */
  readonly running: boolean;
}

export interface ServerDetachInterfaceInput extends ServerInput {
  /** As the guest has it. */
  readonly card: DomainNic;
  readonly networkId: string;
  readonly running: boolean;
}

/** How long a guest may keep a card: nova asks eight times for 20 s each; here a request waits for it. */
const LET_GO_MS = 60_000;

const STOPPED = 'the server is stopped';
const NOT_THERE = 'the server is not on this host any more';

/** There is a guest that has cards. */
export const isOn = (row: Pick<ServerRow, 'power_state'> | undefined): boolean =>
  row?.power_state === POWER.running || row?.power_state === POWER.paused;

/** os-interface, POST: a port becomes the server's and, when it runs, a card of the guest at once. */
export const serverAttachInterface = defineSaga<ServerAttachInterfaceInput, ServerServices>({
  ...harmless,
  name: 'server-attach-interface',
  title: 'Attach interface to server',
  steps: [
    step({
      kind: 'sql',
      name: 'bind port',
      service: 'network',
      action: (ctx, { serverId, nic, securityGroupIds }) => {
        const row = serverOf(ctx.db, serverId);
        ctx.services.network.attachServerPort(ctx.db, {
          serverId,
          serverName: row.name,
          projectId: row.project_id,
          availabilityZone: row.availability_zone ?? ctx.services.config.zone,
          nic,
          securityGroupIds,
        });
      },
      undo: (ctx, { serverId, nic }) => ctx.services.network.detachServerPort(ctx.db, serverId, nic.portId),
    }),
    step({
      kind: 'host',
      name: 'plug network',
      service: 'network',
      skip: (_ctx, { running }) => !running && STOPPED,
      action: (ctx, { serverId }) => ctx.services.network.plugServer(serverId, ctx.signal),
      undo: (ctx, { nic }) => ctx.services.network.unplugPorts([nic]),
    }),
    step({
      kind: 'host',
      name: 'attach card',
      skip: (_ctx, { running }) => !running && STOPPED,
      action: async (ctx, { serverId, nic }) => {
        const card = cardOf(ctx, serverId, nic.portId);
        if (card === undefined) throw new Error(`port ${nic.portId} is gone`);
        await ctx.services.domains.attachNic(serverId, card);
      },
      undo: async (ctx, { serverId, nic }) => {
        const card = cardOf(ctx, serverId, nic.portId);
        if (card !== undefined) await ctx.services.domains.detachNic(serverId, card, LET_GO_MS);
      },
    }),
    step({
      kind: 'host',
      name: 'define domain',
      action: (ctx, { serverId }) => ensureDomain(ctx.services, ctx.db, serverId),
      undo: (ctx, { serverId, nic }) => ensureDomain(ctx.services, ctx.db, serverId, nic.portId),
    }),
  ],
});

/** A server's port as a card; undefined when it has it not (any more). */
function cardOf(
  { db, services }: { readonly db: Parameters<typeof serverOf>[0]; readonly services: ServerServices },
  serverId: string,
  portId: string,
): DomainNic | undefined {
  const nic = services.network.nicsOf(db, serverId).find((one) => one.portId === portId);
  return nic && domainNic(nic, imagePropertiesOfRow(serverOf(db, serverId)));
}

/** os-interface, DELETE: the guest lets go of the card, then the port is no longer the server's. */
export const serverDetachInterface = defineSaga<ServerDetachInterfaceInput, ServerServices>({
  ...harmless,
  name: 'server-detach-interface',
  title: 'Detach interface from server',
  steps: [
    step({
      kind: 'host',
      name: 'detach card',
      skip: (_ctx, { running }) => !running && STOPPED,
      action: (ctx, { serverId, card }) =>
        ctx.services.domains.detachNic(serverId, card, LET_GO_MS, ctx.signal),
      undo: async (ctx, { serverId, card, running }) => {
        if (running) await ctx.services.domains.attachNic(serverId, card);
      },
    }),
    step({
      kind: 'host',
      name: 'define domain',
      action: (ctx, { serverId, card }) => ensureDomain(ctx.services, ctx.db, serverId, card.portId),
      undo: (ctx, { serverId }) => ensureDomain(ctx.services, ctx.db, serverId),
    }),
    step({
      kind: 'host',
      name: 'unplug port',
      service: 'network',
      action: (ctx, { card, networkId }) =>
        ctx.services.network.unplugPorts([{ portId: card.portId, networkId }]),
      undo: async (ctx, { serverId, running }) => {
        if (running) await ctx.services.network.plugServer(serverId, ctx.signal);
      },
    }),
    step({
      kind: 'sql',
      name: 'release port',
      service: 'network',
      action: (ctx, { serverId, card }) =>
        ctx.services.network.detachServerPort(ctx.db, serverId, card.portId),
      undo: none('it is the last step'),
    }),
  ],
});

/** What a server had of a port that is no more. */
export type ServerPortDeletedInput = Pick<ServerDetachInterfaceInput, 'serverId' | 'card'>;

/** Nova's part of neutron's network-vif-deleted: a port that is no more leaves no dead card in the guest. */
export const serverPortDeleted = defineSaga<ServerPortDeletedInput, ServerServices>({
  ...harmless,
  name: 'server-port-deleted',
  title: 'Take the card of a deleted port from server',
  steps: [
    step({
      kind: 'host',
      name: 'define domain',
      skip: (ctx, { serverId }) => findServer(ctx.db, serverId)?.host == null && NOT_THERE,
      action: (ctx, { serverId, card }) => ensureDomain(ctx.services, ctx.db, serverId, card.portId),
      undo: none('the port does not come back'),
    }),
    step({
      kind: 'host',
      name: 'detach card',
      skip: (ctx, { serverId }) => !isOn(findServer(ctx.db, serverId)) && STOPPED,
      action: (ctx, { serverId, card }) =>
        ctx.services.domains.detachNic(serverId, card, LET_GO_MS, ctx.signal),
      undo: none('the port does not come back'),
    }),
  ],
});
