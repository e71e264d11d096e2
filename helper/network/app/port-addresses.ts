import type { Db } from '../../db/index.ts';
import {
  addAddress,
  addressesOfPorts,
  addressesOfSubnet,
  ports,
  portsOfNetwork,
  removeAddress,
  setAddressPosition,
} from '../store/port.ts';
import type { PortIpRow, PortRow, SubnetRow } from '../store/row.ts';
import { GATEWAY, isInterface } from '../store/router.ts';
import { subnets, subnetsOf } from '../store/subnet.ts';
import { groupBy } from '../store/table.ts';
import { canonical, keyOf, parseAddress } from './address.ts';
import {
  allocateAsked,
  automaticAddresses,
  giveAddress,
  isAutomatic,
  type Allocation,
  type FixedIpAsked,
} from './ipam.ts';

/** How the addresses of ports that are there change; rows only, in the caller's transaction. */

/**
 * Gives the port exactly these addresses, next to its automatic ones; those that it has already it keeps.
 * @throws {CloudError} as {@link allocateAsked}.
 */
export function setPortAddresses(db: Db, row: PortRow, asked: readonly FixedIpAsked[]): void {
  const subnetRows = subnetsOf(db, row.network_id);
  const automatic = automaticIds(subnetRows, row);
  const old = addressesOfPorts(db, [row.id]);
  const kept = new Map<number, PortIpRow>();
  const isKept = (ip: PortIpRow): boolean => [...kept.values()].includes(ip);
  asked.forEach((one, i) => {
    const found = old.find((ip) => !isKept(ip) && fits(one, ip));
    if (found !== undefined) kept.set(i, found);
  });
  const left = old.filter((ip) => !isKept(ip));
  const implied = left.filter((ip) => automatic.has(ip.subnet_id));
  for (const ip of left) if (!implied.includes(ip)) freeAddress(db, ip);
  const wishes = asked.filter((_, i) => !kept.has(i));
  const fresh = allocateAsked(db, row, subnetRows, wishes);
  const inPlace = asked.flatMap((_, i) => kept.get(i) ?? fresh.shift() ?? []);
  const handled = new Set([...old, ...inPlace].map((ip) => ip.subnet_id));
  const untouched = subnetRows.filter((subnet) => !handled.has(subnet.id));
  const all = [...inPlace, ...implied, ...automaticAddresses(db, row, untouched)];
  all.forEach((ip, position) => {
    const placed = { ...ip, port_id: row.id, position };
    if (!old.some((one) => one === ip)) addAddress(db, placed);
    else setAddressPosition(db, placed);
  });
}

/**
 * The same for a port that gets another MAC address: its automatic addresses are made of that.
 * @param row as it will be.
 */
export function readdress(db: Db, row: PortRow, asked: readonly FixedIpAsked[] | undefined): void {
  const old = addressesOfPorts(db, [row.id]);
  const automatic = automaticIds(subnetsOf(db, row.network_id), row);
  const dropped = old.filter((ip) => automatic.has(ip.subnet_id));
  for (const ip of dropped) freeAddress(db, ip);
  const gone = new Set(dropped.map((ip) => ip.address));
  const wanted: readonly FixedIpAsked[] =
    asked ?? old.map((ip) => ({ subnet_id: ip.subnet_id, ip_address: ip.address }));
  setPortAddresses(
    db,
    row,
    wanted.filter((one) => !gone.has(canonical(one.ip_address ?? ''))),
  );
}

/** Subnets whose addresses this port has whether it asks for them or not. */
const automaticIds = (rows: readonly SubnetRow[], port: PortRow): ReadonlySet<string> =>
  new Set(isInterface(port.device_owner) ? [] : rows.filter(isAutomatic).map((subnet) => subnet.id));

/**
 * What a new subnet means for the ports that are there: all have an address in an automatic one; routers that have
 * their gateway on its network have one of each IP version (neutron's _update_router_gw_ports).
 * @returns ports that have got an address.
 */
export function joinSubnet(db: Db, subnet: SubnetRow): PortRow[] {
  const automatic = isAutomatic(subnet);
  const all = portsOfNetwork(db, subnet.network_id).filter(
    (row) => automatic || row.device_owner === GATEWAY,
  );
  const ids = all.map((row) => row.id);
  const held = groupBy(addressesOfPorts(db, ids), (ip) => ip.port_id);
  return all.filter((row) => {
    const own = held.get(row.id) ?? [];
    if (own.some((ip) => ip.subnet_id === subnet.id)) return false;
    const fresh = automatic ? automaticAddresses(db, row, [subnet]) : gatewayAddress(db, row, subnet, own);
    const position = Math.max(-1, ...own.map((ip) => ip.position)) + 1;
    for (const ip of fresh) addAddress(db, { ...ip, port_id: row.id, position });
    return fresh.length > 0;
  });
}

function gatewayAddress(
  db: Db,
  row: PortRow,
  subnet: SubnetRow,
  own: readonly PortIpRow[],
): readonly Allocation[] {
  const ids = own.map((ip) => ip.subnet_id);
  const chosen = subnets.byIds(db, ids).filter((one) => !isAutomatic(one));
  if (chosen.length > 1 || chosen[0]?.ip_version === subnet.ip_version) return [];
  return allocateAsked(db, row, [subnet], [{ subnet_id: subnet.id }]).filter((one) => one !== undefined);
}

/**
 * Takes the addresses of a subnet that goes from all ports that have some.
 * @returns those ports.
 */
export function leaveSubnet(db: Db, subnet: SubnetRow): PortRow[] {
  const gone = addressesOfSubnet(db, subnet.id);
  for (const ip of gone) removeAddress(db, ip);
  return ports.byIds(db, [...new Set(gone.map((ip) => ip.port_id))]);
}

export function freeAddress(db: Db, ip: PortIpRow): void {
  removeAddress(db, ip);
  const subnet = subnets.byId(db, ip.subnet_id);
  if (subnet !== undefined) giveAddress(db, subnet, ip.address_key);
}

function fits(asked: FixedIpAsked, ip: PortIpRow): boolean {
  if (asked.subnet_id !== undefined && asked.subnet_id !== ip.subnet_id) return false;
  if (asked.ip_address === undefined) return asked.subnet_id !== undefined;
  const wanted = parseAddress(asked.ip_address);
  return wanted !== undefined && keyOf(wanted.value) === ip.address_key;
}
