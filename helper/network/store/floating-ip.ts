import { countOf } from './count.ts';
import { statement, type Db } from '../../db/index.ts';
import type { StandardRow } from './row.ts';
import { inJson, table } from './table.ts';

export interface FloatingIpRow extends StandardRow {
  readonly floating_network_id: string;
  readonly floating_port_id: string;
  readonly floating_ip_address: string;
  readonly port_id: string | null;
  readonly fixed_ip_address: string | null;
  readonly router_id: string | null;
  readonly status: string;
  readonly dns_name: string;
  readonly dns_domain: string;
  readonly qos_policy_id: string | null;
  readonly tags: string;
}

export const floatingIps = table<FloatingIpRow>('floating_ip');

export const countFloatingIps = countOf('floating_ip');

/** Of a project, or of all when it is null, in the order of their creation. */
export const floatingIpsOfProject = (db: Db, projectId: string | null): FloatingIpRow[] =>
  statement<[string | null, string | null], FloatingIpRow>(
    db,
    'SELECT * FROM floating_ip WHERE (? IS NULL OR project_id = ?) ORDER BY seq',
  ).all(projectId, projectId);

/** Floating IPs that lead to one of the ports, in the order of their creation. */
export const floatingIpsOfPorts = (db: Db, portIds: readonly string[]): FloatingIpRow[] =>
  statement<[string], FloatingIpRow>(
    db,
    `SELECT * FROM floating_ip WHERE port_id IN ${inJson} ORDER BY +seq`,
  ).all(JSON.stringify(portIds));

/** Floating IPs of the network that lead nowhere. */
export const idleFloatingIps = (db: Db, networkId: string): FloatingIpRow[] =>
  statement<[string], FloatingIpRow>(
    db,
    'SELECT * FROM floating_ip WHERE floating_network_id = ? AND port_id IS NULL AND router_id IS NULL ORDER BY seq',
  ).all(networkId);

export const floatingIpsOfRouter = (db: Db, routerId: string): FloatingIpRow[] =>
  statement<[string], FloatingIpRow>(db, 'SELECT * FROM floating_ip WHERE router_id = ? ORDER BY seq').all(
    routerId,
  );

/** The floating IP of the network that leads to this address of the port. */
export const floatingIpAt = (
  db: Db,
  networkId: string,
  portId: string,
  fixed: string,
): FloatingIpRow | undefined =>
  statement<[string, string, string], FloatingIpRow>(
    db,
    'SELECT * FROM floating_ip WHERE floating_network_id = ? AND port_id = ? AND fixed_ip_address = ?',
  ).get(networkId, portId, fixed);

/** Floating IPs that lead through the router to addresses of the subnet. */
export const floatingIpsThrough = (db: Db, routerId: string, subnetId: string): FloatingIpRow[] =>
  statement<[string, string], FloatingIpRow>(
    db,
    `SELECT f.* FROM floating_ip f JOIN port_ip i ON i.port_id = f.port_id AND i.address = f.fixed_ip_address
      WHERE f.router_id = ? AND i.subnet_id = ?`,
  ).all(routerId, subnetId);

/** Only while it leads where it led when the row was read: what was applied may be old already. */
export const setFloatingIpStatus = (db: Db, row: FloatingIpRow, status: string): unknown =>
  statement<[string, string, string | null, string | null, string | null, string]>(
    db,
    `UPDATE floating_ip SET status = ? WHERE id = ? AND router_id IS ? AND port_id IS ?
        AND fixed_ip_address IS ? AND status <> ?`,
  ).run(status, row.id, row.router_id, row.port_id, row.fixed_ip_address, status);
