import type { Volume } from '../../cloud/storage-types.ts';
import type { FloatingIp, Network, Port, Router, Server, Subnet } from '../../cloud/types.ts';
import type { Messages } from '../../i18n/en/index.ts';
import { plainTone, serverTone } from '../../ui/tones.ts';
import { roleOf } from '../networks/ports.ts';
import { bridgeOf, device, tapOf, type Graph, type GraphEdge, type GraphNode } from './graph.ts';

export interface Cloud {
  readonly networks: readonly Network[];
  readonly subnets: readonly Subnet[];
  readonly ports: readonly Port[];
  readonly routers: readonly Router[];
  readonly servers: readonly Server[];
  readonly floating: readonly FloatingIp[];
  readonly volumes: readonly Volume[];
}

/** More servers of one network than that are one box. */
const MOST_SERVERS = 24;
const ACTIVE = 'ACTIVE';

/** The logical picture: external networks, routers, networks, servers and lone ports, with the addresses on the lines. */
export function logicalGraph(cloud: Cloud, m: Messages): Graph {
  const { networks, ports, routers, servers, floating } = cloud;
  const subnets = Map.groupBy(
    [...cloud.subnets].sort((a, b) => a.ip_version - b.ip_version),
    (one) => one.network_id,
  );
  const onNetwork = Map.groupBy(ports, (one) => one.network_id);
  const known = new Map(servers.map((one) => [one.id, one] as const));
  const floatingOf = Map.groupBy(
    floating.filter((one) => one.port_id !== null),
    (one) => one.port_id ?? '',
  );
  const isOutside = new Map(networks.map((one) => [one.id, one['router:external']] as const));
  const nodes: GraphNode[] = [];
  const edges: GraphEdge[] = [];

  for (const network of networks) {
    const outside = network['router:external'];
    const own = onNetwork.get(network.id) ?? [];
    const dhcp = own.some((one) => roleOf(one) === 'dhcp');
    nodes.push({
      id: networkNode(network.id, outside),
      kind: outside ? 'external' : 'network',
      title: network.name || m.common.unnamed,
      lines: (subnets.get(network.id) ?? []).map(({ cidr }) => cidr),
      chips: [
        ...(dhcp ? [{ text: 'DHCP', tone: 'plain' as const }] : []),
        ...(network.shared ? [{ text: m.networks.shared, tone: 'plain' as const }] : []),
      ],
      tone: network.admin_state_up ? plainTone(network.status) : 'idle',
      ref: network.id,
      href: `/networks/${network.id}`,
      questions: outside
        ? []
        : [
            device(bridgeOf(network.id)),
            ...(dhcp ? [{ kind: 'namespace' as const, name: `qdhcp-${network.id}` }] : []),
          ],
    });
  }

  for (const router of routers) {
    const gateway = router.external_gateway_info;
    nodes.push({
      id: `router:${router.id}`,
      kind: 'router',
      title: router.name || m.common.unnamed,
      lines: gateway?.external_fixed_ips.map((ip) => ip.ip_address) ?? [],
      chips:
        gateway === null
          ? [{ text: m.routers.noGateway, tone: 'plain' }]
          : gateway.enable_snat
            ? [{ text: 'SNAT', tone: 'plain' }]
            : [],
      tone: router.admin_state_up ? plainTone(router.status) : 'idle',
      ref: router.id,
      href: `/routers/${router.id}`,
      questions: [{ kind: 'namespace', name: `qrouter-${router.id}` }],
    });
    if (gateway !== null && isOutside.has(gateway.network_id))
      edges.push({
        id: `gateway:${router.id}`,
        kind: 'gateway',
        from: networkNode(gateway.network_id, true),
        to: `router:${router.id}`,
        label: '',
        device: undefined,
        questions: [{ kind: 'namespace', name: `qrouter-${router.id}` }],
      });
  }

  for (const port of ports) {
    const role = roleOf(port);
    const outside = isOutside.get(port.network_id);
    if (outside === undefined) continue;
    const addresses = port.fixed_ips.map((ip) => ip.ip_address);
    const common = { device: tapOf(port.id), label: addresses[0] ?? '' };
    const network = networkNode(port.network_id, outside);
    if (role === 'routerInterface') {
      // A router may have a port for each subnet of a network: to a person it is one way.
      const same = edges.findIndex(
        (one) => one.kind === 'interface' && one.from === `router:${port.device_id}` && one.to === network,
      );
      const other = edges[same];
      const interfaceEdge: GraphEdge = {
        ...common,
        id: `interface:${port.id}`,
        kind: 'interface',
        from: `router:${port.device_id}`,
        to: network,
        questions: [
          device(tapOf(port.id)),
          device(`qr-${port.id.slice(0, 11)}`, `qrouter-${port.device_id}`),
        ],
      };
      if (other === undefined) edges.push(interfaceEdge);
      else
        edges[same] = {
          ...(other.label.includes(':') ? interfaceEdge : other),
          id: other.id,
          questions: [...other.questions, ...interfaceEdge.questions],
        };
    } else if (role === 'server' && known.has(port.device_id))
      edges.push({
        ...common,
        id: `plug:${port.id}`,
        kind: 'plug',
        from: network,
        to: `server:${port.device_id}`,
        questions: [device(tapOf(port.id)), { kind: 'filter', portId: port.id }],
      });
    else if (role === 'free' || role === 'other') {
      nodes.push({
        id: `port:${port.id}`,
        kind: 'port',
        title: port.name || m.networks.port,
        lines: addresses.slice(0, 1),
        chips: [],
        tone: plainTone(port.status),
        ref: port.id,
        href: `/networks/${port.network_id}?tab=ports&q=${port.id}`,
        questions: [],
      });
      edges.push({
        ...common,
        id: `plug:${port.id}`,
        kind: 'plug',
        from: network,
        to: `port:${port.id}`,
        label: '',
        questions: [],
      });
    }
  }

  for (const server of servers) {
    const mine = ports.filter((one) => one.device_id === server.id);
    nodes.push({
      id: `server:${server.id}`,
      kind: 'server',
      title: server.name || m.common.unnamed,
      lines: mine.flatMap((port) => (floatingOf.get(port.id) ?? []).map((one) => one.floating_ip_address)),
      chips: server.status === ACTIVE ? [] : [{ text: m.servers.statuses[server.status], tone: 'plain' }],
      tone: serverTone(server.status),
      ref: server.id,
      href: `/servers/${server.id}`,
      questions: mine.flatMap((port) => [
        device(tapOf(port.id)),
        ...(port.port_security_enabled ? [{ kind: 'filter' as const, portId: port.id }] : []),
      ]),
    });
  }
  const graph = gathered({ nodes, edges }, m);
  return withVolumes(graph, cloud.volumes, m);
}

