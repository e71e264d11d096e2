import { transaction } from '../../db/index.ts';
import { conflict, notFound } from '../../errors/error.ts';
import { agentRows, allUnscheduled, isUnscheduled, schedule, unschedule } from '../store/agent.ts';
import { allNetworks, networks } from '../store/network.ts';
import type { NetworkRow } from '../store/row.ts';
import { allRouterIds, routers, type RouterRow } from '../store/router.ts';
import {
  agentNotFound,
  agents,
  changeAgent,
  DHCP_AGENT,
  L3_AGENT,
  type Agent,
  type AgentBinary,
} from './agent.ts';
import type { NetworkContext } from './context.ts';
import { ensureDhcpPort } from './dhcp-port.ts';
import { networkNotFound, type PortCore } from './port-core.ts';
import { routerNotFound, type RouterTasks } from './router-context.ts';

/**
 * Which networks and routers this host's agents serve: all, but for those that an administrator took off. A network
 * that is taken off has no DHCP server, a router none of its devices.
 */
export class AgentScheduler {
  readonly #context: NetworkContext;
  readonly #ports: PortCore;
  readonly #routerTasks: RouterTasks;
  readonly #startedAt: number;

  constructor(context: NetworkContext, ports: PortCore, routerTasks: RouterTasks) {
    this.#context = context;
    this.#ports = ports;
    this.#routerTasks = routerTasks;
    this.#startedAt = context.clock();
  }

  agents(): Agent[] {
    const { db, config, clock } = this.#context;
    return agents(db, config, this.#startedAt, clock());
  }

  load(id: string): Agent {
    const agent = this.agents().find((one) => one.id === id);
    if (agent === undefined) throw agentNotFound(id);
    return agent;
  }

  /** An agent that comes back into service takes up what has none, as neutron's do. */
  update(agent: Agent, change: Parameters<typeof changeAgent>[2]): Agent {
    const { db } = this.#context;
    transaction(db, () => {
      changeAgent(db, agent, change);
      if (change.admin_state_up !== true || agent.admin_state_up) return;
      for (const id of allUnscheduled(db)) {
        if (agent.binary === DHCP_AGENT && networks.byId(db, id) !== undefined) this.#serveNetwork(id);
        if (agent.binary === L3_AGENT && routers.byId(db, id) !== undefined) this.#serveRouter(id);
      }
    });
    return this.load(agent.id);
  }

  /** The agent reports again at once, as it was before anybody changed it. */
  delete(agent: Agent): void {
    this.update(agent, { admin_state_up: true });
    transaction(this.#context.db, () => agentRows.delete(this.#context.db, agent.id));
  }

  #serving(id: string, binary: AgentBinary): Agent {
    const agent = this.load(id);
    if (agent.binary === binary && agent.admin_state_up) return agent;
    const [kind, type] =
      binary === DHCP_AGENT ? ['valid DHCP', 'InvalidDHCPAgent'] : ['L3', 'InvalidL3Agent'];
    throw notFound(`Agent ${id} is not a ${kind} Agent or has been disabled.`, { type });
  }

  networksOf(agentId: string): NetworkRow[] {
    const { db } = this.#context;
    if (this.load(agentId).binary !== DHCP_AGENT) return [];
    const off = new Set(allUnscheduled(db));
    return allNetworks(db).filter((network) => !off.has(network.id));
  }

  routersOf(agentId: string): RouterRow[] {
    const { db } = this.#context;
    if (this.load(agentId).binary !== L3_AGENT)
      throw notFound(`Agent ${agentId} is not a L3 Agent or has been disabled.`, { type: 'InvalidL3Agent' });
    const off = new Set(allUnscheduled(db));
    return routers.byIds(
      db,
      allRouterIds(db).filter((id) => !off.has(id)),
    );
  }

  /** The agents of a network or router: the one of this host, or none. */
  agentsOf(resourceId: string, binary: AgentBinary): Agent[] {
    if (isUnscheduled(this.#context.db, resourceId)) return [];
    return this.agents().filter((agent) => agent.binary === binary);
  }

  /** As {@link agentsOf} a router, with the part that each has in a highly available one. */
  agentsOfRouter(router: RouterRow): (Agent & { readonly ha_state: string | null })[] {
    const ha_state = router.ha === 1 ? 'active' : null;
    return this.agentsOf(router.id, L3_AGENT).map((agent) => ({ ...agent, ha_state }));
  }

  addNetwork(agentId: string, networkId: string): void {
    const { db } = this.#context;
    this.#serving(agentId, DHCP_AGENT);
    transaction(db, () => {
      if (networks.byId(db, networkId) === undefined) throw networkNotFound(networkId);
      if (!isUnscheduled(db, networkId)) {
        throw conflict(`The network ${networkId} has been already hosted by the DHCP Agent ${agentId}.`, {
          type: 'NetworkHostedByDHCPAgent',
        });
      }
      this.#serveNetwork(networkId);
    });
  }

  removeNetwork(agentId: string, networkId: string): void {
    const { db, tasks } = this.#context;
    const agent = this.load(agentId);
    transaction(db, () => {
      if (networks.byId(db, networkId) === undefined) throw networkNotFound(networkId);
      if (agent.binary !== DHCP_AGENT || isUnscheduled(db, networkId)) {
        throw conflict(`The network ${networkId} is not hosted by the DHCP agent ${agentId}.`, {
          type: 'NetworkNotHostedByDhcpAgent',
        });
      }
      unschedule(db, networkId);
      ensureDhcpPort(this.#context, this.#ports, networkId);
      tasks.provision(networkId);
    });
  }

  #serveNetwork(networkId: string): void {
    const { db, tasks } = this.#context;
    schedule(db, networkId);
    ensureDhcpPort(this.#context, this.#ports, networkId);
    tasks.provision(networkId);
  }

  addRouter(agentId: string, routerId: string): void {
    const { db } = this.#context;
    this.#serving(agentId, L3_AGENT);
    transaction(db, () => {
      if (routers.byId(db, routerId) === undefined) throw routerNotFound(routerId);
      if (!isUnscheduled(db, routerId)) {
        throw conflict(`The router ${routerId} has been already hosted by the L3 Agent ${agentId}.`, {
          type: 'RouterHostedByL3Agent',
        });
      }
      this.#serveRouter(routerId);
    });
  }

  removeRouter(agentId: string, routerId: string): void {
    const { db } = this.#context;
    const agent = this.load(agentId);
    transaction(db, () => {
      if (routers.byId(db, routerId) === undefined) throw routerNotFound(routerId);
      if (agent.binary !== L3_AGENT || isUnscheduled(db, routerId)) {
        throw conflict(`The router ${routerId} is not hosted by L3 agent ${agentId}.`, {
          type: 'RouterNotHostedByL3Agent',
        });
      }
      unschedule(db, routerId);
      this.#routerTasks.changed(routerId);
    });
  }

  #serveRouter(routerId: string): void {
    schedule(this.#context.db, routerId);
    this.#routerTasks.changed(routerId);
  }
}
