import { badRequest, conflict } from '../../errors/error.ts';
import { limits } from '../config.ts';
import type { SubnetRow } from '../store/row.ts';
import {
  canonical,
  defaultPools,
  formatAddress,
  formatBlock,
  overlaps,
  parseAddress,
  parseBlock,
  usable,
  type AddressRange,
  type Block,
} from './address.ts';
import { isAutomatic, poolsOf } from './ipam.ts';

/** What neutron demands of subnets (neutron/db/db_base_plugin_v2.py, ipam_backend_mixin.py), with its errors. */

interface Pool {
  readonly start: string;
  readonly end: string;
}

interface Route {
  readonly destination: string;
  readonly nexthop: string;
}

const invalidInput = (message: string): Error =>
  badRequest(`Invalid input for operation: ${message}.`, { type: 'InvalidInput' });

export type SubnetBlock = Block & { readonly cidr: string };

/** The block of a new subnet. */
export function readCidr(
  body: {
    readonly cidr?: string | null;
    readonly ip_version: 4 | 6 | '4' | '6';
  },
  others: readonly SubnetRow[],
  networkId: string,
): SubnetBlock {
  if (body.cidr === undefined || body.cidr === null)
    throw badRequest('Bad subnets request: a subnetpool must be specified in the absence of a cidr.', {
      type: 'BadRequest',
    });
  const block = parseBlock(body.cidr);
  if (block === undefined)
    throw badRequest(`Invalid input for cidr. Reason: '${body.cidr}' is not a valid IP subnet.`);
  if (block.version !== Number(body.ip_version))
    throw invalidInput(`cidr ${body.cidr} does not match the ip_version ${body.ip_version}`);
  if (block.prefix === 0) throw invalidInput('0 is not allowed as CIDR prefix length');
  const other = others.find((one) => {
    const theirs = parseBlock(one.cidr);
    return theirs?.version === block.version && overlaps(theirs, block);
  });
  if (other !== undefined) {
    throw invalidInput(
      `Requested subnet with cidr: ${formatBlock(block)} for network: ${networkId} overlaps with another subnet`,
    );
  }
  return { ...block, cidr: formatBlock(block) };
}

/** A subnet whose addresses are given out by DHCP needs room for them, and addresses that hosts can have. */
export function checkDhcp(block: SubnetBlock, enabled: boolean): void {
  if (!enabled) return;
  if (block.prefix > (block.version === 4 ? 30 : 126))
    throw invalidInput('Subnet has a prefix length that is incompatible with DHCP service enabled');
  const top = Number(block.first >> (block.version === 4 ? 24n : 120n));
  if (block.version === 4 ? top >> 4 === 14 : top === 255)
    throw invalidInput('Multicast IP subnet is not supported if enable_dhcp is True');
  if (block.version === 4 ? top === 127 : block.first === 1n)
    throw invalidInput('Loopback IP subnet is not supported if enable_dhcp is True');
  if (block.version === 4 && block.first === 0n)
    throw invalidInput("First IP '0.0.0.0' of network is not supported if enable_dhcp is True.");
  // Beyond neutron: addresses that no host can have, and that dnsmasq refuses to serve.
  if (block.version === 4 && (top >= 224 || top === 0))
    throw invalidInput(`'${block.cidr}' is a reserved IP subnet and cannot have DHCP`);
}

export interface Modes {
  readonly ipv6_ra_mode?: string | null;
  readonly ipv6_address_mode?: string | null;
}

