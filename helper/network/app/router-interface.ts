import { transaction } from '../../db/index.ts';
import { badRequest, conflict, forbidden, notFound } from '../../errors/error.ts';
import type { InterfaceRequest, Route } from '../schemas/router.ts';
import { floatingIpsThrough } from '../store/floating-ip.ts';
import { forwardsInto } from '../store/port-forwarding.ts';
import { networks } from '../store/network.ts';
import { addressesOfPorts, ports } from '../store/port.ts';
import {
  addressesOfRouter,
  interfaceOwner,
  isInterface,
  routers,
  touchRouter,
  type RouterAddress,
  type RouterRow,
} from '../store/router.ts';
import type { NetworkRow, PortRow, SubnetRow } from '../store/row.ts';
import { subnets } from '../store/subnet.ts';
import { isAdmin } from './caller.ts';
import type { Caller } from './context.ts';
import { portNotFound } from './port.ts';
import { badRouter, routerNotFound, type RouterContext } from './router-context.ts';
import { checkOverlap, routeUses } from './router-rules.ts';
import { subnetNotFound } from './subnet.ts';
import { mayUse } from './sharing.ts';

type Asking = Pick<Caller, 'auth'>;

/** add_router_interface and remove_router_interface. */
export class RouterInterfaces {
  readonly #context: RouterContext;

  constructor(context: RouterContext) {
    this.#context = context;
  }

  /** @throws {CloudError} in neutron's words. */
  add(caller: Caller, router: RouterRow, asked: InterfaceRequest): Record<string, unknown> {
    const { db } = this.#context.network;
    const subnetId = asked.subnet_id ?? undefined;
    const portId = asked.port_id ?? undefined;
    if (subnetId !== undefined && portId !== undefined)
      throw badRouter('Cannot specify both subnet-id and port-id');
    return transaction(db, () => {
      this.#checkThere(router);
      touchRouter(db, router.id, this.#context.network.clock());
      if (portId !== undefined) return this.#addPort(caller, router, portId);
      if (subnetId !== undefined) return this.#addSubnet(caller, router, subnetId);
      throw badRouter('Either subnet_id or port_id must be specified');
    });
  }

  #checkThere(router: RouterRow): void {
    if (routers.byId(this.#context.network.db, router.id) === undefined) throw routerNotFound(router.id);
  }

  #addSubnet(caller: Caller, router: RouterRow, subnetId: string): Record<string, unknown> {
    const { network, subnet } = this.#subnetFor(caller, subnetId);
    if (subnet.gateway_ip === null) throw badRouter('Subnet for router interface must have a gateway IP');
    // On a shared network the gateway's address would take everybody's traffic.
    if (!isAdmin(caller) && network.project_id !== caller.auth.projectId) {
      throw forbidden(
        `Only the owner of network ${network.id} may give its gateway address to a router; make a port on it and add that.`,
        { type: 'NotAuthorized' },
      );
    }
    checkAddressMode(subnet);
    this.#checkHostGateway(network, subnet, subnet.gateway_ip);
    const present = addressesOfRouter(this.#context.network.db, router.id);
    checkOverlap(present, [subnet]);
    const wish = { subnet_id: subnet.id, ip_address: subnet.gateway_ip };
    const shared = subnet.ip_version === 6 ? this.#port6(present, network.id) : undefined;
    if (shared !== undefined) {
      // All IPv6 prefixes of a network are on one port: guests are told of them by one advertisement.
      const held = addressesOfPorts(this.#context.network.db, [shared.id]);
      const fixedIps = [...held.map((ip) => ({ subnet_id: ip.subnet_id, ip_address: ip.address })), wish];
      const changed = this.#context.ports.update(shared, {}, { fixedIps });
      return shown(router, changed, [subnet.id]);
    }
    const port = this.#context.ports.create({
      projectId: router.project_id,
      networkId: network.id,
      deviceId: router.id,
      deviceOwner: interfaceOwner(router),
      bindingHost: this.#context.network.config.hostName,
      fixedIps: [wish],
      quiet: true,
    });
    this.#context.routerTasks.changed(router.id, caller);
    return shown(router, port, [subnet.id]);
  }

  /** The router's port with IPv6 addresses on a network. */
  #port6(present: readonly RouterAddress[], networkId: string): PortRow | undefined {
    const found = present.find(
      (ip) => isInterface(ip.device_owner) && ip.network_id === networkId && ip.address.includes(':'),
    );
    return found === undefined ? undefined : ports.byId(this.#context.network.db, found.port_id);
  }

  /** The bridge of a physical network has the gateway's address itself. */
  #checkHostGateway(network: NetworkRow, subnet: SubnetRow, address: string): void {
    if (network.network_type !== 'flat' || subnet.gateway_ip !== address) return;
    throw conflict(`IP address ${address} already allocated in subnet ${subnet.id}`, {
      type: 'IpAddressAlreadyAllocated',
    });
  }

