import { routerDevice } from '../names.ts';
import { address, cidrText, idWord, integerWord, network } from '../values.ts';
import type { RouterInterface, RouterSpec } from './interface.ts';

/** radvd takes no more, and neutron tells no more. */
const NAME_SERVERS = 3;
/** Seconds; neutron's own. */
const INTERVAL = { least: 30, most: 100 };
/** Least MTU of a link that carries IPv6 (RFC 8200); a smaller one cannot be told. */
const LEAST_MTU = 1280;

/** Whether the router advertises itself anywhere. */
export const advertises = (spec: RouterSpec): boolean =>
  spec.forwarding && spec.interfaces.some((one) => one.advertise !== undefined);

/**
 * radvd's configuration of a router, in the terms of neutron (agent/linux/ra.py). Pure: a test holds it as golden text.
 * @throws {TypeError} on a value that has no place in it.
 */
export function radvdText(spec: RouterSpec): string {
  idWord(spec.routerId);
  return spec.interfaces.flatMap((one) => interfaceText(one)).join('');
}

function interfaceText(one: RouterInterface): string[] {
  if (one.advertise === undefined) return [];
  const { managed, otherConfig, prefixes, nameServers } = one.advertise;
  const servers = nameServers.slice(0, NAME_SERVERS).map((ip) => address(ip).address);
  const mtu = integerWord(one.mtu, 68, 65535, 'MTU');
  return [
    `interface ${routerDevice(one.portId)}\n{\n`,
    '  AdvSendAdvert on;\n',
    `  MinRtrAdvInterval ${INTERVAL.least};\n  MaxRtrAdvInterval ${INTERVAL.most};\n`,
    ...(mtu < LEAST_MTU ? [] : [`  AdvLinkMTU ${mtu};\n`]),
    ...(managed ? ['  AdvManagedFlag on;\n'] : []),
    ...(otherConfig ? ['  AdvOtherConfigFlag on;\n'] : []),
    ...(servers.length === 0 ? [] : [`  RDNSS ${servers.join(' ')} { };\n`]),
    ...prefixes.map(
      ({ cidr, autonomous }) =>
        `  prefix ${prefixText(cidr)} { AdvOnLink on; AdvAutonomous ${autonomous ? 'on' : 'off'}; };\n`,
    ),
    // Where the metadata service is, for who takes routes from advertisements.
    '  route fe80::a9fe:a9fe/128 { };\n',
    '};\n',
  ];
}

function prefixText(cidr: string): string {
  const prefix = network(cidr);
  if (prefix.family !== 6) throw new TypeError(`${cidr} is no IPv6 prefix`);
  return prefix.prefix === 128 ? `${prefix.address}/128` : cidrText(prefix);
}
