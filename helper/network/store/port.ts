import { countOf } from './count.ts';
import { statement, type Db } from '../../db/index.ts';
import { giveNumber } from './network.ts';
import type { PlugRow, PortIpRow, PortRow } from './row.ts';
import { inJson, table } from './table.ts';

export const ports = table<PortRow>('port');
export const plugs = table<PlugRow>('port_plug', 'port_id');

export const portsOfNetwork = (db: Db, networkId: string): PortRow[] =>
  statement<[string], PortRow>(db, 'SELECT * FROM port WHERE network_id = ? ORDER BY seq').all(networkId);

/** Ports of a server or router, NICs of a server in their order. */
export const portsOfDevice = (db: Db, deviceId: string): PortRow[] =>
  statement<[string], PortRow>(
    db,
    'SELECT * FROM port WHERE device_id = ? ORDER BY coalesce(nic_index, 1000000), seq',
  ).all(deviceId);

/** An address of a server, with what the server's own API says of it; address is null for a port that has none. */
export interface ServerAddressRow {
  readonly device_id: string;
  readonly port_id: string;
  readonly mac_address: string;
  readonly network_id: string;
  readonly network_name: string;
  readonly address: string | null;
}

/** The fixed addresses of servers' ports, in the order of their NICs. */
export const serverAddresses = (db: Db, serverIds: readonly string[]): ServerAddressRow[] =>
  statement<[string], ServerAddressRow>(
    db,
    `SELECT p.device_id, p.id AS port_id, p.mac_address, n.id AS network_id, n.name AS network_name, i.address
       FROM port p JOIN network n ON n.id = p.network_id LEFT JOIN port_ip i ON i.port_id = p.id
      WHERE p.device_id IN ${inJson} AND p.device_owner LIKE 'compute:%'
      ORDER BY coalesce(p.nic_index, 1000000), p.seq, i.position`,
  ).all(JSON.stringify(serverIds));

export const macInUse = (db: Db, mac: string): boolean =>
  statement<[string], { id: string }>(db, 'SELECT id FROM port WHERE mac_address = ? LIMIT 1').get(mac) !==
  undefined;

export const macInNetwork = (db: Db, networkId: string, mac: string): PortRow | undefined =>
  statement<[string, string], PortRow>(db, 'SELECT * FROM port WHERE network_id = ? AND mac_address = ?').get(
    networkId,
    mac,
  );

export const countPorts = countOf('port');

export const setPortStatus = (db: Db, portId: string, status: string): unknown =>
  statement<[string, string, string]>(db, 'UPDATE port SET status = ? WHERE id = ? AND status <> ?').run(
    status,
    portId,
    status,
  );

/** The network's own port for its DHCP server. */
export const dhcpPortOf = (db: Db, networkId: string): PortRow | undefined =>
  statement<[string], PortRow>(
    db,
    "SELECT * FROM port WHERE network_id = ? AND device_owner = 'network:dhcp' ORDER BY seq LIMIT 1",
  ).get(networkId);

export const addAddress = (db: Db, row: PortIpRow): unknown =>
  statement<[string, string, string, string, string, number]>(
    db,
    'INSERT INTO port_ip (port_id, subnet_id, network_id, address, address_key, position) VALUES (?, ?, ?, ?, ?, ?)',
  ).run(row.port_id, row.subnet_id, row.network_id, row.address, row.address_key, row.position);

export const removeAddress = (db: Db, row: Pick<PortIpRow, 'subnet_id' | 'address_key'>): unknown =>
  statement<[string, string]>(db, 'DELETE FROM port_ip WHERE subnet_id = ? AND address_key = ?').run(
    row.subnet_id,
    row.address_key,
  );

export const setAddressPosition = (db: Db, row: PortIpRow): unknown =>
  statement<[number, string, string]>(
    db,
    'UPDATE port_ip SET position = ? WHERE subnet_id = ? AND address_key = ?',
  ).run(row.position, row.subnet_id, row.address_key);