  #subnetFor(caller: Asking, id: string): { network: NetworkRow; subnet: SubnetRow } {
    const { db } = this.#context.network;
    const subnet = subnets.byId(db, id);
    const network = subnet && networks.byId(db, subnet.network_id);
    if (subnet === undefined || network === undefined) throw subnetNotFound(id);
    if (!isAdmin(caller) && !mayUse(db, caller.auth, network)) throw subnetNotFound(id);
    return { network, subnet };
  }

  #addPort(caller: Caller, router: RouterRow, portId: string): Record<string, unknown> {
    const { db, config } = this.#context.network;
    const port = ports.byId(db, portId);
    if (port === undefined || (!isAdmin(caller) && port.project_id !== caller.auth.projectId))
      throw portNotFound(portId);
    if (port.device_id !== '') {
      throw conflict(
        `Unable to complete operation on port ${portId} for network ${port.network_id}. Port already has an attached device ${port.device_id}.`,
        { type: 'PortInUse' },
      );
    }
    const addresses = addressesOfPorts(db, [portId]);
    if (addresses.length === 0) throw badRouter('Router port must have at least one fixed IP');
    const theirs = subnets.byIds(
      db,
      addresses.map((ip) => ip.subnet_id),
    );
    theirs.forEach(checkAddressMode);
    const present = addressesOfRouter(db, router.id);
    const existing = this.#port6(present, port.network_id);
    if (existing !== undefined && addresses.some((ip) => ip.address.includes(':'))) {
      throw badRouter(
        `Cannot have multiple router ports with the same network id if both contain IPv6 subnets. Existing port ${existing.id} has IPv6 subnet(s) and network id ${port.network_id}`,
      );
    }
    checkOverlap(present, theirs);
    if (theirs.filter((subnet) => subnet.ip_version === 4).length > 1)
      throw badRouter('Cannot have multiple IPv4 subnets on router port');
    const network = networks.byId(db, port.network_id) as NetworkRow;
    for (const subnet of theirs)
      for (const ip of addresses)
        if (ip.subnet_id === subnet.id) this.#checkHostGateway(network, subnet, ip.address);
    const changed = this.#context.ports.update(port, {
      device_id: router.id,
      device_owner: interfaceOwner(router),
      binding_host: config.hostName,
    });
    return shown(
      router,
      changed,
      addresses.map((ip) => ip.subnet_id),
    );
  }

  /**
   * The port goes as well, also one that was made by hand; so does neutron. Where a subnet is named and the port has
   * others too, the port stays with those.
   */
  remove(caller: Caller, router: RouterRow, asked: InterfaceRequest): Record<string, unknown> {
    const { db } = this.#context.network;
    return transaction(db, () => {
      this.#checkThere(router);
      touchRouter(db, router.id, this.#context.network.clock());
      const present = addressesOfRouter(db, router.id).filter((ip) => isInterface(ip.device_owner));
      const found = find(router, present, asked);
      const own = present.filter((ip) => ip.port_id === found.port_id);
      const port = ports.byId(db, found.port_id) as PortRow;
      const rest = own.filter(
        (ip) => (asked.port_id ?? undefined) === undefined && ip.subnet_id !== asked.subnet_id,
      );
      const subnetIds = own.filter((ip) => !rest.includes(ip)).map((ip) => ip.subnet_id);
      for (const subnetId of subnetIds) this.#checkUnused(router, subnetId);
      if (rest.length > 0) {
        const fixedIps = rest.map((ip) => ({ subnet_id: ip.subnet_id, ip_address: ip.address }));
        return shown(router, this.#context.ports.update(port, {}, { fixedIps }), subnetIds);
      }
      this.#context.ports.delete(port, { quiet: true });
      this.#context.routerTasks.changed(router.id, caller);
      return shown(router, port, subnetIds);
    });
  }

  #checkUnused(router: RouterRow, subnetId: string): void {
    const { db } = this.#context.network;
    const subnet = subnets.byId(db, subnetId);
    const because = (what: string, type: string): Error =>
      conflict(
        `Router interface for subnet ${subnetId} on router ${router.id} cannot be deleted, as it is required by one or more ${what}.`,
        { type },
      );
    if (floatingIpsThrough(db, router.id, subnetId).length > 0 || forwardsInto(db, router.id, subnetId))
      throw because('floating IPs', 'RouterInterfaceInUseByFloatingIP');
    const row = routers.byId(db, router.id);
    const routes = JSON.parse(row?.routes ?? '[]') as Route[];
    if (subnet !== undefined && routeUses(routes, subnet.cidr))
      throw because('routes', 'RouterInterfaceInUseByRoute');
  }
}

