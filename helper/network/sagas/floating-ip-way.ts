import { step, type Step } from '../../saga/index.ts';
import { floatingIps, setFloatingIpStatus } from '../store/floating-ip.ts';
import type { Db } from '../../db/index.ts';
import { level, type RouterServices } from './router-update.ts';

/** Everything that a change of a floating IP's way needs; the rows say where it leads now. */
export interface FloatingIpInput {
  readonly floatingIpId: string;
  readonly address: string;
  /** Routers that lead it now or led it before, the old one first: never two answer for the address. */
  readonly routerIds: readonly string[];
}

export const floatingIpResource = ({ floatingIpId }: FloatingIpInput) => ({
  type: 'floatingip',
  id: floatingIpId,
});

/** A floating IP's routers, and the floating IP itself. */
export const floatingIpLocks = ({ floatingIpId, routerIds }: FloatingIpInput): string[] => [
  `floatingip:${floatingIpId}`,
  ...routerIds.map((id) => `router:${id}`),
];

/** What all changes of a floating IP come down to: its routers are brought to what their rows say. */
export const applyRouters: Step<FloatingIpInput, RouterServices> = step({
  kind: 'host',
  name: 'address translation in the router',
  number: 41,
  action: async ({ services }, { routerIds }) => {
    for (const routerId of routerIds) {
      await services.routers.ensureNetworks(routerId);
      await services.routers.apply(routerId);
    }
  },
  undo: level,
});

/** R18, R16: also when the helper was killed right after the rules were changed. */
export const cutConnections: Step<FloatingIpInput, RouterServices> = step({
  kind: 'host',
  name: 'old connections cut',
  number: 41,
  action: async ({ services }, { routerIds, floatingIpId, address }) => {
    for (const routerId of routerIds) await services.routers.cut(routerId, floatingIpId, address);
  },
  undo: level,
});

/** One that leads nowhere is no router's to speak for: an earlier failure is over. */
export function markDone(db: Db, floatingIpId: string): void {
  const row = floatingIps.byId(db, floatingIpId);
  if (row?.router_id === null) setFloatingIpStatus(db, row, 'DOWN');
}

/** Its owner sees that it does not lead where it should. */
export function markFailed(db: Db, floatingIpId: string): void {
  const row = floatingIps.byId(db, floatingIpId);
  if (row !== undefined) setFloatingIpStatus(db, row, 'ERROR');
}