/** Which combinations of modes a new subnet may have (neutron's _validate_ipv6_attributes). */
export function checkModes(block: SubnetBlock, modes: Modes, enableDhcp: boolean): void {
  const ra = modes.ipv6_ra_mode ?? null;
  const address = modes.ipv6_address_mode ?? null;
  if (block.version === 4) {
    if (ra !== null) throw invalidInput('ipv6_ra_mode is not valid when ip_version is 4');
    if (address !== null) throw invalidInput('ipv6_address_mode is not valid when ip_version is 4');
    return;
  }
  if (ra === null && address === null) return;
  if (!enableDhcp)
    throw invalidInput('ipv6_ra_mode or ipv6_address_mode cannot be set when enable_dhcp is set to False');
  if (ra !== null && address !== null && ra !== address) {
    throw invalidInput(
      `ipv6_ra_mode set to '${ra}' with ipv6_address_mode set to '${address}' is not valid. If both attributes are set, they must be the same value`,
    );
  }
  if (isAutomatic({ ipv6_ra_mode: ra, ipv6_address_mode: address }) && block.prefix !== 64) {
    throw invalidInput(
      `Invalid CIDR ${block.cidr} for IPv6 address mode. OpenStack uses the EUI-64 address format, which requires the prefix to be /64`,
    );
  }
}

/** The kernel has no IPv6 on a link with less (RFC 8200). */
export function checkMtu6(mtu: number): void {
  if (mtu < 1280) {
    throw invalidInput(
      `MTU ${mtu} is too small for IPv6 subnets, which need 1280 at least; give the network a larger one`,
    );
  }
}

/** A subnet with IPv6 modes keeps its DHCP. */
export function checkDhcpChange(row: SubnetRow, enableDhcp: boolean | undefined): void {
  if (enableDhcp === false && (row.ipv6_ra_mode !== null || row.ipv6_address_mode !== null))
    throw invalidInput('Cannot disable enable_dhcp with ipv6 attributes set');
}

export function checkLists(
  body: {
    readonly dns_nameservers?: readonly string[] | null;
    readonly host_routes?: readonly Route[] | null;
  },
  version: 4 | 6,
): void {
  const servers = body.dns_nameservers ?? [];
  if (servers.length > limits.dnsNameservers) {
    throw badRequest(
      `Unable to complete operation for subnet. The number of DNS nameservers exceeds the limit ${limits.dnsNameservers}.`,
      { type: 'DNSNameServersExhausted' },
    );
  }
  if (new Set(servers).size < servers.length)
    throw badRequest(`Invalid input for dns_nameservers. Reason: Duplicate nameserver.`);
  const routes = body.host_routes ?? [];
  if (routes.length > limits.hostRoutes) {
    throw badRequest(
      `Unable to complete operation for subnet. The number of host routes exceeds the limit ${limits.hostRoutes}.`,
      { type: 'HostRoutesExhausted' },
    );
  }
  for (const route of routes) {
    const block = parseBlock(route.destination);
    if (block?.version !== version || parseAddress(route.nexthop)?.version !== version)
      throw invalidInput(`Invalid route: ${route.destination} via ${route.nexthop}`);
  }
  for (const server of servers)
    if (parseAddress(server)?.version !== version) throw invalidInput(`Error parsing dns address ${server}`);
}

/** Host routes as they are kept: canonical text, destinations without host bits. */
export const keptRoutes = (routes: readonly Route[] | null | undefined): Route[] =>
  (routes ?? []).map(({ destination, nexthop }) => {
    const block = parseBlock(destination);
    return {
      destination: block === undefined ? destination : formatBlock(block),
      nexthop: canonical(nexthop),
    };
  });

/** Gateway and pools of a new subnet, as neutron chooses them when they are left out. */
export function poolsFor(
  block: SubnetBlock,
  body: { readonly gateway_ip?: string | null; readonly allocation_pools?: readonly Pool[] | null },
): { readonly gateway: string | null; readonly pools: readonly Pool[] } {
  const gateway =
    body.gateway_ip === undefined
      ? formatAddress(
          block.version,
          block.version === 6 || block.prefix >= 31 ? block.first : block.first + 1n,
        )
      : canonicalOrNull(body.gateway_ip);
  const gatewayValue = gateway === null ? undefined : readGateway(block, gateway);
  const asked = body.allocation_pools ?? undefined;
  if (asked === undefined)
    return { gateway, pools: toPools(block.version, defaultPools(block, gatewayValue)) };
  const ranges = readPools(block, asked);
  checkGatewayOutside(gateway, gatewayValue, ranges, block.version);
  return { gateway, pools: toPools(block.version, ranges) };
}

