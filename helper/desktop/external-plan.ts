import ipaddr from 'ipaddr.js';
import type { Config } from '../config.ts';
import type { ExternalNetworkPlan } from '../contract/status.ts';

/**
 * How the first external network is to be made from the configuration: the host's address is the gateway, the
 * middle half of the subnet is given out, the rest is left to whatever else is on it.
 */
export function externalPlan(config: Pick<Config, 'external'>): ExternalNetworkPlan {
  const [address, length] = ipaddr.IPv4.parseCIDR(config.external.cidr);
  const base = toNumber(address) & mask(length);
  const size = 2 ** (32 - length);
  return {
    physicalNetwork: 'external',
    cidr: config.external.cidr,
    gateway: config.external.hostAddress,
    allocationStart: toText(base + Math.max(2, size / 4)),
    allocationEnd: toText(base + Math.max(2, (size / 4) * 3 - 1)),
  };
}

const mask = (length: number): number => (length === 0 ? 0 : -1 << (32 - length));

const toNumber = (address: ipaddr.IPv4): number =>
  address.octets.reduce((sum, octet) => (sum << 8) | octet, 0);

const toText = (value: number): string => [24, 16, 8, 0].map((shift) => (value >>> shift) & 255).join('.');
