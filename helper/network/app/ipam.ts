import { badRequest, conflict } from '../../errors/error.ts';
import type { Db } from '../../db/index.ts';
import { giveBack, takeExact, takeNext } from '../store/free-range.ts';
import { addressTaken } from '../store/port.ts';
import type { PortIpRow, PortRow, SubnetRow } from '../store/row.ts';
import { GATEWAY, isInterface } from '../store/router.ts';
import { segmentsOf } from '../store/segment.ts';
import { subnetsOf } from '../store/subnet.ts';
import {
  eui64,
  formatAddress,
  keyOf,
  parseAddress,
  parseBlock,
  usable,
  valueOf,
  type AddressRange,
} from './address.ts';

/** An address that a port is asked to have: this one, one of this subnet, or this one of this subnet. */
export interface FixedIpAsked {
  readonly subnet_id?: string;
  readonly ip_address?: string;
}

export type Allocation = Pick<PortIpRow, 'subnet_id' | 'network_id' | 'address' | 'address_key'>;

/** A subnet's allocation pools as numbers. */
export function poolsOf(subnet: Pick<SubnetRow, 'allocation_pools'>): AddressRange[] {
  const pools = JSON.parse(subnet.allocation_pools) as readonly { start: string; end: string }[];
  return pools.map(({ start, end }) => ({
    first: parseAddress(start)?.value ?? 0n,
    last: parseAddress(end)?.value ?? -1n,
  }));
}

const exhausted = (networkId: string): Error =>
  conflict(`No more IP addresses available on network ${networkId}.`, { type: 'IpAddressGenerationFailure' });

const AUTOMATIC = new Set<string | null>(['slaac', 'dhcpv6-stateless']);

/** Guests make their own addresses in such a subnet, so every port has one there, and that one only. */
export const isAutomatic = (subnet: Pick<SubnetRow, 'ipv6_address_mode' | 'ipv6_ra_mode'>): boolean =>
  AUTOMATIC.has(subnet.ipv6_address_mode) || AUTOMATIC.has(subnet.ipv6_ra_mode);

/** What decides over a port's addresses. */
export type Addressed = Pick<PortRow, 'network_id' | 'mac_address' | 'device_owner'>;

/**
 * Addresses for a port, taken out of their pools in the caller's transaction: those asked for, or without a wish one
 * of each IP version (of the first subnet that has one left; none on a network without subnets); and in either case
 * one of each automatic subnet.
 *
 * @throws {CloudError} InvalidIpForNetwork, InvalidIpForSubnet, IpAddressAlreadyAllocated,
 *   AllocationOnAutoAddressSubnet, IpAddressGenerationFailure, InvalidInput, as neutron.
 */
export function allocate(db: Db, port: Addressed, asked: readonly FixedIpAsked[] | undefined): Allocation[] {
  const subnets = subnetsOf(db, port.network_id);
  const chosen =
    asked === undefined
      ? anyAddresses(db, port, candidates(db, port, subnets))
      : allocateAsked(db, port, subnets, asked).filter((one) => one !== undefined);
  return [...chosen, ...automaticAddresses(db, port, subnets)];
}

/**
 * Subnets that a port has addresses of unasked: those for its kind of device (service_types), and on a network of
 * several segments those of the segment that this host carries it on.
 */
function candidates(db: Db, port: Addressed, subnets: readonly SubnetRow[]): SubnetRow[] {
  const away = new Set(
    segmentsOf(db, [port.network_id]).flatMap((segment) => (segment.is_first === 0 ? [segment.id] : [])),
  );
  const found = subnets.filter(
    (subnet) =>
      serves(subnet, port.device_owner) && !(subnet.segment_id !== null && away.has(subnet.segment_id)),
  );
  if (found.length === 0 && subnets.length > 0) {
    throw conflict(
      `No valid service subnet for the given device owner, network ${port.network_id}, service type ${port.device_owner}.`,
      { type: 'IpAddressGenerationFailureNoMatchingSubnet' },
    );
  }
  return found;
}

/** The DHCP server is on every subnet that has DHCP. */
function serves(subnet: SubnetRow, deviceOwner: string): boolean {
  if (subnet.service_types === '[]') return true;
  if (deviceOwner === 'network:dhcp') return subnet.enable_dhcp === 1;
  return (JSON.parse(subnet.service_types) as string[]).includes(deviceOwner);
}

function anyAddresses(db: Db, port: Addressed, subnets: readonly SubnetRow[]): Allocation[] {
  return ([4, 6] as const).flatMap((version) => {
    const candidates = subnets.filter((subnet) => subnet.ip_version === version && !isAutomatic(subnet));
    if (candidates.length === 0) return [];
    for (const subnet of candidates) {
      const found = fromPool(db, subnet);
      if (found !== undefined) return [found];
    }
    throw exhausted(port.network_id);
  });
}

/** The port's addresses in automatic subnets; an address that is another port's already is left out. */
export function automaticAddresses(db: Db, port: Addressed, subnets: readonly SubnetRow[]): Allocation[] {
  if (isInterface(port.device_owner)) return [];
  const own = subnets.filter((subnet) => isAutomatic(subnet) && serves(subnet, port.device_owner));
  return own.flatMap((subnet) => {
    const block = parseBlock(subnet.cidr);
    if (block === undefined) return [];
    const value = eui64(block, port.mac_address);
    const key = keyOf(value);
    if (addressTaken(db, subnet.id, key)) return [];
    takeExact(db, subnet.id, key);
    return { ...placed(subnet), address: formatAddress(6, value), address_key: key };
  });
}