export function blockOf(row: SubnetRow): SubnetBlock {
  const parsed = parseBlock(row.cidr);
  if (parsed === undefined) throw new Error(`subnet ${row.id} has the block '${row.cidr}'`);
  return { ...parsed, cidr: row.cidr };
}

/** The same for a subnet that is there already. */
export function checkGatewayAndPools(
  row: SubnetRow,
  body: { readonly gateway_ip?: string | null; readonly allocation_pools?: readonly Pool[] | null },
): { readonly gateway: string | null; readonly pools: readonly Pool[] } {
  const block = blockOf(row);
  const gateway = body.gateway_ip === undefined ? row.gateway_ip : canonicalOrNull(body.gateway_ip);
  const asked = body.allocation_pools ?? undefined;
  const ranges = asked === undefined ? poolsOf(row) : readPools(block, asked);
  if (body.gateway_ip !== undefined || asked !== undefined) {
    const value = gateway === null ? undefined : readGateway(block, gateway);
    checkGatewayOutside(gateway, value, ranges, block.version);
  }
  return { gateway, pools: toPools(block.version, ranges) };
}

const canonicalOrNull = (text: string | null): string | null => (text === null ? null : canonical(text));

function readGateway(block: SubnetBlock, text: string): bigint {
  const address = parseAddress(text);
  if (address?.version !== block.version)
    throw invalidInput(`gateway_ip '${text}' does not match the ip_version '${block.version}'`);
  const range = block.version === 6 ? block : usable(block);
  if (address.value >= block.first && address.value <= block.last) {
    if (address.value < range.first || address.value > range.last)
      throw invalidInput('Gateway is not valid on subnet');
  }
  return address.value;
}

function checkGatewayOutside(
  gateway: string | null,
  value: bigint | undefined,
  ranges: readonly AddressRange[],
  version: 4 | 6,
): void {
  const hit = ranges.find((range) => value !== undefined && range.first <= value && value <= range.last);
  if (hit !== undefined) {
    throw conflict(
      `Gateway ip ${gateway} conflicts with allocation pool ${formatAddress(version, hit.first)}-${formatAddress(version, hit.last)}.`,
      { type: 'GatewayConflictWithAllocationPools' },
    );
  }
}

function readPools(block: SubnetBlock, asked: readonly Pool[]): AddressRange[] {
  const inside = usable(block);
  const ranges = asked.map(({ start, end }) => {
    const first = parseAddress(start);
    const last = parseAddress(end);
    if (
      first === undefined ||
      last === undefined ||
      first.version !== last.version ||
      first.version !== block.version ||
      first.value > last.value
    ) {
      throw badRequest(`The allocation pool ${start}-${end} is not valid.`, {
        type: 'InvalidAllocationPool',
      });
    }
    if (first.value < inside.first || last.value > inside.last) {
      throw badRequest(`The allocation pool ${start}-${end} spans beyond the subnet cidr ${block.cidr}.`, {
        type: 'OutOfBoundsAllocationPool',
      });
    }
    return { first: first.value, last: last.value };
  });
  ranges.forEach((one, i) => {
    const other = ranges.slice(i + 1).find((two) => overlaps(one, two));
    if (other !== undefined) {
      const name = (range: AddressRange): string =>
        `${formatAddress(block.version, range.first)}-${formatAddress(block.version, range.last)}`;
      throw conflict(
        `Found overlapping allocation pools: ${name(one)} ${name(other)} for subnet ${block.cidr}.`,
        { type: 'OverlappingAllocationPools' },
      );
    }
  });
  return ranges;
}

const toPools = (version: 4 | 6, ranges: readonly AddressRange[]): Pool[] =>
  ranges.map((range) => ({
    start: formatAddress(version, range.first),
    end: formatAddress(version, range.last),
  }));
