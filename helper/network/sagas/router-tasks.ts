import type { Db } from '../../db/index.ts';
import type { EnqueueOptions, SagaEngine } from '../../saga/index.ts';
import type { HostTasks } from '../app/context.ts';
import type { Asker, FloatingChange, RouterTasks } from '../app/router-context.ts';
import { routersOfNetwork } from '../store/router.ts';
import { firewallGroupUpdate } from './firewall-group-update.ts';
import { floatingIpAssociate } from './floating-ip-associate.ts';
import { floatingIpDelete } from './floating-ip-delete.ts';
import { floatingIpDisassociate } from './floating-ip-disassociate.ts';
import { portForwardingUpdate } from './port-forwarding-update.ts';
import { routerDelete } from './router-delete.ts';
import { routerUpdate } from './router-update.ts';

const asked = (asker: Asker | undefined): EnqueueOptions =>
  asker === undefined
    ? {}
    : {
        requestId: asker.requestId,
        projectId: asker.auth.projectId ?? null,
        userId: asker.auth.userId,
      };

/** The host's part of changes of routers and floating IPs, as operations in the caller's transaction. */
export function createRouterTasks(sagas: SagaEngine): RouterTasks {
  const input = (change: FloatingChange) => ({ ...change, routerIds: [...change.routerIds] });
  return {
    changed(routerId, asker) {
      sagas.enqueue(routerUpdate, { routerId }, asked(asker));
    },
    removed(routerId, asker) {
      sagas.enqueue(
        routerDelete,
        { routerId },
        { ...asked(asker), cancels: { type: 'router', id: routerId } },
      );
    },
    associated(change, asker) {
      sagas.enqueue(floatingIpAssociate, input(change), asked(asker));
    },
    disassociated(change, asker) {
      sagas.enqueue(floatingIpDisassociate, input(change), asked(asker));
    },
    firewallChanged({ groupId, routerIds }, asker) {
      sagas.enqueue(firewallGroupUpdate, { groupId, routerIds: [...routerIds] }, asked(asker));
    },
    forwarded(change, asker) {
      sagas.enqueue(portForwardingUpdate, { ...change, gone: [...change.gone] }, asked(asker));
    },
    floatingIpDeleted(change, asker) {
      sagas.enqueue(floatingIpDelete, input(change), asked(asker));
    },
  };
}

/** A network's MTU, subnets and gateways are its routers' too. */
export function withRouters(tasks: HostTasks, db: Db, routerTasks: RouterTasks): HostTasks {
  return {
    ...tasks,
    provision(networkId) {
      tasks.provision(networkId);
      for (const routerId of routersOfNetwork(db, networkId)) routerTasks.changed(routerId);
    },
  };
}
