import { statement, type Db } from '../../db/index.ts';
import type { StandardRow } from './row.ts';
import { inJson, table } from './table.ts';

export interface PortForwardingRow extends StandardRow {
  readonly floatingip_id: string;
  readonly protocol: 'tcp' | 'udp' | 'sctp';
  /** Both ends included. */
  readonly external_first: number;
  readonly external_last: number;
  /** One port for all external ones, or as many as those. */
  readonly internal_first: number;
  readonly internal_last: number;
  readonly internal_port_id: string;
  readonly internal_ip_address: string;
}

export const portForwardings = table<PortForwardingRow>('port_forwarding');

/** In the order of their creation. */
export const forwardingsOfFloatingIps = (db: Db, ids: readonly string[]): PortForwardingRow[] =>
  statement<[string], PortForwardingRow>(
    db,
    `SELECT * FROM port_forwarding WHERE floatingip_id IN ${inJson} ORDER BY +seq`,
  ).all(JSON.stringify(ids));

export const forwardingsToPort = (db: Db, portId: string): PortForwardingRow[] =>
  statement<[string], PortForwardingRow>(
    db,
    'SELECT * FROM port_forwarding WHERE internal_port_id = ? ORDER BY seq',
  ).all(portId);

/** A forwarding with the address it is reached at. */
export interface RouterForwarding extends PortForwardingRow {
  readonly floating_ip_address: string;
}

export const forwardingsOfRouter = (db: Db, routerId: string): RouterForwarding[] =>
  statement<[string], RouterForwarding>(
    db,
    `SELECT p.*, f.floating_ip_address FROM floating_ip f JOIN port_forwarding p ON p.floatingip_id = f.id
      WHERE f.router_id = ? ORDER BY p.seq`,
  ).all(routerId);

/** True when the router leads ports to an address of the subnet. */
export const forwardsInto = (db: Db, routerId: string, subnetId: string): boolean =>
  statement<[string, string], { id: string }>(
    db,
    `SELECT p.id FROM floating_ip f JOIN port_forwarding p ON p.floatingip_id = f.id
       JOIN port_ip i ON i.port_id = p.internal_port_id AND i.address = p.internal_ip_address
      WHERE f.router_id = ? AND i.subnet_id = ? LIMIT 1`,
  ).get(routerId, subnetId) !== undefined;
