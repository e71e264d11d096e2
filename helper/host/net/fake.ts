import { createSocket } from 'node:dgram';
import { createServer } from 'node:net';
import { record } from '../record.ts';
import type { FlushRequest } from './conntrack/interface.ts';
import { fakeDevices } from './devices/fake.ts';
import { dhcpFiles } from './dhcp/files.ts';
import type { DhcpLease, DhcpSpec } from './dhcp/interface.ts';
import type { ExternalBridge } from './external/interface.ts';
import type { FirewallChange, GroupMembers, PortFilter } from './firewall/interface.ts';
import { groupText, portText } from './firewall/ruleset.ts';
import type { HostNetwork, NetworkInventory } from './interface.ts';
import type { LinkHost, NetworkSegment, Shaping, TapSpec } from './link/interface.ts';
import {
  deviceGroups,
  dhcpNamespace,
  routerNamespace,
  tableName,
  tapName,
  shaperName,
  vxlanName,
} from './names.ts';
import { meterBody } from './router/metering.ts';
import { advertises, radvdText } from './router/advertisement.ts';
import { routerBody } from './router/ruleset.ts';
import type { RouterChange, RouterSpec } from './router/interface.ts';

/** What the fake was told; tests may read and change it. */
export interface FakeNetworkState {
  readonly segments: Map<string, NetworkSegment>;
  readonly taps: Map<string, TapSpec>;
  /** What the simulated kernel can do. */
  readonly kernel: { vlan: boolean };
  readonly shaping: Map<string, Shaping>;
  readonly filters: Map<string, PortFilter>;
  readonly groups: Map<string, GroupMembers>;
  readonly zones: Map<string, number>;
  readonly routers: Map<string, RouterSpec>;
  readonly dhcp: Map<string, DhcpSpec>;
  readonly leases: Map<string, readonly DhcpLease[]>;
  readonly externals: Map<string, ExternalBridge>;
  /** Readings that the routers answer for a label. */
  readonly meters: Map<string, { readonly packets: number; readonly bytes: number }>;
  readonly flushes: FlushRequest[];
  readonly announced: {
    readonly namespace: string;
    readonly device: string;
    readonly addresses: readonly string[];
  }[];
}

export interface FakeHostNetwork extends HostNetwork {
  readonly state: FakeNetworkState;
  /** Sets a network's leases, as if guests had asked, and tells those who watch. */
  setLeases(networkId: string, leases: readonly DhcpLease[]): void;
}

/**
 * The simulated host's network, in memory. It refuses what the real one refuses (the same functions check the
 * values) and ensures the same states; nothing outside this process changes.
 *
 * @param owner tag, as for the real one
 */
