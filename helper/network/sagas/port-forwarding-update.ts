import type { GoneForwarding } from '../app/router-context.ts';
import { defineSaga, step } from '../../saga/index.ts';
import { markFailed } from './floating-ip-way.ts';
import { level, type RouterServices } from './router-update.ts';

/** A floating IP's forwardings changed at a router; the rows say what they are now. */
export interface PortForwardingInput {
  readonly floatingIpId: string;
  readonly address: string;
  readonly routerId: string;
  readonly gone: readonly GoneForwarding[];
}

/** Leads ports of a floating IP inside, or no longer; connections by what went are cut (R18). */
export const portForwardingUpdate = defineSaga<PortForwardingInput, RouterServices>({
  name: 'port-forwarding-update',
  title: 'Apply port forwarding to the router',
  service: 'network',
  resource: ({ floatingIpId }) => ({ type: 'floatingip', id: floatingIpId }),
  locks: ({ floatingIpId, routerId }) => [`floatingip:${floatingIpId}`, `router:${routerId}`],
  steps: [
    step({
      kind: 'host',
      name: 'address translation in the router',
      number: 41,
      action: async ({ services }, { routerId }) => {
        await services.routers.ensureNetworks(routerId);
        await services.routers.apply(routerId);
      },
      undo: level,
    }),
    step({
      // Applying does so for what it changes; this is for a helper that was killed in between (R16).
      kind: 'host',
      name: 'old connections cut',
      number: 41,
      action: ({ services }, { routerId, floatingIpId, address, gone }) =>
        services.routers.cutForwarded(routerId, floatingIpId, address, gone),
      undo: level,
    }),
  ],
  onFailed: ({ db }, { floatingIpId }) => markFailed(db, floatingIpId),
});
