import type { Port } from '../../cloud/types.ts';
import type { Messages } from '../../i18n/en/index.ts';
import type { FieldErrors } from '../../ui/form.svelte.ts';
import { isAddressOrNetwork, parseIp } from './addresses.ts';
import { linesOf } from './subnet-values.ts';

/** What a form has of a port; lists are texts of one entry a line. */
export interface PortValues {
  name: string;
  description: string;
  /** The subnet that the address is of; '' for the network's own choice. */
  subnet: string;
  address: string;
  /** Of a port that is there: its addresses, one a line. */
  addresses: string;
  mac: string;
  groups: readonly string[];
  security: boolean;
  pairs: string;
  options: string;
  qos: string;
  dnsName: string;
  up: boolean;
}

const MAC = /^([0-9a-f]{2}:){5}[0-9a-f]{2}$/i;

export const valuesOf = (port: Port | undefined, defaultGroup: string | undefined): PortValues => ({
  name: port?.name ?? '',
  description: port?.description ?? '',
  subnet: '',
  address: '',
  addresses: port?.fixed_ips.map((one) => one.ip_address).join('\n') ?? '',
  mac: port?.mac_address ?? '',
  groups: port?.security_groups ?? (defaultGroup === undefined ? [] : [defaultGroup]),
  security: port?.port_security_enabled ?? true,
  pairs:
    port?.allowed_address_pairs
      .map((one) =>
        one.mac_address === port.mac_address ? one.ip_address : `${one.ip_address} ${one.mac_address}`,
      )
      .join('\n') ?? '',
  options:
    port?.extra_dhcp_opts
      .map((one) => `${one.ip_version === 6 ? '6:' : ''}${one.opt_name}=${one.opt_value}`)
      .join('\n') ?? '',
  qos: port?.qos_policy_id ?? '',
  dnsName: port?.dns_name ?? '',
  up: port?.admin_state_up ?? true,
});

/** '10.0.0.9' or '10.0.0.0/28 fa:16:3e:00:00:01', one a line; undefined for a line that is none. */
const pairsOf = (text: string): readonly ({ ip_address: string; mac_address?: string } | undefined)[] =>
  linesOf(text).map((line) => {
    const [ip = '', mac, ...more] = line.split(/\s+/);
    if (more.length > 0 || !isAddressOrNetwork(ip) || (mac !== undefined && !MAC.test(mac))) return undefined;
    return mac === undefined ? { ip_address: ip } : { ip_address: ip, mac_address: mac.toLowerCase() };
  });

interface DhcpOption {
  readonly opt_name: string;
  readonly opt_value: string | null;
  readonly ip_version: 4 | 6;
}

/** 'bootfile-name=pxelinux.0', one a line; '6:' in front for DHCPv6. Values may have commas. */
const optionsOf = (text: string): readonly (DhcpOption | undefined)[] =>
  text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '')
    .map((line) => {
      const found = /^(6:)?([A-Za-z0-9-]+)\s*=\s*(\S.*)$/.exec(line);
      return found === null
        ? undefined
        : { opt_name: found[2] ?? '', opt_value: found[3] ?? '', ip_version: found[1] === undefined ? 4 : 6 };
    });

export function checkPort(values: PortValues, m: Messages): FieldErrors<PortValues> {
  const words = m.networks.errors;
  return {
    address: values.address === '' || parseIp(values.address) !== undefined ? undefined : words.address,
    addresses: linesOf(values.addresses).every((one) => parseIp(one) !== undefined)
      ? undefined
      : words.addresses,
    mac: values.mac === '' || MAC.test(values.mac) ? undefined : words.mac,
    pairs: pairsOf(values.pairs).includes(undefined) ? words.pairs : undefined,
    options: optionsOf(values.options).includes(undefined) ? words.options : undefined,
    dnsName: /^[a-z0-9-]{0,63}$/i.test(values.dnsName) ? undefined : words.dnsName,
  };
}

/** What is sent: all of a new port, and what differs of one that is there. */
export function portBody(values: PortValues, port: Port | undefined): Record<string, unknown> {
  const before = valuesOf(port, undefined);
  const differs = (key: keyof PortValues): boolean =>
    port === undefined || JSON.stringify(values[key]) !== JSON.stringify(before[key]);
  // An option that is left out stays; one without a value goes.
  const options = optionsOf(values.options) as readonly DhcpOption[];
  const gone = (port?.extra_dhcp_opts ?? [])
    .filter(
      (old) => !options.some((one) => one.opt_name === old.opt_name && one.ip_version === old.ip_version),
    )
    .map((old) => ({ opt_name: old.opt_name, opt_value: null, ip_version: old.ip_version }));
  return {
    ...(differs('name') ? { name: values.name.trim() } : {}),
    ...(differs('description') ? { description: values.description } : {}),
    ...(differs('up') ? { admin_state_up: values.up } : {}),
    ...(port === undefined
      ? values.address === '' && values.subnet === ''
        ? {}
        : {
            fixed_ips: [
              {
                ...(values.subnet === '' ? {} : { subnet_id: values.subnet }),
                ...(values.address === '' ? {} : { ip_address: values.address.trim() }),
              },
            ],
          }
      : differs('addresses')
        ? { fixed_ips: fixedIps(values, port) }
        : {}),
    ...(values.mac !== '' && differs('mac') ? { mac_address: values.mac.trim().toLowerCase() } : {}),
    ...(differs('security') ? { port_security_enabled: values.security } : {}),
    ...(differs('groups') || differs('security')
      ? { security_groups: values.security ? values.groups : [] }
      : {}),
    ...(differs('pairs') && (values.security || values.pairs === '')
      ? { allowed_address_pairs: pairsOf(values.pairs) }
      : {}),
    ...(differs('options') ? { extra_dhcp_opts: [...options, ...gone] } : {}),
    ...(differs('qos') && (port !== undefined || values.qos !== '')
      ? { qos_policy_id: values.qos === '' ? null : values.qos }
      : {}),
    ...(differs('dnsName') && (port !== undefined || values.dnsName !== '')
      ? { dns_name: values.dnsName }
      : {}),
  };
}

/** Addresses that stay keep their subnet. */
const fixedIps = (values: PortValues, port: Port): readonly { ip_address: string; subnet_id?: string }[] =>
  linesOf(values.addresses).map((ip_address) => {
    const old = port.fixed_ips.find((one) => one.ip_address === ip_address);
    return old === undefined ? { ip_address } : { ip_address, subnet_id: old.subnet_id };
  });
