import {
  deviceAttribute,
  deviceMaster,
  disableIpv6,
  inside,
  ipBatch,
  json,
  namespaceExists,
  ownDevice,
  type NetContext,
} from '../context.ts';
import {
  cidrText,
  deviceWord,
  integerWord,
  interfaceAddress,
  linkLocal,
  macWord,
  namespaceWord,
  network,
} from '../values.ts';

/** A veth pair from a bridge into a namespace, with all its addresses. */
export interface NamespaceDevice {
  /** Name inside. */
  readonly device: string;
  /** Name of the end on the bridge. */
  readonly peer: string;
  readonly bridge: string;
  readonly macAddress: string;
  readonly mtu: number;
  /** With prefix lengths; exactly these (and the link-local one) will be there. */
  readonly addresses: readonly string[];
  /** 'trusted' on tenants' bridges, 'external' on the external one. */
  readonly group: 'trusted' | 'external';
}

interface ShownAddress {
  readonly ifname: string;
  readonly ifalias?: string;
  readonly address: string;
  readonly mtu: number;
  readonly flags: readonly string[];
  readonly addr_info: readonly {
    readonly local?: string;
    readonly prefixlen?: number;
    readonly scope?: string;
  }[];
}

interface ShownRoute {
  readonly dst: string;
  readonly gateway?: string;
  readonly protocol?: string;
  readonly dev?: string;
}

/**
 * IPv6 of our namespaces: no address from anybody's advertisements, and no waiting for duplicates, since the database
 * gives each address once. The kernel tells neighbours of an address when it gets it (R19).
 */
export const IPV6_SYSCTLS: Sysctls = {
  'net.ipv6.conf.default.disable_ipv6': '0',
  'net.ipv6.conf.default.accept_ra': '0',
  'net.ipv6.conf.all.accept_ra': '0',
  'net.ipv6.conf.default.accept_dad': '0',
  'net.ipv6.conf.all.ndisc_notify': '1',
};

/** Sysctls of one namespace, as 'net.ipv4.ip_forward' → '1'. */
export type Sysctls = Readonly<Record<string, string>>;

/**
 * Makes a namespace with our name on its loopback device.
 * @returns what is in it, by device name; undefined values never.
 */
export async function ensureNamespace(
  net: NetContext,
  namespace: string,
  sysctls: Sysctls,
): Promise<{ readonly created: boolean; readonly devices: ReadonlyMap<string, ShownAddress> }> {
  let created = false;
  let shown = namespaceExists(namespace) ? await showAddresses(net, namespace) : undefined;
  if (shown === undefined) {
    created = true;
    // A name without a namespace behind it is left when the helper is killed between the two.
    if (namespaceExists(namespace)) await net.commands.run(['ip', 'netns', 'del', namespaceWord(namespace)]);
    await net.commands.run(['ip', 'netns', 'add', namespaceWord(namespace)]);
    shown = [];
  }
  const lo = shown.find((device) => device.ifname === 'lo');
  if (lo?.ifalias !== undefined && lo.ifalias !== net.alias) {
    throw new Error(`namespace ${namespace} belongs to '${lo.ifalias}', not to '${net.alias}'`);
  }
  if (lo?.ifalias === undefined) {
    const pairs = Object.entries(sysctls).map(([name, value]) => `${name}=${value}`);
    await net.commands.run(inside(namespace, ['sysctl', '-q', '-w', ...pairs]));
    await ipBatch(net, [`link set dev lo alias ${net.alias} up`], namespace);
  }
  return { created, devices: new Map(shown.map((device) => [device.ifname, device])) };
}

async function showAddresses(net: NetContext, namespace: string): Promise<ShownAddress[] | undefined> {
  const { stdout, exitCode } = await net.commands.run(['ip', '-n', namespaceWord(namespace), '-j', 'addr'], {
    okCodes: [0, 1, 255],
  });
  return exitCode === 0 ? (JSON.parse(stdout) as ShownAddress[]) : undefined;
}

/**
 * Brings the devices to the wanted state: missing pairs made, pairs of ours that are not wanted removed, addresses
 * exactly as given. One `ip` run outside and one inside, none when nothing differs.
 * @returns names of devices that were made, and addresses that were added or taken
 */
