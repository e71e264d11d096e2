import { existsSync, readdirSync } from 'node:fs';
import { CommandError } from '../../command/interface.ts';
import {
  deviceAttribute,
  deviceMaster,
  disableIpv6,
  ipBatch,
  json,
  ownDevice,
  type NetContext,
} from '../context.ts';
import type { ConntrackHost } from '../conntrack/interface.ts';
import type { ExternalHost } from '../external/interface.ts';
import type { FirewallHost } from '../firewall/interface.ts';
import { vlanName, vxlanName } from '../names.ts';
import { address, deviceWord, integerWord, macWord } from '../values.ts';
import { bridgeLines, ensureBridgeNetfilter } from './bridge.ts';
import type { LinkCounters, LinkHost, NetworkSegment, Shaping, TapSpec } from './interface.ts';
import { removeShaper, shapeTap } from './shaping.ts';

const VXLAN_PORT = 4789;
/** Of the kernel's 8021q, built in or loaded. */
const VLANS = '/proc/net/vlan';
const mtuWord = (mtu: number): number => integerWord(mtu, 68, 65535, 'MTU');

interface FdbEntry {
  readonly mac: string;
  readonly dst?: string;
}

/** The real {@link LinkHost}, with iproute2. */
export class LinuxLinkHost implements LinkHost {
  readonly #net: NetContext;
  readonly #firewall: FirewallHost;
  readonly #conntrack: ConntrackHost;
  readonly #external: ExternalHost;

  constructor(net: NetContext, firewall: FirewallHost, conntrack: ConntrackHost, external: ExternalHost) {
    this.#conntrack = conntrack;
    this.#net = net;
    this.#firewall = firewall;
    this.#external = external;
  }

