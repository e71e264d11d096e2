import type { Db } from '../../db/index.ts';
import { defineSaga, step } from '../../saga/index.ts';
import { firewallGroups, portsOfFirewallGroups, setFirewallStatus } from '../store/firewall.ts';
import { level, type RouterServices } from './router-update.ts';

export interface FirewallGroupInput {
  readonly groupId: string;
  /** Routers that have the group at an interface now or had it before. */
  readonly routerIds: readonly string[];
}

/** Brings a firewall group's rules to the routers of its ports, or takes them away. */
export const firewallGroupUpdate = defineSaga<FirewallGroupInput, RouterServices>({
  name: 'firewall-group-update',
  title: 'Apply firewall group to routers',
  service: 'network',
  resource: ({ groupId }) => ({ type: 'firewall_group', id: groupId }),
  locks: ({ groupId, routerIds }) => [`firewall_group:${groupId}`, ...routerIds.map((id) => `router:${id}`)],
  steps: [
    step({
      kind: 'host',
      name: 'packet filter in the routers',
      number: 42,
      action: async ({ services }, { routerIds }) => {
        for (const routerId of routerIds) {
          await services.routers.ensureNetworks(routerId);
          await services.routers.apply(routerId);
        }
      },
      undo: level,
    }),
    step({
      kind: 'sql',
      name: 'status',
      action: ({ db }, { groupId }) => setStatus(db, groupId),
      undo: level,
    }),
  ],
  onFailed: ({ db }, { groupId }) => setStatus(db, groupId, 'ERROR'),
});

function setStatus(db: Db, groupId: string, failed?: 'ERROR'): void {
  const row = firewallGroups.byId(db, groupId);
  if (row === undefined) return;
  const empty = portsOfFirewallGroups(db, [groupId]).length === 0;
  const reached = empty ? 'INACTIVE' : row.admin_state_up === 1 ? 'ACTIVE' : 'DOWN';
  setFirewallStatus(db, row, failed ?? reached);
}
