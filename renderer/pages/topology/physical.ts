import type { NetworkDevice, NetworkDevices } from '../../../helper/contract/devices.ts';
import type { Network, Port, Router, Server } from '../../cloud/types.ts';
import type { Messages } from '../../i18n/en/index.ts';
import { serverTone, type Tone } from '../../ui/tones.ts';
import { bridgeOf, device, tapOf, type Graph, type GraphEdge, type GraphNode } from './graph.ts';

export interface Owners {
  readonly networks: readonly Network[];
  readonly ports: readonly Port[];
  readonly routers: readonly Router[];
  readonly servers: ReadonlyMap<string, Server>;
}

/**
 * The devices of the host, joined as they are: bridges with what is on them, veth pairs as lines to namespaces, guests at
 * their taps.
 * @param all also devices of other projects, which have no names here
 */
export function physicalGraph(report: NetworkDevices, owners: Owners, all: boolean, m: Messages): Graph {
  const networks = new Map(owners.networks.map((one) => [bridgeOf(one.id), one] as const));
  const ports = new Map(owners.ports.map((one) => [tapOf(one.id), one] as const));
  const routers = new Map(owners.routers.map((one) => [one.id, one] as const));
  const networkIds = new Set(owners.networks.map((one) => one.id));
  const filtered = new Set(report.filteredPorts.map(tapOf));
  const host = report.devices.filter((one) => one.namespace === null);
  const shownBridge = (name: string | null): boolean =>
    name !== null && (all || networks.has(name) || host.some((one) => one.name === name && one.external));
  const shownNamespaces = report.namespaces.filter(
    (one) => all || (one.kind === 'dhcp' ? networkIds.has(one.resourceId) : routers.has(one.resourceId)),
  );
  const upTone = (one: NetworkDevice): Tone => (one.up ? 'ok' : 'idle');
  const nodes: GraphNode[] = [];
  const edges: GraphEdge[] = [];

  for (const one of host) {
    const { name, bridge } = one;
    const common = { title: name, ref: name, tone: upTone(one), chips: [], questions: [device(name)] };
    if (one.kind === 'bridge' && shownBridge(name)) {
      const network = networks.get(name);
      nodes.push({
        ...common,
        id: `dev:${name}`,
        kind: one.external ? 'externalBridge' : 'bridge',
        lines: one.external ? one.addresses : network === undefined ? [] : [network.name],
      });
    } else if (one.kind === 'vxlan' && shownBridge(bridge)) {
      nodes.push({ ...common, id: `dev:${name}`, kind: 'vxlan', lines: [`VNI ${one.vni ?? ''}`] });
      edges.push(line(`member:${name}`, 'member', `dev:${bridge ?? ''}`, `dev:${name}`, name));
    } else if (one.kind === 'uplink' && shownBridge(bridge)) {
      nodes.push({ ...common, id: `dev:${name}`, kind: 'uplink', lines: one.addresses.slice(0, 1) });
      edges.push(line(`member:${name}`, 'member', `dev:${name}`, `dev:${bridge ?? ''}`, name));
    } else if ((one.kind === 'tap' || one.kind === 'vlan') && shownBridge(bridge)) {
      const port = ports.get(name);
      const server = port === undefined ? undefined : owners.servers.get(port.device_id);
      nodes.push({
        ...common,
        id: `dev:${name}`,
        kind: 'tap',
        lines: port?.fixed_ips.slice(0, 1).map((ip) => ip.ip_address) ?? [],
        chips: filtered.has(name) ? [{ text: m.topology.filtered, tone: 'ok' }] : [],
        questions: [device(name), ...filterOf(name, report)],
      });
      edges.push(line(`member:${name}`, 'member', `dev:${bridge ?? ''}`, `dev:${name}`, name));
      if (server === undefined) continue;
      if (!nodes.some((other) => other.id === `server:${server.id}`))
        nodes.push({
          id: `server:${server.id}`,
          kind: 'server',
          title: server.name,
          lines: [],
          chips: [{ text: 'QEMU', tone: 'plain' }],
          tone: serverTone(server.status),
          ref: server.id,
          href: `/servers/${server.id}`,
          questions: [],
        });
      edges.push(line(`guest:${name}`, 'guest', `dev:${name}`, `server:${server.id}`, name));
    }
  }

  for (const one of shownNamespaces) {
    const inside = report.devices.filter((other) => other.namespace === one.name);
    const name =
      one.kind === 'dhcp'
        ? owners.networks.find(({ id }) => id === one.resourceId)?.name
        : routers.get(one.resourceId)?.name;
    nodes.push({
      id: `ns:${one.name}`,
      kind: one.kind === 'dhcp' ? 'qdhcp' : 'qrouter',
      title: `${one.kind === 'dhcp' ? 'qdhcp' : 'qrouter'} · ${name ?? one.resourceId.slice(0, 8)}`,
      lines: inside.map((other) => `${other.name}  ${mainAddress(other)}`),
      chips: [
        ...one.services.map((service) => ({ text: service.name, tone: 'accent' as const })),
        ...(one.kind === 'router' ? [{ text: 'nft', tone: 'ok' as const }] : []),
      ],
      tone: 'ok',
      ref: one.name,
      questions: [{ kind: 'namespace', name: one.name }],
    });
    for (const end of inside) {
      const peer = host.find((other) => other.name === end.peer);
      if (peer === undefined || !shownBridge(peer.bridge)) continue;
      // Outside above the router, the rest below it; a DHCP server hangs on its bridge.
      const bridge = `dev:${peer.bridge ?? ''}`;
      const down = one.kind === 'router' && !peer.external;
      edges.push({
        ...line(
          `veth:${peer.name}`,
          'veth',
          down ? `ns:${one.name}` : bridge,
          down ? bridge : `ns:${one.name}`,
          peer.name,
        ),
        questions: [device(peer.name), device(end.name, one.name)],
      });
    }
  }

  for (const one of host)
    if (one.kind === 'ifb') {
      const tap = `tap${one.name.slice(3)}`;
      if (!nodes.some((other) => other.id === `dev:${tap}`)) continue;
      nodes.push({
        id: `dev:${one.name}`,
        kind: 'ifb',
        title: one.name,
        lines: [],
        chips: [],
        tone: upTone(one),
        ref: one.name,
        questions: [device(one.name)],
      });
      edges.push(line(`detour:${one.name}`, 'detour', `dev:${tap}`, `dev:${one.name}`, one.name));
    }

  if (report.tables.length > 0)
    nodes.push({
      id: 'tables',
      kind: 'tables',
      title: 'nftables',
      lines: report.tables,
      chips: [{ text: m.topology.filters(report.filteredPorts.length), tone: 'ok' }],
      tone: 'ok',
      ref: 'nftables',
      questions: report.tables.map((name) => ({ kind: 'table', name, namespace: null })),
    });
  return { nodes, edges };
}

const line = (id: string, kind: GraphEdge['kind'], from: string, to: string, name: string): GraphEdge => ({
  id,
  kind,
  from,
  to,
  label: kind === 'veth' ? name : '',
  device: name,
  questions: [device(name)],
});

/** The IPv4 address where there is one, without what every device has. */
const mainAddress = ({ addresses }: NetworkDevice): string => {
  const shown = addresses.filter((one) => !one.startsWith('fe80:') && !one.startsWith('169.254.'));
  return (shown.find((one) => !one.includes(':')) ?? shown[0] ?? '').replace(/\/\d+$/, '');
};

const filterOf = (tap: string, report: NetworkDevices): readonly { kind: 'filter'; portId: string }[] =>
  report.filteredPorts.filter((id) => tapOf(id) === tap).map((portId) => ({ kind: 'filter', portId }));
