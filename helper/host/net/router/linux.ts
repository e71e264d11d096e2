import { readdirSync } from 'node:fs';
import type { ConntrackHost } from '../conntrack/interface.ts';
import { inside, namespaceExists, nftLoad, type NetContext } from '../context.ts';
import {
  ensureDevices,
  ensureNamespace,
  ensureRoutes,
  removeNamespace,
  type NamespaceDevice,
} from '../link/namespace.ts';
import { namespaceOwners } from '../inventory.ts';
import { gatewayDevice, routerDevice, routerNamespace, tapName } from '../names.ts';
import { address, deviceWord, idWord, interfaceAddress } from '../values.ts';
import type { MeterReading, RouterChange, RouterHost, RouterSpec } from './interface.ts';
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

  constructor(net: NetContext, conntrack: ConntrackHost) {
    this.#net = net;
    this.#conntrack = conntrack;
  }

  async ensure(spec: RouterSpec): Promise<RouterChange> {
    const namespace = routerNamespace(idWord(spec.routerId));
    const { created, devices } = await ensureNamespace(this.#net, namespace, sysctls(spec));
    const [loaded] = await Promise.all([
      created ? undefined : this.#loaded(namespace),
      created ? undefined : this.#setForwarding(namespace, spec.forwarding),
    ]);
    const body = routerBody(spec);
    // Rules before addresses: a floating IP that answers is already led on.
    const failed = loaded?.state === stateChain(body) ? undefined : await this.#load(spec, namespace);
    await this.#ensureMeters(spec, namespace, loaded?.meters);
    const change = await ensureDevices(this.#net, namespace, devices, wantedDevices(spec));
    await this.#ensureRoutes(namespace, spec, created);

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

  async #setForwarding(namespace: string, forwarding: boolean): Promise<void> {
    const value = forwarding ? '1' : '0';
    const names = ['net.ipv4.ip_forward', 'net.ipv6.conf.all.forwarding'];
    const { stdout } = await this.#net.commands.run(inside(namespace, ['sysctl', '-n', ...names]));
    if (
      stdout
        .trim()
        .split('\n')
        .every((line) => line === value)
    )
      return;
    const pairs = names.map((name) => `${name}=${value}`);
    await this.#net.commands.run(inside(namespace, ['sysctl', '-q', '-w', ...pairs]));
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

  async #ensureRoutes(namespace: string, spec: RouterSpec, created: boolean): Promise<void> {
    const routes = [
      ...(spec.gateway?.nextHops ?? []).map((nextHop) => ({ destination: 'default', nextHop })),
      ...spec.routes,
    ];
    for (const family of [4, 6] as const) {
      const ours = routes.filter((route) => address(route.nextHop).family === family);
      if (ours.length === 0 && (created || family === 6)) continue;
      await ensureRoutes(this.#net, namespace, family, ours);
    }
  }

  async remove(routerId: string): Promise<void> {
    const namespace = routerNamespace(idWord(routerId));
    if (!namespaceExists(namespace)) return;
    const { stdout, exitCode } = await this.#net.commands.run(['ip', '-n', namespace, '-j', 'link'], {
      okCodes: [0, 1, 255],
    });
    const devices = exitCode === 0 ? (JSON.parse(stdout) as { ifname: string; ifalias?: string }[]) : [];
    const alias = devices.find((device) => device.ifname === 'lo')?.ifalias;
    if (alias !== undefined && alias !== this.#net.alias) {
      throw new Error(`namespace ${namespace} belongs to '${alias}', not to '${this.#net.alias}'`);
    }
    const peers = devices.flatMap(({ ifname }) => (/^q[rg]-/.test(ifname) ? [`tap${ifname.slice(3)}`] : []));
    await removeNamespace(this.#net, namespace, peers);
  }

  announce(namespace: string, device: string, addresses: readonly string[]): void {
    const name = deviceWord(device);
    const known = addresses.map((text) => address(text).address);
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
    return (await namespaceOwners(this.#net, names)).map((name) => name.slice('qrouter-'.length));
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

function sysctls(spec: RouterSpec): Record<string, string> {
  const forwarding = spec.forwarding ? '1' : '0';
  return {
    'net.ipv4.ip_forward': forwarding,
    'net.ipv6.conf.all.forwarding': forwarding,
    'net.ipv6.conf.default.accept_ra': '0',
    'net.ipv6.conf.all.accept_ra': '0',
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