export async function ensureDevices(
  net: NetContext,
  namespace: string,
  shown: ReadonlyMap<string, ShownAddress>,
  wanted: readonly NamespaceDevice[],
): Promise<{ readonly made: string[]; readonly added: string[]; readonly taken: string[] }> {
  const outer: string[] = [];
  const inner: string[] = [];
  const made: string[] = [];
  const added: string[] = [];
  const taken: string[] = [];
  const names = new Set(wanted.map((one) => one.device));
  for (const [device] of shown) {
    if (device !== 'lo' && !names.has(device)) inner.push(`link del dev ${deviceWord(device)}`);
  }
  for (const one of wanted) {
    const device = deviceWord(one.device);
    const mac = macWord(one.macAddress);
    const now = shown.get(device);
    outer.push(...pairLines(net, namespace, one, now === undefined));
    if (now === undefined) made.push(device);
    // The kernel's own link-local address comes and goes with the MAC address.
    const own = now === undefined ? undefined : linkLocal(now.address).address;
    const have = new Set(
      (now?.addr_info ?? []).flatMap((info) =>
        info.local === undefined || info.local === own ? [] : [`${info.local}/${info.prefixlen}`],
      ),
    );
    const want = one.addresses.map(interfaceAddress).map((ip) => `${ip.address}/${ip.prefix}`);
    for (const ip of have) {
      if (want.includes(ip)) continue;
      inner.push(`addr del ${ip} dev ${device}`);
      taken.push(ip);
    }
    if (now !== undefined && now.address !== mac)
      inner.push(`link set dev ${device} down`, `link set dev ${device} address ${mac}`);
    if (now === undefined || now.address !== mac || now.mtu !== one.mtu || !now.flags.includes('UP')) {
      inner.push(`link set dev ${device} mtu ${integerWord(one.mtu, 68, 65535, 'MTU')} up`);
    }
    for (const ip of want) {
      if (have.has(ip)) continue;
      inner.push(`addr add ${ip} dev ${device}${ip.includes(':') ? '' : ' brd +'}`);
      added.push(ip);
    }
  }
  await ipBatch(net, outer);
  for (const one of wanted) if (made.includes(one.device)) disableIpv6(one.peer);
  await ipBatch(net, inner, namespace);
  return { made, added, taken };
}

function pairLines(net: NetContext, namespace: string, one: NamespaceDevice, missing: boolean): string[] {
  const peer = deviceWord(one.peer);
  const bridge = deviceWord(one.bridge);
  const mtu = integerWord(one.mtu, 68, 65535, 'MTU');
  const there = ownDevice(net, peer);
  const lines: string[] = [];
  if (missing && there) lines.push(`link del dev ${peer}`);
  if (missing) {
    lines.push(
      `link add name ${peer} mtu ${mtu} type veth peer name ${deviceWord(one.device)} mtu ${mtu} address ${macWord(one.macAddress)} netns ${namespace}`,
    );
  }
  const right =
    !missing &&
    deviceAttribute(peer, 'ifalias') === net.alias &&
    deviceMaster(peer) === bridge &&
    deviceAttribute(peer, 'mtu') === String(mtu);
  if (right) return lines;
  lines.push(
    `link set dev ${peer} alias ${net.alias} group ${net.groups[one.group]} mtu ${mtu} addrgenmode none`,
    `link set dev ${peer} master ${bridge} up`,
  );
  return lines;
}

/** A route of a namespace; `destination` in CIDR notation or 'default'. */
export interface NamespaceRoute {
  readonly destination: string;
  readonly nextHop: string;
  /** Needed, and looked at, for a next hop that is link-local. */
  readonly device?: string;
}

/** Makes the routes that we put in (protocol static) exactly these, one family. */
export async function ensureRoutes(
  net: NetContext,
  namespace: string,
  family: 4 | 6,
  wanted: readonly NamespaceRoute[],
): Promise<void> {
  const shown = json(
    await net.commands.run(['ip', '-n', namespaceWord(namespace), `-${family}`, '-j', 'route', 'show']),
  ) as ShownRoute[];
  const have = new Set(
    shown.flatMap((route) =>
      route.protocol === 'static' && route.gateway !== undefined
        ? [`${route.dst} via ${hopText(route.gateway, route.dev)}`]
        : [],
    ),
  );
  const want = new Set(
    wanted.map(({ destination, nextHop, device }) => {
      const goal = destination === 'default' ? destination : routeDestination(destination);
      return `${goal} via ${hopText(interfaceAddress(nextHop).address, device)}`;
    }),
  );
  await ipBatch(
    net,
    [
      ...[...have].filter((route) => !want.has(route)).map((route) => `route del ${route} proto static`),
      ...[...want].filter((route) => !have.has(route)).map((route) => `route add ${route} proto static`),
    ],
    namespace,
  );
}

const hopText = (gateway: string, device: string | undefined): string =>
  gateway.startsWith('fe80:') && device !== undefined ? `${gateway} dev ${deviceWord(device)}` : gateway;

function routeDestination(text: string): string {
  const parsed = network(text);
  return parsed.prefix === 0 ? 'default' : cidrText(parsed);
}

/** Removes a namespace of ours and with it its devices and their other ends. */
export async function removeNamespace(
  net: NetContext,
  namespace: string,
  peers: readonly string[],
): Promise<void> {
  // Named first: the kernel takes a namespace apart in the background, and the ends on the bridges would stay a while.
  await ipBatch(
    net,
    peers.filter((peer) => ownDevice(net, peer)).map((peer) => `link del dev ${deviceWord(peer)}`),
  );
  if (namespaceExists(namespace)) await net.commands.run(['ip', 'netns', 'del', namespaceWord(namespace)]);
}
