import { describe, expect, test } from 'vitest';
import type { Volume } from '../../cloud/storage-types.ts';
import type { NetworkDevice, NetworkDevices } from '../../../helper/contract/devices.ts';
import type { FloatingIp, Network, Port, Router, Server, Subnet } from '../../cloud/types.ts';
import { en } from '../../i18n/en/index.ts';
import { arrange } from './layout.ts';
import { logicalGraph, type Cloud } from './logical.ts';
import { physicalGraph } from './physical.ts';

const network = (id: string, external = false): Network =>
  ({
    id,
    name: id,
    status: 'ACTIVE',
    admin_state_up: true,
    shared: false,
    'router:external': external,
  }) as Network;
const port = (id: string, networkId: string, owner: string, deviceId: string, address: string): Port =>
  ({
    id,
    name: '',
    network_id: networkId,
    device_owner: owner,
    device_id: deviceId,
    status: 'ACTIVE',
    port_security_enabled: true,
    fixed_ips: [{ subnet_id: 's', ip_address: address }],
  }) as unknown as Port;
const server = (id: string): Server => ({ id, name: id, status: 'ACTIVE' }) as Server;
const disk = (server_id: string) => ({ attachment_id: `of ${server_id}`, server_id, device: '/dev/vdb' });
const cloud: Cloud = {
  networks: [network('public', true), network('inside'), network('lonely')],
  subnets: [{ id: 's', network_id: 'inside', cidr: '10.0.0.0/24', ip_version: 4 } as Subnet],
  routers: [
    {
      id: 'router',
      name: 'edge',
      status: 'ACTIVE',
      admin_state_up: true,
      external_gateway_info: {
        network_id: 'public',
        enable_snat: true,
        external_fixed_ips: [{ subnet_id: 'p', ip_address: '192.0.2.5' }],
      },
    } as unknown as Router,
  ],
  servers: [server('web')],
  ports: [
    port('aaaaaaaa-aaaa', 'inside', 'network:router_interface', 'router', '10.0.0.1'),
    port('bbbbbbbb-bbbb', 'inside', 'network:router_interface', 'router', 'fd00::1'),
    port('cccccccc-cccc', 'inside', 'compute:nova', 'web', '10.0.0.5'),
    port('dddddddd-dddd', 'inside', 'network:dhcp', 'x', '10.0.0.2'),
    port('eeeeeeee-eeee', 'inside', '', '', '10.0.0.9'),
  ],
  volumes: [
    { id: 'data', name: 'data', size: 2, status: 'in-use', attachments: [disk('web')] },
    { id: 'loose', name: 'loose', size: 1, status: 'available', attachments: [] },
    { id: 'elsewhere', name: 'elsewhere', size: 1, status: 'in-use', attachments: [disk('other')] },
  ] as unknown as readonly Volume[],
  floating: [
    { id: 'f', port_id: 'cccccccc-cccc', floating_ip_address: '192.0.2.9' } as unknown as FloatingIp,
  ],
};

describe('the cloud', () => {
  test('hangs together as its rows say, with addresses where they belong', () => {
    const { nodes, edges } = logicalGraph(cloud, en);
    expect(nodes.map((one) => [one.id, ...one.lines])).toEqual([
      ['external:public'],
      ['network:inside', '10.0.0.0/24'],
      ['network:lonely'],
      ['router:router', '192.0.2.5'],
      ['port:eeeeeeee-eeee', '10.0.0.9'],
      ['server:web', '192.0.2.9'],
      ['volume:data', '2 GiB'],
    ]);
    expect(edges.map((one) => [one.from, one.to, one.label])).toEqual([
      ['external:public', 'router:router', ''],
      ['router:router', 'network:inside', '10.0.0.1'],
      ['network:inside', 'server:web', '10.0.0.5'],
      ['network:inside', 'port:eeeeeeee-eeee', ''],
      ['server:web', 'volume:data', '/dev/vdb'],
    ]);
    // Every line begins and ends somewhere.
    const ids = new Set(nodes.map((one) => one.id));
    expect(edges.every((one) => ids.has(one.from) && ids.has(one.to))).toBe(true);
  });

  test('draws very many servers of a network as one box', () => {
    const many = Array.from({ length: 1000 }, (_, at) => `server-${at}`);
    const graph = logicalGraph(
      {
        ...cloud,
        servers: many.map(server),
        ports: many.map((id, at) => port(`${at}-port`, 'inside', 'compute:nova', id, '10.0.0.7')),
      },
      en,
    );
    expect(graph.nodes.filter((one) => one.kind === 'server')).toHaveLength(23);
    expect(graph.nodes.at(-1)?.title).toBe('977 more servers');
  });

  test('is arranged without boxes on each other', () => {
    const graph = logicalGraph(cloud, en);
    const { at, direction } = arrange(graph);
    expect(direction).toBe('down');
    const places = graph.nodes.map((one) => at.get(one.id));
    expect(new Set(places.map((one) => `${one?.x} ${one?.y}`)).size).toBe(graph.nodes.length);
    expect((at.get('external:public')?.y ?? 0) < (at.get('router:router')?.y ?? 0)).toBe(true);
  });
});

