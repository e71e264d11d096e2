import { transaction } from '../../db/index.ts';
import { badRequest, CloudError, conflict, forbidden } from '../../errors/error.ts';
import { autoAllocated, defaultExternalNetwork } from '../store/auto-allocated.ts';
import { networks } from '../store/network.ts';
import { portsOfDevice } from '../store/port.ts';
import type { NetworkRow } from '../store/row.ts';
import { routers, type RouterRow } from '../store/router.ts';
import { defaultPool } from '../store/subnetpool.ts';
import { isAdmin } from './caller.ts';
import type { Caller, NetworkContext } from './context.ts';
import type { NetworkApp } from './network.ts';
import type { RouterApp } from './router.ts';
import type { RouterInterfaces } from './router-interface.ts';
import type { SubnetApp } from './subnet.ts';

const failure = (reason: string): Error =>
  conflict(`Deployment error: ${reason}.`, { type: 'AutoAllocationFailure' });

/**
 * A network of one's own for the asking (neutron's get-me-a-network): a network with subnets out of the default pools,
 * and a router to the default external network. All of it in one transaction, so there is all of it or nothing.
 */
export class AutoAllocatedTopology {
  readonly #context: NetworkContext;
  readonly #apps: {
    readonly networks: NetworkApp;
    readonly subnets: SubnetApp;
    readonly routers: RouterApp;
    readonly interfaces: RouterInterfaces;
  };

  constructor(
    context: NetworkContext,
    apps: {
      readonly networks: NetworkApp;
      readonly subnets: SubnetApp;
      readonly routers: RouterApp;
      readonly interfaces: RouterInterfaces;
    },
  ) {
    this.#context = context;
    this.#apps = apps;
  }

  /** 'None' is who asks: clients without a project to name write so. @throws {CloudError} forbidden */
  projectOf(caller: Caller, asked: string): string {
    const projectId = asked === 'None' ? (caller.auth.projectId ?? '') : asked;
    if (!isAdmin(caller) && projectId !== caller.auth.projectId)
      throw forbidden('Not authorized.', { type: 'NotAuthorized' });
    return projectId;
  }

  /** @param fields ['dry-run'] only says whether it could be done */
  get(caller: Caller, projectId: string, fields: readonly string[]) {
    const { db } = this.#context;
    if (fields.includes('dry-run')) {
      this.#requirements();
      return answer('dry-run=pass', projectId);
    }
    if (fields.length > 0)
      throw badRequest('Bad auto_allocate request: Unrecognized field.', { type: 'BadRequest' });
    return transaction(db, () => {
      const there = autoAllocated.byId(db, projectId);
      return answer(there?.network_id ?? this.#build(caller, projectId).id, projectId);
    });
  }

  #requirements(): { readonly external: string; readonly versions: readonly (4 | 6)[] } {
    const { db } = this.#context;
    const external = defaultExternalNetwork(db);
    if (external === undefined) throw failure('No default router:external network');
    const versions = ([4, 6] as const).filter((version) => defaultPool(db, version) !== undefined);
    if (versions.length === 0) throw failure('No default subnetpools defined');
    return { external, versions };
  }

  #build(caller: Caller, projectId: string): NetworkRow {
    const { db } = this.#context;
    const { external, versions } = this.#requirements();
    const own: Caller = { ...caller, auth: { ...caller.auth, projectId }, may: () => true };
    const [network] = this.#apps.networks.create(own, [{ name: 'auto_allocated_network' }]) as [NetworkRow];
    try {
      const subnets = this.#apps.subnets.create(
        own,
        versions.map((version) => ({
          name: `auto_allocated_subnet_v${version}`,
          network_id: network.id,
          ip_version: version,
          use_default_subnetpool: true,
        })),
      );
      const [router] = this.#apps.routers.create(own, [
        { name: 'auto_allocated_router', external_gateway_info: { network_id: external } },
      ]) as [RouterRow];
      for (const subnet of subnets) this.#apps.interfaces.add(own, router, { subnet_id: subnet.id });
      autoAllocated.insert(db, { project_id: projectId, network_id: network.id, router_id: router.id });
    } catch (error) {
      if (!(error instanceof CloudError) || error.kind === 'overQuota') throw error;
      throw failure(`Unable to provide tenant private network: ${error.message.replace(/\.$/, '')}`);
    }
    return network;
  }

  /** @throws {CloudError} NetworkInUse, RouterInUse, ... while somebody uses it. */
  delete(caller: Caller, projectId: string): void {
    const { db } = this.#context;
    const own: Caller = { ...caller, auth: { ...caller.auth, projectId }, may: () => true };
    transaction(db, () => {
      const row = autoAllocated.byId(db, projectId);
      if (row === undefined) return;
      const router = row.router_id === null ? undefined : routers.byId(db, row.router_id);
      if (router !== undefined) {
        for (const port of portsOfDevice(db, router.id))
          if (port.network_id === row.network_id)
            this.#apps.interfaces.remove(own, router, { port_id: port.id });
        this.#apps.routers.delete(own, router);
      }
      const network = networks.byId(db, row.network_id);
      if (network !== undefined) this.#apps.networks.delete(network);
      autoAllocated.delete(db, projectId);
    });
  }
}

const answer = (id: string, projectId: string) => ({ id, project_id: projectId, tenant_id: projectId });