export function createFakeHostNetwork(owner = 'simulated'): FakeHostNetwork {
  const state: FakeNetworkState = {
    segments: new Map(),
    taps: new Map(),
    kernel: { vlan: true },
    shaping: new Map(),
    filters: new Map(),
    groups: new Map(),
    zones: new Map(),
    routers: new Map(),
    dhcp: new Map(),
    leases: new Map(),
    externals: new Map(),
    meters: new Map(),
    flushes: [],
    announced: [],
  };
  const watchers = new Map<string, Set<(leases: readonly DhcpLease[]) => void>>();
  const table = { table: tableName(owner), groups: deviceGroups(owner) };
  let base = false;

  const link: LinkHost = {
    hasVlans: () => Promise.resolve(state.kernel.vlan),
    ensureSegment: (segment) =>
      done(`simulated: bridge ${segment.bridge}`, () => {
        base = true;
        state.segments.set(segment.bridge, segment);
        if (!state.externals.has(segment.bridge)) state.zones.set(segment.bridge, segment.zone);
      }),
    removeSegment: (segment) =>
      done(`simulated: bridge ${segment.bridge} removed`, () => {
        if ([...state.taps.values()].some((tap) => tap.bridge === segment.bridge)) return false;
        state.segments.delete(segment.bridge);
        state.zones.delete(segment.bridge);
        return true;
      }),
    ensureTap: (spec) =>
      done(`simulated: tap ${spec.tap} on ${spec.bridge}`, () => {
        if (!state.segments.has(spec.bridge) && !state.externals.has(spec.bridge)) {
          throw new Error(
            `bridge ${spec.bridge} is not there: the network of port device ${spec.tap} has to be made first`,
          );
        }
        if (spec.vlan !== undefined && !state.kernel.vlan)
          throw new Error(`this host's kernel has no VLAN devices, which the subports of a trunk need`);
        state.taps.set(spec.tap, spec);
      }),
    shapeTap: (tap, shaping) =>
      done(`simulated: limits of ${tap}`, () => {
        if (!state.taps.has(tap)) return;
        if (shaping.ingress === undefined && shaping.egress === undefined) state.shaping.delete(tap);
        else state.shaping.set(tap, shaping);
      }),
    removeTap: (tap) =>
      done(`simulated: tap ${tap} removed`, () => {
        state.taps.delete(tap);
        state.shaping.delete(tap);
      }),
    tapExists: (tap) => Promise.resolve(state.taps.has(tap)),
    counters: (devices) =>
      Promise.resolve(
        devices
          .filter((device) => state.taps.has(device))
          .map((device) => ({
            device,
            rxBytes: 0,
            rxPackets: 0,
            rxDropped: 0,
            txBytes: 0,
            txPackets: 0,
            txDropped: 0,
          })),
      ),
  };

  const apply = (change: FirewallChange): Promise<void> =>
    done('simulated: packet filter', () => {
      for (const port of change.ports ?? []) portText(table, port);
      for (const group of change.groups ?? []) groupText(table, group);
      base = true;
      for (const portId of change.removePorts ?? []) state.filters.delete(portId);
      for (const port of change.ports ?? []) {
        state.filters.set(port.portId, port);
        for (const { remoteGroupId } of port.rules) {
          if (remoteGroupId === undefined || state.groups.has(remoteGroupId)) continue;
          state.groups.set(remoteGroupId, { groupId: remoteGroupId, v4: [], v6: [] });
        }
      }
      for (const group of change.groups ?? []) state.groups.set(group.groupId, group);
      for (const groupId of change.removeGroups ?? []) state.groups.delete(groupId);
    });

  const ensureRouter = (spec: RouterSpec): RouterChange => {
    routerBody(spec);
    radvdText(spec);
    meterBody(spec);
    const before = state.routers.get(spec.routerId);
    const forwarded = (router: RouterSpec | undefined): string[] =>
      router?.gateway === undefined ? [] : (router.forwardings ?? []).map((one) => one.floating);
    const pairs = (router: RouterSpec | undefined): Map<string, string> =>
      new Map(
        router?.gateway === undefined ? [] : router.floatingIps.map((ip) => [ip.floating, ip.fixed] as const),
      );
    const old = pairs(before);
    const now = pairs(spec);
    state.routers.set(spec.routerId, spec);
    const oldAddresses = new Set(before?.gateway?.addresses);
    return {
      created: before === undefined,
      announced: [
        ...(spec.gateway?.addresses ?? [])
          .filter((ip) => !oldAddresses.has(ip) && !ip.includes(':'))
          .map((ip) => ip.replace(/\/.*/, '')),
        ...[...now].filter(([ip, fixed]) => old.get(ip) !== fixed).map(([ip]) => ip),
        ...new Set(forwarded(spec).filter((ip) => !old.has(ip) && !forwarded(before).includes(ip))),
      ],
      released: [...old].filter(([ip, fixed]) => now.get(ip) !== fixed).map(([ip]) => ip),
    };
  };

  const checkDhcp = (spec: DhcpSpec): string =>
    JSON.stringify(dhcpFiles(spec, { directory: '/simulated', user: 'nobody' }));

  return {
    state,
    link,
    firewall: {
      ensureBase: () => apply({}),
      ensureBridge: (bridge, zone) =>
        done(`simulated: zone ${zone} of ${bridge}`, () => {
          state.zones.set(bridge, zone);
        }),
      removeBridge: (bridge) =>
        done(`simulated: zone of ${bridge} removed`, () => {
          state.zones.delete(bridge);
        }),
      apply,
      applyPorts: (ports, groups = []) => apply({ ports, groups }),
      applyGroupMembers: (group) => apply({ groups: [group] }),
      removePorts: (removePorts) => apply({ removePorts }),
      listPorts: () =>
        Promise.resolve(
          [...state.filters.values()].map(({ portId, tapName, mark }) => ({ portId, tapName, mark })),
        ),
      listGroups: () => Promise.resolve([...state.groups.keys()]),
      removeAll: () =>
        done('simulated: packet filter removed', () => {
          base = false;
          state.filters.clear();
          state.groups.clear();
          state.zones.clear();
        }),
    },
    conntrack: {
      flush: (request) =>
        done('simulated: connections forgotten', () => {
          if ((request.zone === undefined) === (request.namespace === undefined)) {
            throw new TypeError('a flush names either a zone or a namespace');
          }
          state.flushes.push(request);
        }),
    },
    router: {
      ensure: (spec) => done(`simulated: router ${spec.routerId}`, () => ensureRouter(spec)),
      remove: (routerId) =>
        done(`simulated: router ${routerId} removed`, () => {
          state.routers.delete(routerId);
        }),
      announce: (namespace, device, addresses) => {
        state.announced.push({ namespace, device, addresses });
      },
      meters: (routerId) =>
        Promise.resolve(
          (state.routers.get(routerId)?.meters ?? []).map(({ labelId }) => ({
            labelId,
            packets: 0,
            bytes: 0,
            ...state.meters.get(labelId),
          })),
        ),
      list: () => Promise.resolve([...state.routers.keys()]),
    },
    dhcp: {
      ensure: (spec) =>
        done(`simulated: DHCP server of network ${spec.networkId}`, () => {
          const text = checkDhcp(spec);
          const before = state.dhcp.get(spec.networkId);
          state.dhcp.set(spec.networkId, spec);
          if (before === undefined) return 'started';
          if (checkDhcp(before) === text) return 'unchanged';
          const restarted = (of: DhcpSpec): string =>
            JSON.stringify([of.subnets.map((one) => [one.cidr, one.mode]), of.port]);
          return restarted(before) === restarted(spec) ? 'reloaded' : 'started';
        }),
      updateHosts: (spec) =>
        done(`simulated: hosts of network ${spec.networkId}`, () => {
          checkDhcp(spec);
          if (!state.dhcp.has(spec.networkId)) return false;
          state.dhcp.set(spec.networkId, spec);
          return true;
        }),
      isRunning: (networkId) => state.dhcp.has(networkId),
      remove: (networkId) =>
        done(`simulated: DHCP server of network ${networkId} removed`, () => {
          state.dhcp.delete(networkId);
          state.leases.delete(networkId);
        }),
      leases: (networkId) => Promise.resolve(state.leases.get(networkId) ?? []),
      watchLeases: (networkId, listener) => {
        const listeners = watchers.get(networkId) ?? new Set();
        watchers.set(networkId, listeners.add(listener));
        return () => {
          listeners.delete(listener);
        };
      },
      list: () => Promise.resolve([...state.dhcp.keys()]),
    },
    // No namespaces here: the sockets are on the loopback interface, at ports that the kernel chooses.
    sockets: {
      listenTcp: () =>
        new Promise((resolve, reject) => {
          const server = createServer();
          server.once('error', reject);
          server.listen(0, '127.0.0.1', () => resolve(server));
        }),
      bindUdp: () =>
        new Promise((resolve, reject) => {
          const socket = createSocket('udp4');
          socket.once('error', reject);
          socket.bind(0, '127.0.0.1', () => resolve(socket));
        }),
      startDnsRelay: () => Promise.resolve({ close: () => Promise.resolve() }),
    },
    external: {
      ensure: (external) =>
        done(`simulated: external bridge ${external.bridge}`, () => {
          state.externals.set(external.bridge, external);
        }),
      remove: (bridge) =>
        done(`simulated: external bridge ${bridge} removed`, () => {
          state.externals.delete(bridge);
        }),
      letPass: () => Promise.resolve(),
      isExternal: (bridge) => state.externals.has(bridge),
      stopPassing: () => Promise.resolve(),
    },
    devices: fakeDevices(state, table, () => inventory(state, base ? table.table : undefined).tables),
    inventory: () => Promise.resolve(inventory(state, base ? table.table : undefined)),
    removeAll: () =>
      done('simulated: network removed', () => {
        base = false;
        for (const part of Object.values(state)) if (part instanceof Map) part.clear();
      }),
    setLeases: (networkId, leases) => {
      state.leases.set(networkId, leases);
      for (const listener of watchers.get(networkId) ?? []) listener(leases);
    },
  };
}