/**
 * The addresses asked for, each in the place of its wish: those named first, so that none of them goes to who has no
 * wish. Undefined where an automatic subnet is named, which gives its address unasked.
 */
export function allocateAsked(
  db: Db,
  port: Addressed,
  subnets: readonly SubnetRow[],
  asked: readonly FixedIpAsked[],
): (Allocation | undefined)[] {
  if (asked.length > 0 && subnets.length === 0)
    throw invalidInput('IP allocation requires subnets for network');
  const wishes = asked.map((one) => ({ ...one, subnet: subnetFor(port, subnets, one) }));
  const found = new Map<(typeof wishes)[number], Allocation>();
  for (const wish of wishes) {
    if (wish.ip_address === undefined) continue;
    if (isAutomatic(wish.subnet) && !isInterface(port.device_owner)) {
      throw badRequest(
        `IPv6 address ${wish.ip_address} cannot be directly assigned to a port on subnet ${wish.subnet.id} as the subnet is configured for automatic addresses`,
        { type: 'AllocationOnAutoAddressSubnet' },
      );
    }
    found.set(wish, exactly(db, wish.subnet, wish.ip_address));
  }
  for (const wish of wishes) {
    if (found.has(wish) || (isAutomatic(wish.subnet) && !isInterface(port.device_owner))) continue;
    const one = fromPool(db, wish.subnet);
    if (one === undefined) throw exhausted(port.network_id);
    found.set(wish, one);
  }
  return wishes.map((wish) => found.get(wish));
}

const invalidInput = (message: string): Error =>
  badRequest(`Invalid input for operation: ${message}.`, { type: 'InvalidInput' });

/** The subnet that is meant, by its id or by the address. */
function subnetFor(port: Addressed, subnets: readonly SubnetRow[], asked: FixedIpAsked): SubnetRow {
  const { subnet_id, ip_address } = asked;
  if (subnet_id !== undefined) {
    const subnet = subnets.find((one) => one.id === subnet_id);
    if (subnet === undefined) {
      throw invalidInput(
        `Failed to create port on network ${port.network_id}, because fixed_ips included invalid subnet ${subnet_id}`,
      );
    }
    if (ip_address !== undefined && !isPossible(port, subnet, ip_address)) {
      throw badRequest(`IP address ${ip_address} is not a valid IP for the specified subnet.`, {
        type: 'InvalidIpForSubnet',
      });
    }
    return subnet;
  }
  if (ip_address === undefined) throw invalidInput('IP allocation requires subnet_id or ip_address');
  const subnet = subnets.find((one) => isPossible(port, one, ip_address));
  if (subnet === undefined) {
    throw badRequest(
      `IP address ${ip_address} is not a valid IP for any of the subnets on the specified network.`,
      { type: 'InvalidIpForNetwork' },
    );
  }
  return subnet;
}

/** Whether a port may have this address of the subnet at all. */
function isPossible(port: Addressed, subnet: SubnetRow, text: string): boolean {
  const address = parseAddress(text);
  const block = parseBlock(subnet.cidr);
  if (address === undefined || block?.version !== address.version) return false;
  // All routers of a link answer to the first address of an IPv6 prefix (RFC 4291, 2.6.1): it is for them, and for
  // ports that may yet become a router's.
  const range = block.version === 6 && mayBeFirst(port.device_owner) ? block : usable(block);
  return range.first <= address.value && address.value <= range.last;
}

const mayBeFirst = (owner: string): boolean => owner === '' || owner === GATEWAY || isInterface(owner);

const placed = (subnet: SubnetRow): Pick<Allocation, 'subnet_id' | 'network_id'> => ({
  subnet_id: subnet.id,
  network_id: subnet.network_id,
});

function fromPool(db: Db, subnet: SubnetRow): Allocation | undefined {
  for (;;) {
    const key = takeNext(db, subnet.id);
    if (key === undefined) return undefined;
    // An address may have been asked for before the pools were laid over it.
    if (addressTaken(db, subnet.id, key)) continue;
    return {
      ...placed(subnet),
      address: formatAddress(subnet.ip_version, valueOf(key)),
      address_key: key,
    };
  }
}

function exactly(db: Db, subnet: SubnetRow, text: string): Allocation {
  const key = keyOf(parseAddress(text)?.value ?? 0n);
  if (addressTaken(db, subnet.id, key)) {
    throw conflict(`IP address ${text} already allocated in subnet ${subnet.id}`, {
      type: 'IpAddressAlreadyAllocated',
    });
  }
  takeExact(db, subnet.id, key);
  return { ...placed(subnet), address: formatAddress(subnet.ip_version, valueOf(key)), address_key: key };
}

/** The address is free again, if it is of the subnet's pools. */
export function giveAddress(
  db: Db,
  subnet: Pick<SubnetRow, 'id' | 'allocation_pools'>,
  addressKey: string,
): void {
  const value = valueOf(addressKey);
  if (poolsOf(subnet).some((pool) => pool.first <= value && value <= pool.last))
    giveBack(db, subnet.id, addressKey);
}
