import { countOf } from './count.ts';
import { statement, type Db } from '../../db/index.ts';
import type { PortIpRow, PortRow, StandardRow } from './row.ts';
import { inJson, table } from './table.ts';

export interface RouterRow extends StandardRow {
  readonly name: string;
  readonly admin_state_up: number;
  readonly status: string;
  readonly gateway_network_id: string | null;
  readonly gateway_port_id: string | null;
  readonly enable_snat: number;
  readonly distributed: number;
  readonly ha: number;
  readonly gateway_qos_policy_id: string | null;
  /** `[{destination, nexthop}]` */
  readonly routes: string;
  readonly availability_zone_hints: string;
  readonly tags: string;
}

export const routers = table<RouterRow>('router');

/** Owner of the interfaces of a router that is neither distributed nor highly available. */
export const INTERFACE = 'network:router_interface';
export const DISTRIBUTED_INTERFACE = 'network:router_interface_distributed';
export const HA_INTERFACE = 'network:ha_router_replicated_interface';
/** Owner of a highly available router's port on the network that such routers of a project watch each other over. */
export const HA_PORT = 'network:router_ha_interface';
export const GATEWAY = 'network:router_gateway';

const INTERFACES: readonly string[] = [INTERFACE, DISTRIBUTED_INTERFACE, HA_INTERFACE];
const IS_INTERFACE = `IN ('${INTERFACES.join("', '")}')`;
/** Its interfaces and its gateway. */
const IS_ROUTERS = `IN ('${[...INTERFACES, GATEWAY].join("', '")}')`;

/** The port leads a router to a subnet, whichever kind of router it is. */
export const isInterface = (deviceOwner: string): boolean => INTERFACES.includes(deviceOwner);

/** How neutron marks the interfaces of a router of this kind. */
export const interfaceOwner = (router: Pick<RouterRow, 'distributed' | 'ha'>): string => {
  if (router.distributed === 1) return DISTRIBUTED_INTERFACE;
  return router.ha === 1 ? HA_INTERFACE : INTERFACE;
};

export const allRouterIds = (db: Db): string[] =>
  statement<[], { id: string }>(db, 'SELECT id FROM router ORDER BY seq')
    .all()
    .map((row) => row.id);

export const countRouters = countOf('router');

/** An address of a router with what it needs of its subnet. */
export interface RouterAddress extends PortIpRow {
  readonly device_id: string;
  readonly device_owner: string;
  readonly cidr: string;
  readonly gateway_ip: string | null;
  readonly ipv6_ra_mode: string | null;
  readonly dns_nameservers: string;
}

const ROUTER_ADDRESS = `SELECT i.*, p.device_id, p.device_owner, s.cidr, s.gateway_ip, s.ipv6_ra_mode, s.dns_nameservers
  FROM port p JOIN port_ip i ON i.port_id = p.id JOIN subnet s ON s.id = i.subnet_id`;

/** Addresses of a router's interfaces and gateway. */
export const addressesOfRouter = (db: Db, routerId: string): RouterAddress[] =>
  statement<[string], RouterAddress>(
    db,
    `${ROUTER_ADDRESS} WHERE p.device_id = ? AND p.device_owner ${IS_ROUTERS} ORDER BY p.seq, i.position`,
  ).all(routerId);

/** The addresses of a highly available router's own port. */
export const haAddressesOfRouter = (db: Db, routerId: string): RouterAddress[] =>
  statement<[string, string], RouterAddress>(
    db,
    `${ROUTER_ADDRESS} WHERE p.device_id = ? AND p.device_owner = ? ORDER BY p.seq, i.position`,
  ).all(routerId, HA_PORT);

/** Interfaces and gateway of a router. */
export const portsOfRouter = (db: Db, routerId: string): PortRow[] =>
  statement<[string], PortRow>(
    db,
    `SELECT * FROM port WHERE device_id = ? AND device_owner ${IS_ROUTERS} ORDER BY seq`,
  ).all(routerId);

/** A highly available router's own port on its project's HA network. */
export const haPortOfRouter = (db: Db, routerId: string): PortRow | undefined =>
  statement<[string, string], PortRow>(
    db,
    'SELECT * FROM port WHERE device_id = ? AND device_owner = ? ORDER BY seq LIMIT 1',
  ).get(routerId, HA_PORT);

/** Routers with a port on the network. */
export const routersOfNetwork = (db: Db, networkId: string): string[] =>
  statement<[string, string], { id: string }>(
    db,
    `SELECT DISTINCT r.id AS id FROM port p JOIN router r ON r.id = p.device_id
      WHERE p.network_id = ? AND (p.device_owner ${IS_ROUTERS} OR p.device_owner = ?) ORDER BY r.seq`,
  )
    .all(networkId, HA_PORT)
    .map((row) => row.id);

/** Routers with an interface on the subnet and their gateway on the external network: the ways out. */
export const routersBetween = (
  db: Db,
  subnetId: string,
  externalNetworkId: string,
): { readonly id: string; readonly address: string }[] =>
  statement<[string, string], { id: string; address: string }>(
    db,
    `SELECT r.id AS id, i.address AS address FROM port_ip i JOIN port p ON p.id = i.port_id
       JOIN router r ON r.id = p.device_id
      WHERE i.subnet_id = ? AND p.device_owner ${IS_INTERFACE} AND r.gateway_network_id = ? ORDER BY r.seq`,
  ).all(subnetId, externalNetworkId);

/** Gateway addresses of many routers. */
export const gatewayAddresses = (db: Db, routerIds: readonly string[]): RouterAddress[] =>
  statement<[string, string], RouterAddress>(
    db,
    `${ROUTER_ADDRESS} WHERE p.device_id IN ${inJson} AND p.device_owner = ? ORDER BY p.seq, i.position`,
  ).all(JSON.stringify(routerIds), GATEWAY);

/** The port that has this address on a network of this router; a router's subnets do not overlap. */
export const portBehindRouter = (db: Db, routerId: string, address: string): PortRow | undefined =>
  statement<[string, string], PortRow>(
    db,
    `SELECT port.* FROM port_ip JOIN port ON port.id = port_ip.port_id
      WHERE port_ip.address = ? AND port_ip.subnet_id IN (
        SELECT i.subnet_id FROM port_ip i JOIN port p ON p.id = i.port_id
         WHERE p.device_id = ? AND p.device_owner ${IS_INTERFACE})`,
  ).get(address, routerId);

/** What a router is led to is part of it: neutron counts its revision up. */
export const touchRouter = (db: Db, routerId: string, now: number): unknown =>
  statement<[number, string]>(
    db,
    'UPDATE router SET updated_at = ?, revision = revision + 1 WHERE id = ?',
  ).run(now, routerId);

export const setRouterStatus = (db: Db, routerId: string, status: string): unknown =>
  statement<[string, string, string]>(db, 'UPDATE router SET status = ? WHERE id = ? AND status <> ?').run(
    status,
    routerId,
    status,
  );
