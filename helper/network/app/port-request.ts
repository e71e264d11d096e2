import { badRequest, conflict } from '../../errors/error.ts';
import type { PolicyTarget } from '../../http/index.ts';
import { limits } from '../config.ts';
import type { PortUpdate } from '../schemas/port.ts';
import type { PortIpRow, PortRow } from '../store/row.ts';
import { checkDhcpOptions } from './dhcp-options.ts';
import { isRouterPort, type AddressPair, type ExtraDhcpOption } from './port-core.ts';

/** What a request for a port says: checks beyond its schema, and how it becomes columns. */

/** Owner of the port of a network's DHCP server. */
export const DHCP = 'network:dhcp';
const VNIC_TYPES = new Set([
  'normal',
  'direct',
  'direct-physical',
  'macvtap',
  'baremetal',
  'virtio-forwarder',
]);
const DNS_LABEL = /^[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?$/;

/** Rules that look into fixed_ips: naming an address asks for more than naming a subnet. */
export function addressRules(body: PortUpdate): PolicyTarget {
  const names = body.fixed_ips?.some((one) => one.ip_address !== undefined) === true;
  return names ? { 'fixed_ips:ip_address': true } : {};
}

/** Its plain attributes under the names that {@link PortCore} has for them. */
export function columnsOf(body: PortUpdate) {
  const some = <T>(name: string, value: T | undefined | null): Record<string, T> =>
    value === undefined || value === null ? {} : { [name]: value };
  return {
    ...some('name', body.name),
    ...some('description', body.description),
    ...some('macAddress', body.mac_address),
    ...some('adminStateUp', body.admin_state_up),
    ...some('deviceId', body.device_id),
    ...some('deviceOwner', body.device_owner),
    ...some('dnsName', body.dns_name?.toLowerCase()),
    ...some('dnsDomain', body.dns_domain?.toLowerCase()),
    ...some('vnicType', body['binding:vnic_type']),
    ...some('bindingHost', body['binding:host_id']),
    ...some('bindingProfile', body['binding:profile']),
  } as {
    name?: string;
    description?: string;
    macAddress?: string;
    adminStateUp?: boolean;
    deviceId?: string;
    deviceOwner?: string;
    dnsName?: string;
    dnsDomain?: string;
    vnicType?: string;
    bindingHost?: string;
    bindingProfile?: Record<string, unknown>;
  };
}

/** What the schema cannot say. */
export function checkContents(body: PortUpdate): void {
  const vnic = body['binding:vnic_type'];
  if (vnic !== undefined && !VNIC_TYPES.has(vnic))
    throw badRequest(
      `Invalid input for binding:vnic_type. Reason: '${vnic}' is not in ${[...VNIC_TYPES].join(', ')}.`,
    );
  if (body.dns_name !== undefined && body.dns_name !== '' && !DNS_LABEL.test(body.dns_name))
    throw badRequest(
      `Invalid input for dns_name. Reason: '${body.dns_name}' not a valid PQDN or FQDN. Reason: a DNS label has letters, digits and hyphens.`,
    );
  const pairs = body.allowed_address_pairs ?? [];
  if (pairs.length > limits.allowedAddressPairs) {
    throw badRequest(
      `The number of allowed address pair exceeds the maximum ${limits.allowedAddressPairs}.`,
      { type: 'AllowedAddressPairExhausted' },
    );
  }
  const seen = new Set(pairs.map((pair) => `${pair.ip_address} ${pair.mac_address?.toLowerCase() ?? ''}`));
  if (seen.size < pairs.length) {
    throw badRequest('Request contains duplicate address pair.', {
      type: 'DuplicateAddressPairInRequest',
    });
  }
  checkDhcpOptions(body.extra_dhcp_opts ?? []);
  const groups = body.security_groups ?? [];
  if (new Set(groups).size < groups.length)
    throw badRequest(`Invalid input for security_groups. Reason: Duplicate items in the list.`);
}

/** A pair without a MAC is for the port's own. */
export function pairsOf(pairs: PortUpdate['allowed_address_pairs'], mac: string): AddressPair[] {
  return (pairs ?? []).map((pair) => ({
    ip_address: pair.ip_address,
    mac_address: pair.mac_address?.toLowerCase() ?? mac,
  }));
}

/** neutron merges: what is named is replaced, null takes it away, the rest stays. */
export function mergeOptions(
  old: readonly ExtraDhcpOption[],
  changes: PortUpdate['extra_dhcp_opts'],
): ExtraDhcpOption[] {
  if (changes === undefined || changes === null) return [...old];
  const merged = new Map(old.map((one) => [`${one.opt_name} ${one.ip_version}`, one]));
  for (const { opt_name, opt_value, ip_version = 4 } of changes) {
    const version = Number(ip_version) as 4 | 6;
    const key = `${opt_name} ${version}`;
    if (opt_value === null) merged.delete(key);
    else merged.set(key, { opt_name, opt_value, ip_version: version });
  }
  return [...merged.values()];
}

/**
 * A router's or DHCP server's port keeps its device and owner: the router is asked to let go of it instead. What a
 * router's addresses must be (no overlap, the floating IP itself) only the router knows.
 */
export function checkFixedOwner(row: PortRow, body: PortUpdate, held: readonly PortIpRow[]): void {
  const ofRouter = isRouterPort(row.device_owner);
  if (row.device_owner !== DHCP && !ofRouter) return;
  const moves =
    (body.device_id !== undefined && body.device_id !== row.device_id) ||
    (body.device_owner !== undefined && body.device_owner !== row.device_owner);
  if (moves || (ofRouter && body.fixed_ips !== undefined && !keepsAddresses(held, body.fixed_ips ?? []))) {
    throw conflict(
      `Port ${row.id} cannot be changed directly via the port API: has device owner ${row.device_owner}.`,
      { type: 'ServicePortInUse' },
    );
  }
}

/** Names what the port has and nothing else. */
const keepsAddresses = (held: readonly PortIpRow[], asked: NonNullable<PortUpdate['fixed_ips']>): boolean =>
  asked.length === held.length &&
  held.every((ip) =>
    asked.some(
      (one) =>
        (one.subnet_id ?? ip.subnet_id) === ip.subnet_id && (one.ip_address ?? ip.address) === ip.address,
    ),
  );
