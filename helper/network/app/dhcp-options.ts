import { isIP } from 'node:net';
import { badRequest } from '../../errors/error.ts';

/** Options that describe the network itself or that dnsmasq gives a meaning beyond its value; not a port's to set. */
const REFUSED = new Set(['netmask', 'server-id-override', '1', '11', '53', '54', '51', '58', '59']);

/** dnsmasq's own names for DHCP options and numbers; anything else could be another directive of its files (S31). */
const NAME = /^(?:[a-z][a-z0-9-]{0,40}|[1-9]\d{0,2})$/;
/** Printable ASCII without what dnsmasq's option files give a meaning. */
const VALUE = /^[\x21-\x7e](?:[\x20-\x7e]{0,253}[\x21-\x7e])?$/;

const refuse = (why: string): Error => badRequest(`Invalid data format for extra_dhcp_opts: ${why}`);

/**
 * extra_dhcp_opts of a port, before they get anywhere near a configuration file.
 * @throws {CloudError} badRequest on control characters, unknown forms, and duplicates (S31, OSSA-2021-005).
 */
export function checkDhcpOptions(
  options: readonly {
    readonly opt_name: string;
    readonly opt_value: string | null;
    readonly ip_version?: 4 | 6 | '4' | '6';
  }[],
): void {
  const seen = new Set<string>();
  for (const { opt_name: name, opt_value: value, ip_version: version } of options) {
    if (!NAME.test(name) || REFUSED.has(name))
      throw refuse(`'${name.slice(0, 64)}' is not the name of an option that a port can set`);
    if (/^\d+$/.test(name) && Number(name) > 254) throw refuse(`there is no option ${name}`);
    const key = `${name} ${version ?? 4}`;
    if (seen.has(key)) throw refuse(`'${name}' is given twice`);
    seen.add(key);
    if (value === null) continue;
    if (!VALUE.test(value) || /["#\\]/.test(value))
      throw refuse(`the value of '${name}' has characters that are not possible there`);
    // Either version, as neutron keeps it; what is not of the option's own version is not told to guests.
    if (name === 'server-ip-address' && isIP(value) === 0) throw refuse(`'${value}' is no IP address`);
  }
}