/** Volumes beside the servers that have them; those of servers that are not drawn are left out. */
function withVolumes(graph: Graph, volumes: readonly Volume[], m: Messages): Graph {
  const drawn = new Set(graph.nodes.map((one) => one.id));
  const shown = volumes.flatMap((volume) => {
    const plugs = volume.attachments.filter((one) => drawn.has(`server:${one.server_id ?? ''}`));
    return plugs.length === 0 ? [] : [{ volume, plugs }];
  });
  return {
    nodes: [
      ...graph.nodes,
      ...shown.map(({ volume }): GraphNode => ({
        id: `volume:${volume.id}`,
        kind: 'volume',
        title: volume.name || volume.id.slice(0, 8),
        lines: [m.volumes.gib(volume.size)],
        chips: [],
        tone: volume.status === 'in-use' ? 'ok' : 'busy',
        ref: volume.id,
        href: `/volumes/${volume.id}`,
        questions: [],
      })),
    ],
    edges: [
      ...graph.edges,
      ...shown.flatMap(({ volume, plugs }) =>
        plugs.map((one): GraphEdge => ({
          id: `disk:${one.attachment_id}`,
          kind: 'disk',
          from: `server:${one.server_id ?? ''}`,
          to: `volume:${volume.id}`,
          label: one.device ?? '',
          device: undefined,
          questions: [],
        })),
      ),
    ],
  };
}

const networkNode = (id: string, outside: boolean): string => `${outside ? 'external' : 'network'}:${id}`;

/** Of a network with very many servers, all but the first are one box. */
function gathered(graph: Graph, m: Messages): Graph {
  const byNetwork = Map.groupBy(
    graph.edges.filter((one) => one.kind === 'plug' && one.to.startsWith('server:')),
    (one) => one.from,
  );
  const hidden = new Set<string>();
  const nodes: GraphNode[] = [];
  const edges: GraphEdge[] = [];
  for (const [network, plugs] of byNetwork) {
    if (plugs.length <= MOST_SERVERS) continue;
    const rest = plugs.slice(MOST_SERVERS - 1);
    for (const one of rest) hidden.add(one.to);
    const id = `more:${network}`;
    nodes.push({
      id,
      kind: 'more',
      title: m.topology.more(rest.length),
      lines: [],
      chips: [],
      tone: 'idle',
      ref: network,
      href: '/servers',
      questions: [],
    });
    edges.push({ id, kind: 'plug', from: network, to: id, label: '', device: undefined, questions: [] });
  }
  if (hidden.size === 0) return graph;
  return {
    nodes: [...graph.nodes.filter((one) => !hidden.has(one.id)), ...nodes],
    edges: [...graph.edges.filter((one) => !hidden.has(one.to)), ...edges],
  };
}
