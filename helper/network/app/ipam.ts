import { badRequest, conflict } from '../../errors/error.ts';
import type { Db } from '../../db/index.ts';
import { giveBack, takeExact, takeNext } from '../store/free-range.ts';
import { addressTaken } from '../store/port.ts';
import type { PortIpRow, SubnetRow } from '../store/row.ts';
import { subnetsOf } from '../store/subnet.ts';
import {
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

/**
 * Addresses for a port, taken out of their pools in the caller's transaction. Without a wish: one of the first subnet
 * that has one left, none on a network without subnets.
 *
 * @throws {CloudError} InvalidIpForNetwork, InvalidIpForSubnet, IpAddressAlreadyAllocated,
 *   IpAddressGenerationFailure, InvalidInput, as neutron.
 */
export function allocate(
  db: Db,
  networkId: string,
  asked: readonly FixedIpAsked[] | undefined,
): Allocation[] {
  const subnets = subnetsOf(db, networkId);
  if (asked !== undefined) return asked.map((one) => allocateOne(db, networkId, subnets, one));
  if (subnets.length === 0) return [];
  for (const subnet of subnets) {
    const found = fromPool(db, subnet);
    if (found !== undefined) return [found];
  }
  throw exhausted(networkId);
}

function allocateOne(
  db: Db,
  networkId: string,
  subnets: readonly SubnetRow[],
  asked: FixedIpAsked,
): Allocation {
  if (asked.subnet_id !== undefined) {
    const subnet = subnets.find((one) => one.id === asked.subnet_id);
    if (subnet === undefined) {
      throw badRequest(
        `Invalid input for operation: Failed to create port on network ${networkId}, because fixed_ips included invalid subnet ${asked.subnet_id}.`,
        { type: 'InvalidInput' },
      );
    }
    if (asked.ip_address !== undefined) return exactly(db, subnet, asked.ip_address, true);
    const found = fromPool(db, subnet);
    if (found === undefined) throw exhausted(networkId);
    return found;
  }
  const wanted = asked.ip_address === undefined ? undefined : parseAddress(asked.ip_address);
  if (asked.ip_address === undefined || wanted === undefined) {
    throw badRequest('Invalid input for operation: IP allocation requires subnet_id or ip_address.', {
      type: 'InvalidInput',
    });
  }
  const subnet = subnets.find((one) => {
    const block = parseBlock(one.cidr);
    return block?.version === wanted.version && block.first <= wanted.value && wanted.value <= block.last;
  });
  if (subnet === undefined) {
    throw badRequest(
      `IP address ${asked.ip_address} is not a valid IP for any of the subnets on the specified network.`,
      { type: 'InvalidIpForNetwork' },
    );
  }
  return exactly(db, subnet, asked.ip_address, false);
}

function fromPool(db: Db, subnet: SubnetRow): Allocation | undefined {
  for (;;) {
    const key = takeNext(db, subnet.id);
    if (key === undefined) return undefined;
    // An address may have been asked for before the pools were laid over it.
    if (addressTaken(db, subnet.id, key)) continue;
    return {
      subnet_id: subnet.id,
      network_id: subnet.network_id,
      address: formatAddress(subnet.ip_version, valueOf(key)),
      address_key: key,
    };
  }
}

function exactly(db: Db, subnet: SubnetRow, text: string, subnetNamed: boolean): Allocation {
  const address = parseAddress(text);
  const block = parseBlock(subnet.cidr);
  const range = block === undefined ? undefined : usable(block);
  if (
    address === undefined ||
    range === undefined ||
    address.version !== subnet.ip_version ||
    address.value < range.first ||
    address.value > range.last
  ) {
    throw badRequest(
      subnetNamed
        ? `IP address ${text} is not a valid IP for the specified subnet.`
        : `IP address ${text} is not a valid IP for any of the subnets on the specified network.`,
      { type: subnetNamed ? 'InvalidIpForSubnet' : 'InvalidIpForNetwork' },
    );
  }
  const key = keyOf(address.value);
  if (addressTaken(db, subnet.id, key)) {
    throw conflict(`IP address ${text} already allocated in subnet ${subnet.id}`, {
      type: 'IpAddressAlreadyAllocated',
    });
  }
  takeExact(db, subnet.id, key);
  return {
    subnet_id: subnet.id,
    network_id: subnet.network_id,
    address: formatAddress(address.version, address.value),
    address_key: key,
  };
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