/** Guests of such a subnet listen to another router, which is not ours to make. */
function checkAddressMode(subnet: SubnetRow): void {
  if (subnet.ip_version === 6 && subnet.ipv6_ra_mode === null && subnet.ipv6_address_mode !== null) {
    throw badRouter(
      `IPv6 subnet ${subnet.id} configured to receive RAs from an external router cannot be added to Neutron Router`,
    );
  }
}

/** The interface that a request to remove one means. */
function find(
  router: RouterRow,
  present: readonly RouterAddress[],
  asked: InterfaceRequest,
): Pick<RouterAddress, 'port_id'> {
  const subnetId = asked.subnet_id ?? undefined;
  const portId = asked.port_id ?? undefined;
  if (portId !== undefined) {
    const own = present.filter((ip) => ip.port_id === portId);
    const [first] = own;
    if (first === undefined) {
      throw notFound(`Router ${router.id} does not have an interface with id ${portId}`, {
        type: 'RouterInterfaceNotFound',
      });
    }
    if (subnetId !== undefined && !own.some((ip) => ip.subnet_id === subnetId)) {
      throw conflict(`Subnet on port ${portId} does not match the requested subnet ${subnetId}`, {
        type: 'SubnetMismatchForPort',
      });
    }
    return first;
  }
  if (subnetId === undefined)
    throw badRequest('Bad router request: Either subnet_id or port_id must be specified.', {
      type: 'BadRequest',
    });
  const found = present.find((ip) => ip.subnet_id === subnetId);
  if (found === undefined) {
    throw notFound(`Router ${router.id} has no interface on subnet ${subnetId}`, {
      type: 'RouterInterfaceNotFoundForSubnet',
    });
  }
  return found;
}

const shown = (router: RouterRow, port: PortRow, subnetIds: readonly string[]) => ({
  id: router.id,
  project_id: port.project_id,
  tenant_id: port.project_id,
  network_id: port.network_id,
  port_id: port.id,
  subnet_id: subnetIds.at(-1) ?? '',
  subnet_ids: subnetIds,
  tags: JSON.parse(router.tags) as string[],
});
