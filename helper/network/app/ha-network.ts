import { haNetworks } from '../store/ha-network.ts';
import { networks } from '../store/network.ts';
import { portsOfNetwork } from '../store/port.ts';
import { HA_PORT, haPortOfRouter, type RouterRow } from '../store/router.ts';
import type { NetworkRow } from '../store/row.ts';
import type { Caller } from './context.ts';
import type { NetworkApp } from './network.ts';
import type { PortCore } from './port-core.ts';
import { DHCP } from './port-request.ts';
import type { RouterContext } from './router-context.ts';
import type { SubnetApp } from './subnet.ts';

/** neutron's l3_ha_net_cidr. */
const CIDR = '169.254.192.0/18';

/**
 * Highly available routers, as neutron keeps them: a network of the project that nobody owns, and a port on it for each
 * agent that carries the router. Here that is one agent, so the router is always the active one; no one has to be told.
 */
export class HaNetworks {
  readonly #context: RouterContext;
  readonly #networks: NetworkApp;
  readonly #subnets: SubnetApp;
  readonly #ports: PortCore;

  constructor(context: RouterContext, networkApp: NetworkApp, subnets: SubnetApp) {
    this.#context = context;
    this.#networks = networkApp;
    this.#subnets = subnets;
    this.#ports = context.ports;
  }

  /** Gives the router its port, and its project the network. In the caller's transaction. */
  join(caller: Caller, router: RouterRow): void {
    const { db, config } = this.#context.network;
    if (haPortOfRouter(db, router.id) !== undefined) return;
    const there = haNetworks.byId(db, router.project_id);
    const network = (there && networks.byId(db, there.network_id)) ?? this.#make(caller, router.project_id);
    this.#ports.create({
      projectId: '',
      networkId: network.id,
      name: `HA port tenant ${router.project_id}`,
      deviceId: router.id,
      deviceOwner: HA_PORT,
      bindingHost: config.hostName,
      quota: false,
      quiet: true,
    });
  }

  #make(caller: Caller, projectId: string): NetworkRow {
    const { db } = this.#context.network;
    const own: Caller = { ...caller, may: () => true };
    const [network] = this.#networks.create(own, [
      { name: `HA network tenant ${projectId}`, project_id: '' },
    ]) as [NetworkRow];
    this.#subnets.create(own, [
      {
        name: `HA subnet tenant ${projectId}`,
        project_id: '',
        network_id: network.id,
        ip_version: 4,
        cidr: CIDR,
        gateway_ip: null,
        enable_dhcp: false,
      },
    ]);
    haNetworks.insert(db, { project_id: projectId, network_id: network.id });
    return network;
  }

  /** Takes the router's port away, with the last one of a project the network too. In the caller's transaction. */
  leave(router: Pick<RouterRow, 'id' | 'project_id'>): void {
    const { db } = this.#context.network;
    const port = haPortOfRouter(db, router.id);
    if (port !== undefined) this.#ports.delete(port, { quiet: true });
    const there = haNetworks.byId(db, router.project_id);
    const network = there && networks.byId(db, there.network_id);
    const used = portsOfNetwork(db, network?.id ?? '').some((one) => one.device_owner !== DHCP);
    if (network !== undefined && !used) this.#networks.delete(network);
  }
}