/** Runs work as the real host does: later, and with a record of it. */
async function done<T>(text: string, work: () => T): Promise<T> {
  await Promise.resolve();
  const result = work();
  record({ kind: 'note', text });
  return result;
}

function inventory(state: FakeNetworkState, table: string | undefined): NetworkInventory {
  const routers = [...state.routers.values()];
  const segments = [...state.segments.values()].filter((one) => !state.externals.has(one.bridge));
  return {
    bridges: [...segments.map((one) => one.bridge), ...state.externals.keys()],
    vxlans: segments.flatMap((one) => (one.vxlan === undefined ? [] : [vxlanName(one.vxlan.vni)])),
    taps: [...state.taps.keys()],
    shapers: [...state.shaping].flatMap(([tap, one]) => (one.egress === undefined ? [] : [shaperName(tap)])),
    veths: [
      ...routers
        .flatMap((one) => [...one.interfaces, one.gateway ?? [], one.ha ?? []].flat())
        .map((one) => tapName(one.portId)),
      ...[...state.dhcp.values()].map((one) => tapName(one.port.portId)),
    ],
    namespaces: [
      ...[...state.routers.keys()].map(routerNamespace),
      ...[...state.dhcp.keys()].map(dhcpNamespace),
    ],
    dnsmasq: [...state.dhcp.keys()].map((networkId) => ({ networkId, pid: 0 })),
    radvd: routers.filter(advertises).map(({ routerId }) => ({ routerId, pid: 0 })),
    tables: table === undefined ? [] : [`bridge ${table}`, `inet ${table}`],
    filteredPorts: [...state.filters.keys()],
  };
}