/** Addresses of many ports, each port's in their order. */
export const addressesOfPorts = (db: Db, portIds: readonly string[]): PortIpRow[] =>
  statement<[string], PortIpRow>(
    db,
    `SELECT * FROM port_ip WHERE port_id IN ${inJson} ORDER BY port_id, position`,
  ).all(JSON.stringify(portIds));

export const addressesOfSubnet = (
  db: Db,
  subnetId: string,
): (PortIpRow & { readonly device_owner: string })[] =>
  statement<[string], PortIpRow & { device_owner: string }>(
    db,
    'SELECT port_ip.*, port.device_owner FROM port_ip JOIN port ON port.id = port_ip.port_id WHERE subnet_id = ? ORDER BY address_key',
  ).all(subnetId);

export const addressTaken = (db: Db, subnetId: string, key: string): boolean =>
  statement<[string, string], { port_id: string }>(
    db,
    'SELECT port_id FROM port_ip WHERE subnet_id = ? AND address_key = ?',
  ).get(subnetId, key) !== undefined;

export const portByAddress = (db: Db, networkId: string, address: string): PortRow | undefined =>
  statement<[string, string], PortRow>(
    db,
    'SELECT port.* FROM port_ip JOIN port ON port.id = port_ip.port_id WHERE port_ip.network_id = ? AND port_ip.address = ?',
  ).get(networkId, address);

export const releasePlug = (db: Db, portId: string, groupIds: readonly string[]): unknown =>
  statement<[string, string]>(db, 'UPDATE port_plug SET released = 1, groups = ? WHERE port_id = ?').run(
    JSON.stringify(groupIds),
    portId,
  );

/** The host has nothing of the port: its mark may be given out again. */
export function forgetPlug(db: Db, plug: PlugRow): void {
  plugs.delete(db, plug.port_id);
  giveNumber(db, 'mark', plug.mark);
}

/** Says that ports are being taken off the host; from now on they are no members of their groups. */
export const markGoing = (db: Db, portIds: readonly string[]): unknown =>
  statement<[string]>(db, `UPDATE port_plug SET plugged = 2 WHERE plugged = 1 AND port_id IN ${inJson}`).run(
    JSON.stringify(portIds),
  );

export const allPlugs = (db: Db): PlugRow[] => statement<[], PlugRow>(db, 'SELECT * FROM port_plug').all();

export const plugsOfNetwork = (db: Db, networkId: string): PlugRow[] =>
  statement<[string], PlugRow>(db, 'SELECT * FROM port_plug WHERE network_id = ?').all(networkId);

export const setPortGroups = (db: Db, portId: string, groupIds: readonly string[]): void => {
  statement<[string]>(db, 'DELETE FROM port_security_group WHERE port_id = ?').run(portId);
  for (const groupId of groupIds)
    statement<[string, string]>(
      db,
      'INSERT INTO port_security_group (port_id, security_group_id) VALUES (?, ?)',
    ).run(portId, groupId);
};

/** Security groups of many ports. */
export const groupsOfPorts = (
  db: Db,
  portIds: readonly string[],
): { readonly port_id: string; readonly security_group_id: string }[] =>
  statement<[string], { port_id: string; security_group_id: string }>(
    db,
    `SELECT port_id, security_group_id FROM port_security_group WHERE port_id IN ${inJson} ORDER BY port_id, security_group_id`,
  ).all(JSON.stringify(portIds));

/** Addresses in use by subnet. */
export const addressCounts = (db: Db, subnetIds: readonly string[]): Map<string, number> =>
  new Map(
    statement<[string], { subnet_id: string; n: number }>(
      db,
      `SELECT subnet_id, count(*) AS n FROM port_ip WHERE subnet_id IN ${inJson} GROUP BY subnet_id`,
    )
      .all(JSON.stringify(subnetIds))
      .map((row) => [row.subnet_id, row.n]),
  );
