import { readdirSync } from 'node:fs';
import type { ConntrackHost } from '../conntrack/interface.ts';
import { inside, namespaceExists, nftLoad, type NetContext } from '../context.ts';
import {
  ensureDevices,
  ensureNamespace,
  ensureRoutes,
  IPV6_SYSCTLS,
  removeNamespace,
  type NamespaceDevice,
  type Sysctls,
} from '../link/namespace.ts';
import { namespaceOwners, radvdProcesses } from '../inventory.ts';
import { gatewayDevice, haDevice, routerDevice, routerNamespace, tapName } from '../names.ts';
import { address, deviceWord, idWord, interfaceAddress } from '../values.ts';
import { advertises, radvdText } from './advertisement.ts';
import type { MeterReading, RouterChange, RouterGateway, RouterHost, RouterSpec } from './interface.ts';
import {
  floatingAddresses,
  forwardedPorts,
  goneForwards,
  readForwards,
  type ForwardedPort,
} from './forwarding.ts';
import {
  loadedMeterState,
  METER_TABLE,
  meterBody,
  meterRuleset,
  meterState,
  readMeters,
  type MeterTable,
} from './metering.ts';
import { ensureRadvd, removeRadvd } from './radvd.ts';
import { routerBody, routerRuleset, ROUTER_TABLE, stateChain } from './ruleset.ts';

/** Each is a process for about a second. */
const ANNOUNCED_AT_ONCE = 8;

/** What `nft -j list ruleset` says of the namespace. */
interface NftRuleset {
  readonly nftables: readonly {
    readonly chain?: { readonly table: string; readonly name: string };
    readonly map?: { readonly table: string; readonly name: string; readonly elem?: unknown };
    readonly counter?: {
      readonly table: string;
      readonly name: string;
      readonly packets: number;
      readonly bytes: number;
    };
  }[];
}

/** The real {@link RouterHost}. */
export class LinuxRouterHost implements RouterHost {
  readonly #net: NetContext;
  readonly #conntrack: ConntrackHost;
  readonly #user: string;

  /** @param user that radvd runs as. */
  constructor(net: NetContext, conntrack: ConntrackHost, user: string) {
    this.#net = net;
    this.#user = user;
    this.#conntrack = conntrack;
  }

