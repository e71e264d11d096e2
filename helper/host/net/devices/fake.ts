import type {
  DeviceLook,
  DeviceQuestion,
  NetworkDevice,
  NetworkDevices,
  NetworkNamespace,
} from '../../../contract/devices.ts';
import { dhcpFiles } from '../dhcp/files.ts';
import type { FakeNetworkState } from '../fake.ts';
import { portText } from '../firewall/ruleset.ts';
import type { DeviceGroups } from '../names.ts';
import {
  bridgeAddress,
  dhcpDevice,
  dhcpNamespace,
  gatewayDevice,
  routerDevice,
  routerNamespace,
  shaperName,
  tapName,
  vxlanName,
} from '../names.ts';
import { advertises } from '../router/advertisement.ts';
import type { RouterInterface } from '../router/interface.ts';
import { routerBody } from '../router/ruleset.ts';
import { commandsFor, typed } from './commands.ts';
import type { DeviceHost } from './interface.ts';
import { isThere } from './questions.ts';

interface FakeTable {
  readonly table: string;
  readonly groups: DeviceGroups;
}

/** The simulated host's devices, from what it was told. Nothing passes them. */
export function fakeDevices(
  state: FakeNetworkState,
  table: FakeTable,
  tables: () => readonly string[],
): DeviceHost {
  const report = (): Omit<NetworkDevices, 'host'> => ({
    devices: devices(state),
    namespaces: namespaces(state),
    tables: tables(),
    filteredPorts: [...state.filters.keys()],
  });
  return {
    report: () => Promise.resolve(report()),
    counters: () =>
      Promise.resolve(
        devices(state)
          .filter((one) => one.namespace === null)
          .map(({ name }) => ({
            device: name,
            rxBytes: 0,
            rxPackets: 0,
            rxDropped: 0,
            txBytes: 0,
            txPackets: 0,
            txDropped: 0,
          })),
      ),
    look: async (question) => {
      commandsFor(question, undefined, table.table);
      await Promise.resolve();
      const now = report();
      if (!isThere(question, now)) return [];
      const device =
        question.kind === 'device'
          ? now.devices.find((one) => one.name === question.name && one.namespace === question.namespace)
          : undefined;
      return commandsFor(question, device?.kind, table.table).map((argv): DeviceLook => ({
        command: typed(argv),
        output: textOf(question, device, state, table),
      }));
    },
  };
}

const HEAD = 'simulated host: this is what was asked for; no such device was made.';

/** What would be loaded or told, which is all that there is. */
function textOf(
  question: DeviceQuestion,
  device: NetworkDevice | undefined,
  state: FakeNetworkState,
  table: FakeTable,
): string {
  const filter = question.kind === 'filter' ? state.filters.get(question.portId) : undefined;
  if (filter !== undefined) return `${HEAD}\n${portText(table, filter)}`;
  const namespace =
    question.kind === 'namespace' ? question.name : question.kind === 'table' ? question.namespace : null;
  const router = [...state.routers.values()].find((one) => routerNamespace(one.routerId) === namespace);
  if (router !== undefined) return `${HEAD}\n${routerBody(router)}`;
  const dhcp = [...state.dhcp.values()].find((one) => dhcpNamespace(one.networkId) === namespace);
  if (dhcp !== undefined)
    return `${HEAD}\n${Object.values(dhcpFiles(dhcp, { directory: '/simulated', user: 'nobody' })).join('\n')}`;
  return device === undefined ? HEAD : `${HEAD}\n${JSON.stringify(device, null, 2)}`;
}

const base = {
  namespace: null,
  bridge: null,
  peer: null,
  external: false,
  up: true,
  macAddress: '',
  addresses: [],
} as const;

function devices(state: FakeNetworkState): readonly NetworkDevice[] {
  const inside = [...state.segments.values()].filter((one) => !state.externals.has(one.bridge));
  const outside = (bridge: string): boolean => state.externals.has(bridge);
  const pair = (
    namespace: string,
    name: string,
    port: Pick<RouterInterface, 'portId' | 'macAddress' | 'addresses'>,
    bridge: string,
    mtu: number,
  ): NetworkDevice[] => {
    const tap = tapName(port.portId);
    const both = { ...base, kind: 'veth', mtu, external: outside(bridge) } as const;
    return [
      { ...both, name: tap, bridge, peer: name },
      {
        ...both,
        name,
        namespace,
        peer: tap,
        external: false,
        macAddress: port.macAddress,
        addresses: port.addresses,
      },
    ];
  };
  return [
    ...inside.flatMap(({ bridge, mtu, vxlan }): NetworkDevice[] => [
      { ...base, name: bridge, kind: 'bridge', mtu, macAddress: bridgeAddress(bridge) },
      ...(vxlan === undefined
        ? []
        : [{ ...base, name: vxlanName(vxlan.vni), kind: 'vxlan' as const, bridge, mtu, vni: vxlan.vni }]),
    ]),
    ...[...state.externals.values()].map(({ bridge, mtu, addresses }): NetworkDevice => ({
      ...base,
      name: bridge,
      kind: 'bridge',
      external: true,
      mtu,
      macAddress: bridgeAddress(bridge),
      addresses,
    })),
    ...[...state.taps.values()].map(({ tap, bridge, mtu, macAddress, vlan }): NetworkDevice => ({
      ...base,
      name: tap,
      kind: vlan === undefined ? 'tap' : 'vlan',
      bridge,
      external: outside(bridge),
      mtu,
      macAddress: `fe${macAddress.slice(2)}`,
    })),
    ...[...state.shaping].flatMap(([tap, { egress }]): NetworkDevice[] =>
      egress === undefined ? [] : [{ ...base, name: shaperName(tap), kind: 'ifb', mtu: 1500 }],
    ),
    ...[...state.dhcp.values()].flatMap((one) =>
      pair(dhcpNamespace(one.networkId), dhcpDevice(one.port.portId), one.port, one.bridge, one.mtu),
    ),
    ...[...state.routers.values()].flatMap(({ routerId, interfaces, gateway }) => [
      ...interfaces.flatMap((one) =>
        pair(routerNamespace(routerId), routerDevice(one.portId), one, one.bridge, one.mtu),
      ),
      ...(gateway === undefined
        ? []
        : pair(
            routerNamespace(routerId),
            gatewayDevice(gateway.portId),
            gateway,
            gateway.bridge,
            gateway.mtu,
          )),
    ]),
  ];
}

const namespaces = (state: FakeNetworkState): readonly NetworkNamespace[] => [
  ...[...state.dhcp.keys()].map((id): NetworkNamespace => ({
    name: dhcpNamespace(id),
    kind: 'dhcp',
    resourceId: id,
    services: [
      { name: 'dnsmasq', pid: 0 },
      { name: 'metadata', pid: null },
    ],
  })),
  ...[...state.routers.values()].map((one): NetworkNamespace => ({
    name: routerNamespace(one.routerId),
    kind: 'router',
    resourceId: one.routerId,
    services: [
      ...(advertises(one) ? [{ name: 'radvd' as const, pid: 0 }] : []),
      ...(one.interfaces.length > 0 ? [{ name: 'metadata' as const, pid: null }] : []),
    ],
  })),
];
