import { badRequest, notFound } from '../../errors/error.ts';
import type { NetworkContext } from './context.ts';
import type { PortCore } from './port-core.ts';
import type { Quotas } from './quota.ts';

/** Who asked for an operation, for its trace. */
export interface Asker {
  readonly requestId: string;
  readonly auth: { readonly projectId?: string; readonly userId: string };
}

/** A floating IP whose way changed. */
export interface FloatingChange {
  readonly floatingIpId: string;
  readonly address: string;
  /** Routers that lead it now or led it before; the old one first, so that never two answer for the address. */
  readonly routerIds: readonly string[];
}

/** External ports that are led on no more, or elsewhere, and where they led. */
export interface GoneForwarding {
  readonly protocol: string;
  readonly first: number;
  readonly last: number;
  readonly fixed: string;
  readonly inside: number;
}

/** A floating IP whose forwardings changed at a router. */
export interface ForwardingChange {
  readonly floatingIpId: string;
  readonly address: string;
  readonly routerId: string;
  readonly gone: readonly GoneForwarding[];
}

/** As HostTasks, for routers: queued in the transaction that writes the rows. */
export interface RouterTasks {
  changed(routerId: string, asker?: Asker): void;
  removed(routerId: string, asker?: Asker): void;
  associated(change: FloatingChange, asker?: Asker): void;
  disassociated(change: FloatingChange, asker?: Asker): void;
  firewallChanged(
    change: { readonly groupId: string; readonly routerIds: readonly string[] },
    asker?: Asker,
  ): void;
  forwarded(change: ForwardingChange, asker?: Asker): void;
  floatingIpDeleted(change: FloatingChange, asker?: Asker): void;
}

/** What routers and floating IPs work with. */
export interface RouterContext {
  readonly network: NetworkContext;
  readonly ports: PortCore;
  readonly quotas: Quotas;
  readonly routerTasks: RouterTasks;
}

export const badRouter = (message: string): Error =>
  badRequest(`Bad router request: ${message}.`, { type: 'BadRequest' });

export const badFloatingIp = (message: string): Error =>
  badRequest(`Bad floatingip request: ${message}.`, { type: 'BadRequest' });

export const routerNotFound = (id: string): Error =>
  notFound(`Router ${id} could not be found`, { type: 'RouterNotFound' });

export const floatingIpNotFound = (id: string): Error =>
  notFound(`Floating IP ${id} could not be found`, { type: 'FloatingIPNotFound' });