  async ensure(spec: RouterSpec): Promise<RouterChange> {
    const namespace = routerNamespace(idWord(spec.routerId));
    const { created, devices } = await ensureNamespace(this.#net, namespace, sysctls(spec));
    const [loaded] = await Promise.all([
      created ? undefined : this.#loaded(namespace),
      created
        ? undefined
        : this.#ensureSysctls(namespace, { ...forwarding(spec), ...accepting(spec, devices) }),
    ]);
    const body = routerBody(spec);
    // Rules before addresses: a floating IP that answers is already led on.
    const failed = loaded?.state === stateChain(body) ? undefined : await this.#load(spec, namespace);
    await this.#ensureMeters(spec, namespace, loaded?.meters);
    const change = await ensureDevices(this.#net, namespace, devices, wantedDevices(spec));
    if (
      spec.gateway?.acceptAdvertisements === true &&
      change.made.includes(gatewayDevice(spec.gateway.portId))
    ) {
      const accept = acceptingAt(spec.gateway);
      await this.#setSysctls(namespace, Object.keys(accept), accept);
    }
    await this.#ensureRoutes(namespace, spec, created, change.taken);
    await ensureRadvd(this.#net, this.#user, spec.routerId, advertises(spec) ? radvdText(spec) : undefined);

    const wanted = new Map(
      spec.gateway === undefined ? [] : spec.floatingIps.map((ip) => [ip.floating, ip.fixed]),
    );
    const before = loaded?.floating ?? new Map<string, string>();
    const released = [...before].filter(([ip, fixed]) => wanted.get(ip) !== fixed).map(([ip]) => ip);
    if (released.length > 0) await this.#conntrack.flush({ namespace, addresses: released });
    const forwards = spec.gateway === undefined ? [] : forwardedPorts(spec.forwardings ?? []);
    for (const gone of goneForwards(loaded?.forwards ?? [], forwards))
      await this.#conntrack.flush({ namespace, addresses: [gone.floating], ...onePort(gone) });
    const known = new Set([...before.keys(), ...(loaded?.forwards ?? []).map((one) => one.floating)]);
    const fresh = [
      ...[...wanted].filter(([ip, fixed]) => before.get(ip) !== fixed).map(([ip]) => ip),
      ...new Set(forwards.map((one) => one.floating).filter((ip) => !known.has(ip))),
    ];
    const outside = (spec.gateway?.addresses ?? []).map((text) => interfaceAddress(text));
    const own = outside.filter(
      (ip) => ip.family === 4 && change.added.includes(`${ip.address}/${ip.prefix}`),
    );
    const announced = [...own.map((ip) => ip.address), ...fresh];
    if (spec.gateway !== undefined && announced.length > 0) {
      this.announce(namespace, gatewayDevice(spec.gateway.portId), announced);
    }
    if (failed !== undefined) throw failed;
    return { created, announced, released };
  }

  async #ensureMeters(spec: RouterSpec, namespace: string, loaded: MeterTable | undefined): Promise<void> {
    const body = meterBody(spec);
    const state = loaded === undefined ? undefined : loadedMeterState(loaded);
    if (state !== (body === '' ? undefined : meterState(body)))
      await nftLoad(this.#net, meterRuleset(spec, loaded), namespace);
  }

  async meters(routerId: string): Promise<readonly MeterReading[]> {
    const namespace = routerNamespace(idWord(routerId));
    const loaded = namespaceExists(namespace) ? await this.#loaded(namespace) : undefined;
    return loaded?.meters === undefined ? [] : readMeters(loaded.meters);
  }

  /** @returns what is missing, when the kernel knows not one of the helpers and the rules were loaded without them. */
  async #load(spec: RouterSpec, namespace: string): Promise<Error | undefined> {
    try {
      await nftLoad(this.#net, routerRuleset(spec), namespace);
      return undefined;
    } catch (error) {
      if ((spec.helpers ?? []).length === 0) throw error;
      // Without helpers, so that one that is missing does not stop everything else; other faults fail here again.
      await nftLoad(this.#net, routerRuleset({ ...spec, helpers: [] }), namespace);
      const names = [
        ...new Set(spec.helpers?.map((one) => `nf_conntrack_${one.helper.replaceAll('-', '_')}`)),
      ];
      return new Error(
        `this host's kernel does not have a conntrack helper that router ${spec.routerId} asks for; load its module (one of ${names.join(', ')}) or delete the helper`,
        { cause: error },
      );
    }
  }

  async #ensureSysctls(namespace: string, wanted: Sysctls): Promise<void> {
    const names = Object.keys(wanted);
    const { stdout } = await this.#net.commands.run(inside(namespace, ['sysctl', '-n', ...names]));
    const values = stdout.trim().split('\n');
    const other = names.filter((name, index) => values[index] !== wanted[name]);
    if (other.length > 0) await this.#setSysctls(namespace, other, wanted);
  }

  async #setSysctls(namespace: string, names: readonly string[], wanted: Sysctls): Promise<void> {
    const pairs = names.map((name) => `${name}=${wanted[name]}`);
    if (pairs.length > 0) await this.#net.commands.run(inside(namespace, ['sysctl', '-q', '-w', ...pairs]));
  }

  /** Which ruleset the namespace has, what its floating IPs and forwarded ports lead to, its counters. */
  async #loaded(namespace: string): Promise<LoadedRules> {
    const argv = inside(namespace, ['nft', '-j', 'list', 'ruleset']);
    const { nftables } = JSON.parse((await this.#net.commands.run(argv)).stdout) as NftRuleset;
    const of = (table: string) =>
      nftables.filter((item) =>
        [item.chain, item.map, item.counter].some((one) => one !== undefined && one.table === table),
      );
    const own = of(ROUTER_TABLE);
    const state = own.map((item) => item.chain?.name).find((name) => name?.startsWith('state_'));
    const elements = (name: string): unknown => own.find((item) => item.map?.name === name)?.map?.elem ?? [];
    const meters = of(METER_TABLE);
    return {
      ...(state === undefined ? {} : { state }),
      floating: new Map(elements('floating') as readonly (readonly [string, string])[]),
      forwards: readForwards(elements('forwards') as Parameters<typeof readForwards>[0]),
      ...(meters.length === 0 ? {} : { meters }),
    };
  }

  async #ensureRoutes(
    namespace: string,
    spec: RouterSpec,
    created: boolean,
    taken: readonly string[],
  ): Promise<void> {
    const { gateway } = spec;
    const device = gateway === undefined ? undefined : gatewayDevice(gateway.portId);
    const routes = [
      ...(gateway?.nextHops ?? []).map((nextHop) => ({
        destination: 'default',
        nextHop,
        ...(device === undefined ? {} : { device }),
      })),
      ...spec.routes,
    ];
    const known = [...spec.interfaces, ...(gateway === undefined ? [] : [gateway])];
    // A router that has no IPv6 and had none is not asked for its routes.
    const six = [...known.flatMap((one) => one.addresses), ...taken].some((ip) => ip.includes(':'));
    for (const family of [4, 6] as const) {
      const ours = routes.filter((route) => address(route.nextHop).family === family);
      if (ours.length === 0 && (created || (family === 6 && !six))) continue;
      await ensureRoutes(this.#net, namespace, family, ours);
    }
  }

  async remove(routerId: string): Promise<void> {
    const namespace = routerNamespace(idWord(routerId));
    await removeRadvd(this.#net, routerId);
    if (!namespaceExists(namespace)) return;
    const { stdout, exitCode } = await this.#net.commands.run(['ip', '-n', namespace, '-j', 'link'], {
      okCodes: [0, 1, 255],
    });
    const devices = exitCode === 0 ? (JSON.parse(stdout) as { ifname: string; ifalias?: string }[]) : [];
    const alias = devices.find((device) => device.ifname === 'lo')?.ifalias;
    if (alias !== undefined && alias !== this.#net.alias) {
      throw new Error(`namespace ${namespace} belongs to '${alias}', not to '${this.#net.alias}'`);
    }
    const peers = devices.flatMap(({ ifname }) =>
      /^(?:q[rg]|ha)-/.test(ifname) ? [`tap${ifname.slice(3)}`] : [],
    );
    await removeNamespace(this.#net, namespace, peers);
  }

  announce(namespace: string, device: string, addresses: readonly string[]): void {
    const name = deviceWord(device);
    const known = addresses.map((text) => address(text)).flatMap((ip) => (ip.family === 4 ? ip.address : []));
    void this.#announceAll(namespace, name, known);
  }

  async #announceAll(namespace: string, device: string, addresses: readonly string[]): Promise<void> {
    const one = async (kind: string, ip: string): Promise<void> => {
      try {
        const argv = inside(namespace, ['arping', kind, '-c', '1', '-w', '2', '-I', device, ip]);
        await this.#net.commands.run(argv, { okCodes: [0, 1] });
      } catch {
        // The runner has recorded it; who comes to need the address later asks by ARP anyway.
      }
    };
    for (let at = 0; at < addresses.length; at += ANNOUNCED_AT_ONCE) {
      const some = addresses.slice(at, at + ANNOUNCED_AT_ONCE);
      await Promise.all(some.flatMap((ip) => [one('-U', ip), one('-A', ip)]));
    }
  }

  async list(): Promise<readonly string[]> {
    const names = readdirSafe('/run/netns').filter((name) => name.startsWith('qrouter-'));
    const owned = await namespaceOwners(this.#net, names);
    return [
      ...new Set([
        ...owned.map((name) => name.slice('qrouter-'.length)),
        ...radvdProcesses(this.#net).map((process) => process.routerId),
      ]),
    ];
  }
}

interface LoadedRules {
  readonly state?: string;
  readonly floating: ReadonlyMap<string, string>;
  readonly forwards: readonly ForwardedPort[];
  /** Absent without the table. */
  readonly meters?: MeterTable;
}

/** A range is cut by its protocol: what else it has at that address connects again. */
const onePort = (gone: ForwardedPort): { readonly protocol: string; readonly port?: number } => ({
  protocol: gone.protocol,
  ...(gone.first === gone.last ? { port: gone.first } : {}),
});

function readdirSafe(directory: string): string[] {
  try {
    return readdirSync(directory);
  } catch {
    return [];
  }
}

function forwarding(spec: RouterSpec): Sysctls {
  const value = spec.forwarding ? '1' : '0';
  return { 'net.ipv4.ip_forward': value, 'net.ipv6.conf.all.forwarding': value };
}

/** Of a gateway device that is there already. */
const accepting = (spec: RouterSpec, devices: ReadonlyMap<string, unknown>): Sysctls =>
  spec.gateway !== undefined && devices.has(gatewayDevice(spec.gateway.portId))
    ? acceptingAt(spec.gateway)
    : {};

/** 2: also though it forwards. */
const acceptingAt = (gateway: RouterGateway): Sysctls => ({
  [`net.ipv6.conf.${gatewayDevice(gateway.portId)}.accept_ra`]:
    gateway.acceptAdvertisements === true ? '2' : '0',
});

function sysctls(spec: RouterSpec): Sysctls {
  return {
    ...forwarding(spec),
    ...IPV6_SYSCTLS,
    // Each address is answered for on its own device only, so that a router does not tell one network of another.
    'net.ipv4.conf.all.arp_ignore': '1',
    'net.ipv4.conf.all.arp_announce': '2',
    'net.ipv4.conf.all.rp_filter': '1',
    'net.ipv4.conf.all.accept_redirects': '0',
    'net.ipv4.conf.all.send_redirects': '0',
    'net.ipv4.conf.default.send_redirects': '0',
  };
}

function wantedDevices(spec: RouterSpec): NamespaceDevice[] {
  const devices: NamespaceDevice[] = spec.interfaces.map((one) => ({
    device: routerDevice(one.portId),
    peer: tapName(one.portId),
    bridge: one.bridge,
    macAddress: one.macAddress,
    mtu: one.mtu,
    addresses: one.addresses,
    group: 'trusted',
  }));
  if (spec.ha !== undefined) {
    const { portId, bridge, macAddress, mtu, addresses } = spec.ha;
    const names = { device: haDevice(portId), peer: tapName(portId) };
    devices.push({ ...names, bridge, macAddress, mtu, addresses, group: 'trusted' });
  }
  if (spec.gateway === undefined) return devices;
  const { portId, bridge, macAddress, mtu, addresses } = spec.gateway;
  const floating = floatingAddresses(spec).map((ip) => `${ip}/32`);
  const device = gatewayDevice(portId);
  const peer = tapName(portId);
  devices.push({
    device,
    peer,
    bridge,
    macAddress,
    mtu,
    addresses: [...addresses, ...floating],
    group: 'external',
  });
  return devices;
}