  async ensureSegment(segment: NetworkSegment): Promise<void> {
    await ensureBridgeNetfilter(this.#net);
    const bridge = deviceWord(segment.bridge);
    const external = this.#external.isExternal(bridge);
    const lines: string[] = [];
    if (!external) lines.push(...bridgeLines(this.#net, bridge, segment.mtu));
    if (segment.uplink !== undefined && deviceMaster(segment.uplink) !== bridge) {
      lines.push(`link set dev ${deviceWord(segment.uplink)} master ${bridge} up`);
    }
    const tunnel = [...this.#tunnelLines(segment, bridge), ...this.#vlanLines(segment, bridge)];
    // The zone first: no connection of this bridge is ever tracked in another.
    if (!external) await this.#firewall.ensureBridge(bridge, segment.zone);
    await ipBatch(this.#net, [...lines, ...tunnel]);
    if (segment.vxlan !== undefined) {
      disableIpv6(vxlanName(segment.vxlan.vni));
      await this.#ensurePeers(segment.vxlan);
    }
    if (external) return;
    disableIpv6(bridge);
    await this.#external.letPass([bridge]);
  }

  #tunnelLines(segment: NetworkSegment, bridge: string): string[] {
    if (segment.vxlan === undefined) return [];
    const { vni, local, peers } = segment.vxlan;
    const device = vxlanName(integerWord(vni, 1, 0xffffff, 'VNI'));
    const group = peers.length === 0 ? this.#net.groups.closed : this.#net.groups.trusted;
    const lines: string[] = [];
    if (!ownDevice(this.#net, device)) {
      lines.push(
        `link add name ${device} type vxlan id ${vni} local ${address(local).address} dstport ${VXLAN_PORT} nolearning`,
      );
    } else if (
      deviceAttribute(device, 'ifalias') === this.#net.alias &&
      deviceMaster(device) === bridge &&
      deviceAttribute(device, 'mtu') === String(segment.mtu) &&
      deviceAttribute(device, 'netdev_group') === String(group)
    ) {
      return [];
    }
    lines.push(
      `link set dev ${device} alias ${this.#net.alias} mtu ${mtuWord(segment.mtu)} addrgenmode none group ${group}`,
      `link set dev ${device} master ${bridge} up`,
    );
    return lines;
  }

  #vlanLines({ networkId, vlan, mtu }: NetworkSegment, bridge: string): string[] {
    if (vlan === undefined) return [];
    const device = vlanName(networkId);
    const add = `link add link ${deviceWord(vlan.parent)} name ${device} type vlan id ${integerWord(vlan.id, 1, 4094, 'VLAN id')}`;
    return [
      ...(ownDevice(this.#net, device) ? [] : [add]),
      `link set dev ${device} alias ${this.#net.alias} mtu ${mtuWord(mtu)} addrgenmode none group ${this.#net.groups.trusted}`,
      `link set dev ${device} master ${bridge} up`,
    ];
  }

  async hasVlans(): Promise<boolean> {
    if (existsSync(VLANS)) return true;
    await this.#net.commands
      .run(['modprobe', '-q', '8021q'], { okCodes: [0, 1, 255] })
      .catch(() => undefined);
    return existsSync(VLANS);
  }

  /** A frame to everyone goes to each peer: one all-zero FDB entry per peer, and no others. */
  async #ensurePeers(vxlan: NonNullable<NetworkSegment['vxlan']>): Promise<void> {
    const device = vxlanName(vxlan.vni);
    const entries = json(
      await this.#net.commands.run(['bridge', '-j', 'fdb', 'show', 'dev', device]),
    ) as FdbEntry[];
    const have = new Set(entries.flatMap((entry) => (entry.dst === undefined ? [] : [entry.dst])));
    const want = new Set(vxlan.peers.map((peer) => address(peer).address));
    const flood = `00:00:00:00:00:00 dev ${device}`;
    const lines = [
      ...[...have].filter((peer) => !want.has(peer)).map((peer) => `fdb del ${flood} dst ${peer}`),
      ...[...want].filter((peer) => !have.has(peer)).map((peer) => `fdb append ${flood} dst ${peer}`),
    ];
    if (lines.length === 0) return;
    await this.#net.commands.run(['bridge', '-batch', '-'], { stdin: `${lines.join('\n')}\n` });
  }

  async removeSegment(
    segment: Pick<NetworkSegment, 'networkId' | 'bridge' | 'vxlan' | 'zone'>,
  ): Promise<boolean> {
    const bridge = deviceWord(segment.bridge);
    const external = this.#external.isExternal(bridge);
    const bridgeThere = ownDevice(this.#net, bridge);
    if (bridgeThere && this.#guests(bridge).length > 0) return false;
    const lines: string[] = [];
    if (segment.vxlan !== undefined) {
      const tunnel = vxlanName(segment.vxlan.vni);
      if (ownDevice(this.#net, tunnel)) lines.push(`link del dev ${tunnel}`);
    }
    const vlan = vlanName(segment.networkId);
    if (ownDevice(this.#net, vlan)) lines.push(`link del dev ${vlan}`);
    if (bridgeThere && !external) lines.push(`link del dev ${bridge}`);
    await ipBatch(this.#net, lines);
    if (external) return true;
    await this.#external.stopPassing([bridge]);
    await this.#firewall.removeBridge(bridge);
    // The zone may be given to another network (R23).
    await this.#conntrack.flush({ zone: segment.zone });
    return true;
  }

  #guests(bridge: string): string[] {
    const directory = `/sys/class/net/${bridge}/brif`;
    if (!existsSync(directory)) return [];
    const group = String(this.#net.groups.guest);
    return readdirSync(directory).filter((port) => deviceAttribute(port, 'netdev_group') === group);
  }

  async ensureTap(spec: TapSpec): Promise<void> {
    const tap = deviceWord(spec.tap);
    const bridge = deviceWord(spec.bridge);
    const mac = `fe${macWord(spec.macAddress).slice(2)}`;
    if (!ownDevice(this.#net, bridge)) {
      throw new Error(
        `bridge ${bridge} is not there: the network of port device ${tap} has to be made first`,
      );
    }
    const there = ownDevice(this.#net, tap);
    const { guest } = this.#net.groups;
    if (there && this.#tapReady(spec)) return;
    if (!there && spec.vlan !== undefined) await this.#addVlan(tap, spec.vlan);
    await ipBatch(this.#net, [
      ...(there || spec.vlan !== undefined ? [] : [`tuntap add dev ${tap} mode tap vnet_hdr`]),
      // The group before the bridge: from its first moment on the bridge the tap is known as a guest's (S26).
      `link set dev ${tap} alias ${this.#net.alias} group ${guest} address ${mac} mtu ${mtuWord(spec.mtu)} addrgenmode none`,
      `link set dev ${tap} master ${bridge} up`,
    ]);
    disableIpv6(tap);
  }

  async #addVlan(tap: string, { parent, id }: NonNullable<TapSpec['vlan']>): Promise<void> {
    const tag = integerWord(id, 1, 4094, 'VLAN id');
    try {
      await ipBatch(this.#net, [`link add link ${deviceWord(parent)} name ${tap} type vlan id ${tag}`]);
    } catch (error) {
      if (!(error instanceof CommandError) || !/Unknown device type|not supported/i.test(error.stderr))
        throw error;
      throw new Error(
        `this host's kernel has no VLAN devices, which the subports of a trunk need (tag ${tag} on ${parent}): load its module ('modprobe 8021q'), or take the subports out of the trunk`,
        { cause: error },
      );
    }
  }

  #tapReady(spec: TapSpec): boolean {
    const attribute = (name: string): string | undefined => deviceAttribute(spec.tap, name);
    return (
      deviceMaster(spec.tap) === spec.bridge &&
      attribute('ifalias') === this.#net.alias &&
      attribute('netdev_group') === String(this.#net.groups.guest) &&
      attribute('mtu') === String(spec.mtu) &&
      (Number(attribute('flags')) & 1) === 1
    );
  }

  shapeTap(tap: string, shaping: Shaping): Promise<void> {
    return shapeTap(this.#net, tap, shaping);
  }

  async removeTap(tap: string): Promise<void> {
    if (ownDevice(this.#net, tap)) await ipBatch(this.#net, [`link del dev ${deviceWord(tap)}`]);
    await removeShaper(this.#net, tap);
  }

  tapExists(tap: string): Promise<boolean> {
    return Promise.resolve(
      deviceAttribute(tap, 'ifalias') === this.#net.alias &&
        deviceMaster(tap) !== undefined &&
        (Number(deviceAttribute(tap, 'flags')) & 1) === 1,
    );
  }

  counters(devices: readonly string[]): Promise<readonly LinkCounters[]> {
    return Promise.resolve(
      devices.flatMap((device) => {
        const read = (name: string): number => Number(deviceAttribute(device, `statistics/${name}`) ?? 0);
        if (deviceAttribute(device, 'ifindex') === undefined) return [];
        return [
          {
            device,
            rxBytes: read('rx_bytes'),
            rxPackets: read('rx_packets'),
            rxDropped: read('rx_dropped'),
            txBytes: read('tx_bytes'),
            txPackets: read('tx_packets'),
            txDropped: read('tx_dropped'),
          },
        ];
      }),
    );
  }
}