test('the devices are joined as the host has them, and those of other projects are left out', () => {
  const device = (
    name: string,
    kind: NetworkDevice['kind'],
    more: Partial<NetworkDevice> = {},
  ): NetworkDevice => ({
    name,
    kind,
    namespace: null,
    bridge: null,
    peer: null,
    external: false,
    up: true,
    mtu: 1450,
    macAddress: '',
    addresses: [],
    ...more,
  });
  const report: NetworkDevices = {
    host: 'linux',
    devices: [
      device('brqinside', 'bridge'),
      device('br-ex', 'bridge', { external: true, addresses: ['192.0.2.1/24'] }),
      device('brqother', 'bridge'),
      device('tapcccccccc-cc', 'tap', { bridge: 'brqinside' }),
      device('tapother', 'tap', { bridge: 'brqother' }),
      device('tapaaaaaaaa-aa', 'veth', { bridge: 'brqinside', peer: 'qr-aaaaaaaa-aa' }),
      device('tapgggggggg-gg', 'veth', { bridge: 'br-ex', external: true, peer: 'qg-gggggggg-gg' }),
      device('qr-aaaaaaaa-aa', 'veth', {
        namespace: 'qrouter-router',
        peer: 'tapaaaaaaaa-aa',
        addresses: ['10.0.0.1/24'],
      }),
      device('qg-gggggggg-gg', 'veth', { namespace: 'qrouter-router', peer: 'tapgggggggg-gg' }),
      device('ifbcccccccc-cc', 'ifb'),
    ],
    namespaces: [
      {
        name: 'qrouter-router',
        kind: 'router',
        resourceId: 'router',
        services: [{ name: 'metadata', pid: null }],
      },
      { name: 'qdhcp-other', kind: 'dhcp', resourceId: 'other', services: [] },
    ],
    tables: ['inet deskcloud'],
    filteredPorts: ['cccccccc-cccc'],
  };
  const owners = { ...cloud, servers: new Map(cloud.servers.map((one) => [one.id, one])) };
  const { nodes, edges } = physicalGraph(report, owners, false, en);
  expect(nodes.map((one) => one.id).sort()).toEqual([
    'dev:br-ex',
    'dev:brqinside',
    'dev:ifbcccccccc-cc',
    'dev:tapcccccccc-cc',
    'ns:qrouter-router',
    'server:web',
    'tables',
  ]);
  expect(edges.map((one) => [one.kind, one.from, one.to])).toEqual([
    ['member', 'dev:brqinside', 'dev:tapcccccccc-cc'],
    ['guest', 'dev:tapcccccccc-cc', 'server:web'],
    ['veth', 'ns:qrouter-router', 'dev:brqinside'],
    ['veth', 'dev:br-ex', 'ns:qrouter-router'],
    ['detour', 'dev:tapcccccccc-cc', 'dev:ifbcccccccc-cc'],
  ]);
  const tap = nodes.find((one) => one.kind === 'tap');
  expect(tap?.questions).toContainEqual({ kind: 'filter', portId: 'cccccccc-cccc' });
  expect(physicalGraph(report, owners, true, en).nodes.map((one) => one.id)).toContain('dev:brqother');
});
