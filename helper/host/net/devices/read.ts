import type { NetworkDevice, NetworkDeviceKind } from '../../../contract/devices.ts';
import type { LinkCounters } from '../link/interface.ts';

/** What `ip -j -d addr show` says of a device. */
export interface ShownDevice {
  readonly ifname: string;
  readonly flags: readonly string[];
  readonly mtu: number;
  readonly master?: string;
  readonly operstate?: string;
  readonly ifalias?: string;
  readonly group?: string;
  readonly address?: string;
  readonly linkinfo?: {
    readonly info_kind?: string;
    readonly info_data?: { readonly id?: number };
  };
  readonly addr_info?: readonly { readonly local?: string; readonly prefixlen?: number }[];
}

/** What the host's devices are told apart by. */
export interface Place {
  readonly namespace: string | null;
  /** Ours have it as their alias. */
  readonly alias: string;
  /** Bridges that lead out of the cloud. */
  readonly externals: ReadonlySet<string>;
}

const KINDS: Readonly<Record<string, NetworkDeviceKind>> = {
  bridge: 'bridge',
  tun: 'tap',
  veth: 'veth',
  vxlan: 'vxlan',
  ifb: 'ifb',
  vlan: 'vlan',
};

/** Our devices among those shown, and the host's own that are on our bridges. */
export function devicesOf(shown: readonly ShownDevice[], place: Place): readonly NetworkDevice[] {
  // A namespace of ours has nothing else in it.
  const isOurs = (one: ShownDevice): boolean => place.namespace !== null || one.ifalias === place.alias;
  const ours = shown.filter((one) => isOurs(one) && one.ifname !== 'lo');
  const bridges = new Set(
    ours.filter((one) => one.linkinfo?.info_kind === 'bridge').map((one) => one.ifname),
  );
  const uplinks = shown.filter((one) => !isOurs(one) && one.master !== undefined && bridges.has(one.master));
  return [...ours, ...uplinks].flatMap((one): NetworkDevice[] => {
    const kind = isOurs(one) ? KINDS[one.linkinfo?.info_kind ?? ''] : 'uplink';
    if (kind === undefined) return [];
    const bridge = one.master ?? null;
    return [
      {
        name: one.ifname,
        kind,
        namespace: place.namespace,
        bridge,
        peer: kind === 'veth' ? peerOf(one.ifname, place.namespace) : null,
        external: place.externals.has(one.ifname) || (bridge !== null && place.externals.has(bridge)),
        up: one.flags.includes('UP') && (kind !== 'tap' || one.flags.includes('LOWER_UP')),
        mtu: one.mtu,
        macAddress: one.address ?? '',
        addresses: (one.addr_info ?? []).map(({ local = '', prefixlen = 0 }) => `${local}/${prefixlen}`),
        ...(one.linkinfo?.info_data?.id === undefined ? {} : { vni: one.linkinfo.info_data.id }),
      },
    ];
  });
}

/** The other end has the same eleven characters of the port's id; inside, the prefix says what for. */
const peerOf = (name: string, namespace: string | null): string | null =>
  namespace === null ? null : name.replace(/^[a-z]+-/, 'tap');

/** Both ends of each pair know each other. */
export function paired(devices: readonly NetworkDevice[]): readonly NetworkDevice[] {
  const inside = new Map(
    devices.flatMap((one) => (one.peer === null ? [] : [[one.peer, one.name] as const])),
  );
  return devices.map((one) =>
    one.kind === 'veth' && one.namespace === null ? { ...one, peer: inside.get(one.name) ?? null } : one,
  );
}

/** /proc/net/dev: two lines of head, then eight numbers of what was received and eight of what was sent. */
export function parseCounters(text: string): readonly LinkCounters[] {
  return text.split('\n').flatMap((line) => {
    const found = /^\s*([^:\s]+):\s*(.*)$/.exec(line);
    if (found === null) return [];
    const numbers = (found[2] ?? '').trim().split(/\s+/).map(Number);
    const at = (index: number): number => numbers[index] ?? 0;
    return [
      {
        device: found[1] ?? '',
        rxBytes: at(0),
        rxPackets: at(1),
        rxDropped: at(3),
        txBytes: at(8),
        txPackets: at(9),
        txDropped: at(11),
      },
    ];
  });
}
