import type { Db } from '../../db/index.ts';
import { conflict } from '../../errors/error.ts';
import { networks, touchNetwork } from '../store/network.ts';
import { portsOfNetwork } from '../store/port.ts';
import { policiesOf, projectsOnNetwork, projectsThrough, rbacPolicies } from '../store/rbac.ts';
import type { NetworkRow } from '../store/row.ts';
import { networkNotFound } from './port-core.ts';
import type { Shareable } from './rbac.ts';
import { EVERYBODY, EXTERNAL, policyInUse, SHARED, stranded } from './sharing.ts';

/** @throws {CloudError} ExternalNetworkInUse while routers have their gateway there. */
export function checkNoGateways(db: Db, networkId: string): void {
  const used = portsOfNetwork(db, networkId).some((port) => port.device_owner === 'network:router_gateway');
  if (!used) return;
  throw conflict(
    `External network ${networkId} cannot be updated to be made non-external, since it has existing gateway ports.`,
    { type: 'ExternalNetworkInUse' },
  );
}

/** `shared` becomes false. @throws {CloudError} InvalidSharedSetting while other projects need it to be true. */
export function closeToEverybody(db: Db, network: NetworkRow): void {
  const policy = policiesOf(db, network.id, SHARED).find((one) => one.target_tenant === EVERYBODY);
  if (policy === undefined) return;
  if (stranded(db, { policy }, projectsOnNetwork(db, network.id), network.project_id).length > 0) {
    throw conflict(
      `Unable to reconfigure sharing settings for network ${network.id}. Multiple tenants are using it.`,
      { type: 'InvalidSharedSetting' },
    );
  }
  rbacPolicies.delete(db, policy.id);
}

/** Networks are shared for ports (access_as_shared) and for the gateways of routers (access_as_external). */
export const shareableNetworks = (clock: () => number): Shareable => ({
  type: 'network',
  actions: [SHARED, EXTERNAL],
  owner: (db, id) => networks.byId(db, id)?.project_id,
  notFound: networkNotFound,
  users: (db, id, action) => (action === SHARED ? projectsOnNetwork(db, id) : projectsThrough(db, id)),
  ownerNeedsPolicy: (action) => action === EXTERNAL,
  closing: (db, policy) => {
    if (policy.action !== EXTERNAL) return;
    const network = networks.byId(db, policy.object_id);
    if (policy.target_tenant === EVERYBODY && network?.is_default === 1)
      throw policyInUse(policy.object_id, 'Default external networks must be shared to everyone.');
  },
  // The network is external as long as it is external to somebody.
  changed: (db, id) => {
    const network = networks.byId(db, id);
    if (network === undefined) return;
    networks.update(db, network, {
      shared: Number(policiesOf(db, id, SHARED).some((one) => one.target_tenant === EVERYBODY)),
      external: Number(policiesOf(db, id, EXTERNAL).length > 0),
    });
    touchNetwork(db, id, clock());
  },
});
